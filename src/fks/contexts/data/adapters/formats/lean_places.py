"""What a path in LEAN's tree says: security, market, resolution, symbol, day and kind of data.

`<security>/<market>/<resolution>/<symbol>/<day>_<kind>.zip`, or for hour and daily
`<security>/<market>/<resolution>/<symbol>[_<kind>].zip`; options add their style to the kind and
a year to the symbol. The zones are those that LEAN's market-hours database gives for a market's
files. A zip of futures or options holds one CSV a contract, named by expiry, or by right, strike
(times 10,000) and expiry.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from fks.contexts.data.adapters.archives import members_of
from fks.contexts.data.adapters.stamps import local_to_utc, read_times
from fks.contexts.data.adapters.tabular import numbers_of
from fks.contexts.data.domain.table import NO_TIME
from fks.contracts.columns import Int64
from fks.kernel.errors import Invalid

__all__ = [
    "RESOLUTIONS",
    "Place",
    "chosen_member",
    "contract_symbol",
    "is_margin_interest",
    "level_of",
    "looks_like_lean",
    "place_of",
    "times_of",
]

RESOLUTIONS = {"tick": "", "second": "1s", "minute": "1m", "hour": "1h", "daily": "1d"}
_CALENDARS = {
    "equity": "XNYS",
    "index": "XNYS",
    "option": "XNYS",
    "indexoption": "XNYS",
    "future": "CMES",
    "futureoption": "CMES",
    "forex": "24/5",
    "cfd": "24/5",
    "crypto": "24/7",
    "cryptofuture": "24/7",
}
_SCALED = ("equity", "option", "indexoption")
_ZONES = {
    "equity": "America/New_York",
    "option": "America/New_York",
    "indexoption": "America/New_York",
    "index": "America/New_York",
}
# The sign of these names is the other way about: five hours behind UTC all year round.
_MARKET_ZONES = {
    ("forex", "fxcm"): "Etc/GMT+5",
    **{(security, "india"): "Asia/Kolkata" for security in ("equity", "index", "option", "future")},
    **{(security, "eurex"): "Europe/Berlin" for security in ("future", "index")},
    **{(security, "hkfe"): "Asia/Hong_Kong" for security in ("future", "index")},
    **{(security, "krx"): "Asia/Seoul" for security in ("future", "index")},
    ("index", "ose"): "Asia/Tokyo",
}
_CHICAGO = ("spx", "ndx", "vix")  # the indices whose files are in Chicago's time
_FORM = r"(trade|quote|openinterest)(?:_(?:american|european))?\Z"
_DAY = re.compile(r"(\d{8})_" + _FORM)
_KIND = re.compile(r"(.+?)(?:_\d{4})?_" + _FORM)
_CONTRACT = re.compile(r"_(\d{6}|\d{8})(?:_\d{8})?\.csv\Z")  # newer files add the expiry
_OPTION = re.compile(r"_(call|put)_(\d{1,12})_\d{2}(\d{6})\.csv\Z")
_SCALE = 10_000.0
_DAY_MS = 86_400_000


class Place(NamedTuple):
    """What a path says; `day` is None where one file holds many days."""

    security: str
    market: str
    resolution: str
    symbol: str
    day: str | None
    form: str

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone of the file's times."""
        if self.security == "index" and self.market == "usa" and self.symbol.lower() in _CHICAGO:
            return ZoneInfo("America/Chicago")
        market = _MARKET_ZONES.get((self.security, self.market))
        return ZoneInfo(market or _ZONES.get(self.security, "UTC"))

    @property
    def scale(self) -> float:
        """Return what prices are multiplied by."""
        return _SCALE if self.security in _SCALED else 1.0

    @property
    def calendar(self) -> str:
        """Return the sessions that such securities usually have."""
        return _CALENDARS[self.security]


def is_margin_interest(path: Path) -> bool:
    """Tell whether a file holds the funding rates of a perpetual."""
    return path.parent.name == "margin_interest" and ".csv" in path.suffixes


def looks_like_lean(path: Path) -> bool:
    """Tell whether a zip, a folder or funding rates lie in such a tree."""
    if is_margin_interest(path):
        return True
    if not path.is_dir() and path.suffix != ".zip":
        return False
    return level_of(path / "any" if path.is_dir() else path) is not None


def level_of(path: Path) -> int | None:
    """Return which part of the whole path is the resolution, None if the path is none of LEAN's."""
    parts = path.absolute().parts
    for k in range(len(parts) - 2, 1, -1):
        if parts[k] in RESOLUTIONS and parts[k - 2] in _CALENDARS:
            return k
    return None


def place_of(path: Path) -> Place:
    """Read the path. Raises `Invalid` where it is none of LEAN's."""
    parts, stem, k = path.absolute().parts, path.stem, level_of(path)
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
    return Place(parts[k - 2], parts[k - 1], parts[k], symbol, day[1] if day else None, form)


def chosen_member(path: Path, wanted: str | None, *, required: bool) -> str | None:
    """Return the file to read; `wanted` is its name or a contract's such as 201312.

    An option's contract is called `call_6450000_20140606`. None where that contract has none and
    none is `required`. Raises `Invalid` for a choice that has to be made.
    """
    names = [name for name in members_of(path) if name.endswith(".csv")]
    if wanted is None and len(names) == 1:
        return names[0]
    found = [
        name
        for name in names
        if wanted is not None
        and (name == wanted or f"_{wanted}." in name or _short(name) == wanted)
    ]
    if len(found) == 1:
        return found[0]
    if wanted is not None and not found and not required:
        return None
    there = ", ".join(_short(name) for name in names[:20]) + (", ..." if len(names) > 20 else "")
    raise Invalid(
        f"{path.name} holds {len(names)} contracts; choose one with --member: {there}",
        code="data.choose_member",
    )


def _short(name: str) -> str:
    """Return the shortest thing that names a contract's file."""
    option, contract = _OPTION.search(name), _CONTRACT.search(name)
    if option is not None:
        return option[0][1:].removesuffix(".csv")
    return name if contract is None else contract[1]


def contract_symbol(place: Place, member: str) -> str:
    """Return what is traded: ES201312, or an option as exchanges write it, AAPL140606C00645000."""
    option, contract = _OPTION.search(member), _CONTRACT.search(member)
    root = place.symbol.upper()
    if option is not None:
        thousandths = int(option[2]) * 1000 // int(_SCALE)
        return f"{root}{option[3]}{option[1][0].upper()}{thousandths:08d}"
    return root + (contract[1] if contract else "")


def times_of(texts: pa.Array, place: Place) -> Int64:
    """Return UTC nanoseconds of a column: dates, or milliseconds (with decimals) of the day."""
    if place.day is None:
        return read_times(texts, place.zone)
    try:
        midnight = int(datetime.strptime(place.day, "%Y%m%d").replace(tzinfo=UTC).timestamp())
    except ValueError:
        raise Invalid(f"{place.day} in the file's name is no day", code="data.not_lean") from None
    millis = numbers_of(texts)
    good = np.isfinite(millis) & (millis >= 0) & (millis < _DAY_MS)
    into_day = np.rint(np.where(good, millis, 0) * 1e6).astype(np.int64)
    local = midnight * 1_000_000_000 + into_day
    return np.where(good, local_to_utc(local, place.zone), NO_TIME)
