"""Where each remote provider is reached: a section of the settings each."""

from __future__ import annotations

from typing import Annotated

import msgspec

__all__ = [
    "AlphaVantageSettings",
    "BinanceSettings",
    "BinanceUsdmSettings",
    "CcxtSettings",
    "KrakenSettings",
    "PolygonSettings",
    "RemoteSettings",
    "YahooSettings",
]


class RemoteSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Its base URL, and what it lets through in a minute where that is not what it documents."""

    base_url: str = ""
    weight_per_minute: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0


class BinanceSettings(RemoteSettings, frozen=True, kw_only=True):
    """Binance spot; market data alone are served by data-api.binance.vision as well."""

    base_url: str = "https://api.binance.com"


class BinanceUsdmSettings(RemoteSettings, frozen=True, kw_only=True):
    """Binance USDT-M futures."""

    base_url: str = "https://fapi.binance.com"


class KrakenSettings(RemoteSettings, frozen=True, kw_only=True):
    """Kraken's spot market."""

    base_url: str = "https://api.kraken.com"


class PolygonSettings(RemoteSettings, frozen=True, kw_only=True):
    """Polygon; five calls a minute unless your plan lets more through."""

    base_url: str = "https://api.polygon.io"


class YahooSettings(RemoteSettings, frozen=True, kw_only=True):
    """Yahoo's chart service."""

    base_url: str = "https://query1.finance.yahoo.com"


class AlphaVantageSettings(RemoteSettings, frozen=True, kw_only=True):
    """Alpha Vantage; five calls a minute unless your plan lets more through."""

    base_url: str = "https://www.alphavantage.co"


class CcxtSettings(RemoteSettings, frozen=True, kw_only=True):
    """The exchanges of ccxt; an empty base URL is each exchange's own."""
