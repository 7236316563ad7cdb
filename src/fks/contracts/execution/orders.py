"""Orders, fills and positions of trading accounts, and what may be asked of them.

Quantities, prices and money at this edge are exact decimals, written as text on the wire; inside
execution they are integer lots, ticks and nanos. The words are FIX's where FIX has one.
"""

from __future__ import annotations

import enum
from decimal import Decimal
from typing import Annotated

import msgspec

from fks.contracts.values import OrderType, PositionSide, Side, TimeInForce
from fks.kernel.messages import Command, Event, Query

__all__ = [
    "AccountFill",
    "AccountFillList",
    "AccountOrder",
    "AccountOrderList",
    "AccountPosition",
    "AccountPositionList",
    "AmendOrder",
    "BookDepth",
    "CancelOrder",
    "CancelOrders",
    "CancelledOrders",
    "CheckOrder",
    "CheckSignal",
    "ControlCheck",
    "DecideSignals",
    "DecideSignalsReply",
    "DepthLevel",
    "GetDepth",
    "GetOrder",
    "GetTradeStory",
    "HeldSignal",
    "HeldSignalList",
    "ListAccountFills",
    "ListAccountOrders",
    "ListAccountPositions",
    "ListHeldSignals",
    "OrderCheck",
    "OrderLink",
    "OrderRequest",
    "OrderState",
    "OrderUpdated",
    "OrdersPlaced",
    "PlaceOrder",
    "PlaceOrders",
    "PositionUpdated",
    "SelfTradeMode",
    "SignalDecision",
    "SignalQueued",
    "SignalTaken",
    "StoryStep",
    "TakeSignal",
    "TradeFilled",
    "TradeStory",
]

