"""What `fks bench stream` sends: a seeded stream in Binance's format, or a recording."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from fks.kernel.errors import Invalid, NotFound

__all__ = ["Message", "is_coinm", "made_quotes", "made_stream", "recorded", "symbol_of"]

_SYMBOL = "BTCUSDT"
_BEGAN_MS = 1_700_000_000_000
_LONGEST = 64 << 20


class Message(NamedTuple):
    """What came, or a page of a snapshot."""

    received_ns: int
    payload: bytes
    page: bool


def made_stream(count: int, seed: int = 7) -> list[Message]:
    """Return a snapshot of 1,000 levels a side and so many messages: changes, quotes, trades."""
    chance = random.Random(seed)  # noqa: S311  # a workload, not a secret
    middle = 3_000_000
    sides = [
        [f"{(middle - side * k) / 100:.2f}", f"{k % 9 + 1}.5000"]
        for side in (1, -1)
        for k in range(1, 1001)
    ]
    snapshot = {"lastUpdateId": 100, "bids": sides[:1000], "asks": sides[1000:]}
    messages = [Message(1, json.dumps(snapshot).encode(), True)]
    number = 100
    for k in range(count):
        at_ms = _BEGAN_MS + k
        kind = chance.random()
        if kind < 0.6:
            first, number = number + 1, number + chance.randint(1, 9)
            levels = [_levels(chance, middle, side) for side in (-1, 1)]
            body = {"e": "depthUpdate", "E": at_ms, "s": _SYMBOL, "U": first, "u": number}
            told, name = {**body, "b": levels[0], "a": levels[1]}, "depth@100ms"
        elif kind < 0.9:
            told, name = _quote(middle, number), "bookTicker"
        else:
            told, name = _trade(middle, k), "trade"
        messages.append(_message(at_ms, name, told))
    return messages


def made_quotes(count: int, seed: int = 7) -> list[Message]:
    """Return so many messages of which each is an event: nine best prices, then a trade."""
    chance = random.Random(seed)  # noqa: S311  # a workload, not a secret
    middle, messages = 3_000_000, []
    for k in range(count):
        middle += chance.choice((-1, 1))
        if k % 10 == 9:
            messages.append(_message(_BEGAN_MS + k, "trade", _trade(middle, k)))
        else:
            messages.append(_message(_BEGAN_MS + k, "bookTicker", _quote(middle, k)))
    return messages


def recorded(path: Path, most: int = 0) -> list[Message]:
    """Return the messages of a recording, `most` or all: a time in nanoseconds and JSON a line.

    Raises `NotFound` and `Invalid` for a file that is no recording.
    """
    if not path.is_file():
        raise NotFound(f"no file {path}", code="data.no_file")
    messages: list[Message] = []
    for line in _lines(path):
        stamp, _, payload = line.rstrip(b"\r\n").partition(b" ")
        if not stamp.isdigit() or len(line) > _LONGEST:
            raise Invalid(f"{path.name} is no recording of a stream", code="data.bad_recording")
        page = b'"lastUpdateId"' in payload[:200]
        messages.append(Message(int(stamp), payload, page))
        if most and len(messages) > most:
            break
    return messages


def is_coinm(messages: Sequence[Message]) -> bool:
    """Tell whether changes name the one before them, as those of futures do."""
    return any(b'"pu":' in message.payload for message in messages[:200])


def symbol_of(messages: Sequence[Message]) -> str:
    """Return the symbol of the first message that names one."""
    for message in messages:
        if not message.page:
            found = msgspec.json.decode(message.payload)
            return str(found.get("data", found).get("s", ""))
    return ""


def _lines(path: Path) -> Iterator[bytes]:
    """Return the lines of a file that may be packed."""
    with path.open("rb") as raw:
        yield from gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw


def _quote(middle: int, number: int) -> dict[str, object]:
    prices = {"b": f"{middle / 100 - 0.01:.2f}", "a": f"{middle / 100 + 0.01:.2f}"}
    return {"u": number, "s": _SYMBOL, **prices, "B": "1.50000", "A": "2.50000"}


def _trade(middle: int, number: int) -> dict[str, object]:
    at_ms = _BEGAN_MS + number
    told = {"e": "trade", "E": at_ms, "s": _SYMBOL, "t": number, "T": at_ms, "m": bool(number % 2)}
    return told | {"p": f"{middle / 100:.2f}", "q": "0.01000", "M": True}


def _message(at_ms: int, name: str, told: dict[str, object]) -> Message:
    wrapped = {"stream": f"{_SYMBOL.lower()}@{name}", "data": told}
    return Message(at_ms * 10**6, json.dumps(wrapped).encode(), False)


def _levels(chance: random.Random, middle: int, side: int) -> list[list[str]]:
    """Return a few levels of a side; a quantity of 0 removes one."""
    return [
        [
            f"{(middle + side * chance.randint(1, 400)) / 100:.2f}",
            f"{chance.choice((0, 1, 2, 5))}.{chance.randint(0, 9)}000",
        ]
        for _ in range(chance.randint(0, 12))
    ]
