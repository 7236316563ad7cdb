"""Yahoo's chart service: bars of shares, indices, currencies and front futures, and actions.

The format is that of v8/finance/chart as the service sends it; Yahoo documents none. Prices are
adjusted for splits, not for dividends. A daily bar, told by the open of its session, is stamped
at midnight UTC of its date in the exchange's time zone.
"""

from __future__ import annotations

from decimal import Decimal
from string import ascii_letters, digits
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from fks.contexts.data.adapters.providers.dates import dates_at_midnight
from fks.contexts.data.adapters.providers.reading import (
    decoded,
    floats,
    malformed,
    needs,
    refused,
    stamps,
)
from fks.contexts.data.adapters.providers.settings import YahooSettings
from fks.contexts.data.domain.timeframes import DAY_NS
from fks.contracts.data.providers import Capability, DataQuery, KeyUse, Limits, Page, PageRequest
from fks.contracts.data.ticks import ActionRows, BarRows
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid, NotFound

__all__ = ["Yahoo"]

_NAME = "yahoo"
_S = 1_000_000_000
_WINDOW_DAYS = {"1m": 7, "5m": 50, "15m": 50, "30m": 50, "1h": 365, "1d": 3650, "1w": 3650}
"""Timeframes, and the days of a window; minutes are given for the last days only."""
_LETTERS = ascii_letters + digits + ".=^-"
_CALENDARS = {"CRYPTOCURRENCY": "24/7", "CURRENCY": "24/5", "FUTURE": "CMES"}


class _Meta(msgspec.Struct, rename="camel"):
    symbol: str
    currency: str | None = "USD"
    instrument_type: str = "EQUITY"
    exchange_timezone_name: str = "America/New_York"
    exchange_name: str = ""
    price_hint: int = 2


class _Quote(msgspec.Struct):
    open: list[float | None] = []
    high: list[float | None] = []
    low: list[float | None] = []
    close: list[float | None] = []
    volume: list[float | None] = []


class _Indicators(msgspec.Struct):
    quote: list[_Quote]


class _Split(msgspec.Struct):
    date: int
    numerator: float
    denominator: float


class _Dividend(msgspec.Struct):
    date: int
    amount: float


class _Events(msgspec.Struct, frozen=True):
    splits: dict[str, _Split] = {}
    dividends: dict[str, _Dividend] = {}


class _Result(msgspec.Struct):
    meta: _Meta
    indicators: _Indicators
    timestamp: list[int] = []
    events: _Events = _Events()


class _Error(msgspec.Struct):
    code: str = ""
    description: str = ""


class _Chart(msgspec.Struct):
    result: list[_Result] | None = None
    error: _Error | None = None


class _Answer(msgspec.Struct):
    chart: _Chart


