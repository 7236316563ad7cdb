"""What execution publishes and answers, and the desk it lends to engine.

The desk is a deterministic state machine over one instrument: bars and decisions go in, orders,
fills and positions come out. It holds integers only and reads no clock. Engine drives it in
backtests through these protocols; live, execution's own handlers call the very same object.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from fks.contracts.columns import BarColumns, FeatureColumns, Int64
from fks.contracts.values import FillRule, Instrument, OrderType, Side
from fks.kernel.hooks import spec
from fks.kernel.messages import Command, Event, Query

__all__ = [
    "AccountMarked",
    "BarMatched",
    "CostModel",
    "Desk",
    "DeskConfig",
    "Desks",
    "EquityPoint",
    "Fill",
    "FillList",
    "GetEquity",
    "GetSession",
    "ListFills",
    "ListOrders",
    "ListPositions",
    "ListSessions",
    "Order",
    "OrderAccepted",
    "OrderCancelled",
    "OrderFilled",
    "OrderList",
    "OrderRejected",
    "OrderStatus",
    "PauseSession",
    "Position",
    "PositionChanged",
    "PositionList",
    "RejectReason",
    "ResumeSession",
    "RiskLimits",
    "Session",
    "SessionChanged",
    "SessionEquity",
    "SessionList",
    "SessionRecovered",
    "SessionStarted",
    "SessionStatus",
    "StartSession",
    "StopSession",
    "StrategyDesk",
]


class RejectReason(enum.Enum):
    """Why the desk refused an order. The codes of the compiled desk are these, in order."""

    MAX_ORDER_SIZE = "max_order_size"
    MAX_POSITION = "max_position"
    MAX_NOTIONAL = "max_notional"
    SHORT_NOT_ALLOWED = "short_not_allowed"
    INVALID_QUANTITY = "invalid_quantity"
    INVALID_PRICE = "invalid_price"
    NO_MARKET = "no_market"
    OVERFLOW = "overflow"
    TOO_MANY_OPEN_ORDERS = "too_many_open_orders"


class OrderStatus(enum.Enum):
    """Where an order stands; filled, cancelled and rejected are final."""

    ACCEPTED = "accepted"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class SessionStatus(enum.Enum):
    """Where a paper session stands."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"


class RiskLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What an order must stay within. None is written out: it means this limit is waived."""

    max_order_quantity: float | None
    max_position_quantity: float | None
    max_order_notional: float | None
    max_open_orders: int = 1000
    allow_short: bool = True


class CostModel(msgspec.Struct, frozen=True, kw_only=True):
    """What a fill costs: commission in bps of notional, per unit (share, contract), and at least
    `minimum` a fill; slippage against the trader in ticks, in bps and half of `spread_ticks`.
    Slippage applies to market and triggered stop orders, never to limit orders.
    """

    fee_bps: float = 0.0
    fee_per_unit: float = 0.0
    fee_minimum: float = 0.0
    slippage_ticks: int = 0
    slippage_bps: float = 0.0
    spread_ticks: int = 0


class DeskConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How a desk trades one instrument. `cash` and `quantity` are in currency and units."""

    instrument: Instrument
    cash: float
    quantity: float
    fill_rule: FillRule
    costs: CostModel
    limits: RiskLimits


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the desk knows it; `id` counts from 1 within a desk, prices are decimals."""

    id: int
    side: Side
    type: OrderType
    quantity: float
    status: OrderStatus
    created_ts_ns: int
    limit_price: float | None = None
    stop_price: float | None = None
    reason: RejectReason | None = None
    session_id: str = ""
    signal_id: str = ""


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """A fill; `ts_ns` is the open of the bar in which it happened, `position` what it left."""

    id: int
    order_id: int
    side: Side
    quantity: float
    price: float
    fee: float
    ts_ns: int
    position: float
    realised_pnl: float
    session_id: str = ""


class StrategyDesk(Protocol):
    """What a strategy sees of the desk while it decides at a bar.

    `position` is the signed quantity held when the bar closed; it does not move while the
    strategy decides. `long`, `short` and `flat` aim at plus, minus and no configured quantity;
    `target` at any signed quantity: what rests from earlier targets is cancelled, and a market
    order for the difference is placed. `buy` and `sell` place one order and return its number,
    which counts this strategy's `buy` and `sell` calls from 1, for `cancel`.
    """

    @property
    def position(self) -> float:
        """Return the signed quantity held."""
        ...

    def long(self, strength: float = 1.0) -> None:
        """Aim at the configured quantity, long."""
        ...

    def short(self, strength: float = 1.0) -> None:
        """Aim at the configured quantity, short."""
        ...

    def flat(self, strength: float = 1.0) -> None:
        """Aim at no position."""
        ...

    def target(self, quantity: float, strength: float = 1.0) -> None:
        """Aim at a signed quantity."""
        ...

    def buy(self, quantity: float, *, limit: float | None = None, stop: float | None = None) -> int:
        """Place a market, limit or stop order to buy (not both prices)."""
        ...

    def sell(
        self, quantity: float, *, limit: float | None = None, stop: float | None = None
    ) -> int:
        """Place a market, limit or stop order to sell (not both prices)."""
        ...

    def cancel(self, number: int) -> None:
        """Cancel what is left of the order of that number; nothing happens if nothing is."""
        ...

    def cancel_all(self) -> None:
        """Cancel every resting order."""
        ...


class Desk(StrategyDesk, Protocol):
    """The whole desk: the strategy's view, the bar in, and the record out.

    Two ways in, one behaviour. Step by step: `on_bar` (what rests is matched, the account is
    marked at the close), then the strategy's calls, then `end_bar` (the equity of this bar is
    recorded after its same-close fills). In bulk: one of the `drive_*` methods does the same for
    all bars of `bars`, without Python objects where there is no handler. `drive_*` may be called
    again with following bars. All take features as columns beside the bars.
    """

    def on_bar(
        self, ts_ns: int, open_ticks: int, high_ticks: int, low_ticks: int, close_ticks: int
    ) -> None:
        """Match what rests against this bar, mark the account at its close."""
        ...

    def end_bar(self) -> None:
        """Record equity, position and counters of the bar."""
        ...

    def drive_targets(self, bars: BarColumns, sides: Any) -> None:
        """Aim, after each bar, at `sides` (int8 of shape (n,): 1, 0, -1; other = no opinion)."""
        ...

    def drive_events(
        self,
        bars: BarColumns,
        features: FeatureColumns,
        fired: Any,
        handler: Callable[[int, Any, Any, StrategyDesk], None],
    ) -> None:
        """Call `handler(which, bar, values, desk)` at bars where `fired` (uint8 (n,)) is not 0.

        `which` is that number, a bit set of triggers; `bar` and `values` are as in `drive_bars`.
        """
        ...

    def drive_bars(
        self,
        bars: BarColumns,
        features: FeatureColumns,
        on_bar: Callable[[Any, Any, StrategyDesk], None],
        on_fill: Callable[[Fill, StrategyDesk], None] | None = None,
    ) -> None:
        """Call `on_bar(bar, values, desk)` at every bar.

        `bar` has `ts_ns, open, high, low, close, volume, index` and is valid during the call;
        `values` is a named tuple of the features at that bar. `on_fill` is called for fills of
        this bar before `on_bar`.
        """
        ...

    @property
    def equity(self) -> float:
        """Return cash plus the position at the last close, in currency."""
        ...

    @property
    def cash(self) -> float:
        """Return the cash, in currency."""
        ...

    @property
    def realised_pnl(self) -> float:
        """Return the realised profit after fees, in currency."""
        ...

    @property
    def signals(self) -> int:
        """Return how many decisions changed what the strategy aims at, or placed an order."""
        ...

    def orders(self) -> tuple[Order, ...]:
        """Return all orders in the order of their ids."""
        ...

    def fills(self) -> tuple[Fill, ...]:
        """Return all fills in the order in which they happened."""
        ...

    @property
    def average_price(self) -> float:
        """Return the average entry price of the open position in currency units, 0 when flat."""
        ...

    @property
    def order_count(self) -> int:
        """Return the id of the newest order, refused ones included; 0 before the first."""
        ...

    @property
    def fill_count(self) -> int:
        """Return the id of the newest fill; 0 before the first."""
        ...

    @property
    def open_count(self) -> int:
        """Return how many orders rest."""
        ...

    def orders_after(self, order_id: int) -> tuple[Order, ...]:
        """Return the orders with a greater id, by id, at a cost of their number alone.

        After `restore` this works for ids from the `order_count` of the snapshot on.
        """
        ...

    def fills_after(self, fill_id: int) -> tuple[Fill, ...]:
        """Return the fills with a greater id, by id; cost and reach are as in `orders_after`."""
        ...

    def open_orders(self) -> tuple[Order, ...]:
        """Return the resting orders by id, at a cost of their number alone."""
        ...

    def order_columns(self) -> Mapping[str, Any]:
        """Return the orders as arrays: id, side (1, -1), type, lots, status, limit_ticks,
        stop_ticks, created_ts_ns, reason.
        """
        ...

    def fill_columns(self) -> Mapping[str, Any]:
        """Return the fills as arrays: id, order_id, side, lots, price_ticks, fee_nanos, ts_ns,
        bar_index, position_lots, realised_nanos, cash_nanos.
        """
        ...

    def equity_nanos(self) -> Int64:
        """Return the equity after each recorded bar, in nanos of the currency."""
        ...

    def position_lots(self) -> Int64:
        """Return the signed position after each recorded bar, in lots."""
        ...

    def snapshot(self) -> bytes:
        """Return the whole trading state as bytes, as it stands between two calls.

        Taken after `on_bar` or `end_bar`, at every bar of a live session: so it holds what the
        future depends on (account, cost basis, counters, resting orders, the last close) and
        not the history, and its size is bounded by the resting orders. Orders and fills keep
        their numbers across `restore`; those that were final before it are no longer listed.
        """
        ...

    def restore(self, state: bytes) -> None:
        """Take over a snapshot; this desk then behaves as the one that made it."""
        ...

    def state_hash(self) -> str:
        """Return a hash of the trading state, equal for the compiled desk and its twin."""
        ...


class Desks(Protocol):
    """Make desks."""

    def make(self, config: DeskConfig, *, compiled: bool = True) -> Desk:
        """Return a fresh desk. Raises `Invalid` when the instrument cannot be traded exactly."""
        ...


class OrderAccepted(Event, frozen=True, kw_only=True, tag="execution.order_accepted.v1"):
    """The desk took an order; from here on it is not lost."""

    session_id: str
    instrument: str
    order: Order


class OrderRejected(Event, frozen=True, kw_only=True, tag="execution.order_rejected.v1"):
    """The desk refused an order; `order.reason` says why."""

    session_id: str
    instrument: str
    order: Order


class OrderCancelled(Event, frozen=True, kw_only=True, tag="execution.order_cancelled.v1"):
    """An order was cancelled before it was filled."""

    session_id: str
    instrument: str
    order: Order


class OrderFilled(Event, frozen=True, kw_only=True, tag="execution.order_filled.v1"):
    """An order was filled."""

    session_id: str
    instrument: str
    fill: Fill


class PositionChanged(Event, frozen=True, kw_only=True, tag="execution.position_changed.v1"):
    """The position moved."""

    session_id: str
    instrument: str
    ts_ns: int
    quantity: float
    average_price: float
    realised_pnl: float


class BarMatched(Event, frozen=True, kw_only=True, tag="execution.bar_matched.v1"):
    """The desk has matched what rested against this bar: now the strategy may decide."""

    session_id: str
    ts_ns: int
    index: int
    position: float


class AccountMarked(Event, frozen=True, kw_only=True, tag="execution.account_marked.v1"):
    """The bar is done: decisions are applied, the account is marked at its close."""

    session_id: str
    ts_ns: int
    index: int
    equity: float
    cash: float
    position: float


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A paper session: a strategy on a replayed stream of bars.

    `bars_per_second` 0 means as fast as it goes. `last_ts_ns` is the last bar that the desk has
    matched, `last_index` its index in the stream (-1 before the first); `decided` says whether
    the strategy's decisions at that bar were applied too.
    """

    id: str
    strategy: str
    params: Mapping[str, Any]
    dataset: str
    dataset_hash: str
    config: DeskConfig
    status: SessionStatus
    created_at_ns: int
    from_ts_ns: int = 0
    to_ts_ns: int = 2**63 - 1
    bars_per_second: float = 0.0
    last_ts_ns: int = 0
    last_index: int = -1
    decided: bool = True
    equity: float = 0.0
    position: float = 0.0
    orders: int = 0
    fills: int = 0
    error: str = ""


