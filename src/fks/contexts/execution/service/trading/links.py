"""Links to venues: durable sends go out once, reports come in, doubts are asked about.

One link an account. Sends of one order keep their order; different orders do not wait for one
another beyond a bound. A technical breaker stands before the sends and questions.
"""

from __future__ import annotations

import asyncio

import structlog

from fks.contexts.execution.domain.routing.breaker import Breaker, Call
from fks.contexts.execution.domain.trading import inputs
from fks.contexts.execution.domain.trading.effects import CancelSent, ChangeSent, OrderSent
from fks.contexts.execution.domain.trading.floor import Floor
from fks.contexts.execution.domain.trading.state import AccountRecord, OrderRecord
from fks.contexts.execution.service.trading.latency import Latencies
from fks.contexts.execution.service.trading.switch import Switch
from fks.contexts.execution.service.trading.writer import Writer
from fks.contracts.execution import (
    AccountComparison,
    Venue,
    VenueCash,
    VenueOrder,
    VenueReport,
    VenueReportKind,
)
from fks.contracts.values import OrderType
from fks.kernel.clock import Clock
from fks.kernel.errors import FksError, Unavailable

__all__ = ["Link"]

_log = structlog.get_logger("fks.execution")
_AT_ONCE = 64
_TRAILING = (OrderType.TRAILING_STOP, OrderType.TRAILING_STOP_LIMIT)
Sent = OrderSent | CancelSent | ChangeSent


