"""Rows as they were read: columns with NaN for what is no number, and where each row came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fks.contracts.columns import Float64, Int64

__all__ = ["NO_TIME", "Piece", "RawTable", "Refused", "joined", "taken"]

NO_TIME = np.iinfo(np.int64).min
"""The time of a row whose time could not be read."""


class Refused(NamedTuple):
    """A row that is no row of the table at all (too few columns, say): its number and why."""

    row: int
    reason: str
    text: str


class Piece(NamedTuple):
    """A file among several: its name, and how many rows were read before it."""

    name: str
    rows_before: int


class RawTable(NamedTuple):
    """Bars as read, unsorted and unchecked; all arrays have shape (n,).

    `row` counts the rows of the file from 1; `ts_ns` is UTC nanoseconds or `NO_TIME`.
    """

    row: Int64
    ts_ns: Int64
    open: Float64
    high: Float64
    low: Float64
    close: Float64
    volume: Float64
    refused: tuple[Refused, ...] = ()

    @property
    def rows_read(self) -> int:
        """Return how many rows were read, refused ones included."""
        return len(self.row) + len(self.refused)


def joined(parts: Sequence[RawTable]) -> RawTable:
    """Return the parts one after the other; row numbers are kept."""
    if not parts:
        empty, none = np.empty(0, dtype=np.int64), np.empty(0)
        return RawTable(empty, empty, none, none, none, none, none)
    if len(parts) == 1:
        return parts[0]
    row, ts_ns = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    first, high, low, last, volume = (
        np.concatenate([part[k] for part in parts]) for k in range(2, 7)
    )
    refused = tuple(one for part in parts for one in part.refused)
    return RawTable(row, ts_ns, first, high, low, last, volume, refused)


def taken(table: RawTable, index: Int64) -> RawTable:
    """Return the rows of an index array, without the refused ones."""
    return RawTable(*(table[k][index] for k in range(7)))  # type: ignore[arg-type]  # seven arrays
