"""Collect rows of depth, trades or quotes from messages, in columns, in bounded memory.

Messages give their numbers as texts; these are turned into numbers many at a time, so that the
loop over messages does no more than append.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

from fks.contexts.data.adapters.formats.ticking import (
    TickPart,
    check_count,
    joined_parts,
    numbers_or_zero,
    quotes,
    trades,
)
from fks.contexts.data.adapters.tabular import numbers_of
from fks.contexts.data.domain.table import Refused
from fks.contracts.columns import Int64
from fks.contracts.data.ticks import CLEAR, LAST, NO_ID, SET, SNAPSHOT, DepthRows, FundingRows

__all__ = ["Books", "Collected", "Fundings", "Quotes", "Trades"]

_AT_ONCE = 200_000
_LIMIT = 1 << 63
Level = Sequence[str]


class Collected:
    """Rows on their way; `flush` what is left before `part` is asked for."""

    width = 0

    def __init__(self, name: str) -> None:
        self._name = name
        self._parts: list[TickPart] = []
        self._refused: list[Refused] = []
        self._columns: list[list[object]] = [[] for _ in range(self.width)]
        self._row: list[int] = []
        self.count = 0

    def refuse(self, row: int, reason: str, text: str) -> None:
        """Take a line that is no row."""
        self._refused.append(Refused(row, reason, text[:200]))

    @property
    def refusal(self) -> str:
        """Return why the first line that is no row is none; empty where all are."""
        return self._refused[0].reason if self._refused else ""

    def add(self, row: int, *values: object) -> None:
        """Take one row that comes from the line `row`."""
        for column, value in zip(self._columns, values, strict=True):
            column.append(value)
        self._row.append(row)
        if len(self._row) >= _AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        if self._row:
            self.count += len(self._row)
            check_count(self.count, self._name)
            self._parts.append(self._made(np.array(self._row, dtype=np.int64)))
        self._row = []
        self._columns = [[] for _ in range(self.width)]

    def _made(self, row: np.ndarray) -> TickPart:
        raise NotImplementedError

    def part(self) -> TickPart | None:
        """Return all rows; None where there were none."""
        self._flush()
        if not self._parts:
            return None
        whole = joined_parts(self._parts)
        self._parts = [whole]
        return whole._replace(refused=tuple(self._refused))


class Trades(Collected):
    """Trades: time, price, quantity, side, id."""

    width = 5

    def _made(self, row: np.ndarray) -> TickPart:
        ts_ns, price, quantity, side, ids = self._columns
        rows = trades(
            _int64(ts_ns),
            numbers_of(pa.array(price, pa.string())),
            numbers_of(pa.array(quantity, pa.string())),
            np.array(side, dtype=np.int8),
            _int64(ids),
        )
        return TickPart(rows, row)


class Quotes(Collected):
    """Quotes: time, bid, quantity, ask, quantity."""

    width = 5

    def _made(self, row: np.ndarray) -> TickPart:
        ts_ns, *sides = self._columns
        bid, bid_size, ask, ask_size = (
            numbers_or_zero(pa.array(side, pa.string())) for side in sides
        )
        rows = quotes(_int64(ts_ns), bid, bid_size, ask, ask_size)
        return TickPart(rows, row)


class Fundings(Collected):
    """Funding rates: time, rate, mark price, empty where it is unknown."""

    width = 3

    def _made(self, row: np.ndarray) -> TickPart:
        ts_ns, rate, mark = self._columns
        marks = numbers_or_zero(pa.array(mark, pa.string()))
        known = np.array([bool(one) for one in mark], dtype=np.bool_)
        rates = numbers_of(pa.array(rate, pa.string()))
        return TickPart(FundingRows(_int64(ts_ns), rates, np.where(known, marks, np.nan)), row)


class Books(Collected):
    """Depth: time, sequence, action, side, price, quantity, flags."""

    width = 7

    def levels(
        self,
        row: int,
        ts_ns: int,
        sequence: int,
        bids: Iterable[Level],
        asks: Iterable[Level],
        *,
        snapshot: bool = False,
    ) -> None:
        """Take the levels of a message; a snapshot empties the book before."""
        flag = SNAPSHOT if snapshot else 0
        sided = [(1, level) for level in bids] + [(-1, level) for level in asks]
        if snapshot:
            self.add(row, ts_ns, sequence, CLEAR, 0, "0", "0", flag | (0 if sided else LAST))
        for k, (side, level) in enumerate(sided, start=1):
            last = LAST if k == len(sided) else 0
            self.add(row, ts_ns, sequence, SET, side, level[0], level[1], flag | last)

    def _made(self, row: np.ndarray) -> TickPart:
        ts_ns, sequence, action, side, price, quantity, flags = self._columns
        whole = [_int64(column) for column in (ts_ns, sequence)]
        small = [np.array(column, dtype=np.int8) for column in (action, side, flags)]
        numbers = [numbers_of(pa.array(column, pa.string())) for column in (price, quantity)]
        no_order = np.full(len(row), NO_ID, dtype=np.int64)
        rows = DepthRows(
            whole[0], whole[1], small[0], small[1], numbers[0], numbers[1], no_order, small[2]
        )
        return TickPart(rows, row)


def _int64(values: Sequence[object]) -> Int64:
    """Return whole numbers; those beyond 64 bits, which no source has, are `NO_ID`."""
    try:
        return np.array(values, dtype=np.int64)
    except OverflowError:
        inside = [one if -_LIMIT <= int(str(one)) < _LIMIT else NO_ID for one in values]
        return np.array(inside, dtype=np.int64)
