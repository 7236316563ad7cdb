"""Databento's files: orders as depth, trades, best prices as quotes, bars.

Prices are billionths. Times of ticks are those at which Databento received them, by which its
files are ordered (`--map ts=ts_event`: the venue's); bars have their open. Of an instrument among
several the symbol or the number is chosen with `--instrument`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fks.contexts.data.adapters.archives import opened
from fks.contexts.data.adapters.formats.dbn_records import (
    BARS,
    DTYPES,
    Metadata,
    Run,
    records,
    start,
)
from fks.contexts.data.adapters.formats.reading import (
    Found,
    FoundTicks,
    Progress,
    ReadOptions,
    one_table,
    silent,
    symbol_of,
)
from fks.contexts.data.adapters.formats.shown import Shown
from fks.contexts.data.adapters.formats.ticking import (
    TickPart,
    check_count,
    found_ticks,
    joined_parts,
    trades,
)
from fks.contexts.data.domain.table import NO_TIME, RawTable, joined
from fks.contracts.columns import Float64, Int64
from fks.contracts.data import ticks
from fks.contracts.data.ticks import DepthRows, Int8, QuoteRows
from fks.kernel.errors import Invalid

__all__ = ["looks_like_databento", "read_databento"]

_UNDEFINED = np.iinfo(np.int64).max
_NO_TIME = np.iinfo(np.uint64).max
_F_LAST, _F_SNAPSHOT = 128, 32
_ACTIONS = {
    b"A": ticks.ADD,
    b"C": ticks.CANCEL,
    b"M": ticks.MODIFY,
    b"T": ticks.TRADE,
    b"F": ticks.FILL,
    b"R": ticks.CLEAR,
}
_TRADES, _ORDERS = 0x00, 0xA0
_TOPS = (0x01, 0x0A, 0xB1, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5)


def looks_like_databento(shown: Shown) -> bool:
    """Tell by the first bytes; what is packed with zstd is taken to be one too."""
    return shown.head.startswith((b"DBN", b"\x28\xb5\x2f\xfd"))


def read_databento(
    path: Path, options: ReadOptions, progress: Progress = silent
) -> Found | FoundTicks:
    """Read a file. Raises `Invalid` for a damaged one, or one of something else."""
    clock = options.columns.get("ts", "ts_recv")
    if clock not in ("ts_recv", "ts_event"):
        raise Invalid(
            f"times are --map ts=ts_recv or ts=ts_event, not {clock[:20]!r}",
            code="data.bad_column_map",
        )
    with opened(path, options.member) as stream:
        metadata, source = start(stream, path)
        reading = _Reading(path.name, metadata, options, clock)
        for run in records(source, path.name):
            reading.take(run)
            progress(len(run.records))
    return reading.found(symbol_of(path))


class _Reading:
    """What was read so far of one file."""

    def __init__(self, name: str, metadata: Metadata, options: ReadOptions, clock: str) -> None:
        self._name, self._metadata = name, metadata
        self._kind, self._wanted = options.kind, options.symbol
        self._clock = clock
        self._instrument: int | None = None
        self._parts: list[TickPart] = []
        self._bars: list[RawTable] = []
        self._bar_type = -1
        self._types: set[int] = set()
        self._count = self._nothing = 0

    def take(self, run: Run) -> None:
        """Take a run of records."""
        self._types.add(run.rtype)
        dtype = DTYPES.get(run.rtype)
        if dtype is None:
            return
        if run.records.shape[1] < dtype.itemsize:
            raise Invalid(f"{self._name} has records that are too short", code="data.bad_table")
        packed = np.ascontiguousarray(run.records[:, : dtype.itemsize])
        found = packed.view(dtype)[:, 0]
        row = np.arange(run.first, run.first + len(found), dtype=np.int64)
        keep = self._mask(found["instrument"])
        kind = self._kind or ("quotes" if run.rtype in _TOPS else None)
        if run.rtype in _TOPS and kind == "trades":
            keep &= found["action"] == b"T"
        found, row = found[keep], row[keep]
        self._count += len(row)
        check_count(self._count, self._name)
        if not len(row):
            return
        if run.rtype in BARS:
            self._take_bars(run.rtype, found, row)
        elif run.rtype == _ORDERS and self._kind in (None, "depth"):
            self._take_orders(found, row)
        elif run.rtype == _TRADES or (run.rtype in _TOPS and kind == "trades"):
            rows = trades(
                self._times(found), _price(found["price"]), _size(found["size"]), _side(found)
            )
            self._parts.append(TickPart(rows, row))
        elif run.rtype in _TOPS and kind == "quotes":
            self._parts.append(TickPart(self._quotes(found), row))
        elif run.rtype == _ORDERS and self._kind == "trades":
            traded = found["action"] == b"T"
            found, row = found[traded], row[traded]
            if not len(row):
                return
            rows = trades(
                self._times(found), _price(found["price"]), _size(found["size"]), _side(found)
            )
            self._parts.append(TickPart(rows, row))

    def _mask(self, numbers: np.ndarray) -> np.ndarray:
        """Tell which records are of the instrument that is read."""
        if self._instrument is None:
            self._instrument = self._chosen(int(numbers[0]))
        keep = numbers == self._instrument
        if not keep.all() and self._wanted is None:
            other = int(numbers[~keep][0])
            raise Invalid(
                f"{self._name} holds several instruments, such as "
                f"{self._called(self._instrument)} and {self._called(other)}; choose one with "
                "--instrument",
                code="data.several_instruments",
            )
        return np.asarray(keep)

    def _chosen(self, first: int) -> int:
        """Return the instrument asked for; the first one where none of that name is known."""
        if self._wanted is None:
            return first
        wanted = self._wanted.upper()
        numbers = (n for n, name in self._metadata.names.items() if name.upper() == wanted)
        number = next(numbers, None)
        if number is None and wanted.isdigit():
            number = int(wanted)
        if number is None and len(self._metadata.names) > 1:
            there = ", ".join(sorted(self._metadata.names.values())[:10])
            raise Invalid(
                f"{self._name} has no {self._wanted[:40]}; it has {there}",
                code="data.several_instruments",
            )
        return first if number is None else number

    def _called(self, number: int) -> str:
        """Return an instrument's name, or its number."""
        return self._metadata.names.get(number, str(number))

    def _times(self, found: np.ndarray) -> Int64:
        """Return the times of records, `NO_TIME` where they have none."""
        raw = found[self._clock]
        return np.where(raw == _NO_TIME, NO_TIME, raw.astype(np.int64))

    def _take_bars(self, rtype: int, found: np.ndarray, row: Int64) -> None:
        """Take bars, all of one timeframe."""
        if self._bar_type not in (-1, rtype):
            raise Invalid(
                f"{self._name} holds bars of several timeframes; split it", code="data.bad_table"
            )
        self._bar_type = rtype
        first, high, low, last = (_price(found[k]) for k in ("open", "high", "low", "close"))
        volume = found["volume"].astype(np.float64)
        ts_ns = found["ts_event"].astype(np.int64)
        self._bars.append(RawTable(row, ts_ns, first, high, low, last, volume))

    def _take_orders(self, found: np.ndarray, row: Int64) -> None:
        """Take changes of orders."""
        action = np.full(len(row), -1, dtype=np.int8)
        for letter, value in _ACTIONS.items():
            action[found["action"] == letter] = value
        known = action >= 0
        self._nothing += int((~known).sum())
        found, row, action = found[known], row[known], action[known]
        cleared = action == ticks.CLEAR
        flags = np.where(found["flags"] & _F_LAST, ticks.LAST, 0)
        flags = flags | np.where(found["flags"] & _F_SNAPSHOT, ticks.SNAPSHOT, 0)
        rows = DepthRows(
            self._times(found),
            found["sequence"].astype(np.int64),
            action,
            _side(found),
            np.where(cleared, 0.0, _price(found["price"])),
            np.where(cleared, 0.0, found["size"].astype(np.float64)),
            np.where(cleared, ticks.NO_ID, found["order"].astype(np.int64)),
            flags.astype(np.int8),
        )
        self._parts.append(TickPart(rows, row))

    def _quotes(self, found: np.ndarray) -> QuoteRows:
        """Return the best prices; an undefined price is an empty side."""
        sides: list[Float64] = []
        for side in ("bid", "ask"):
            price = _price(found[side])
            size = _size(found[f"{side}_size"])
            sides += [price, np.where(np.isnan(price), 0.0, size)]
        return QuoteRows(self._times(found), *sides)

    def found(self, usual: str) -> Found | FoundTicks:
        """Return what there was. Raises `Invalid` where it is none of ours."""
        symbol = usual if self._instrument is None else self._called(self._instrument)
        notes = [f"DBN version {self._metadata.version} of {self._metadata.dataset}"]
        if self._bars and self._kind in (None, "bars"):
            table, pieces = one_table([(self._name, joined(self._bars))])
            timeframe = BARS[self._bar_type]
            return Found(table, symbol, timeframe, notes=tuple(notes), pieces=pieces)
        if not self._parts:
            held = ", ".join(f"type {one:#04x}" for one in sorted(self._types)) or "no records"
            raise Invalid(
                f"{self._name} has no {self._kind or 'orders, trades, best prices or bars'} "
                f"({held})",
                code="data.no_bars",
            )
        if self._nothing:
            notes.append(f"{self._nothing} records without action were left out")
        whole = joined_parts(self._parts)
        notes.append(f"times are {self._clock}")
        return found_ticks([(self._name, whole)], symbol, notes=notes)


def _price(raw: np.ndarray) -> Float64:
    """Return prices of billionths, NaN where undefined."""
    return np.where(raw == _UNDEFINED, np.nan, raw / 1e9)


def _size(raw: np.ndarray) -> Float64:
    """Return sizes."""
    return raw.astype(np.float64)


def _side(found: np.ndarray) -> Int8:
    """Return 1 for bids (a buying aggressor), -1 for asks, 0 for neither."""
    return np.where(found["side"] == b"B", 1, np.where(found["side"] == b"A", -1, 0)).astype(
        np.int8
    )
