"""Coverage in so many stretches as fit on a screen, summed from days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fks.contexts.data.domain.timeframes import DAY_NS
from fks.contracts.columns import Int64
from fks.contracts.data.reports import DayQuality

__all__ = ["Stretches", "parts_of_days", "parts_of_times"]


class Stretches(NamedTuple):
    """Where the first begins (UTC ns), days of each, and int64 counts of shape (stretches, 4).

    The columns are expected, present, missing and doubted rows.
    """

    from_ts_ns: int
    days_each: int
    counts: Int64


def parts_of_days(days: Sequence[DayQuality], most: int) -> Stretches:
    """Return at most `most` stretches.

    `days` ascend; those without anything expected or there may be left out.
    """
    if not days:
        return Stretches(0, 1, np.zeros((0, 4), dtype=np.int64))
    numbers = np.array([one.day for one in days], dtype="datetime64[D]").astype(np.int64)
    counts = np.array([(one.expected, one.present, one.missing, one.faults) for one in days])
    return _summed(numbers, counts, most)


def parts_of_times(ts_ns: Int64, most: int) -> Stretches:
    """Return the same of sorted times of which no calendar is known."""
    if not len(ts_ns):
        return Stretches(0, 1, np.zeros((0, 4), dtype=np.int64))
    first, last = int(ts_ns[0]) // DAY_NS, int(ts_ns[-1]) // DAY_NS
    edges = np.arange(first, last + 2, dtype=np.int64) * DAY_NS
    there = np.diff(np.searchsorted(ts_ns, edges))
    counts = np.zeros((len(there), 4), dtype=np.int64)
    counts[:, 1] = there
    return _summed(np.arange(first, last + 1, dtype=np.int64), counts, most)


def _summed(numbers: Int64, counts: Int64, most: int) -> Stretches:
    """Sum rows of counts by stretches of whole days."""
    first, span = int(numbers[0]), int(numbers[-1] - numbers[0]) + 1
    each = -(-span // most)
    sums = np.zeros((-(-span // each), 4), dtype=np.int64)
    np.add.at(sums, (numbers - first) // each, counts)
    return Stretches(first * DAY_NS, each, sums)
