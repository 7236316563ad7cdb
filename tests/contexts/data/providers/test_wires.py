"""What each provider's bytes say: the true formats, and what is none of them."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

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
from fks.contracts.data.providers import DataQuery, Page, PageRequest, RemoteProvider
from fks.contracts.data.ticks import ActionRows, BarRows, FundingRows, QuoteRows, TradeRows
from fks.kernel.errors import FksError, Invalid, NotFound, Unavailable

SHARED = Path(__file__).parents[5] / "shared" / "data" / "rest_json"
shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared market data are not here")
MINUTE = 60_000_000_000
ALL: tuple[RemoteProvider, ...] = (
    Binance(BinanceSettings()),
    BinanceUsdm(BinanceUsdmSettings()),
    Kraken(KrakenSettings()),
    Polygon(PolygonSettings()),
    Yahoo(YahooSettings()),
    AlphaVantage(AlphaVantageSettings()),
)


def bars(symbol: str, timeframe: str = "1m", **span: int) -> DataQuery:
    """Ask for bars."""
    return DataQuery(kind="bars", symbol=symbol, timeframe=timeframe, **span)


def read(wire: RemoteProvider, query: DataQuery, value: Any, at: PageRequest | None = None) -> Page:
    """Read a page of a value."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return wire.read_page(query, at or wire.first_page(query), body)


@pytest.mark.real_data
@shared
def test_krakens_own_bars_are_read_row_by_row() -> None:
    """Lost: a column taken for another one (Kraken has a price between close and volume)."""
    body = gzip.decompress((SHARED / "kraken_http_ohlc.json.gz").read_bytes())
    rows = json.loads(body)["result"]["XBTUSDT"]
    page = read(ALL[2], bars("XBTUSDT"), body)
    assert len(page.rows.ts_ns) == len(rows) == 721
    assert page.next is None
    for k, row in enumerate(rows):
        mine = [column[k] for column in page.rows]
        assert mine == [row[0] * 10**9, *(float(row[i]) for i in (1, 2, 3, 4, 6))]
    assert page.reached_ns == rows[-1][0] * 10**9 + MINUTE


@pytest.mark.real_data
@shared
def test_polygons_own_samples_are_read() -> None:
    """Lost: a daily bar on the wrong date (its time is midnight in New York)."""
    name = "polygon/v2__aggs__ticker__AAPL__range__1__day__2005-04-01__2005-04-04.json"
    page = read(ALL[3], bars("AAPL", "1d"), (SHARED / name).read_bytes())
    days = [np.datetime64(int(ts), "ns").astype("datetime64[D]") for ts in page.rows.ts_ns]
    assert [str(day) for day in days] == ["2005-04-01", "2005-04-04"]
    assert page.rows[1].tolist() == [1.5032, 1.4639]
    about = ALL[3].read_instrument(
        "AAPL", (SHARED / "polygon/v3__reference__tickers__AAPL.json").read_bytes()
    )
    assert (about.venue, about.calendar, about.currency) == ("XNAS", "XNYS", "USD")


def test_a_full_page_of_binance_is_followed_by_the_next_and_a_short_one_is_not() -> None:
    """Lost: a hole between two pages, or a chain that never ends."""
    wire, query = ALL[0], bars("BTCUSDT", start_ns=0)
    row = ["1", "2", "0.5", "1.5", "10", 0, "0", 1, "0", "0", "0"]
    full = [[k * 60_000, *row] for k in range(1000)]
    page = read(wire, query, full)
    assert page.next is not None
    assert dict(page.next.params)["startTime"] == str(1000 * 60_000)
    assert page.reached_ns == 1000 * MINUTE
    assert read(wire, query, full[:-1]).next is None
    empty = read(wire, query, [])
    assert (empty.next, len(empty.rows.ts_ns)) == (None, 0)


