"""NinjaTrader's exports: minutes and days, and ticks of last, bid or ask.

`ES 03-25.Last.txt` without header: minutes `20240102 093100;open;high;low;close;volume`, days
`20240102;...`, ticks `20240102 093000 1234567;price;volume`, or with the quote of that moment
`...;last;bid;ask;volume`. NinjaTrader exports in UTC, and stamps a minute by its end; here it is
stamped by its open (`--map ts=open` says that the file does so already). The file of the bids, or
of the asks, gives quotes with one side.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from fks.contexts.data.adapters.archives import opened
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
from fks.contexts.data.adapters.formats.tick_tables import rows_of
from fks.contexts.data.adapters.formats.ticking import (
    TickPart,
    found_ticks,
    quotes,
    read_ticks,
)
from fks.contexts.data.adapters.stamps import zone_of
from fks.contexts.data.adapters.tabular import TextRows, sniff
from fks.contexts.data.domain.table import NO_TIME
from fks.contracts.data.ticks import TradeRows
from fks.kernel.errors import Invalid

__all__ = ["looks_like_ninja", "read_ninja"]

_NAME = re.compile(r"(.{1,40}?)\.(Last|Bid|Ask)\.(?:txt|csv)", re.IGNORECASE)
_CONTRACT = re.compile(r"([A-Z0-9]{1,8}) (0[1-9]|1[0-2])-(\d{2})\Z")
_TICK = re.compile(r"\d{8} \d{6} \d{7}\Z")
_BAR = re.compile(r"\d{8}(?: \d{6})?\Z")
_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_NAMED = re.compile(rf"([A-Z0-9]{{1,8}}) ({'|'.join(_NAMES)})(\d{{2}})\Z")
_MONTHS = "FGHJKMNQUVXZ"
_BARS = {"ts": 0, "open": 1, "high": 2, "low": 3, "close": 4, "volume": 5}
_MINUTE_NS = 60_000_000_000
_PLAIN, _WITH_QUOTE = 3, 5


def looks_like_ninja(shown: Shown) -> bool:
    """Tell by the name and the first line, or by a tick's time, which has seven decimals."""
    if not shown.cells or shown.delimiter != ";":
        return False
    if _TICK.match(shown.cells[0]):
        return True
    return _NAME.match(shown.name) is not None and _BAR.match(shown.cells[0]) is not None


def read_ninja(path: Path, options: ReadOptions, progress: Progress = silent) -> Found | FoundTicks:
    """Read bars or ticks. Raises `Invalid` where a file has neither."""
    named = _NAME.match(options.member or "") or _NAME.match(path.name)
    symbol = _symbol(named[1]) if named else symbol_of(path)
    side = named[2].lower() if named else "last"
    with opened(path, options.member) as stream:
        cells, delimiter = sniff(stream, path.name)
        shape = (len(cells), delimiter)
        if len(cells) == len(_BARS) and _BAR.match(cells[0]):
            opens = options.columns.get("ts") == "open"
            plain = msgspec.structs.replace(options, timezone=options.zone_name())
            table = read_rows(stream, path.name, *shape, _BARS, plain, progress, header=False)
        elif len(cells) in (_PLAIN, _WITH_QUOTE) and cells[0][:8].isdigit():
            make = partial(_part, options=options, side=side, cells=len(cells))
            part = read_ticks(stream, path.name, shape, range(len(cells)), make, progress)
            return found_ticks([(path.name, part)], symbol)
        else:
            raise Invalid(
                f"{path.name} has {len(cells)} columns; NinjaTrader's bars have {len(_BARS)}, its "
                f"ticks {_PLAIN} or {_WITH_QUOTE}",
                code="data.wrong_columns",
            )
    notes = [] if side == "last" else [f"prices are {side}s"]
    timeframe = "1d"
    if len(cells[0]) > len("20240102"):
        timeframe = "1m"
        if not opens:
            moved = np.where(table.ts_ns == NO_TIME, NO_TIME, table.ts_ns - _MINUTE_NS)
            table = table._replace(ts_ns=moved)
            notes.append("minutes were stamped by their end, and are by their open now")
    table, pieces = one_table([(path.name, table)])
    return Found(table, symbol, timeframe, notes=tuple(notes), pieces=pieces)


def _symbol(name: str) -> str:
    """Return what is traded: `ES 03-25` is ESH25."""
    contract = _CONTRACT.match(name.upper())
    named = _NAMED.match(name.upper())
    if named is not None:
        return f"{named[1]}{_MONTHS[_NAMES.index(named[2])]}{named[3]}"
    if contract is None:
        name = name.removesuffix(" ##-##")  # the contracts one after another
        return "".join(name.upper().split())[:32]
    return f"{contract[1]}{_MONTHS[int(contract[2]) - 1]}{contract[3]}"


def _part(block: TextRows, *, options: ReadOptions, side: str, cells: int) -> TickPart:
    """Turn a block into trades, into quotes of both sides, or of one."""
    columns = block.columns
    zone = zone_of(options.zone_name())
    texts: dict[str, pa.Array] = {"ts": columns[0], "price": columns[1]}
    if cells == _WITH_QUOTE and options.kind == "quotes":
        texts = {"ts": columns[0], "bid": columns[2], "ask": columns[3]}
        return TickPart(rows_of("quotes", texts, zone, day_first=False), block.row)
    texts["quantity"] = columns[cells - 1]
    rows = rows_of("trades", texts, zone, day_first=False)
    if side == "last":
        return TickPart(rows, block.row)
    assert isinstance(rows, TradeRows)
    none = np.zeros(len(rows.ts_ns))
    sides = (rows.price, rows.quantity, none, none)
    if side == "ask":
        sides = (none, none, rows.price, rows.quantity)
    return TickPart(quotes(rows.ts_ns, *sides), block.row)
