"""Recordings of Binance's streams: lines of `<receiver's ns> <message as JSON>`.

One file holds several streams side by side: changes of depth, best bids and asks, trades, and the
snapshot of the book that was asked for once. `kind` says which of them are read. Times are the
receiver's, the only clock that all of them share; with `--map ts=T` (or `E`) they are the
exchange's, and messages without that are refused. A message's sequence is the book's last update
id (`u`, or `lastUpdateId` of a snapshot); breaks in the chain of ids are counted and told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from fks.contexts.data.adapters.archives import opened
from fks.contexts.data.adapters.formats.depth_rows import Books, Collected, Quotes, Trades
from fks.contexts.data.adapters.formats.reading import (
    FoundTicks,
    Progress,
    ReadOptions,
    silent,
    symbol_of,
)
from fks.contexts.data.adapters.formats.shown import Shown
from fks.contexts.data.adapters.formats.ticking import SymbolChoice, found_ticks
from fks.contracts.data.ticks import NO_ID
from fks.kernel.errors import Invalid

__all__ = ["lines_of", "looks_like_capture", "read_capture"]

_LINE = re.compile(rb"\d{16,19} \{")
_MAX_LINE = 16 << 20
_SAMPLE = 20_000
_TOLD_EACH = 10_000
_KINDS: dict[str, type[Collected]] = {"depth": Books, "trades": Trades, "quotes": Quotes}
_Levels = list[tuple[str, str]]


class _Data(msgspec.Struct):
    """What the streams say; one letter means different things in different streams."""

    e: str = ""
    s: str = ""
    symbol: str = ""
    update: int = msgspec.field(name="lastUpdateId", default=-1)
    bids: _Levels = []
    asks: _Levels = []
    first: int = msgspec.field(name="U", default=-1)
    u: int = -1
    pu: int = -1
    b: _Levels | str | int | None = None
    a: _Levels | str | int | None = None
    bid_quantity: str | int | None = msgspec.field(name="B", default=None)
    ask_quantity: str | int | None = msgspec.field(name="A", default=None)
    p: str | None = None
    q: str | None = None
    t: int | None = None
    m: bool | None = None
    event_ms: int | None = msgspec.field(name="E", default=None)
    trade_ms: int | None = msgspec.field(name="T", default=None)


class _Message(_Data):
    """A message, bare or within the envelope of a combined stream."""

    data: _Data | None = None


def looks_like_capture(shown: Shown) -> bool:
    """Tell whether the first line is a time in nanoseconds and a JSON object."""
    return _LINE.match(shown.head) is not None


def read_capture(path: Path, options: ReadOptions, progress: Progress = silent) -> FoundTicks:
    """Read one kind of data of a recording. Raises `Invalid` where that has to be chosen."""
    clock = options.columns.get("ts", "")
    if clock not in ("", "T", "E"):
        raise Invalid(
            f"a recording's times are the receiver's, or --map ts=T or ts=E, not {clock[:20]!r}",
            code="data.bad_column_map",
        )
    choice = SymbolChoice(options.symbol, path.name)
    kinds = _survey(path, options, choice)
    kind = options.kind or _only(kinds, path.name)
    if kind not in _KINDS:
        raise Invalid(
            f"{path.name} is a recording, and has no {kind[:20]}; choose --kind depth, trades or "
            "quotes",
            code="data.choose_kind",
        )
    reading = _Reading(kind, path.name, clock, choice)
    with opened(path, options.member) as stream:
        told = 0
        for row, line in enumerate(lines_of(stream, path.name), start=1):
            reading.take(row, line)
            if row % _TOLD_EACH == 0:
                progress(row - told)
                told = row
    part = reading.rows.part()
    if part is None:
        raise Invalid(f"{path.name} has no {kind}", code="data.empty_file")
    notes = [f"times are {'the receiver' if not clock else 'the exchange'}'s"]
    if reading.breaks:
        notes.append(f"updates were lost at {reading.breaks} places")
    if kind == "depth" and not reading.snapshots:
        notes.append("no snapshot of the book is among them: levels that never changed are unknown")
    symbol = reading.choice.chosen or symbol_of(path)
    return found_ticks([(path.name, part)], symbol, notes=notes, calendar="24/7")


def lines_of(stream: IO[bytes], name: str) -> Iterator[bytes]:
    """Yield lines. Raises `Invalid` for one without end."""
    while line := stream.readline(_MAX_LINE):
        if len(line) == _MAX_LINE:
            raise Invalid(
                f"{name} has a line longer than {_MAX_LINE >> 20} MiB", code="data.bad_table"
            )
        yield line


def _survey(path: Path, options: ReadOptions, choice: SymbolChoice) -> list[str]:
    """Return the kinds that the first messages are of, and let their symbols be seen."""
    kinds: dict[str, None] = {}
    symbols: dict[str, None] = {}
    decoder = msgspec.json.Decoder(_Message)
    with opened(path, options.member) as stream:
        for row, line in enumerate(lines_of(stream, path.name)):
            if row == _SAMPLE:
                break
            try:
                message = decoder.decode(line.partition(b" ")[2])
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue
            data = message.data or message
            kind = _kind_of(data)
            if kind is not None:
                kinds[kind] = None
                symbols[data.s or data.symbol] = None
    choice.look(list(symbols))
    return list(kinds)


def _only(kinds: list[str], name: str) -> str:
    """Return the only kind there is. Raises `Invalid` for several."""
    if len(kinds) == 1:
        return kinds[0]
    there = " and ".join(kinds) if kinds else "no stream that is known here"
    raise Invalid(
        f"{name} holds {there}; choose one with --kind depth, trades or quotes",
        code="data.choose_kind",
    )


def _kind_of(data: _Data) -> str | None:
    """Return the kind of a message; None where it is none of ours."""
    if data.e == "depthUpdate" or data.update >= 0:
        return "depth"
    if data.e in ("trade", "aggTrade"):
        return "trades"
    if data.e == "bookTicker" or (not data.e and data.u >= 0 and data.bid_quantity is not None):
        return "quotes"
    return None


class _Reading:
    """The rows of one kind on their way."""

    def __init__(self, kind: str, name: str, clock: str, choice: SymbolChoice) -> None:
        self.rows = _KINDS[kind](name)
        self.choice = choice
        self.breaks = self.snapshots = 0
        self._kind = kind
        self._clock = clock
        self._decoder = msgspec.json.Decoder(_Message)
        self._last = -1

    def take(self, row: int, line: bytes) -> None:
        """Take a line."""
        stamp, _, text = line.partition(b" ")
        if not text.strip() and not stamp.strip():
            return
        try:
            ts_ns = int(stamp)
            message = self._decoder.decode(text)
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
            self.rows.refuse(row, f"no message: {str(error)[:80]}", _text(line))
            return
        data = message.data or message
        if _kind_of(data) != self._kind:
            return
        symbol = data.s or data.symbol
        if symbol and not self.choice.takes(symbol):
            return
        if self._clock:
            millis = data.trade_ms if self._clock == "T" else data.event_ms
            if millis is None:
                self.rows.refuse(row, f"a message without {self._clock}", _text(line))
                return
            ts_ns = millis * 1_000_000
        if not 0 <= ts_ns < 2**63:
            self.rows.refuse(row, "no time", _text(line))
            return
        self._add(row, ts_ns, data)

    def _add(self, row: int, ts_ns: int, data: _Data) -> None:
        """Take the message of a line."""
        rows = self.rows
        if isinstance(rows, Books):
            if data.update >= 0:
                self.snapshots += 1
                rows.levels(row, ts_ns, data.update, data.bids, data.asks, snapshot=True)
                return
            before = data.pu if data.pu >= 0 else data.first - 1
            if self._last >= 0 and before != self._last:
                self.breaks += 1
            self._last = data.u
            bids, asks = data.b, data.a
            if isinstance(bids, list) and isinstance(asks, list):
                rows.levels(row, ts_ns, data.u, bids, asks)
        elif isinstance(rows, Trades):
            ids = data.a if isinstance(data.a, int) and data.e == "aggTrade" else data.t
            side = 0 if data.m is None else (-1 if data.m else 1)
            rows.add(row, ts_ns, data.p, data.q, side, NO_ID if ids is None else ids)
        elif isinstance(rows, Quotes):
            sides = (data.b, data.bid_quantity, data.a, data.ask_quantity)
            if all(isinstance(one, str) for one in sides):
                rows.add(row, ts_ns, *sides)
            else:
                rows.refuse(row, "a quote without all of b, B, a and A", "")


def _text(line: bytes) -> str:
    """Return the start of a line, to show."""
    return line[:200].decode(errors="replace")
