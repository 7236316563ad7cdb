"""Taking new orders, changing and cancelling live ones.

Part of the plain matching engine; the rules are in `docs/explanation/matching.md`.
"""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import (
    CommandKind,
    EventKind,
    Flag,
    Kind,
    OrderKind,
    Phase,
    Reason,
    Tif,
)
from fks.contexts.execution.domain.matching.reference_form import (
    PRICED,
    priced_well,
    sized_well,
    takes,
    well_formed,
)
from fks.contexts.execution.domain.matching.reference_links import (
    LISTED,
    end,
    joined,
)
from fks.contexts.execution.domain.matching.reference_settle import rehold
from fks.contexts.execution.domain.matching.reference_state import (
    TRIGGERED_KINDS,
    Book,
    Command,
    Event,
    Order,
    Place,
    State,
)
from fks.contexts.execution.domain.matching.reference_triggers import arm
from fks.contexts.execution.domain.matching.reference_walk import fillable, meet, would_cross

__all__ = ["add", "cancel", "cancel_all", "refuse", "replace"]


def refuse(state: State, command: Command, reason: int) -> None:
    """Say that a command changed nothing, and why."""
    state.events.append(
        Event(
            kind=EventKind.REJECTED,
            side=command.side,
            reason=reason,
            instrument=command.instrument,
            account=command.account,
            id=command.id,
            price=command.price,
            quantity=command.quantity,
        )
    )


def list_takes(state: State, c: Command) -> bool:
    """Tell whether an order may join the list it names."""
    if not c.flags & LISTED:
        return True
    members = list(state.lists.get(c.link, ()))
    if c.flags & Flag.CHILD:
        leader = state.orders.get(c.link)
        if leader is None or leader.flags & Flag.CHILD:
            return False
        members.append(leader)
    return all(one.account == c.account and one.instrument == c.instrument for one in members)


def ledger_says(state: State, order: Order, lots: int, old_lots: int, old_price: int) -> int:
    """Ask the ledger about an order, or about what a replace would make of it."""
    return state.ledger.check(
        state.now_ns,
        order.account,
        order.instrument,
        order.strategy,
        order.side,
        order.kind,
        order.flags,
        order.price,
        order.stop,
        lots,
        old_lots,
        old_price,
    )


def drafted(c: Command) -> Order:
    """Return the order that an ADD asks for, fields of other types left out."""
    has_price = c.type in PRICED or c.type == OrderKind.TRAILING_STOP_LIMIT
    return Order(
        id=c.id,
        instrument=c.instrument,
        account=c.account,
        strategy=c.strategy,
        side=c.side,
        kind=c.type,
        tif=c.tif,
        flags=c.flags,
        price=c.price if has_price else 0,
        stop=c.stop if c.type in TRIGGERED_KINDS else 0,
        open=c.quantity,
        display=c.display,
        expire_ns=c.expire_ns if c.tif == Tif.GTD else 0,
        link=c.link if c.flags & LISTED else 0,
    )


def refusal(state: State, c: Command) -> Order | Reason:
    """Return the order of an ADD that may be accepted, or why not."""
    book = state.books.get(c.instrument)
    if book is None:
        return Reason.UNKNOWN_INSTRUMENT
    if not state.ledger.known_account(c.account):
        return Reason.UNKNOWN_ACCOUNT
    if not well_formed(state, book, c):
        return Reason.INVALID_ORDER
    if c.id in state.orders:
        return Reason.DUPLICATE_ID
    if not takes(book, c):
        return Reason.WRONG_PHASE
    if not list_takes(state, c):
        return Reason.LINKED
    order = drafted(c)
    if order.reduce_only and not order.flags & Flag.CHILD:
        order.open = min(order.open, state.room(order))
        if order.open == 0:
            return Reason.REDUCE_ONLY
    if len(state.orders) >= state.max_orders:
        return Reason.CAPACITY
    return order


def refused_by_book(state: State, book: Book, order: Order) -> Reason:
    """Return why an order that the ledger takes cannot meet the book, NONE if it can."""
    if book.kind == Kind.ROUTED or book.phase != Phase.CONTINUOUS:
        return Reason.NONE
    if order.flags & Flag.POST_ONLY and not order.flags & Flag.CHILD:
        crosses = would_cross(book, order.side, order.price)
        return Reason.WOULD_CROSS if crosses else Reason.NONE
    if order.tif == Tif.FOK and not fillable(state, book, order):
        return Reason.NOT_FILLABLE
    return Reason.NONE


def add(state: State, c: Command) -> None:
    """Take a new order, or refuse it."""
    order = refusal(state, c)
    if isinstance(order, Reason):
        return refuse(state, c, order)
    book = state.books[c.instrument]
    if order.kind == OrderKind.MARKET_TO_LIMIT and book.kind == Kind.BOOK:
        best = book.sides[1 - order.side].best()
        if best is None:
            return refuse(state, c, Reason.NO_LIQUIDITY)
        order.kind, order.price = OrderKind.LIMIT, best
    reason = ledger_says(state, order, order.open, 0, 0)
    if reason:
        return refuse(state, c, reason)
    order.held_price = state.ledger.hold_price(
        order.instrument, order.side, order.kind, order.price, order.stop
    )
    reason = refused_by_book(state, book, order)
    reason = reason or state.ledger.hold(
        order.account, order.instrument, order.strategy, order.side, order.open, order.held_price
    )
    if reason:
        return refuse(state, c, reason)
    accept(state, book, order)
    return None


