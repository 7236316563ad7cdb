"""Every remote provider in small: its true wire format over a fixed history, pages and all.

A world holds bars as rows of seconds and five values. What it serves is chosen (`chosen`), and then
written (`written`); a test may change the rows in between, or the bytes after.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from fks.contexts.data.adapters.providers.alpha_vantage import AlphaVantage
from fks.contexts.data.adapters.providers.binance import Binance, BinanceUsdm
from fks.contexts.data.adapters.providers.kraken import Kraken
from fks.contexts.data.adapters.providers.polygon import Polygon
from fks.contexts.data.adapters.providers.settings import (
    AlphaVantageSettings,
    BinanceSettings,
    BinanceUsdmSettings,
    KrakenSettings,
    PolygonSettings,
    YahooSettings,
)
from fks.contexts.data.adapters.providers.yahoo import Yahoo
from fks.contracts.data.providers import DataQuery, RemoteProvider

DAY_S = 86_400
Row = tuple[Any, ...]
Rows = list[Row]
Params = dict[str, str]


class Asked(NamedTuple):
    """A request as a server sees it."""

    path: str
    params: Params


def asked(head: bytes) -> Asked:
    """Return what the head of a request asks for."""
    parts = urlsplit(head.split(b" ")[1].decode())
    return Asked(parts.path, dict(parse_qsl(parts.query)))


def walk(count: int, start_s: int, step_s: int) -> Rows:
    """Return bars of a fixed walk of prices in cents."""
    rows: Rows = []
    for k in range(count):
        base = 30_000 + (k * 7919) % 1000
        prices = (base + 0.25, base + 12.5, base - 9.75, base + (k * 31) % 12 + k % 100 / 100)
        rows.append((start_s + k * step_s, *prices, 1 + (k * 13) % 50 + 0.5))
    return rows


class World:
    """A provider by what it serves. `pages` are those of rows; `sizes` tells of a page before."""

    name = "binance"
    symbol = "BTCUSDT"
    timeframe = "1m"
    step_s = 60
    count = 2_300
    pages = 3
    sizes = True
    start_s = 1_700_000_000 // 60 * 60
    query_start_s = start_s
    texts = True
    prefix = "/api/v3/klines"
    make: Callable[[str], RemoteProvider] = staticmethod(
        lambda url: Binance(BinanceSettings(base_url=url))
    )

    def __init__(self) -> None:
        self.rows = walk(self.count, self.start_s, self.step_s)

    def query(self) -> DataQuery:
        """Ask for all of it; it ended long ago."""
        end_s = self.start_s + self.count * self.step_s
        return DataQuery(
            kind="bars",
            symbol=self.symbol,
            timeframe=self.timeframe,
            start_ns=self.query_start_s * 10**9,
            end_ns=end_s * 10**9,
        )

    def is_rows(self, ask: Asked) -> bool:
        """Tell whether a request is for a page of rows."""
        return ask.path == self.prefix

    def body(self, ask: Asked, change: Callable[[Rows], Rows] = lambda rows: rows) -> bytes:
        """Return the right answer, its rows changed."""
        if not self.is_rows(ask):
            return json.dumps(self.about(ask)).encode()
        return json.dumps(self.written(change(self.chosen(ask)), ask)).encode()

    def text(self, value: Any) -> Any:
        """Return a value as the provider writes it: a number, or its text."""
        if not self.texts or not isinstance(value, float):
            return value
        return f"{value:.8f}" if value == value and abs(value) < 1e300 else str(value)

    def about(self, ask: Asked) -> Any:
        """Return the sizes of the symbol."""
        del ask
        sizes = [
            {"filterType": "PRICE_FILTER", "tickSize": "0.01"},
            {"filterType": "LOT_SIZE", "stepSize": "0.1"},
        ]
        return {"symbols": [{"symbol": self.symbol, "quoteAsset": "USDT", "filters": sizes}]}

    def chosen(self, ask: Asked) -> Rows:
        """Return the rows that a request is answered with."""
        start_s = int(ask.params["startTime"]) / 1000
        return [row for row in self.rows if row[0] >= start_s][:1_000]

    def written(self, rows: Rows, ask: Asked) -> Any:
        """Return rows in the provider's format."""
        del ask
        last = ("1000.0", 100, "1.0", "1000.0", "0")
        return [
            [_ms(row[0]), *(self.text(value) for value in row[1:]), _ms(row[0]), *last]
            for row in rows
        ]


