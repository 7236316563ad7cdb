"""Ticks on disk: one file of whole numbers a dataset, read memory-mapped."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fks.contexts.data.domain.table import Piece
from fks.contexts.data.domain.ticks.content import COLUMNS, TickColumns, arrays_of, made
from fks.contexts.data.domain.ticks.imports import ImportedTicks, RefusedTick
from fks.contracts.columns import Int64
from fks.contracts.values import Instrument

__all__ = ["file_of", "lot_of", "read_ticks", "read_times", "refused_table", "write_ticks"]

GROUP_ROWS = 1 << 18
_LOT = b"fks.lot_size"
_PRICES = ("open", "high", "low", "close", "volume")


def file_of(kind: str) -> str:
    """Return the name of the file that holds a dataset of a kind."""
    return "bars.parquet" if kind == "bars" else f"{kind}.parquet"


def write_ticks(imported: ImportedTicks, folder: Path) -> None:
    """Write the rows of a dataset into an empty folder."""
    kind = imported.info.kind
    names, arrays = COLUMNS[kind], arrays_of(imported.columns)
    table = pa.table(dict(zip(names, arrays, strict=True)))
    table = table.replace_schema_metadata({_LOT: str(imported.lot_size).encode()})
    wide = {
        name: "DELTA_BINARY_PACKED"
        for name, one in zip(names, arrays, strict=True)
        if one.itemsize == 8
    }
    pq.write_table(
        table,
        folder / file_of(kind),
        compression="lz4",
        use_dictionary=False,
        column_encoding=wide,
        row_group_size=GROUP_ROWS,
    )


def read_ticks(folder: Path, kind: str, instrument: Instrument) -> tuple[TickColumns, Decimal]:
    """Return all rows and the step of their quantities. Raises `OSError` and Arrow's errors."""
    table = pq.read_table(folder / file_of(kind), memory_map=True, use_threads=False)
    told = (table.schema.metadata or {}).get(_LOT, b"1").decode()
    tick = instrument.tick_size
    arrays = [np.asarray(table[name].to_numpy()) for name in COLUMNS[kind]]
    return made(kind, arrays, tick, Decimal(told)), Decimal(told)


def lot_of(path: Path) -> Decimal:
    """Return the step of the quantities of a file."""
    return Decimal((pq.read_schema(path).metadata or {}).get(_LOT, b"1").decode())


def read_times(folder: Path, kind: str) -> Int64:
    """Return the times of all rows."""
    table = pq.read_table(folder / file_of(kind), columns=["ts_ns"], memory_map=True)
    return np.asarray(table["ts_ns"].to_numpy(), dtype=np.int64)


def refused_table(refused: Sequence[RefusedTick], pieces: Sequence[Piece], source: str) -> pa.Table:
    """Return refused rows in the form in which those of bars are kept; what they said is text."""
    pieces = tuple(pieces) or (Piece(source, 0),)
    before = np.array([piece.rows_before for piece in pieces], dtype=np.int64)
    rows = np.array([one.row for one in refused], dtype=np.int64)
    piece = np.searchsorted(before, rows, side="left") - 1
    numbers: dict[str, Any] = {name: pa.nulls(len(refused), pa.float64()) for name in _PRICES}
    return pa.table(
        {
            "file": pa.array([pieces[k].name for k in piece], pa.string()),
            "row": rows - before[piece],
            "reason": pa.array([one.reason for one in refused], pa.string()),
            "text": pa.array([one.text for one in refused], pa.string()),
            "ts_ns": pa.array([one.ts_ns for one in refused], pa.int64()),
            **numbers,
        }
    )
