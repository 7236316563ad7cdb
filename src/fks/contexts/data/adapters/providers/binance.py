"""Binance, spot and USDT-M futures: klines, aggregate trades, funding, order books.

Formats and weights are those of the public REST documentation of both markets (api/v3, fapi/v1).
Symbols are told in capitals without a separator (`BTCUSDT`). Times are milliseconds.
"""

from __future__ import annotations

from decimal import Decimal
from string import ascii_uppercase, digits
from typing import NamedTuple

import msgspec
import numpy as np

from fks.contexts.data.adapters.providers.reading import (
    bar_rows,
    book_rows,
    decoded,
    fitting_ticks,
    floats,
    malformed,
    needs,
    stamps,
)
from fks.contexts.data.adapters.providers.settings import BinanceSettings, BinanceUsdmSettings
from fks.contexts.data.domain.timeframes import timeframe_ns
from fks.contracts.data.providers import (
    Capability,
    DataQuery,
    KeyUse,
    Limits,
    Page,
    PageRequest,
)
from fks.contracts.data.ticks import DepthRows, FundingRows, TradeRows
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid, NotFound

__all__ = ["Binance", "BinanceUsdm"]

_MS = 1_000_000
_DAY_NS = 86_400_000_000_000
_ROWS = 1000  # the most of klines in spot; the cheapest a row in futures
_TIMEFRAMES = (
    *("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w"),
)
_LETTERS = ascii_uppercase + digits + "_"
_Kline = tuple[int, float, float, float, float, float, int, float, int, float, float, object]


class _Filter(msgspec.Struct, rename="camel"):
    filter_type: str
    tick_size: str = "0"
    step_size: str = "0"


class _Symbol(msgspec.Struct, rename="camel"):
    symbol: str
    quote_asset: str
    filters: list[_Filter]


class _Info(msgspec.Struct):
    symbols: list[_Symbol]


class _Trade(msgspec.Struct):
    a: int
    p: float
    q: float
    T: int
    m: bool


class _Funding(msgspec.Struct, rename="camel"):
    symbol: str
    funding_time: int
    funding_rate: float
    mark_price: str = ""  # old rates have none


class _Book(msgspec.Struct):
    lastUpdateId: int  # noqa: N815  # the exchange's name
    bids: list[tuple[float, float]]
    asks: list[tuple[float, float]]
    T: int = 0  # futures only: when the book last changed


class _Market(NamedTuple):
    """What the two markets do differently: paths, weights, and whether there is funding."""

    name: str
    prefix: str
    venue: str
    klines_weight: int
    trades_weight: int
    info_weight: int
    funding: bool
    weight_per_minute: int
    book_weight: int


_SPOT = _Market("binance", "/api/v3", "BINANCE", 2, 4, 20, False, 6000, 50)
_USDM = _Market("binance_usdm", "/fapi/v1", "BINANCE-USDM", 5, 20, 1, True, 2400, 20)


