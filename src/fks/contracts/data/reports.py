"""What is asked and told of quality: days, how two datasets agree, what was stored."""

from __future__ import annotations

import msgspec

from fks.kernel.messages import Event, Query

__all__ = [
    "ColumnAgreement",
    "CompareDatasets",
    "Coverage",
    "DatasetComparison",
    "DatasetStored",
    "DayQuality",
    "DifferentBar",
    "GetCoverage",
    "GetQualityDays",
    "GetSessionHours",
    "QualityAlerted",
    "QualityDays",
    "SessionHours",
]


class DayQuality(msgspec.Struct, frozen=True, kw_only=True):
    """One day: `day` is `YYYY-MM-DD`, of UTC or of a session (of daily bars what they stand for).

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
    `note` says what was not compared, and why. `by_sessions`: a day begins with the calendar's
    session of its date, and what lies between sessions is of the date on the exchange's clock.
    """

    dataset: str
    hash: str
    calendar: str
    days: tuple[DayQuality, ...]
    total: int
    next_from_ts_ns: int = 0
    note: str = ""
    by_sessions: bool = False


class GetQualityDays(Query[QualityDays], frozen=True, kw_only=True, tag="data.get_quality_days.v1"):
    """How complete is each day of a dataset? At most `limit` days (1 to 4000)."""

    dataset: str
    from_ts_ns: int = 0
    to_ts_ns: int = 2**63 - 1
    limit: int = 4000


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset's span in stretches of equal length, whole days each; the last may end beyond.

    `days_each` is that length, `from_ts_ns` the midnight at which the first begins. Of each:
    rows that the calendar expects, rows that are there, expected ones that lack, doubted ones.
    Of ticks no calendar tells how many there should be: `expected` and `missing` are all 0.
    """

    dataset: str
    hash: str
    from_ts_ns: int
    days_each: int
    expected: tuple[int, ...]
    present: tuple[int, ...]
    missing: tuple[int, ...]
    faults: tuple[int, ...]
    note: str = ""


class GetCoverage(Query[Coverage], frozen=True, kw_only=True, tag="data.get_coverage.v1"):
    """Where has a dataset data, and where holes? In at most `parts` (1 to 1,000) stretches."""

    dataset: str
    parts: int = 120


class ColumnAgreement(msgspec.Struct, frozen=True, kw_only=True):
    """How far one column differs: bars beyond the tolerance, and differences of those, in ticks.

    Of `volume` the differences are in units, and the tolerance is none.
    """

    column: str
    differing: int
    largest: float = 0.0
    median: float = 0.0


class DifferentBar(msgspec.Struct, frozen=True, kw_only=True):
    """A bar of which two datasets tell two stories: open, high, low, close, volume of each."""

    ts_ns: int
    a: tuple[float, ...]
    b: tuple[float, ...]


class DatasetComparison(msgspec.Struct, frozen=True, kw_only=True):
    """How two datasets of one timeframe agree, over the time that both cover.

    `lag_bars` is the shift of B's stamps against A's at which returns agree best (1: the bar that
    A stamps t is stamped one bar later in B, as where one stamps the open and the other the
    close), `correlation` that of the returns as they stand, `lag_correlation` that at the shift;
    both are 0 where there are too few bars, or a price that never moves. `verdict` is lines of
    text.
    """

    a: str
    b: str
    a_hash: str
    b_hash: str
    timeframe: str
    tick_size: str
    tolerance_ticks: int
    from_ts_ns: int
    to_ts_ns: int
    common: int
    only_a: int
    only_b: int
    differing: int
    columns: tuple[ColumnAgreement, ...]
    correlation: float
    lag_bars: int
    lag_correlation: float
    first_only_a_ns: tuple[int, ...] = ()
    first_only_b_ns: tuple[int, ...] = ()
    examples: tuple[DifferentBar, ...] = ()
    verdict: tuple[str, ...] = ()


class CompareDatasets(
    Query[DatasetComparison], frozen=True, kw_only=True, tag="data.compare_datasets.v1"
):
    """Do two datasets, of two providers say, tell the same story? At most `examples` (0 to 100)."""

    a: str
    b: str
    tolerance_ticks: int = 0
    examples: int = 5


class DatasetStored(Event, frozen=True, kw_only=True, tag="data.dataset_stored.v1"):
    """A version became the latest of its name; findings are counted by severity."""

    name: str
    hash: str
    instrument: str
    timeframe: str
    rows: int
    score: float
    quarantined: int = 0
    errors: int = 0
    warnings: int = 0
    infos: int = 0


class QualityAlerted(Event, frozen=True, kw_only=True, tag="data.quality_alerted.v1"):
    """A stored version has findings of severity error, or scored over five points less than before.

    `severity` is `error` or `warning`, `findings` name the errors; `before` is the score of the
    version before, -1 where there is none.
    """

    name: str
    hash: str
    severity: str
    message: str
    score: float
    before: float = -1.0
    findings: tuple[str, ...] = ()


class SessionHours(msgspec.Struct, frozen=True, kw_only=True):
    """When a calendar's sessions are as a rule, in the time of `timezone`.

    `spans` are pairs of hours `HHMM` (two where there is a break at noon); one that ends no later
    than it begins began on the day before. `days` are those on which sessions end, 1 is Monday.
    """

    calendar: str
    timezone: str
    spans: tuple[tuple[str, str], ...]
    days: tuple[int, ...]


class GetSessionHours(
    Query[SessionHours], frozen=True, kw_only=True, tag="data.get_session_hours.v1"
):
    """When are the sessions of this calendar (`24/7`, `XNYS`)?"""

    calendar: str
