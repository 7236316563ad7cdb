"""Orders in each state, as tests of the order's state machine need them."""

from __future__ import annotations

from fks.contexts.execution.domain.routing.effects import (
    Ask,
    Difference,
    Effect,
    Filled,
    Heard,
    Released,
    Resized,
    Revived,
    StateChanged,
)
from fks.contexts.execution.domain.routing.lifecycle import Lifecycle
from fks.contexts.execution.domain.routing.routed import Routed
from fks.contracts.execution import OrderState, VenueReportKind

SECOND = 1_000_000_000
START = 1_000 * SECOND
LOTS, PRICE = 10, 100
_LETTERS = {Filled: "F", Released: "R", Resized: "Z", Revived: "V", Difference: "D", Ask: "Q"}


def report(
    kind: VenueReportKind,
    lots: int = 0,
    trade_id: str = "",
    price_ticks: int | None = None,
    ts_ns: int = START,
    code: str = "",
) -> Heard:
    """Return a report; a fill is at the order's price unless another is given."""
    if kind is VenueReportKind.FILLED and price_ticks is None:
        price_ticks = PRICE
    return Heard(
        kind=kind,
        ts_ns=ts_ns,
        lots=lots,
        trade_id=trade_id,
        price_ticks=price_ticks,
        venue_order_id="v1",
        code=code,
    )


def fill(lots: int, trade_id: str, ts_ns: int = START) -> Heard:
    """Return a fill."""
    return report(VenueReportKind.FILLED, lots, trade_id, ts_ns=ts_ns)


def sent() -> Lifecycle:
    """Return an order that just left."""
    life = Lifecycle(Routed(client_order_id="fks-1-1", lots=LOTS, price_ticks=PRICE))
    life.sent(START)
    return life


def in_state(state: OrderState) -> Lifecycle:
    """Return an order of 10 lots at 100 in a state, brought there the usual way."""
    kind = VenueReportKind
    if state is OrderState.HELD:
        routed = Routed(client_order_id="fks-1-1", lots=LOTS, price_ticks=PRICE, held=True)
        return Lifecycle(routed)
    life = sent()
    if state is OrderState.PENDING_NEW:
        return life
    if state is OrderState.UNKNOWN:
        life.hear(report(kind.UNKNOWN), START + 1)
        return life
    if state is OrderState.REJECTED:
        life.hear(report(kind.REJECTED, code="no"), START + 1)
        return life
    life.hear(report(kind.ACKNOWLEDGED), START + 1)
    if state is OrderState.PARTIALLY_FILLED:
        life.hear(fill(4, "t1"), START + 2)
    elif state is OrderState.PENDING_CANCEL:
        life.cancel_asked(START + 2)
    elif state is OrderState.PENDING_REPLACE:
        life.change_asked(12, 99, START + 2)
    elif state is OrderState.FILLED:
        life.hear(fill(LOTS, "t1"), START + 2)
    elif state is OrderState.CANCELLED:
        life.hear(report(kind.CANCELLED), START + 2)
    elif state is OrderState.EXPIRED:
        life.hear(report(kind.EXPIRED), START + 2)
    assert life.state is state
    return life


def letters(effects: list[Effect]) -> str:
    """Return effects as one letter each; changes of state are told by the state."""
    return "".join(_LETTERS[type(e)] for e in effects if not isinstance(e, StateChanged))
