"""What changed between two datasets of ticks: whole rows, since a tick has no name of its own.

Two equal trades are two trades: a row that is there twice and was there once is added once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs

from fks.contexts.data.domain.ticks.content import COLUMNS
from fks.contexts.data.store.stored import StoredDataset
from fks.contexts.data.store.ticks import file_of, lot_of
from fks.kernel.errors import Invalid, Unavailable

__all__ = ["RowsOfTicks", "differing_rows"]

_DIFFERING = (
    "CREATE TEMP TABLE differing AS "
    "(SELECT *, true AS added FROM (SELECT * FROM new EXCEPT ALL SELECT * FROM old)) UNION ALL "
    "(SELECT *, false AS added FROM (SELECT * FROM old EXCEPT ALL SELECT * FROM new))"
)
_COUNTS = (
    "SELECT count(*) FILTER (added), count(*) FILTER (NOT added), min(ts_ns), max(ts_ns) "
    "FROM differing"
)
_SAMPLE = "SELECT * FROM differing ORDER BY ALL LIMIT ?"


class RowsOfTicks(NamedTuple):
    """How many rows each has that the other lacks, between which times, and the first of them.

    A row of the sample is whether it is of B, and its values by column as they are stored.
    """

    added: int
    removed: int
    first_ts_ns: int
    last_ts_ns: int
    sample: tuple[tuple[bool, dict[str, int]], ...]


def differing_rows(a: StoredDataset, b: StoredDataset, sample: int) -> RowsOfTicks:
    """Compare two datasets row by row, whatever their order.

    Raises `Invalid` for other kinds or sizes of ticks and lots, `Unavailable` for a damaged file.
    """
    kind = a.info.kind
    if kind != b.info.kind:
        raise Invalid(
            f"{a.info.name} holds {kind} and {b.info.name} {b.info.kind}: only datasets of one "
            "kind can be compared",
            code="data.nothing_to_compare",
        )
    paths = [Path(one.info.path) / file_of(kind) for one in (a, b)]
    try:
        sizes = [
            (one.info.instrument.tick_size, lot_of(path))
            for one, path in zip((a, b), paths, strict=True)
        ]
        if sizes[0] != sizes[1]:
            raise Invalid(
                f"{a.info.name} is in ticks of {sizes[0][0]} and lots of {sizes[0][1]}, "
                f"{b.info.name} of {sizes[1][0]} and {sizes[1][1]}: import them alike",
                code="data.nothing_to_compare",
            )
        return _asked(paths, COLUMNS[kind], sample)
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        text = str(error).splitlines()[0][:120]
        raise Unavailable(f"cannot compare: {text}", code="data.damaged") from None


def _asked(paths: list[Path], names: tuple[str, ...], sample: int) -> RowsOfTicks:
    """Let DuckDB count and sample; it is handed the two files and can read nothing else."""
    local = pa.fs.LocalFileSystem()
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET threads = 1")
        connection.execute("SET enable_external_access = false")
        for name, path in zip(("old", "new"), paths, strict=True):
            source = ds.dataset(str(path), filesystem=local, format="parquet")
            connection.register(name, source)
        connection.execute("SET lock_configuration = true")
        connection.execute(_DIFFERING)
        counts: Any = connection.execute(_COUNTS).fetchone()
        rows = connection.execute(_SAMPLE, [sample]).fetchall()
    told = tuple((bool(row[-1]), dict(zip(names, row[:-1], strict=True))) for row in rows)
    return RowsOfTicks(counts[0], counts[1], counts[2] or 0, counts[3] or 0, told)
