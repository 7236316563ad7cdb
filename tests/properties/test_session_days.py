"""Days of sessions: every time is on the day that a slow look at the calendar finds."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.data.adapters.calendars import expected_slots, session_days, session_spans
from fks.contexts.data.domain.days import days_of

MINUTE_NS, DAY_NS = 60_000_000_000, 86_400_000_000_000
ZONES = {
    "CMES": "America/Chicago",
    "CBOT_AG": "America/Chicago",
    "XNYS": "America/New_York",
    "XTKS": "Asia/Tokyo",
    "XLON": "Europe/London",
    "24/5": "America/New_York",
}
# Around changes of clocks, holidays and short days, and any other week.
WEEKS = ("2024-03-07", "2024-11-01", "2023-12-20", "2024-11-26", "2021-07-01", "2022-06-15")


def day_of(ts_ns: int, calendar: str, sessions: list[tuple[int, int, int]]) -> date:
    """Return the day of a time: its session's, else that on the exchange's clock."""
    for begin, end, stamp in sessions:
        if begin <= ts_ns < end:
            return datetime.fromtimestamp(stamp // 10**9, UTC).date()
    return datetime.fromtimestamp(ts_ns // 10**9, ZoneInfo(ZONES[calendar])).date()


@pytest.mark.parametrize("calendar", ZONES)
@settings(max_examples=25, deadline=None)
@given(week=st.sampled_from(WEEKS), seed=st.integers(0, 2**32), count=st.integers(2, 400))
def test_each_bar_is_counted_on_the_day_of_its_session(
    calendar: str, week: str, seed: int, count: int
) -> None:
    """Lost: Sunday evening would be a day of its own, and every session be cut in two."""
    chance = np.random.default_rng(seed)
    begin = int(np.datetime64(week, "ns").astype(np.int64))
    ts_ns = np.unique(begin + chance.integers(0, 9 * 1440, count) * MINUTE_NS)
    first, last = int(ts_ns[0]), int(ts_ns[-1])
    spans = session_spans(first, last, calendar)
    sessions = list(zip(*(one.tolist() for one in spans), strict=True))
    days = session_days(ts_ns, MINUTE_NS, calendar)
    assert days is not None
    assert (np.diff(days.edges_ns) > 0).all()
    slots, note = expected_slots(ts_ns, MINUTE_NS, calendar)
    assert note == ""
    told = days_of(ts_ns, np.ones(len(ts_ns)), slots, MINUTE_NS, days=days)
    there: dict[str, int] = {}
    for one in ts_ns.tolist():
        name = day_of(one, calendar, sessions).isoformat()
        there[name] = there.get(name, 0) + 1
    wanted: dict[str, int] = {}
    for one in slots.tolist():
        name = day_of(one, calendar, sessions).isoformat()
        wanted[name] = wanted.get(name, 0) + 1
    assert {d.day: d.present for d in told if d.present} == there
    assert {d.day: d.expected for d in told if d.expected} == wanted
    lacking = set(slots.tolist()) - set(ts_ns.tolist())
    assert sum(d.missing for d in told) == len(lacking)


def test_a_futures_day_begins_on_the_evening_before() -> None:
    """Lost: what a trader calls Monday."""
    zone = ZoneInfo("America/Chicago")
    stamps = [
        int(datetime(2024, 6, *at, tzinfo=zone).timestamp()) * 10**9
        for at in ((7, 15, 59), (9, 17, 0), (10, 15, 59), (10, 17, 0))
    ]
    days = session_days(np.array(stamps), MINUTE_NS, "CMES")
    assert days is not None
    told = days_of(np.array(stamps), None, np.array(stamps), MINUTE_NS, days=days)
    assert [(one.day, one.present) for one in told] == [
        *(("2024-06-07", 1), ("2024-06-10", 2), ("2024-06-11", 1))
    ]


def test_what_has_no_sessions_has_days_of_utc() -> None:
    """Lost: crypto's days, or those of daily bars, would begin somewhere else."""
    ts_ns = np.array([0, 10 * DAY_NS])
    assert session_days(ts_ns, MINUTE_NS, "24/7") is None
    assert session_days(ts_ns, DAY_NS, "XNYS") is None
    assert session_days(ts_ns, MINUTE_NS, "CBOT_AG") is None  # its hours are not known


@pytest.mark.parametrize(("hours", "bars"), [(1, 23), (2, 12), (4, 6)])
def test_longer_bars_make_no_sunday(hours: int, bars: int) -> None:
    """Lost: the bar in which Monday's session opens would be a day of its own."""
    step = hours * 60 * MINUTE_NS
    begin = int(np.datetime64("2024-06-02T00:00", "ns").astype(np.int64))
    every = np.arange(begin, begin + 14 * DAY_NS, step)
    slots, _ = expected_slots(every, step, "CMES")
    told = days_of(slots, None, slots, step, days=session_days(slots, step, "CMES"))
    assert {date.fromisoformat(one.day).weekday() for one in told} == {0, 1, 2, 3, 4}
    assert {one.present for one in told[:4]} == {bars}
