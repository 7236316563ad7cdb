"""A venue that knows the truth about its orders, and a link that loses, repeats and mixes up."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import msgspec

from fks.contexts.execution.domain.routing.beliefs import (
    Belief,
    OrderBelief,
    Reconciled,
    ReconcileTerms,
    Said,
)
from fks.contexts.execution.domain.routing.effects import Ask, Effect, Filled, Question
from fks.contexts.execution.domain.routing.hearing import found, heard
from fks.contexts.execution.domain.routing.lifecycle import Lifecycle
from fks.contexts.execution.domain.routing.reconcile import reconcile
from fks.contexts.execution.domain.routing.routed import FINAL, Routed
from fks.contracts.execution import (
    VenueFill,
    VenueOrderStatus,
    VenuePosition,
    VenueReport,
    VenueReportKind,
)
from fks.contracts.values import Instrument, Side

SECOND = 1_000_000_000
INSTRUMENT = Instrument(id="GC", tick_size=Decimal("0.1"), lot_size=Decimal("0.5"))
KIND = VenueReportKind


class Held(msgspec.Struct, kw_only=True):
    """An order as the venue holds it."""

    client_order_id: str
    side: Side
    quantity: Decimal
    price: Decimal
    state: str = "new"
    filled: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    ours: bool = True

    def status(self, ts_ns: int) -> VenueOrderStatus:
        """Return it as it is told."""
        return VenueOrderStatus(
            client_order_id=self.client_order_id,
            venue_order_id=f"v-{self.client_order_id}",
            symbol="GC",
            side=self.side,
            state=self.state,
            quantity=self.quantity,
            filled=self.filled,
            ts_ns=ts_ns,
            price=self.price,
            average_price=self.cost / self.filled if self.filled else None,
        )


class World:
    """A venue, the link to it, and our orders with what we believe of them."""

    def __init__(self, seed: int, *, history: bool = True) -> None:
        self.random = Random(seed)
        self.history = history
        self.now_ns = 1_000 * SECOND
        self.held: dict[str, Held] = {}
        self.fills: list[VenueFill] = []
        self.lives: dict[str, Lifecycle] = {}
        self.sides: dict[str, Side] = {}
        self.position = 0  # ours in lots, by the fills that were counted
        self.external: dict[str, Decimal] = {}  # strangers' fills that were booked
        self.confirmed: set[str] = set()  # ended orders that the venue was asked about
        self.link: list[VenueReport] = []  # on the way to us
        self.sent = 0
        self.submits: list[str] = []  # every submit that left, to show that none left twice

    # --- the venue ---

    def tell(self, kind: VenueReportKind, order: Held, **fields: object) -> None:
        """Put a report on the way: lost, once or twice, to be delivered in any order."""
        report = VenueReport(
            kind=kind,
            ts_ns=self.now_ns,
            client_order_id=order.client_order_id,
            venue_order_id=f"v-{order.client_order_id}",
            symbol="GC",
            side=order.side,
            **fields,  # type: ignore[arg-type]
        )
        self.link += [report] * self.random.choices((0, 1, 2), (3, 6, 1))[0]

    def trade(self, order: Held, lots: int) -> None:
        """Fill an order at its price or better."""
        quantity = min(lots * INSTRUMENT.lot_size, order.quantity - order.filled)
        price = order.price - self.random.randint(0, 2) * INSTRUMENT.tick_size
        order.filled += quantity
        order.cost += quantity * price
        order.state = "filled" if order.filled == order.quantity else "partially_filled"
        name = f"t{len(self.fills) + 1}"
        self.fills.append(
            VenueFill(
                trade_id=name,
                client_order_id=order.client_order_id,
                venue_order_id=f"v-{order.client_order_id}",
                symbol="GC",
                side=order.side,
                quantity=quantity,
                price=price,
                fee=Decimal("0.01"),
                fee_currency="USD",
                ts_ns=self.now_ns,
            )
        )
        if order.ours:
            self.tell(KIND.FILLED, order, trade_id=name, quantity=quantity, price=price)

    def happen(self) -> None:
        """Let something happen to a working order at the venue."""
        working = [o for o in self.held.values() if o.state in ("new", "partially_filled")]
        if not working:
            return
        order = self.random.choice(working)
        what = self.random.random()
        if what < 0.7:
            self.trade(order, self.random.randint(1, 4))
        elif what < 0.85:
            order.state = self.random.choice(("cancelled", "expired"))
            if order.ours:
                self.tell(KIND(order.state), order)
        elif order.ours and what < 0.9:
            self.tell(KIND.UNKNOWN, order)  # a timeout of something, whatever it was

    # --- us ---

    def submit(self) -> None:
        """Send an order; it may be lost, refused, or its answer may be."""
        self.sent += 1
        name, lots = f"fks-1-{self.sent}", self.random.randint(1, 10)
        life = Lifecycle(Routed(client_order_id=name, lots=lots, price_ticks=1000))
        self.lives[name] = life
        self.sides[name] = self.random.choice((Side.BUY, Side.SELL))
        life.sent(self.now_ns)
        self.submits.append(name)
        order = Held(
            client_order_id=name,
            side=self.sides[name],
            quantity=lots * INSTRUMENT.lot_size,
            price=Decimal(100),
        )
        fate = self.random.random()
        if fate < 0.15:
            kind = KIND.UNKNOWN if self.random.random() < 0.5 else KIND.UNSENT
            if fate < 0.1:
                self.tell(kind, order)
        elif fate < 0.25:
            order.state = "rejected"
            self.held[name] = order
            self.tell(KIND.REJECTED, order, code="no")
        else:
            self.held[name] = order
            self.tell(KIND.ACKNOWLEDGED, order)

    def strange(self) -> None:
        """Let a person place an order at the venue's own screen."""
        name = f"web-{self.random.randint(1, 3)}"
        if self.history and name not in self.held:
            self.held[name] = Held(
                client_order_id=name,
                side=self.random.choice((Side.BUY, Side.SELL)),
                quantity=Decimal(3),
                price=Decimal(99),
                ours=False,
            )

    def request(self) -> None:
        """Ask for a cancel or an amendment of an order that we take for working."""
        open_ = [n for n, life in self.lives.items() if life.state not in FINAL]
        if not open_:
            return
        name = self.random.choice(open_)
        life, order = self.lives[name], self.held.get(name)
        lots = life.record.filled_lots + self.random.randint(1, 8)
        cancel = self.random.random() < 0.6
        if cancel:
            life.cancel_asked(self.now_ns)
        else:
            life.change_asked(lots, 1001, self.now_ns)
        if order is None or self.random.random() < 0.2:
            return  # lost, or of an order that never arrived
        quantity = lots * INSTRUMENT.lot_size
        working = order.state in ("new", "partially_filled")
        if not working or (not cancel and quantity <= order.filled):
            self.tell(KIND.CANCEL_REJECTED if cancel else KIND.REPLACE_REJECTED, order)
        elif cancel:
            order.state = "cancelled"
            self.tell(KIND.CANCELLED, order)
        else:
            order.quantity, order.price = quantity, Decimal("100.1")
            self.tell(KIND.REPLACED, order, quantity=quantity, price=order.price)

    def deliver(self) -> None:
        """Let one report that is on its way come in, not always the oldest."""
        if self.link:
            place = 0 if self.random.random() < 0.7 else self.random.randrange(len(self.link))
            self.hear(self.link.pop(place))

    def hear(self, report: VenueReport) -> None:
        """Give a report to its order."""
        life = self.lives[report.client_order_id]
        self.book(report.client_order_id, life.hear(heard(report, INSTRUMENT), self.now_ns))

    def book(self, name: str, effects: list[Effect]) -> None:
        """Count fills, and answer questions now and then."""
        for effect in effects:
            if isinstance(effect, Filled):
                sign = 1 if self.sides[name] is Side.BUY else -1
                self.position += sign * effect.lots
        for effect in effects:
            if isinstance(effect, Ask) and self.random.random() < 0.5:
                self.answer(name, effect.question)

    def answer(self, name: str, question: Question) -> None:
        """Answer a question by the truth."""
        life, order, now_ns = self.lives[name], self.held.get(name), self.now_ns
        if question is Question.FIND:
            effects = (
                life.absent(now_ns, now_ns, sure=True)
                if order is None
                else life.found(found(order.status(now_ns), INSTRUMENT), now_ns, now_ns)
            )
            self.book(name, effects)
        elif question is Question.FILLS and self.history:
            for fill in [f for f in self.fills if f.client_order_id == name]:
                self.hear(_report(fill))
            self.book(name, life.fills_checked(now_ns))

    def step(self) -> None:
        """Let one thing happen."""
        self.now_ns += self.random.randint(1, 2 * SECOND)
        what = self.random.random()
        if what < 0.15 or not self.lives:
            self.submit()
        elif what < 0.16:
            self.strange()
        elif what < 0.25:
            self.request()
        elif what < 0.55:
            self.happen()
        elif what < 0.95:
            self.deliver()
        else:
            for name, life in self.lives.items():
                self.book(name, life.tick(self.now_ns))

    # --- reconciling ---

    def believed(self) -> Belief:
        """Return what we hold true."""
        orders, ids = [], set(self.external)
        for name, life in self.lives.items():
            it = life.record
            ids |= set(it.trades)
            orders.append(
                OrderBelief(
                    client_order_id=name,
                    symbol="GC",
                    side=self.sides[name],
                    state=it.state,
                    quantity=it.lots * INSTRUMENT.lot_size,
                    filled=it.filled_lots * INSTRUMENT.lot_size,
                    sent_ts_ns=it.sent_ns,
                    updated_ts_ns=it.moved_ns,
                    price=(it.price_ticks or 0) * INSTRUMENT.tick_size,
                    cost=it.cost_ticks * INSTRUMENT.lot_size * INSTRUMENT.tick_size,
                    acknowledged=it.acked,
                    confirmed=name in self.confirmed,
                )
            )
        position = self.position * INSTRUMENT.lot_size + sum(self.external.values(), Decimal(0))
        return Belief(
            account="a",
            prefix="fks-1-",
            orders=tuple(orders),
            instruments={"GC": INSTRUMENT},
            trade_ids=frozenset(ids),
            strangers=frozenset(f"v-web-{i}" for i in (1, 2)),
            positions={"GC": position},
        )

    def true_position(self) -> Decimal:
        """Return what the venue holds for us."""
        signed = (f.quantity if f.side is Side.BUY else -f.quantity for f in self.fills)
        return sum(signed, Decimal(0))

    def said(self, asked: tuple[tuple[str, str], ...]) -> Said:
        """Return what the venue answers."""
        position = VenuePosition(
            symbol="GC", quantity=self.true_position(), average_price=Decimal(0)
        )
        names = {name for name, _ in asked}
        told = {n: self.held[n].status(self.now_ns) if n in self.held else None for n in names}
        return Said(
            asked_ts_ns=self.now_ns,
            orders=tuple(
                order.status(self.now_ns)
                for order in self.held.values()
                if order.state in ("new", "partially_filled")
            ),
            fills=tuple(self.fills) if self.history else (),
            found=told,
            complete=self.history,
            positions=(position,),
        )

    def reconcile(self, asked: tuple[tuple[str, str], ...] = ()) -> Reconciled:
        """Compare once and apply what comes of it."""
        self.now_ns += 30 * SECOND
        result = reconcile(
            self.believed(), self.said(asked), ReconcileTerms(sure=True, history=self.history)
        )
        self.now_ns += 1
        for report in result.reports:
            self.hear(report)
        for report in result.external:
            signed = report.quantity if report.side is Side.BUY else -report.quantity
            self.external[report.trade_id] = signed
        return result


def _report(fill: VenueFill) -> VenueReport:
    fields = {name: getattr(fill, name) for name in VenueFill.__struct_fields__}
    return VenueReport(kind=KIND.FILLED, **fields)
