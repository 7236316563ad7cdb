"""Dates of providers: texts such as 2024-01-31, and instants that stand for a local date."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from fks.contexts.data.adapters.providers.reading import malformed
from fks.contexts.data.domain.timeframes import DAY_NS
from fks.contracts.columns import Int64

__all__ = ["dates_at_midnight", "day_ns"]

_EPOCH = date(1970, 1, 1).toordinal()
_S = 1_000_000_000


def day_ns(provider: str, text: str) -> int:
    """Return midnight UTC of a date. Raises `Unavailable` for what is no date, or far away."""
    try:
        found = date.fromisoformat(text[:10])
    except ValueError:
        raise malformed(provider, f"the date {text[:20]!r}") from None
    if not 1900 <= found.year < 2100:
        raise malformed(provider, "a date before 1900 or after 2100")
    return (found.toordinal() - _EPOCH) * DAY_NS


def dates_at_midnight(ts_ns: Int64, zone: str) -> Int64:
    """Return midnight UTC of the date that each instant has in a time zone."""
    where = ZoneInfo(zone)
    days = [
        datetime.fromtimestamp(one / _S, UTC).astimezone(where).date().toordinal() - _EPOCH
        for one in ts_ns.tolist()
    ]
    return np.array(days, dtype=np.int64) * DAY_NS
