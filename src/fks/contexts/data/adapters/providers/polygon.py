"""Polygon: aggregates, trades, quotes, splits and dividends of US stocks and others.

Formats are those of its REST documentation (v2/aggs, v3/trades, v3/quotes, v3/reference). Prices
are asked for unadjusted. Pages of one window follow one another by a cursor. A daily bar, told by
midnight in New York, is stamped at midnight UTC of its date, as all daily bars are here.
"""

from __future__ import annotations

from decimal import Decimal
from string import ascii_letters, digits
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import numpy as np

from fks.contexts.data.adapters.providers.dates import dates_at_midnight, day_ns
from fks.contexts.data.adapters.providers.reading import (
    decoded,
    floats,
    malformed,
    needs,
    refused,
    stamps,
)
from fks.contexts.data.adapters.providers.settings import PolygonSettings
from fks.contexts.data.domain.timeframes import DAY_NS, timeframe_ns
from fks.contracts.data.providers import Capability, DataQuery, KeyUse, Limits, Page, PageRequest
from fks.contracts.data.ticks import NO_ID, ActionRows, BarRows, QuoteRows, TradeRows
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid

__all__ = ["Polygon"]

_NAME = "polygon"
_MS = 1_000_000
_SPANS = {
    "1m": ("1", "minute", 30),
    "5m": ("5", "minute", 90),
    "15m": ("15", "minute", 180),
    "30m": ("30", "minute", 365),
    "1h": ("1", "hour", 730),
    "1d": ("1", "day", 3650),
}
"""Multiplier and timespan of a timeframe, and the days of a window: far below 50,000 rows."""
_LETTERS = ascii_letters + digits + ".:-"
_SECRET = frozenset({"apikey"})
_CALENDARS = {"stocks": "XNYS", "otc": "XNYS", "indices": "XNYS", "crypto": "24/7", "fx": "24/5"}
_FIRST_NS = 1_041_379_200 * 1_000_000_000  # 2003: before anything Polygon has


class _Bar(msgspec.Struct):
    t: int
    o: float
    h: float
    l: float  # noqa: E741  # its name in the format
    c: float
    v: float


class _Trade(msgspec.Struct):
    sip_timestamp: int
    price: float
    size: float
    id: str = ""


class _Quote(msgspec.Struct):
    sip_timestamp: int
    bid_price: float = 0.0
    bid_size: float = 0.0
    ask_price: float = 0.0
    ask_size: float = 0.0


class _Split(msgspec.Struct):
    execution_date: str
    split_from: float
    split_to: float
    ticker: str


class _Dividend(msgspec.Struct):
    ex_dividend_date: str
    cash_amount: float
    ticker: str
    currency: str = "USD"


class _Answer(msgspec.Struct):
    status: str = "OK"
    results: msgspec.Raw = msgspec.Raw(b"[]")
    next_url: str = ""
    error: str = ""
    message: str = ""


class _Ticker(msgspec.Struct):
    market: str
    currency_name: str = "usd"
    primary_exchange: str = ""
    name: str = ""