def accept(state: State, book: Book, order: Order) -> None:
    """Tell of an order that is held, and put it where it belongs."""
    state.accepted += 1
    order.accepted = state.accepted
    state.orders[order.id] = order
    book.live += 1
    joined(state, order)
    state.ledger.opened(order.account, order.instrument, 1)
    routed = book.kind == Kind.ROUTED
    state.emit(EventKind.ROUTED if routed else EventKind.ACCEPTED, order)
    if order.flags & Flag.CHILD:
        leader = state.orders[order.link]
        order.waiting = order.open - min(order.open, leader.traded)
    if routed:
        order.place = Place.ROUTED
    state.watch(order)
    if routed:
        return
    if order.active == 0:
        order.place = Place.NOWHERE
    elif order.kind in TRIGGERED_KINDS:
        arm(state, order)
    elif order.tif == Tif.AT_CLOSE and book.phase != Phase.CLOSING_AUCTION:
        order.place = Place.CLOSE
    elif crossing_child(book, order):
        end(state, order, Reason.WOULD_CROSS)
    else:
        meet(state, order)


def crossing_child(book: Book, order: Order) -> bool:
    """Tell whether a post-only child that becomes active would trade."""
    both = Flag.CHILD | Flag.POST_ONLY
    return (
        order.flags & both == both
        and book.phase == Phase.CONTINUOUS
        and would_cross(book, order.side, order.price)
    )


def owned(state: State, c: Command) -> Order | None:
    """Return the live order that a command may touch."""
    order = state.orders.get(c.id)
    return order if order is not None and c.account in (0, order.account) else None


def asked(state: State, order: Order) -> None:
    """Say that the venue of a routed order may be asked to cancel it."""
    state.events.append(
        Event(
            kind=EventKind.DONE,
            side=order.side,
            flags=CommandKind.CANCEL,
            instrument=order.instrument,
            account=order.account,
            id=order.id,
            price=order.price,
            quantity=order.open,
            leaves=order.open,
        )
    )


def cancel(state: State, c: Command) -> None:
    """End an order because its owner asks."""
    order = owned(state, c)
    if order is None:
        refuse(state, c, Reason.UNKNOWN_ORDER)
    elif order.place == Place.ROUTED:
        asked(state, order)
    else:
        end(state, order, Reason.REQUESTED)


def cancel_all(state: State, c: Command) -> int | None:
    """End all orders that a filter names; return how many it named, None where it is wrong."""
    if c.side > 2:
        refuse(state, c, Reason.INVALID_ORDER)
        return None
    named = [
        order
        for order in state.by_acceptance()
        if c.account in (0, order.account)
        and c.instrument in (65535, order.instrument)
        and c.side in (2, order.side)
    ]
    for order in named:
        if order.place == Place.ROUTED:
            asked(state, order)
        elif order.live:
            end(state, order, Reason.REQUESTED)
    return len(named)


def replace(state: State, c: Command) -> None:
    """Change price, lots, display and trigger of a live order, or refuse it."""
    order = owned(state, c)
    if order is None:
        return refuse(state, c, Reason.UNKNOWN_ORDER)
    book = state.books[order.instrument]
    if book.phase in (Phase.CLOSED, Phase.HALTED):
        return refuse(state, c, Reason.WRONG_PHASE)
    if not sized_well(book, order.kind, c.quantity, c.display) or not priced_well(
        book, order.kind, c.price, c.stop
    ):
        return refuse(state, c, Reason.INVALID_ORDER)
    lots = c.quantity
    if order.reduce_only and not order.flags & Flag.CHILD:
        lots = min(lots, state.room(order))
        if lots == 0:
            return refuse(state, c, Reason.REDUCE_ONLY)
    kept = order.price, order.stop
    if order.kind in PRICED or order.kind == OrderKind.TRAILING_STOP_LIMIT:
        order.price = c.price
    if order.kind in TRIGGERED_KINDS:
        order.stop = c.stop
    new = order.price, order.stop
    reason = ledger_says(state, order, lots, order.open, order.held_price)
    order.price, order.stop = kept
    stays = new == kept and lots <= order.open and c.display == order.display
    if not reason and order.place == Place.BOOK and not stays:
        reason = replaced_crosses(book, order, new[0])
    if not reason:
        reason = rewrite(state, book, order, new, lots, c.display)
    if reason:
        return refuse(state, c, reason)
    return None


def replaced_crosses(book: Book, order: Order, price: int) -> Reason:
    """Return WOULD_CROSS for a post-only order that would trade at its new price."""
    if order.flags & Flag.POST_ONLY and book.phase == Phase.CONTINUOUS:
        return Reason.WOULD_CROSS if would_cross(book, order.side, price) else Reason.NONE
    return Reason.NONE


def rewrite(
    state: State, book: Book, order: Order, new: tuple[int, int], lots: int, display: int
) -> int:
    """Make a live order what a replace asks, and let it meet the book where it lost its place."""
    price, stop = new
    held_price = state.ledger.hold_price(order.instrument, order.side, order.kind, price, stop)
    if order.place == Place.ROUTED:
        lots, held_price = max(lots, order.open), max(held_price, order.held_price)
    if reason := rehold(state, order, lots, held_price):
        return reason
    place, keeps = order.place, price == order.price and lots <= order.open
    keeps = keeps and display == order.display and place == Place.BOOK
    if place in (Place.BOOK, Place.TRIGGER) and not keeps:
        book.take_out(order)
    if stop != order.stop:
        order.has_trigger = False
        order.trigger = 0
    child = order.flags & Flag.CHILD
    active = min(order.active, lots) if child else lots
    order.price, order.stop, order.display = price, stop, display
    order.open, order.waiting = lots, lots - active
    order.shown = min(order.shown, active)
    state.emit(EventKind.REPLACED, order)
    if place == Place.TRIGGER:
        arm(state, order)
    elif place == Place.BOOK and not keeps:
        meet(state, order)
    return Reason.NONE
