"""Exchange calendars: which bars a session expects, holidays and early closes included.

The library takes two seconds to load; it is imported when a calendar is first asked for.
"""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from fks.contexts.data.adapters.grain_sessions import FIRST_YEAR, GRAINS, grain_sessions
from fks.contexts.data.domain.days import Days
from fks.contexts.data.domain.resampling import Spans
from fks.contexts.data.domain.sessions import (
    MAX_SLOTS,
    Coverage,
    always_slots,
    coverage,
    weekday_days,
)
from fks.contexts.data.domain.timeframes import DAY_NS, NO_CLOCK_NS
from fks.contracts.columns import Int64
from fks.contracts.data.reports import SessionHours
from fks.kernel.errors import Invalid

__all__ = [
    "ALWAYS",
    "check_calendar",
    "expected_coverage",
    "expected_slots",
    "expected_stamps",
    "local_dates",
    "session_days",
    "session_hours",
    "session_slots",
    "session_spans",
]

ALWAYS = ("24/7", "24/5", "weekdays")
_PAUSED = ("CME", "CMES", "us_futures")
_HOUR_NS = 3_600_000_000_000


def check_calendar(name: str) -> str:
    """Return the name of a known calendar. Raises `Invalid` naming some that are."""
    if name in ALWAYS or name == GRAINS:
        return name
    import exchange_calendars

    if name not in exchange_calendars.get_calendar_names():
        raise Invalid(
            f"no session calendar {name[:20]!r}; use {', '.join(ALWAYS)}, or an exchange's code "
            "such as XNYS, XLON, CMES, CBOT_AG",
            code="data.unknown_calendar",
        )
    return name


def expected_coverage(ts_ns: Int64, step_ns: int, calendar: str) -> Coverage:
    """Compare sorted bars with what the calendar expects between the first and the last."""
    slots, unchecked = expected_slots(ts_ns, step_ns, calendar)
    if unchecked:
        return Coverage(len(ts_ns), 0, 0, unchecked=unchecked)
    daily = step_ns >= DAY_NS
    found = coverage(slots, np.unique(_dates(ts_ns)) * DAY_NS if daily else ts_ns)
    if calendar in ALWAYS:
        return found
    if daily:
        return found._replace(opens_ns=slots, closes_ns=slots + DAY_NS)
    return _with_sessions(found, int(ts_ns[0]), int(ts_ns[-1]), calendar)


def expected_slots(ts_ns: Int64, step_ns: int, calendar: str) -> tuple[Int64, str]:
    """Return when bars are expected between the first and the last of sorted bars.

    Days are midnights UTC of their dates. Where nothing can be compared there are no slots, and
    a line that says why.
    """
    none = np.empty(0, dtype=np.int64)
    if len(ts_ns) < 2:
        return none, "one bar has no gaps"
    first, last = int(ts_ns[0]), int(ts_ns[-1])
    if step_ns == NO_CLOCK_NS:
        return none, "bars that follow no clock have no gaps"
    if step_ns >= 7 * DAY_NS:
        return none, "gaps between weeks are not looked for"
    if step_ns < DAY_NS and (last - first) // step_ns > MAX_SLOTS:
        return none, f"more than {MAX_SLOTS:,} bars were to be expected"
    try:
        if step_ns >= DAY_NS:
            days = _dates(ts_ns[[0, -1]])
            return _session_days(int(days[0]), int(days[1]), calendar) * DAY_NS, ""
        if calendar in ALWAYS:
            return always_slots(first, last, step_ns, weekends=calendar == "24/7"), ""
        return session_slots(first, last, step_ns, calendar, _phase_ns(ts_ns, step_ns)), ""
    except _Beyond as error:
        return none, error.message


def _phase_ns(ts_ns: Int64, step_ns: int) -> int:
    """Return how far past multiples of their step most bars begin."""
    steps, counts = np.unique(ts_ns % step_ns, return_counts=True)
    return int(steps[counts.argmax()])


