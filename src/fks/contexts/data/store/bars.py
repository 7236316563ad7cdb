"""The file of bars: whole ticks wherever those give back every bit of the prices.

Ticks take half the room of prices and need no rounding when they are read. Where a price
is not `ticks * numerator / denominator` of the instrument's tick to the last bit, the whole file
holds prices instead, as all files of older versions do. Both are read alike, and the content's
hash is over prices: it does not tell which of them a file holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fks.contexts.data.domain._precision import exact_ticks, whole_ticks
from fks.contexts.data.domain.table import RawTable
from fks.contracts.columns import BarColumns, Float64, Int64

__all__ = [
    "AS_TICKS",
    "BARS",
    "prices_in_sql",
    "read_bars",
    "read_rows",
    "read_times",
    "write_bars",
]

BARS = "bars.parquet"
GROUP_ROWS = 1 << 17
_PRICES = ("open", "high", "low", "close")
_AS_PRICES = ("ts_ns", *_PRICES, "volume")
AS_TICKS = ("ts_ns", *(f"{name}_ticks" for name in _PRICES), "volume")
_TICK = b"fks.tick_size"
_APART = "BYTE_STREAM_SPLIT"  # byte by byte: quick to unpack, and what hardly changes packs well
_NARROW, _WIDE = np.dtype(np.int32), np.dtype(np.int64)


def write_bars(path: Path, kept: RawTable, tick: Decimal) -> None:
    """Write bars in time order, as ticks of `tick` if they are; `path` is new or replaced."""
    if _write_ticks(path, kept, tick, _NARROW) or _write_ticks(path, kept, tick, _WIDE):
        return
    table = pa.table({name: getattr(kept, name) for name in _AS_PRICES})
    with _writer(path, table.schema) as out:
        out.write_table(table, row_group_size=GROUP_ROWS)


def _write_ticks(path: Path, kept: RawTable, tick: Decimal, kind: np.dtype[Any]) -> bool:
    """Write whole ticks, a group of rows after the other; False where prices are none of a kind."""
    kinds = [(name, pa.from_numpy_dtype(kind)) for name in AS_TICKS[1:-1]]
    schema = pa.schema(
        [("ts_ns", pa.int64()), *kinds, ("volume", pa.float64())],
        metadata={_TICK: str(tick).encode()},
    )
    with _writer(path, schema) as out:
        for start in range(0, len(kept.ts_ns), GROUP_ROWS):
            part = slice(start, start + GROUP_ROWS)
            found = [_ticks(getattr(kept, name)[part], tick, kind) for name in _PRICES]
            if any(column is None for column in found):
                return False
            columns = [kept.ts_ns[part], *found, kept.volume[part]]
            out.write_table(pa.table(columns, schema=schema), row_group_size=GROUP_ROWS)
    return True


def _ticks(prices: Float64, tick: Decimal, kind: np.dtype[Any]) -> Any:
    """Return prices as ticks; None where they do not give the prices back, or are too large."""
    numerator, denominator = tick.as_integer_ratio()
    ticks = np.empty(len(prices), dtype=np.int64)
    whole = exact_ticks(np.ascontiguousarray(prices), float(denominator), float(numerator), ticks)
    reach = np.iinfo(kind)
    fits = whole and ticks.min() >= reach.min and ticks.max() <= reach.max
    return ticks.astype(kind, copy=False) if fits else None


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Return a writer; times that follow one another are not packed twice."""
    names = schema.names
    return pq.ParquetWriter(
        path,
        schema,
        compression={name: "none" if name == "ts_ns" else "lz4" for name in names},
        use_dictionary=False,
        column_encoding={name: _encoding(name) for name in names if name not in _PRICES},
        write_statistics=["ts_ns"],  # windows are found by time; nobody asks for the others
    )


def _encoding(name: str) -> str:
    """Return how a column is written that is no price."""
    return "DELTA_BINARY_PACKED" if name == "ts_ns" else _APART


