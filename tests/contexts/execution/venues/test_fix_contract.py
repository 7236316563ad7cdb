"""The FIX venue under the contract of venues, over our own counterparty."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from tests.contexts.execution.venues.contract import VenueContract
from tests.contexts.execution.venues.rig import Trouble
from tests.contexts.execution.venues.troubled_contract import TroubledVenueContract

from fks.contexts.execution.adapters.venues.fix.venue import make
from fks.contracts.execution import Venue, VenueContext
from fks.contracts.values import Instrument, Side
from fks.testing.fix import FixAcceptor

GOLD = Instrument(id="GC", tick_size=Decimal("0.1"), lot_size=Decimal(1), multiplier=Decimal(100))


class FixRig:
    """A counterparty for one test; what goes wrong is set on it."""

    instrument = GOLD
    bid, ask, size = Decimal("1999.9"), Decimal("2000.1"), Decimal(4)
    troubles = frozenset(Trouble) - {Trouble.SERVER_ERROR}  # FIX has no such answer

    def __init__(self, folder: Path) -> None:
        self.acceptor = FixAcceptor([GOLD], taker_fee_ppb=100_000)
        self._folder = folder

    def venue(self) -> Venue:
        """Return a venue that is not connected."""
        settings = {
            "host": "127.0.0.1",
            "port": self.acceptor.port,
            "sender": "FKS",
            "target": "VENUE",
            "numbers": str(self._folder),
            "heartbeat_s": 1,
            "answer_timeout_s": 0.4,
            "connect_timeout_s": 0.5,
            "tells": ["trades", "positions", "balances"],
        }
        return make(
            VenueContext(
                account="a",
                settings=settings,
                instruments=(GOLD,),
                wall_ns=time.time_ns,
                monotonic_ns=time.monotonic_ns,
            )
        )

    async def liquidity(self, quantity: Decimal) -> None:
        """Make the market."""
        for side, price in ((Side.BUY, self.bid), (Side.SELL, self.ask)):
            self.acceptor.room.stranger("GC", side, quantity, price)

    async def hit(self, price: Decimal, quantity: Decimal) -> None:
        """Let somebody else sell, once what was sent has arrived."""
        await asyncio.sleep(0.02)
        self.acceptor.room.stranger("GC", Side.SELL, quantity, price)

    async def inject(self, trouble: Trouble) -> None:
        """Let the next order meet this."""
        acceptor = self.acceptor
        match trouble:
            case Trouble.LOST_REQUEST:
                acceptor.lose = 1
            case Trouble.LOST_ACK:
                acceptor.crash = 1
            case Trouble.NO_ANSWER:
                acceptor.hide = 1
            case Trouble.LATE_ACK:
                acceptor.late_s = 0.2
            case Trouble.MALFORMED:
                acceptor.garble = 1
            case Trouble.REFUSED:
                acceptor.refuse = 1
            case Trouble.DUPLICATE_FILL:
                acceptor.double = acceptor.repeat = True
            case Trouble.FILL_BEFORE_ACK:
                acceptor.reverse = True
            case Trouble.SILENCE:
                acceptor.silent = True
            case Trouble.CUT:  # FIX has one connection: what is under way may still arrive
                asyncio.get_running_loop().call_later(0.05, acceptor.cut)
            case _:
                raise AssertionError(trouble)

    async def heal(self) -> None:
        """End all trouble."""
        self.acceptor.heal()

    async def unplug(self) -> None:
        """Stop to listen."""
        await self.acceptor.stop()

    def arrivals(self, client_order_id: str) -> int:
        """Return how often a NewOrderSingle of this id came to the door."""
        return sum(m[35] == "D" and m[11] == client_order_id for m in self.acceptor.received)

    def truth(self, client_order_id: str) -> tuple[str, Decimal] | None:
        """Return what the counterparty holds."""
        order = self.acceptor.room.orders.get(client_order_id)
        return None if order is None else (order.state, order.filled)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[FixRig]:
    """Run a counterparty."""
    made = FixRig(tmp_path)
    await made.acceptor.start()
    yield made
    await made.acceptor.stop()


class TestFixVenue(VenueContract):
    """When nothing goes wrong."""


class TestTroubledFixVenue(TroubledVenueContract):
    """When much goes wrong."""

    @pytest.mark.parametrize("seed", range(5))
    async def test_random_troubles_end_in_the_truth(self, rig: FixRig, seed: int) -> None:
        """Lost: a mixture of faults that nobody thought of could double or lose an order."""
        await rig.liquidity(rig.size * 4)
        await self.random_troubles(rig, seed, 25)
