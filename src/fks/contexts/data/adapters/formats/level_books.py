"""Books written as their best levels, over and over, as the changes from one to the next.

A book of N levels ends with its N-th: a level that falls out of them is removed, for nobody says
what becomes of it further down.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fks.contexts.data.adapters.formats.ticking import TickPart
from fks.contracts.columns import Float64, Int64
from fks.contracts.data.ticks import CLEAR, LAST, NO_ID, SET, SNAPSHOT, DepthRows

__all__ = ["LevelBooks", "ends"]

_Bools = npt.NDArray[np.bool_]
Side = tuple[Float64, Float64]


class LevelBooks:
    """Takes books in order, block by block; the first one becomes a snapshot."""

    def __init__(self) -> None:
        self._last: list[Side] | None = None

    def take(self, ts_ns: Int64, sequence: Int64, bids: Side, asks: Side, row: Int64) -> TickPart:
        """Return what changed; prices and quantities are of shape (n, levels), NaN for none."""
        sides = [self._cleaned(*bids), self._cleaned(*asks)]
        first = self._last is None
        if self._last is None:
            self._last = [(np.full_like(p[:1], np.nan), np.zeros_like(q[:1])) for p, q in sides]
        parts = []
        for sign, (prices, sizes), (old_price, old_size) in zip(
            (1, -1), sides, self._last, strict=True
        ):
            before = np.concatenate((old_price, prices[:-1]))
            sizes_before = np.concatenate((old_size, sizes[:-1]))
            parts += _changes(sign, prices, sizes, before, sizes_before)
        self._last = [(prices[-1:], sizes[-1:]) for prices, sizes in sides]
        at, side, price, size = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.argsort(at, kind="stable")
        at, side, price, size = at[order], side[order], price[order], size[order]
        action, flags = np.full(len(at), SET, dtype=np.int8), np.zeros(len(at), dtype=np.int8)
        if first:
            flags[at == 0] = SNAPSHOT
            at, side, price, size = (np.insert(one, 0, 0) for one in (at, side, price, size))
            action = np.insert(action, 0, CLEAR)
            flags = np.insert(flags, 0, SNAPSHOT)
        flags[ends(at)] |= LAST
        no_order = np.full(len(at), NO_ID, dtype=np.int64)
        rows = DepthRows(
            ts_ns[at], sequence[at], action, side.astype(np.int8), price, size, no_order, flags
        )
        return TickPart(rows, row[at])

    @staticmethod
    def _cleaned(prices: Float64, sizes: Float64) -> Side:
        """Return prices that are NaN where there is no quantity."""
        there = np.isfinite(prices) & (sizes > 0)
        return np.where(there, prices, np.nan), np.where(there, sizes, 0.0)


def ends(at: Int64) -> npt.NDArray[np.bool_]:
    """Tell which of the numbers, in order, are the last ones of their value."""
    return np.append(at[1:] != at[:-1], True)[: len(at)]


def _changes(
    sign: int, prices: Float64, sizes: Float64, before: Float64, sizes_before: Float64
) -> list[tuple[Int64, Int64, Float64, Float64]]:
    """Return place of the book, side, price and quantity: of what left, then of what changed."""
    equal: _Bools = prices[:, :, None] == before[:, None, :]
    as_before = (equal & (sizes[:, :, None] == sizes_before[:, None, :])).any(axis=2)
    left = np.nonzero(np.isfinite(before) & ~equal.any(axis=1))
    changed = np.nonzero(np.isfinite(prices) & ~as_before)
    found = []
    for places, price, size in (
        (left, before[left], np.zeros(len(left[0]))),
        (changed, prices[changed], sizes[changed]),
    ):
        at = places[0].astype(np.int64)
        found.append((at, np.full(len(at), sign, dtype=np.int64), price, size))
    return found