class SessionList(msgspec.Struct, frozen=True, kw_only=True):
    """Sessions, newest first."""

    sessions: tuple[Session, ...]


class OrderList(msgspec.Struct, frozen=True, kw_only=True):
    """Orders, newest last."""

    orders: tuple[Order, ...]


class FillList(msgspec.Struct, frozen=True, kw_only=True):
    """Fills, newest last."""

    fills: tuple[Fill, ...]


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """A position of a session; `quantity` is signed."""

    session_id: str
    instrument: str
    quantity: float
    average_price: float
    last_price: float
    unrealised_pnl: float
    realised_pnl: float


class PositionList(msgspec.Struct, frozen=True, kw_only=True):
    """Positions of all sessions that are not over."""

    positions: tuple[Position, ...]


class EquityPoint(msgspec.Struct, frozen=True):
    """Equity after a bar."""

    ts_ns: int
    equity: float
    position: float


class SessionEquity(msgspec.Struct, frozen=True, kw_only=True):
    """The equity curve of a session."""

    session_id: str
    points: tuple[EquityPoint, ...]


class SessionStarted(Event, frozen=True, kw_only=True, tag="execution.session_started.v1"):
    """A paper session begins: engine makes the strategy, data begins the replay."""

    session: Session


class SessionRecovered(Event, frozen=True, kw_only=True, tag="execution.session_recovered.v1"):
    """After a restart, a session goes on behind `session.last_index`.

    Engine rebuilds the strategy by running it over the bars up to and including `last_index`
    and decides anew for that bar: where `session.decided` is false nothing else will, where it
    is true the decisions are known by their bar and dropped. Data replays from the bar after
    it, and ends with `ReplayFinished` even if there is none.
    """

    session: Session


