"""Binance's public files of trades, best quotes and funding rates; CSV with or without header.

aggTrades are `id, price, quantity, first id, last id, time, buyer is maker[, best match]`, trades
`id, price, quantity, quote quantity, time, buyer is maker[, best match]`, bookTicker `update id,
bid, quantity, ask, quantity, transaction time, event time`, fundingRate `time, hours, rate`
(https://github.com/binance/binance-public-data). Times are milliseconds, in spot files since 2025
microseconds. The name says symbol and kind: `BTCUSDT-aggTrades-2024-06-01.zip`.
"""

from __future__ import annotations

import re
from pathlib import Path

from fks.contexts.data.adapters.archives import opened
from fks.contexts.data.adapters.formats.reading import (
    FoundTicks,
    Progress,
    ReadOptions,
    silent,
)
from fks.contexts.data.adapters.formats.shown import Shown
from fks.contexts.data.adapters.formats.tick_headers import TickColumns, columns_of_ticks
from fks.contexts.data.adapters.formats.tick_tables import read_table_of
from fks.contexts.data.adapters.tabular import sniff
from fks.kernel.errors import Invalid

__all__ = ["looks_like_binance_ticks", "read_binance_ticks"]

_NAME = re.compile(r"([A-Z0-9_]{2,30})-(aggTrades|trades|bookTicker|fundingRate|bookDepth|metrics)")

_NO_BOOKS = {
    "percentage": "sums of depth within percentages of the price",
    "sum_open_interest": "open interest and ratios",
}
_AGGREGATED = {"id": 0, "price": 1, "quantity": 2, "ts": 5, "maker": 6}
_TRADES = {"id": 0, "price": 1, "quantity": 2, "ts": 4, "maker": 5}
_TICKER = {"bid": 1, "bid_quantity": 2, "ask": 3, "ask_quantity": 4, "ts": 5}
_FUNDING = {"ts": 0, "rate": 2}
_BOOLEAN = ("true", "false")


def looks_like_binance_ticks(shown: Shown) -> bool:
    """Tell whether a first line, or the name with it, is of one of these files."""
    cells = [cell.lower() for cell in shown.cells]
    if cells and cells[0].isdigit():
        return _by_position(cells, shown.name) is not None
    named = _NAME.search(shown.path.name) is not None and len(cells) > 1
    return named or cells[:1] == ["agg_trade_id"] or _refused(cells) is not None


def _refused(cells: list[str]) -> str | None:
    """Return what a file holds that is no kind of data here."""
    return next((held for name, held in _NO_BOOKS.items() if name in cells), None)


def _by_position(cells: list[str], name: str) -> TickColumns | None:
    """Return the columns of a file without header, from its first line and its name."""
    kind = found[2] if (found := _NAME.search(name)) else ""
    booleans = [cell in _BOOLEAN for cell in cells]
    if len(cells) in (7, 8) and booleans[6] and not booleans[5] and cells[5].isdigit():
        return TickColumns("trades", dict(_AGGREGATED))
    if len(cells) in (6, 7) and booleans[5] and cells[4].isdigit():
        return TickColumns("trades", dict(_TRADES))
    if kind == "bookTicker" and len(cells) == 7:
        return TickColumns("quotes", dict(_TICKER))
    if kind == "fundingRate" and len(cells) == 3:
        return TickColumns("funding", dict(_FUNDING))
    return None


def read_binance_ticks(path: Path, options: ReadOptions, progress: Progress = silent) -> FoundTicks:
    """Read one file. Raises `Invalid` where it is none of them."""
    with opened(path, options.member) as stream:
        cells, delimiter = sniff(stream, path.name)
        lowered = [cell.lower() for cell in cells]
        header = not cells[0].isdigit()
        held = _refused(lowered)
        if held is not None:
            raise Invalid(
                f"{path.name} holds {held}, no trades, quotes, books or funding rates",
                code="data.wrong_columns",
            )
        columns = (
            columns_of_ticks(cells, options.columns, path.name, options.kind)
            if header
            else _by_position(lowered, options.member or path.name)
            or _by_position(lowered, path.name)
        )
        if columns is None:
            raise Invalid(
                f"{path.name} has {len(cells)} columns, which are none of Binance's aggTrades, "
                "trades, bookTicker or fundingRate files",
                code="data.wrong_columns",
            )
        match = _NAME.search(path.name) or _NAME.search(options.member or "")
        notes = ("each trade is the sum of those of one taker at one price",)
        aggregated = columns.places.get("ts") == _AGGREGATED["ts"] and columns.kind == "trades"
        return read_table_of(
            stream,
            path,
            (len(cells), delimiter),
            columns,
            options,
            progress,
            header=header,
            symbol=match[1] if match else None,
            notes=notes if aggregated else (),
            calendar="24/7",
        )
