"""Rules of last trading days, as exchanges word them in the specifications of their contracts.

Sessions are business days of the exchange, days count since 1970-01-01. Each rule was compared
with dates that were published: the third Friday with LEAN's contracts of ES, those of crude oil,
natural gas, heating oil, gold and copper with calendars of whole years, the others with fewer.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from fks.contexts.data.domain.expiries import third_friday

__all__ = ["LAST_DAYS", "LONDON_TOO", "Sessions", "last_day"]

Sessions = Callable[[int, int], list[int]]
"""Return the days with a session between two days, both included."""

_EPOCH = date(1970, 1, 1)
_FRIDAY = 4


def last_day(rule: str, year: int, month: int, sessions: Sessions) -> int:
    """Return the last trading day of a delivery month by one of `LAST_DAYS`."""
    return LAST_DAYS[rule](year, month, sessions)


def _third_friday(year: int, month: int, sessions: Sessions) -> int:
    """Return the third Friday of the month, or the session before it."""
    return _up_to(third_friday(year, month), sessions)


def _last_friday(year: int, month: int, sessions: Sessions) -> int:
    """Return the last Friday of the month, or the session before it."""
    end = _end(year, month)
    return _up_to(end - ((_EPOCH + timedelta(end)).weekday() - _FRIDAY) % 7, sessions)


def _from_the_end(number: int, months_before: int = 0) -> Callable[[int, int, Sessions], int]:
    """Return the rule of the n-th last session of the month, or of one before it."""

    def rule(year: int, month: int, sessions: Sessions) -> int:
        end = _end(*_back(year, month, months_before))
        return sessions(end - 30, end)[-number]

    return rule


def _before_the_25th(number: int) -> Callable[[int, int, Sessions], int]:
    """Return the rule of so many sessions before the 25th of the month before; one more where
    that is no session.
    """

    def rule(year: int, month: int, sessions: Sessions) -> int:
        day = _day(*_back(year, month, 1), 25)
        found = sessions(day - 24, day)
        return found[-1 - number]

    return rule


def _before_the_15th(year: int, month: int, sessions: Sessions) -> int:
    """Return the session before the 15th of the month."""
    return _up_to(_day(year, month, 15) - 1, sessions)


def _before_third_wednesday(number: int) -> Callable[[int, int, Sessions], int]:
    """Return the rule of so many sessions before the third Wednesday."""

    def rule(year: int, month: int, sessions: Sessions) -> int:
        first = date(year, month, 1)
        wednesday = _day(year, month, 1) + (2 - first.weekday()) % 7 + 14
        return sessions(wednesday - 14, wednesday - 1)[-number]

    return rule


def _up_to(day: int, sessions: Sessions) -> int:
    """Return the last session up to a day."""
    return sessions(day - 14, day)[-1]


def _back(year: int, month: int, months: int) -> tuple[int, int]:
    """Return a month some months before."""
    count = year * 12 + month - 1 - months
    return count // 12, count % 12 + 1


def _day(year: int, month: int, day: int) -> int:
    """Return a date as a day since 1970-01-01."""
    return (date(year, month, day) - _EPOCH).days


def _end(year: int, month: int) -> int:
    """Return the last day of a month."""
    return _day(*_back(year, month, -1), 1) - 1


LAST_DAYS: dict[str, Callable[[int, int, Sessions], int]] = {
    "third-friday": _third_friday,
    "last-friday": _last_friday,
    "last-friday-of-london-too": _last_friday,
    "third-last-session": _from_the_end(3),
    "eighth-last-session": _from_the_end(8),
    "last-session-of-month-before": _from_the_end(1, 1),
    "third-last-session-of-month-before": _from_the_end(3, 1),
    "3-before-25th-of-month-before": _before_the_25th(3),
    "4-before-25th-of-month-before": _before_the_25th(4),
    "session-before-15th": _before_the_15th,
    "1-before-third-wednesday": _before_third_wednesday(1),
    "2-before-third-wednesday": _before_third_wednesday(2),
}
LONDON_TOO = frozenset(("last-friday-of-london-too",))
"""Rules whose days must be business days in London as well."""
