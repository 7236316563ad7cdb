"""Providers' answers kept as files: one JSON document each, read as bars or as ticks.

A document is read whole, and so bounded; numbers stay the text they are until they are columns.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from fks.contexts.data.adapters.archives import opened
from fks.contexts.data.adapters.formats.document_shapes import Table, table_of
from fks.contexts.data.adapters.formats.reading import (
    Found,
    FoundTicks,
    Progress,
    ReadOptions,
    one_table,
    silent,
    symbol_of,
)
from fks.contexts.data.adapters.formats.shown import Shown
from fks.contexts.data.adapters.formats.tick_tables import rows_of
from fks.contexts.data.adapters.formats.tick_times import read_tick_times
from fks.contexts.data.adapters.formats.ticking import (
    SymbolChoice,
    TickPart,
    found_ticks,
    plain_symbol,
)
from fks.contexts.data.adapters.stamps import local_to_utc, zone_of
from fks.contexts.data.adapters.tabular import numbers_of
from fks.contexts.data.domain.table import NO_TIME, RawTable
from fks.contracts.columns import Int64
from fks.kernel.errors import Invalid

__all__ = ["looks_like_document", "read_document"]

_MAX_BYTES = 256 << 20
_DAY_NS = 86_400 * 10**9


def looks_like_document(shown: Shown) -> bool:
    """Tell whether a file begins as JSON does."""
    return shown.head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def read_document(
    path: Path, options: ReadOptions, progress: Progress = silent
) -> Found | FoundTicks:
    """Read an answer. Raises `Invalid` where it is none that is known here."""
    table = table_of(_decoded(path, options.member), path.name, options.symbol)
    length = len(table.columns["ts"])
    if not length:
        raise Invalid(f"{path.name} has no rows", code="data.empty_file")
    choice = SymbolChoice(options.symbol, path.name)
    keep = np.ones(length, dtype=bool)
    if table.symbols is not None:
        keep = choice.mask(pa.array(table.symbols, pa.string()))
    row = np.arange(1, length + 1, dtype=np.int64)[keep]
    texts = {
        name: pa.array(column, pa.string()).filter(pa.array(keep))
        for name, column in table.columns.items()
    }
    progress(length)
    told = choice.chosen or table.symbol
    symbol = plain_symbol(told, told) if told else symbol_of(path)
    zone = options.zone_name(table.zone)
    if table.kind == "bars":
        return _bars(path.name, table, texts, row, symbol, zone)
    rows = rows_of(table.kind, texts, zone_of(zone), day_first=options.day_first)
    notes = table.notes
    if len(row) > 1 and rows.ts_ns[0] > rows.ts_ns[-1]:
        rows = type(rows)(*(column[::-1] for column in rows))  # type: ignore[arg-type]
        notes = (*notes, "rows came newest first, and were turned around")
        row = row[::-1]
    part = TickPart(rows, row)
    return found_ticks([(path.name, part)], symbol, notes=notes, calendar=table.calendar)


def _decoded(path: Path, member: str | None) -> object:
    """Return the document, its fractions as text. Raises `Invalid` for none or too large a one."""
    with opened(path, member) as stream:
        data = stream.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise Invalid(
            f"{path.name} holds more than {_MAX_BYTES >> 20} MiB of JSON; split it, or use CSV",
            code="data.too_large",
        )
    try:
        return msgspec.json.Decoder(float_hook=str).decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(
            f"{path.name} is no JSON document ({str(error)[:80]})", code="data.bad_table"
        ) from None


def _bars(
    name: str, table: Table, texts: dict[str, pa.Array], row: Int64, symbol: str, zone: str
) -> Found:
    """Return bars."""
    ts_ns = read_tick_times(texts["ts"], zone_of(zone))
    if table.daily is not False:
        dates, whole = _dates(ts_ns, zone)
        ts_ns = dates if table.daily or whole else ts_ns
    columns = [numbers_of(texts[one]) for one in ("open", "high", "low", "close", "volume")]
    found = RawTable(row, ts_ns, *columns)  # type: ignore[arg-type]  # five arrays
    joined, pieces = one_table([(name, found)])
    return Found(joined, symbol, notes=table.notes, pieces=pieces, calendar=table.calendar)


def _dates(ts_ns: Int64, zone: str) -> tuple[Int64, bool]:
    """Return midnight UTC of the date that each time has in a zone; and if all were midnights."""
    good = ts_ns != NO_TIME
    offset = ts_ns - local_to_utc(np.where(good, ts_ns, 0), zone_of(zone))
    local = np.where(good, ts_ns + offset, 0)
    return np.where(good, local // _DAY_NS * _DAY_NS, NO_TIME), bool((local % _DAY_NS == 0).all())