class UsdmWorld(World):
    """Binance's futures."""

    name = "binance_usdm"
    prefix = "/fapi/v1/klines"
    make = staticmethod(lambda url: BinanceUsdm(BinanceUsdmSettings(base_url=url)))


class KrakenWorld(World):
    """Kraken: one page, numbers as texts."""

    name, symbol, prefix = "kraken", "XBTUSD", "/0/public/OHLC"
    count, pages = 700, 1
    make = staticmethod(lambda url: Kraken(KrakenSettings(base_url=url)))

    def about(self, ask: Asked) -> Any:
        """Return the pair."""
        pair = {"altname": "XBTUSD", "quote": "ZUSD", "pair_decimals": 2, "lot_decimals": 1}
        return {"error": [], "result": {"XXBTZUSD": pair}}

    def chosen(self, ask: Asked) -> Rows:
        """Return the bars after a time."""
        return [row for row in self.rows if row[0] > int(ask.params["since"])][-720:]

    def written(self, rows: Rows, ask: Asked) -> Any:
        """Return Kraken's rows: a price stands between close and volume."""
        made = [
            [row[0], *(self.text(v) for v in row[1:5]), "1.0", self.text(row[5]), 9] for row in rows
        ]
        return {"error": [], "result": {"XXBTZUSD": made, "last": rows[-1][0] if rows else 0}}


class PolygonWorld(World):
    """Polygon: a window of pages by cursor."""

    name, symbol, timeframe, step_s = "polygon", "X:BTCUSD", "1h", 3600
    count, texts = 1_000, False
    start_s = query_start_s = 1_600_000_000 // DAY_S * DAY_S
    make = staticmethod(lambda url: Polygon(PolygonSettings(base_url=url)))

    def is_rows(self, ask: Asked) -> bool:
        """Tell whether a request is for aggregates."""
        return ask.path.startswith("/v2/aggs/")

    def about(self, ask: Asked) -> Any:
        """Return the ticker."""
        return {"status": "OK", "results": {"market": "crypto", "currency_name": "usd"}}

    def chosen(self, ask: Asked) -> Rows:
        """Return the rows from a cursor on."""
        begin = int(ask.params.get("cursor", "0"))
        first, last = (int(one) / 1000 for one in ask.path.rsplit("/", 2)[-2:])
        return [row for row in self.rows if first <= row[0] <= last][begin : begin + 400]

    def written(self, rows: Rows, ask: Asked) -> Any:
        """Return Polygon's rows, and where the next ones are: on another host, with a key."""
        made = [
            {"t": _ms(row[0]), **dict(zip("ohlcv", row[1:], strict=True)), "n": 3} for row in rows
        ]
        begin = int(ask.params.get("cursor", "0")) + 400
        found = {"status": "OK", "ticker": self.symbol, "results": made}
        if begin >= self.count:
            return found
        return found | {"next_url": f"http://169.254.169.254{ask.path}?cursor={begin}&apiKey=x"}


class YahooWorld(World):
    """Yahoo: windows of ten years of days, in arrays."""

    name, symbol, timeframe, step_s = "yahoo", "BTC-USD", "1d", DAY_S
    texts = False
    query_start_s = 820_454_400  # 1996
    start_s = 820_454_400 + 3_400 * DAY_S
    count = 250 + 3650 + 150
    make = staticmethod(lambda url: Yahoo(YahooSettings(base_url=url)))

    def is_rows(self, ask: Asked) -> bool:
        """Tell whether a request is for a window."""
        return "period1" in ask.params

    def about(self, ask: Asked) -> Any:
        """Return the head of a page."""
        return self.written([], ask)

    def chosen(self, ask: Asked) -> Rows:
        """Return the rows of a window."""
        first, last = int(ask.params["period1"]), int(ask.params["period2"])
        return [row for row in self.rows if first <= row[0] < last]

    def written(self, rows: Rows, ask: Asked) -> Any:
        """Return Yahoo's columns."""
        names = ("open", "high", "low", "close", "volume")
        quote = {name: [row[k] for row in rows] for k, name in enumerate(names, 1)}
        meta = {"symbol": self.symbol, "currency": "USD", "instrumentType": "CRYPTOCURRENCY"}
        meta |= {"exchangeTimezoneName": "UTC"}
        result = {
            "meta": meta,
            "timestamp": [row[0] for row in rows],
            "indicators": {"quote": [quote]},
        }
        return {"chart": {"result": [result], "error": None}}


