"""Which waiting orders fire, and in which order.

Part of the plain matching engine; the rules are in `docs/explanation/matching.md`, "Triggers".
"""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import OrderKind, Phase
from fks.contexts.execution.domain.matching.reference_state import (
    BUY,
    SELL,
    TOUCHED,
    TRAILING,
    Book,
    Order,
    Place,
    State,
)

__all__ = ["arm", "collect", "trailing_limit"]


def arm(state: State, order: Order) -> None:
    """Let an order wait for its trigger; one that holds already fires at once."""
    book = state.books[order.instrument]
    if order.kind not in TRAILING:
        order.trigger, order.has_trigger = order.stop, True
    if book.phase == Phase.CONTINUOUS:
        follow(book, order)
        if holds(book, order):
            order.place = Place.FIRED
            state.fired.append(order)
            return
    order.place = Place.TRIGGER
    book.triggers[order.id] = order


def follow(book: Book, order: Order) -> None:
    """Move a trailing trigger after the last trade, in its favour only."""
    if order.kind not in TRAILING or book.last is None:
        return
    if order.side == SELL:
        moved = book.within(book.last - order.stop)
        order.trigger = max(order.trigger, moved) if order.has_trigger else moved
    else:
        moved = book.within(book.last + order.stop)
        order.trigger = min(order.trigger, moved) if order.has_trigger else moved
    order.has_trigger = True


def holds(book: Book, order: Order) -> bool:
    """Tell whether the last trade is at or beyond the trigger."""
    if book.last is None or not order.has_trigger:
        return False
    upward = (order.side == BUY) != (order.kind in TOUCHED)
    return book.last >= order.trigger if upward else book.last <= order.trigger


def turn(order: Order) -> tuple[int, bool, int, int]:
    """Return the key by which orders that fire together are taken."""
    touched = order.kind in TOUCHED
    upward = (order.side == BUY) != touched
    return order.side, touched, order.trigger if upward else -order.trigger, order.accepted


def collect(state: State, book: Book) -> None:
    """Move trailing triggers, then put all orders whose trigger holds behind the fired ones."""
    if book.phase != Phase.CONTINUOUS or book.last is None:
        return
    for order in book.triggers.values():
        follow(book, order)
    fired = [order for order in book.triggers.values() if holds(book, order)]
    for order in sorted(fired, key=turn):
        del book.triggers[order.id]
        order.place = Place.FIRED
        state.fired.append(order)


def trailing_limit(book: Book, order: Order) -> int:
    """Return the limit of a trailing stop limit that fires."""
    assert order.kind == OrderKind.TRAILING_STOP_LIMIT
    offset = order.price if order.side == BUY else -order.price
    return book.within(order.trigger + offset)
