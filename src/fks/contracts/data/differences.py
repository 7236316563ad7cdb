"""What is asked and told of single rows: what changed between two versions, what was refused."""

from __future__ import annotations

import msgspec

from fks.kernel.messages import Query

__all__ = [
    "ChangedRow",
    "DatasetDifference",
    "GetDifference",
    "GetQuarantine",
    "QuarantinePage",
    "QuarantinedRow",
]


class ChangedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that differs: `added`, `removed` or `changed`; values by column, of A and of B.

    Those of ticks are whole ticks and lots, as they are stored.
    """

    ts_ns: int
    what: str
    before: dict[str, int | float]
    after: dict[str, int | float]


class DatasetDifference(msgspec.Struct, frozen=True, kw_only=True):
    """What B has that A had not: counts over all rows, and the first rows that differ.

    `columns` counts the changed rows by column. `first_ts_ns` and `last_ts_ns` span all that
    differs; both are 0 where nothing does. A and B are `name@hash`.
    """

    a: str
    b: str
    rows_a: int
    rows_b: int
    added: int
    removed: int
    changed: int
    columns: dict[str, int]
    first_ts_ns: int = 0
    last_ts_ns: int = 0
    notes: tuple[str, ...] = ()
    sample: tuple[ChangedRow, ...] = ()


class GetDifference(
    Query[DatasetDifference], frozen=True, kw_only=True, tag="data.get_difference.v1"
):
    """What did a version, or another dataset, change? At most `sample` rows (0 to 1000)."""

    a: str
    b: str
    sample: int = 20


class QuarantinedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A refused row: of which file, its number in it from 1, why, and its values as far as read.

    `text` is what stood there where it could not be read; `time` is ISO 8601 in UTC or empty.
    """

    file: str
    row: int
    reason: str
    time: str = ""
    open: float | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = None
    volume: float | None = None
    text: str | None = None


class QuarantinePage(msgspec.Struct, frozen=True, kw_only=True):
    """Refused rows from number `first` (from 0) on, `total` in all, counted by reason."""

    dataset: str
    hash: str
    total: int
    first: int
    reasons: dict[str, int]
    rows: tuple[QuarantinedRow, ...]


class GetQuarantine(Query[QuarantinePage], frozen=True, kw_only=True, tag="data.get_quarantine.v1"):
    """Which rows of a dataset's import were refused, and why? At most `limit` (1 to 1000)."""

    dataset: str
    first: int = 0
    limit: int = 100
