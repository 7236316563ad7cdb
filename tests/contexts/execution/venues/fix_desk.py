"""A FIX venue and its counterparty on a local port."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path

from fks.contexts.execution.adapters.venues.fix.venue import FixVenue, make
from fks.contracts.execution import VenueContext, VenueOrder, VenueReport, VenueReportKind
from fks.contracts.values import Instrument, OrderType, Side, TimeInForce
from fks.testing.fix import FixAcceptor

GOLD = Instrument(id="GC", tick_size=Decimal("0.1"), lot_size=Decimal(1), multiplier=Decimal(100))
KIND = VenueReportKind


def order(
    name: str,
    side: Side = Side.BUY,
    quantity: int = 10,
    price: str | None = "2000.0",
    **fields: object,
) -> VenueOrder:
    """Return a limit order, or a market order without a price."""
    given: dict[str, object] = {
        "client_order_id": name,
        "instrument": GOLD,
        "side": side,
        "type": OrderType.MARKET if price is None else OrderType.LIMIT,
        "time_in_force": TimeInForce.IOC if price is None else TimeInForce.GTC,
        "quantity": Decimal(quantity),
        "price": None if price is None else Decimal(price),
    }
    return VenueOrder(**(given | fields))  # type: ignore[arg-type]


class Desk:
    """The venue, its counterparty, and what the venue reported."""

    def __init__(self, folder: Path, acceptor: FixAcceptor, **settings: object) -> None:
        self.acceptor = acceptor
        self.reports: list[VenueReport] = []
        self.context = VenueContext(
            account="a",
            settings={
                "host": "127.0.0.1",
                "port": acceptor.port,
                "sender": "FKS",
                "target": "VENUE",
                "numbers": str(folder),
                "answer_timeout_s": 0.4,
                "connect_timeout_s": 2.0,
                **settings,
            },
            instruments=(GOLD,),
            wall_ns=time.time_ns,
            monotonic_ns=time.monotonic_ns,
        )
        self.venue: FixVenue = make(self.context)

    def heard(self, name: str = "") -> list[VenueReportKind]:
        """Return the kinds of the reports about an order, or about the link."""
        return [report.kind for report in self.reports if report.client_order_id == name]

    async def until(self, told: Callable[[], bool], what: str = "") -> None:
        """Wait until something is so, for at most 5 s."""
        for _ in range(1000):
            if told():
                return
            await asyncio.sleep(0.005)
        raise AssertionError(f"{what or 'it'} did not come; reports: {self.reports}")

    async def until_heard(self, name: str, *kinds: VenueReportKind) -> None:
        """Wait until exactly these kinds were heard of an order."""
        await self.until(lambda: self.heard(name) == list(kinds), f"{name}: {kinds}")


@contextlib.asynccontextmanager
async def fix_desk(folder: Path, **settings: object) -> AsyncIterator[Desk]:
    """Run a counterparty and a venue that is logged on."""
    acceptor = FixAcceptor([GOLD])
    await acceptor.start()
    desk = Desk(folder, acceptor, **settings)
    try:
        await desk.venue.connect(desk.reports.append)
        yield desk
    finally:
        await desk.venue.close()
        await acceptor.stop()