class Link:
    """An account's connection to its venue."""

    def __init__(
        self,
        account: AccountRecord,
        venue: Venue,
        writer: Writer,
        switch: Switch,
        breaker: Breaker,
        latencies: Latencies,
        clock: Clock,
    ) -> None:
        self.account = account
        self.venue = venue
        self.breaker = breaker
        self.connected = False
        self.reconciled = False
        self.last_heard_ns = 0
        self.compared: AccountComparison | None = None
        self.adopts: frozenset[str] = frozenset()
        self.clock_offset_ns: int | None = None
        self._writer = writer
        self._floor: Floor = writer.machine.floor
        self._switch = switch
        self._latencies = latencies
        self._clock = clock
        self._sent_at_ns: dict[str, int] = {}
        self._chains: dict[int, asyncio.Task[None]] = {}
        self._free = asyncio.Semaphore(_AT_ONCE)

    async def connect(self) -> None:
        """Connect, and tell the machine of every report from now on."""
        await self.venue.connect(self.hear)
        self.connected = True

    async def close(self) -> None:
        """Let what is being sent end, then disconnect."""
        pending = [task for task in self._chains.values() if not task.done()]
        if pending:
            await asyncio.wait(pending, timeout=5.0)
        self.connected = False
        await self.venue.close()

    def send(self, act: Sent) -> None:
        """Send something durable, after what was sent for the same order before."""
        before = self._chains.get(act.order_id)
        task = asyncio.create_task(self._send(act, before))
        self._chains[act.order_id] = task
        task.add_done_callback(lambda done: self._forget(act.order_id, done))

    @property
    def sending(self) -> bool:
        """Tell whether something is being sent."""
        return bool(self._chains)

    def hear(self, report: VenueReport | VenueCash) -> None:
        """Journal what the venue says."""
        self.last_heard_ns = self._clock.monotonic_ns()
        if isinstance(report, VenueCash):
            adopted = report.what in self.adopts
            self._put(inputs.CashMoved(account=self.account.id, cash=report, adopted=adopted))
            return
        if report.kind is VenueReportKind.CONNECTED:
            self.connected = True
        elif report.kind is VenueReportKind.DISCONNECTED:
            self.connected = False
        else:
            self._measure(report)
        self._put(inputs.Reported(account=self.account.id, report=report))

    def working(self) -> list[OrderRecord]:
        """Return the account's orders that are not final."""
        return [o for o in self._floor.working.values() if o.request.account == self.account.id]

    async def resend_cancels(self) -> None:
        """Ask again for every cancel that was asked for and not answered."""
        for order in self.working():
            if order.cancel_asked and order.id not in self._chains:
                self.send(CancelSent(self.account.id, order.id))

    def _forget(self, order_id: int, done: asyncio.Task[None]) -> None:
        if self._chains.get(order_id) is done:
            del self._chains[order_id]
        if not done.cancelled() and done.exception() is not None:
            _log.error("send_failed", order=order_id, exc_info=done.exception())

    async def _send(self, act: Sent, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        order = self._floor.orders.get(act.order_id)
        if order is None:
            return
        async with self._free:
            try:
                if isinstance(act, OrderSent):
                    await self._submit(order)
                elif isinstance(act, CancelSent):
                    await self.venue.cancel(order.wire_id, order.request.symbol)
                else:
                    scale = self._floor.scale(order)
                    price = None if act.price_ticks is None else scale.price(act.price_ticks)
                    await self.venue.amend(
                        order.wire_id, order.request.symbol, scale.quantity(act.lots), price
                    )
            except FksError as error:
                self._report(
                    order, VenueReportKind.UNKNOWN, getattr(error, "code", ""), error.message
                )

    async def _submit(self, order: OrderRecord) -> None:
        """Send an order, unless the kill switch is down or the breaker open: then it never left."""
        now_ns = self._clock.monotonic_ns()
        refused = ""
        if self._switch.down:
            refused = "the kill switch is down"
        elif not self.connected:
            refused = f"{self.account.venue} is not connected"
        elif not self.breaker.allows(Call.ORDER, now_ns):
            refused = f"the breaker of {self.account.venue} is open"
        if refused:
            self._report(order, VenueReportKind.UNSENT, "NOT_SENT", refused)
            return
        self._sent_at_ns[order.wire_id] = now_ns
        await self.venue.submit(self.wire(order))

    def _report(self, order: OrderRecord, kind: VenueReportKind, code: str, text: str) -> None:
        """Report in the venue's place."""
        self.hear(
            VenueReport(
                kind=kind,
                ts_ns=self._clock.now_ns(),
                client_order_id=order.wire_id,
                symbol=order.request.symbol,
                code=code,
                text=text,
            )
        )

    def _put(self, wish: inputs.Input) -> None:
        """Journal something that happened; where that fails, reconciling finds it again."""
        try:
            self._writer.put(wish, urgent=True)
        except Unavailable as error:
            self.reconciled = False
            _log.error("report_not_journaled", account=self.account.id, error=error.message)

    def _measure(self, report: VenueReport) -> None:
        """Take the time from the send to the first word, and tell the breaker of the link."""
        now_ns = self._clock.monotonic_ns()
        sent_ns = self._sent_at_ns.pop(report.client_order_id, None)
        if report.kind is VenueReportKind.UNKNOWN:
            self.breaker.failed(report.text or "no answer", now_ns)
        elif sent_ns is not None and report.kind is not VenueReportKind.UNSENT:
            self._latencies.note(f"venue_{self.account.venue}", now_ns - sent_ns)
            self.breaker.succeeded(now_ns - sent_ns, now_ns)

    def wire(self, order: OrderRecord) -> VenueOrder:
        """Return an order as it is sent."""
        request, can = order.request, self.venue.capabilities
        record = self._floor.by_number[order.instrument]
        scale = self._floor.scale(order)
        trigger = None if order.stop_ticks is None else scale.price(order.stop_ticks)
        trails = request.type in _TRAILING
        return VenueOrder(
            client_order_id=order.wire_id,
            instrument=record.instrument,
            side=request.side,
            type=request.type,
            time_in_force=request.time_in_force,
            quantity=scale.quantity(order.lots),
            price=None if order.price_ticks is None else scale.price(order.price_ticks),
            stop_price=None if trails else trigger,
            trail=trigger if trails else None,
            display_quantity=request.display_quantity,
            expire_ts_ns=request.expire_ts_ns,
            post_only=request.post_only,
            # Checked by our own engine; a venue without positions does not know the word.
            reduce_only=request.reduce_only and can.reduce_only,
        )