class SessionChanged(Event, frozen=True, kw_only=True, tag="execution.session_changed.v1"):
    """A session was paused, resumed or stopped, or ended by itself."""

    session: Session


class StartSession(Command[Session], frozen=True, kw_only=True, tag="execution.start_session.v1"):
    """Start a paper session. The dataset and strategy are resolved by the one who asks."""

    strategy: str
    params: Mapping[str, Any]
    dataset: str
    dataset_hash: str
    config: DeskConfig
    from_ts_ns: int = 0
    to_ts_ns: int = 2**63 - 1
    bars_per_second: float = 0.0


class PauseSession(Command[Session], frozen=True, kw_only=True, tag="execution.pause_session.v1"):
    """Pause a running session; a session that is over is a `Conflict`."""

    session_id: str


class ResumeSession(Command[Session], frozen=True, kw_only=True, tag="execution.resume_session.v1"):
    """Let a paused session go on."""

    session_id: str


class StopSession(Command[Session], frozen=True, kw_only=True, tag="execution.stop_session.v1"):
    """Stop a session for good; resting orders are cancelled."""

    session_id: str


class GetSession(Query[Session], frozen=True, kw_only=True, tag="execution.get_session.v1"):
    """How does this session stand?"""

    session_id: str


class ListSessions(Query[SessionList], frozen=True, kw_only=True, tag="execution.list_sessions.v1"):
    """Which sessions are there?"""

    limit: int = 50


class ListOrders(Query[OrderList], frozen=True, kw_only=True, tag="execution.list_orders.v1"):
    """Which orders did this session place? The last `limit`."""

    session_id: str
    limit: int = 1000


class ListFills(Query[FillList], frozen=True, kw_only=True, tag="execution.list_fills.v1"):
    """Which fills did this session have? The last `limit`."""

    session_id: str
    limit: int = 1000


class ListPositions(
    Query[PositionList], frozen=True, kw_only=True, tag="execution.list_positions.v1"
):
    """Which positions are open?"""


class GetEquity(Query[SessionEquity], frozen=True, kw_only=True, tag="execution.get_equity.v1"):
    """What is the equity curve of this session? The last `limit` points."""

    session_id: str
    limit: int = 5000


@spec(firstresult=True)
def fks_desks() -> Desks:  # type: ignore[empty-body]  # a spec has no body
    """Return the maker of desks. Implemented by execution, used by engine."""
