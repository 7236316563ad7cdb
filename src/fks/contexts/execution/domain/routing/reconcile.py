"""Compare what we believe with what a venue says, and explain every difference or say there is one.

Pure and deterministic: the same two sides give the same reports with the same ids, so applying
them twice, or running it again, changes nothing. What no missed report explains is a gap, and a
gap closes the gate of the account (control 24) until it is gone. Nothing is guessed away: an
order that nobody can account for stays exposure.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from fks.contexts.execution.domain.routing.beliefs import (
    Belief,
    DifferenceKind,
    Found,
    OrderBelief,
    Reconciled,
    ReconcileTerms,
    Said,
)
from fks.contexts.execution.domain.routing.routed import FINAL
from fks.contexts.execution.domain.routing.steps import NEVER_ARRIVED, SYNTHETIC
from fks.contracts.execution import (
    OrderState,
    VenueFill,
    VenueOrderStatus,
    VenueReport,
    VenueReportKind,
)
from fks.contracts.values import Side

__all__ = ["reconcile"]

_ENDED = {
    "cancelled": VenueReportKind.CANCELLED,
    "expired": VenueReportKind.EXPIRED,
    "rejected": VenueReportKind.REJECTED,
}
_WORKING = ("new", "partially_filled")


def reconcile(belief: Belief, said: Said, terms: ReconcileTerms) -> Reconciled:
    """Return the differences between both sides and what settles them."""
    return _Comparison(belief, said, terms).result()


class _Comparison:
    """One run over both sides."""

    def __init__(self, belief: Belief, said: Said, terms: ReconcileTerms) -> None:
        self._belief = belief
        self._said = said
        self._terms = terms
        self._ours = {order.client_order_id: order for order in belief.orders}
        self._differences: list[Found] = []
        self._reports: list[VenueReport] = []
        self._external: list[VenueReport] = []
        self._ask: list[tuple[str, str]] = []
        self._moving: set[str] = set()
        self._moved: dict[str, Decimal] = defaultdict(Decimal)  # position by new fills
        self._opening: dict[str, Decimal] | None = None
        self._apart: dict[str, Decimal] = {}
        self._told: dict[str, Decimal] | None = None

    def result(self) -> Reconciled:
        """Compare all, in an order that depends on the two sides alone."""
        missed = self._new_fills()
        told = {status.client_order_id: status for status in self._said.orders}
        told |= {name: status for name, status in self._said.found.items() if status is not None}
        for name in sorted(self._ours):
            self._order(self._ours[name], told.get(name), missed.get(name, []))
        self._strangers()
        self._positions()
        self._balances()
        return Reconciled(
            differences=tuple(self._differences),
            reports=tuple(self._reports),
            external=tuple(self._external),
            ask=tuple(self._ask),
            moving=tuple(sorted(self._moving)),
            opening=self._opening,
            apart=self._apart,
            told=self._told,
        )

    # --- fills ---

    def _new_fills(self) -> dict[str, list[VenueFill]]:
        """Return the fills of our orders that were not counted; book strangers' at once."""
        missed: dict[str, list[VenueFill]] = defaultdict(list)
        seen = set(self._belief.trade_ids)
        for fill in sorted(self._said.fills, key=lambda fill: (fill.ts_ns, fill.trade_id)):
            if fill.ts_ns >= self._said.asked_ts_ns:
                self._moving.add(fill.symbol)
            if fill.trade_id in seen:
                continue
            seen.add(fill.trade_id)
            signed = fill.quantity if fill.side is Side.BUY else -fill.quantity
            self._moved[fill.symbol] += signed
            if fill.client_order_id in self._ours:
                missed[fill.client_order_id].append(fill)
                continue
            name = fill.client_order_id or f"{SYNTHETIC}{fill.venue_order_id}"
            if fill.client_order_id.startswith(self._belief.prefix):
                text = f"fill {fill.trade_id} is of {name}, an order of ours that we do not know"
                self._differ(DifferenceKind.LOST_ORDER, name, text)
            else:
                text = f"{fill.side.value} {fill.quantity} {fill.symbol} was traded elsewhere"
                self._differ(DifferenceKind.EXTERNAL, name, text)
            self._external.append(_filled(fill, name))
        return missed

    # --- orders ---

    def _order(
        self, order: OrderBelief, status: VenueOrderStatus | None, missed: list[VenueFill]
    ) -> None:
        """Compare one order of ours."""
        name = order.client_order_id
        for fill in missed:
            text = f"{name}: missed a fill of {fill.quantity} at {fill.price}"
            self._differ(DifferenceKind.MISSED_FILL, name, text)
        moving = order.updated_ts_ns >= self._said.asked_ts_ns
        if status is None or moving:
            self._reports += [_filled(fill, name) for fill in missed]
            if moving:
                self._moving.add(name)
            elif order.state in FINAL:
                if not (self._said.complete or order.confirmed or name in self._said.found):
                    self._ask.append((name, order.symbol))
            elif order.state is not OrderState.HELD:
                self._not_told(order, missed)
            return
        if order.state in FINAL or order.state is OrderState.HELD:
            self._reports += [_filled(fill, name) for fill in missed]
            if status.state in _WORKING:
                self._works_still(order, status)
            self._filled_alike(order, status, missed)
            return
        self._acknowledged(order, status)
        asked = order.state in (OrderState.PENDING_REPLACE, OrderState.PENDING_CANCEL)
        amended = status.state == "filled" and (asked or order.quantity != status.quantity)
        if amended:  # filled as it was amended, or before: what is still asked comes to nothing
            text = f"{name} was filled as {status.quantity} and we missed it"
            self._differ(DifferenceKind.MISSED_END, name, text)
            self._report(VenueReportKind.REPLACED, order, status)
        self._reports += [_filled(fill, name) for fill in missed]
        if not self._filled_alike(order, status, missed):
            return
        if status.state in _ENDED:
            text = f"{name} was {status.state} and we missed it"
            self._differ(DifferenceKind.MISSED_END, name, text)
            self._report(_ENDED[status.state], order, status)
        elif amended:
            self._report(VenueReportKind.CANCELLED, order, status)

    def _works_still(self, order: OrderBelief, status: VenueOrderStatus) -> None:
        """Compare an order that is over here and works at the venue."""
        name = order.client_order_id
        if order.state is OrderState.FILLED and status.quantity > order.filled:
            text = f"{name} is for {status.quantity} at the venue: amended, not yet filled"
            self._differ(DifferenceKind.MISSED_CHANGE, name, text)
            self._report(VenueReportKind.REPLACED, order, status)
        else:
            text = f"{name} is {order.state.value} here and works at the venue"
            self._differ(DifferenceKind.STILL_WORKING, name, text)

    def _acknowledged(self, order: OrderBelief, status: VenueOrderStatus) -> None:
        """Compare that, and as what, the venue has the order."""
        name = order.client_order_id
        if not order.acknowledged and status.state != "rejected":
            text = f"{name} is at the venue; no word of it had come"
            self._differ(DifferenceKind.MISSED_ACK, name, text)
            self._report(VenueReportKind.ACKNOWLEDGED, order, status)
        if order.state is OrderState.PENDING_REPLACE or status.state not in _WORKING:
            return  # an amendment under way: its own answer, or asking for it, tells
        other = status.price is not None and status.price != order.price
        if other or status.quantity != order.quantity:
            text = f"{name} is {status.quantity} at {status.price} at the venue: amended elsewhere"
            self._differ(DifferenceKind.MISSED_CHANGE, name, text)
            self._report(VenueReportKind.REPLACED, order, status)

    def _filled_alike(
        self, order: OrderBelief, status: VenueOrderStatus, missed: list[VenueFill]
    ) -> bool:
        """Compare how much was filled; conclude a fill only where no history can tell it."""
        name = order.client_order_id
        here = order.filled + sum((fill.quantity for fill in missed), Decimal(0))
        lacking = status.filled - here
        if not lacking:
            return True
        if lacking < 0:
            if status.state not in _WORKING:
                text = f"{name}: the venue says {status.filled} filled, we counted {here}"
                self._differ(DifferenceKind.LESS_FILLED, name, text)
            else:
                self._moving.add(name)  # its answer is older than the fill
            return False
        if self._said.complete or status.average_price is None:
            text = f"{name}: {lacking} filled at the venue and in none of its fills"
            self._differ(DifferenceKind.FILL_GAP, name, text)
            return False
        cost = order.cost + sum((f.quantity * f.price for f in missed), Decimal(0))
        tick = self._belief.instruments[order.symbol].tick_size
        exact = (status.average_price * status.filled - cost) / lacking
        price = (exact / tick).to_integral_value() * tick
        text = f"{name}: {lacking} filled, at about {price} by the average the venue tells"
        self._differ(DifferenceKind.MISSED_FILL, name, text)
        self._moved[order.symbol] += lacking if order.side is Side.BUY else -lacking
        self._reports.append(
            VenueReport(
                kind=VenueReportKind.FILLED,
                ts_ns=status.ts_ns,
                client_order_id=name,
                venue_order_id=status.venue_order_id,
                symbol=order.symbol,
                side=order.side,
                trade_id=f"{SYNTHETIC}{name}:{_plain(status.filled)}",
                quantity=lacking,
                price=price,
                text="concluded from the order's status",
            )
        )
        return True

    def _not_told(self, order: OrderBelief, missed: list[VenueFill]) -> None:
        """Compare an order of ours that the venue does not show."""
        name = order.client_order_id
        if name not in self._said.found:
            here = order.filled + sum((fill.quantity for fill in missed), Decimal(0))
            asked = order.state in (OrderState.PENDING_REPLACE, OrderState.PENDING_CANCEL)
            if here < order.quantity or asked:
                self._ask.append((name, order.symbol))
        elif order.acknowledged or order.filled or missed:
            text = f"{name} was acknowledged and the venue no longer knows it"
            self._differ(DifferenceKind.VANISHED, name, text)
        elif not self._terms.sure or not self._settled(order):
            self._ask.append((name, order.symbol))
        else:
            text = f"{name} never arrived: the venue never had it, nor a fill of it"
            self._differ(DifferenceKind.NEVER_ARRIVED, name, text)
            self._report(VenueReportKind.UNSENT, order, None, code=NEVER_ARRIVED)

    def _settled(self, order: OrderBelief) -> bool:
        waited_ns = self._said.asked_ts_ns - order.sent_ts_ns
        looked = self._said.complete or not self._terms.history
        return looked and waited_ns >= self._terms.settle_ns

    def _strangers(self) -> None:
        """Recognise working orders that are not ours."""
        for status in sorted(self._said.orders, key=lambda status: status.venue_order_id):
            if status.client_order_id in self._ours or status.state not in _WORKING:
                continue
            name = status.client_order_id or status.venue_order_id
            if status.client_order_id.startswith(self._belief.prefix):
                text = f"{name} works at the venue under an id of ours that we do not know"
                self._differ(DifferenceKind.LOST_ORDER, name, text)
            elif status.venue_order_id not in self._belief.strangers:
                what = f"{status.side.value} {status.quantity} {status.symbol}"
                self._differ(DifferenceKind.EXTERNAL, name, f"{what} works, placed elsewhere")

    # --- positions and money ---

    def _positions(self) -> None:
        """Compare the positions, the new fills counted."""
        if self._said.positions is None:
            return
        told = {position.symbol: position.quantity for position in self._said.positions}
        for symbol in sorted(set(told) | set(self._belief.positions) | set(self._moved)):
            here = self._belief.positions.get(symbol, Decimal(0)) + self._moved[symbol]
            there = told.get(symbol, Decimal(0))
            if self._belief.moved.get(symbol, 0) >= self._said.asked_ts_ns:
                self._moving.add(symbol)
            if here != there and symbol not in self._moving:
                text = f"position of {symbol}: {here} here, {there} at the venue"
                self._differ(DifferenceKind.POSITION_GAP, symbol, text)

    def _balances(self) -> None:
        """Compare the money, once no fill is left to book: fills move it too.

        A difference counts when two comparisons in a row find the same: a fill that is told a
        moment later than the money would otherwise close a gate that only a person opens.
        """
        belief, terms = self._belief, self._terms
        if self._said.balances is None or self._moving or self._reports or self._external:
            return
        self._told = told = {balance.currency: balance.total for balance in self._said.balances}
        if belief.balances is None:
            self._opening = told
            return
        opened = {} if not terms.opens else {c: told[c] for c in set(told) - set(belief.balances)}
        self._opening = opened or None
        for currency in sorted((set(told) | set(belief.balances)) - set(opened)):
            here = belief.balances.get(currency, Decimal(0))
            there = told.get(currency, Decimal(0))
            most = terms.cash_ticks.get(currency, terms.cash_tick)
            if abs(there - here) <= most:
                continue
            self._apart[currency] = there - here
            if belief.apart.get(currency) != there - here:
                self._moving.add(currency)
                continue
            known = belief.pending.get(currency, Decimal(0))
            if known and abs(there - here - known) <= most:
                moved = f"{known.normalize():+f}"
                text = f"{currency}: {moved} came or went at the venue and was not adopted"
                self._differ(DifferenceKind.EXTERNAL_CASH, currency, text)
            else:
                text = f"{currency}: {_plain(here)} here, {_plain(there)} at the venue"
                self._differ(DifferenceKind.BALANCE_GAP, currency, text)

    # --- out ---

    def _differ(self, kind: DifferenceKind, subject: str, text: str) -> None:
        self._differences.append(Found(kind=kind, subject=subject, text=text))

    def _report(
        self,
        kind: VenueReportKind,
        order: OrderBelief,
        status: VenueOrderStatus | None,
        code: str = "RECONCILED",
    ) -> None:
        changed = status if kind is VenueReportKind.REPLACED else None
        self._reports.append(
            VenueReport(
                kind=kind,
                ts_ns=self._said.asked_ts_ns if status is None else status.ts_ns,
                client_order_id=order.client_order_id,
                venue_order_id="" if status is None else status.venue_order_id,
                symbol=order.symbol,
                side=order.side,
                quantity=Decimal(0) if changed is None else changed.quantity,
                price=(status.price or Decimal(0))
                if changed and status is not None
                else Decimal(0),
                code=code,
                text="found by reconciling",
            )
        )


def _filled(fill: VenueFill, name: str) -> VenueReport:
    return VenueReport(
        kind=VenueReportKind.FILLED,
        ts_ns=fill.ts_ns,
        client_order_id=name,
        venue_order_id=fill.venue_order_id,
        symbol=fill.symbol,
        side=fill.side,
        trade_id=fill.trade_id,
        quantity=fill.quantity,
        price=fill.price,
        fee=fill.fee,
        fee_currency=fill.fee_currency,
        maker=fill.maker,
        code="RECONCILED",
    )


def _plain(quantity: Decimal) -> str:
    return format(quantity.normalize() + 0, "f")
