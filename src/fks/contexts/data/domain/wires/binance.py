"""Binance's streams: spot, USDT-margined and coin-margined futures.

A book is joined to a snapshot that is asked for. On spot an event's first id is the last one's
plus 1; on futures each event names the one before. One struct reads all events, since their one
letter fields differ in meaning only: what is text in one and a number in another is left raw.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from fks.contexts.data.domain.wires.reading import (
    EMPTY,
    MILLISECOND,
    Symbols,
    chosen,
    damaged,
    decoding,
    number_of,
    text_of,
)
from fks.contracts.data.providers import PageRequest
from fks.contracts.data.streams import (
    BARS,
    DEPTH,
    NO_ID,
    QUOTES,
    TRADES,
    BarUpdate,
    BookRule,
    DepthUpdate,
    FundingUpdate,
    Liveness,
    Notice,
    QuoteUpdate,
    ReconnectAsked,
    Rejected,
    Scale,
    StreamUpdate,
    Subscribed,
    TradeUpdate,
    Unknown,
)

__all__ = ["BinanceWire"]

Market = Literal["spot", "us", "usdm", "coinm"]


class _Place(NamedTuple):
    """Where a market is reached, and how its snapshots are asked for."""

    url: str
    rest: str
    path: str
    limit: int
    weight: int
    depth: str


_PLACES: dict[str, _Place] = {
    "spot": _Place(
        "wss://stream.binance.com/stream",
        "https://api.binance.com",
        "/api/v3/depth",
        5000,
        250,
        "depth@100ms",
    ),
    "us": _Place(
        "wss://stream.binance.us/stream",
        "https://api.binance.us",
        "/api/v3/depth",
        5000,
        250,
        "depth@100ms",
    ),
    "usdm": _Place(
        "wss://fstream.binance.com/stream",
        "https://fapi.binance.com",
        "/fapi/v1/depth",
        1000,
        20,
        "depth@100ms",
    ),
    "coinm": _Place(
        "wss://dstream.binance.com/stream",
        "https://dapi.binance.com",
        "/dapi/v1/depth",
        1000,
        20,
        "depth@100ms",
    ),
}
_QUIET = frozenset(
    (
        "24hrTicker",
        "24hrMiniTicker",
        "1hTicker",
        "4hTicker",
        "1dTicker",
        "avgPrice",
        "indexPriceUpdate",
        "forceOrder",
        "contractInfo",
        "assetIndexUpdate",
        "compositeIndex",
        "continuous_kline",
        "indexPrice_kline",
        "markPrice_kline",
        "tradingSession",
    )
)
"""Events that are known, and say nothing that is kept."""


class _Data(msgspec.Struct, gc=False):
    """Any event. Raw fields differ between events."""

    e: str = ""
    E: int = 0
    T: int = 0
    s: str = ""
    U: int = NO_ID
    u: int = NO_ID
    pu: int = NO_ID
    b: msgspec.Raw = EMPTY
    a: msgspec.Raw = EMPTY
    B: msgspec.Raw = EMPTY
    A: msgspec.Raw = EMPTY
    p: msgspec.Raw = EMPTY
    q: msgspec.Raw = EMPTY
    t: msgspec.Raw = EMPTY
    m: msgspec.Raw = EMPTY
    k: msgspec.Raw = EMPTY
    r: msgspec.Raw = EMPTY
    X: str = ""


class _Envelope(_Data, gc=False):
    """A message: an event in its stream, one without a stream, or the answer to a request."""

    stream: str = ""
    data: _Data | None = None
    id: msgspec.Raw = EMPTY
    result: msgspec.Raw = EMPTY
    error: msgspec.Raw = EMPTY
    code: int = 0
    msg: str = ""


class _Bar(msgspec.Struct, gc=False):
    t: int
    i: str
    o: str
    h: str
    l: str  # noqa: E741  # the exchange's name
    c: str
    v: str
    x: bool


class _Snapshot(msgspec.Struct, gc=False):
    last_id: int = msgspec.field(name="lastUpdateId")
    bids: msgspec.Raw
    asks: msgspec.Raw
    T: int = 0


_read = decoding(_Envelope)
_read_bar = decoding(_Bar)
_read_snapshot = decoding(_Snapshot)


class BinanceWire:
    """One of Binance's markets."""

    def __init__(self, market: Market = "spot", scales: Mapping[str, Scale] | None = None) -> None:
        place = self._place = _PLACES[market]
        self.name = f"binance_{market}"
        self.url = place.url
        self.snapshot_base_url = place.rest
        self.liveness = Liveness(silence_s=60.0)
        self.book_rule = BookRule(
            link="contiguous" if market in ("spot", "us") else "previous",
            snapshot="page",
        )
        self._futures = market in ("usdm", "coinm")
        self._symbols = Symbols(scales)

    def subscriptions(self, symbols: Sequence[str], channels: Iterable[str]) -> tuple[bytes, ...]:
        """Return requests for at most 200 streams each."""
        trades = "aggTrade" if self._futures else "trade"
        names = {
            TRADES: (trades,),
            QUOTES: ("bookTicker",),
            DEPTH: (self._place.depth,),
            BARS: ("kline_1m",),
        }
        streams = [
            f"{symbol.lower()}@{stream}"
            for channel in chosen(self.name, channels, names)
            for stream in channel
            for symbol in symbols
        ]
        return tuple(
            msgspec.json.encode(
                {"method": "SUBSCRIBE", "params": streams[at : at + 200], "id": at // 200 + 1}
            )
            for at in range(0, len(streams), 200)
        )

    def resync(self, symbol: str) -> tuple[bytes, ...]:
        """Return nothing: a snapshot is asked for by its page."""
        return ()

    def snapshot_page(self, symbol: str) -> PageRequest | None:
        """Return the page of a symbol's book."""
        place = self._place
        return PageRequest(
            path=place.path,
            params=(("symbol", symbol), ("limit", str(place.limit))),
            weight=place.weight,
        )

    def read_snapshot(self, symbol: str, body: bytes, received_ns: int) -> DepthUpdate:
        """Read the page of a symbol's book."""
        page = _read_snapshot(body)
        units = self._symbols[symbol]
        bids, asks = units.sides(page.bids, page.asks)
        return DepthUpdate(
            symbol,
            units.scale,
            bids,
            asks,
            page.last_id,
            page.last_id,
            NO_ID,
            page.T * MILLISECOND,
            received_ns,
            True,
        )

    def read(self, payload: bytes, received_ns: int) -> Sequence[StreamUpdate]:
        """Read one message."""
        envelope = _read(payload)
        data = envelope.data or envelope
        event = data.e
        if event == "depthUpdate":
            return (self._depth(data, received_ns),)
        if event == "bookTicker" or (not event and data.B and data.A and data.s):
            return (self._quote(data, received_ns),)
        if event in ("trade", "aggTrade"):
            return (self._trade(data, received_ns),)
        if event == "kline":
            return (self._bar(data, received_ns),)
        if event == "markPriceUpdate":
            return (_funding(data, received_ns),)
        if event in _QUIET:
            return (Notice(event, received_ns),)
        if event == "serverShutdown":
            return (ReconnectAsked(received_ns),)
        if event or envelope.data is not None:
            return (Unknown(event or envelope.stream, received_ns),)
        return (_answer(envelope, payload, received_ns),)

    def _depth(self, data: _Data, received_ns: int) -> DepthUpdate:
        if data.U == NO_ID or data.u < data.U:
            raise damaged("depth without its ids")
        units = self._symbols[data.s]
        bids, asks = units.sides(data.b, data.a)
        return DepthUpdate(
            data.s,
            units.scale,
            bids,
            asks,
            data.U,
            data.u,
            data.pu,
            (data.T or data.E) * MILLISECOND,
            received_ns,
        )

    def _quote(self, data: _Data, received_ns: int) -> QuoteUpdate:
        units = self._symbols[data.s]
        bid, bid_quantity, ask, ask_quantity = units.quote(data.b, data.B, data.a, data.A)
        ts_ns = (data.T or data.E) * MILLISECOND
        return QuoteUpdate(
            data.s,
            units.scale,
            bid,
            bid_quantity,
            ask,
            ask_quantity,
            data.u,
            ts_ns,
            received_ns,
        )

    def _trade(self, data: _Data, received_ns: int) -> StreamUpdate:
        """Read a trade; what insurance funds and deleveraging did without a price is no trade."""
        if data.X == "NA":
            return Notice("trade without a price", received_ns)
        units = self._symbols[data.s]
        price, quantity = units.trade(data.p, data.q)
        side = {b"true": -1, b"false": 1}.get(bytes(data.m), 0)
        number = text_of(data.a if data.e == "aggTrade" else data.t)
        ts_ns = data.T * MILLISECOND
        return TradeUpdate(data.s, units.scale, price, quantity, side, number, ts_ns, received_ns)

    def _bar(self, data: _Data, received_ns: int) -> BarUpdate:
        bar = _read_bar(data.k)
        units = self._symbols[data.s]
        _, volume = units.trade(bar.c, bar.v)
        opened, high, low, close = units.prices(bar.o, bar.h, bar.l, bar.c)
        return BarUpdate(
            data.s,
            units.scale,
            bar.i,
            bar.t * MILLISECOND,
            opened,
            high,
            low,
            close,
            volume,
            bar.x,
            received_ns,
        )


def _funding(data: _Data, received_ns: int) -> StreamUpdate:
    """Read a mark price; one of a contract that expires has no funding rate."""
    rate = number_of(data.r)
    if not rate or not data.T:
        return Notice("a mark price", received_ns)
    times = (data.T * MILLISECOND, data.E * MILLISECOND, received_ns)
    return FundingUpdate(data.s, rate, number_of(data.p), *times)


def _answer(envelope: _Envelope, payload: bytes, received_ns: int) -> StreamUpdate:
    """Read the answer to a request."""
    if envelope.error or envelope.code:
        return Rejected(payload[:300].decode(errors="replace"), received_ns)
    if envelope.id and envelope.result:
        return Subscribed("", "", received_ns)
    return Unknown(payload[:100].decode(errors="replace"), received_ns)
