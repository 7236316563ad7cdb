"""Venues: where orders go, as an extension point.

A venue adapter translates between this protocol and a venue's wire. It decides nothing: it sends
what it is given, once, reports what the venue says, and answers when it is asked what the venue
holds. Vendor errors end at it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal, Protocol

import msgspec

from fks.contracts.values import Instrument, OrderType, Side, TimeInForce
from fks.kernel.hooks import spec

__all__ = [
    "Venue",
    "VenueBalance",
    "VenueCapabilities",
    "VenueCash",
    "VenueContext",
    "VenueFill",
    "VenueOrder",
    "VenueOrderStatus",
    "VenuePosition",
    "VenueReport",
    "VenueReportKind",
    "VenueSpec",
    "fks_venues",
]


class VenueReportKind(enum.Enum):
    """What a venue says about an order, or about the link to it."""

    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REPLACED = "replaced"
    CANCEL_REJECTED = "cancel_rejected"
    REPLACE_REJECTED = "replace_rejected"
    UNKNOWN = "unknown"  # it was sent and no answer came: a timeout, a cut, a 5xx
    UNSENT = "unsent"  # it certainly did not leave: no connection, refused before sending
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"


class VenueOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is sent. `client_order_id` is ours, unique at the venue for ever."""

    client_order_id: str
    instrument: Instrument
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    display_quantity: Decimal | None = None
    expire_ts_ns: int = 0
    post_only: bool = False
    reduce_only: bool = False


class VenueReport(msgspec.Struct, frozen=True, kw_only=True):
    """Something a venue said. Fills carry the venue's `trade_id`: repeats are told by it.

    For `filled`: `quantity` and `price` of this fill alone. `ts_ns` is the venue's time.
    `code` and `text` are the venue's own words for a refusal.
    """

    kind: VenueReportKind
    ts_ns: int
    client_order_id: str = ""
    venue_order_id: str = ""
    symbol: str = ""
    side: Side | None = None
    trade_id: str = ""
    quantity: Decimal = Decimal(0)
    price: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    fee_currency: str = ""
    maker: bool = False
    code: str = ""
    text: str = ""


class VenueOrderStatus(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the venue holds it. `state`: new, partially_filled, filled, cancelled,
    rejected or expired.
    """

    client_order_id: str
    venue_order_id: str
    symbol: str
    side: Side
    state: str
    quantity: Decimal
    filled: Decimal
    ts_ns: int
    price: Decimal | None = None
    average_price: Decimal | None = None


class VenueFill(msgspec.Struct, frozen=True, kw_only=True):
    """A fill out of a venue's history."""

    trade_id: str
    client_order_id: str
    venue_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    ts_ns: int
    maker: bool = False


class VenuePosition(msgspec.Struct, frozen=True, kw_only=True):
    """A position as the venue holds it, signed."""

    symbol: str
    quantity: Decimal
    average_price: Decimal


class VenueBalance(msgspec.Struct, frozen=True, kw_only=True):
    """Money at the venue: in all, and what of it is free."""

    currency: str
    total: Decimal
    free: Decimal


class VenueCash(msgspec.Struct, frozen=True, kw_only=True):
    """Money that moved at a venue by no fill; `amount` is signed, `what` deposit, funding, ...

    `id` tells repeats. `ts_ns` is the venue's time.
    """

    id: str
    what: str
    currency: str
    amount: Decimal
    ts_ns: int


class VenueCapabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue can do. What it cannot is refused before anything is sent.

    `dedups`: a second order under one client_order_id is refused by the venue itself, so that a
    resend under the same id is safe. `sure_of_absence`: `find_order` says None only when nothing
    sent under that id can still be taken, so None is a proof even where ids may be used again.
    `holds_positions`: it reports positions (derivatives). `money` says how a fill moves what
    `balances` tells, so that it can be compared: by `exchange` of two assets (spot), by the
    realised `profit` less the fee (futures), or "" where it is not told so exactly.
    """

    order_types: frozenset[OrderType]
    times_in_force: frozenset[TimeInForce]
    amend: bool
    post_only: bool
    reduce_only: bool
    dedups: bool
    holds_positions: bool
    history: bool = True
    iceberg: bool = False
    cancel_on_disconnect: bool = False
    sure_of_absence: bool = False
    money: Literal["", "exchange", "profit"] = ""


class VenueContext(msgspec.Struct, frozen=True, kw_only=True):
    """What an adapter is made with: its account, its section of the settings, what it trades."""

    account: str
    settings: Mapping[str, Any]
    instruments: tuple[Instrument, ...]
    wall_ns: Callable[[], int]
    monotonic_ns: Callable[[], int]


class Venue(Protocol):
    """A connection to a venue for one account.

    `submit`, `cancel` and `amend` return nothing: every outcome, the unclear ones included, is a
    report to the listener. They never send twice. The questions (`find_order` and below) raise
    `Unavailable` or `TimedOut` when the venue does not answer, and change nothing.
    """

    @property
    def capabilities(self) -> VenueCapabilities:
        """Return what the venue can do."""
        ...

    async def connect(self, listener: Callable[[VenueReport | VenueCash], None]) -> None:
        """Connect and stay connected (with backoff) until `close`; report to the listener.

        Raises `Unavailable` when the first connection fails, `Denied` for keys that are refused.
        """
        ...

    async def close(self) -> None:
        """Disconnect; orders stay where they are."""
        ...

    async def submit(self, order: VenueOrder) -> None:
        """Send an order."""
        ...

    async def cancel(self, client_order_id: str, symbol: str) -> None:
        """Ask for a cancel."""
        ...

    async def amend(
        self, client_order_id: str, symbol: str, quantity: Decimal, price: Decimal | None
    ) -> None:
        """Ask for another total quantity and limit price."""
        ...

    async def find_order(self, client_order_id: str, symbol: str) -> VenueOrderStatus | None:
        """Return an order, or None when the venue is sure that it never had it."""
        ...

    async def open_orders(self) -> tuple[VenueOrderStatus, ...]:
        """Return all working orders, strangers' (placed elsewhere) included."""
        ...

    async def fills_since(self, ts_ns: int, symbol: str) -> tuple[VenueFill, ...]:
        """Return the fills at or after an instant, oldest first."""
        ...

    async def positions(self) -> tuple[VenuePosition, ...]:
        """Return the positions that are not flat; none where the venue holds none."""
        ...

    async def balances(self) -> tuple[VenueBalance, ...]:
        """Return the money."""
        ...

    async def clock_offset_ns(self) -> int:
        """Return how far the venue's clock is ahead of ours."""
        ...


class VenueSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of venue: `factory` is "module:callable" taking a `VenueContext`.

    `extra` names the optional dependencies it needs; `live` says that money can be at stake.
    """

    name: str
    summary: str
    factory: str
    live: bool
    extra: str = ""


@spec
def fks_venues() -> Iterable[VenueSpec]:  # type: ignore[empty-body]  # a spec has no body
    """Return the kinds of venues that a plugin brings. Used by execution."""
