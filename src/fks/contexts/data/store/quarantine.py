"""The rows of a dataset that were refused: `quarantine.parquet` beside its bars."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fks.contexts.data.domain.quality import iso
from fks.contracts.columns import Int64
from fks.contracts.data import DatasetInfo
from fks.contracts.data.differences import QuarantinedRow, QuarantinePage
from fks.kernel.errors import Invalid, Unavailable

__all__ = [
    "HEADINGS",
    "RefusedRows",
    "batches",
    "quarantine_page",
    "refused_csv",
    "refused_rows",
    "refused_times",
]

FILE = "quarantine.parquet"
HEADINGS = ("file", "row", "reason", "time", "open", "high", "low", "close", "volume", "text")
_BATCH = 8192
_MOST = 1000


class RefusedRows(NamedTuple):
    """A page of refused rows, by column of `HEADINGS`; `total` rows in all, counted by reason."""

    total: int
    reasons: dict[str, int]
    rows: list[dict[str, Any]]


def refused_rows(info: DatasetInfo, first: int, limit: int) -> RefusedRows:
    """Return `limit` refused rows from number `first` (from 0) on, in the order of the report.

    Raises `Unavailable` when the file cannot be read.
    """
    rows: list[dict[str, Any]] = []
    total = 0
    counts: dict[str, int] = {}
    for batch in batches(info):
        begin = max(first - total, 0)
        part = batch.slice(begin, max(limit - len(rows), 0))
        rows += [_row(one) for one in part.to_pylist()]
        total += len(batch)
        for one in pc.value_counts(batch["reason"]).to_pylist():
            counts[one["values"]] = counts.get(one["values"], 0) + one["counts"]
    return RefusedRows(total, dict(sorted(counts.items(), key=lambda one: -one[1])), rows)


def quarantine_page(info: DatasetInfo, first: int, limit: int) -> QuarantinePage:
    """Return a page of refused rows as a message. Raises `Invalid` for one out of bounds."""
    if first < 0 or not 1 <= limit <= _MOST:
        raise Invalid(f"ask for 1 to {_MOST} rows, from row 0 on", code="data.bad_limit")
    found = refused_rows(info, first, limit)
    return QuarantinePage(
        dataset=info.name,
        hash=info.hash,
        total=found.total,
        first=first,
        reasons=found.reasons,
        rows=tuple(QuarantinedRow(**row) for row in found.rows),
    )


def refused_csv(info: DatasetInfo) -> Iterator[str]:
    """Yield all refused rows as CSV, the headings first.

    A text that a spreadsheet would take for a formula is preceded by an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADINGS)
    for batch in batches(info):
        for stored in batch.to_pylist():
            row = _row(stored)
            writer.writerow([_cell(row[heading]) for heading in HEADINGS])
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()


def _cell(value: Any) -> Any:
    """Return a cell that no spreadsheet computes."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return "" if value is None else value


def refused_times(info: DatasetInfo) -> Int64:
    """Return the times of refused rows, as far as they have one."""
    times = [pc.drop_null(batch["ts_ns"]).to_numpy() for batch in batches(info)]
    return np.concatenate(times) if times else np.empty(0, dtype=np.int64)


def batches(info: DatasetInfo) -> Iterator[pa.Table]:
    """Yield refused rows in batches; none where no row was refused."""
    path = Path(info.path) / FILE
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_BATCH):
                yield pa.Table.from_batches([batch])
    except FileNotFoundError:
        return
    except (OSError, pa.ArrowException) as error:
        raise Unavailable(
            f"the quarantine of {info.name} cannot be read: {str(error).splitlines()[0][:120]}",
            code="data.damaged",
        ) from None


def _row(stored: dict[str, Any]) -> dict[str, Any]:
    """Return a stored row by our headings."""
    ts_ns = stored.pop("ts_ns")
    stored["time"] = "" if ts_ns is None else iso(ts_ns)
    return {heading: stored[heading] for heading in HEADINGS}
