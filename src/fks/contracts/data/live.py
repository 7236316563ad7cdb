"""Live streams that a server keeps, and what they tell over the bus.

Prices and quantities are whole units of `10**-price_decimals` and `10**-quantity_decimals`; an
empty side of a book is None. Times are UTC nanoseconds, 0 where the exchange tells none.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from fks.kernel.messages import Command, Event, Query

__all__ = [
    "MARKET_EVENTS",
    "BestPriceChanged",
    "GetLiveBook",
    "KeepStream",
    "KeptStream",
    "ListStreams",
    "LiveBook",
    "MarketBarReported",
    "RemoveStream",
    "StreamFailed",
    "StreamList",
    "StreamSpec",
    "StreamStateChanged",
    "StreamedSymbol",
    "TradeReported",
]


class StreamSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a server streams, by a name of its own; `channels` of trades, quotes, depth, bars."""

    name: str
    exchange: str
    symbols: tuple[str, ...]
    channels: tuple[str, ...] = ("depth", "trades")
    paused: bool = False


class StreamedSymbol(msgspec.Struct, frozen=True, kw_only=True):
    """What a symbol's data are worth, and when something last came; 0 where nothing did.

    `state` is `connecting`, `waiting`, `live`, `stale`, `resyncing`, or `ended`; only what is
    live may be believed.
    """

    symbol: str
    state: str
    heard_at_ns: int = 0


class KeptStream(msgspec.Struct, frozen=True, kw_only=True):
    """A stream as it is: `running`, `waiting` (it failed, and is begun again), `failed`, `paused`.

    `counters` count messages, trades, gaps, resyncs, reconnects and the like since the stream was
    begun; `restarts` how often it was begun anew.
    """

    spec: StreamSpec
    state: str
    symbols: tuple[StreamedSymbol, ...] = ()
    counters: Mapping[str, int] = {}
    restarts: int = 0
    error_code: str = ""
    error: str = ""


class StreamList(msgspec.Struct, frozen=True, kw_only=True):
    """All streams by name."""

    streams: tuple[KeptStream, ...]


class LiveBook(msgspec.Struct, frozen=True, kw_only=True):
    """The best levels of a book that is live, best first: rows of price and quantity."""

    stream: str
    symbol: str
    price_decimals: int
    quantity_decimals: int
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]


class ListStreams(Query[StreamList], frozen=True, kw_only=True, tag="data.list_streams.v1"):
    """Which streams are kept, and how are they?"""


class GetLiveBook(Query[LiveBook], frozen=True, kw_only=True, tag="data.get_live_book.v1"):
    """How is a symbol's book now? At most 1,000 levels a side.

    Raises `NotFound` for a stream that is not kept, `Unavailable` while the book is not live.
    """

    stream: str
    symbol: str
    levels: int = 20


class KeepStream(Command[KeptStream], frozen=True, kw_only=True, tag="data.keep_stream.v1"):
    """Stream this from now on; one of the same name is replaced. Raises `Invalid`."""

    spec: StreamSpec


class RemoveStream(Command[StreamList], frozen=True, kw_only=True, tag="data.remove_stream.v1"):
    """End a stream. Raises `NotFound`."""

    name: str


class BestPriceChanged(Event, frozen=True, kw_only=True, tag="data.best_price_changed.v1"):
    """The best bid or ask of a live symbol changed.

    While a listener is slow only the newest is told. `id` is that of the book's last change, -1
    where the exchange has none.
    """

    stream: str
    exchange: str
    symbol: str
    price_decimals: int
    quantity_decimals: int
    bid: int | None
    bid_quantity: int
    ask: int | None
    ask_quantity: int
    id: int
    ts_ns: int
    received_ns: int


class TradeReported(Event, frozen=True, kw_only=True, tag="data.trade_reported.v1"):
    """An exchange told a trade; each is told once. `side` is the aggressor's: 1, -1, 0 unknown."""

    stream: str
    exchange: str
    symbol: str
    price_decimals: int
    quantity_decimals: int
    price: int
    quantity: int
    side: int
    id: str
    ts_ns: int
    received_ns: int


class MarketBarReported(Event, frozen=True, kw_only=True, tag="data.market_bar_reported.v1"):
    """An exchange told a bar of its own; each that is `closed`, of an open one the newest."""

    stream: str
    exchange: str
    symbol: str
    price_decimals: int
    quantity_decimals: int
    timeframe: str
    ts_ns: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    closed: bool
    received_ns: int


class StreamStateChanged(Event, frozen=True, kw_only=True, tag="data.stream_state_changed.v1"):
    """A symbol's data are worth something else from now on; states as in `StreamedSymbol`.

    What was told of a symbol before does not hold any more unless it is `live`.
    """

    stream: str
    exchange: str
    symbol: str
    state: str
    reason: str
    at_ns: int


class StreamFailed(Event, frozen=True, kw_only=True, tag="data.stream_failed.v1"):
    """A stream ended with an error; it is begun again after a pause that grows."""

    stream: str
    exchange: str
    code: str
    message: str


MARKET_EVENTS = (BestPriceChanged, TradeReported, MarketBarReported)
"""What comes at the market's pace. Each has `stream` and `symbol`."""
