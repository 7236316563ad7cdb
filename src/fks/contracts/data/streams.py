"""Live streams: what an exchange's socket says, in one form, before anybody acts on it.

A wire does no I/O. It says what to send to subscribe, reads each message that came, and knows by
which rule the order book's changes follow one another; `fks.contexts.data.domain.books` builds the
books. So a recorded session is read by the same code as a live one.

Prices and quantities are exact: whole units of `10**-decimals`, where the update's `Scale` gives
the decimals. A symbol's scale starts at its instrument's tick and lot, or at what its first message
needs, and only ever grows, so that units of one symbol can be compared without floats. What the
exchange wrote, trailing zeros and all, can be rebuilt from a level: some checksums need it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec
import numpy as np

from fks.contracts.data.providers import PageRequest
from fks.contracts.data.ticks import NO_ID, NO_PRICE

__all__ = [
    "BARS",
    "CHANNELS",
    "DEPTH",
    "LEVEL",
    "NO_ID",
    "NO_PRICE",
    "QUOTES",
    "TRADES",
    "BarUpdate",
    "BookRule",
    "DepthUpdate",
    "FundingUpdate",
    "Heartbeat",
    "Liveness",
    "Notice",
    "Pong",
    "QuoteUpdate",
    "ReconnectAsked",
    "Rejected",
    "Scale",
    "StreamUpdate",
    "StreamWire",
    "Subscribed",
    "TradeUpdate",
    "Unknown",
]

TRADES, QUOTES, DEPTH, BARS = CHANNELS = ("trades", "quotes", "depth", "bars")
"""What can be subscribed to. A wire refuses those its exchange has not."""

LEVEL = np.dtype(
    [("price", "<i8"), ("quantity", "<i8"), ("price_digits", "<i4"), ("quantity_digits", "<i4")]
)
"""A row of `DepthUpdate.bids` and `asks`: units, and how many decimals the exchange wrote.

`np.frombuffer(update.bids, LEVEL)` has shape (n,). A quantity of 0 removes the level.
"""


class Scale(NamedTuple):
    """A unit of price is `10**-price`, one of quantity `10**-quantity`."""

    price: int
    quantity: int


class TradeUpdate(msgspec.Struct, frozen=True, gc=False):
    """A trade. `side` is the aggressor's, 1 buys, -1 sells, 0 unknown; `id` as text, or empty."""

    symbol: str
    scale: Scale
    price: int
    quantity: int
    side: int
    id: str
    ts_ns: int
    received_ns: int


class QuoteUpdate(msgspec.Struct, frozen=True, gc=False):
    """Best bid and ask. An empty side has `NO_PRICE`; a quantity not told is 0.

    `id` is that of the book it belongs to, where the exchange says so, otherwise `NO_ID`; `ts_ns`
    is 0 where the exchange tells none.
    """

    symbol: str
    scale: Scale
    bid: int
    bid_quantity: int
    ask: int
    ask_quantity: int
    id: int
    ts_ns: int
    received_ns: int


class DepthUpdate(msgspec.Struct, frozen=True, gc=False):
    """Changes of a book, or all of it (`snapshot`), as packed rows of `LEVEL`, in no order.

    Identifiers are `NO_ID` where the exchange has none. `depth` levels a side are kept, all where
    it is 0. `checksum` is that of the book after this update, unsigned, or `NO_ID`.
    """

    symbol: str
    scale: Scale
    bids: bytes
    asks: bytes
    first_id: int
    last_id: int
    previous_id: int
    ts_ns: int
    received_ns: int
    snapshot: bool = False
    checksum: int = NO_ID
    depth: int = 0


class BarUpdate(msgspec.Struct, frozen=True, gc=False):
    """A bar as it stands; `closed` once it will not change any more. `ts_ns` is its open."""

    symbol: str
    scale: Scale
    timeframe: str
    ts_ns: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    closed: bool
    received_ns: int


