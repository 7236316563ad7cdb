"""Kraken's streams, versions 1 and 2: a snapshot, then changes with a checksum.

There are no ids: the checksum of the ten best levels of each side says whether a book is right. A
book of a depth has to be cut to it after each change, since what leaves it is not told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from fks.contexts.data.domain.wires.kraken_first import FirstReader
from fks.contexts.data.domain.wires.reading import (
    EMPTY,
    Symbols,
    chosen,
    damaged,
    decoding,
    iso_ns,
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
    Heartbeat,
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
from fks.kernel.errors import Invalid

__all__ = ["KrakenWire"]

_FIRST = {DEPTH: ("book",), TRADES: ("trade",), QUOTES: ("spread",), BARS: ("ohlc",)}
_SECOND = {DEPTH: ("book",), TRADES: ("trade",), QUOTES: ("ticker",), BARS: ("ohlc",)}


class _Row(msgspec.Struct, gc=False):
    price: msgspec.Raw
    qty: msgspec.Raw


class _Data(msgspec.Struct, gc=False):
    """An entry of any channel."""

    symbol: str = ""
    bids: list[_Row] = []
    asks: list[_Row] = []
    checksum: int = NO_ID
    timestamp: str = ""
    side: str = ""
    price: msgspec.Raw = EMPTY
    qty: msgspec.Raw = EMPTY
    trade_id: msgspec.Raw = EMPTY
    bid: msgspec.Raw = EMPTY
    bid_qty: msgspec.Raw = EMPTY
    ask: msgspec.Raw = EMPTY
    ask_qty: msgspec.Raw = EMPTY
    open: msgspec.Raw = EMPTY
    high: msgspec.Raw = EMPTY
    low: msgspec.Raw = EMPTY
    close: msgspec.Raw = EMPTY
    volume: msgspec.Raw = EMPTY
    interval: int = 0
    interval_begin: str = ""


class _Result(msgspec.Struct, gc=False):
    channel: str = ""
    symbol: str = ""
    depth: int = 0


class _Message(msgspec.Struct, gc=False):
    channel: str = ""
    type: str = ""
    data: msgspec.Raw = EMPTY
    method: str = ""
    success: bool = True
    result: _Result | None = None


_read = decoding(_Message)
_read_data = decoding(list[_Data])


class KrakenWire:
    """Kraken spot; symbols such as `BTC/USD`, `XBT/USD` in version 1."""

    snapshot_base_url = ""
    book_rule = BookRule(link="none", snapshot="stream", checksum="kraken")

    def __init__(
        self,
        version: Literal[1, 2] = 2,
        depth: int = 100,
        scales: Mapping[str, Scale] | None = None,
    ) -> None:
        self.name = f"kraken_v{version}"
        self.url = "wss://ws.kraken.com" + ("/v2" if version == 2 else "")
        ping = b'{"method":"ping"}' if version == 2 else b'{"event":"ping"}'
        self.liveness = Liveness(ping=ping, every_s=20.0, silence_s=30.0)
        self._version = version
        self._depth_asked = depth
        self._symbols = Symbols(scales)
        self._first = FirstReader(self._symbols)

    def subscriptions(self, symbols: Sequence[str], channels: Iterable[str]) -> tuple[bytes, ...]:
        """Return a request for each channel."""
        offered = _SECOND if self._version == 2 else _FIRST
        names = [name for group in chosen(self.name, channels, offered) for name in group]
        return tuple(self._request("subscribe", name, symbols) for name in names)

    def resync(self, symbol: str) -> tuple[bytes, ...]:
        """Return requests that end the symbol's changes and begin them again."""
        return tuple(self._request(word, "book", [symbol]) for word in ("unsubscribe", "subscribe"))

    def _request(self, word: str, channel: str, symbols: Sequence[str]) -> bytes:
        depth = {"depth": self._depth_asked} if channel == "book" else {}
        if self._version == 2:
            params = {"channel": channel, "symbol": list(symbols), **depth}
            return msgspec.json.encode({"method": word, "params": params})
        wanted = {"name": channel, **depth}
        return msgspec.json.encode({"event": word, "pair": list(symbols), "subscription": wanted})

    def snapshot_page(self, symbol: str) -> PageRequest | None:
        """Return None: snapshots come in the stream."""
        return None

    def read_snapshot(self, symbol: str, body: bytes, received_ns: int) -> DepthUpdate:
        """Refuse: snapshots come in the stream."""
        raise Invalid("Kraken's snapshots come in its stream", code="data.no_snapshot_page")

    def read(self, payload: bytes, received_ns: int) -> Sequence[StreamUpdate]:
        """Read one message."""
        if self._version == 1:
            return self._first.read(payload, received_ns)
        message = _read(payload)
        channel = message.channel
        if channel == "heartbeat":
            return (Heartbeat(received_ns),)
        if channel in ("book", "trade", "ticker", "ohlc"):
            return self._entries(message, received_ns)
        if channel in ("status", "instrument"):
            return (Notice(channel, received_ns),)
        if message.method == "pong":
            return (Pong(received_ns),)
        if message.method and not message.success:
            return (Rejected(payload[:300].decode(errors="replace"), received_ns),)
        if message.method == "subscribe" and message.result is not None:
            self._depth_asked = message.result.depth or self._depth_asked
            return (Subscribed(message.result.symbol, message.result.channel, received_ns),)
        if message.method:
            return (Notice(message.method, received_ns),)
        return (Unknown(channel or payload[:100].decode(errors="replace"), received_ns),)

    def _entries(self, message: _Message, received_ns: int) -> Sequence[StreamUpdate]:
        """Read the entries of a channel."""
        entries = _read_data(message.data)
        if message.channel == "book":
            whole = message.type == "snapshot"
            return [self._depth(entry, whole, received_ns) for entry in entries]
        if message.channel == "trade":
            return [self._trade(entry, received_ns) for entry in entries]
        if message.channel == "ticker":
            return [self._quote(entry, received_ns) for entry in entries]
        return [self._bar(entry, received_ns) for entry in entries]

    def _depth(self, data: _Data, whole: bool, received_ns: int) -> DepthUpdate:
        if data.checksum == NO_ID:
            raise damaged("a book without its checksum")
        units = self._symbols[data.symbol]
        bids, asks = units.pairs(
            [(row.price, row.qty) for row in data.bids],
            [(row.price, row.qty) for row in data.asks],
        )
        return DepthUpdate(
            data.symbol,
            units.scale,
            bids,
            asks,
            NO_ID,
            NO_ID,
            NO_ID,
            iso_ns(data.timestamp) if data.timestamp else 0,
            received_ns,
            whole,
            data.checksum,
            self._depth_asked,
        )

    def _trade(self, data: _Data, received_ns: int) -> TradeUpdate:
        units = self._symbols[data.symbol]
        price, quantity = units.trade(data.price, data.qty)
        return TradeUpdate(
            data.symbol,
            units.scale,
            price,
            quantity,
            side_of(data.side),
            text_of(data.trade_id),
            iso_ns(data.timestamp),
            received_ns,
        )

    def _quote(self, data: _Data, received_ns: int) -> QuoteUpdate:
        units = self._symbols[data.symbol]
        best = units.quote(data.bid, data.bid_qty, data.ask, data.ask_qty)
        ts_ns = iso_ns(data.timestamp) if data.timestamp else 0
        return QuoteUpdate(data.symbol, units.scale, *best, NO_ID, ts_ns, received_ns)

    def _bar(self, data: _Data, received_ns: int) -> BarUpdate:
        units = self._symbols[data.symbol]
        _, volume = units.trade(data.close, data.volume)
        prices = units.prices(data.open, data.high, data.low, data.close)
        return BarUpdate(
            data.symbol,
            units.scale,
            f"{data.interval}m",
            iso_ns(data.interval_begin),
            prices[0],
            prices[1],
            prices[2],
            prices[3],
            volume,
            False,
            received_ns,
        )