def test_binances_sizes_and_trades_and_funding_are_read() -> None:
    """Lost: the side of a trade turned round, or a rate without its mark price refused."""
    info = {
        "symbols": [
            {
                "symbol": "BTCUSDT",
                "quoteAsset": "USDT",
                "filters": [
                    {"filterType": "PRICE_FILTER", "tickSize": "0.10000000"},
                    {"filterType": "LOT_SIZE", "stepSize": "0.001"},
                ],
            }
        ]
    }
    wire = ALL[1]
    about = wire.read_instrument("BTCUSDT", json.dumps(info).encode())
    assert (about.tick_size, about.lot_size) == (Decimal("0.1"), Decimal("0.001"))
    with pytest.raises(NotFound, match="ETHUSDT"):
        wire.read_instrument("ETHUSDT", json.dumps(info).encode())
    trade = {"a": 7, "p": "1.5", "q": "2", "f": 1, "l": 1, "T": 1_700_000_000_123, "m": True}
    rows = read(wire, DataQuery(kind="trades", symbol="BTCUSDT"), [trade, {**trade, "m": False}])
    assert isinstance(rows.rows, TradeRows)
    assert rows.rows.side.tolist() == [-1, 1]
    assert rows.rows.ts_ns[0] == 1_700_000_000_123_000_000
    rate = {"symbol": "BTCUSDT", "fundingTime": 1_600_000_000_000, "fundingRate": "-0.00012"}
    paid = read(wire, DataQuery(kind="funding", symbol="BTCUSDT"), [{**rate, "markPrice": ""}])
    assert isinstance(paid.rows, FundingRows)
    assert paid.rows.rate.tolist() == [-0.00012]
    assert np.isnan(paid.rows.mark[0])


def test_kraken_pages_trades_by_their_nanoseconds() -> None:
    """Lost: trades between two pages."""
    wire, query = ALL[2], DataQuery(kind="trades", symbol="XBTUSD", start_ns=10**18)
    one = ["8552.90000", "0.03190270", 1559347203.7998, "s", "m", "", 42]
    answer = {"error": [], "result": {"XXBTZUSD": [one] * 1000, "last": "1559347203799800001"}}
    page = read(wire, query, answer)
    assert page.next is not None
    assert dict(page.next.params)["since"] == "1559347203799800001"
    assert isinstance(page.rows, TradeRows)
    assert (page.rows.side[0], page.rows.id[0]) == (-1, 42)
    assert page.rows.ts_ns[0] == 1_559_347_203_799_800_000


def test_polygon_follows_its_cursor_on_its_own_host_and_without_the_key() -> None:
    """Lost: a key in the raw log, or a request to whatever host an answer names."""
    query = DataQuery(kind="quotes", symbol="AAPL")
    one = {"sip_timestamp": 1_600_000_000_000_000_000, "bid_price": 1.5, "bid_size": 3}
    url = "https://elsewhere.example/v3/quotes/AAPL?cursor=abc&apiKey=hidden"
    page = read(ALL[3], query, {"status": "OK", "results": [one], "next_url": url})
    assert page.next == PageRequest(path="/v3/quotes/AAPL", params=(("cursor", "abc"),))
    assert isinstance(page.rows, QuoteRows)
    assert np.isnan(page.rows.ask[0])
    bad = {"status": "OK", "results": [], "next_url": "https://a.example/etc/passwd"}
    with pytest.raises(Unavailable):
        read(ALL[3], query, bad)


def test_polygons_splits_come_before_its_dividends() -> None:
    """Lost: dividends that are never asked for."""
    query = DataQuery(kind="actions", symbol="AAPL")
    split = {
        "execution_date": "2020-08-31",
        "split_from": 1,
        "split_to": 4,
        "ticker": "AAPL",
    }
    page = read(ALL[3], query, {"status": "OK", "results": [split]})
    assert isinstance(page.rows, ActionRows)
    assert page.rows.ratio.tolist() == [4.0]
    assert page.next is not None
    assert page.next.path == "/v3/reference/dividends"
    paid = {"ex_dividend_date": "2020-08-07", "cash_amount": 0.82, "ticker": "AAPL"}
    second = read(ALL[3], query, {"status": "OK", "results": [paid]}, page.next)
    assert second.next is None
    assert isinstance(second.rows, ActionRows)
    assert second.rows.dividend.tolist() == [0.82]


def chart(**changes: Any) -> dict[str, Any]:
    """Return a page of Yahoo's chart service: two sessions, one of them a pause."""
    quote = {
        name: [value, None]
        for name, value in (("open", 1.0), ("high", 2.0), ("low", 0.5), ("close", 1.5))
    } | {"volume": [100, None]}
    meta = {"symbol": "SPY", "currency": "USD", "instrumentType": "ETF", "priceHint": 2}
    result = {
        "meta": {**meta, "exchangeTimezoneName": "America/New_York"},
        "timestamp": [1_104_503_400, 1_104_762_600],  # 2004-12-31 14:30 UTC, 2005-01-03 14:30
        "indicators": {"quote": [quote], "adjclose": [{"adjclose": [1.2, None]}]},
        "events": {
            "dividends": {"1104503400": {"amount": 0.6, "date": 1_104_503_400}},
            "splits": {
                "1104762600": {
                    "date": 1_104_762_600,
                    "numerator": 2,
                    "denominator": 1,
                    "splitRatio": "2:1",
                }
            },
        },
    } | changes
    return {"chart": {"result": [result], "error": None}}


