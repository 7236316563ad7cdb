"""Sessions with a pause in them: those of the grains against LEAN's hours, and lunch in Tokyo."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from tests.contexts.data import kit

from fks.contexts.data.adapters.calendars import (
    expected_coverage,
    expected_stamps,
    session_hours,
    session_spans,
)
from fks.contexts.data.adapters.grain_sessions import grain_sessions
from fks.kernel.errors import FksError

CHICAGO = ZoneInfo("America/Chicago")
HALF_NS, MINUTE_NS, DAY_NS = 1_800_000_000_000, 60_000_000_000, 86_400_000_000_000


def ns(zone: str, *when: int) -> int:
    """Return a local time as UTC ns."""
    return int(datetime(*when, tzinfo=ZoneInfo(zone)).timestamp()) * 10**9  # type: ignore[arg-type, misc]


def local(stamps: Any, zone: str) -> list[str]:
    """Return times as hours and minutes of a zone."""
    moments = [datetime.fromtimestamp(one / 1e9, UTC) for one in stamps.tolist()]
    return [f"{one.astimezone(ZoneInfo(zone)):%d %H:%M}" for one in moments]


def test_nothing_is_expected_at_lunch_in_tokyo() -> None:
    """Lost: every day of a Japanese stock would have an hour that is missing."""
    stamps = expected_stamps(
        ns("Asia/Tokyo", 2024, 6, 3, 9), ns("Asia/Tokyo", 2024, 6, 3, 23), HALF_NS, "XTKS"
    )
    told = [one[3:] for one in local(stamps, "Asia/Tokyo")]
    assert told[:6] == ["09:00", "09:30", "10:00", "10:30", "11:00", "12:30"]
    hours = expected_stamps(
        ns("Asia/Tokyo", 2024, 6, 3, 9), ns("Asia/Tokyo", 2024, 6, 3, 23), 2 * HALF_NS, "XTKS"
    )
    assert [one[3:] for one in local(hours, "Asia/Tokyo")][:5] == [
        *("09:00", "10:00", "11:00", "12:00", "13:00")
    ]
    whole = expected_coverage(np.delete(stamps, 3), HALF_NS, "XTKS")
    assert (whole.missing, whole.gaps) == (1, 1)
    assert whole.opens_ns is not None
    assert len(whole.opens_ns) == 2


def test_a_grain_is_traded_from_the_evening_with_a_pause_in_the_morning() -> None:
    """Lost: seven hours of every day of corn would be missing."""
    begin, end = ns("America/Chicago", 2024, 6, 3, 0), ns("America/Chicago", 2024, 6, 5, 0)
    stamps = expected_stamps(begin, end, 5 * MINUTE_NS, "CBOT_AG")
    told = local(stamps, "America/Chicago")
    jumps = [(a, b) for a, b in pairwise(told) if b in ("03 08:30", "03 19:00")]
    assert jumps == [("03 07:40", "03 08:30"), ("03 13:15", "03 19:00")]
    spans = session_spans(begin, end, "CBOT_AG")
    assert local(spans[0], "America/Chicago")[:2] == ["02 19:00", "03 19:00"]
    hours = session_hours("CBOT_AG")
    assert hours.spans == (("1900", "0745"), ("0830", "1320"))


def test_before_2014_nothing_is_claimed_of_grains() -> None:
    """Lost: gaps of years whose hours were others would look like missing bars."""
    ts_ns = np.arange(1_000, dtype=np.int64) * MINUTE_NS + ns("America/Chicago", 2011, 6, 3, 9)
    assert "known from 2014" in expected_coverage(ts_ns, MINUTE_NS, "CBOT_AG").unchecked
    days = expected_stamps(ns("UTC", 2010, 12, 20), ns("UTC", 2011, 1, 4), DAY_NS, "CBOT_AG")
    assert [one[:2] for one in local(days, "UTC")] == [
        *("20", "21", "22", "23", "27", "28", "29", "30", "31", "03", "04")
    ]
    with pytest.raises(FksError, match="known from 2014"):
        expected_stamps(int(ts_ns[0]), int(ts_ns[-1]), MINUTE_NS, "CBOT_AG")


@pytest.mark.real_data
def test_holidays_and_short_days_of_grains_are_those_of_lean() -> None:
    """Lost: on holidays and their eves bars would be missing, or not be missed."""
    path = kit.real("lean/market-hours/market-hours-database.json.gz")
    entry = json.loads(gzip.decompress(path.read_bytes()))["entries"]["Future-cbot-ZC"]
    found = grain_sessions(2015, 2026)
    days = {one.date() for one in found.sessions}
    clocks = {
        name: {k.date(): v.tz_convert(CHICAGO).time() for k, v in getattr(found, name).items()}
        for name in ("opens", "closes")
    }

    def dated(name: str, clock: str) -> set[date]:
        """Return the days of LEAN with a time of day."""
        return {
            datetime.strptime(day, "%m/%d/%Y").replace(tzinfo=UTC).date()
            for day, at in entry[name].items()
            if at == clock and not day.endswith(("2013", "2014"))
        }

    noons = {day for day, at in clocks["closes"].items() if at == time(12, 5)}
    # LEAN has the noon after Thanksgiving of all years but two.
    told = dated("earlyCloses", "12:05:00")
    assert (noons - told, told - noons) == ({date(2017, 11, 24), date(2024, 11, 29)}, set())
    mornings = {day for day, at in clocks["opens"].items() if at == time(8, 30)}
    assert dated("lateOpens", "08:30:00") <= mornings
    closed = dated("lateOpens", "19:00:00")  # opened in the evening only, for the next session
    assert len(closed) > 40
    assert not closed & days
    weekdays = {
        date(2015, 1, 1) + timedelta(k)
        for k in range(4383)
        if (date(2015, 1, 1) + timedelta(k)).weekday() < 5
    }
    # Christmas, New Year, Good Friday, Independence Day, Thanksgiving, and no day beside.
    assert all(
        (day.month, day.day)
        in ((12, 24), (12, 25), (12, 26), (1, 1), (1, 2), (7, 3), (7, 4), (7, 5))
        or (day.month == 11 and day.weekday() == 3)
        or (day.month in (3, 4) and day.weekday() == 4)
        or (day.month == 6 and 18 <= day.day <= 20)
        for day in weekdays - days - closed
    )
    assert 9 <= len(weekdays - days) / 12 <= 10  # ten holidays, some of them at a weekend
