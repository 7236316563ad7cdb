"""LEAN's folders: one zip a day (or a symbol), CSV without header.

The path says what is inside: `<security>/<market>/<resolution>/<symbol>/<day>_<kind>.zip`, or for
hour and daily `<security>/<market>/<resolution>/<symbol>[_<kind>].zip`. Times are milliseconds
since midnight, or `YYYYMMDD HH:MM`, in the time zone that LEAN's market-hours database gives for
the market's files; equity prices are multiplied by 10,000. Quote bars give the middle of bid and
ask; one without both sides has no middle. A futures zip holds one CSV a contract.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from fks.contexts.data.adapters.archives import members_of, opened
from fks.contexts.data.adapters.formats.reading import (
    Found,
    Progress,
    ReadOptions,
    one_table,
    silent,
)
from fks.contexts.data.adapters.stamps import local_to_utc, read_times
from fks.contexts.data.adapters.tabular import TextRows, numbers_of, read_text, sniff
from fks.contexts.data.domain.table import NO_TIME, RawTable, Refused, joined
from fks.contracts.columns import Float64, Int64
from fks.kernel.errors import Invalid

__all__ = ["looks_like_lean", "read_lean"]

_RESOLUTIONS = {"tick": "", "second": "1s", "minute": "1m", "hour": "1h", "daily": "1d"}
_CALENDARS = {
    "equity": "XNYS",
    "index": "XNYS",
    "future": "CMES",
    "forex": "24/5",
    "cfd": "24/5",
    "crypto": "24/7",
    "cryptofuture": "24/7",
}
_ZONES = {"equity": "America/New_York", "index": "America/Chicago"}
# Five hours behind UTC all year round; the sign of these names is the other way about.
_MARKET_ZONES = {"fxcm": "Etc/GMT+5"}
_DAY = re.compile(r"(\d{8})_(trade|quote|openinterest)\Z")
_KIND = re.compile(r"(.+)_(trade|quote|openinterest)\Z")
_CONTRACT = re.compile(r"_(\d{6,8})\.csv\Z")
_TRADE, _QUOTE = 6, 11
_SCALE = 10_000.0


class _Place(NamedTuple):
    """What a path says."""

    security: str
    market: str
    resolution: str
    symbol: str
    day: str | None

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone of the file's times."""
        return ZoneInfo(_MARKET_ZONES.get(self.market) or _ZONES.get(self.security, "UTC"))


def looks_like_lean(path: Path) -> bool:
    """Tell whether a zip or a folder lies in such a tree."""
    if not path.is_dir() and path.suffix != ".zip":
        return False
    return _level(path / "any" if path.is_dir() else path) is not None


def read_lean(path: Path, options: ReadOptions, progress: Progress = silent) -> Found:
    """Read a zip, or a symbol's folder of daily zips as one table (trades before quotes).

    With `--member` days on which that contract has no file are left out, and said so.
    """
    paths: Sequence[Path] = [path]
    if path.is_dir():
        paths = sorted(path.glob("*_trade.zip")) or sorted(path.glob("*_quote.zip"))
        if not paths:
            raise Invalid(f"{path} holds no trade or quote zips of one symbol", code="data.no_file")
    parts: list[tuple[str, RawTable]] = []
    without, quotes, member = 0, False, ""
    place = _place(paths[0])
    for one in paths:
        place = _place(one)
        chosen = _member(one, options.member, required=len(paths) == 1)
        if chosen is None:
            without += 1
            continue
        member = chosen
        table, quotes = _read(one, chosen, place, progress)
        parts.append((one.name, table))
    if not parts:
        raise Invalid(
            f"none of {len(paths)} zips in {path} holds {options.member}", code="data.choose_member"
        )
    contract = _CONTRACT.search(member)
    notes = []
    if quotes:
        notes.append("prices are the middle of bid and ask")
    if without:
        notes.append(f"{without} of {len(paths)} days have no file of {options.member}")
    table, pieces = one_table(parts)
    return Found(
        table,
        place.symbol.upper() + (contract[1] if contract else ""),
        _RESOLUTIONS[place.resolution],
        notes=tuple(notes),
        pieces=pieces,
        quotes=quotes,
        calendar=_CALENDARS[place.security],
    )


