"""Every exchange that ccxt knows: its code makes the requests and reads the answers, we send.

ccxt would send by itself; here each request it wants to make is a page. Its code is run again from
the start with the answers that have come, until it asks for one that has not. So its exchanges have
the same raw log, limits, resume and rebuild as ours. Names are written `ccxt:bitstamp`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np

from fks.contexts.data.adapters.providers.reading import floats, malformed, refused, stamps
from fks.contexts.data.adapters.providers.settings import CcxtSettings
from fks.contexts.data.domain.timeframes import timeframe_ns
from fks.contracts.data.providers import Capability, DataQuery, KeyUse, Limits, Page, PageRequest
from fks.contracts.data.ticks import BarRows
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid, NotFound, Unavailable

__all__ = ["Ccxt"]

_MS = 1_000_000
_ROWS = 200  # what the least generous exchanges give at once
_FIRST_MS = 1_262_304_000_000  # 2010: before anything was traded anywhere


class _Wanted(Exception):
    """ccxt wants to ask for this page."""

    def __init__(self, request: PageRequest) -> None:
        super().__init__("an answer that has not come")
        self.request = request


_Key = tuple[str, tuple[tuple[str, str], ...]]


class _State:
    """How far a query is: from when on bars are asked for, and answers that are not used yet.

    `places` says of each page that was asked for from when on its bars are, -1 for those that tell
    what is traded: a page that is read again is read as it was the first time.
    """

    def __init__(self, exchange: Any, since_ms: int) -> None:
        self.exchange, self.since_ms = exchange, since_ms
        self.loaded = False
        self.answers: dict[_Key, bytes] = {}
        self.markets: dict[_Key, bytes] = {}
        self.places: dict[_Key, int] = {}

    def wanted(self, request: PageRequest) -> PageRequest:
        """Note the place of a page, and return it."""
        self.places[request.path, request.params] = self.since_ms if self.loaded else -1
        return request

    def turned_to(self, key: _Key, body: bytes, exchange: Callable[[], Any]) -> None:
        """Go to the place of a page, whose answer is here now."""
        place = self.places.get(key, self.since_ms if self.loaded else -1)
        if place >= 0:
            self.since_ms = place
        else:
            self.markets[key] = body
            if self.loaded:
                self.exchange, self.loaded = exchange(), False
            self.answers |= self.markets
        self.answers[key] = body


class Ccxt:
    """One exchange of ccxt by its pages. Pages of a query are read in their order."""

    key: KeyUse | None = None
    in_order = True

    def __init__(self, settings: CcxtSettings, which: str) -> None:
        self._name, self._which = f"ccxt:{which}", which
        self._states: dict[DataQuery, _State] = {}
        self._host = ""
        exchange = _exchange(which)
        offered = exchange.timeframes or {}
        frames = tuple(name for name in offered if name[-1:] in "smhdw" and name[:-1].isdigit())
        self.capabilities = (Capability(kind="bars", timeframes=frames),)
        self.base_url = settings.base_url or self._home()
        limit_ms = float(exchange.rateLimit or 1000)
        self.limits = Limits(
            weight_per_minute=settings.weight_per_minute or max(1, int(60_000 / limit_ms)),
            at_once=1,
        )

    def instrument_page(self, symbol: str) -> PageRequest | None:
        """Return None: sizes are those that the prices show."""
        del symbol
        return None

    def read_instrument(self, symbol: str, body: bytes) -> Instrument:
        """Never called: there is no page of sizes."""
        raise NotFound(f"{self._name} tells no sizes of {symbol[:40]}")

    def first_page(self, query: DataQuery) -> PageRequest:
        """Return what ccxt asks for first: what the exchange trades."""
        has = self.capabilities[0].timeframes
        if query.kind != "bars" or query.timeframe not in has:
            raise Invalid(f"{self._name} gives bars of {', '.join(has)}", code="data.bad_timeframe")
        self._begin(query)
        try:
            self._bars(query)
        except _Wanted as wanted:
            return self._states[query].wanted(wanted.request)
        raise malformed(self._name, "an exchange that answers without being asked")

    def read_page(self, query: DataQuery, request: PageRequest, body: bytes) -> Page:
        """Return the bars that ccxt reads, or what it wants to ask for next."""
        state = self._states.get(query) or self._begin(query)
        key = (request.path, request.params)
        state.turned_to(key, body, lambda: _exchange(self._which))
        step_ms = timeframe_ns(query.timeframe) // _MS
        since_ms, until_ms = state.since_ms, state.since_ms + _ROWS * step_ms
        try:
            rows = self._bars(query)
        except _Wanted as wanted:
            none = floats([])
            empty = BarRows(np.empty(0, dtype=np.int64), none, none, none, none, none)
            following = state.wanted(wanted.request)
            return Page(empty, following, max(query.start_ns, since_ms * _MS))
        made = self._read(rows)
        if len(made.ts_ns) and int(made.ts_ns[0]) >= until_ms * _MS:
            raise Unavailable(
                f"{self._name} gives its latest bars only, from {_day(int(made.ts_ns[0]))} on: "
                "start there",
                code="data.provider_refuses",
            )
        state.since_ms = until_ms
        if len(made.ts_ns) >= _ROWS // 2:
            state.since_ms = min(until_ms, int(made.ts_ns[-1]) // _MS + step_ms)
        state.answers.clear()
        try:
            self._bars(query)
        except _Wanted as wanted:
            return Page(made, state.wanted(wanted.request), state.since_ms * _MS)
        raise malformed(self._name, "the same page again")

    def _begin(self, query: DataQuery) -> _State:
        """Begin a query from its start."""
        since_ms = max(query.start_ns // _MS, _FIRST_MS)
        self._states[query] = _State(_exchange(self._which), since_ms)
        return self._states[query]

    def _bars(self, query: DataQuery) -> list[Any]:
        """Let ccxt fetch a page of bars out of the answers there are."""
        import ccxt  # type: ignore[import-untyped]  # it has no stubs

        state = self._states[query]
        exchange = state.exchange
        step_ms = timeframe_ns(query.timeframe) // _MS
        # What ccxt takes for now is the end of the page, so that its requests are the same again.
        exchange.milliseconds = lambda: state.since_ms + _ROWS * step_ms
        exchange.fetch = self._answering(state)
        try:
            if not state.loaded:
                exchange.load_markets()
                state.loaded = True
                state.answers.clear()
            found: list[Any] = exchange.fetch_ohlcv(
                query.symbol, query.timeframe, since=state.since_ms, limit=_ROWS
            )
        except ccxt.BadSymbol:
            raise NotFound(
                f"{self._name} has no {query.symbol[:40]!r}; ccxt writes BTC/USDT",
                code="data.no_symbol",
            ) from None
        except ccxt.BaseError as error:
            raise refused(self._name, str(error)) from None
        except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
            raise malformed(self._name, f"{type(error).__name__}: {error}") from None
        return found

    def _answering(self, state: _State) -> Any:
        """Return what stands in for ccxt's own sending."""

        def fetch(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
            request = self._request(url, method)
            key = (request.path, request.params)
            if key not in state.answers:
                raise _Wanted(request)
            answer = state.exchange.parse_json(state.answers[key].decode("utf-8", "replace"))
            state.exchange.handle_errors(200, "OK", url, method, {}, "", answer, headers, body)
            return answer

        return fetch

    def _request(self, url: str, method: str) -> PageRequest:
        """Return a request of ccxt as a page below the base URL."""
        parts = urlsplit(url)
        if method != "GET" or parts.scheme != "https":
            raise refused(self._name, f"ccxt asks by {method}, which is not supported here")
        if self._host and parts.netloc != self._host:
            raise refused(self._name, "ccxt asks more than one host, which is not supported here")
        self._host = parts.netloc
        return PageRequest(path=parts.path, params=tuple(parse_qsl(parts.query)))

    def _read(self, rows: list[Any]) -> BarRows:
        """Return ccxt's rows: milliseconds, open, high, low, close, volume."""
        try:
            ts_ns = stamps(self._name, [int(row[0]) for row in rows], _MS)
            columns = [floats([row[k] for row in rows]) for k in range(1, 6)]
        except (TypeError, ValueError, IndexError) as error:
            raise malformed(self._name, str(error)) from None
        return BarRows(ts_ns, *columns)

    def _home(self) -> str:
        """Return the scheme and host of what ccxt asks for first."""
        frames = self.capabilities[0].timeframes
        if not frames:
            raise Invalid(f"{self._name} has no bars", code="data.no_provider")
        self.first_page(DataQuery(kind="bars", symbol="BTC/USDT", timeframe=frames[0]))
        self._states.clear()
        return f"https://{self._host}"


def _exchange(which: str) -> Any:
    """Return an exchange that asks for nothing but its spot markets. Raises `NotFound`."""
    try:
        import ccxt
    except ImportError:
        raise Unavailable(
            "this needs ccxt: pip install 'fks[ccxt]'", code="data.no_library"
        ) from None
    if which not in ccxt.exchanges:
        raise NotFound(
            f"ccxt has no exchange {which[:40]!r}; write ccxt:bitstamp, for example",
            code="data.no_provider",
        )
    options = {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False}
    made = getattr(ccxt, which)({"enableRateLimit": False, "options": options})
    made.has["fetchCurrencies"] = False
    return made


def _day(ts_ns: int) -> str:
    """Return the date of a time."""
    return str(np.datetime64(ts_ns, "ns"))[:10]
