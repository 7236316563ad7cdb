"""How complete each day of a dataset is, and what was doubted on it.

A day is one of UTC, or where a calendar has sessions one of those: what is traded on Sunday evening
in Chicago is of Monday.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fks.contexts.data.domain.judging import Judged
from fks.contexts.data.domain.timeframes import DAY_NS
from fks.contracts.columns import Float64, Int64
from fks.contracts.data.reports import DayQuality

__all__ = ["Days", "days_of", "utc_days"]


class Days(NamedTuple):
    """Days that follow one another: where each begins and the last one ends, in UTC ns, shape
    (n + 1,), and which dates they are, as days since 1970, shape (n,).
    """

    edges_ns: Int64
    dates: Int64


def utc_days(first_ns: int, last_ns: int, shift_ns: int = 0) -> Days:
    """Return the days of UTC from one time to another, each beginning `shift_ns` early."""
    dates = np.arange(
        (first_ns + shift_ns) // DAY_NS, (last_ns + shift_ns) // DAY_NS + 1, dtype=np.int64
    )
    return Days(np.append(dates, dates[-1] + 1) * DAY_NS - shift_ns, dates)


def days_of(
    ts_ns: Int64,
    volume: Float64 | None,
    slots_ns: Int64,
    step_ns: int,
    found: Sequence[Judged] = (),
    refused_ns: Int64 | None = None,
    days: Days | None = None,
) -> tuple[DayQuality, ...]:
    """Return the days on which bars are expected, there, or refused: first bar to last.

    `ts_ns` and `slots_ns` are sorted; slots of days are midnights. Daily bars count for the date
    twelve hours after their open, others for one of `days`, or of UTC. `refused_ns` are times of
    rows in quarantine; those before the first day or after the last are on none.
    """
    shift = DAY_NS // 2 if step_ns >= DAY_NS else 0
    if not len(ts_ns):
        return ()
    starts, dates = days or utc_days(int(ts_ns[0]), int(ts_ns[-1]), shift)
    refused = np.empty(0, dtype=np.int64) if refused_ns is None else np.sort(refused_ns)
    edges = np.searchsorted(ts_ns, starts)
    present = np.diff(edges)
    expected = np.diff(np.searchsorted(slots_ns, starts + shift))
    lacking = _lacking(slots_ns, (ts_ns + shift) // DAY_NS * DAY_NS if shift else ts_ns)
    missing = np.diff(np.searchsorted(lacking, starts + shift))
    turned_away = np.diff(np.searchsorted(refused, starts))
    counts = {
        one.rule.code: np.diff(np.searchsorted(one.marked.rows, edges))
        for one in found
        if len(one.marked.rows)
    }
    if turned_away.any():
        counts["quarantine"] = turned_away
    faults = np.diff(np.searchsorted(_doubted(found), edges)) + turned_away
    totals = np.zeros(len(dates)) if volume is None else _sums(volume, edges)
    names = np.datetime_as_string(dates.astype("datetime64[D]")).tolist()
    return tuple(
        DayQuality(
            day=names[k],
            expected=int(expected[k]),
            present=int(present[k]),
            missing=int(missing[k]),
            faults=int(faults[k]),
            volume=float(totals[k]),
            findings={code: int(count[k]) for code, count in counts.items() if count[k]},
        )
        for k in np.flatnonzero((expected > 0) | (present > 0) | (turned_away > 0)).tolist()
    )


def _lacking(slots_ns: Int64, there_ns: Int64) -> Int64:
    """Return the slots without a bar."""
    if not len(slots_ns) or np.array_equal(slots_ns, there_ns):
        return slots_ns[:0]
    place = np.minimum(np.searchsorted(there_ns, slots_ns), len(there_ns) - 1)
    lacking: Int64 = slots_ns[there_ns[place] != slots_ns]
    return lacking


def _doubted(found: Sequence[Judged]) -> Int64:
    """Return the rows that a warning or an error marks, each once."""
    rows = [one.marked.rows for one in found if one.rule.severity != "info"]
    return np.unique(np.concatenate(rows)) if rows else np.empty(0, dtype=np.int64)


def _sums(values: Float64, edges: Int64) -> Float64:
    """Return the sums of the values between following edges."""
    sums = np.zeros(len(edges) - 1)
    there = np.flatnonzero(np.diff(edges))
    if len(there):
        sums[there] = np.add.reduceat(values[: edges[-1]], edges[there])
    return sums
