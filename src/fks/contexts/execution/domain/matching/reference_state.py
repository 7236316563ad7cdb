"""What the plain matching engine remembers: orders, books, and the events of the command at hand.

Everything is a plain record or a mapping, so that the rules around it read as they are written in
`docs/explanation/matching.md`. Prices are ticks, quantities lots, money nanos, times UTC ns.
"""

from __future__ import annotations

import bisect
import enum
import heapq
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import NamedTuple

from fks.contexts.execution.domain.matching.layout import (
    EventKind,
    Flag,
    Kind,
    OrderKind,
    Phase,
    Reason,
    Tif,
)
from fks.contexts.execution.domain.matching.reference_ledger import ReferenceLedger

__all__ = [
    "BUY",
    "MARKET_PRICE",
    "PRICE_BOUND",
    "SELL",
    "TOUCHED",
    "TRAILING",
    "TRIGGERED_KINDS",
    "Book",
    "Command",
    "Event",
    "Order",
    "Place",
    "Side",
    "State",
]

BUY, SELL = 0, 1
PRICE_BOUND = 2**53  # no price, trigger or offset is further from zero
MARKET_PRICE = (2**62, -(2**62))  # where market orders stand in an auction: ahead of every limit
TRAILING = (OrderKind.TRAILING_STOP, OrderKind.TRAILING_STOP_LIMIT)
TOUCHED = (OrderKind.MARKET_IF_TOUCHED, OrderKind.LIMIT_IF_TOUCHED)
TRIGGERED_KINDS = (OrderKind.STOP, OrderKind.STOP_LIMIT, *TOUCHED, *TRAILING)


class Place(enum.IntEnum):
    """Where a live order is; the numbers stand in snapshots."""

    ARRIVING = 0
    BOOK = 1
    TRIGGER = 2  # waits for its trigger
    FIRED = 3  # its trigger holds; its turn comes before the command ends
    NOWHERE = 4  # a child without active lots
    CLOSE = 5  # AT_CLOSE before the closing auction
    ROUTED = 6


class Command(NamedTuple):
    """One row of COMMAND, in its order."""

    kind: int
    side: int
    type: int
    tif: int
    flags: int
    instrument: int
    account: int
    strategy: int
    id: int
    price: int
    stop: int
    quantity: int
    display: int
    expire_ns: int
    link: int


class Event(NamedTuple):
    """One row of EVENT, in its order."""

    kind: int
    side: int = 0
    reason: int = 0
    flags: int = 0
    instrument: int = 0
    spare: int = 0
    account: int = 0
    other_account: int = 0
    id: int = 0
    price: int = 0
    quantity: int = 0
    leaves: int = 0
    other: int = 0
    fee_nanos: int = 0
    other_fee_nanos: int = 0


@dataclass(slots=True, eq=False)
class Order:
    """One live order."""

    id: int
    instrument: int
    account: int
    strategy: int
    side: int
    kind: int
    tif: int
    flags: int
    price: int
    stop: int
    open: int
    display: int
    expire_ns: int
    link: int
    accepted: int = 0
    waiting: int = 0
    shown: int = 0
    traded: int = 0
    trigger: int = 0
    has_trigger: bool = False
    held_price: int = 0
    place: int = Place.ARRIVING
    live: bool = True

    @property
    def active(self) -> int:
        """Lots that may trade now."""
        return self.open - self.waiting

    @property
    def limit(self) -> int:
        """The worst price of a trade: of a market order, the one it is held at."""
        return self.held_price if self.kind == OrderKind.MARKET else self.price

    @property
    def reduce_only(self) -> bool:
        """Whether it may only reduce the position."""
        return bool(self.flags & Flag.REDUCE_ONLY)


@dataclass(slots=True)
class Side:
    """The resting orders of one side, by price and then time."""

    side: int
    prices: list[int] = field(default_factory=list)  # ascending
    levels: dict[int, OrderedDict[int, Order]] = field(default_factory=dict)

    def key(self, order: Order) -> int:
        """Return the price under which an order queues."""
        return MARKET_PRICE[self.side] if order.kind == OrderKind.MARKET else order.price

    def best_first(self) -> list[int]:
        """Return the prices, best first, market orders ahead."""
        return self.prices[::-1] if self.side == BUY else self.prices[:]

    def add(self, order: Order) -> None:
        """Put an order at the end of its level."""
        price = self.key(order)
        level = self.levels.get(price)
        if level is None:
            bisect.insort(self.prices, price)
            level = self.levels[price] = OrderedDict()
        level[order.id] = order

    def remove(self, order: Order) -> None:
        """Take an order out of its level."""
        price = self.key(order)
        level = self.levels[price]
        del level[order.id]
        if not level:
            del self.levels[price]
            del self.prices[bisect.bisect_left(self.prices, price)]

    def move_to_end(self, order: Order) -> None:
        """Put an order behind the others of its level."""
        self.levels[self.key(order)].move_to_end(order.id)

    def first(self) -> Order | None:
        """Return the order that trades next."""
        if not self.prices:
            return None
        level = self.levels[self.prices[-1 if self.side == BUY else 0]]
        return next(iter(level.values()))

    def best(self) -> int | None:
        """Return the best limit price."""
        for price in self.best_first():
            if price != MARKET_PRICE[self.side]:
                return price
        return None

    def orders(self) -> list[Order]:
        """Return all of them in price-time order."""
        return [one for price in self.best_first() for one in self.levels[price].values()]