class Polygon:
    """Polygon by its pages."""

    def __init__(self, settings: PolygonSettings) -> None:
        self.base_url = settings.base_url
        # Five calls a minute is what its free plan lets through.
        self.limits = Limits(weight_per_minute=settings.weight_per_minute or 5)
        self.key: KeyUse | None = KeyUse(place="header", name="Authorization", prefix="Bearer ")
        self.capabilities = (
            Capability(kind="bars", timeframes=tuple(_SPANS)),
            *(Capability(kind=kind) for kind in ("trades", "quotes", "actions")),
        )

    def instrument_page(self, symbol: str) -> PageRequest:
        """Return the description of a ticker."""
        return PageRequest(path=f"/v3/reference/tickers/{needs(_NAME, symbol, _LETTERS)}")

    def read_instrument(self, symbol: str, body: bytes) -> Instrument:
        """Return an instrument in cents (finer where prices are) with its market's calendar."""
        found = decoded(_NAME, bytes(_answer(body).results), _Ticker)
        return Instrument(
            id=symbol.partition(":")[2] or symbol,
            tick_size=Decimal("0.01"),
            lot_size=Decimal(1),
            currency=found.currency_name.upper()[:12],
            venue=found.primary_exchange[:16] or "POLYGON",
            calendar=_CALENDARS.get(found.market, "24/7"),
            description="".join(c for c in found.name if c.isprintable())[:80],
        )

    def first_page(self, query: DataQuery) -> PageRequest:
        """Return the first page of a query."""
        symbol = needs(_NAME, query.symbol, _LETTERS)
        if query.kind == "bars":
            if query.timeframe not in _SPANS:
                raise Invalid(
                    f"{_NAME} has no {query.timeframe[:20]!r} bars here; it has "
                    f"{', '.join(_SPANS)}",
                    code="data.bad_timeframe",
                )
            start_ns = max(query.start_ns, _FIRST_NS) // DAY_NS * DAY_NS
            return _window(symbol, query.timeframe, start_ns)
        if query.kind in ("trades", "quotes"):
            asked = (
                ("timestamp.gte", str(query.start_ns)),
                *(("order", "asc"), ("sort", "timestamp"), ("limit", "50000")),
            )
            return PageRequest(path=f"/v3/{query.kind}/{symbol}", params=asked)
        if query.kind == "actions":
            return _reference("splits", symbol)
        raise Invalid(
            f"{_NAME} gives no {query.kind[:20]!r} here; it gives bars, trades, quotes, actions",
            code="data.no_such_kind",
        )

    def read_page(self, query: DataQuery, request: PageRequest, body: bytes) -> Page:
        """Return the rows of a page; further pages of its window follow by a cursor."""
        answer = _answer(body)
        cursor = _cursor(self.base_url, answer.next_url) if answer.next_url else None
        results = bytes(answer.results)
        if query.kind == "bars":
            return _bars(query, request, results, cursor)
        if query.kind == "actions":
            return _actions(query, request, results, cursor)
        made = _trades(results) if query.kind == "trades" else _quotes(results)
        reached_ns = int(made.ts_ns[-1]) if len(made.ts_ns) else query.start_ns
        return Page(made, cursor, reached_ns)


def _bars(query: DataQuery, request: PageRequest, body: bytes, cursor: PageRequest | None) -> Page:
    """Read aggregates; after the last page of a window comes the next window."""
    rows = decoded(_NAME, body, list[_Bar])
    ts_ns = stamps(_NAME, [row.t for row in rows], _MS)
    if query.timeframe == "1d":
        ts_ns = dates_at_midnight(ts_ns, "America/New_York")
    columns = [[getattr(row, name) for row in rows] for name in ("o", "h", "l", "c", "v")]
    made = BarRows(ts_ns, *(floats(column) for column in columns))
    if cursor is not None:
        if not rows:
            raise malformed(_NAME, "a page of nothing that is followed by another one")
        return Page(made, cursor, int(ts_ns[-1]) + timeframe_ns(query.timeframe))
    end_ns = _window_end(request)
    return Page(made, _window(query.symbol, query.timeframe, end_ns), end_ns)


def _window_end(request: PageRequest) -> int:
    """Return where the window of a page ends, which its cursors carry along."""
    told = request.path.rpartition("/")[2]
    if not told.isdigit() or len(told) > 14:
        raise malformed(_NAME, "a page of a window without its end")
    return (int(told) + 1) * _MS


def _trades(body: bytes) -> TradeRows:
    """Read trades; Polygon does not tell the aggressor."""
    rows = decoded(_NAME, body, list[_Trade])
    return TradeRows(
        stamps(_NAME, [row.sip_timestamp for row in rows], 1),
        floats([row.price for row in rows]),
        floats([row.size for row in rows]),
        np.zeros(len(rows), dtype=np.int8),
        # Ids are texts, unique by exchange only: they cannot tell repeats.
        np.full(len(rows), NO_ID, dtype=np.int64),
    )


