"""Sessions of corn, soybeans and wheat at the CBOT, which the calendar library does not have.

A session begins at 19:00 in Chicago the evening before, pauses from 07:45 to 08:30, and ends at
13:20 (13:15 before 6 July 2015). On the exchange's holidays nothing is traded. After Christmas, New
Year, Thanksgiving, and an Independence Day that is no Monday, the evening is quiet too, and the
next day's session begins at 08:30. Hours and holidays were compared with LEAN's market hours of
2016 to 2026. Before 2014 hours were others: of those years only the days are told.
"""

from __future__ import annotations

from datetime import date, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

__all__ = ["FIRST_YEAR", "GRAINS", "GrainSessions", "grain_sessions"]

GRAINS = "CBOT_AG"
FIRST_YEAR = 2014
_ZONE = ZoneInfo("America/Chicago")
_LONGER = "2015-07-06"
_EVENING, _MORNING, _NOON = "19:00", "08:30", "12:05"
_PAUSE = "07:45", "08:30"
_MONDAY = 0
# Days on which it ended at noon that follow from no rule.
_NOONS = ("2016-12-23", "2017-07-03", "2017-12-22", "2018-07-03", "2019-07-03", "2020-07-02")


class GrainSessions(NamedTuple):
    """What is asked of a calendar; `opens` to `break_ends` are pandas series of UTC times."""

    sessions: Any
    opens: Any
    closes: Any
    break_starts: Any
    break_ends: Any
    tz: ZoneInfo = _ZONE
    weekmask: str = "1111100"
    open_times: tuple[tuple[None, time], ...] = ((None, time(19)),)
    close_times: tuple[tuple[None, time], ...] = ((None, time(13, 20)),)
    break_start_times: tuple[tuple[None, time], ...] = ((None, time(7, 45)),)
    break_end_times: tuple[tuple[None, time], ...] = ((None, time(8, 30)),)


def grain_sessions(first_year: int, last_year: int) -> GrainSessions:
    """Return the sessions of whole years; before `FIRST_YEAR` their hours are worth nothing."""
    import pandas as pd

    begin, end = pd.Timestamp(date(first_year, 1, 1)), pd.Timestamp(date(last_year, 12, 31))
    closed, quiet, thanks = _holidays(begin, end)
    days, next_day = pd.bdate_range(begin, end).difference(closed), pd.Timedelta(days=1)
    late = quiet + next_day
    eves = days[(days.month == 12) & (days.day == 24)]
    early = eves.union(thanks + next_day).union(pd.DatetimeIndex(_NOONS))

    def at(clock: str, shift: int = 0) -> Any:
        """Return a time of day in Chicago on each day, in UTC."""
        local = (days + pd.Timedelta(days=shift) + pd.Timedelta(f"{clock}:00")).tz_localize(_ZONE)
        return pd.Series(local.tz_convert("UTC"), index=days)

    opens = at(_EVENING, -1).mask(days.isin(late), at(_MORNING))
    closes = at("13:20").mask(days < pd.Timestamp(_LONGER), at("13:15"))
    closes = closes.mask(days.isin(early), at(_NOON))
    starts, ends = (at(clock).mask(days.isin(late)) for clock in _PAUSE)
    return GrainSessions(days, opens, closes, starts, ends)


def _holidays(begin: Any, end: Any) -> tuple[Any, Any, Any]:
    """Return the days without a session, those after which the evening is quiet, Thanksgivings."""
    from exchange_calendars import us_holidays as us
    from exchange_calendars.exchange_calendar import HolidayCalendar
    from pandas.tseries import holiday

    def days(*rules: Any) -> Any:
        return HolidayCalendar(list(rules)).holidays(begin, end)

    turns = days(us.USNewYearsDay, us.Christmas)
    fourths, thanks = days(us.USIndependenceDay), days(holiday.USThanksgivingDay)
    others = days(
        us.USMartinLutherKingJrAfter1998,
        holiday.USPresidentsDay,
        holiday.GoodFriday,
        us.USMemorialDay,
        us.USJuneteenth,
        holiday.USLaborDay,
    )
    quiet = turns.union(fourths[fourths.day_of_week != _MONDAY]).union(thanks)
    return quiet.union(fourths).union(others), quiet, thanks
