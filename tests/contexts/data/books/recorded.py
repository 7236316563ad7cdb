"""Recordings of exchanges' streams, as the tests read them."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from fks.contexts.data.domain.books.outcomes import Outcome
from fks.contexts.data.domain.books.sync import Books
from fks.contracts.data.streams import NO_PRICE, DepthUpdate, Scale, StreamUpdate, StreamWire

DATA = Path(__file__).resolve().parents[4] / ".." / "shared" / "data"
CAPTURES = DATA / "binance" / "ws_capture"
EXCHANGES = DATA / "exchange_captures"

_LINE = re.compile(rb"(\d+(?:\.\d+)?): (.*)", re.DOTALL)


class Message(NamedTuple):
    """A message of a recording, or a page where `page` says which."""

    received_ns: int
    payload: bytes
    page: str = ""


class Seen:
    """What a recording brought: updates by kind, outcomes by kind, and those of note."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.refused: list[Outcome] = []
        self.checksums = 0
        self.unknown: list[StreamUpdate] = []

    def take(self, update: StreamUpdate, books: Books) -> Outcome | None:
        """Count an update, and put it into its book."""
        self.kinds[type(update).__name__] += 1
        if type(update).__name__ == "Unknown":
            self.unknown.append(update)
        if not isinstance(update, DepthUpdate):
            return None
        outcome = books.take(update)
        self.outcomes[type(outcome).__name__] += 1
        self.checksums += update.checksum >= 0
        if outcome.resync:
            self.refused.append(outcome)
        return outcome


def capture(name: str) -> Iterator[Message]:
    """Yield the lines `<received ns> <json>` of one of Binance's captures."""
    path = CAPTURES / f"{name}.gz"
    if not path.exists():
        pytest.skip(f"the recording {name} is not here")
    for line in gzip.decompress(path.read_bytes()).splitlines():
        stamp, _, payload = line.partition(b" ")
        page = "snapshot" if payload.startswith(b'{"lastUpdateId"') else ""
        yield Message(int(stamp), payload, page)


def recording(name: str) -> list[Message]:
    """Return what came in one recorded connection, or the pages that were fetched."""
    path = EXCHANGES / f"{name}.gz"
    if not path.exists():
        pytest.skip(f"the recording {name} is not here")
    messages = []
    for line in gzip.decompress(path.read_bytes()).splitlines():
        page = ""
        if line.startswith((b"wss:", b"https:", b"http:")):
            address, arrow, rest = line.partition(b" -> ")
            if not arrow:
                continue  # what was sent, and where to
            page, line = address.decode(), rest
        match = _LINE.fullmatch(line)
        if match is not None:
            stamp = int(Decimal(match[1].decode()) * 10**9)
            messages.append(Message(stamp, match[2], page))
    return messages


def played(wire: StreamWire, messages: Iterable[Message]) -> tuple[Seen, Books]:
    """Read all messages of a stream into books."""
    seen, books = Seen(), Books(wire.book_rule)
    for message in messages:
        for update in wire.read(message.payload, message.received_ns):
            seen.take(update, books)
    return seen, books


def exact(best: tuple[int, int, int, int], scale: Scale) -> tuple[Decimal | None, ...]:
    """Return best prices and quantities as decimals, so that scales do not matter."""
    return tuple(
        None if value == NO_PRICE else Decimal(value).scaleb(-scale[number % 2])
        for number, value in enumerate(best)
    )
