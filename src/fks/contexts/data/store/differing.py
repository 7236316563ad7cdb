"""What changed between two datasets: counted by DuckDB over the files, a bounded sample shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs

from fks.contexts.data.store.bars import BARS, prices_in_sql
from fks.contexts.data.store.stored import StoredDataset
from fks.contexts.data.store.ticks_differing import differing_rows
from fks.contexts.data.store.vault import Vault
from fks.contracts.data import DatasetInfo
from fks.contracts.data.differences import ChangedRow, DatasetDifference
from fks.kernel.errors import Invalid, Unavailable

__all__ = ["difference"]

_MOST = 1000
_VALUES = ("open", "high", "low", "close", "volume")
_JOINED = (
    "FROM old AS a FULL JOIN new AS b ON a.ts_ns = b.ts_ns "
    "WHERE a.ts_ns IS NULL OR b.ts_ns IS NULL OR "
    + " OR ".join(f"a.{name} IS DISTINCT FROM b.{name}" for name in _VALUES)
)
_BOTH = "a.ts_ns IS NOT NULL AND b.ts_ns IS NOT NULL"
_COUNTS = " ".join(
    (
        "SELECT count(*) FILTER (a.ts_ns IS NULL), count(*) FILTER (b.ts_ns IS NULL),",
        f"count(*) FILTER ({_BOTH}),",
        "min(coalesce(a.ts_ns, b.ts_ns)), max(coalesce(a.ts_ns, b.ts_ns)),",
        ", ".join(
            f"count(*) FILTER ({_BOTH} AND a.{name} IS DISTINCT FROM b.{name})" for name in _VALUES
        ),
        _JOINED,
    )
)
_SAMPLE = (
    "SELECT coalesce(a.ts_ns, b.ts_ns), a.ts_ns IS NOT NULL, b.ts_ns IS NOT NULL, "
    + ", ".join(f"a.{name}, b.{name}" for name in _VALUES)
    + f" {_JOINED} ORDER BY 1 LIMIT ?"
)


def difference(
    a: StoredDataset, b: StoredDataset, vault: Vault, *, sample: int
) -> DatasetDifference:
    """Compare two datasets: bars by time, ticks by whole rows, none of which is then `changed`.

    Raises `Denied` where one is sealed, `Invalid` where their kinds differ or the sample is too
    large, `Unavailable`.
    """
    if not 0 <= sample <= _MOST:
        raise Invalid(f"ask for a sample of 0 to {_MOST} rows", code="data.bad_limit")
    vault.check_all((a.info, b.info), 0, 2**63 - 1)
    if (a.info.kind, b.info.kind) == ("bars", "bars"):
        counts, found = _asked(a.info, b.info, sample)
        rows = tuple(_row(row) for row in found)
    else:
        ticks = differing_rows(a, b, sample)
        counts = (ticks.added, ticks.removed, 0, ticks.first_ts_ns, ticks.last_ts_ns)
        rows = tuple(_tick(*row) for row in ticks.sample)
    notes = [
        f"{what} differ: {first} and {second}"
        for what, first, second in (
            ("instruments", a.info.instrument.id, b.info.instrument.id),
            ("timeframes", a.info.timeframe, b.info.timeframe),
            ("tick sizes", a.info.instrument.tick_size, b.info.instrument.tick_size),
            ("calendars", a.info.instrument.calendar, b.info.instrument.calendar),
        )
        if first != second
    ]
    return DatasetDifference(
        a=f"{a.info.name}@{a.info.hash}",
        b=f"{b.info.name}@{b.info.hash}",
        rows_a=a.info.rows,
        rows_b=b.info.rows,
        added=counts[0],
        removed=counts[1],
        changed=counts[2],
        columns=dict(zip(_VALUES, counts[5:], strict=False)),
        first_ts_ns=counts[3] or 0,
        last_ts_ns=counts[4] or 0,
        notes=tuple(notes),
        sample=rows,
    )


def _asked(
    old: DatasetInfo, new: DatasetInfo, sample: int
) -> tuple[tuple[Any, ...], list[tuple[Any, ...]]]:
    """Let DuckDB count and sample; it is handed the two files and can read nothing else."""
    local = pa.fs.LocalFileSystem()
    try:
        with duckdb.connect(":memory:") as connection:
            connection.execute("SET threads = 1")
            connection.execute("SET enable_external_access = false")
            for name, info in (("old", old), ("new", new)):
                path = Path(info.path) / BARS
                file = ds.dataset(str(path), filesystem=local, format="parquet")
                prices = prices_in_sql(path, info.instrument.tick_size)
                connection.from_arrow(file).project(prices).create_view(name)
            connection.execute("SET lock_configuration = true")
            counts = connection.execute(_COUNTS).fetchone()
            rows = connection.execute(_SAMPLE, [sample]).fetchall()
    except (duckdb.Error, pa.ArrowException, ArithmeticError, OSError) as error:
        text = str(error).splitlines()[0][:120]
        raise Unavailable(f"cannot compare: {text}", code="data.damaged") from None
    assert counts is not None
    return counts, rows


def _tick(added: bool, values: dict[str, int]) -> ChangedRow:
    """Return a tick of the sample."""
    what, ts_ns = "added" if added else "removed", values["ts_ns"]
    told: dict[str, int | float] = {name: one for name, one in values.items() if name != "ts_ns"}
    none: dict[str, int | float] = {}
    before, after = (none, told) if added else (told, none)
    return ChangedRow(ts_ns=ts_ns, what=what, before=before, after=after)


def _row(row: tuple[Any, ...]) -> ChangedRow:
    """Return a row of the sample."""
    ts_ns, in_a, in_b, *values = row
    before = dict(zip(_VALUES, values[::2], strict=True)) if in_a else {}
    after = dict(zip(_VALUES, values[1::2], strict=True)) if in_b else {}
    what = "changed" if in_a and in_b else "removed" if in_a else "added"
    return ChangedRow(ts_ns=ts_ns, what=what, before=before, after=after)
