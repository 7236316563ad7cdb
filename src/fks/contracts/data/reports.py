"""What is asked and told of quality: how complete each day is."""

from __future__ import annotations

import msgspec

from fks.kernel.messages import Query

__all__ = ["DayQuality", "GetQualityDays", "QualityDays"]


class DayQuality(msgspec.Struct, frozen=True, kw_only=True):
    """One UTC day: `day` is `YYYY-MM-DD` (for daily bars the date they stand for).

    `expected` bars of the calendar, `present` bars in all (also those that no calendar expects),
    `missing` of the expected, `faults`: bars doubted by a warning or an error, and rows refused.
    `findings` counts doubted bars by the rule's code.
    """

    day: str
    expected: int
    present: int
    missing: int
    faults: int
    volume: float
    findings: dict[str, int] = {}


class QualityDays(msgspec.Struct, frozen=True, kw_only=True):
    """Days on which bars were expected or are there, oldest first.

    `total` counts the days of the span; `next_from_ts_ns` goes on behind a page, 0 at the end.
    `note` says what was not compared, and why.
    """

    dataset: str
    hash: str
    calendar: str
    days: tuple[DayQuality, ...]
    total: int
    next_from_ts_ns: int = 0
    note: str = ""


class GetQualityDays(Query[QualityDays], frozen=True, kw_only=True, tag="data.get_quality_days.v1"):
    """How complete is each day of a dataset? At most `limit` days (1 to 4000)."""

    dataset: str
    from_ts_ns: int = 0
    to_ts_ns: int = 2**63 - 1
    limit: int = 4000