class _Binance:
    """A market of Binance by its pages."""

    key: KeyUse | None = None  # market data are public

    def __init__(self, market: _Market, base_url: str, weight_per_minute: int) -> None:
        self._market = market
        self.base_url = base_url
        self.limits = Limits(
            weight_per_minute=weight_per_minute or market.weight_per_minute,
            used_weight_header="x-mbx-used-weight-1m",
        )
        kinds = [Capability(kind="bars", timeframes=_TIMEFRAMES), Capability(kind="trades")]
        if market.funding:
            kinds.append(Capability(kind="funding"))
        self.capabilities = (*kinds, Capability(kind="depth"))

    def instrument_page(self, symbol: str) -> PageRequest:
        """Return the exchange's description of a symbol (futures have one page for all)."""
        named = needs(self._market.name, symbol, _LETTERS)
        params = () if self._market.funding else (("symbol", named),)
        return self._page("exchangeInfo", *params, weight=self._market.info_weight)

    def read_instrument(self, symbol: str, body: bytes) -> Instrument:
        """Return the sizes of a symbol as they are now."""
        market = self._market
        info = decoded(market.name, body, _Info)
        found = next((one for one in info.symbols if one.symbol == symbol), None)
        if found is None:
            raise NotFound(f"{market.name} has no symbol {symbol[:40]!r}", code="data.no_symbol")
        sizes = {one.filter_type: one for one in found.filters}
        if not {"PRICE_FILTER", "LOT_SIZE"} <= sizes.keys():
            raise malformed(market.name, f"{symbol} without tick and lot size")
        return Instrument(
            id=symbol,
            tick_size=fitting_ticks(market.name, "tick size", sizes["PRICE_FILTER"].tick_size),
            lot_size=fitting_ticks(market.name, "lot size", sizes["LOT_SIZE"].step_size),
            multiplier=Decimal(1),
            currency=found.quote_asset,
            venue=market.venue,
            calendar="24/7",
        )

    def book_page(self, symbol: str) -> PageRequest:
        """Return where the best thousand levels of each side are."""
        named = needs(self._market.name, symbol, _LETTERS)
        return self._page("depth", ("symbol", named), weight=self._market.book_weight)

    def read_book(self, symbol: str, body: bytes, received_ns: int) -> DepthRows:
        """Return a snapshot; spot's has no time, and has the one at which it came."""
        del symbol  # the page does not say whose book it is
        name = self._market.name
        book = decoded(name, body, _Book)
        (ts_ns,) = stamps(name, [book.T], _MS).tolist() if book.T else (received_ns,)
        if abs(ts_ns - received_ns) > _DAY_NS:
            raise malformed(name, "a book of another day")
        if not 0 <= book.lastUpdateId < 2**63:
            raise malformed(name, "an id that is no number")
        return book_rows(name, ts_ns, book.lastUpdateId, book.bids, book.asks)

    def first_page(self, query: DataQuery) -> PageRequest:
        """Return the first page; pages are asked from their start and have no end."""
        symbol = needs(self._market.name, query.symbol, _LETTERS)
        start = ("startTime", str(-(-query.start_ns // _MS)))
        if query.kind == "bars":
            if query.timeframe not in _TIMEFRAMES:
                raise Invalid(
                    f"{self._market.name} has no {query.timeframe[:20]!r} bars; it has "
                    f"{', '.join(_TIMEFRAMES)}",
                    code="data.bad_timeframe",
                )
            asked = (("symbol", symbol), ("interval", query.timeframe), start)
            return self._page("klines", *asked, weight=self._market.klines_weight)
        if query.kind == "trades":
            return self._page(
                "aggTrades", ("symbol", symbol), start, weight=self._market.trades_weight
            )
        if query.kind == "funding" and self._market.funding:
            return self._page("fundingRate", ("symbol", symbol), start)
        has = ", ".join(one.kind for one in self.capabilities)
        raise Invalid(
            f"{self._market.name} gives no {query.kind[:20]!r} here; it gives {has}",
            code="data.no_such_kind",
        )

    def read_page(self, query: DataQuery, request: PageRequest, body: bytes) -> Page:
        """Return the rows of a page; one of fewer rows than asked for is the last."""
        if query.kind == "bars":
            return self._klines(query, request, body)
        if query.kind == "trades":
            return self._trades(request, body)
        return self._funding(query, request, body)

    def _klines(self, query: DataQuery, request: PageRequest, body: bytes) -> Page:
        """Read klines: open time, OHLC, volume, close time and what is not kept."""
        rows = decoded(self._market.name, body, list[_Kline])
        ts_ns = stamps(self._market.name, [row[0] for row in rows], _MS)
        made = bar_rows(ts_ns, rows, (1, 2, 3, 4, 5))
        if not rows:
            return Page(made, None, query.start_ns)
        reached_ns = int(ts_ns[-1]) + timeframe_ns(query.timeframe)
        return Page(made, _from(request, len(rows), "startTime", reached_ns // _MS), reached_ns)

    def _trades(self, request: PageRequest, body: bytes) -> Page:
        """Read aggregate trades; after the first page they are asked for by id."""
        rows = decoded(self._market.name, body, list[_Trade])
        ts_ns = stamps(self._market.name, [row.T for row in rows], _MS)
        made = TradeRows(
            ts_ns,
            floats([row.p for row in rows]),
            floats([row.q for row in rows]),
            # m: the buyer was the maker, so the aggressor sold
            np.array([-1 if row.m else 1 for row in rows], dtype=np.int8),
            np.array([row.a for row in rows], dtype=np.int64),
        )
        if not rows:
            return Page(made, None, 0)
        after = _from(request, len(rows), "fromId", rows[-1].a + 1)
        return Page(made, after, int(ts_ns[-1]))

    def _funding(self, query: DataQuery, request: PageRequest, body: bytes) -> Page:
        """Read funding rates."""
        rows = decoded(self._market.name, body, list[_Funding])
        if any(row.symbol != query.symbol for row in rows):
            raise malformed(self._market.name, "funding of another symbol")
        ts_ns = stamps(self._market.name, [row.funding_time for row in rows], _MS)
        made = FundingRows(
            ts_ns,
            floats([row.funding_rate for row in rows]),
            floats([row.mark_price or None for row in rows]),
        )
        if not rows:
            return Page(made, None, query.start_ns)
        after = _from(request, len(rows), "startTime", int(ts_ns[-1]) // _MS + 1)
        return Page(made, after, int(ts_ns[-1]) + 1)

    def _page(self, what: str, *params: tuple[str, str], weight: int = 1) -> PageRequest:
        """Return a page of this market."""
        rows = () if what == "exchangeInfo" else (("limit", str(_ROWS)),)
        return PageRequest(
            path=f"{self._market.prefix}/{what}", params=(*params, *rows), weight=weight
        )


def _from(request: PageRequest, rows: int, name: str, value: int) -> PageRequest | None:
    """Return the page that begins at a value, or None after one that was not full."""
    if rows < _ROWS:
        return None
    kept = [(key, text) for key, text in request.params if key not in ("startTime", "fromId")]
    return msgspec.structs.replace(request, params=(*kept, (name, str(value))))


class Binance(_Binance):
    """The spot market."""

    def __init__(self, settings: BinanceSettings) -> None:
        super().__init__(_SPOT, settings.base_url, settings.weight_per_minute)


class BinanceUsdm(_Binance):
    """The market of USDT-margined futures."""

    def __init__(self, settings: BinanceUsdmSettings) -> None:
        super().__init__(_USDM, settings.base_url, settings.weight_per_minute)
