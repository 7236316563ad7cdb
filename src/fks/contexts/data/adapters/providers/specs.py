"""The remote providers of FKS by name, with their sections of the settings."""

from __future__ import annotations

from fks.contexts.data.adapters.providers.settings import (
    AlphaVantageSettings,
    BinanceSettings,
    BinanceUsdmSettings,
    CcxtSettings,
    KrakenSettings,
    PolygonSettings,
    RemoteSettings,
    YahooSettings,
)
from fks.contracts.data import ProviderSpec

__all__ = ["SECTIONS", "SPECS"]

_PROVIDERS: tuple[tuple[str, str, str, type[RemoteSettings]], ...] = (
    ("alphavantage", "Daily bars", "alpha_vantage:AlphaVantage", AlphaVantageSettings),
    ("binance", "Binance spot", "binance:Binance", BinanceSettings),
    ("binance_usdm", "Binance futures", "binance:BinanceUsdm", BinanceUsdmSettings),
    ("ccxt", "Exchanges of ccxt: ccxt:bitstamp", "ccxt:Ccxt", CcxtSettings),
    ("kraken", "Kraken spot", "kraken:Kraken", KrakenSettings),
    ("polygon", "US stocks and others", "polygon:Polygon", PolygonSettings),
    ("yahoo", "Shares, indices, currencies, futures", "yahoo:Yahoo", YahooSettings),
)

SPECS = tuple(
    ProviderSpec(
        name=name,
        summary=summary,
        factory=f"fks.contexts.data.adapters.providers.{made}",
        remote=True,
        family=name == "ccxt",
        settings=section,
    )
    for name, summary, made, section in _PROVIDERS
)

SECTIONS: dict[str, type[RemoteSettings]] = {
    f"provider_{name}": section for name, _, _, section in _PROVIDERS
}
