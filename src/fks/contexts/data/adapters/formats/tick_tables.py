"""Tables of trades, quotes or funding rates, by their columns: the reader behind many formats.

A table with a header is understood by the names in it; formats without one give the places
themselves. A table of several symbols is read for one of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fks.contexts.data.adapters.archives import opened
from fks.contexts.data.adapters.formats.reading import (
    FoundTicks,
    Progress,
    ReadOptions,
    TickRows,
    silent,
    symbol_of,
)
from fks.contexts.data.adapters.formats.shown import Shown
from fks.contexts.data.adapters.formats.tick_headers import TickColumns, columns_of_ticks
from fks.contexts.data.adapters.formats.tick_times import read_tick_times
from fks.contexts.data.adapters.formats.ticking import (
    SymbolChoice,
    TickPart,
    found_ticks,
    numbers_or_zero,
    quotes,
    read_ticks,
    side_of,
    trade_ids,
    trades,
)
from fks.contexts.data.adapters.stamps import zone_of
from fks.contexts.data.adapters.tabular import TextRows, numbers_of, sniff
from fks.contracts.data.ticks import FundingRows, Int8, ValueRows
from fks.kernel.errors import Invalid

__all__ = ["looks_like_ticks", "read_table_of", "read_tick_table"]

_KRAKEN = {"ts": 0, "price": 1, "quantity": 2}
_SECONDS = re.compile(r"1\d{9}(?:\.\d{1,9})?\Z")
_NUMBER = re.compile(r"\d+(?:\.\d+)?\Z")
_TRUE = pa.array(["true", "1"], pa.string())
_FALSE = pa.array(["false", "0"], pa.string())


def looks_like_ticks(shown: Shown) -> bool:
    """Tell whether a header has the columns of trades, quotes or funding rates.

    Kraken's trades have no header: epoch seconds, price, quantity.
    """
    return _is_kraken(shown.cells) or columns_of_ticks(shown.cells, {}, shown.name) is not None


def _is_kraken(cells: Sequence[str]) -> bool:
    """Tell whether a first line is a time in seconds and two numbers."""
    if len(cells) != 3 or not _SECONDS.match(cells[0]):
        return False
    return all(_NUMBER.match(cell) for cell in cells[1:])


def read_tick_table(path: Path, options: ReadOptions, progress: Progress = silent) -> FoundTicks:
    """Read a table with a header. Raises `Invalid` where it is none of ticks."""
    with opened(path, options.member) as stream:
        cells, delimiter = sniff(stream, path.name)
        columns = columns_of_ticks(cells, options.columns, path.name, options.kind)
        header = not _is_kraken(cells)
        if not header:
            columns = TickColumns("trades", dict(_KRAKEN))
        if columns is None:
            raise Invalid(
                f"{path.name} has no columns of trades (time, price, quantity), quotes (time, bid, "
                f"ask) or funding rates; it has {', '.join(cells)[:200]}. Say which with --map "
                "price=NAME",
                code="data.wrong_columns",
            )
        return read_table_of(
            stream, path, (len(cells), delimiter), columns, options, progress, header=header
        )


def read_table_of(
    stream: IO[bytes],
    path: Path,
    shape: tuple[int, str],
    columns: TickColumns,
    options: ReadOptions,
    progress: Progress,
    *,
    header: bool,
    zone: str = "UTC",
    symbol: str | None = None,
    notes: tuple[str, ...] = (),
    calendar: str | None = None,
) -> FoundTicks:
    """Read a table whose columns are known; `zone` is the usual one of its naive times."""
    choice = SymbolChoice(options.symbol, path.name)
    make = partial(
        _part,
        columns=columns,
        zone=zone_of(options.zone_name(zone)),
        day_first=options.day_first,
        choice=choice,
    )
    wanted = sorted(set(columns.places.values()))
    part = read_ticks(stream, path.name, shape, wanted, make, progress, header=header)
    said = list(notes)
    if columns.kind == "quotes" and "bid_quantity" not in columns.places:
        said.append("the file has no sizes of quotes; they are 0")
    if columns.kind == "trades" and not {"side", "maker"} & columns.places.keys():
        said.append("the file does not say who traded against whom")
    name = choice.chosen or symbol or symbol_of(path)
    return found_ticks([(path.name, part)], name, notes=said, calendar=calendar)


def _part(
    block: TextRows, *, columns: TickColumns, zone: ZoneInfo, day_first: bool, choice: SymbolChoice
) -> TickPart:
    """Turn a block into rows of the table's kind."""
    places = columns.places
    texts = {name: block.columns[place] for name, place in places.items()}
    row = block.row
    if "symbol" in texts:
        keep = choice.mask(texts["symbol"])
        if not keep.all():
            mask = pa.array(keep)
            texts = {name: column.filter(mask) for name, column in texts.items()}
            row = row[keep]
    return TickPart(rows_of(columns.kind, texts, zone, day_first=day_first), row)


def rows_of(kind: str, texts: dict[str, pa.Array], zone: ZoneInfo, *, day_first: bool) -> TickRows:
    """Turn columns of text into rows of a kind."""
    stamps = texts["ts"]
    if "clock" in texts:
        stamps = pc.binary_join_element_wise(stamps, texts["clock"], " ")
    ts_ns = read_tick_times(stamps, zone, day_first=day_first)
    if kind == "quotes":
        bid, ask = numbers_or_zero(texts["bid"]), numbers_or_zero(texts["ask"])
        sizes = [
            numbers_or_zero(texts[side]) if side in texts else None
            for side in ("bid_quantity", "ask_quantity")
        ]
        return quotes(ts_ns, bid, sizes[0], ask, sizes[1])
    if kind == "funding":
        mark = texts.get("mark")
        unknown = np.full(len(ts_ns), np.nan)
        marks = unknown if mark is None else numbers_of(mark)
        return FundingRows(ts_ns, numbers_of(texts["rate"]), marks)
    if kind == "values":
        return ValueRows(ts_ns, numbers_of(texts["value"]))
    quantity = texts.get("quantity")
    return trades(
        ts_ns,
        numbers_of(texts["price"]),
        np.zeros(len(ts_ns)) if quantity is None else numbers_of(quantity),
        _sides(texts, len(ts_ns)),
        trade_ids(texts["id"]) if "id" in texts else None,
    )


def _sides(texts: dict[str, pa.Array], count: int) -> Int8:
    """Return the aggressor's side; where the buyer made the price, it is the seller."""
    if "side" in texts:
        return side_of(texts["side"])
    found = np.zeros(count, dtype=np.int8)
    if "maker" in texts:
        low = pc.utf8_lower(texts["maker"])
        found[pc.is_in(low, value_set=_TRUE).to_numpy(zero_copy_only=False)] = -1
        found[pc.is_in(low, value_set=_FALSE).to_numpy(zero_copy_only=False)] = 1
    return found
