"""`fks bench stream`: messages of an exchange's socket until the best prices of its book are known.

Each message is read, applied to the book by the exchange's rule, and the best prices are taken.
What decoding the same bytes costs, without any book, is measured in the same rounds. The best of
the rounds counts. Without a file a seeded stream in Binance's format is made; with one, a
recording in the form that `fks data stream --record` writes, its first snapshot included.
"""

from __future__ import annotations

import gzip
import json
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import msgspec

from fks.contexts.data.domain.books.sync import Books
from fks.contexts.data.domain.wires.binance import BinanceWire
from fks.contracts.data.streams import DepthUpdate, StreamUpdate
from fks.kernel.benchmarks import Row
from fks.kernel.errors import Invalid, NotFound

__all__ = ["made_stream", "run", "through"]

_SYMBOL = "BTCUSDT"
_QUICK, _WHOLE = 20_000, 100_000
_LONGEST = 64 << 20


class _Message(NamedTuple):
    """What came, or a page of a snapshot."""

    received_ns: int
    payload: bytes
    page: bool


class _Timed(NamedTuple):
    """A run: its time, and the time of each message, in nanoseconds; changes of the book."""

    total_ns: int
    each_ns: list[int]
    changes: int


def run(quick: bool, file: str = "") -> list[Row]:
    """Return the rows. Raises `NotFound` and `Invalid` for a file that is no recording."""
    messages = _recorded(Path(file), quick) if file else made_stream(_QUICK if quick else _WHOLE)
    rounds = 3 if quick else 7
    with_book = min((through(messages) for _ in range(rounds)), key=lambda one: one.total_ns)
    typed = min(_decoded(messages, msgspec.json.decode) for _ in range(rounds))
    plain = min(_decoded(messages, json.loads) for _ in range(rounds))
    count, seconds = len(messages), with_book.total_ns / 1e9
    ranked = sorted(with_book.each_ns)
    return [
        _row("messages to best prices", count / seconds, "1/s", count / (typed / 1e9)),
        _row("beside json.loads alone", count / seconds, "1/s", count / (plain / 1e9)),
        _row("changes of the book", with_book.changes / seconds, "1/s", None),
        _row("a message, median", ranked[count // 2] / 1000, "us", None),
        _row("a message, 99 of 100", ranked[count * 99 // 100] / 1000, "us", None),
    ]


def through(messages: Sequence[_Message]) -> _Timed:
    """Read and apply messages; every change must find the book live."""
    wire = BinanceWire("coinm" if _is_coinm(messages) else "spot")
    books, changes, clock = Books(wire.book_rule), 0, time.perf_counter_ns
    symbol = _symbol(messages)
    each: list[int] = []
    begun = clock()
    for message in messages:
        at = clock()
        updates: Sequence[StreamUpdate]
        if message.page:
            updates = [wire.read_snapshot(symbol, message.payload, message.received_ns)]
        else:
            updates = wire.read(message.payload, message.received_ns)
        for update in updates:
            if isinstance(update, DepthUpdate):
                books.take(update)
                changes += 1
                live = books.live(symbol)
                if live is not None:
                    live.best()
        each.append(clock() - at)
    total = clock() - begun
    if books.live(symbol) is None:
        raise Invalid(
            "the book of this recording never came to life: it must hold the snapshot and all "
            "changes after it",
            code="data.bad_recording",
        )
    return _Timed(total, each, changes)


def made_stream(count: int, seed: int = 7) -> list[_Message]:
    """Return a snapshot of 1,000 levels a side and so many messages: changes, quotes, trades."""
    chance = random.Random(seed)  # noqa: S311  # a workload, not a secret
    middle = 3_000_000
    sides = [
        [f"{(middle - side * k) / 100:.2f}", f"{k % 9 + 1}.5000"]
        for side in (1, -1)
        for k in range(1, 1001)
    ]
    snapshot = {"lastUpdateId": 100, "bids": sides[:1000], "asks": sides[1000:]}
    messages = [_Message(1, json.dumps(snapshot).encode(), True)]
    number = 100
    for k in range(count):
        at_ms = 1_700_000_000_000 + k
        kind = chance.random()
        if kind < 0.6:
            first, number = number + 1, number + chance.randint(1, 9)
            levels = [_levels(chance, middle, side) for side in (-1, 1)]
            body = {"e": "depthUpdate", "E": at_ms, "s": _SYMBOL, "U": first, "u": number}
            told = {**body, "b": levels[0], "a": levels[1]}
            name = "depth@100ms"
        elif kind < 0.9:
            prices = {"b": f"{middle / 100 - 0.01:.2f}", "a": f"{middle / 100 + 0.01:.2f}"}
            told = {"u": number, "s": _SYMBOL, **prices, "B": "1.50000", "A": "2.50000"}
            name = "bookTicker"
        else:
            told = {"e": "trade", "E": at_ms, "s": _SYMBOL, "t": k, "T": at_ms, "m": bool(k % 2)}
            told |= {"p": f"{middle / 100:.2f}", "q": "0.01000", "M": True}
            name = "trade"
        wrapped = {"stream": f"{_SYMBOL.lower()}@{name}", "data": told}
        messages.append(_Message(at_ms * 10**6, json.dumps(wrapped).encode(), False))
    return messages


def _levels(chance: random.Random, middle: int, side: int) -> list[list[str]]:
    """Return a few levels of a side; a quantity of 0 removes one."""
    return [
        [
            f"{(middle + side * chance.randint(1, 400)) / 100:.2f}",
            f"{chance.choice((0, 1, 2, 5))}.{chance.randint(0, 9)}000",
        ]
        for _ in range(chance.randint(0, 12))
    ]


def _decoded(messages: Sequence[_Message], decode: Callable[[bytes], object]) -> int:
    """Return how long decoding takes, without anything being done with it."""
    begun = time.perf_counter_ns()
    for message in messages:
        decode(message.payload)
    return time.perf_counter_ns() - begun


def _recorded(path: Path, quick: bool) -> list[_Message]:
    """Return the messages of a recording: lines of a time in nanoseconds and JSON."""
    if not path.is_file():
        raise NotFound(f"no file {path}", code="data.no_file")
    messages: list[_Message] = []
    with _opened(path) as stream:
        for line in stream:
            stamp, _, payload = line.rstrip(b"\r\n").partition(b" ")
            if not stamp.isdigit() or len(line) > _LONGEST:
                raise Invalid(f"{path.name} is no recording of a stream", code="data.bad_recording")
            page = b'"lastUpdateId"' in payload[:200]
            messages.append(_Message(int(stamp), payload, page))
            if quick and len(messages) > _QUICK:
                break
    return messages


def _opened(path: Path) -> IO[bytes]:
    """Open a file that may be packed."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _is_coinm(messages: Sequence[_Message]) -> bool:
    """Tell whether changes name the one before them, as those of futures do."""
    return any(b'"pu":' in message.payload for message in messages[:200])


def _symbol(messages: Sequence[_Message]) -> str:
    """Return the symbol of the first message that names one."""
    for message in messages:
        if not message.page:
            found = msgspec.json.decode(message.payload)
            return str(found.get("data", found).get("s", ""))
    return ""


def _row(name: str, value: float, unit: str, reference: float | None) -> Row:
    """Return a row; against a reference more is better."""
    ratio = None if reference is None else value / reference
    return Row(
        name=name, value=value, unit=unit, reference=reference, ratio=ratio, goal=None, met=None
    )
