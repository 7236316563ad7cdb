"""Join two datasets as of each other's times: what was known of one when a row of the other came.

A bar is stamped with its open and known at its close, so bars count from their close unless opens
are asked for; else each bar would bring its own future.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from fks.contexts.data.domain.asof import Direction, asof_rows
from fks.contexts.data.domain.ticks.content import TickColumns
from fks.contexts.data.domain.timeframes import clock_ns
from fks.contexts.data.store.exporting import Table, batches, rows_of
from fks.contracts.columns import BarColumns, Int64
from fks.contracts.data import Dataset, DatasetInfo
from fks.kernel.errors import Invalid

__all__ = ["JoinRequest", "Joined", "join"]

_STAMPS = ("close", "open")


class JoinRequest(NamedTuple):
    """How to join. `columns` are those of the right side to take, all without any named.

    `stamp` says when bars count: from their `close`, or from their `open`.
    """

    direction: Direction = "backward"
    tolerance_ns: int | None = None
    exact: bool = True
    columns: tuple[str, ...] = ()
    stamp: str = "close"
    from_ts_ns: int = 0
    to_ts_ns: int = 2**63 - 1


class Joined(NamedTuple):
    """For each left row the row of the right side or -1, and the joined rows, part by part."""

    rows: Int64
    parts: Iterator[Table]


def join(left: Dataset, right: Dataset, request: JoinRequest) -> Joined:
    """Join two opened datasets; the span bounds the left one.

    In a part stand the left columns, `<right name>_ts_ns`, and the right columns, each named
    `<right name>_<column>`; null where nothing matched. Raises `Invalid` for columns that the
    right side has not, `Denied` for sealed rows.
    """
    if request.stamp not in _STAMPS:
        raise Invalid(f"bars count from their {' or '.join(_STAMPS)}", code="data.bad_stamp")
    ours = _columns(left, request.from_ts_ns, request.to_ts_ns)
    theirs = _columns(right, 0, 2**63 - 1)
    rows = asof_rows(
        _known_ns(left.info, ours.ts_ns, request.stamp),
        _known_ns(right.info, theirs.ts_ns, request.stamp),
        direction=request.direction,
        tolerance_ns=request.tolerance_ns,
        exact=request.exact,
    )
    table = _taken(theirs, right.info, request.columns)
    return Joined(rows, _parts(ours, table, rows))


def _columns(dataset: Dataset, from_ts_ns: int, to_ts_ns: int) -> BarColumns | TickColumns:
    """Return the rows of a span."""
    if dataset.info.kind == "bars":
        return dataset.columns(from_ts_ns, to_ts_ns)
    return dataset.ticks(from_ts_ns, to_ts_ns)


def _known_ns(info: DatasetInfo, ts_ns: Int64, stamp: str) -> Int64:
    """Return when each row is known."""
    if info.kind != "bars" or stamp == "open":
        return ts_ns
    return ts_ns + np.int64(clock_ns(info.timeframe))


def _taken(
    columns: BarColumns | TickColumns, info: DatasetInfo, wanted: tuple[str, ...]
) -> pa.Table:
    """Return the columns of the right side under their new names."""
    found = rows_of(columns, slice(0, len(columns.ts_ns)))
    unknown = [name for name in wanted if name not in found]
    if unknown:
        raise Invalid(
            f"{info.name} has no column {unknown[0][:40]!r}; there are {', '.join(found)}",
            code="data.no_column",
        )
    chosen = ["ts_ns", *(name for name in wanted or found if name != "ts_ns")]
    return pa.table({f"{info.name}_{name}": pa.array(found[name]) for name in chosen})


def _parts(left: BarColumns | TickColumns, right: pa.Table, rows: Int64) -> Iterator[Table]:
    """Yield the joined rows, some at a time."""
    for part in batches(len(rows)):
        picked = rows[part]
        matched = right.take(pa.array(picked, mask=picked < 0))
        yield rows_of(left, part) | dict(zip(matched.column_names, matched.columns, strict=True))
