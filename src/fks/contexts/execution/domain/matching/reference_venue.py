"""What a venue reports of its own: fills and ends of routed orders.

Part of the plain matching engine; the rules are in `docs/explanation/matching.md`.
"""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import EventKind, Kind, OrderKind, Reason, Tif
from fks.contexts.execution.domain.matching.reference_links import end, forget
from fks.contexts.execution.domain.matching.reference_orders import refuse
from fks.contexts.execution.domain.matching.reference_state import (
    PRICE_BOUND,
    Command,
    Event,
    Order,
    Place,
    State,
)

__all__ = ["venue_done", "venue_fill"]


def routed(state: State, c: Command) -> Order | None:
    """Return the live routed order that a venue reports on."""
    order = state.orders.get(c.id)
    return order if order is not None and order.place == Place.ROUTED else None


def stranger(state: State, c: Command) -> Order | None:
    """Return an order for a fill whose order is not live: what happened, happened.

    It is over, or was placed elsewhere. Without an account, or where the id is of an order that
    is matched here, there is none.
    """
    ledger = state.ledger
    known = ledger.known_account(c.account) and ledger.known_instrument(c.instrument)
    if c.account == 0 or c.side > 1 or c.id in state.orders or not known:
        return None
    if ledger.kind_of(c.instrument) != Kind.ROUTED:
        return None
    return Order(
        id=c.id,
        instrument=c.instrument,
        account=c.account,
        strategy=c.strategy,
        side=c.side,
        kind=OrderKind.MARKET,
        tif=Tif.IOC,
        flags=0,
        price=0,
        stop=0,
        open=0,
        display=0,
        expire_ns=0,
        link=0,
        held_price=c.price,
    )


def settled(state: State, order: Order, c: Command) -> bool:
    """Let the ledger take a venue's fill; False where it does not fit, and nothing changed."""
    where = (order.account, order.instrument)
    whom = (*where, order.strategy, order.side)
    excess = max(0, c.quantity - order.open)
    if state.ledger.hold(*whom, excess, order.held_price):
        return False
    try:
        state.ledger.settle(*where, order.side, c.quantity, c.price, order.held_price, c.stop)
    except OverflowError:
        state.ledger.release(*whom, excess, order.held_price)
        return False
    return True


def venue_fill(state: State, c: Command) -> None:
    """Count a fill that a venue reports, more than was asked for too."""
    order = routed(state, c) or stranger(state, c)
    if order is None:
        return refuse(state, c, Reason.UNKNOWN_ORDER)
    if c.quantity == 0 or abs(c.price) > PRICE_BOUND:
        return refuse(state, c, Reason.INVALID_ORDER)
    if not settled(state, order, c):
        return refuse(state, c, Reason.OVERFLOW)
    order.open = max(order.open, c.quantity)
    order.open -= c.quantity
    order.traded += c.quantity
    state.events.append(
        Event(
            kind=EventKind.VENUE_TRADE,
            side=order.side,
            flags=2 if order.open == 0 else 0,
            instrument=order.instrument,
            account=order.account,
            id=order.id,
            price=c.price,
            quantity=c.quantity,
            leaves=order.open,
            fee_nanos=c.stop,
        )
    )
    if order.open == 0 and order.id in state.orders:
        forget(state, order)
    return None


def venue_done(state: State, c: Command) -> None:
    """End a routed order that its venue says is over."""
    order = routed(state, c)
    if order is None:
        refuse(state, c, Reason.UNKNOWN_ORDER)
    else:
        end(state, order, Reason.REQUESTED)