def read_bars(path: Path, rows: int, tick: Decimal) -> BarColumns:
    """Return all bars, of which there are `rows`, in ticks of `tick`.

    Raises `OSError`, Arrow's errors, and `ArithmeticError` where a file is not of those.
    """
    numerator, denominator = tick.as_integer_ratio()
    with _opened(path) as file:
        names = _names(file, tick)
        arrays: list[Any] = []
        for name, wanted in zip(names, AS_TICKS, strict=True):
            arrays.append(np.empty(rows, dtype=_kind(wanted)))
            for span, part in _unpacked(file, name, rows):
                if name in _PRICES:
                    whole_ticks(part, float(denominator), float(numerator), arrays[-1][span])
                else:
                    arrays[-1][span] = part
    return BarColumns(**dict(zip(AS_TICKS, arrays, strict=True)), tick_size=tick)


def read_rows(path: Path, rows: int, tick: Decimal) -> RawTable:
    """Return all bars as they were kept, in prices. Raises what `read_bars` raises."""
    with _opened(path) as file:
        if _names(file, tick) == AS_TICKS:
            bars: Any = read_bars(path, rows, tick)
            arrays = [getattr(bars, name) for name in _AS_PRICES]
        else:
            arrays = [_column(file, name, rows) for name in _AS_PRICES]
    return RawTable(np.arange(1, rows + 1, dtype=np.int64), *arrays)


def read_times(path: Path, rows: int) -> Int64:
    """Return the opens of all bars. Raises what `read_bars` raises."""
    with _opened(path) as file:
        found: Int64 = _column(file, "ts_ns", rows)
        return found


def prices_in_sql(path: Path, tick: Decimal) -> str:
    """Return what to select of a file, in DuckDB's words, to have its columns as prices.

    Raises `OSError`, Arrow's errors, and `ArithmeticError` where a file is not of those.
    """
    with _opened(path) as file:
        if _names(file, tick) == _AS_PRICES:
            return ", ".join(_AS_PRICES)
    numerator, denominator = tick.as_integer_ratio()
    prices = (
        f"({name}_ticks * {numerator}::BIGINT)::DOUBLE / {denominator}::DOUBLE AS {name}"
        for name in _PRICES
    )
    return ", ".join(("ts_ns", *prices, "volume"))


def _opened(path: Path) -> pq.ParquetFile:
    """Open a file. Raises `OSError`, Arrow's errors."""
    try:
        return pq.ParquetFile(path, memory_map=True)
    except UnicodeDecodeError as error:  # a damaged name
        raise OSError(f"its columns cannot be named: {error.reason}") from None


def _names(file: pq.ParquetFile, tick: Decimal) -> tuple[str, ...]:
    """Return the columns of a file, which are of the one or the other layout."""
    schema = file.schema_arrow
    names = AS_TICKS if AS_TICKS[1] in schema.names else _AS_PRICES
    if any(
        name not in schema.names or schema.field(name).type not in _kinds(name) for name in names
    ):
        raise ArithmeticError(f"the columns are {', '.join(schema.names)[:80]}")
    if names is AS_TICKS and (schema.metadata or {}).get(_TICK) != str(tick).encode():
        raise ArithmeticError(f"it is not in ticks of {tick}")
    return names


def _kind(name: str) -> str:
    """Return the type of a column in memory."""
    return "double" if name in (*_PRICES, "volume") else "int64"


def _kinds(name: str) -> tuple[pa.DataType, ...]:
    """Return the types that a column may have in a file."""
    if name in (*_PRICES, "volume"):
        return (pa.float64(),)
    return (pa.int64(),) if name == "ts_ns" else (pa.int32(), pa.int64())


def _column(file: pq.ParquetFile, name: str, rows: int) -> Any:
    """Return a whole column."""
    found = np.empty(rows, dtype=_kind(name))
    for span, part in _unpacked(file, name, rows):
        found[span] = part
    return found


def _unpacked(file: pq.ParquetFile, name: str, rows: int) -> Iterator[tuple[slice, Any]]:
    """Yield a column piece by piece: what is small enough for the cache is used while it is there.

    A whole column, or several together, would go to memory and be read again from there.
    """
    if file.metadata.num_rows != rows:
        raise ArithmeticError(f"{file.metadata.num_rows:,} rows where {rows:,} should be")
    start = 0
    for batch in file.iter_batches(GROUP_ROWS, columns=[name], use_threads=False):
        end = start + batch.num_rows
        if end > rows or batch.column(0).null_count:
            raise ArithmeticError("its rows are not whole")
        yield slice(start, end), batch.column(0).to_numpy()
        start = end
    if start != rows:
        raise ArithmeticError(f"it ends after {start:,} of {rows:,} rows")
