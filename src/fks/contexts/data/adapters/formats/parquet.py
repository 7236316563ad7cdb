"""Parquet and Feather files with the canonical columns, or columns named like them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather as feather
import pyarrow.parquet as pq

from fks.contexts.data.adapters.actions import columns_of_actions
from fks.contexts.data.adapters.formats.corporate import actions_of_table
from fks.contexts.data.adapters.formats.headers import CLOCK, SYMBOL, columns_of_header
from fks.contexts.data.adapters.formats.reading import (
    Found,
    FoundTicks,
    Progress,
    ReadOptions,
    one_table,
    silent,
    symbol_of,
)
from fks.contexts.data.adapters.formats.tick_headers import columns_of_ticks
from fks.contexts.data.adapters.formats.tick_tables import rows_of
from fks.contexts.data.adapters.formats.ticking import (
    SymbolChoice,
    TickPart,
    found_ticks,
    joined_parts,
)
from fks.contexts.data.adapters.stamps import local_to_utc, read_times, zone_of
from fks.contexts.data.adapters.tabular import numbers_of
from fks.contexts.data.domain.table import NO_TIME, RawTable
from fks.contracts.columns import Float64, Int64
from fks.kernel.errors import Invalid

__all__ = ["read_parquet"]

_MAX_ROWS = 200_000_000
_AT_ONCE = 500_000


def read_parquet(
    path: Path, options: ReadOptions, progress: Progress = silent
) -> Found | FoundTicks:
    """Read a file; raises `Invalid` where it is damaged or has other columns."""
    try:
        ticks = _ticks(path, options, progress)
        if ticks is not None:
            return ticks
        choice = SymbolChoice(options.symbol, path.name)
        read = _read(path, options, choice)
    except (pa.ArrowException, OSError) as error:
        raise Invalid(
            f"{path.name} cannot be read: {str(error).splitlines()[0][:160]}",
            code="data.bad_table",
        ) from None
    table, has_volume = read
    progress(len(table.row))
    joined, pieces = one_table([(path.name, table)])
    notes = () if has_volume else ("the file has no volume; it is 0",)
    return Found(joined, choice.name_or(symbol_of(path)), notes=notes, pieces=pieces)


def _read(path: Path, options: ReadOptions, choice: SymbolChoice) -> tuple[RawTable, bool]:
    """Return the table of one symbol, and whether it has volumes."""
    names, load = _opened(path)
    columns = _columns(names, options, path.name)
    table = load(list(columns.values()))
    rows = table.num_rows
    if rows == 0:
        raise Invalid(f"{path.name} has no rows", code="data.empty_file")
    row = np.arange(1, rows + 1, dtype=np.int64)
    if SYMBOL in columns:
        keep = choice.mask(_texts(table[columns[SYMBOL]].combine_chunks()))
        table, row = table.filter(pa.array(keep)), row[keep]
        rows = len(row)
    ts_ns = _times(table[columns["ts"]].combine_chunks(), options)
    first, high, low, last = (_numbers(table[columns[k]]) for k in ("open", "high", "low", "close"))
    volume = _numbers(table[columns["volume"]]) if "volume" in columns else np.zeros(rows)
    return RawTable(row, ts_ns, first, high, low, last, volume), "volume" in columns


def _ticks(path: Path, options: ReadOptions, progress: Progress) -> FoundTicks | None:
    """Return ticks or corporate actions, None where the columns are none of these."""
    names, load = _opened(path)
    if columns_of_actions(names) is not None:
        return actions_of_table(path, load, names, options, progress)
    columns = columns_of_ticks(names, options.columns, path.name, options.kind)
    if columns is None:
        return None
    table = load([names[place] for place in columns.places.values()])
    if table.num_rows == 0:
        raise Invalid(f"{path.name} has no rows", code="data.empty_file")
    choice = SymbolChoice(options.symbol, path.name)
    parts: list[TickPart] = []
    first = 1
    for batch in table.to_batches(max_chunksize=_AT_ONCE):
        texts = {one: _texts(batch.column(names[k])) for one, k in columns.places.items()}
        row = np.arange(first, first + batch.num_rows, dtype=np.int64)
        first += batch.num_rows
        if "symbol" in texts:
            keep = choice.mask(texts["symbol"])
            texts = {one: column.filter(pa.array(keep)) for one, column in texts.items()}
            row = row[keep]
        zone = zone_of(options.zone_name())
        parts.append(TickPart(rows_of(columns.kind, texts, zone, day_first=False), row))
        progress(batch.num_rows)
    symbol = choice.chosen or symbol_of(path)
    return found_ticks([(path.name, joined_parts(parts))], symbol)


def _texts(column: pa.Array) -> pa.Array:
    """Return a column as text; times of a zone as nanoseconds, nothing for null."""
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        column = pc.cast(pc.cast(column, pa.timestamp("ns", tz="UTC")), pa.int64())
    elif pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return pc.fill_null(pc.cast(column, pa.string()), "")


def _opened(path: Path) -> tuple[list[str], Any]:
    """Return the column names, and a function that loads some of them."""
    if path.suffix.lower() in (".feather", ".arrow"):
        table = feather.read_table(path, memory_map=True)
        return table.column_names, table.select
    file = pq.ParquetFile(path, memory_map=True)
    if file.metadata.num_rows > _MAX_ROWS:
        raise Invalid(f"{path.name} has more than {_MAX_ROWS:,} rows", code="data.bad_table")
    if b"fks.tick_size" in (file.schema_arrow.metadata or {}):
        raise Invalid(
            f"{path.name} is the file of a stored dataset, whose prices are whole ticks; import "
            "what fks data export writes of it",
            code="data.stored_file",
        )
    return file.schema_arrow.names, file.read


def _columns(names: list[str], options: ReadOptions, name: str) -> dict[str, str]:
    """Return which column is which."""
    places = columns_of_header(names, options.columns, name)
    return {column: names[place] for column, place in places.items() if column != CLOCK}


def _times(column: pa.Array, options: ReadOptions) -> Int64:
    """Return UTC nanoseconds of a column of stamps, integers or texts."""
    zone = zone_of(options.zone_name())
    kind = column.type
    if pa.types.is_timestamp(kind):
        stamps = pc.cast(pc.cast(column, pa.timestamp("ns", tz=kind.tz)), pa.int64())
        found = np.array(pc.fill_null(stamps, NO_TIME).to_numpy(zero_copy_only=False))
        return found if kind.tz else np.where(found == NO_TIME, found, local_to_utc(found, zone))
    if pa.types.is_date(kind):
        return _times(pc.cast(column, pa.timestamp("ns")), options)
    return read_times(pc.cast(column, pa.string()), zone)


def _numbers(column: pa.ChunkedArray) -> Float64:
    """Return float64, NaN for null or text that is no number."""
    array = column.combine_chunks()
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        return numbers_of(pc.cast(array, pa.string()))
    return np.array(pc.cast(array, pa.float64()).to_numpy(zero_copy_only=False))
