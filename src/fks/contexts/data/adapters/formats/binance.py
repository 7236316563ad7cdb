"""Binance klines: CSV with or without header, plain or zipped. Ticks are read beside this.

Twelve columns: open time, open, high, low, close, volume, close time, quote volume, count, taker
buy volumes, unused (https://github.com/binance/binance-public-data). Times are milliseconds,
in newer spot files microseconds. The name says symbol and timeframe: `BTCUSDT-1m-2023-02.zip`.
"""

from __future__ import annotations

import re
from pathlib import Path

from fks.contexts.data.adapters.archives import opened
from fks.contexts.data.adapters.formats.binance_ticks import (
    looks_like_binance_ticks,
    read_binance_ticks,
)
from fks.contexts.data.adapters.formats.delimited import read_rows
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
from fks.contexts.data.adapters.tabular import sniff

__all__ = ["looks_like_binance", "read_binance"]

_CELLS = 12
_NAME = re.compile(r"([A-Z0-9_]{2,30})-(\d+[smhdw]|1mo)-\d{4}")
_COLUMNS = {"ts": 0, "open": 1, "high": 2, "low": 3, "close": 4, "volume": 5}


def looks_like_binance(shown: Shown) -> bool:
    """Tell whether a first line is of this format: twelve cells, digits or the known header."""
    return _of_klines(shown.cells) or looks_like_binance_ticks(shown)


def _of_klines(cells: list[str]) -> bool:
    """Tell whether cells are those of a kline, or of their header."""
    if len(cells) != _CELLS:
        return False
    return cells[0].lower() in ("open_time", "open time") or cells[0].isdigit()


def read_binance(
    path: Path, options: ReadOptions, progress: Progress = silent
) -> Found | FoundTicks:
    """Read one file of klines, or of ticks. Raises `Invalid` where it is neither."""
    with opened(path, options.member) as stream:
        cells, delimiter = sniff(stream, path.name)
        if not _of_klines(cells):
            return read_binance_ticks(path, options, progress)
        header = not cells[0].isdigit()
        table = read_rows(
            stream, path.name, _CELLS, delimiter, _COLUMNS, options, progress, header=header
        )
    match = _NAME.search(path.name)
    symbol = match[1] if match else symbol_of(path)
    timeframe = match[2] if match and not match[2].endswith("mo") else None
    table, pieces = one_table([(path.name, table)])
    return Found(table, symbol, timeframe, pieces=pieces, calendar="24/7")
