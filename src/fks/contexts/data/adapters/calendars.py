"""Exchange calendars: which bars a session expects, holidays and early closes included.

The library takes two seconds to load; it is imported when a calendar is first asked for.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from fks.contexts.data.domain.sessions import (
    Coverage,
    always_slots,
    coverage,
    weekday_days,
)
from fks.contexts.data.domain.timeframes import DAY_NS
from fks.contracts.columns import Int64
from fks.kernel.errors import Invalid

__all__ = ["ALWAYS", "check_calendar", "expected_coverage"]

ALWAYS = ("24/7", "24/5", "weekdays")


def check_calendar(name: str) -> str:
    """Return the name of a known calendar. Raises `Invalid` naming some that are."""
    if name in ALWAYS:
        return name
    import exchange_calendars

    if name not in exchange_calendars.get_calendar_names():
        raise Invalid(
            f"no session calendar {name[:20]!r}; use {', '.join(ALWAYS)}, or an exchange's code "
            "such as XNYS, XLON, CMES",
            code="data.unknown_calendar",
        )
    return name


def expected_coverage(ts_ns: Int64, step_ns: int, calendar: str) -> Coverage:
    """Compare sorted bars with what the calendar expects between the first and the last."""
    if len(ts_ns) < 2:
        return Coverage(len(ts_ns), 0, 0, ())
    first, last = int(ts_ns[0]), int(ts_ns[-1])
    if step_ns >= 7 * DAY_NS:
        return Coverage(len(ts_ns), 0, 0, ())
    if step_ns >= DAY_NS:
        return _daily(ts_ns, calendar)
    if calendar in ALWAYS:
        slots = always_slots(first, last, step_ns, weekends=calendar == "24/7")
    else:
        slots = _session_slots(first, last, step_ns, calendar)
    return coverage(slots, ts_ns)


def _daily(ts_ns: Int64, calendar: str) -> Coverage:
    """Compare days with sessions; a day is the UTC date twelve hours after the bar's open.

    Daily bars are stamped at midnight in UTC or in an American or European zone: noon is on the
    right date for all of them.
    """
    days = np.unique((ts_ns + DAY_NS // 2) // DAY_NS)
    first, last = int(days[0]), int(days[-1])
    if calendar == "24/7":
        wanted = np.arange(first, last + 1, dtype=np.int64)
    elif calendar in ALWAYS:
        wanted = weekday_days(first, last)
    else:
        found = _calendar(calendar, first, last).sessions.values.astype("datetime64[ns]")
        wanted = found.astype(np.int64) // DAY_NS
        wanted = wanted[(wanted >= first) & (wanted <= last)]
    result = coverage(wanted, days)
    return result._replace(first_ns=tuple(day * DAY_NS for day in result.first_ns))


def _session_slots(first_ns: int, last_ns: int, step_ns: int, calendar: str) -> Int64:
    """Return the slots of all sessions between two bars."""
    found = _calendar(calendar, first_ns // DAY_NS, last_ns // DAY_NS)
    opens = found.opens.values.astype("datetime64[ns]").astype(np.int64)
    closes = found.closes.values.astype("datetime64[ns]").astype(np.int64)
    slots = [
        np.arange(opened, closed, step_ns, dtype=np.int64)
        for opened, closed in zip(opens.tolist(), closes.tolist(), strict=True)
        if closed > first_ns and opened <= last_ns
    ]
    joined = np.concatenate(slots) if slots else np.empty(0, dtype=np.int64)
    return joined[(joined >= first_ns) & (joined <= last_ns)]


def _calendar(name: str, first_day: int, last_day: int) -> Any:
    """Return the calendar over whole years around the days, so that few are ever made."""
    year = 1970 + first_day / 365.2425
    last = 1970 + last_day / 365.2425
    return _over_years(name, int(year) - 1, int(last) + 2)


@lru_cache(maxsize=8)
def _over_years(name: str, first: int, last: int) -> Any:
    """Make a calendar from one year's start to another's."""
    import exchange_calendars

    check_calendar(name)
    return exchange_calendars.get_calendar(name, start=f"{first}-01-01", end=f"{last}-01-01")
