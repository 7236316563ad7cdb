"""Rules about times: gaps, the grid, weekends, sessions, summer time."""

from __future__ import annotations

from itertools import pairwise
from math import gcd

import numpy as np

from fks.contexts.data.domain._quality import off_grid
from fks.contexts.data.domain.rules.kinds import MOST_EXAMPLES, Rule, iso, rows_of_runs
from fks.contexts.data.domain.timeframes import DAY_NS
from fks.contracts.columns import BarColumns, Int64
from fks.contracts.data.quality import Marked, QualityContext

__all__ = ["LEAST_SHIFTED", "TIMES", "gaps"]

_HOUR_NS = 3_600_000_000_000
_SATURDAY_NS, _WEEK_NS = 2 * DAY_NS, 7 * DAY_NS  # 1970-01-03 was a Saturday
# Past Saturday 00:00 UTC: New York's late Friday ends by 05:00; Wellington's Monday begins to trade
# at 18:00 on Sunday at the earliest.
_QUIET_NS = (5 * _HOUR_NS, 42 * _HOUR_NS)
LEAST_SHIFTED = 4  # sessions, which without a holiday is most of a week


def gaps(bars: BarColumns, context: QualityContext) -> Marked | None:
    """Return what the calendar expects and is not there."""
    none = np.empty(0, dtype=np.int64)
    if context.unchecked:
        return Marked(none, context.unchecked, count=0)
    if not context.missing:
        return None
    message = f"{context.missing} of {context.expected} expected bars are missing"
    examples = tuple(iso(ns) for ns in context.first_missing_ns)
    return Marked(none, message, count=context.gaps, examples=examples)


def out_of_order(bars: BarColumns, context: QualityContext) -> Marked | None:
    """Return how many rows were moved to their place."""
    if not context.out_of_order:
        return None
    none = np.empty(0, dtype=np.int64)
    message = "rows stood after later ones in the file and were moved to their place"
    moved = context.out_of_order
    return Marked(none, message, count=moved, charged=moved)


def rounded(bars: BarColumns, context: QualityContext) -> Marked | None:
    """Return how many rows had more digits than can be traded."""
    if not context.rounded:
        return None
    none = np.empty(0, dtype=np.int64)
    message = "rows whose prices have more digits than can be traded were rounded"
    return Marked(none, message, count=context.rounded)


