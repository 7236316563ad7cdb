"""Own orders in the simulation, and what is reported about them."""

from __future__ import annotations

import enum
from typing import NamedTuple

from fks.contexts.execution.domain.matching.layout import OrderKind, SelfTrade, Tif
from fks.contexts.execution.domain.simulation.events import BUY

__all__ = ["AUCTIONS", "Own", "Report", "ReportKind", "SimOrder", "Why"]

AUCTIONS = frozenset({Tif.AT_OPEN, Tif.AT_CLOSE})

_LIMITED = frozenset(
    {
        OrderKind.LIMIT,
        OrderKind.STOP_LIMIT,
        OrderKind.LIMIT_IF_TOUCHED,
        OrderKind.TRAILING_STOP_LIMIT,
    }
)
_TRAILING = frozenset({OrderKind.TRAILING_STOP, OrderKind.TRAILING_STOP_LIMIT})
_TOUCHED = frozenset({OrderKind.MARKET_IF_TOUCHED, OrderKind.LIMIT_IF_TOUCHED})
_STOPS = frozenset({OrderKind.STOP, OrderKind.STOP_LIMIT}) | _TRAILING


class SimOrder(NamedTuple):
    """An order as it is sent: prices in ticks, quantities in lots, the id chosen by the sender.

    `stop` is the trigger, or the trailing offset; `price` of a trailing stop limit is the limit's
    offset from its trigger. `display` 0 shows all. `expire_ns` 0 never expires. `self_trade` says
    what happens where it would meet an order of its owner; None: they pass one another.
    """

    id: int
    side: int
    type: OrderKind
    lots: int
    price: int = 0
    stop: int = 0
    tif: Tif = Tif.GTC
    display: int = 0
    expire_ns: int = 0
    post_only: bool = False
    reduce_only: bool = False
    self_trade: SelfTrade | None = None


class ReportKind(enum.IntEnum):
    """What a report says."""

    ACCEPTED = 1
    REJECTED = 2
    FILLED = 3
    CANCELLED = 4
    EXPIRED = 5
    REPLACED = 6
    CANCEL_REJECTED = 7
    REPLACE_REJECTED = 8
    TRIGGERED = 9
    FUNDING = 10  # money: `fee_nanos` paid (negative: received)
    SETTLED = 11  # the position's basis is now `price_ticks`
    LIQUIDATED = 12  # equity under maintenance: what follows closes the position


class Why(enum.IntEnum):
    """The reason of a report."""

    NONE = 0
    INVALID = 1
    DUPLICATE = 2
    UNKNOWN = 3
    WOULD_CROSS = 4
    REDUCE_ONLY = 5
    NO_LIQUIDITY = 6
    NOT_FILLABLE = 7
    MARGIN = 8
    LIQUIDATION = 9
    HALTED = 10
    REQUESTED = 11
    SELF_TRADE = 12


class Report(NamedTuple):
    """Something that the simulated venue says.

    `ts_ns` is when it happened, `heard_ns` when its owner hears of it. `lots` and `price_ticks`
    are those of this fill alone, or the order's open lots and limit. Money is in nanos of the
    account's currency, a fee negative where it is a rebate.
    """

    kind: ReportKind
    order_id: int
    ts_ns: int
    heard_ns: int
    side: int = BUY
    lots: int = 0
    price_ticks: int = 0
    leaves: int = 0
    maker: bool = False
    fee_nanos: int = 0
    trade_id: int = 0
    why: Why = Why.NONE


class Own:
    """A live own order. `ahead` is None as long as nothing is known of its level."""

    __slots__ = (
        "accepted_ns",
        "ahead",
        "filled",
        "limit",
        "mark",
        "offer",
        "open",
        "rank",
        "shown",
        "trigger",
        "waiting",
    )

    def __init__(self, offer: SimOrder, rank: int, accepted_ns: int) -> None:
        self.offer = offer
        self.rank = rank  # order of arrival among own orders
        self.accepted_ns = accepted_ns
        self.open = offer.lots
        self.filled = 0
        self.limit: int | None = offer.price if offer.type in _LIMITED else None
        self.waiting = offer.type in _STOPS or offer.type in _TOUCHED  # for its trigger
        self.trigger: int | None = None if offer.type in _TRAILING else offer.stop
        self.shown = min(offer.display or offer.lots, offer.lots)
        self.ahead: int | None = None  # thousandths of lots
        self.mark = 0  # rank in the recorded book up to which orders stand ahead

    @property
    def sign(self) -> int:
        """Return 1 for a buy, -1 for a sell."""
        return 1 if self.offer.side == BUY else -1

    @property
    def trailing(self) -> bool:
        """Tell whether its trigger follows the market."""
        return self.offer.type in _TRAILING

    @property
    def touched(self) -> bool:
        """Tell whether its trigger is met from the better side (if-touched orders)."""
        return self.offer.type in _TOUCHED

    def follow(self, price: int) -> None:
        """Let a trailing trigger follow a price; it only ever moves towards the market."""
        wanted = price + self.sign * self.offer.stop
        if self.trigger is None or (wanted - self.trigger) * self.sign < 0:
            self.trigger = wanted

    def fires_at(self, price: int) -> bool:
        """Tell whether a price meets the trigger."""
        if self.trigger is None:
            return False
        beyond = (price - self.trigger) * self.sign
        return beyond <= 0 if self.touched else beyond >= 0

    def fire(self) -> None:
        """Become the market or limit order that it waited to be."""
        self.waiting = False
        if self.offer.type is OrderKind.TRAILING_STOP_LIMIT and self.trigger is not None:
            self.limit = self.trigger + self.sign * self.offer.price
