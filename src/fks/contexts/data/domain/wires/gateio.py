"""Gate.io's spot stream, version 4: changes counted by 1, joined to a snapshot that is asked for.

The snapshot has as many levels as were asked for; levels below them are known once they change.
`spot.tickers` tells the best prices without quantities, `spot.book_ticker` with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fks.contexts.data.domain.wires.reading import (
    EMPTY,
    MILLISECOND,
    Identifier,
    Millis,
    Symbols,
    chosen,
    damaged,
    decimals_of,
    decoding,
    side_of,
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
    Liveness,
    Notice,
    Pong,
    QuoteUpdate,
    Rejected,
    Scale,
    StreamUpdate,
    Subscribed,
    TradeUpdate,
    Unknown,
)

__all__ = ["GateioWire"]

_BOOK = "spot.order_book_update"
_CHANNELS = {
    DEPTH: (_BOOK,),
    TRADES: ("spot.trades",),
    QUOTES: ("spot.book_ticker",),
    BARS: ("spot.candlesticks",),
}
_QUIET = frozenset(("spot.order_book", "spot.cross_loan", "spot.balances"))
_LEVELS = 100
_SIX = 6  # decimals of a millisecond are nanoseconds


class _Message(msgspec.Struct, gc=False):
    channel: str = ""
    event: str = ""
    error: msgspec.Raw = EMPTY
    result: msgspec.Raw = EMPTY


class _Book(msgspec.Struct, gc=False):
    s: str
    U: Identifier
    u: Identifier
    b: msgspec.Raw
    a: msgspec.Raw
    t: Millis = 0


class _Trade(msgspec.Struct, gc=False):
    id: msgspec.Raw
    side: str
    currency_pair: str
    amount: str
    price: str
    create_time_ms: msgspec.Raw = EMPTY
    create_time: Identifier = 0


class _Best(msgspec.Struct, gc=False):
    s: str
    b: str
    B: str
    a: str
    A: str
    u: Identifier = NO_ID
    t: Millis = 0


class _Ticker(msgspec.Struct, gc=False):
    currency_pair: str
    lowest_ask: str
    highest_bid: str


class _Bar(msgspec.Struct, gc=False):
    """`a` is the volume in the base currency; `v`, the older one, in the quote currency."""

    n: str
    t: msgspec.Raw
    o: str
    h: str
    l: str  # noqa: E741  # the exchange's name
    c: str
    v: str
    a: str = ""
    w: bool = False


class _Snapshot(msgspec.Struct, gc=False):
    id: Identifier
    bids: msgspec.Raw
    asks: msgspec.Raw
    update: Millis = 0


_read = decoding(_Message)
_read_book = decoding(_Book)
_read_trade = decoding(_Trade)
_read_best = decoding(_Best)
_read_ticker = decoding(_Ticker)
_read_bar = decoding(_Bar)
_read_snapshot = decoding(_Snapshot)


class GateioWire:
    """Gate.io spot; symbols such as `BTC_USDT`."""

    name = "gateio"
    url = "wss://api.gateio.ws/ws/v4/"
    snapshot_base_url = "https://api.gateio.ws"
    liveness = Liveness(ping=b'{"time":0,"channel":"spot.ping"}', every_s=15.0, silence_s=40.0)
    book_rule = BookRule(link="contiguous", snapshot="page")

    def __init__(self, scales: Mapping[str, Scale] | None = None) -> None:
        self._symbols = Symbols(scales)

    def subscriptions(self, symbols: Sequence[str], channels: Iterable[str]) -> tuple[bytes, ...]:
        """Return a request for each channel; books and bars are asked for one by one."""
        asked: list[bytes] = []
        for group in chosen(self.name, channels, _CHANNELS):
            for name in group:
                if name == _BOOK:
                    asked += [_request(name, [symbol, "100ms"]) for symbol in symbols]
                elif name == _CHANNELS[BARS][0]:
                    asked += [_request(name, ["1m", symbol]) for symbol in symbols]
                else:
                    asked.append(_request(name, list(symbols)))
        return tuple(asked)

    def resync(self, symbol: str) -> tuple[bytes, ...]:
        """Return nothing: a snapshot is asked for by its page."""
        return ()

    def snapshot_page(self, symbol: str) -> PageRequest | None:
        """Return the page of a symbol's book."""
        wanted = (("currency_pair", symbol), ("limit", str(_LEVELS)), ("with_id", "true"))
        return PageRequest(path="/api/v4/spot/order_book", params=wanted)

    def read_snapshot(self, symbol: str, body: bytes, received_ns: int) -> DepthUpdate:
        """Read the page of a symbol's book."""
        page = _read_snapshot(body)
        units = self._symbols[symbol]
        bids, asks = units.sides(page.bids, page.asks)
        ids = (page.id, page.id, NO_ID)
        return DepthUpdate(
            symbol, units.scale, bids, asks, *ids, page.update * MILLISECOND, received_ns, True
        )

    def read(self, payload: bytes, received_ns: int) -> Sequence[StreamUpdate]:
        """Read one message."""
        message = _read(payload)
        channel, event = message.channel, message.event
        if bytes(message.error) not in (b"", b"null"):
            return (Rejected(payload[:300].decode(errors="replace"), received_ns),)
        if channel == "spot.pong":
            return (Pong(received_ns),)
        if event == "subscribe":
            return (Subscribed("", channel, received_ns),)
        if event == "unsubscribe" or channel in _QUIET:
            return (Notice(f"{channel} {event}", received_ns),)
        if event != "update":
            return (Unknown(channel or payload[:100].decode(errors="replace"), received_ns),)
        if channel == _BOOK:
            return (self._depth(_read_book(message.result), received_ns),)
        if channel == "spot.trades":
            return (self._trade(_read_trade(message.result), received_ns),)
        if channel == "spot.book_ticker":
            return (self._best(_read_best(message.result), received_ns),)
        if channel == "spot.tickers":
            return (self._ticker(_read_ticker(message.result), received_ns),)
        if channel == "spot.candlesticks":
            return (self._bar(_read_bar(message.result), received_ns),)
        return (Unknown(channel, received_ns),)

    def _depth(self, book: _Book, received_ns: int) -> DepthUpdate:
        if book.u < book.U or book.U < 0:
            raise damaged("a book without its numbers")
        units = self._symbols[book.s]
        bids, asks = units.sides(book.b, book.a)
        ids = (book.U, book.u, NO_ID)
        return DepthUpdate(book.s, units.scale, bids, asks, *ids, book.t * MILLISECOND, received_ns)

    def _trade(self, trade: _Trade, received_ns: int) -> TradeUpdate:
        units = self._symbols[trade.currency_pair]
        price, quantity = units.trade(trade.price, trade.amount)
        if trade.create_time_ms:
            ts_ns = decimals_of(text_of(trade.create_time_ms), _SIX)
        else:
            ts_ns = trade.create_time * 1000 * MILLISECOND
        return TradeUpdate(
            trade.currency_pair,
            units.scale,
            price,
            quantity,
            side_of(trade.side),
            text_of(trade.id),
            ts_ns,
            received_ns,
        )

    def _best(self, best: _Best, received_ns: int) -> QuoteUpdate:
        units = self._symbols[best.s]
        sides = units.quote(best.b, best.B, best.a, best.A)
        ts_ns = best.t * MILLISECOND
        return QuoteUpdate(best.s, units.scale, *sides, best.u, ts_ns, received_ns)

    def _ticker(self, ticker: _Ticker, received_ns: int) -> QuoteUpdate:
        units = self._symbols[ticker.currency_pair]
        sides = units.quote(ticker.highest_bid, "0", ticker.lowest_ask, "0")
        return QuoteUpdate(ticker.currency_pair, units.scale, *sides, NO_ID, 0, received_ns)

    def _bar(self, bar: _Bar, received_ns: int) -> BarUpdate:
        timeframe, _, symbol = bar.n.partition("_")
        units = self._symbols[symbol]
        _, volume = units.trade(bar.c, bar.a or bar.v)
        prices = units.prices(bar.o, bar.h, bar.l, bar.c)
        return BarUpdate(
            symbol,
            units.scale,
            timeframe,
            decimals_of(text_of(bar.t), 9),
            prices[0],
            prices[1],
            prices[2],
            prices[3],
            volume,
            bar.w,
            received_ns,
        )


def _request(channel: str, payload: list[str]) -> bytes:
    """Return a request; a wire knows no time, and Gate.io's public channels do not look at it."""
    wanted = {"time": 0, "channel": channel, "event": "subscribe", "payload": payload}
    return msgspec.json.encode(wanted)
