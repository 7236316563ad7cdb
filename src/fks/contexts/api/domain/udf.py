"""How a dataset looks to a charting library that speaks TradingView's UDF protocol."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from fks.contracts.data import DatasetInfo
from fks.contracts.data.reports import SessionHours

__all__ = ["described", "matching", "resolution_of", "resolutions", "searched", "timeframe_of"]

_TIMEFRAME = re.compile(r"(\d+)([smhdw])\Z")
_LETTERS = {"s": "S", "d": "D", "w": "W"}
_RESOLUTION = re.compile(r"(\d{0,5})([SDW]?)\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGER = ("1m", "3m", "5m", "10m", "15m", "30m", "1h", "2h", "4h", "1d", "1w")
_ZONES = {"UTC": "Etc/UTC"}


def resolution_of(info: DatasetInfo) -> str | None:
    """Return a dataset's timeframe as the protocol writes it: minutes, `1D`, `1W`, `15S`.

    None for datasets without bars, and for bars that follow no clock.
    """
    match = _TIMEFRAME.match(info.timeframe)
    if info.kind != "bars" or match is None:
        return None
    return _written(info.timeframe)


def timeframe_of(info: DatasetInfo, resolution: str) -> str | None:
    """Return the timeframe of a resolution: `60` is `1h`, `D` is `1d`; None for what is none.

    The dataset's own is told as the dataset writes it.
    """
    match = _RESOLUTION.match(resolution)
    count = int(match[1] or 1) if match is not None and resolution else 0
    if match is None or not count:
        return None
    if match[2]:
        found = f"{count}{match[2].lower()}"
    else:
        found = f"{count // 60}h" if count % 60 == 0 else f"{count}m"
    return info.timeframe if _written(found) == resolution_of(info) else found


def resolutions(info: DatasetInfo) -> list[str]:
    """Return what a chart can ask of a dataset: its own timeframe, and longer ones made of it."""
    own = resolution_of(info)
    if own is None:
        return []
    step_s = _seconds(info.timeframe)
    longer = []
    for frame in _LONGER:
        whole_s = step_s if step_s >= 86_400 or _seconds(frame) < 86_400 else 86_400
        if _seconds(frame) > step_s and _seconds(frame) % whole_s == 0:
            longer.append(_written(frame))
    return [own, *longer]


def _seconds(timeframe: str) -> int:
    """Return the length of a timeframe of the clock."""
    return int(timeframe[:-1]) * _SECONDS[timeframe[-1]]


def _written(timeframe: str) -> str:
    """Return a timeframe as the protocol writes it."""
    count, unit = int(timeframe[:-1]), timeframe[-1]
    if unit in _LETTERS:
        return f"{count}{_LETTERS[unit]}"
    return str(count * (60 if unit == "h" else 1))


def matching(datasets: Iterable[DatasetInfo], text: str) -> list[DatasetInfo]:
    """Return datasets of bars whose name, instrument or description holds a text, by name."""
    wanted = text.strip().lower()[:64]
    return [
        info
        for info in datasets
        if resolution_of(info) is not None
        and wanted in f"{info.name} {info.instrument.id} {info.instrument.description}".lower()
    ]


def searched(info: DatasetInfo) -> dict[str, Any]:
    """Return a result of a search."""
    return {
        "symbol": info.name,
        "full_name": info.name,
        "description": _description(info),
        "exchange": info.instrument.venue,
        "ticker": info.name,
        "type": "synthetic" if info.synthetic else "",
    }


def described(info: DatasetInfo, hours: SessionHours) -> dict[str, Any]:
    """Return the description of a symbol; prices are `minmov / pricescale` apart.

    `hours` are those of its sessions. Days are stamped at midnight UTC of the session's date.
    """
    tick = info.instrument.tick_size.normalize()
    exponent = tick.as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    own, there = resolution_of(info) or "", resolutions(info)
    minutes = [one for one in there if one.isdigit()]
    return {
        "name": info.name,
        "ticker": info.name,
        "full_name": info.name,
        "description": _description(info),
        "type": "synthetic" if info.synthetic else "",
        "exchange": info.instrument.venue,
        "listed_exchange": info.instrument.venue,
        "session": _session(hours),
        "timezone": _ZONES.get(hours.timezone, hours.timezone),
        "format": "price",
        "minmov": int(tick.scaleb(places)),
        "pricescale": 10**places,
        "has_intraday": not own.endswith(("D", "W")),
        "has_seconds": own.endswith("S"),
        "seconds_multipliers": [own[:-1]] if own.endswith("S") else [],
        "has_daily": any(one.endswith("D") for one in there),
        "has_weekly_and_monthly": any(one.endswith("W") for one in there),
        "intraday_multipliers": minutes,
        "supported_resolutions": there,
        "currency_code": info.instrument.currency,
        "volume_precision": 8,
        "data_status": "endofday",
    }


def _session(hours: SessionHours) -> str:
    """Return sessions as the protocol writes them; its days begin with Sunday as 1."""
    if hours.days == (1, 2, 3, 4, 5, 6, 7):
        return "24x7"
    days = "".join(sorted(str(day % 7 + 1) for day in hours.days))
    return f"{','.join(f'{begin}-{end}' for begin, end in hours.spans)}:{days}"


def _description(info: DatasetInfo) -> str:
    """Return what a dataset is, for people; synthetic bars always say so."""
    label = "SYNTHETIC: " if info.synthetic else ""
    return f"{label}{info.instrument.description or info.instrument.id}, {info.timeframe}"
