"""What a live stream tells those who listen, and what it asks of those who carry it."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from fks.contracts.data.streams import BarUpdate, QuoteUpdate, Scale, TradeUpdate

__all__ = [
    "Counters",
    "GiveUp",
    "Refused",
    "Send",
    "SnapshotNeeded",
    "StateChange",
    "StreamState",
    "Told",
    "Top",
]

StreamState = Literal["connecting", "waiting", "live", "stale", "resyncing"]


class Top(msgspec.Struct, frozen=True, gc=False):
    """Best bid and ask of a book that is live. An empty side has `NO_PRICE`.

    `id` is that of the last change in the book, `NO_ID` where the exchange has none.
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


class StateChange(msgspec.Struct, frozen=True, gc=False):
    """What a symbol's data are worth from now on; only while `live` may they be believed.

    `connecting`: no connection; `waiting`: subscribed, nothing whole yet; `stale`: nothing came
    for too long; `resyncing`: the book broke, and another snapshot is on its way.
    """

    symbol: str
    state: StreamState
    reason: str
    received_ns: int


Told = TradeUpdate | QuoteUpdate | BarUpdate | Top | StateChange


class Send(NamedTuple):
    """The exchange wants this sent."""

    payload: bytes


class SnapshotNeeded(NamedTuple):
    """A book waits for a snapshot. It may be asked for already."""

    symbol: str


class GiveUp(NamedTuple):
    """The connection is of no more use; `planned` where nothing failed."""

    reason: str
    planned: bool = False


class Refused(NamedTuple):
    """The exchange refuses what was asked."""

    reason: str


class Counters(msgspec.Struct):
    """What happened since the stream began.

    `gaps` are changes that were lost, `resyncs` all books that broke, for that or another reason;
    `late_snapshots` were older than the changes that waited for them. `conflated` are tops and
    quotes that a newer one replaced before they were taken. `foreign` are updates of symbols that
    nobody asked for.
    """

    messages: int = 0
    trades: int = 0
    quotes: int = 0
    gaps: int = 0
    resyncs: int = 0
    checksum_failures: int = 0
    snapshots: int = 0
    late_snapshots: int = 0
    snapshot_failures: int = 0
    reconnects: int = 0
    conflated: int = 0
    malformed: int = 0
    unknown: int = 0
    foreign: int = 0