def _dates(ts_ns: Int64) -> Int64:
    """Return the days of daily bars: the UTC date twelve hours after the bar's open.

    Daily bars are stamped at midnight in UTC or in an American or European zone: noon is on the
    right date for all of them.
    """
    return (ts_ns + DAY_NS // 2) // DAY_NS


def _with_sessions(found: Coverage, first_ns: int, last_ns: int, calendar: str) -> Coverage:
    """Return a coverage with the sessions that reach into a span, but for their pauses."""
    sessions = _calendar(calendar, first_ns // DAY_NS, last_ns // DAY_NS)
    opens, closes = _traded(sessions)
    if calendar in _PAUSED:
        closes = closes - _HOUR_NS * _paused(closes - _HOUR_NS)
    there = (closes > first_ns - _HOUR_NS) & (opens <= last_ns + _HOUR_NS)
    return found._replace(opens_ns=opens[there], closes_ns=closes[there])


def expected_stamps(first_ns: int, last_ns: int, step_ns: int, calendar: str) -> Int64:
    """Return when bars of a calendar open, from one time to another, both included.

    Days and longer bars are stamped at midnight UTC. Raises `Invalid` beyond its reach.
    """
    if last_ns < first_ns:
        return np.empty(0, dtype=np.int64)
    if step_ns >= DAY_NS:
        days = _session_days(first_ns // DAY_NS, last_ns // DAY_NS, calendar) * DAY_NS
        if step_ns > DAY_NS:
            days = days[np.unique(days // step_ns, return_index=True)[1]]
        return days[(days >= first_ns) & (days <= last_ns)]
    if calendar in ALWAYS:
        return always_slots(first_ns, last_ns, step_ns, weekends=calendar == "24/7")
    return session_slots(first_ns, last_ns, step_ns, calendar)


def _session_days(first: int, last: int, calendar: str) -> Int64:
    """Return the days with a session between two days since the epoch, both included."""
    if calendar == "24/7":
        return np.arange(first, last + 1, dtype=np.int64)
    if calendar in ALWAYS:
        return weekday_days(first, last)
    found = _calendar(calendar, first, last).sessions.values.astype("datetime64[ns]")
    days = found.astype(np.int64) // DAY_NS
    return np.asarray(days[(days >= first) & (days <= last)])


def session_slots(
    first_ns: int, last_ns: int, step_ns: int, calendar: str, phase_ns: int = 0
) -> Int64:
    """Return the slots of all sessions from one time to another, both included.

    Slots lie at `phase_ns` past multiples of the step; the first of a session, or after its pause,
    may begin before it opens (hours from 09:00 for a session from 09:30). Raises `Invalid` where
    no hours are known.
    """
    _check_hours(calendar, first_ns)
    found = _calendar(calendar, first_ns // DAY_NS, last_ns // DAY_NS)
    opens, closes = _traded(found)
    begins = (opens - phase_ns) // step_ns * step_ns + phase_ns
    slots = [
        np.arange(begin, close, step_ns, dtype=np.int64)
        for begin, close in zip(begins.tolist(), closes.tolist(), strict=True)
        if close > first_ns and begin <= last_ns
    ]
    joined = np.unique(np.concatenate(slots)) if slots else np.empty(0, dtype=np.int64)
    if calendar in _PAUSED:
        joined = _without_pause(joined, step_ns)
    return joined[(joined >= first_ns) & (joined <= last_ns)]


def session_spans(first_ns: int, last_ns: int, calendar: str) -> Spans:
    """Return the sessions that overlap two times, stamped at midnight UTC of their dates.

    Days of `24/7` and `weekdays` are those of UTC, days of `24/5` end at 17:00 in New York, as
    foreign exchange is settled. Raises `Invalid` where no hours are known.
    """
    _check_hours(calendar, first_ns)
    days = _session_days(first_ns // DAY_NS - 1, last_ns // DAY_NS + 1, calendar)
    if calendar == "24/5":
        closes = np.array([_new_york_ns(day, 17) for day in days.tolist()], dtype=np.int64)
        opens = np.array([_new_york_ns(day - 1, 17) for day in days.tolist()], dtype=np.int64)
    elif calendar in ALWAYS:
        opens, closes = days * DAY_NS, (days + 1) * DAY_NS
    else:
        found = _calendar(calendar, first_ns // DAY_NS - 1, last_ns // DAY_NS + 1)
        of = found.sessions.values.astype("datetime64[ns]").astype(np.int64) // DAY_NS
        chosen = np.isin(of, days)
        opens, closes = _nanoseconds(found.opens)[chosen], _nanoseconds(found.closes)[chosen]
    there = (closes > first_ns) & (opens <= last_ns)
    return Spans(opens[there], closes[there], days[there] * DAY_NS)


def session_days(ts_ns: Int64, step_ns: int, calendar: str) -> Days | None:
    """Return the days of sessions that sorted bars are on; None where days are those of UTC.

    A session's day is its date; it begins with the bar in which the session opens. What lies
    between sessions is of the date on the exchange's clock, and so are days without one. Bars of
    days and longer follow UTC, and so does what trades always.
    """
    if step_ns >= DAY_NS or calendar in ("24/7", "weekdays") or not len(ts_ns):
        return None
    first_ns, last_ns = int(ts_ns[0]), int(ts_ns[-1])
    try:
        spans = session_spans(first_ns, last_ns, calendar)
    except _Beyond:
        return None
    zone = ZoneInfo("America/New_York")
    if calendar not in ALWAYS:
        zone = _calendar(calendar, first_ns // DAY_NS, last_ns // DAY_NS).tz
    dates = np.arange(first_ns // DAY_NS - 1, last_ns // DAY_NS + 3, dtype=np.int64)
    edges = np.array([_local_ns(day, 0, zone) for day in dates.tolist()], dtype=np.int64)
    phase = _phase_ns(ts_ns, step_ns) if step_ns != NO_CLOCK_NS else 0
    length = step_ns if step_ns != NO_CLOCK_NS else 1
    begins = (spans.begins - phase) // length * length + phase
    of = spans.stamps // DAY_NS - dates[0]
    held = (of >= 0) & (of < len(dates))
    edges[of[held]] = np.minimum(edges[of[held]], begins[held])
    first, last = np.searchsorted(edges, [first_ns, last_ns], side="right") - 1
    return Days(edges[first : last + 2], dates[first : last + 1])


def local_dates(ts_ns: Int64, step_ns: int, calendar: str) -> Int64:
    """Return the date of each of some sorted bars, where they are traded, as days since 1970.

    Raises `Invalid` where the library has no sessions.
    """
    if step_ns >= DAY_NS or calendar in ALWAYS or not len(ts_ns):
        return _dates(ts_ns) if step_ns >= DAY_NS else ts_ns // DAY_NS
    zone = _calendar(calendar, int(ts_ns[0]) // DAY_NS, int(ts_ns[-1]) // DAY_NS).tz
    hours, place = np.unique(ts_ns // _HOUR_NS, return_inverse=True)
    dates = [datetime.fromtimestamp(hour * 3600, zone).date() for hour in hours.tolist()]
    return np.array(dates, dtype="datetime64[D]").astype(np.int64)[place]


def session_hours(calendar: str) -> SessionHours:
    """Return when sessions are as a rule, today. Raises `Invalid` for an unknown calendar."""
    check_calendar(calendar)
    if calendar in ALWAYS:
        zone = "America/New_York" if calendar == "24/5" else "UTC"
        hour = "1700" if calendar == "24/5" else "0000"
        days = tuple(range(1, 8 if calendar == "24/7" else 6))
        return SessionHours(calendar=calendar, timezone=zone, spans=((hour, hour),), days=days)
    today = int(datetime.now(UTC).timestamp()) // 86_400
    found = _calendar(calendar, today, today)
    closes = _rule(found.close_times)
    if calendar in _PAUSED:
        closes = closes.replace(hour=closes.hour - 1)
    ends = [(_rule(found.open_times), closes)]
    if found.break_start_times and found.break_end_times:
        pause = _rule(found.break_start_times), _rule(found.break_end_times)
        ends = [(ends[0][0], pause[0]), (pause[1], closes)]
    return SessionHours(
        calendar=calendar,
        timezone=str(found.tz),
        spans=tuple((f"{begin:%H%M}", f"{end:%H%M}") for begin, end in ends),
        days=tuple(k for k, held in enumerate(found.weekmask, 1) if held == "1"),
    )


def _rule(times: Any) -> Any:
    """Return the latest of a calendar's hours: pairs of the day they began to hold, and a time."""
    return times[-1][1]


def _new_york_ns(day: int, hour: int) -> int:
    """Return an hour in New York, on a day since the epoch, as UTC ns."""
    return _local_ns(day, hour, ZoneInfo("America/New_York"))


def _local_ns(day: int, hour: int, zone: tzinfo) -> int:
    """Return an hour of a time zone, on a day since the epoch, as UTC ns."""
    local = datetime.fromtimestamp(day * 86_400, UTC).replace(tzinfo=zone, hour=hour)
    return int(local.timestamp()) * 1_000_000_000


def _traded(found: Any) -> tuple[Int64, Int64]:
    """Return when trading begins and ends: a session with a pause in it is two spans of it."""
    opens, closes = _nanoseconds(found.opens), _nanoseconds(found.closes)
    paused = found.break_starts.notna().to_numpy()
    if not paused.any():
        return opens, closes
    starts = _nanoseconds(found.break_starts[paused])
    ends = _nanoseconds(found.break_ends[paused])
    return np.sort(np.concatenate((opens, ends))), np.sort(np.concatenate((closes, starts)))


def _nanoseconds(times: Any) -> Int64:
    """Return a pandas series of UTC times as integers."""
    naive = times.dt.tz_convert(None).to_numpy()
    return np.asarray(naive.astype("datetime64[ns]").astype(np.int64))


def _without_pause(slots: Int64, step_ns: int) -> Int64:
    """Leave out the hour before 18:00 in New York, which the library counts as session."""
    # A slot longer than an hour has trading beyond the pause.
    return slots if step_ns > _HOUR_NS else slots[~_paused(slots)]


def _paused(ts_ns: Int64) -> npt.NDArray[np.bool_]:
    """Tell which times lie in the hour before 18:00 in New York."""
    hours, place = np.unique(ts_ns // _HOUR_NS, return_inverse=True)
    zone = ZoneInfo("America/New_York")
    paused = [datetime.fromtimestamp(h * 3600, zone).hour == 17 for h in hours.tolist()]
    return np.array(paused, dtype=np.bool_)[place]


def _check_hours(calendar: str, first_ns: int) -> None:
    """Raise `Invalid` where a calendar knows the days, but not the hours."""
    if calendar == GRAINS and first_ns // DAY_NS < _day(FIRST_YEAR):
        raise _Beyond(f"the hours of {calendar} are known from {FIRST_YEAR} on")


def _day(year: int) -> int:
    """Return the first day of a year as days since 1970."""
    return int(np.datetime64(f"{year}-01-01", "D").astype(np.int64))


class _Beyond(Invalid):
    """The calendar does not reach that far."""

    code = "data.calendar_reach"


def _calendar(name: str, first_day: int, last_day: int) -> Any:
    """Return the calendar over the whole years of some days, so that few are ever made."""
    first, last = (int(str(np.datetime64(day, "D"))[:4]) for day in (first_day, last_day))
    return _over_years(name, first, last)


@lru_cache(maxsize=8)
def _over_years(name: str, first: int, last: int) -> Any:
    """Make a calendar over years. Raises `Invalid` beyond the reach of its rules."""
    import exchange_calendars

    check_calendar(name)
    if name == GRAINS:
        return grain_sessions(first, last)
    begin, end = f"{first}-01-01", f"{last}-12-31"
    try:
        with warnings.catch_warnings():
            # The library uses what newer releases of pandas advise against.
            warnings.simplefilter("ignore", DeprecationWarning)
            return exchange_calendars.get_calendar(name, start=begin, end=end)
    except ValueError as error:
        raise _Beyond(f"the calendar {name} does not reach from {first} to {last}") from error