ClientId = Annotated[str, msgspec.Meta(min_length=1, max_length=36, pattern=r"^[A-Za-z0-9_.:\-]+$")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Note = Annotated[str, msgspec.Meta(max_length=200)]


class OrderState(enum.Enum):
    """Where an order of an account stands.

    `unknown`: it was sent and nothing proves what became of it; it counts as exposure until the
    venue says. Filled, cancelled, rejected and expired are final.
    """

    PENDING_NEW = "pending_new"
    NEW = "new"
    PARTIALLY_FILLED = "partially_filled"
    PENDING_CANCEL = "pending_cancel"
    PENDING_REPLACE = "pending_replace"
    HELD = "held"
    UNKNOWN = "unknown"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"


class SelfTradeMode(enum.Enum):
    """What happens instead of a trade with oneself."""

    CANCEL_NEWEST = "cancel_newest"
    CANCEL_OLDEST = "cancel_oldest"
    CANCEL_BOTH = "cancel_both"
    DECREMENT = "decrement"


class OrderLink(enum.Enum):
    """How an order belongs to the list named by `list_id`."""

    NONE = "none"
    OCO = "oco"
    OUO = "ouo"
    CHILD = "child"
    CHILD_OCO = "child_oco"
    CHILD_OUO = "child_ouo"


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order as it is wished for.

    `take_profit` and `stop_loss` make it the leader of a bracket. `price` is the limit, or the
    limit's offset of a trailing stop limit; `stop_price` the trigger; `trail` the trailing offset.
    `reference` says what caused it (a signal's id), for the trade's story; `override` is the number
    of a granted override.
    """

    account: Name
    client_order_id: ClientId
    symbol: Name
    side: Side
    quantity: Decimal
    type: OrderType = OrderType.MARKET
    time_in_force: TimeInForce = TimeInForce.GTC
    price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    display_quantity: Decimal | None = None
    expire_ts_ns: int = 0
    post_only: bool = False
    reduce_only: bool = False
    self_trade: SelfTradeMode = SelfTradeMode.CANCEL_NEWEST
    list_id: Annotated[str, msgspec.Meta(max_length=36)] = ""
    link: OrderLink = OrderLink.NONE
    strategy_id: Annotated[str, msgspec.Meta(max_length=64)] = ""
    reference: Annotated[str, msgspec.Meta(max_length=200)] = ""
    override: int = 0


class AccountOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order of an account as it stands.

    `id` is the journal's sequence number of the command that placed it; `limits_version` names
    the limits that it was checked against; `code` and `reason` say why it was refused or ended;
    `seen_price` was the last price when it was decided.
    """

    id: int
    account: str
    client_order_id: str
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    filled: Decimal
    leaves: Decimal
    state: OrderState
    created_ts_ns: int
    updated_ts_ns: int
    price: Decimal | None = None
    stop_price: Decimal | None = None
    average_price: Decimal | None = None
    venue: str = ""
    venue_order_id: str = ""
    strategy_id: str = ""
    reference: str = ""
    list_id: str = ""
    reduce_only: bool = False
    post_only: bool = False
    limits_version: int = 0
    code: str = ""
    reason: str = ""
    seen_price: Decimal | None = None


class AccountFill(msgspec.Struct, frozen=True, kw_only=True):
    """A fill of an account. `trade_id` is the venue's; a fill is counted once by it."""

    id: int
    order_id: int
    account: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    ts_ns: int
    position: Decimal
    realised_pnl: Decimal
    maker: bool = False
    venue: str = ""
    trade_id: str = ""
    strategy_id: str = ""


class AccountPosition(msgspec.Struct, frozen=True, kw_only=True):
    """A position of an account; `quantity` is signed, `open_buy` and `open_sell` rest or travel."""

    account: str
    symbol: str
    quantity: Decimal
    average_price: Decimal
    last_price: Decimal
    unrealised_pnl: Decimal
    realised_pnl: Decimal
    open_buy: Decimal
    open_sell: Decimal


class AccountOrderList(msgspec.Struct, frozen=True, kw_only=True):
    """Orders, newest first."""

    orders: tuple[AccountOrder, ...]


class AccountFillList(msgspec.Struct, frozen=True, kw_only=True):
    """Fills, newest first."""

    fills: tuple[AccountFill, ...]


class AccountPositionList(msgspec.Struct, frozen=True, kw_only=True):
    """Positions that are not flat, or have open orders."""

    positions: tuple[AccountPosition, ...]


class OrdersPlaced(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to each request of a bulk, in its order; a refused one is an order too."""

    orders: tuple[AccountOrder, ...]


class CancelledOrders(msgspec.Struct, frozen=True, kw_only=True):
    """The orders for which a cancel was asked."""

    order_ids: tuple[int, ...]


class OrderUpdated(Event, frozen=True, kw_only=True, tag="execution.order_updated.v1"):
    """An order of an account changed; this is durable."""

    account: str
    order: AccountOrder


class TradeFilled(Event, frozen=True, kw_only=True, tag="execution.trade_filled.v1"):
    """An order of an account was filled, wholly or in part; this is durable."""

    account: str
    fill: AccountFill


class PositionUpdated(Event, frozen=True, kw_only=True, tag="execution.position_updated.v1"):
    """A position of an account moved."""

    account: str
    position: AccountPosition


class PlaceOrder(Command[AccountOrder], frozen=True, kw_only=True, tag="execution.place_order.v1"):
    """Place one order. The reply comes when it is durable and says whether it was taken.

    Another order under the same account and client_order_id is a `Conflict`
    (`execution.client_id_reused`); the same request again gives the first answer.
    """

    request: OrderRequest


class PlaceOrders(
    Command[OrdersPlaced], frozen=True, kw_only=True, tag="execution.place_orders.v1"
):
    """Place up to 100 orders, each for itself, in this order."""

    requests: Annotated[tuple[OrderRequest, ...], msgspec.Meta(min_length=1, max_length=100)]


class AmendOrder(Command[AccountOrder], frozen=True, kw_only=True, tag="execution.amend_order.v1"):
    """Change price, trigger or open quantity of a working order; None keeps it."""

    order_id: int
    quantity: Decimal | None = None
    price: Decimal | None = None
    stop_price: Decimal | None = None


class CancelOrder(
    Command[AccountOrder], frozen=True, kw_only=True, tag="execution.cancel_order.v1"
):
    """Cancel an order; one that is final already is returned as it is."""

    order_id: int


class CancelOrders(
    Command[CancelledOrders], frozen=True, kw_only=True, tag="execution.cancel_orders.v1"
):
    """Cancel all working orders, of an account, a symbol, a side or all."""

    account: str = ""
    symbol: str = ""
    side: Side | None = None


class GetOrder(Query[AccountOrder], frozen=True, kw_only=True, tag="execution.get_order.v1"):
    """How does this order stand? By its id, or by account and client_order_id."""

    order_id: int = 0
    account: str = ""
    client_order_id: str = ""


class ListAccountOrders(
    Query[AccountOrderList], frozen=True, kw_only=True, tag="execution.list_account_orders.v1"
):
    """Which orders are there? Newest first; `before_id` pages backwards."""

    account: str = ""
    symbol: str = ""
    working: bool = False
    before_id: int = 2**63 - 1
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 200


class ListAccountFills(
    Query[AccountFillList], frozen=True, kw_only=True, tag="execution.list_account_fills.v1"
):
    """Which fills are there? Newest first; `before_id` pages backwards."""

    account: str = ""
    symbol: str = ""
    order_id: int = 0
    before_id: int = 2**63 - 1
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 200


class ListAccountPositions(
    Query[AccountPositionList], frozen=True, kw_only=True, tag="execution.list_account_positions.v1"
):
    """Which positions do the accounts hold?"""

    account: str = ""


class ControlCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What a control says to an order: `used` with the order, and `limit`, in `unit`.

    Controls that count nothing give a reason where they refuse, and the limit's text in `value`.
    """

    name: str
    code: str
    passes: bool
    used: Decimal | None = None
    limit: Decimal | None = None
    unit: str = ""
    value: str = ""
    reason: str = ""


class OrderCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What would happen to an order now; nothing was placed."""

    accepted: bool
    code: str
    reason: str
    notional: Decimal
    fee: Decimal
    margin: Decimal
    position_after: Decimal
    controls: tuple[ControlCheck, ...]


class CheckOrder(Query[OrderCheck], frozen=True, kw_only=True, tag="execution.check_order.v1"):
    """Would this order pass, and what would it use?"""

    request: OrderRequest


class DepthLevel(msgspec.Struct, frozen=True, array_like=True):
    """One price of a book: price, quantity shown, number of orders (0: not known)."""

    price: Decimal
    quantity: Decimal
    orders: int


class BookDepth(msgspec.Struct, frozen=True, kw_only=True):
    """A book, best prices first; `own` are the prices at which own orders rest."""

    symbol: str
    ts_ns: int
    bids: tuple[DepthLevel, ...]
    asks: tuple[DepthLevel, ...]
    own: tuple[Decimal, ...] = ()


class GetDepth(Query[BookDepth], frozen=True, kw_only=True, tag="execution.get_depth.v1"):
    """What does the book of this symbol look like?"""

    symbol: str
    levels: Annotated[int, msgspec.Meta(ge=1, le=100)] = 10


class SignalDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a signal at one account: an order, a refusal, or a wait for a person.

    `risk_allowance` is the money that the account risks on it, `latency_ms` measured from the
    arrival to the durable decision.
    """

    signal_id: str
    account: str
    decision: str
    risk_allowance: Decimal
    quantity: Decimal
    latency_ms: float
    order: AccountOrder | None = None
    code: str = ""
    reason: str = ""


class SignalTaken(msgspec.Struct, frozen=True, kw_only=True):
    """The decisions on one signal, an account each."""

    signal_id: str
    decisions: tuple[SignalDecision, ...]


class TakeSignal(Command[SignalTaken], frozen=True, kw_only=True, tag="execution.take_signal.v1"):
    """Act on a signal, at one account or at all that are routed to its strategy.

    `ts_ns` is when it was made: one older than the account's limit, or from the future, is
    refused. The quantity is sized for each account when none is given.
    """

    signal_id: ClientId
    symbol: Name
    side: PositionSide
    ts_ns: int
    strategy_id: Name = "manual"
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    account: str = ""
    order_type: OrderType = OrderType.MARKET
    quantity: Decimal | None = None
    price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    source: Note = ""


class CheckSignal(Query[SignalTaken], frozen=True, kw_only=True, tag="execution.check_signal.v1"):
    """What would a signal become at an account, were it taken now? Nothing is placed.

    `price` stands in for the last price where it is given.
    """

    symbol: Name
    side: PositionSide
    account: Name
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    price: Decimal | None = None
    stop_loss: Decimal | None = None
    atr: Decimal | None = None
    strategy_id: Name = "manual"


class HeldSignal(msgspec.Struct, frozen=True, kw_only=True):
    """A signal that waits for a person, for one account; it expires by itself."""

    id: int
    signal_id: str
    account: str
    symbol: str
    side: PositionSide
    quantity: Decimal
    strategy_id: str
    confidence: float
    signal_ts_ns: int
    created_ts_ns: int
    expires_ts_ns: int
    price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    status: str = "waiting"
    decided_by: str = ""
    order_id: int = 0
    reason: str = ""


class HeldSignalList(msgspec.Struct, frozen=True, kw_only=True):
    """Signals that wait or waited, newest first."""

    signals: tuple[HeldSignal, ...]


class SignalQueued(Event, frozen=True, kw_only=True, tag="execution.signal_queued.v1"):
    """A signal waits for a person, or was decided or expired."""

    account: str
    signal: HeldSignal


class ListHeldSignals(
    Query[HeldSignalList], frozen=True, kw_only=True, tag="execution.list_held_signals.v1"
):
    """Which signals wait for a person?"""

    waiting: bool = True
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 200


class DecideSignalsReply(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each."""

    signals: tuple[HeldSignal, ...]


class DecideSignals(
    Command[DecideSignalsReply], frozen=True, kw_only=True, tag="execution.decide_signals.v1"
):
    """Approve or reject held signals; no ids means all that wait."""

    approve: bool
    ids: tuple[int, ...] = ()
    person: Name = "operator"
    note: Note = ""


class StoryStep(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a trade, from the journal: `seq` finds it there."""

    seq: int
    ts_ns: int
    what: str
    detail: str


class TradeStory(msgspec.Struct, frozen=True, kw_only=True):
    """A trade from signal to fills, with the reasons."""

    order: AccountOrder
    steps: tuple[StoryStep, ...]
    fills: tuple[AccountFill, ...]


class GetTradeStory(
    Query[TradeStory], frozen=True, kw_only=True, tag="execution.get_trade_story.v1"
):
    """Why did this order come about, and what became of it?"""

    order_id: int
