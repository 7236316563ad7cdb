"""How orders end, and what the end or the trade of one does to the others of its list.

Part of the plain matching engine; the rules are in `docs/explanation/matching.md`, "Lists".
"""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import EventKind, Flag, Reason
from fks.contexts.execution.domain.matching.reference_state import Order, Passing, Place, State

__all__ = ["LISTED", "children", "cut", "end", "forget", "joined", "spread", "unlink"]

LISTED = Flag.OCO | Flag.OUO | Flag.CHILD


def joined(state: State, order: Order) -> None:
    """Enter a new order into its list."""
    if order.flags & LISTED:
        state.lists.setdefault(order.link, []).append(order)


def unlink(state: State, order: Order) -> None:
    """Take an order out of its list."""
    members = state.lists[order.link]
    members.remove(order)
    if not members:
        del state.lists[order.link]


def children(state: State, leader: int) -> list[Order]:
    """Return the live children of an order, in order of acceptance."""
    return [one for one in state.lists.get(leader, ()) if one.flags & Flag.CHILD]


def siblings(state: State, order: Order, flag: Flag) -> list[Order]:
    """Return the others of an order's list that carry the same flag."""
    members = state.lists.get(order.link, ())
    return [one for one in members if one is not order and one.flags & flag]


def forget(state: State, order: Order) -> None:
    """Drop an order that has no open lots any more."""
    order.live = False
    del state.orders[order.id]
    state.books[order.instrument].live -= 1
    state.ledger.opened(order.account, order.instrument, -1)
    if order.flags & LISTED:
        unlink(state, order)
    if children(state, order.id):
        state.passing.setdefault(order.id, Passing()).over = True


def end(
    state: State,
    order: Order,
    reason: int,
    *,
    other: int = 0,
    kind: EventKind = EventKind.CANCELLED,
) -> None:
    """End an order with what is open of it, and its siblings with it."""
    lots = order.open
    state.books[order.instrument].take_out(order)
    state.ledger.release(
        order.account, order.instrument, order.strategy, order.side, lots, order.held_price
    )
    order.open = order.waiting = 0
    state.emit(kind, order, reason=reason, quantity=lots, other=other)
    forget(state, order)
    if reason == Reason.LINKED:
        return
    for flag in (Flag.OCO, Flag.OUO):
        if order.flags & flag:
            for sibling in siblings(state, order, flag):
                end(state, sibling, Reason.LINKED, other=order.id)


def cut(state: State, order: Order, lots: int, reason: int, other: int) -> None:
    """Take lots off an order without a trade, active ones first; without any left it ends."""
    if lots >= order.open:
        end(state, order, reason, other=other)
        return
    state.ledger.release(
        order.account, order.instrument, order.strategy, order.side, lots, order.held_price
    )
    active = max(0, order.active - lots)
    order.open -= lots
    order.waiting = order.open - active
    if order.place == Place.BOOK:
        order.shown = min(order.shown, active)
    if active == 0 and order.place in (Place.BOOK, Place.TRIGGER):
        state.books[order.instrument].take_out(order)
        order.place = Place.NOWHERE
    state.emit(EventKind.RESTATED, order, reason=reason, other=other)


def spread(state: State, order: Order, lots: int, opposite: Order) -> None:
    """Pass a trade of an order on to its children (later) and its siblings (at once)."""
    if children(state, order.id):
        state.passing.setdefault(order.id, Passing()).lots += lots
    if order.flags & Flag.OCO:
        for sibling in siblings(state, order, Flag.OCO):
            if sibling is not opposite:
                end(state, sibling, Reason.LINKED, other=order.id)
    if order.flags & Flag.OUO:
        for sibling in siblings(state, order, Flag.OUO):
            if sibling is not opposite:
                cut(state, sibling, lots, Reason.LINKED, order.id)
