"""The FIX venue under the contract of venues, over our own counterparty."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.contexts.execution.venues.binance_rig import SCALE
from tests.contexts.execution.venues.contract import VenueContract
from tests.contexts.execution.venues.rig import Trouble
from tests.contexts.execution.venues.room_rig import GOLD, RoomRig
from tests.contexts.execution.venues.troubled_contract import TroubledVenueContract

from fks.contexts.execution.adapters.venues.fix.venue import make
from fks.contracts.execution import Venue, VenueContext
from fks.testing.fix import FixAcceptor


class FixRig(RoomRig):
    """A FIX counterparty."""

    def __init__(self, folder: Path) -> None:
        super().__init__(FixAcceptor([GOLD], taker_fee_ppb=100_000))
        self._folder = folder

    def venue(self) -> Venue:
        """Return a venue that is not connected."""
        settings = {
            "host": "127.0.0.1",
            "port": self.counterparty.port,
            "sender": "FKS",
            "target": "VENUE",
            "numbers": str(self._folder),
            "heartbeat_s": 0.3,
            "answer_timeout_s": 0.3,
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

    async def inject(self, trouble: Trouble) -> None:
        """Make trouble; fills are told twice under one number, and under two."""
        await super().inject(trouble)
        self.counterparty.repeat = trouble is Trouble.DUPLICATE_FILL

    def arrivals(self, client_order_id: str) -> int:
        """Return how often a NewOrderSingle of this id came to the door."""
        return sum(m[35] == "D" and m[11] == client_order_id for m in self.counterparty.received)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[FixRig]:
    """Run a counterparty."""
    made = FixRig(tmp_path)
    await made.counterparty.start()
    yield made
    await made.counterparty.stop()


class TestFixVenue(VenueContract):
    """When nothing goes wrong."""


class TestTroubledFixVenue(TroubledVenueContract):
    """When much goes wrong."""

    async def agree(self, *given: Any) -> None:
        """Compare once what is on the wire has come, and what is not answered is in doubt."""
        await asyncio.sleep(0.5)
        await super().agree(*given)

    @pytest.mark.parametrize("seed", range(3 * SCALE))
    async def test_random_troubles_end_in_the_truth(self, rig: FixRig, seed: int) -> None:
        """Lost: a mixture of faults that nobody thought of could double or lose an order."""
        await rig.liquidity(rig.size * 4)
        await self.random_troubles(rig, seed, 25)
