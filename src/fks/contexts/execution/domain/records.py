"""Read off a desk what one call on it did, as records to store and events to publish.

A desk tells its whole state; a session needs what is new. Orders and fills are numbered, so what
lies beyond the last known number is new, and an order that rested and rests no more was filled
or cancelled. The cost of a look is that of the change, however old the session is.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fks.contracts.execution import (
    Desk,
    Fill,
    Order,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    OrderStatus,
    PositionChanged,
    RejectReason,
    Session,
)
from fks.kernel.messages import Event

__all__ = ["Mark", "Outcome", "Recorder"]


class Mark(msgspec.Struct, frozen=True):
    """The account at the end of a bar, in currency and units."""

    index: int
    ts_ns: int
    equity: float
    position: float


class Outcome(msgspec.Struct):
    """What a batch of steps did: orders in their latest state by id, and all else in order.

    Orders with ids up to `known_orders` are stored already, and change; the others are new.
    `turned` says that the session's status changed.
    """

    known_orders: int
    orders: dict[int, Order] = {}
    fills: list[Fill] = []
    marks: list[Mark] = []
    events: list[Event] = []
    turned: bool = False


class Recorder:
    """Follow one desk. `resting` are the orders that rest on it, with their signals' ids."""

    def __init__(self, desk: Desk, session: Session, resting: Iterable[Order] = ()) -> None:
        self._desk = desk
        self._session_id = session.id
        self._instrument = session.config.instrument.id
        self._position = session.position
        self._orders = desk.order_count
        self._fills = desk.fill_count
        self._resting = {order.id: order for order in resting}
        there = {order.id for order in desk.open_orders()}
        assert there == set(self._resting), (
            f"session {session.id}: the desk has the resting orders {sorted(there)}, "
            f"the store {sorted(self._resting)}"
        )
        self._outcome = Outcome(known_orders=self._orders)

    def take(self) -> Outcome:
        """Return what was noted since the last call, and begin anew."""
        taken, self._outcome = self._outcome, Outcome(known_orders=self._orders)
        return taken

    def mark(self, mark: Mark, event: Event) -> None:
        """Note the account at the end of a bar."""
        self._outcome.marks.append(mark)
        self._outcome.events.append(event)

    def turn(self, event: Event) -> None:
        """Note that the session's status changed."""
        self._outcome.turned = True
        self._outcome.events.append(event)

    def tell(self, event: Event) -> None:
        """Note an event that changes no record."""
        self._outcome.events.append(event)

    @property
    def position(self) -> float:
        """Return the signed quantity held now, same-close fills of this bar included."""
        return self._position

    def look(self, ts_ns: int, signal_id: str = "") -> None:
        """Note what happened on the desk since the last look, at bar `ts_ns`.

        New orders are put down to signal `signal_id`; without one, the desk itself was at work,
        and what it cancelled has a reason.
        """
        desk = self._desk
        fills: tuple[Fill, ...] = ()
        if desk.fill_count != self._fills:
            fills = desk.fills_after(self._fills)
            self._fills = desk.fill_count
        filled = {fill.order_id for fill in fills}
        before = [order_id for order_id in self._resting if order_id not in filled]
        news = desk.order_count != self._orders
        if before and (news or desk.open_count != len(before)):
            there = {order.id for order in desk.open_orders()}
            gone = [order_id for order_id in before if order_id not in there]
            if gone:
                self._end(gone, {} if signal_id else self._reasons(gone[0]))
        if news:
            self._admit(signal_id, filled)
        self._fill(fills, ts_ns)

    def _reasons(self, first_id: int) -> dict[int, RejectReason | None]:
        """Return why orders from `first_id` on were cancelled."""
        return {order.id: order.reason for order in self._desk.orders_after(first_id - 1)}

    def _end(self, order_ids: Iterable[int], reasons: dict[int, RejectReason | None]) -> None:
        """Note cancellations."""
        for order_id in order_ids:
            cancelled = msgspec.structs.replace(
                self._resting.pop(order_id),
                status=OrderStatus.CANCELLED,
                reason=reasons.get(order_id),
            )
            self._outcome.orders[order_id] = cancelled
            self._outcome.events.append(
                OrderCancelled(
                    session_id=self._session_id, instrument=self._instrument, order=cancelled
                )
            )

    def _admit(self, signal_id: str, filled: set[int]) -> None:
        """Note new orders: refused, or accepted and by now perhaps cancelled again."""
        cancelled: dict[int, RejectReason | None] = {}
        for new in self._desk.orders_after(self._orders):
            order = msgspec.structs.replace(new, session_id=self._session_id, signal_id=signal_id)
            if order.status is OrderStatus.REJECTED:
                self._outcome.orders[order.id] = order
                kind: type[OrderRejected | OrderAccepted] = OrderRejected
            else:
                if order.status is OrderStatus.CANCELLED and order.id not in filled:
                    cancelled[order.id] = order.reason
                order = msgspec.structs.replace(order, status=OrderStatus.ACCEPTED, reason=None)
                self._resting[order.id] = order
                self._outcome.orders[order.id] = order
                kind = OrderAccepted
            self._outcome.events.append(
                kind(session_id=self._session_id, instrument=self._instrument, order=order)
            )
        self._orders = self._desk.order_count
        self._end(cancelled, cancelled)

    def _fill(self, fills: tuple[Fill, ...], ts_ns: int) -> None:
        """Note fills, and where they left the position."""
        for new in fills:
            fill = msgspec.structs.replace(new, session_id=self._session_id)
            order = self._resting.pop(fill.order_id)
            self._outcome.orders[order.id] = msgspec.structs.replace(
                order, status=OrderStatus.FILLED
            )
            self._outcome.fills.append(fill)
            self._outcome.events.append(
                OrderFilled(session_id=self._session_id, instrument=self._instrument, fill=fill)
            )
            self._position = fill.position
        if fills:
            self._outcome.events.append(
                PositionChanged(
                    session_id=self._session_id,
                    instrument=self._instrument,
                    ts_ns=ts_ns,
                    quantity=self._position,
                    average_price=self._desk.average_price,
                    realised_pnl=self._desk.realised_pnl,
                )
            )
