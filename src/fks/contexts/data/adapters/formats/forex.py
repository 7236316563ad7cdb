"""Currencies: TrueFX ticks, HistData's ticks and minutes, FXCM's bars of bid and ask.

TrueFX: `EUR/USD,20130101 21:59:59.999,bid,ask`, GMT, no header. HistData: ticks
`20200101 170014552,bid,ask,0`, minutes `20200101 170000;open;high;low;close;0` of bids, both in
Eastern time without daylight saving (five hours behind UTC all year round), known by the name
`DAT_ASCII_EURUSD_M1_202001.csv`. FXCM: a header with BidOpen ... AskClose; the bars are the middle.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import numpy as np

from fks.contexts.data.adapters.archives import opened
from fks.contexts.data.adapters.formats.delimited import columns_by_position, read_rows
from fks.contexts.data.adapters.formats.reading import (
    Found,
    FoundTicks,
    Progress,
    ReadOptions,
    of_side,
    one_table,
    side_note,
    silent,
    symbol_of,
)
from fks.contexts.data.adapters.formats.shown import Shown
from fks.contexts.data.adapters.formats.tick_headers import TickColumns
from fks.contexts.data.adapters.formats.tick_tables import read_table_of
from fks.contexts.data.adapters.stamps import read_times, zone_of
from fks.contexts.data.adapters.tabular import TextRows, numbers_of, read_text, sniff
from fks.contexts.data.domain.table import RawTable, Refused, joined
from fks.contracts.columns import Int64
from fks.kernel.errors import Invalid

__all__ = [
    "looks_like_fxcm",
    "looks_like_histdata",
    "looks_like_truefx",
    "read_fxcm",
    "read_histdata",
    "read_truefx",
]

_PAIR = re.compile(r"[A-Z]{3}/[A-Z]{3}\Z")
_COMPACT = re.compile(r"\d{8} \d{2}:\d{2}:\d{2}")
_MILLIS = re.compile(r"\d{8} \d{9}\Z")
_DAT = re.compile(r"DAT_(ASCII|MT|NT)_([A-Z0-9]{3,12})_(T|M1)_\d{4,6}")
_EASTERN = "Etc/GMT+5"  # the sign of these names is the other way about
_CALENDAR = "24/5"
_TRUEFX = {"symbol": 0, "ts": 1, "bid": 2, "ask": 3}
_HISTDATA = {"ts": 0, "bid": 1, "ask": 2}
_SIDES = [f"{side}{one}" for side in ("bid", "ask") for one in ("open", "high", "low", "close")]
_STAMPS = ("datetime", "timestamp", "date", "time")


def looks_like_truefx(shown: Shown) -> bool:
    """Tell whether the first line is a pair, a time, and two prices."""
    cells = shown.cells
    return len(cells) == 4 and bool(_PAIR.match(cells[0]) and _COMPACT.match(cells[1]))


def read_truefx(path: Path, options: ReadOptions, progress: Progress = silent) -> FoundTicks:
    """Read a file of quotes. Raises `Invalid` where it is none."""
    with opened(path, options.member) as stream:
        cells, delimiter = sniff(stream, path.name)
        if len(cells) != len(_TRUEFX):
            raise Invalid(
                f"{path.name} has {len(cells)} columns; TrueFX ticks have pair, time, bid and ask",
                code="data.wrong_columns",
            )
        columns = TickColumns("quotes", dict(_TRUEFX))
        found = read_table_of(
            *(stream, path, (len(cells), delimiter), columns, options, progress),
            header=False,
            calendar=_CALENDAR,
        )
    return found._replace(symbol=found.symbol.replace("/", ""))


def looks_like_histdata(shown: Shown) -> bool:
    """Tell by the name, or by a first line that is a compact time with milliseconds."""
    if _DAT.search(shown.name) is not None:
        return True
    return len(shown.cells) in (3, 4) and _MILLIS.match(shown.cells[0]) is not None


def read_histdata(
    path: Path, options: ReadOptions, progress: Progress = silent
) -> Found | FoundTicks:
    """Read ticks or minutes. Raises `Invalid` where a file is neither."""
    match = _DAT.search(options.member or "") or _DAT.search(path.name)
    symbol = match[2] if match else symbol_of(path)
    options = msgspec.structs.replace(options, timezone=options.zone_name(_EASTERN))
    note = f"times are those of {options.timezone}"
    if options.timezone == _EASTERN:
        note = "times are Eastern without daylight saving, five hours behind UTC"
    with opened(path, options.member) as stream:
        cells, delimiter = sniff(stream, path.name)
        shape = (len(cells), delimiter)
        if len(cells) in (3, 4) and _MILLIS.match(cells[0]):
            return read_table_of(
                *(stream, path, shape, TickColumns("quotes", dict(_HISTDATA)), options, progress),
                header=False,
                symbol=symbol,
                notes=(note,),
                calendar=_CALENDAR,
            )
        columns = columns_by_position(cells)
        if columns is None:
            raise Invalid(
                f"{path.name} is none of HistData's: ticks (time with milliseconds, bid, ask) or "
                "minutes (time, open, high, low, close, volume)",
                code="data.wrong_columns",
            )
        table = read_rows(stream, path.name, *shape, columns, options, progress, header=False)
    table, pieces = one_table([(path.name, table)])
    notes = (note, "prices are bids")
    return Found(table, symbol, "1m", notes=notes, pieces=pieces, calendar=_CALENDAR)


def looks_like_fxcm(shown: Shown) -> bool:
    """Tell whether a header has bids and asks of all four prices."""
    return set(_SIDES) <= set(_plain(shown.cells))


def read_fxcm(path: Path, options: ReadOptions, progress: Progress = silent) -> Found:
    """Read bars of a side, or of the middle. Raises `Invalid` where a column is missing."""
    zone = zone_of(options.zone_name())
    with opened(path, options.member) as stream:
        cells, delimiter = sniff(stream, path.name)
        names = _plain(cells)
        stamp = next((names.index(one) for one in _STAMPS if one in names), None)
        missing = [one for one in _SIDES if one not in names]
        if stamp is None or missing:
            raise Invalid(
                f"{path.name} has no column for {', '.join(missing or ['the time'])}; it has "
                f"{', '.join(cells)[:200]}",
                code="data.missing_columns",
            )
        places = [names.index(one) for one in _SIDES]
        parts: list[RawTable] = []
        refused: list[Refused] = []
        wanted = [stamp, *places]
        for block in read_text(
            stream, path.name, len(cells), delimiter, wanted=wanted, header=True
        ):
            if isinstance(block, tuple):
                refused.extend(block)
                continue
            ts_ns = read_times(block.columns[stamp], zone, day_first=options.day_first)
            parts.append(_of_sides(block, ts_ns, places, options.side))
            progress(len(block.row))
    table = joined(parts)._replace(refused=tuple(refused))
    if not table.rows_read:
        raise Invalid(f"{path.name} has no rows", code="data.empty_file")
    table, pieces = one_table([(path.name, table)])
    notes = (side_note(options.side), "the file has no volume; it is 0")
    return Found(
        *(table, symbol_of(path)), notes=notes, pieces=pieces, quotes=True, calendar=_CALENDAR
    )


def _of_sides(block: TextRows, ts_ns: Int64, places: list[int], side: str | None) -> RawTable:
    """Return bars of one side or of the middle, with volumes of 0."""
    sides = [numbers_of(block.columns[place]) for place in places]
    first, high, low, last = (of_side(sides[k], sides[k + 4], side) for k in range(4))
    return RawTable(block.row, ts_ns, first, high, low, last, np.zeros(len(block.row)))


def _plain(cells: list[str]) -> list[str]:
    """Return a header's names as they are compared."""
    return [cell.lower().replace("_", "").replace(" ", "") for cell in cells]