def _quotes(body: bytes) -> QuoteRows:
    """Read quotes; a side of price 0 is empty. Sizes are as told (round lots until late 2023)."""
    rows = decoded(_NAME, body, list[_Quote])
    return QuoteRows(
        stamps(_NAME, [row.sip_timestamp for row in rows], 1),
        floats([row.bid_price or None for row in rows]),
        floats([row.bid_size if row.bid_price else 0.0 for row in rows]),
        floats([row.ask_price or None for row in rows]),
        floats([row.ask_size if row.ask_price else 0.0 for row in rows]),
    )


def _actions(
    query: DataQuery, request: PageRequest, body: bytes, cursor: PageRequest | None
) -> Page:
    """Read splits, then dividends in dollars."""
    splits = "/splits" in request.path
    rows: list[Any]
    if splits:
        rows = decoded(_NAME, body, list[_Split])
        if any(row.split_from <= 0 or row.split_to <= 0 for row in rows):
            raise malformed(_NAME, "a split of nothing")
        ratio = [row.split_to / row.split_from for row in rows]
        cash: list[float | None] = [0.0] * len(rows)
        dates = [row.execution_date for row in rows]
    else:
        rows = decoded(_NAME, body, list[_Dividend])
        # One in another currency than the prices' is no number here, so that the report tells it.
        ratio = [1.0] * len(rows)
        cash = [row.cash_amount if row.currency == "USD" else None for row in rows]
        dates = [row.ex_dividend_date for row in rows]
    if any(row.ticker != query.symbol for row in rows):
        raise malformed(_NAME, "actions of another ticker")
    made = ActionRows(
        np.array([day_ns(_NAME, date) for date in dates], dtype=np.int64),
        floats(ratio),
        floats(cash),
        np.full(len(rows), np.nan),
    )
    following = cursor or (_reference("dividends", query.symbol) if splits else None)
    return Page(made, following, query.start_ns)


def _answer(body: bytes) -> _Answer:
    """Return an answer. Raises `Unavailable` for one that is a refusal."""
    found = decoded(_NAME, body, _Answer)
    if found.status not in ("OK", "DELAYED") or found.error:
        raise refused(_NAME, found.error or found.message or found.status)
    return found


def _window(symbol: str, timeframe: str, start_ns: int) -> PageRequest:
    """Return the first page of the window that begins at a time."""
    multiplier, span, days = _SPANS[timeframe]
    end_ms = (start_ns + days * DAY_NS) // _MS - 1
    asked = (("adjusted", "false"), ("sort", "asc"), ("limit", "50000"))
    path = f"/v2/aggs/ticker/{symbol}/range/{multiplier}/{span}/{start_ns // _MS}/{end_ms}"
    return PageRequest(path=path, params=asked)


def _reference(what: str, symbol: str) -> PageRequest:
    """Return the first page of the splits or dividends of a ticker, oldest first."""
    date = "execution_date" if what == "splits" else "ex_dividend_date"
    asked = (("ticker", symbol), ("order", "asc"), ("sort", date), ("limit", "1000"))
    return PageRequest(path=f"/v3/reference/{what}", params=asked)


def _cursor(base_url: str, url: str) -> PageRequest:
    """Return the page a `next_url` names, on the host of the provider and without its key."""
    parts = urlsplit(url)
    if not parts.path.startswith(("/v2/", "/v3/")) or len(url) > 4096:
        raise malformed(_NAME, "a next page elsewhere")
    params = tuple(
        (name, text) for name, text in parse_qsl(parts.query) if name.lower() not in _SECRET
    )
    return PageRequest(path=parts.path, params=params)