class FundingUpdate(msgspec.Struct, frozen=True, gc=False):
    """A perpetual's funding rate for the time `due_ns`, when it is paid.

    It may still change, unless it is `settled`: of a payment that was. `rate` and `mark` are
    decimals as the exchange wrote them, `mark` is empty where it tells none.
    """

    symbol: str
    rate: str
    mark: str
    due_ns: int
    ts_ns: int
    received_ns: int
    settled: bool = False


class Heartbeat(msgspec.Struct, frozen=True, gc=False):
    """The exchange lives. `answer`, where it is not empty, has to be sent back."""

    received_ns: int
    answer: bytes = b""


class Pong(msgspec.Struct, frozen=True, gc=False):
    """The answer to a ping."""

    received_ns: int


class Subscribed(msgspec.Struct, frozen=True, gc=False):
    """A subscription holds; `symbol` and `channel` as the exchange names them, or empty."""

    symbol: str
    channel: str
    received_ns: int


class Rejected(msgspec.Struct, frozen=True, gc=False):
    """The exchange refused what was asked."""

    reason: str
    received_ns: int


class ReconnectAsked(msgspec.Struct, frozen=True, gc=False):
    """The exchange is about to close the connection."""

    received_ns: int


class Notice(msgspec.Struct, frozen=True, gc=False):
    """Something known that says nothing about a market: a version, a status."""

    text: str
    received_ns: int


class Unknown(msgspec.Struct, frozen=True, gc=False):
    """Well formed, but nothing that this wire knows. To be counted, not to be dropped silently."""

    text: str
    received_ns: int


StreamUpdate = (
    DepthUpdate
    | TradeUpdate
    | QuoteUpdate
    | BarUpdate
    | FundingUpdate
    | Heartbeat
    | Pong
    | Subscribed
    | Rejected
    | ReconnectAsked
    | Notice
    | Unknown
)


class BookRule(msgspec.Struct, frozen=True, kw_only=True):
    """How the changes of a book follow one another.

    `link`: `contiguous`, `first_id` is the last one plus 1; `previous`, `previous_id` is the last
    one; `rising`, ids only grow, so that a loss cannot be seen; `none`, there are no ids.
    `snapshot`: it comes in the stream, or has to be asked for by `snapshot_page`. `checksum` names
    how the updates' checksums are made. `crossing`: whether a book
    whose bid reaches its ask is broken, or passes through that between two messages.
    """

    link: Literal["contiguous", "previous", "rising", "none"]
    snapshot: Literal["stream", "page"] = "stream"
    checksum: Literal["", "kraken", "okx", "bitfinex"] = ""
    crossing: Literal["broken", "passing"] = "broken"


class Liveness(msgspec.Struct, frozen=True, kw_only=True):
    """`ping` is sent each `every_s`, where it is not empty; silence of `silence_s` is a loss."""

    ping: bytes = b""
    every_s: float = 0.0
    silence_s: float = 60.0


class StreamWire(Protocol):
    """An exchange's stream. One wire serves one connection: it remembers scales and channels."""

    name: str
    url: str
    snapshot_base_url: str
    liveness: Liveness
    book_rule: BookRule

    def subscriptions(self, symbols: Sequence[str], channels: Iterable[str]) -> tuple[bytes, ...]:
        """Return the messages to send after connecting. Raises `Invalid` for a foreign channel."""
        ...

    def resync(self, symbol: str) -> tuple[bytes, ...]:
        """Return what to send for a new snapshot in the stream; nothing where a page brings it."""
        ...

    def read(self, payload: bytes, received_ns: int) -> Sequence[StreamUpdate]:
        """Read one message. Raises `Unavailable`, `data.malformed_payload`, where it is damaged."""
        ...

    def snapshot_page(self, symbol: str) -> PageRequest | None:
        """Return where a book's snapshot is; None where it comes in the stream."""
        ...

    def read_snapshot(self, symbol: str, body: bytes, received_ns: int) -> DepthUpdate:
        """Read that page; raises as `read`."""
        ...
