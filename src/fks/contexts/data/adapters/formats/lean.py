"""LEAN's folders: one zip a day (or a symbol), CSV without header.

The path says what is inside: `<security>/<market>/<resolution>/<symbol>/<day>_<kind>.zip`, or for
hour and daily `<security>/<market>/<resolution>/<symbol>[_<kind>].zip`. Times are milliseconds
since midnight, or `YYYYMMDD HH:MM`, in New York for equities and in UTC for all else; equity
prices are multiplied by 10,000. Quote bars give the middle of bid and ask. A futures zip holds one
CSV a contract.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from fks.contexts.data.adapters.archives import members_of, opened
from fks.contexts.data.adapters.formats.reading import Found, Progress, ReadOptions, silent
from fks.contexts.data.adapters.stamps import local_to_utc, read_times
from fks.contexts.data.adapters.tabular import TextRows, numbers_of, read_text, sniff
from fks.contexts.data.domain.table import NO_TIME, RawTable, Refused, joined
from fks.contracts.columns import Float64, Int64
from fks.kernel.errors import Invalid

__all__ = ["looks_like_lean", "read_lean"]

_RESOLUTIONS = {"second": "1s", "minute": "1m", "hour": "1h", "daily": "1d"}
_SECURITIES = ("equity", "crypto", "cryptofuture", "forex", "cfd", "future", "index")
_ZONES = {
    "equity": "America/New_York",
    "index": "America/New_York",
    "future": "UTC",
    "forex": "UTC",
    "cfd": "UTC",
    "crypto": "UTC",
    "cryptofuture": "UTC",
}
_DAY = re.compile(r"(\d{8})_(trade|quote)\Z")
_KIND = re.compile(r"(.+)_(trade|quote)\Z")
_CONTRACT = re.compile(r"_(\d{6,8})\.csv\Z")
_TRADE, _QUOTE = 6, 11
_SCALE = 10_000.0


class _Place(NamedTuple):
    """What a path says."""

    security: str
    resolution: str
    symbol: str
    kind: str
    day: str | None


def looks_like_lean(path: Path) -> bool:
    """Tell whether a path lies in such a folder."""
    probe = path / "x.zip" if path.is_dir() else path
    return any(
        probe.parts[k] in _RESOLUTIONS and probe.parts[k - 2] in _SECURITIES
        for k in range(2, len(probe.parts))
    )


def read_lean(path: Path, options: ReadOptions, progress: Progress = silent) -> Found:
    """Read a zip, or a symbol's folder of daily zips as one table."""
    paths = [path]
    if path.is_dir():
        paths = sorted(path.glob("*_trade.zip")) or sorted(path.glob("*_quote.zip"))
        if not paths:
            raise Invalid(f"{path} holds no trade or quote zips", code="data.no_file")
    parts: list[RawTable] = []
    rows = 0
    member = options.member
    for one in paths:
        place = _place(one)
        chosen = _member(one, member)
        table = _read(one, chosen, place, progress)
        parts.append(_renumbered(table, rows))
        rows += table.rows_read
    contract = _CONTRACT.search(chosen)
    symbol = place.symbol.upper() + (contract[1] if contract else "")
    notes = ("prices are the middle of bid and ask",) if place.kind == "quote" else ()
    return Found(
        joined(parts), symbol, _RESOLUTIONS[place.resolution], notes=notes, sources=tuple(paths)
    )


def _place(path: Path) -> _Place:
    """Read the path. Raises `Invalid` where it is none of LEAN's."""
    parts, stem = path.parts, path.stem
    for k in range(len(parts) - 1, 1, -1):
        if parts[k] not in _RESOLUTIONS or parts[k - 2] not in _SECURITIES:
            continue
        day = _DAY.match(stem)
        if day is not None and k + 1 < len(parts):
            return _Place(parts[k - 2], parts[k], parts[k + 1], day[2], day[1])
        kind = _KIND.match(stem)
        name, form = (kind[1], kind[2]) if kind else (stem, "trade")
        return _Place(parts[k - 2], parts[k], name, form, None)
    raise Invalid(
        f"{path} does not lie in a LEAN folder (<security>/<market>/<resolution>/...): its path "
        "says what it holds",
        code="data.not_lean",
    )


def _member(path: Path, wanted: str | None) -> str:
    """Return the file to read; `wanted` is its name or a contract's month such as 201312."""
    names = [name for name in members_of(path) if name.endswith(".csv")]
    if wanted is not None:
        found = [name for name in names if wanted == name or f"_{wanted}." in name]
        if len(found) == 1:
            return found[0]
    elif len(names) == 1:
        return names[0]
    there = ", ".join(m[1] if (m := _CONTRACT.search(n)) else n for n in names[:20])
    raise Invalid(
        f"{path.name} holds {len(names)} contracts; choose one with --member: {there}",
        code="data.choose_member",
    )


def _read(path: Path, member: str, place: _Place, progress: Progress) -> RawTable:
    """Read one CSV of one zip."""
    with opened(path, member) as stream:
        cells, delimiter = sniff(stream, path.name)
        if len(cells) not in (_TRADE, _QUOTE):
            raise Invalid(
                f"{path.name} has {len(cells)} columns; LEAN bars have {_TRADE} (trades) or "
                f"{_QUOTE} (quotes)",
                code="data.wrong_columns",
            )
        names = [f"c{k}" for k in range(len(cells))]
        parts: list[RawTable] = []
        refused: list[Refused] = []
        for block in read_text(stream, path.name, names, delimiter, header=False):
            if isinstance(block, tuple):
                refused.extend(block)
                continue
            parts.append(_table(block, place))
            progress(len(block.row))
    return joined(parts)._replace(refused=tuple(refused))


def _table(block: TextRows, place: _Place) -> RawTable:
    """Turn a block into bars; a quote bar is the middle of bid and ask, its volume 0."""
    scale = _SCALE if place.security == "equity" else 1.0
    cells = [numbers_of(block.columns[f"c{k}"]) for k in range(1, len(block.columns))]
    if len(block.columns) == _QUOTE:
        first, high, low, last = ((cells[k] + cells[k + 5]) / 2 / scale for k in range(4))
        volume: Float64 = np.zeros(len(block.row))
    else:
        first, high, low, last = (cell / scale for cell in cells[:4])
        volume = cells[4]
    ts_ns = _times(block.columns["c0"], place)
    return RawTable(block.row, ts_ns, first, high, low, last, volume)


def _times(texts: Any, place: _Place) -> Int64:
    """Return UTC nanoseconds of a column."""
    zone = ZoneInfo(_ZONES[place.security])
    if place.day is None:
        return read_times(texts, zone)
    midnight = int(datetime.strptime(place.day, "%Y%m%d").replace(tzinfo=UTC).timestamp())
    millis = numbers_of(texts)
    good = np.isfinite(millis) & (millis >= 0) & (millis < 86_400_000)
    local = midnight * 1_000_000_000 + np.where(good, millis, 0).astype(np.int64) * 1_000_000
    return np.where(good, local_to_utc(local, zone), NO_TIME)


def _renumbered(table: RawTable, before: int) -> RawTable:
    """Return the table with row numbers that go on from the files before."""
    if not before:
        return table
    refused = tuple(one._replace(row=one.row + before) for one in table.refused)
    return table._replace(row=table.row + before, refused=refused)
