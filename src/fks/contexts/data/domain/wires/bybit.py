"""Bybit's streams: version 5, and the one before it that old recordings hold.

Version 5 counts the changes of a book: its `u` grows by 1, and is 1 where the service began anew.
The older one has a number of the whole exchange that grows only, so a loss cannot be seen in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from fks.contexts.data.domain.wires.bybit_second import SecondReader
from fks.contexts.data.domain.wires.reading import (
    EMPTY,
    MILLISECOND,
    Symbols,
    chosen,
    decoding,
    side_of,
)
from fks.contracts.data.providers import PageRequest
from fks.contracts.data.streams import (
    BARS,
    DEPTH,
    NO_ID,
    TRADES,
    BarUpdate,
    BookRule,
    DepthUpdate,
    Liveness,
    Notice,
    Pong,
    Rejected,
    Scale,
    StreamUpdate,
    Subscribed,
    TradeUpdate,
    Unknown,
)
from fks.kernel.errors import Invalid

__all__ = ["BybitWire"]

_NAMES: dict[int, dict[str, tuple[str, ...]]] = {
    5: {DEPTH: ("orderbook.50.{}",), TRADES: ("publicTrade.{}",), BARS: ("kline.1.{}",)},
    2: {DEPTH: ("orderBookL2_25.{}",), TRADES: ("trade.{}",)},
}
_QUIET = frozenset(("tickers", "liquidation", "allLiquidation", "kline_lt", "tickers_lt", "lt"))


class _Book(msgspec.Struct, gc=False):
    s: str
    b: msgspec.Raw
    a: msgspec.Raw
    u: int


class _Trade(msgspec.Struct, gc=False):
    T: int
    s: str
    S: str
    v: str
    p: str
    i: str


class _Bar(msgspec.Struct, gc=False):
    start: int
    interval: str
    open: str
    close: str
    high: str
    low: str
    volume: str
    confirm: bool


class _Message(msgspec.Struct, gc=False):
    topic: str = ""
    type: str = ""
    ts: int = 0
    cts: int = 0
    data: msgspec.Raw = EMPTY
    op: str = ""
    success: bool = True
    ret_msg: str = ""


_read = decoding(_Message)
_read_book = decoding(_Book)
_read_trades = decoding(list[_Trade])
_read_bars = decoding(list[_Bar])


class BybitWire:
    """Bybit; a category is `spot`, `linear` or `inverse`; symbols such as `BTCUSDT`."""

    snapshot_base_url = ""
    liveness = Liveness(ping=b'{"op":"ping"}', every_s=20.0, silence_s=40.0)

    def __init__(
        self,
        category: Literal["spot", "linear", "inverse"] = "spot",
        version: Literal[2, 5] = 5,
        scales: Mapping[str, Scale] | None = None,
    ) -> None:
        self.name = f"bybit_{category}" if version == 5 else f"bybit_{category}_v2"
        self._version = version
        self._symbols = Symbols(scales)
        self._second = SecondReader(self._symbols)
        if version == 5:
            self.url = f"wss://stream.bybit.com/v5/public/{category}"
            self.book_rule = BookRule(link="contiguous", snapshot="stream")
        else:
            path = "realtime" if category == "inverse" else "realtime_public"
            self.url = f"wss://stream.bybit.com/{path}"
            self.book_rule = BookRule(link="rising", snapshot="stream")

    def subscriptions(self, symbols: Sequence[str], channels: Iterable[str]) -> tuple[bytes, ...]:
        """Return requests for at most 10 topics each."""
        topics = [
            form.format(symbol)
            for group in chosen(self.name, channels, _NAMES[self._version])
            for form in group
            for symbol in symbols
        ]
        return tuple(
            msgspec.json.encode({"op": "subscribe", "args": topics[at : at + 10]})
            for at in range(0, len(topics), 10)
        )

    def resync(self, symbol: str) -> tuple[bytes, ...]:
        """Return requests that end the symbol's changes and begin them again."""
        topics = [form.format(symbol) for form in _NAMES[self._version][DEPTH]]
        return tuple(
            msgspec.json.encode({"op": word, "args": topics})
            for word in ("unsubscribe", "subscribe")
        )

    def snapshot_page(self, symbol: str) -> PageRequest | None:
        """Return None: snapshots come in the stream."""
        return None

    def read_snapshot(self, symbol: str, body: bytes, received_ns: int) -> DepthUpdate:
        """Refuse: snapshots come in the stream."""
        raise Invalid("Bybit's snapshots come in its stream", code="data.no_snapshot_page")

    def read(self, payload: bytes, received_ns: int) -> Sequence[StreamUpdate]:
        """Read one message."""
        if self._version == 2:
            return self._second.read(payload, received_ns)
        message = _read(payload)
        kind, _, rest = message.topic.partition(".")
        if kind == "orderbook":
            return (self._depth(message, received_ns),)
        if kind == "publicTrade":
            return [self._trade(trade, received_ns) for trade in _read_trades(message.data)]
        if kind == "kline":
            symbol = rest.rpartition(".")[2]
            return [self._bar(symbol, bar, received_ns) for bar in _read_bars(message.data)]
        if kind in _QUIET:
            return (Notice(kind, received_ns),)
        if message.op in ("ping", "pong"):
            return (Pong(received_ns),)
        if message.op and not message.success:
            return (Rejected(message.ret_msg, received_ns),)
        if message.op == "subscribe":
            return (Subscribed("", "", received_ns),)
        if message.op:
            return (Notice(message.op, received_ns),)
        return (Unknown(message.topic or payload[:100].decode(errors="replace"), received_ns),)

    def _depth(self, message: _Message, received_ns: int) -> DepthUpdate:
        """Read a book; one whose number is 1 is whole, whatever it is called."""
        book = _read_book(message.data)
        units = self._symbols[book.s]
        bids, asks = units.sides(book.b, book.a)
        return DepthUpdate(
            book.s,
            units.scale,
            bids,
            asks,
            book.u,
            book.u,
            NO_ID,
            (message.cts or message.ts) * MILLISECOND,
            received_ns,
            message.type == "snapshot" or book.u == 1,
        )

    def _trade(self, trade: _Trade, received_ns: int) -> TradeUpdate:
        units = self._symbols[trade.s]
        price, quantity = units.trade(trade.p, trade.v)
        ts_ns = trade.T * MILLISECOND
        return TradeUpdate(
            trade.s, units.scale, price, quantity, side_of(trade.S), trade.i, ts_ns, received_ns
        )

    def _bar(self, symbol: str, bar: _Bar, received_ns: int) -> BarUpdate:
        units = self._symbols[symbol]
        _, volume = units.trade(bar.close, bar.volume)
        first, high, low, last = units.prices(bar.open, bar.high, bar.low, bar.close)
        return BarUpdate(
            symbol,
            units.scale,
            f"{bar.interval}m" if bar.interval.isdigit() else bar.interval,
            bar.start * MILLISECOND,
            first,
            high,
            low,
            last,
            volume,
            bar.confirm,
            received_ns,
        )
