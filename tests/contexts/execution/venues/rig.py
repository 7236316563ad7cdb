"""What a venue's test brings to the contract suite: an exchange, a market, and trouble to order."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import itertools
import time
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Protocol

from fks.contracts.execution import (
    Venue,
    VenueFill,
    VenueOrder,
    VenueReport,
    VenueReportKind,
)
from fks.contracts.values import Instrument, OrderType, Side, TimeInForce
from fks.kernel.errors import TimedOut, Unavailable

K = VenueReportKind
PATIENCE_S = 10.0
_NUMBERS = itertools.count(1)
_RUN = f"{time.time_ns() // 1_000_000:x}"


class Trouble(enum.Enum):
    """What can go wrong with the next order, or the next thing said of one."""

    LOST_REQUEST = "lost_request"  # it never arrived; the connection is cut
    LOST_ACK = "lost_ack"  # it was processed; the connection is cut
    NO_ANSWER = "no_answer"  # it was processed; nobody answers
    LATE_ACK = "late_ack"  # it was processed; the answer comes late, but comes
    SERVER_ERROR = "server_error"  # it was processed; the answer is an error that leaves doubt
    MALFORMED = "malformed"  # it was processed; the answer cannot be read
    REFUSED = "refused"  # a certain refusal
    RATE_LIMITED = "rate_limited"  # refused, and asked to be silent for a while
    DUPLICATE_FILL = "duplicate_fill"  # every fill is reported twice
    FILL_BEFORE_ACK = "fill_before_ack"  # the reports of the order come in the wrong order
    CUT = "cut"  # the stream of reports breaks, at once
    SILENCE = "silence"  # the stream stays open and says nothing any more, no heartbeat either


DOUBT = (
    Trouble.LOST_REQUEST,
    Trouble.LOST_ACK,
    Trouble.NO_ANSWER,
    Trouble.SERVER_ERROR,
    Trouble.MALFORMED,
)


class Rig(Protocol):
    """An exchange for one test. `bid` and `ask` are the market, `size` a quantity of even lots."""

    instrument: Instrument
    bid: Decimal
    ask: Decimal
    size: Decimal
    troubles: frozenset[Trouble]

    def venue(self) -> Venue:
        """Return a venue that is not connected."""
        ...

    async def liquidity(self, quantity: Decimal) -> None:
        """Put `quantity` at `bid` and at `ask`, by somebody else."""
        ...

    async def hit(self, price: Decimal, quantity: Decimal) -> None:
        """Let somebody else sell `quantity` down to `price`."""
        ...

    async def inject(self, trouble: Trouble) -> None:
        """Let the next order (or what is said of it) meet this."""
        ...

    def skew(self, offset_ns: int) -> None:
        """Set how far the exchange's clock is ahead."""
        ...

    async def heal(self) -> None:
        """End all trouble."""
        ...

    async def unplug(self) -> None:
        """Stop the exchange: nobody listens at its address any more."""
        ...

    def arrivals(self, client_order_id: str) -> int:
        """Return how often a new order under this id came to the exchange's door."""
        ...

    def truth(self, client_order_id: str) -> tuple[str, Decimal] | None:
        """Return the state and the filled quantity that the exchange holds, None if no order."""
        ...


class Heard:
    """A listener that keeps what it hears and can be waited on."""

    def __init__(self) -> None:
        self.reports: list[VenueReport] = []
        self._news = asyncio.Event()

    def __call__(self, report: VenueReport) -> None:
        """Keep a report."""
        self.reports.append(report)
        self._news.set()

    def of(self, client_order_id: str) -> list[VenueReport]:
        """Return what was said of an order."""
        return [one for one in self.reports if one.client_order_id == client_order_id]

    def kinds(self, client_order_id: str) -> list[VenueReportKind]:
        """Return the kinds of what was said of an order."""
        return [one.kind for one in self.of(client_order_id)]

    def fills(self, client_order_id: str) -> list[VenueReport]:
        """Return the fills of an order."""
        return [one for one in self.of(client_order_id) if one.kind is VenueReportKind.FILLED]

    def filled(self, client_order_id: str) -> Decimal:
        """Return the quantity filled, as reported."""
        return sum((one.quantity for one in self.fills(client_order_id)), Decimal(0))

    def count(self, kind: VenueReportKind) -> int:
        """Return how often a kind of report came."""
        return sum(one.kind is kind for one in self.reports)

    async def until(self, said: Callable[[], bool]) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(PATIENCE_S):
            while not said():
                self._news.clear()
                await self._news.wait()

    async def hears(self, client_order_id: str, kind: VenueReportKind) -> VenueReport:
        """Wait for a kind of report of an order; return the first."""
        await self.until(lambda: kind in self.kinds(client_order_id))
        return next(one for one in self.of(client_order_id) if one.kind is kind)


def new_id() -> str:
    """Return a client order id that was never used."""
    return f"fks-{_RUN}-{next(_NUMBERS)}"


def order(
    rig: Rig,
    *,
    side: Side = Side.BUY,
    price: Decimal | None = None,
    quantity: Decimal | None = None,
    tif: TimeInForce = TimeInForce.GTC,
    post_only: bool = False,
    reduce_only: bool = False,
) -> VenueOrder:
    """Return an order; without a price it is a market order."""
    return VenueOrder(
        client_order_id=new_id(),
        instrument=rig.instrument,
        side=side,
        type=OrderType.MARKET if price is None else OrderType.LIMIT,
        time_in_force=tif,
        quantity=rig.size if quantity is None else quantity,
        price=price,
        post_only=post_only,
        reduce_only=reduce_only,
    )


def far(rig: Rig) -> Decimal:
    """Return a price to buy at that rests below the market."""
    return rig.bid - 10 * rig.instrument.tick_size


def total(fills: tuple[VenueFill, ...], client_order_id: str) -> Decimal:
    """Return what a history says was filled of an order."""
    return sum((f.quantity for f in fills if f.client_order_id == client_order_id), Decimal(0))


@contextlib.asynccontextmanager
async def connected(rig: Rig) -> AsyncIterator[tuple[Venue, Heard]]:
    """Give a connected venue and its listener."""
    venue, heard = rig.venue(), Heard()
    await venue.connect(heard)
    try:
        await heard.until(lambda: heard.count(K.CONNECTED) > 0)
        yield venue, heard
    finally:
        await venue.close()


async def found(venue: Venue, client_order_id: str, rig: Rig) -> tuple[str, Decimal] | None:
    """Ask until the venue is sure; return the order's state and what was filled."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                status = await venue.find_order(client_order_id, rig.instrument.id)
            except (Unavailable, TimedOut):
                await asyncio.sleep(0.05)
                continue
            return None if status is None else (status.state, status.filled)
