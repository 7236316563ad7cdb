"""Coinbase's exchange feed: a snapshot, then changes that bear a time and no id.

Its book cannot show a loss; `full` and `matches` have sequence numbers, of which trades keep their
trade id, that grows by 1 in each product. The channel of changes is `level2_batch`: `level2` wants
a key nowadays, and its messages are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fks.contexts.data.domain.wires.reading import (
    EMPTY,
    Symbols,
    chosen,
    decoding,
    iso_ns,
    side_of,
    text_of,
)
from fks.contracts.data.providers import PageRequest
from fks.contracts.data.streams import (
    DEPTH,
    NO_ID,
    QUOTES,
    TRADES,
    BookRule,
    DepthUpdate,
    Heartbeat,
    Liveness,
    Notice,
    QuoteUpdate,
    Rejected,
    Scale,
    StreamUpdate,
    Subscribed,
    TradeUpdate,
    Unknown,
)
from fks.kernel.errors import Invalid

__all__ = ["CoinbaseWire"]

_CHANNELS = {DEPTH: ("level2_batch",), TRADES: ("matches",), QUOTES: ("ticker",)}
_QUIET = frozenset(("received", "open", "done", "change", "activate", "status", "auction"))
"""Single orders of the channel `full`, and what products there are."""


class _Channel(msgspec.Struct, gc=False):
    name: str
    product_ids: list[str] = []


class _Message(msgspec.Struct, gc=False):
    type: str
    product_id: str = ""
    bids: msgspec.Raw = EMPTY
    asks: msgspec.Raw = EMPTY
    changes: msgspec.Raw = EMPTY
    time: str = ""
    price: str = ""
    size: str = ""
    side: str = ""
    trade_id: msgspec.Raw = EMPTY
    sequence: int = NO_ID
    best_bid: str = ""
    best_bid_size: str = "0"
    best_ask: str = ""
    best_ask_size: str = "0"
    channels: list[_Channel] = []


_read = decoding(_Message)


class CoinbaseWire:
    """Coinbase Exchange; symbols such as `BTC-USD`."""

    name = "coinbase"
    url = "wss://ws-feed.exchange.coinbase.com"
    snapshot_base_url = ""
    liveness = Liveness(silence_s=10.0)
    book_rule = BookRule(link="none", snapshot="stream")

    def __init__(self, scales: Mapping[str, Scale] | None = None) -> None:
        self._symbols = Symbols(scales)

    def subscriptions(self, symbols: Sequence[str], channels: Iterable[str]) -> tuple[bytes, ...]:
        """Return one request; heartbeats, one a second, are asked for as well."""
        names = [name for group in chosen(self.name, channels, _CHANNELS) for name in group]
        wanted = {"product_ids": list(symbols), "channels": [*names, "heartbeat"]}
        return (msgspec.json.encode({"type": "subscribe", **wanted}),)

    def resync(self, symbol: str) -> tuple[bytes, ...]:
        """Return requests that end the symbol's changes and begin them again."""
        wanted = {"product_ids": [symbol], "channels": list(_CHANNELS[DEPTH])}
        return tuple(
            msgspec.json.encode({"type": word, **wanted}) for word in ("unsubscribe", "subscribe")
        )

    def snapshot_page(self, symbol: str) -> PageRequest | None:
        """Return None: snapshots come in the stream."""
        return None

    def read_snapshot(self, symbol: str, body: bytes, received_ns: int) -> DepthUpdate:
        """Refuse: snapshots come in the stream."""
        raise Invalid("Coinbase's snapshots come in its stream", code="data.no_snapshot_page")

    def read(self, payload: bytes, received_ns: int) -> Sequence[StreamUpdate]:
        """Read one message."""
        message = _read(payload)
        kind = message.type
        if kind in ("l2update", "snapshot"):
            return (self._depth(message, received_ns),)
        if kind in ("match", "last_match"):
            return (self._trade(message, received_ns),)
        if kind == "ticker":
            return (self._quote(message, received_ns),)
        if kind == "heartbeat":
            return (Heartbeat(received_ns),)
        if kind == "subscriptions":
            return tuple(
                Subscribed(symbol, channel.name, received_ns)
                for channel in message.channels
                for symbol in channel.product_ids
            ) or (Notice("no subscriptions", received_ns),)
        if kind == "error":
            return (Rejected(payload[:300].decode(errors="replace"), received_ns),)
        if kind in _QUIET:
            return (Notice(kind, received_ns),)
        return (Unknown(kind, received_ns),)

    def _depth(self, message: _Message, received_ns: int) -> DepthUpdate:
        units = self._symbols[message.product_id]
        whole = message.type == "snapshot"
        if whole:
            bids, asks = units.sides(message.bids, message.asks)
        else:
            bids, asks = units.mixed(message.changes, 0, 1, 2)
        return DepthUpdate(
            message.product_id,
            units.scale,
            bids,
            asks,
            NO_ID,
            NO_ID,
            NO_ID,
            iso_ns(message.time) if message.time else 0,
            received_ns,
            whole,
        )

    def _trade(self, message: _Message, received_ns: int) -> TradeUpdate:
        """Read a trade; Coinbase tells the maker's side."""
        units = self._symbols[message.product_id]
        price, quantity = units.trade(message.price, message.size)
        return TradeUpdate(
            message.product_id,
            units.scale,
            price,
            quantity,
            -side_of(message.side),
            text_of(message.trade_id),
            iso_ns(message.time),
            received_ns,
        )

    def _quote(self, message: _Message, received_ns: int) -> QuoteUpdate:
        units = self._symbols[message.product_id]
        bid, bid_quantity, ask, ask_quantity = units.quote(
            message.best_bid, message.best_bid_size, message.best_ask, message.best_ask_size
        )
        return QuoteUpdate(
            message.product_id,
            units.scale,
            bid,
            bid_quantity,
            ask,
            ask_quantity,
            message.sequence,
            iso_ns(message.time) if message.time else 0,
            received_ns,
        )