class Yahoo:
    """Yahoo's chart service by its pages."""

    key: KeyUse | None = None

    def __init__(self, settings: YahooSettings) -> None:
        self.base_url = settings.base_url
        self.limits = Limits(weight_per_minute=settings.weight_per_minute or 30, at_once=1)
        self.capabilities = (
            Capability(kind="bars", timeframes=tuple(_WINDOW_DAYS)),
            Capability(kind="actions"),
        )

    def instrument_page(self, symbol: str) -> PageRequest:
        """Return a page whose head describes the symbol."""
        return PageRequest(
            path=f"/v8/finance/chart/{needs(_NAME, symbol, _LETTERS)}",
            params=(("range", "1d"), ("interval", "1d")),
        )

    def read_instrument(self, symbol: str, body: bytes) -> Instrument:
        """Return an instrument of the currency and the sessions told in a page's head."""
        meta = _result(symbol, body).meta
        return Instrument(
            id=symbol,
            tick_size=Decimal(1).scaleb(-min(max(meta.price_hint, 2), 9)),
            currency=(meta.currency or "USD")[:12],
            venue=meta.exchange_name[:16] or "YAHOO",
            calendar=_calendar(meta),
        )

    def first_page(self, query: DataQuery) -> PageRequest:
        """Return the first window."""
        if query.kind not in ("bars", "actions"):
            raise Invalid(
                f"{_NAME} gives no {query.kind[:20]!r}; it gives bars, actions",
                code="data.no_such_kind",
            )
        if query.kind == "bars" and query.timeframe not in _WINDOW_DAYS:
            raise Invalid(
                f"{_NAME} has no {query.timeframe[:20]!r} bars; it has {', '.join(_WINDOW_DAYS)}",
                code="data.bad_timeframe",
            )
        needs(_NAME, query.symbol, _LETTERS)
        return _window(query, query.start_ns // DAY_NS * DAY_NS)

    def read_page(self, query: DataQuery, request: PageRequest, body: bytes) -> Page:
        """Return the bars, or the actions, of a window; the next one follows."""
        found = _result(query.symbol, body)
        told = dict(request.params).get("period2", "")
        if not told.lstrip("-").isdigit():
            raise malformed(_NAME, "a page without the end of its window")
        end_ns = int(told) * _S
        made = _actions(found) if query.kind == "actions" else _bars(query, found)
        return Page(made, _window(query, end_ns), end_ns)


def _bars(query: DataQuery, found: _Result) -> BarRows:
    """Return bars; rows without any price are pauses of the market, not bars."""
    if len(found.indicators.quote) != 1:
        raise malformed(_NAME, "not one set of prices")
    quote = found.indicators.quote[0]
    columns = [quote.open, quote.high, quote.low, quote.close, quote.volume]
    if not found.timestamp:
        columns = [[] for _ in columns]
    if any(len(column) != len(found.timestamp) for column in columns):
        raise malformed(_NAME, "columns of different lengths")
    ts_ns = stamps(_NAME, found.timestamp, _S)
    if query.timeframe in ("1d", "1w") and len(ts_ns):
        ts_ns = dates_at_midnight(ts_ns, _zone(found.meta))
    first, high, low, last, volume = (floats(column) for column in columns)
    traded = ~(np.isnan(first) & np.isnan(high) & np.isnan(low) & np.isnan(last))
    volume = np.nan_to_num(volume, nan=0.0)
    return BarRows(
        ts_ns[traded], first[traded], high[traded], low[traded], last[traded], volume[traded]
    )


def _actions(found: _Result) -> ActionRows:
    """Return splits and dividends by their dates."""
    splits, paid = list(found.events.splits.values()), list(found.events.dividends.values())
    if any(one.denominator <= 0 or one.numerator <= 0 for one in splits):
        raise malformed(_NAME, "a split of nothing")
    dates = [*(one.date for one in splits), *(one.date for one in paid)]
    ts_ns = stamps(_NAME, dates, _S)
    return ActionRows(
        dates_at_midnight(ts_ns, _zone(found.meta)),
        floats([*(one.numerator / one.denominator for one in splits), *(1.0 for _ in paid)]),
        floats([*(0.0 for _ in splits), *(one.amount for one in paid)]),
        np.full(len(dates), np.nan),
    )


def _result(symbol: str, body: bytes) -> _Result:
    """Return the one result of a page."""
    chart = decoded(_NAME, body, _Answer).chart
    if chart.error is not None:
        if chart.error.code == "Not Found":
            raise NotFound(f"{_NAME} has no symbol {symbol[:40]!r}", code="data.no_symbol")
        raise refused(_NAME, chart.error.description or chart.error.code)
    if not chart.result or len(chart.result) != 1:
        raise malformed(_NAME, "not one result")
    return chart.result[0]


def _zone(meta: _Meta) -> str:
    """Return the exchange's time zone."""
    try:
        return ZoneInfo(meta.exchange_timezone_name).key
    except (ValueError, OSError, LookupError):
        raise malformed(_NAME, f"the time zone {meta.exchange_timezone_name[:40]!r}") from None


def _calendar(meta: _Meta) -> str:
    """Return the sessions of an instrument, as far as its type tells them."""
    found = _CALENDARS.get(meta.instrument_type)
    if found is not None:
        return found
    return "XNYS" if _zone(meta) == "America/New_York" else "weekdays"


def _window(query: DataQuery, start_ns: int) -> PageRequest:
    """Return the window that begins at a time."""
    timeframe = query.timeframe if query.kind == "bars" else "1d"
    end_ns = start_ns + _WINDOW_DAYS[timeframe] * DAY_NS
    interval = {"1h": "60m", "1w": "1wk"}.get(timeframe, timeframe)
    asked = (
        *(("period1", str(start_ns // _S)), ("period2", str(end_ns // _S))),
        *(("interval", interval), ("events", "div,splits"), ("includePrePost", "false")),
    )
    return PageRequest(path=f"/v8/finance/chart/{query.symbol}", params=asked)