def beside_grid(bars: BarColumns, context: QualityContext) -> Marked | None:
    """Return bars whose stamps do not lie on the timeframe's grid, as most do.

    The grid of an hour and longer is an hour: a zone's summer time moves four-hour bars. Bars
    that open with their session are on the grid.
    """
    if len(bars) < 2:
        return None
    grid = gcd(context.step_ns, _HOUR_NS)
    phases, counts = np.unique(bars.ts_ns[:: max(1, len(bars) // 4096)] % grid, return_counts=True)
    found = off_grid(np.ascontiguousarray(bars.ts_ns), grid, int(phases[counts.argmax()]))
    rows = np.array(found, dtype=np.int64)
    if len(rows) and context.opens_ns is not None:
        rows = rows[~np.isin(bars.ts_ns[rows], context.opens_ns)]
    return Marked(rows, "stamps beside the grid of the timeframe") if len(rows) else None


def weekends(bars: BarColumns, context: QualityContext) -> Marked | None:
    """Return bars that open from Saturday 05:00 to Sunday 18:00 UTC, where no session is then.

    Of daily bars those whose date is a Saturday; weeks have no weekend.
    """
    if context.instrument.calendar == "24/7" or context.step_ns >= _WEEK_NS or not len(bars):
        return None
    daily = context.step_ns >= DAY_NS
    ts_ns = bars.ts_ns + DAY_NS // 2 if daily else bars.ts_ns
    first = (int(ts_ns[0]) - _SATURDAY_NS) // _WEEK_NS * _WEEK_NS + _SATURDAY_NS
    saturdays = np.arange(first, int(ts_ns[-1]) + 1, _WEEK_NS, dtype=np.int64)
    begin, end = (0, DAY_NS) if daily else _QUIET_NS
    rows = rows_of_runs(_runs(ts_ns, saturdays + begin, saturdays + end))
    if len(rows) and context.opens_ns is not None and not daily:
        rows = rows[~_in_session(bars.ts_ns[rows], context)]
    return Marked(rows, "bars of a weekend") if len(rows) else None


def outside_sessions(bars: BarColumns, context: QualityContext) -> Marked | None:
    """Return bars that lie in no session of the exchange's calendar (before the open, say)."""
    if context.opens_ns is None or context.step_ns >= DAY_NS:
        return None
    rows = np.flatnonzero(~_in_session(bars.ts_ns, context))
    return Marked(rows, "bars outside the sessions of the calendar") if len(rows) else None


def days_without_session(bars: BarColumns, context: QualityContext) -> Marked | None:
    """Return daily bars of a date on which the exchange has no session."""
    if context.opens_ns is None or not DAY_NS <= context.step_ns < _WEEK_NS:
        return None
    days = (bars.ts_ns + DAY_NS // 2) // DAY_NS
    rows = np.flatnonzero(~np.isin(days, context.opens_ns // DAY_NS))
    return Marked(rows, "bars of days without a session") if len(rows) else None


def session_ends(bars: BarColumns, context: QualityContext) -> Marked | None:
    """Return sessions that lack their first or last bar, by the bar that is there instead.

    Where the data begin and end does not count.
    """
    sessions = _sessions(bars, context)
    if sessions is None:
        return None
    opens, closes, begin, end = sessions
    step = context.step_ns
    late = bars.ts_ns[begin] >= opens + step
    early = bars.ts_ns[end - 1] + step < closes
    late[:1], early[-1:] = False, False
    rows = np.unique(np.concatenate((begin[late], end[early] - 1)))
    if not len(rows):
        return None
    message = (
        f"{int(late.sum()):,} sessions lack their first bar, {int(early.sum()):,} their last one"
    )
    return Marked(rows, message, count=int(late.sum() + early.sum()))


def summer_time(bars: BarColumns, context: QualityContext) -> Marked | None:
    """Return sessions, at least four in a row, whose bars begin and end an hour early or late.

    That is what local times read in the wrong zone, or without its summer time, look like.
    """
    opens, closes, step = context.opens_ns, context.closes_ns, context.step_ns
    if opens is None or closes is None or step > _HOUR_NS or not len(opens):
        return None
    if len(opens) > 1 and int((opens[1:] - closes[:-1]).min()) < 4 * _HOUR_NS:
        return None  # sessions so near to one another that an hour tells nothing
    begin = np.searchsorted(bars.ts_ns, opens - 2 * _HOUR_NS)
    end = np.searchsorted(bars.ts_ns, closes + 2 * _HOUR_NS)
    there = np.flatnonzero(end > begin)
    if not len(there):
        return None
    first = bars.ts_ns[begin[there]] - opens[there]
    last = bars.ts_ns[end[there] - 1] + step - closes[there]
    shifted = np.zeros(len(opens), dtype=np.int64)
    for hours in (-1, 1):
        off = hours * _HOUR_NS
        alike = (np.abs(first - off) < step) & (np.abs(last - off) < step)
        shifted[there[alike]] = hours
    runs = _long_runs(shifted)
    if not runs:
        return None
    rows = rows_of_runs([(int(begin[a]), int(end[b - 1])) for a, b in runs])
    spans = tuple((int(opens[a]), int(closes[b - 1])) for a, b in runs[:MOST_EXAMPLES])
    told = tuple(
        f"{iso(int(opens[a]))[:10]} to {iso(int(opens[b - 1]))[:10]}: {int(shifted[a]):+d} h"
        for a, b in runs[:MOST_EXAMPLES]
    )
    sessions = sum(b - a for a, b in runs)
    message = "sessions lie an hour beside the exchange's: summer time or zone"
    return Marked(rows, message, count=sessions, examples=told, spans=spans)


def _long_runs(values: Int64) -> list[tuple[int, int]]:
    """Return runs of at least four equal values that are not zero."""
    edges = np.flatnonzero(np.diff(values)) + 1
    bounds = [0, *edges.tolist(), len(values)]
    return [(a, b) for a, b in pairwise(bounds) if values[a] and b - a >= LEAST_SHIFTED]


def _in_session(
    ts_ns: Int64, context: QualityContext
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell which bars overlap a session."""
    opens, closes = context.opens_ns, context.closes_ns
    assert opens is not None and closes is not None
    if not len(opens):
        return np.zeros(len(ts_ns), dtype=np.bool_)
    inside = np.zeros(len(ts_ns), dtype=np.bool_)
    for begin, end in _runs(ts_ns, opens - context.step_ns + 1, closes):
        inside[begin:end] = True
    return inside


def _runs(ts_ns: Int64, begins: Int64, ends: Int64) -> list[tuple[int, int]]:
    """Return the half-open runs of rows within half-open spans of time, without empty ones."""
    low, high = np.searchsorted(ts_ns, begins), np.searchsorted(ts_ns, ends)
    there = high > low
    return list(zip(low[there].tolist(), high[there].tolist(), strict=True))


def _sessions(
    bars: BarColumns, context: QualityContext
) -> tuple[Int64, Int64, Int64, Int64] | None:
    """Return opens, closes and rows `[begin, end)` of the sessions that have bars."""
    opens, closes = context.opens_ns, context.closes_ns
    if opens is None or closes is None or context.step_ns >= DAY_NS:
        return None
    begin = np.searchsorted(bars.ts_ns, opens - context.step_ns + 1)
    end = np.searchsorted(bars.ts_ns, closes)
    there = end > begin
    if not there.any():
        return None
    return opens[there], closes[there], begin[there], end[there]


TIMES = (
    Rule("off_grid", "off the grid", "error", beside_grid, 1.0),
    Rule("weekend_bar", "weekend bars", "warning", weekends, 1.0),
    Rule("no_session", "days without session", "warning", days_without_session, 1.0),
    Rule("outside_session", "outside sessions", "info", outside_sessions),
    # Bars that are missing cost their points once, as gaps.
    Rule("session_end", "session ends", "info", session_ends),
    Rule("summer_time", "summer time", "error", summer_time, 1.0),
)