class AlphaWorld(World):
    """Alpha Vantage: everything on one page, newest first, dates as names."""

    name, symbol, timeframe, step_s = "alphavantage", "IBM", "1d", DAY_S
    count, pages, sizes, prefix = 500, 1, False, "/query"
    start_s = query_start_s = 1_600_000_000 // DAY_S * DAY_S
    make = staticmethod(lambda url: AlphaVantage(AlphaVantageSettings(base_url=url)))

    def chosen(self, ask: Asked) -> Rows:
        """Return all rows."""
        return list(self.rows)

    def written(self, rows: Rows, ask: Asked) -> Any:
        """Return days by their date."""
        days = {}
        for row in reversed(rows):
            named = zip(("open", "high", "low", "close", "volume"), row[1:], strict=True)
            values = {f"{k}. {name}": self.text(v) for k, (name, v) in enumerate(named, 1)}
            days[_date(row[0])] = values
        return {"Meta Data": {}, "Time Series (Daily)": days}


class CcxtWorld(World):
    """Bitstamp, asked by ccxt: a page of markets, then pages of 200."""

    name, symbol, timeframe, step_s = "ccxt:bitstamp", "BTC/USD", "1h", 3600
    count, prefix = 500, "/api/v2/ohlc/btcusd/"
    start_s = query_start_s = 1_700_000_000 // 3600 * 3600

    @staticmethod
    def make(url: str) -> RemoteProvider:
        """Return ccxt's Bitstamp, as often as it is read."""
        from fks.contexts.data.adapters.providers.ccxt import Ccxt
        from fks.contexts.data.adapters.providers.settings import CcxtSettings

        return Ccxt(CcxtSettings(base_url=url), "bitstamp")

    def about(self, ask: Asked) -> Any:
        """Return the markets."""
        names = ("name", "market_symbol", "base_currency", "counter_currency", "trading")
        told = dict(zip(names, ("BTC/USD", "btcusd", "BTC", "USD", "Enabled"), strict=True))
        told |= {"description": "Bitcoin / U.S. dollar", "market_type": "SPOT"}
        told |= {"instant_and_market_orders": "Enabled", "minimum_order_value": "10"}
        sizes = {"base_decimals": 8, "counter_decimals": 2, "instant_order_counter_decimals": 2}
        return [told | sizes]

    def chosen(self, ask: Asked) -> Rows:
        """Return the rows of a span."""
        start, end = int(ask.params["start"]), int(ask.params["end"])
        return [row for row in self.rows if start <= row[0] <= end][: int(ask.params["limit"])]

    def written(self, rows: Rows, ask: Asked) -> Any:
        """Return Bitstamp's rows."""
        names = ("open", "high", "low", "close", "volume")
        bars = [
            {"timestamp": str(row[0])}
            | {name: self.text(v) for name, v in zip(names, row[1:], strict=True)}
            for row in rows
        ]
        return {"data": {"ohlc": bars, "pair": "BTC/USD"}}


WORLDS: tuple[type[World], ...] = (
    World,
    UsdmWorld,
    KrakenWorld,
    PolygonWorld,
    YahooWorld,
    AlphaWorld,
    CcxtWorld,
)


def _ms(at_s: Any) -> Any:
    """Return seconds as milliseconds; what is no time is written as it is."""
    return at_s * 1000 if isinstance(at_s, int) else at_s


def _date(at_s: Any) -> str:
    """Return the date of a time; what is no time is written as it is."""
    try:
        return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d}"
    except (TypeError, ValueError, OverflowError, OSError):
        return str(at_s)
