"""Gaps: bars that a calendar expects and a table does not have.

A calendar is given as the slots it expects between two times. For `24/7` and `24/5` they follow
from arithmetic; exchange calendars come from the adapter. Bars outside of expected slots are no
fault (there is trading before the open).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fks.contexts.data.domain.timeframes import DAY_NS
from fks.contracts.columns import Int64

__all__ = ["MAX_SLOTS", "Coverage", "always_slots", "coverage", "weekday_days"]

MAX_SLOTS = 50_000_000


class Coverage(NamedTuple):
    """How many slots were expected, how many lack a bar, in how many runs, and where first.

    `unchecked` says why nothing was compared, where nothing was. `opens_ns` and `closes_ns` are the
    sessions of an exchange that reach into the bars' span, where the calendar is that of one.
    """

    expected: int
    missing: int
    gaps: int
    first_ns: tuple[int, ...] = ()
    unchecked: str = ""
    opens_ns: Int64 | None = None
    closes_ns: Int64 | None = None


def coverage(expected_ns: Int64, there_ns: Int64) -> Coverage:
    """Compare expected slots (sorted) with bars (sorted)."""
    if np.array_equal(expected_ns, there_ns):
        return Coverage(len(expected_ns), 0, 0)
    place = np.minimum(np.searchsorted(there_ns, expected_ns), len(there_ns) - 1)
    lacking = there_ns[place] != expected_ns
    starts = np.flatnonzero(lacking & ~np.concatenate(([False], lacking[:-1])))
    return Coverage(
        len(expected_ns),
        int(lacking.sum()),
        len(starts),
        tuple(int(ns) for ns in expected_ns[starts[:5]]),
    )


def always_slots(first_ns: int, last_ns: int, step_ns: int, *, weekends: bool) -> Int64:
    """Return every slot from the first to the last bar; without weekends, Friday 21:00 UTC to
    Sunday 23:00 UTC is left out (the widest pause of the foreign-exchange week).
    """
    # Not arange over the times themselves: it counts in floats, and of a million it lost the last.
    slots = first_ns + step_ns * np.arange((last_ns - first_ns) // step_ns + 1, dtype=np.int64)
    if weekends:
        return slots
    # 1970-01-01 was a Thursday: day 0 of the week is then Thursday.
    in_week = (slots % (7 * DAY_NS)) / DAY_NS
    closed = (in_week >= 1 + 21 / 24) & (in_week < 3 + 23 / 24)
    return slots[~closed]


def weekday_days(first_day: int, last_day: int) -> Int64:
    """Return Mondays to Fridays between two days (days since the epoch, both included)."""
    days = np.arange(first_day, last_day + 1, dtype=np.int64)
    return days[(days + 3) % 7 < 5]