def _level(path: Path) -> int | None:
    """Return which part of the whole path is the resolution, None if the path is none of LEAN's."""
    parts = path.absolute().parts
    for k in range(len(parts) - 2, 1, -1):
        if parts[k] in _RESOLUTIONS and parts[k - 2] in _CALENDARS:
            return k
    return None


def _place(path: Path) -> _Place:
    """Read the path. Raises `Invalid` where it is none of LEAN's, or holds no bars."""
    parts, stem, k = path.absolute().parts, path.stem, _level(path)
    if k is None:
        raise Invalid(
            f"{path} does not lie in a LEAN folder (<security>/<market>/<resolution>/...), and "
            "its path would say what it holds",
            code="data.not_lean",
        )
    day, kind = _DAY.match(stem), _KIND.match(stem)
    symbol, form = (kind[1], kind[2]) if kind else (stem, "trade")
    if day is not None and k + 2 < len(parts):
        symbol, form = parts[k + 1], day[2]
    if parts[k] == "tick" or form == "openinterest":
        held = "ticks" if parts[k] == "tick" else "open interest"
        raise Invalid(f"{path.name} holds {held}, not bars", code="data.no_bars")
    return _Place(parts[k - 2], parts[k - 1], parts[k], symbol, day[1] if day else None)


def _member(path: Path, wanted: str | None, *, required: bool) -> str | None:
    """Return the file to read; `wanted` is its name or a contract's month such as 201312.

    None where that contract has none and none is `required`. Raises `Invalid` for a choice that
    has to be made.
    """
    names = [name for name in members_of(path) if name.endswith(".csv")]
    if wanted is None and len(names) == 1:
        return names[0]
    found = [
        name for name in names if wanted is not None and (name == wanted or f"_{wanted}." in name)
    ]
    if len(found) == 1:
        return found[0]
    if wanted is not None and not found and not required:
        return None
    there = ", ".join(m[1] if (m := _CONTRACT.search(n)) else n for n in names[:20])
    raise Invalid(
        f"{path.name} holds {len(names)} contracts; choose one with --member: {there}",
        code="data.choose_member",
    )


def _read(path: Path, member: str, place: _Place, progress: Progress) -> tuple[RawTable, bool]:
    """Read one CSV of one zip; tell whether it holds quotes."""
    with opened(path, member) as stream:
        cells, delimiter = sniff(stream, path.name)
        if len(cells) not in (_TRADE, _QUOTE):
            raise Invalid(
                f"{path.name} has {len(cells)} columns; LEAN bars have {_TRADE} (trades) or "
                f"{_QUOTE} (quotes)",
                code="data.wrong_columns",
            )
        parts: list[RawTable] = []
        refused: list[Refused] = []
        for block in read_text(
            stream, path.name, len(cells), delimiter, wanted=range(len(cells)), header=False
        ):
            if isinstance(block, tuple):
                refused.extend(block)
                continue
            parts.append(_table(block, place))
            progress(len(block.row))
    return joined(parts)._replace(refused=tuple(refused)), len(cells) == _QUOTE


def _table(block: TextRows, place: _Place) -> RawTable:
    """Turn a block into bars; a quote bar is the middle of bid and ask, its volume 0."""
    scale = _SCALE if place.security == "equity" else 1.0
    cells = [numbers_of(block.columns[k]) for k in range(1, len(block.columns))]
    if len(block.columns) == _QUOTE:
        first, high, low, last = ((cells[k] + cells[k + 5]) / 2 / scale for k in range(4))
        volume: Float64 = np.zeros(len(block.row))
    else:
        first, high, low, last = (cell / scale for cell in cells[:4])
        volume = cells[4]
    return RawTable(block.row, _times(block.columns[0], place), first, high, low, last, volume)


def _times(texts: pa.Array, place: _Place) -> Int64:
    """Return UTC nanoseconds of a column."""
    if place.day is None:
        return read_times(texts, place.zone)
    midnight = int(datetime.strptime(place.day, "%Y%m%d").replace(tzinfo=UTC).timestamp())
    millis = numbers_of(texts)
    good = np.isfinite(millis) & (millis >= 0) & (millis < 86_400_000)
    local = midnight * 1_000_000_000 + np.where(good, millis, 0).astype(np.int64) * 1_000_000
    return np.where(good, local_to_utc(local, place.zone), NO_TIME)
