"""How a dataset looks to a charting library that speaks TradingView's UDF protocol."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from fks.contracts.data import DatasetInfo

__all__ = ["described", "matching", "resolution_of", "searched"]

_TIMEFRAME = re.compile(r"(\d+)([smhdw])\Z")
_LETTERS = {"s": "S", "d": "D", "w": "W"}


def resolution_of(info: DatasetInfo) -> str | None:
    """Return a dataset's timeframe as the protocol writes it: minutes, `1D`, `1W`, `15S`.

    None for datasets without bars, and for bars that follow no clock.
    """
    match = _TIMEFRAME.match(info.timeframe)
    if info.kind != "bars" or match is None:
        return None
    count, unit = int(match[1]), match[2]
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


def described(info: DatasetInfo) -> dict[str, Any]:
    """Return the description of a symbol; prices are `minmov / pricescale` apart."""
    tick = info.instrument.tick_size.normalize()
    exponent = tick.as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    resolution = resolution_of(info) or ""
    return {
        "name": info.name,
        "ticker": info.name,
        "full_name": info.name,
        "description": _description(info),
        "type": "synthetic" if info.synthetic else "",
        "exchange": info.instrument.venue,
        "listed_exchange": info.instrument.venue,
        "session": "24x7",
        "timezone": "Etc/UTC",
        "format": "price",
        "minmov": int(tick.scaleb(places)),
        "pricescale": 10**places,
        "has_intraday": not resolution.endswith(("D", "W")),
        "has_seconds": resolution.endswith("S"),
        "has_daily": resolution.endswith("D"),
        "has_weekly_and_monthly": resolution.endswith("W"),
        "intraday_multipliers": [resolution] if resolution.isdigit() else [],
        "supported_resolutions": [resolution],
        "currency_code": info.instrument.currency,
        "volume_precision": 8,
        "data_status": "endofday",
    }


def _description(info: DatasetInfo) -> str:
    """Return what a dataset is, for people; synthetic bars always say so."""
    label = "SYNTHETIC: " if info.synthetic else ""
    return f"{label}{info.instrument.description or info.instrument.id}, {info.timeframe}"
