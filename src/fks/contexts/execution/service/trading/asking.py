"""Questions to a venue: how an order stands, which fills it had, and whether all agrees.

Every answer goes through the journal like a report; a question that fails is asked again by the
order's own patience, or at the next reconciling.
"""

from __future__ import annotations

import asyncio

import structlog

from fks.contexts.execution.domain.routing.breaker import Call
from fks.contexts.execution.domain.routing.effects import Question
from fks.contexts.execution.domain.trading import inputs
from fks.contexts.execution.domain.trading.effects import Asked, CancelSent
from fks.contexts.execution.service.trading.links import Link
from fks.contexts.execution.service.trading.writer import Writer
from fks.contracts.execution import VenueCapabilities, VenueFill, VenueReport, VenueReportKind
from fks.kernel.clock import Clock
from fks.kernel.errors import FksError

__all__ = ["Asking", "report_of", "sure"]

_log = structlog.get_logger("fks.execution")
_BEFORE_NS = 60_000_000_000  # a venue's clock may be behind ours


class Asking:
    """Ask one venue on behalf of its account's orders."""

    def __init__(self, link: Link, writer: Writer, clock: Clock) -> None:
        self._link = link
        self._writer = writer
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._asked: set[tuple[int, Question]] = set()

    def ask(self, wish: Asked) -> None:
        """Ask in the background; the same question twice at a time is asked once."""
        if wish.question is Question.CANCEL:
            self._link.send(CancelSent(wish.account, wish.order_id))
            return
        key = (wish.order_id, wish.question)
        if key in self._asked:
            return
        self._asked.add(key)
        task = asyncio.create_task(self._ask(wish))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: self._asked.discard(key))

    async def close(self) -> None:
        """Give up what is being asked."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _ask(self, wish: Asked) -> None:
        begun_ns = self._clock.monotonic_ns()
        if not self._link.connected or not self._link.breaker.allows(Call.READ, begun_ns):
            return
        try:
            if wish.question is Question.FIND:
                await self._find(wish.order_id)
            else:
                await self._fills(wish.order_id)
        except FksError as error:
            self._link.breaker.failed(error.message, self._clock.monotonic_ns())
            _log.warning("venue_question", account=wish.account, error=error.message)
        else:
            now_ns = self._clock.monotonic_ns()
            self._link.breaker.succeeded(now_ns - begun_ns, now_ns)

    async def _find(self, order_id: int) -> None:
        order = self._writer.machine.floor.orders[order_id]
        asked_ns = max(self._clock.now_ns(), self._writer.machine.floor.now_ns)
        venue = self._link.venue
        status = await venue.find_order(order.wire_id, order.request.symbol)
        self._writer.put(
            inputs.Answered(
                order_id=order_id,
                status=status,
                asked_ts_ns=asked_ns,
                sure=sure(venue.capabilities),
            ),
            urgent=True,
        )

    async def _fills(self, order_id: int) -> None:
        order = self._writer.machine.floor.orders[order_id]
        since_ns = order.created_ts_ns - _BEFORE_NS
        for fill in await self._link.venue.fills_since(since_ns, order.request.symbol):
            if fill.client_order_id == order.wire_id:
                self._writer.put(
                    inputs.Reported(
                        account=order.request.account, report=report_of(fill), reconciled=True
                    ),
                    urgent=True,
                )
        complete = self._link.venue.capabilities.history
        self._writer.put(inputs.FillsChecked(order_id=order_id, complete=complete), urgent=True)


def sure(capabilities: VenueCapabilities) -> bool:
    """Tell whether a venue that says "never had it" may be believed, after a while."""
    return capabilities.dedups or capabilities.sure_of_absence


def report_of(fill: VenueFill) -> VenueReport:
    """Return a fill out of a venue's history as the report that was missed."""
    return VenueReport(
        kind=VenueReportKind.FILLED,
        ts_ns=fill.ts_ns,
        client_order_id=fill.client_order_id,
        venue_order_id=fill.venue_order_id,
        symbol=fill.symbol,
        side=fill.side,
        trade_id=fill.trade_id,
        quantity=fill.quantity,
        price=fill.price,
        fee=fill.fee,
        fee_currency=fill.fee_currency,
        maker=fill.maker,
    )
