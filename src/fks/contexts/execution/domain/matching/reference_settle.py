"""What follows from a command once its own order is done: leaders pass on, triggers fire.

Part of the plain matching engine; the rules are in `docs/explanation/matching.md`.
"""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import (
    EventKind,
    Flag,
    OrderKind,
    Phase,
    Reason,
)
from fks.contexts.execution.domain.matching.reference_links import (
    LISTED,
    children,
    end,
    unlink,
)
from fks.contexts.execution.domain.matching.reference_state import (
    TRIGGERED_KINDS,
    Order,
    Passing,
    Place,
    State,
)
from fks.contexts.execution.domain.matching.reference_triggers import arm, trailing_limit
from fks.contexts.execution.domain.matching.reference_walk import meet, would_cross

__all__ = ["rehold", "settle"]

BECOMES_MARKET = (OrderKind.STOP, OrderKind.MARKET_IF_TOUCHED, OrderKind.TRAILING_STOP)


def settle(state: State) -> None:
    """Work off what is left: leaders first, then fired orders, until nothing is."""
    while state.passing or state.fired:
        if state.passing:
            leader = next(iter(state.passing))
            pass_on(state, leader, state.passing.pop(leader))
        else:
            fire(state, state.fired.popleft())


def pass_on(state: State, leader: int, news: Passing) -> None:
    """Give a leader's trades to its children, and its end."""
    if news.lots:
        for child in children(state, leader):
            if child.live:
                grow(state, child, min(news.lots, child.waiting), leader)
    if news.over:
        for child in children(state, leader):
            release_child(state, child, leader)


def grow(state: State, child: Order, lots: int, leader: int) -> None:
    """Make waiting lots of a child active."""
    if lots == 0:
        return
    book = state.books[child.instrument]
    child.waiting -= lots
    state.emit(EventKind.RESTATED, child, reason=Reason.LINKED, quantity=child.active, other=leader)
    if child.place in (Place.TRIGGER, Place.FIRED):
        return
    book.take_out(child)
    if child.kind in TRIGGERED_KINDS:
        arm(state, child)
    elif (
        child.flags & Flag.POST_ONLY
        and book.phase == Phase.CONTINUOUS
        and would_cross(book, child.side, child.price)
    ):
        end(state, child, Reason.WOULD_CROSS)
    else:
        meet(state, child)


def release_child(state: State, child: Order, leader: int) -> None:
    """Make a child whose leader is over an ordinary order, without the lots that waited."""
    if not child.live:
        return
    waited = child.waiting
    if waited == child.open:
        end(state, child, Reason.LINKED, other=leader)
        return
    if waited:
        state.ledger.release(
            child.account, child.instrument, child.strategy, child.side, waited, child.held_price
        )
        child.open -= waited
        child.waiting = 0
        state.emit(EventKind.RESTATED, child, reason=Reason.LINKED, other=leader)
    child.flags &= ~Flag.CHILD
    if not child.flags & LISTED:
        unlink(state, child)
        child.link = 0


def rehold(state: State, order: Order, lots: int, price: int) -> int:
    """Hold `lots` at `price` instead of what is held for an order; 0, or why nothing changed."""
    where = (order.account, order.instrument, order.strategy, order.side)
    state.ledger.release(*where, order.open, order.held_price)
    reason = state.ledger.hold(*where, lots, price)
    if reason:
        lots, price = order.open, order.held_price
        assert state.ledger.hold(*where, lots, price) == Reason.NONE
    order.held_price = price
    return reason


def fire(state: State, order: Order) -> None:
    """Turn a fired order into the market or limit order it waited to be."""
    if not order.live:
        return None
    book = state.books[order.instrument]
    if order.kind in BECOMES_MARKET:
        kind = OrderKind.MARKET
    else:
        if order.kind == OrderKind.TRAILING_STOP_LIMIT:
            order.price = trailing_limit(book, order)
        kind = OrderKind.LIMIT
    order.kind = kind
    order.stop = order.trigger = 0
    order.has_trigger = False
    price = state.ledger.hold_price(order.instrument, order.side, kind, order.price, 0)
    if reason := rehold(state, order, order.open, price):
        return end(state, order, reason)
    state.emit(EventKind.TRIGGERED, order)
    meet(state, order)
    return None
