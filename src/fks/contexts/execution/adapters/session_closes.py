"""When the session of a trading calendar closes next, by the library of exchanges' calendars."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta

from fks.kernel.errors import Unavailable

__all__ = ["next_close_ns"]


def next_close_ns(calendar: str, now_ns: int) -> int:
    """Return the first close after an instant. Raises Unavailable where none can be told."""
    import exchange_calendars

    now = datetime.fromtimestamp(now_ns // 1_000_000_000, UTC)
    first, last = now.date() - timedelta(days=10), now.date() + timedelta(days=30)
    try:
        with warnings.catch_warnings():
            # The library uses what newer releases of pandas advise against.
            warnings.simplefilter("ignore", DeprecationWarning)
            known = exchange_calendars.get_calendar(calendar, start=str(first), end=str(last))
            return int(known.next_close(now.replace(second=0), _parse=True).value)
    except (ValueError, KeyError, exchange_calendars.errors.CalendarError) as error:
        message = f"no close of the calendar {calendar}: {error}"
        raise Unavailable(message, code="execution.no_calendar") from None
