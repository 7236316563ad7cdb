"""Bitstamp's stream: changes of a book by their time, joined to a snapshot that is asked for.

The microsecond of a change is its only id. It grows, but nothing says which change came before, so
a loss within the stream cannot be seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fks.contexts.data.domain.wires.reading import (
    EMPTY,
    Symbols,
    chosen,
    damaged,
    decimals_of,
    decoding,
    text_of,
)
from fks.contracts.data.providers import PageRequest
from fks.contracts.data.streams import (
    DEPTH,
    NO_ID,
    TRADES,
    BookRule,
    DepthUpdate,
    Heartbeat,
    Liveness,
    ReconnectAsked,
    Rejected,
    Scale,
    StreamUpdate,
    Subscribed,
    TradeUpdate,
    Unknown,
)

__all__ = ["BitstampWire"]

_MICROSECOND = 1000
_BOOK, _FULL, _TRADES = "diff_order_book_", "order_book_", "live_trades_"
_CHANNELS = {DEPTH: (_BOOK,), TRADES: (_TRADES,)}


class _Data(msgspec.Struct, gc=False):
    microtimestamp: str = ""
    bids: msgspec.Raw = EMPTY
    asks: msgspec.Raw = EMPTY
    id: msgspec.Raw = EMPTY
    amount_str: str = ""
    price_str: str = ""
    type: int = -1
    message: str = ""


class _Message(msgspec.Struct, gc=False):
    event: str
    channel: str = ""
    data: _Data | str | None = None


class _Snapshot(msgspec.Struct, gc=False):
    microtimestamp: str
    bids: msgspec.Raw
    asks: msgspec.Raw


_read = decoding(_Message)
_read_snapshot = decoding(_Snapshot)


class BitstampWire:
    """Bitstamp, version 2; symbols such as `btcusd`."""

    name = "bitstamp"
    url = "wss://ws.bitstamp.net"
    snapshot_base_url = "https://www.bitstamp.net"
    liveness = Liveness(ping=b'{"event":"bts:heartbeat"}', every_s=20.0)
    book_rule = BookRule(link="rising", snapshot="page")

    def __init__(self, scales: Mapping[str, Scale] | None = None) -> None:
        self._symbols = Symbols(scales)

    def subscriptions(self, symbols: Sequence[str], channels: Iterable[str]) -> tuple[bytes, ...]:
        """Return a request for each channel of each symbol."""
        return tuple(
            msgspec.json.encode(
                {"event": "bts:subscribe", "data": {"channel": f"{prefix}{symbol}"}}
            )
            for prefixes in chosen(self.name, channels, _CHANNELS)
            for prefix in prefixes
            for symbol in symbols
        )

    def resync(self, symbol: str) -> tuple[bytes, ...]:
        """Return nothing: a snapshot is asked for by its page."""
        return ()

    def snapshot_page(self, symbol: str) -> PageRequest | None:
        """Return the page of a symbol's book."""
        return PageRequest(path=f"/api/v2/order_book/{symbol}/")

    def read_snapshot(self, symbol: str, body: bytes, received_ns: int) -> DepthUpdate:
        """Read the page of a symbol's book."""
        page = _read_snapshot(body)
        return self._depth(symbol, page.microtimestamp, page.bids, page.asks, received_ns, True)

    def read(self, payload: bytes, received_ns: int) -> Sequence[StreamUpdate]:
        """Read one message."""
        message = _read(payload)
        event, channel, data = message.event, message.channel, message.data
        if event == "data" and isinstance(data, _Data):
            for prefix, whole in ((_BOOK, False), (_FULL, True)):
                if channel.startswith(prefix):
                    symbol, stamp = channel[len(prefix) :], data.microtimestamp
                    return (self._depth(symbol, stamp, data.bids, data.asks, received_ns, whole),)
        if event == "trade" and isinstance(data, _Data) and channel.startswith(_TRADES):
            return (self._trade(channel[len(_TRADES) :], data, received_ns),)
        if event == "bts:heartbeat":
            return (Heartbeat(received_ns),)
        if event == "bts:subscription_succeeded":
            kind, _, symbol = channel.rpartition("_")
            return (Subscribed(symbol, kind, received_ns),)
        if event == "bts:request_reconnect":
            return (ReconnectAsked(received_ns),)
        if event == "bts:error":
            return (Rejected(payload[:300].decode(errors="replace"), received_ns),)
        return (Unknown(f"{event} {channel}", received_ns),)

    def _depth(
        self,
        symbol: str,
        stamp: str,
        bids: msgspec.Raw,
        asks: msgspec.Raw,
        received_ns: int,
        snapshot: bool,
    ) -> DepthUpdate:
        units = self._symbols[symbol]
        number = decimals_of(stamp, 0)
        packed_bids, packed_asks = units.sides(bids, asks)
        return DepthUpdate(
            symbol,
            units.scale,
            packed_bids,
            packed_asks,
            number,
            number,
            NO_ID,
            number * _MICROSECOND,
            received_ns,
            snapshot,
        )

    def _trade(self, symbol: str, data: _Data, received_ns: int) -> TradeUpdate:
        if data.type not in (0, 1):
            raise damaged("a trade without its side")
        units = self._symbols[symbol]
        price, quantity = units.trade(data.price_str, data.amount_str)
        return TradeUpdate(
            symbol,
            units.scale,
            price,
            quantity,
            1 if data.type == 0 else -1,
            text_of(data.id),
            decimals_of(data.microtimestamp, 0) * _MICROSECOND,
            received_ns,
        )