@dataclass(slots=True)
class Book:
    """One instrument: its phase, its two sides, what waits for a trigger, what it traded."""

    number: int
    kind: int = Kind.UNKNOWN
    phase: int = Phase.CONTINUOUS
    last: int | None = None
    reference: int | None = None
    min_lots: int = 0
    min_ticks: int = 0
    max_ticks: int = 0
    trades: int = 0
    volume: int = 0
    notional: int = 0
    live: int = 0
    sides: tuple[Side, Side] = field(default_factory=lambda: (Side(BUY), Side(SELL)))
    triggers: dict[int, Order] = field(default_factory=dict)

    def within(self, price: int) -> int:
        """Return the price, brought within the instrument's range."""
        return max(self.min_ticks, min(self.max_ticks, price))

    def rest(self, order: Order) -> None:
        """Put an order into the book."""
        order.place = Place.BOOK
        order.shown = min(order.display or order.active, order.active)
        self.sides[order.side].add(order)

    def take_out(self, order: Order) -> None:
        """Take an order from wherever it is, in the book or before its trigger."""
        if order.place == Place.BOOK:
            self.sides[order.side].remove(order)
        elif order.place == Place.TRIGGER:
            del self.triggers[order.id]
        order.place = Place.ARRIVING
        order.shown = 0


@dataclass(slots=True)
class Passing:
    """What a leader has to pass on to its children."""

    lots: int = 0
    over: bool = False


@dataclass(slots=True)
class State:
    """The whole engine, and the work left of the command at hand."""

    ledger: ReferenceLedger
    max_instruments: int
    max_accounts: int
    max_orders: int
    now_ns: int = 0
    accepted: int = 0
    books: dict[int, Book] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    groups: dict[int, int] = field(default_factory=dict)  # account -> self-trade group
    lists: dict[int, list[Order]] = field(default_factory=dict)  # link -> in acceptance order
    passing: dict[int, Passing] = field(default_factory=dict)  # leader -> what to pass on
    fired: deque[Order] = field(default_factory=deque)
    timed: list[tuple[int, int, Order]] = field(default_factory=list)  # a heap; ended ones too
    events: list[Event] = field(default_factory=list)

    def emit(
        self,
        kind: EventKind,
        order: Order,
        *,
        reason: int = Reason.NONE,
        quantity: int | None = None,
        other: int = 0,
    ) -> None:
        """Append the event of an order; `quantity` is its open lots unless told."""
        self.events.append(
            Event(
                kind=kind,
                side=order.side,
                reason=reason,
                instrument=order.instrument,
                account=order.account,
                id=order.id,
                price=order.price,
                quantity=order.open if quantity is None else quantity,
                leaves=order.open,
                other=other,
            )
        )

    def room(self, order: Order) -> int:
        """Return how many lots would still reduce the position of the order's account."""
        position = self.ledger.position(order.account, order.instrument)
        return max(0, -position if order.side == BUY else position)

    def by_acceptance(self, instrument: int | None = None) -> list[Order]:
        """Return the live orders in order of acceptance."""
        return sorted(
            (one for one in self.orders.values() if instrument in (None, one.instrument)),
            key=lambda one: one.accepted,
        )

    def due(self) -> list[Order]:
        """Return the orders whose time has run out, and forget when it did."""
        found: list[Order] = []
        while self.timed and self.timed[0][0] <= self.now_ns:
            order = heapq.heappop(self.timed)[2]
            if order.live:
                found.append(order)
        return found

    def watch(self, order: Order) -> None:
        """Remember when the time of an order runs out; its venue watches a routed one."""
        if order.tif == Tif.GTD and order.place != Place.ROUTED:
            heapq.heappush(self.timed, (order.expire_ns, order.accepted, order))
