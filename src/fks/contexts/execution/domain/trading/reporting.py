"""What venues say about our orders, booked: fills once, ends, doubts, and what cannot be.

Each routed order has a `Lifecycle`, which knows what a report means; here its effects move the
engine's holds, the order's record and the position.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from fks.contexts.execution.domain.matching.layout import CommandKind, EventKind, Flag
from fks.contexts.execution.domain.routing import effects as said
from fks.contexts.execution.domain.routing.effects import Found, Heard
from fks.contexts.execution.domain.trading.effects import Asked, Told
from fks.contexts.execution.domain.trading.floor import Floor, Todo
from fks.contexts.execution.domain.trading.gates import Gates
from fks.contexts.execution.domain.trading.hashing import request_hash
from fks.contexts.execution.domain.trading.inputs import (
    Answered,
    FillsChecked,
    GapFound,
    OutsideFill,
    Reported,
)
from fks.contexts.execution.domain.trading.numbers import order_id
from fks.contexts.execution.domain.trading.scales import nanos_of
from fks.contexts.execution.domain.trading.settling import Settling
from fks.contexts.execution.domain.trading.state import FINAL, OrderRecord
from fks.contexts.execution.domain.trading.wallets import Paid
from fks.contracts.execution import OrderRequest, OrderState, VenueReport, VenueReportKind
from fks.contracts.values import Side

__all__ = ["Reporting"]

_LINK = (VenueReportKind.CONNECTED, VenueReportKind.DISCONNECTED)


class Reporting:
    """Take the word of venues."""

    def __init__(self, floor: Floor, gates: Gates, settling: Settling) -> None:
        self._floor = floor
        self._gates = gates
        self._settling = settling

    def reported(self, given: Reported) -> None:
        """Take a report: of the link to every order of the account, else of its order."""
        floor, report = self._floor, given.report
        if report.kind in _LINK and not report.client_order_id:
            floor.emit(Told(given.account, 0, report.kind.value, report.text))
            for order in list(floor.working.values()):
                if order.request.account == given.account and order.id in floor.routed:
                    self._hear(order, report)
            return
        number = floor.wire_ids.get((given.account, report.client_order_id))
        if number is None:
            text = f"{report.kind.value} of {report.venue_order_id or report.client_order_id}"
            floor.emit(Told(given.account, 0, "stranger", text))
            return
        self._hear(floor.orders[number], report)

    def answered(self, given: Answered) -> None:
        """Take the answer to the question how an order stands."""
        floor = self._floor
        order, routed = floor.orders.get(given.order_id), floor.routed.get(given.order_id)
        if order is None or routed is None:
            return
        if given.status is None:
            effects = routed.absent(given.asked_ts_ns, floor.now_ns, sure=given.sure)
        else:
            scale, status = floor.scale(order), given.status
            price = None if status.price is None else scale.nearest_ticks(status.price)
            found = Found(
                state=OrderState(status.state),
                lots=int(status.quantity / scale.lot),
                filled_lots=int(status.filled / scale.lot),
                price_ticks=price if order.price_ticks is not None else None,
                venue_order_id=status.venue_order_id,
            )
            effects = routed.found(found, given.asked_ts_ns, floor.now_ns)
        self.follow(order, effects)

    def fills_checked(self, given: FillsChecked) -> None:
        """Take the word that there are no more fills of an order than were reported."""
        order = self._floor.orders.get(given.order_id)
        routed = self._floor.routed.get(given.order_id)
        if order is not None and routed is not None:
            self.follow(order, routed.fills_checked(self._floor.now_ns, complete=given.complete))

    def tick(self) -> None:
        """Let time pass for every order at a venue."""
        floor = self._floor
        for order in list(floor.working.values()):
            routed = floor.routed.get(order.id)
            if routed is not None:
                self.follow(order, routed.tick(floor.now_ns))

    def gap(self, given: GapFound) -> None:
        """Note what reconciling cannot explain: only reductions pass until it is explained."""
        account = self._floor.accounts[given.account]
        if account.gap == given.text:
            return
        account.gap = given.text
        self._gates.act(self._floor.policies.on_gap(account.id, given.text, self._floor.now_ns))
        what = "gap" if given.text else "reconciled"
        self._floor.emit(Told(account.id, 0, what, given.text or "all agrees with the venue"))
        self._floor.account_moved(account.id)

    def outside(self, given: OutsideFill) -> None:
        """Book a stranger's fill: an order is made for it, which is filled at once."""
        floor, fill = self._floor, given.report
        account = floor.accounts[given.account]
        record = floor.instruments.get((account.venue, fill.symbol))
        name = f"ext-{fill.trade_id}"[:36]
        if record is None or fill.side is None or (account.id, name) in floor.client_ids:
            return
        scale = floor.scales[record.number]
        lots, ticks = int(fill.quantity / scale.lot), scale.nearest_ticks(fill.price)
        request = OrderRequest(
            account=account.id,
            client_order_id=name,
            symbol=fill.symbol,
            side=fill.side,
            quantity=fill.quantity,
            reference=f"placed elsewhere: {fill.venue_order_id}"[:200],
        )
        order = OrderRecord(
            id=order_id(floor.seq),
            request=request,
            request_hash=request_hash(request),
            venue=account.venue,
            instrument=record.number,
            lots=lots,
            price_ticks=None,
            stop_ticks=None,
            state=OrderState.NEW,
            created_ts_ns=floor.now_ns,
            updated_ts_ns=floor.now_ns,
            venue_order_id=fill.venue_order_id,
            limits_version=account.limits_version,
        )
        floor.orders[order.id] = order
        floor.client_ids[(account.id, name)] = order.id
        floor.told(order, "placed elsewhere", "found when reconciling")
        fee_nanos = self._fee_nanos(order, fill.fee, fill.fee_currency, fill.price)
        self._engine_fill(order, lots, ticks, fee_nanos, maker=fill.maker)
        paid = Paid(fill.fee, fill.fee_currency)
        self._settling.fill(
            order, lots, ticks, fee_nanos, fill.trade_id, maker=fill.maker, paid=paid
        )

    def follow(self, order: OrderRecord, effects: Iterable[said.Effect]) -> None:
        """Do what follows from what an order heard."""
        floor = self._floor
        for effect in effects:
            match effect:
                case said.Filled():
                    self._filled(order, effect)
                case said.Released():
                    self._settling.release(order)
                case said.Resized(lots, price):
                    order.lots, order.price_ticks = lots, price
                    floor.told(order, "amended", f"{floor.scale(order).quantity(lots)} in all")
                    floor.moved(order)
                case said.Revived(lots):
                    self._revive(order, lots)
                case said.StateChanged(state, code, text):
                    self._change(order, state, code, text)
                case said.Difference(code, text):
                    floor.told(order, "difference", f"{code}: {text}")
                    self.gap(GapFound(account=order.request.account, text=f"{order.id}: {text}"))
                case said.Ask(question):
                    floor.emit(Asked(order.request.account, order.id, question))
                case _:
                    raise AssertionError(f"{type(effect).__name__} is not followed")

    def _hear(self, order: OrderRecord, report: VenueReport) -> None:
        """Give a report to its order's lifecycle in integers."""
        floor, scale = self._floor, self._floor.scale(order)
        heard = Heard(
            kind=report.kind,
            ts_ns=report.ts_ns,
            lots=int(report.quantity / scale.lot),
            price_ticks=scale.nearest_ticks(report.price) if report.price else None,
            fee_nanos=self._fee_nanos(order, report.fee, report.fee_currency, report.price),
            fee=report.fee,
            fee_currency=report.fee_currency,
            trade_id=report.trade_id,
            venue_order_id=report.venue_order_id,
            maker=report.maker,
            code=report.code,
            text=report.text,
        )
        if report.kind is VenueReportKind.ACKNOWLEDGED:
            floor.policies.on_accept(
                order.request.account, order.request.strategy_id, order.venue, floor.now_ns
            )
        if report.kind is VenueReportKind.REJECTED:
            self._gates.act(
                floor.policies.on_reject(
                    order.request.account, order.request.strategy_id, order.venue, floor.now_ns
                )
            )
        routed = floor.routed.get(order.id)
        if routed is not None:
            order.venue_order_id = order.venue_order_id or report.venue_order_id
            self.follow(order, routed.hear(heard, floor.now_ns))

    def _fee_nanos(self, order: OrderRecord, fee: Decimal, currency: str, price: Decimal) -> int:
        """Return a fee in the account's currency; one in the base is worth its trade's price.

        A fee in a third currency cannot be told exactly: it is left to reconciling of balances.
        """
        account = self._floor.accounts[order.request.account]
        if not fee or currency in ("", account.currency):
            return nanos_of(fee)
        if order.request.symbol.startswith(currency):
            return nanos_of(fee * price)
        quote = self._floor.by_number[order.instrument].instrument.currency
        return nanos_of(fee) if currency == quote else 0

    def _filled(self, order: OrderRecord, fill: said.Filled) -> None:
        floor = self._floor
        self._engine_fill(order, fill.lots, fill.price_ticks, fill.fee_nanos, maker=fill.maker)
        self._settling.fill(
            order,
            fill.lots,
            fill.price_ticks,
            fill.fee_nanos,
            fill.trade_id,
            maker=fill.maker,
            paid=Paid(fill.fee, fill.fee_currency),
            ts_ns=fill.ts_ns,
        )
        if fill.late:
            floor.told(order, "late fill", "it came after the order was over")

    def _engine_fill(
        self, order: OrderRecord, lots: int, ticks: int, fee_nanos: int, *, maker: bool
    ) -> None:
        """Move the engine's position; a fill that it cannot book closes the gate."""
        floor = self._floor
        events = floor.command(
            CommandKind.VENUE_FILL,
            id=order.id,
            account=floor.accounts[order.request.account].number,
            instrument=order.instrument,
            strategy=floor.strategy_number(order.request.strategy_id),
            side=0 if order.request.side is Side.BUY else 1,
            quantity=lots,
            price=ticks,
            stop=fee_nanos,
            flags=int(Flag.MAKER) if maker else 0,
        )
        if int(events[0]["kind"]) == EventKind.REJECTED:
            text = f"a fill of order {order.id} could not be booked by the engine"
            self.gap(GapFound(account=order.request.account, text=text))

    def _change(self, order: OrderRecord, state: OrderState, code: str, text: str) -> None:
        """Move an order's record to where its lifecycle says it stands."""
        if state in FINAL and state is not OrderState.FILLED:
            self._settling.end(order, state, code, text)
            return
        if order.state is state:
            return
        order.state = state
        if state in (OrderState.NEW, OrderState.PARTIALLY_FILLED):
            order.cancel_asked = False  # a cancel that was asked was refused
        if code:
            order.code, order.reason = code, text
        if state not in (OrderState.FILLED, OrderState.PARTIALLY_FILLED):  # the fill was told
            self._floor.told(order, state.value, text)
        self._floor.moved(order)
        if state is OrderState.FILLED:
            self._floor.todo.append(Todo("ended", order_id=order.id))

    def _revive(self, order: OrderRecord, lots: int) -> None:
        """Close the gate for an order that we took for over and that works."""
        text = f"order {order.id} was taken for over and works at the venue"
        self._floor.told(order, "revived", f"{lots} lots")
        self.gap(GapFound(account=order.request.account, text=text))
