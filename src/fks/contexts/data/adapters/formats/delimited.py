"""CSV with a header of any common kind: aliases, one or two time columns, any delimiter.

Yahoo's daily files are of this kind too; their adjusted close is left out and said so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fks.contexts.data.adapters.archives import opened as opened_file
from fks.contexts.data.adapters.formats.reading import Found, Progress, ReadOptions, silent
from fks.contexts.data.adapters.stamps import read_times, zone_of
from fks.contexts.data.adapters.tabular import TextRows, numbers_of, read_text, sniff
from fks.contexts.data.domain.table import RawTable, Refused, joined
from fks.kernel.errors import Invalid

__all__ = ["ALIASES", "read_delimited", "read_rows", "symbol_of"]

ALIASES: dict[str, tuple[str, ...]] = {
    "ts": (
        *("ts", "ts_ns", "timestamp", "time", "datetime", "date", "open_time", "opentime"),
        *("timestamp_utc", "date_time", "unix", "epoch", "gmt time", "local time", "<date>"),
    ),
    "open": ("open", "o", "<open>", "first", "open_price"),
    "high": ("high", "h", "<high>", "max", "high_price"),
    "low": ("low", "l", "<low>", "min", "low_price"),
    "close": ("close", "c", "<close>", "last", "close_price", "price"),
    "volume": ("volume", "v", "vol", "<vol>", "<tickvol>", "volume_base", "base_volume"),
}
_CLOCKS = ("time", "<time>", "hour")
_ADJUSTED = ("adj close", "adj_close", "adjclose", "adjusted close")


def read_delimited(path: Path, options: ReadOptions, progress: Progress = silent) -> Found:
    """Read a CSV file, plain, gzipped, or the chosen member of an archive."""
    name = path.name if options.member is None else f"{path.name}:{options.member}"
    with opened_file(path, options.member) as stream:
        cells, delimiter = sniff(stream, name)
        columns = _columns(cells, options.columns, name)
        table = read_rows(stream, name, cells, delimiter, columns, options, progress, header=True)
    notes = []
    if any(cell.lower() in _ADJUSTED for cell in cells):
        notes.append("the adjusted close was left out: prices are as traded")
    if "volume" not in columns:
        notes.append("the file has no volume; it is 0")
    return Found(table, symbol_of(path), notes=tuple(notes), sources=(path,))


def read_rows(
    stream: IO[bytes],
    name: str,
    cells: Sequence[str],
    delimiter: str,
    columns: Mapping[str, str],
    options: ReadOptions,
    progress: Progress,
    *,
    header: bool,
) -> RawTable:
    """Read all rows, given which cell is which canonical column."""
    zone = zone_of(options.timezone)
    parts: list[RawTable] = []
    refused: list[Refused] = []
    for block in read_text(stream, name, cells, delimiter, header=header):
        if isinstance(block, tuple):
            refused.extend(block)
            continue
        parts.append(_table(block, columns, zone, options.bar_shift_ns))
        progress(len(block.row))
    table = joined(parts)
    if not table.rows_read and not refused:
        raise Invalid(f"{name} has no rows", code="data.empty_file")
    return table._replace(refused=tuple(refused))


def symbol_of(path: Path) -> str:
    """Return a symbol made of a file's name: what stands before ` `, `_`, `-` or `.`."""
    stem = path.name
    for mark in (" ", "_", "-", "."):
        stem = stem.partition(mark)[0]
    kept = "".join(c for c in stem.upper() if c.isascii() and c.isalnum())
    return kept[:32] or "UNKNOWN"


def _columns(cells: Sequence[str], given: Mapping[str, str], name: str) -> dict[str, str]:
    """Return which cell holds which canonical column; `clock` is a second time column."""
    lower = {cell.lower().strip(): cell for cell in reversed(cells)}
    found: dict[str, str] = {}
    for column, wanted in given.items():
        if column not in ALIASES:
            raise Invalid(
                f"no column {column[:20]!r} to map; map one of {', '.join(ALIASES)}",
                code="data.bad_column_map",
            )
        if wanted.lower() not in lower:
            raise Invalid(
                f"{name} has no column {wanted[:40]!r}; it has {', '.join(cells)[:200]}",
                code="data.bad_column_map",
            )
        found[column] = lower[wanted.lower()]
    for column, aliases in ALIASES.items():
        if column not in found:
            match = next((lower[a] for a in aliases if a in lower), None)
            if match is not None:
                found[column] = match
    if "ts" in found and found["ts"].lower().strip("<>") == "date":
        clock = next((lower[c] for c in _CLOCKS if c in lower), None)
        if clock is not None:
            found["clock"] = clock
    missing = [column for column in ALIASES if column not in found and column != "volume"]
    if missing:
        raise Invalid(
            f"{name} has no column for {', '.join(missing)}; it has {', '.join(cells)[:200]}. "
            f"Say which with --map {missing[0]}=NAME",
            code="data.wrong_columns",
        )
    return found


def _table(block: TextRows, columns: Mapping[str, str], zone: Any, shift_ns: int) -> RawTable:
    """Turn a block of text into numbers."""
    texts: pa.Array = block.columns[columns["ts"]]
    if "clock" in columns:
        texts = pc.binary_join_element_wise(texts, block.columns[columns["clock"]], " ")
    ts_ns = read_times(texts, zone)
    if shift_ns:
        ts_ns = np.where(ts_ns == np.iinfo(np.int64).min, ts_ns, ts_ns + shift_ns)
    opened, high, low, close = (
        numbers_of(block.columns[columns[k]]) for k in ("open", "high", "low", "close")
    )
    if "volume" in columns:
        volume = numbers_of(block.columns[columns["volume"]])
    else:
        volume = np.zeros(len(block.row))
    return RawTable(block.row, ts_ns, opened, high, low, close, volume)
