"""Kraken's futures: a snapshot of a book, then one level a message, counted by 1.

`ticker` and `ticker_lite` both tell the best prices, the latter without quantities. The trades in
`trade_snapshot` are of before the subscription, and are left out.
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
    decoding,
    number_of,
    side_of,
)
from fks.contracts.data.providers import PageRequest
from fks.contracts.data.streams import (
    DEPTH,
    NO_ID,
    QUOTES,
    TRADES,
    BookRule,
    DepthUpdate,
    FundingUpdate,
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

__all__ = ["KrakenFuturesWire"]

_CHANNELS = {DEPTH: ("book",), TRADES: ("trade",), QUOTES: ("ticker",)}
_REFUSED = frozenset(("alert", "error", "subscribed_failed", "unsubscribed_failed"))
_QUIET = frozenset(("info", "unsubscribed", "challenge"))


class _Level(msgspec.Struct, gc=False):
    price: msgspec.Raw
    qty: msgspec.Raw


class _Message(msgspec.Struct, gc=False):
    """A message of any feed."""

    event: str = ""
    feed: str = ""
    product_id: str = ""
    product_ids: list[str] = []
    seq: Identifier = NO_ID
    timestamp: Millis = 0
    time: Millis = 0
    bids: list[_Level] = []
    asks: list[_Level] = []
    side: str = ""
    price: msgspec.Raw = EMPTY
    qty: msgspec.Raw = EMPTY
    uid: str = ""
    bid: msgspec.Raw = EMPTY
    bid_size: msgspec.Raw = EMPTY
    ask: msgspec.Raw = EMPTY
    ask_size: msgspec.Raw = EMPTY
    relative_funding_rate: msgspec.Raw = EMPTY
    next_funding_rate_time: Millis = 0
    markPrice: msgspec.Raw = EMPTY  # noqa: N815  # the exchange's name


_read = decoding(_Message)


class KrakenFuturesWire:
    """Kraken Futures, version 1; symbols such as `PI_XBTUSD`."""

    name = "kraken_futures"
    url = "wss://futures.kraken.com/ws/v1"
    snapshot_base_url = ""
    liveness = Liveness(silence_s=20.0)
    book_rule = BookRule(link="contiguous", snapshot="stream", crossing="passing")

    def __init__(self, scales: Mapping[str, Scale] | None = None) -> None:
        self._symbols = Symbols(scales)

    def subscriptions(self, symbols: Sequence[str], channels: Iterable[str]) -> tuple[bytes, ...]:
        """Return a request for each channel, and one for heartbeats."""
        names = [name for group in chosen(self.name, channels, _CHANNELS) for name in group]
        beat = msgspec.json.encode({"event": "subscribe", "feed": "heartbeat"})
        return (beat, *(_request("subscribe", name, symbols) for name in names))

    def resync(self, symbol: str) -> tuple[bytes, ...]:
        """Return requests that end the symbol's changes and begin them again."""
        return tuple(_request(word, "book", [symbol]) for word in ("unsubscribe", "subscribe"))

    def snapshot_page(self, symbol: str) -> PageRequest | None:
        """Return None: snapshots come in the stream."""
        return None

    def read_snapshot(self, symbol: str, body: bytes, received_ns: int) -> DepthUpdate:
        """Refuse: snapshots come in the stream."""
        raise Invalid("Kraken's snapshots come in its stream", code="data.no_snapshot_page")

    def read(self, payload: bytes, received_ns: int) -> Sequence[StreamUpdate]:
        """Read one message."""
        message = _read(payload)
        event, feed = message.event, message.feed
        if event in _REFUSED:
            return (Rejected(payload[:300].decode(errors="replace"), received_ns),)
        if event == "subscribed":
            names = message.product_ids or [""]
            return [Subscribed(name, feed, received_ns) for name in names]
        if event in _QUIET:
            return (Notice(event, received_ns),)
        if event:
            return (Unknown(event, received_ns),)
        if feed in ("book", "book_snapshot"):
            return (self._depth(message, received_ns),)
        if feed == "trade":
            return (self._trade(message, received_ns),)
        if feed in ("ticker", "ticker_lite"):
            return (self._quote(message, received_ns), *_funding(message, received_ns))
        if feed == "heartbeat":
            return (Heartbeat(received_ns),)
        if feed == "trade_snapshot":
            return (Notice("trades of before the subscription", received_ns),)
        return (Unknown(feed or payload[:100].decode(errors="replace"), received_ns),)

    def _depth(self, message: _Message, received_ns: int) -> DepthUpdate:
        if message.seq < 0:
            raise damaged("a book without its number")
        whole = message.feed == "book_snapshot"
        units = self._symbols[message.product_id]
        if whole:
            bids, asks = units.pairs(
                [(level.price, level.qty) for level in message.bids],
                [(level.price, level.qty) for level in message.asks],
            )
        elif side := side_of(message.side):
            one = (message.price, message.qty)
            bids, asks = units.pairs([one], []) if side > 0 else units.pairs([], [one])
        else:
            raise damaged("a level without its side")
        return DepthUpdate(
            message.product_id,
            units.scale,
            bids,
            asks,
            message.seq,
            message.seq,
            NO_ID,
            message.timestamp * MILLISECOND,
            received_ns,
            whole,
        )

    def _trade(self, message: _Message, received_ns: int) -> TradeUpdate:
        units = self._symbols[message.product_id]
        price, quantity = units.trade(message.price, message.qty)
        return TradeUpdate(
            message.product_id,
            units.scale,
            price,
            quantity,
            side_of(message.side),
            message.uid,
            message.time * MILLISECOND,
            received_ns,
        )

    def _quote(self, message: _Message, received_ns: int) -> QuoteUpdate:
        units = self._symbols[message.product_id]
        cells: list[bytes | None] = []
        for price, size in ((message.bid, message.bid_size), (message.ask, message.ask_size)):
            there = bytes(price) not in (b"", b"null")
            cells += [bytes(price) if there else None, bytes(size) or b"0"]
        bid, bid_size, ask, ask_size = cells
        assert bid_size is not None and ask_size is not None, "never None"
        best = units.quote(bid, bid_size, ask, ask_size)
        ts_ns = message.time * MILLISECOND
        return QuoteUpdate(message.product_id, units.scale, *best, NO_ID, ts_ns, received_ns)


def _funding(message: _Message, received_ns: int) -> Sequence[FundingUpdate]:
    """Read the rate that a ticker tells of the hour that runs; `funding_rate` is in coins."""
    rate = number_of(message.relative_funding_rate)
    if not rate or not message.next_funding_rate_time:
        return ()
    times = (message.next_funding_rate_time * MILLISECOND, message.time * MILLISECOND)
    mark = number_of(message.markPrice)
    return (FundingUpdate(message.product_id, rate, mark, *times, received_ns),)


def _request(word: str, feed: str, symbols: Sequence[str]) -> bytes:
    """Return a request for a feed of symbols."""
    return msgspec.json.encode({"event": word, "feed": feed, "product_ids": list(symbols)})
