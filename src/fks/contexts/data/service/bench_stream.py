"""`fks bench stream`: messages of an exchange's socket until the best prices of its book are known.

Each message is read, applied to the book by the exchange's rule, and the best prices are taken.
What decoding the same bytes costs, without any book, is measured in the same rounds. The best of
the rounds counts. Without a file a seeded stream in Binance's format is made; with one, a
recording in the form that `fks data stream --record` writes, its first snapshot included.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from fks.contexts.data.adapters.streaming.workloads import (
    Message,
    is_coinm,
    made_stream,
    recorded,
    symbol_of,
)
from fks.contexts.data.domain.books.sync import Books
from fks.contexts.data.domain.wires.binance import BinanceWire
from fks.contexts.data.service.bench_socket import rows
from fks.contracts.data.streams import DepthUpdate, StreamUpdate
from fks.kernel.benchmarks import Row
from fks.kernel.errors import Invalid

__all__ = ["run", "through"]

_QUICK, _WHOLE = 20_000, 100_000


class _Timed(NamedTuple):
    """A run: its time, and the time of each message, in nanoseconds; changes of the book."""

    total_ns: int
    each_ns: list[int]
    changes: int


def run(quick: bool, file: str = "", rate: int = 20_000) -> list[Row]:
    """Return the rows; those of a socket where a `rate` a second is given.

    Raises `NotFound` and `Invalid` for a file that is no recording.
    """
    if file:
        messages = recorded(Path(file), _QUICK if quick else 0)
    else:
        messages = made_stream(_QUICK if quick else _WHOLE)
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
        *(rows(quick, rate, file) if rate > 0 else ()),
    ]


def through(messages: Sequence[Message]) -> _Timed:
    """Read and apply messages; every change must find the book live."""
    wire = BinanceWire("coinm" if is_coinm(messages) else "spot")
    books, changes, clock = Books(wire.book_rule), 0, time.perf_counter_ns
    symbol = symbol_of(messages)
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


def _decoded(messages: Sequence[Message], decode: Callable[[bytes], object]) -> int:
    """Return how long decoding takes, without anything being done with it."""
    begun = time.perf_counter_ns()
    for message in messages:
        decode(message.payload)
    return time.perf_counter_ns() - begun


def _row(name: str, value: float, unit: str, reference: float | None) -> Row:
    """Return a row; against a reference more is better."""
    ratio = None if reference is None else value / reference
    return Row(
        name=name, value=value, unit=unit, reference=reference, ratio=ratio, goal=None, met=None
    )
