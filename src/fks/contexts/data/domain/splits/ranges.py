"""Sets of rows as half-open index ranges: ascending, not empty, not touching one another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

__all__ = ["Range", "Ranges", "ranges_of", "rows_in", "union", "without"]

Range = tuple[int, int]
Ranges = tuple[Range, ...]


def union(*sets: Iterable[Range]) -> Ranges:
    """Return the rows that are in any of the sets; what is given need not be in order."""
    found: list[Range] = []
    for begin, end in sorted(one for ranges in sets for one in ranges if one[0] < one[1]):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return tuple(found)


def without(kept: Ranges, taken: Ranges) -> Ranges:
    """Return the rows of one set that are not in another."""
    found: list[Range] = []
    first = 0
    for begin, end in kept:
        while first < len(taken) and taken[first][1] <= begin:
            first += 1
        for low, high in _from(taken, first):
            if low >= end:
                break
            if begin < low:
                found.append((begin, low))
            begin = max(begin, high)
        if begin < end:
            found.append((begin, end))
    return tuple(found)


def _from(ranges: Sequence[Range], first: int) -> Iterable[Range]:
    """Yield ranges from a place on, without copying the rest."""
    return (ranges[k] for k in range(first, len(ranges)))


def rows_in(ranges: Ranges) -> int:
    """Return how many rows there are."""
    return sum(end - begin for begin, end in ranges)


def ranges_of(mask: Any, offset: int = 0) -> Ranges:
    """Return the rows where a mask of shape (n,) is true, counted from `offset`."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], np.asarray(mask, np.int8), [0]))))
    return tuple(
        (int(begin) + offset, int(end) + offset)
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
    )
