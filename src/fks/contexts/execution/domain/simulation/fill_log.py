"""Writing down what happens to own orders, in the form that calibration reads.

The same log comes out of a simulation as out of real trading, so a model can be fitted to either:
to own fills, or to a recorded feed by order in which simulated orders have their true places.
"""

from __future__ import annotations

from collections.abc import Iterable

from fks.contexts.execution.domain.simulation.calibration import OwnEvent
from fks.contexts.execution.domain.simulation.events import BUY
from fks.contexts.execution.domain.simulation.orders import Report, ReportKind, SimOrder
from fks.contexts.execution.domain.simulation.simulator import Simulator

__all__ = ["FillLog"]

_TOLD = {
    ReportKind.ACCEPTED: "acknowledged",
    ReportKind.FILLED: "filled",
    ReportKind.CANCELLED: "cancelled",
    ReportKind.EXPIRED: "cancelled",
}


class FillLog:
    """The log of one simulator. Call `before` ahead of each datum and `after` behind it."""

    def __init__(self, simulator: Simulator) -> None:
        self.events: list[OwnEvent] = []
        self.reports: list[Report] = []
        self._simulator = simulator
        self._levels: dict[int, int] = {}

    def sent(self, order: SimOrder, now_ns: int) -> None:
        """Send an order and note it."""
        simulator = self._simulator
        self.events.append(
            OwnEvent(
                order_id=str(order.id),
                event="sent",
                ts_ns=now_ns,
                side=order.side,
                lots=order.lots,
                price=order.price or None,
                touch=simulator.touch(order.side),
            )
        )
        simulator.submit(order, now_ns)

    def cancel_sent(self, order_id: int, now_ns: int) -> None:
        """Send a cancel and note it."""
        self.events.append(OwnEvent(order_id=str(order_id), event="cancel_sent", ts_ns=now_ns))
        self._simulator.cancel(order_id, now_ns)

    def before(self, ts_ns: int) -> None:
        """Let what arrives before a datum arrive."""
        self.after(ts_ns, self._simulator.on_time(ts_ns))

    def traded(self, ts_ns: int, price: int, lots: int, aggressor: int = 2) -> None:
        """Note a trade for the orders that it could reach."""
        for own in self._simulator.working():
            if own.offer.id not in self._levels or own.limit is None:
                continue
            reached = (own.limit - price) * own.sign >= 0
            if reached and aggressor in (2, 1 - own.offer.side):
                self.events.append(
                    OwnEvent(str(own.offer.id), "trade", ts_ns, lots=lots, price=price)
                )

    def after(self, ts_ns: int, reports: Iterable[Report]) -> None:
        """Note what was heard, and the levels at which own orders rest."""
        for report in reports:
            self.reports.append(report)
            if report.kind in _TOLD:
                self.events.append(
                    OwnEvent(
                        order_id=str(report.order_id),
                        event=_TOLD[report.kind],
                        ts_ns=report.ts_ns,
                        heard_ns=report.heard_ns,
                        side=report.side,
                        lots=report.lots,
                        price=report.price_ticks or None,
                        maker=report.maker,
                    )
                )
        for own, lots in self._simulator.queued():
            if self._levels.get(own.offer.id) != lots:
                self._levels[own.offer.id] = lots
                self.events.append(OwnEvent(str(own.offer.id), "level", ts_ns, side=BUY, lots=lots))