def test_yahoos_sessions_are_dated_and_its_pauses_are_no_bars() -> None:
    """Lost: a bar of NaN, or one on the day before."""
    wire = ALL[4]
    page = read(wire, bars("SPY", "1d"), chart())
    assert [str(np.datetime64(int(t), "ns"))[:10] for t in page.rows.ts_ns] == ["2004-12-31"]
    actions = read(wire, DataQuery(kind="actions", symbol="SPY"), chart())
    assert isinstance(actions.rows, ActionRows)
    assert actions.rows.ratio.tolist() == [2.0, 1.0]
    assert actions.rows.dividend.tolist() == [0.0, 0.6]
    with pytest.raises(NotFound):
        read(
            wire,
            bars("NONE", "1d"),
            {"chart": {"result": None, "error": {"code": "Not Found", "description": "none"}}},
        )


def test_alpha_vantages_sentences_are_refusals_and_its_days_are_turned_round() -> None:
    """Lost: a limit taken for an empty history."""
    wire, query = ALL[5], bars("IBM", "1d")
    day = {"1. open": "1", "2. high": "2", "3. low": "0.5", "4. close": "1.5", "5. volume": "10"}
    days = {"2024-01-03": day, "2024-01-02": {**day, "4. close": "1.25"}}
    page = read(wire, query, {"Meta Data": {}, "Time Series (Daily)": days})
    assert isinstance(page.rows, BarRows)
    assert page.rows.close.tolist() == [1.25, 1.5]
    with pytest.raises(Unavailable, match="25 requests") as refused:
        read(wire, query, {"Information": "standard rate limit is 25 requests per day"})
    assert refused.value.code == "data.provider_refuses"


HOSTILE: tuple[bytes, ...] = (
    b"",
    b"null",
    b"[]]",
    b"<html>maintenance</html>",
    b'{"a":' * 2000,
    b"[" * 200_000,
    b'[[1,"NaN","x",{},[],null]]',
    b'{"result":{"A":[[1e999,"1","1","1","1","1","1",1]],"last":1},"error":[]}',
    b'{"status":"OK","results":[{"t":99999999999999999999,"o":1,"h":1,"l":1,"c":1,"v":1}]}',
    b'{"status":"ERROR","error":"no such plan"}',
    b'{"chart":{"result":[],"error":null}}',
    b'{"chart":{"result":[{"meta":{"symbol":"A","exchangeTimezoneName":"../../etc"},'
    b'"timestamp":[1],"indicators":{"quote":[{"open":[1],"high":[1],"low":[1],"close":[1],'
    b'"volume":[1]}]}}]}}',
    b'{"error":["EGeneral:Internal error"]}',
    b'{"Time Series (Daily)":{"yesterday":{"1. open":"1","2. high":"2","3. low":"1",'
    b'"4. close":"1","5. volume":"1"}}}',
    "[[1700000000000,\u0661]]".encode(),
)


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("wire", ALL, ids=lambda wire: type(wire).__name__)
def test_what_is_no_page_of_theirs_is_one_clear_line(wire: RemoteProvider, body: bytes) -> None:
    """Lost: a traceback, or a bar made of nonsense."""
    query = bars("ABCUSDT", "1d")
    try:
        page = wire.read_page(query, wire.first_page(query), body)
    except FksError as error:
        assert "\n" not in error.message  # either is right, a bug is neither
        assert len(error.message) < 400
    else:
        assert len(page.rows.ts_ns) == 0, "rows made of nonsense"
    for text in (b"{}", body):
        with pytest.raises(FksError):
            wire.read_instrument("NOPE", text) if wire is not ALL[5] else _refuse()


def _refuse() -> None:
    """Raise: Alpha Vantage has no page of sizes."""
    raise Unavailable


@pytest.mark.parametrize("wire", ALL, ids=lambda wire: type(wire).__name__)
@pytest.mark.parametrize("symbol", ["", "A B", "../x", "A&B=C", "A?x", "ä", "A" * 60, "A\n", ".."])
def test_a_symbol_that_could_be_another_request_is_refused(
    wire: RemoteProvider, symbol: str
) -> None:
    """Lost: a path or a parameter that a user's text puts into a request."""
    with pytest.raises(Invalid):
        wire.first_page(bars(symbol, "1d"))
