"""Datasets as files that others read: CSV, JSON lines, Parquet, Arrow.

Prices and quantities are written as the decimals they are, times as UTC nanoseconds (`ts_ns`) and,
in text, as ISO 8601 beside it. What is exported and imported again is the same dataset.
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.ipc
import pyarrow.parquet as pq

from fks.contexts.data.domain.ticks.content import TickColumns
from fks.contexts.data.store.stored import StoredDataset
from fks.contracts.columns import BarColumns
from fks.contracts.data.ticks import (
    NO_PRICE,
    ActionColumns,
    DepthColumns,
    FundingColumns,
    QuoteColumns,
    ValueColumns,
)
from fks.kernel.errors import Invalid, Unavailable

__all__ = [
    "FORMATS",
    "MEDIA_TYPES",
    "Table",
    "batches",
    "export",
    "exported",
    "rendered",
    "rows_of",
    "written_file",
]

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}
FORMATS = tuple(MEDIA_TYPES)
_BATCH = 1 << 16
_BILLIONTH = Decimal("1e-9")
Table = dict[str, Any]


def export(
    dataset: StoredDataset,
    out: IO[bytes],
    form: str,
    *,
    from_ts_ns: int = 0,
    to_ts_ns: int = 2**63 - 1,
    progress: Callable[[int], None] = lambda rows: None,
) -> int:
    """Write the rows of a span and return how many; `progress` is told of rows.

    Raises as `exported`.
    """
    count = 0
    for rows, part in exported(dataset, form, from_ts_ns=from_ts_ns, to_ts_ns=to_ts_ns):
        out.write(part)
        count += rows
        progress(rows)
    return count


def exported(
    dataset: StoredDataset, form: str, *, from_ts_ns: int = 0, to_ts_ns: int = 2**63 - 1
) -> Iterator[tuple[int, bytes]]:
    """Return the parts of an export: how many rows each has, and its bytes.

    Memory holds the dataset's own columns and 65,536 rows of the export. Raises at once: `Invalid`
    for another format, `Denied` for sealed rows.
    """
    if form not in FORMATS:
        raise Invalid(
            f"no format {form[:20]!r}; there are {', '.join(FORMATS)}", code="data.unknown_format"
        )
    if dataset.info.kind == "bars":
        return rendered(_batches(dataset.columns(from_ts_ns, to_ts_ns)), form)
    return rendered(_batches(dataset.ticks(from_ts_ns, to_ts_ns)), form)


def _batches(columns: BarColumns | TickColumns) -> Iterator[Table]:
    """Yield all rows, some at a time; of none, one batch without any."""
    for part in batches(len(columns.ts_ns)):
        yield rows_of(columns, part)


def batches(count: int) -> Iterator[slice]:
    """Yield the parts in which so many rows are written; of none, one part without any."""
    for start in range(0, max(count, 1), _BATCH):
        yield slice(start, min(count, start + _BATCH))


def rendered(parts: Iterable[Table], form: str) -> Iterator[tuple[int, bytes]]:
    """Yield tables as parts of a file: how many rows each has, and its bytes.

    Each has `ts_ns` first; text gets the time beside it.
    """
    sink = _Sink()
    writer: Any = None
    for part in parts:
        if form in ("csv", "jsonl"):
            ts_ns = part.pop("ts_ns")
            time = np.datetime_as_string(ts_ns.view("datetime64[ns]"), timezone="UTC")
            part = {"ts_ns": ts_ns, "time": time, **part}
        table = pa.table(part)
        if form == "jsonl":
            yield len(table), b"".join(_json_lines(table))
            continue
        writer = writer or _writer(sink, form, table.schema)
        writer.write_table(table)
        yield len(table), sink.taken()
    if writer is not None:
        writer.close()
        yield 0, sink.taken()


class _Sink(io.RawIOBase):
    """What a writer of files writes into; the bytes are taken away part by part."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        """Tell that it can be written."""
        return True

    def tell(self) -> int:
        """Return how much was written in all."""
        return self._position

    def write(self, content: Any) -> int:
        """Hold some bytes."""
        part = bytes(content)
        self._held.append(part)
        self._position += len(part)
        return len(part)

    def taken(self) -> bytes:
        """Return what was written since it was taken last."""
        found = b"".join(self._held)
        self._held.clear()
        return found


def _writer(out: _Sink, form: str, schema: pa.Schema) -> Any:
    """Return what writes tables in a format."""
    if form == "csv":
        return pc.CSVWriter(out, schema, write_options=pc.WriteOptions(quoting_style="none"))
    if form == "arrow":
        return pa.ipc.new_stream(out, schema)
    return pq.ParquetWriter(out, schema, compression="zstd", use_dictionary=False)


def _json_lines(table: pa.Table) -> Iterator[bytes]:
    """Yield rows as JSON; a number that is not there is null."""
    import msgspec

    for row in table.to_pylist():
        yield msgspec.json.encode(row) + b"\n"


def rows_of(columns: BarColumns | TickColumns, part: slice) -> Table:
    """Return some rows by name."""
    if isinstance(columns, BarColumns):
        cut = columns[part]
        prices = {name: getattr(cut, name) for name in ("open", "high", "low", "close")}
        return {"ts_ns": cut.ts_ns, **prices, "volume": cut.volume}
    tick = columns.tick_size
    found: Table = {"ts_ns": columns.ts_ns[part]}
    if isinstance(columns, FundingColumns):
        return found | {
            "rate": columns.rate_e9[part] / 1e9,
            "mark": _decimals(columns.mark_ticks[part], tick),
        }
    if isinstance(columns, ValueColumns):
        return found | {"value": columns.value_e9[part] / 1e9}
    if isinstance(columns, ActionColumns):
        return found | {
            "new_shares": columns.new_shares[part],
            "old_shares": columns.old_shares[part],
            "dividend": columns.dividend_e9[part] / 1e9,
            "close": _decimals(columns.close_e9[part], _BILLIONTH),
        }
    lot = columns.lot_size
    if isinstance(columns, QuoteColumns):
        return found | {
            "bid": _decimals(columns.bid_ticks[part], tick),
            "bid_quantity": _decimals(columns.bid_lots[part], lot),
            "ask": _decimals(columns.ask_ticks[part], tick),
            "ask_quantity": _decimals(columns.ask_lots[part], lot),
        }
    book = ("sequence", "action") if isinstance(columns, DepthColumns) else ()
    found |= {name: getattr(columns, name)[part] for name in book}
    found |= {
        "price": _decimals(columns.price_ticks[part], tick),
        "quantity": _decimals(columns.quantity_lots[part], lot),
        "side": columns.side[part],
    }
    rest = ("order_id", "flags") if isinstance(columns, DepthColumns) else ("id",)
    return found | {name: getattr(columns, name)[part] for name in rest}


def _decimals(steps: Any, size: Decimal) -> pa.Array:
    """Return numbers, each rounded once; null where there is none."""
    numerator, denominator = size.as_integer_ratio()
    there = steps != NO_PRICE
    values = np.where(there, steps, 0) * numerator / float(denominator)
    return pa.array(values, mask=~there)


@contextmanager
def written_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that appears under its name only when it is whole.

    Raises `Unavailable` when the disk is full or the folder cannot be written.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with scratch.open("wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        scratch.replace(path)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        why = "no space is left" if full else error.strerror or str(error)
        raise Unavailable(
            f"{path} cannot be written: {why}", code="data.disk_full" if full else "data.no_file"
        ) from None
    finally:
        scratch.unlink(missing_ok=True)
