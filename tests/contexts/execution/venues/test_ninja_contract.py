"""The NinjaTrader venue under the contract of venues, over a terminal that is none."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from tests.contexts.execution.venues.binance_rig import SCALE
from tests.contexts.execution.venues.contract import VenueContract
from tests.contexts.execution.venues.room_rig import GOLD, RoomRig
from tests.contexts.execution.venues.troubled_contract import TroubledVenueContract

from fks.contexts.execution.adapters.venues.ninja.venue import make
from fks.contracts.execution import Venue, VenueContext
from fks.testing.ninja import FakeNinjaTrader

TOKEN = "0123456789abcdef"


def context(
    port: int, wall_ns: Callable[[], int] = time.time_ns, **settings: object
) -> VenueContext:
    """Return what a venue is made with."""
    os.environ["FKS_TEST_NINJA"] = TOKEN
    return VenueContext(
        account="a",
        settings={
            "account": "Sim101",
            "token_env": "FKS_TEST_NINJA",
            "port": port,
            "heartbeat_s": 0.3,
            "answer_timeout_s": 0.3,
            "connect_timeout_s": 1.0,
            **settings,
        },
        instruments=(GOLD,),
        wall_ns=wall_ns,
        monotonic_ns=time.monotonic_ns,
    )


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        port: int = made.getsockname()[1]
        return port


class NinjaRig(RoomRig):
    """A terminal that looks for the bridge's port."""

    def __init__(self, port: int) -> None:
        super().__init__(FakeNinjaTrader([GOLD], token=TOKEN, taker_fee_ppb=100_000))
        self.port = port

    def venue(self) -> Venue:
        """Return a venue that is not connected."""
        return make(context(self.port))

    def arrivals(self, client_order_id: str) -> int:
        """Return how often a signal to trade under this id came to the terminal."""
        return sum(
            line["type"] == "signal"
            and line["action"] in ("buy", "sell")
            and line["id"] == client_order_id
            for line in self.counterparty.received
        )


@pytest.fixture
async def rig() -> AsyncIterator[NinjaRig]:
    """Run a terminal."""
    made = NinjaRig(free_port())
    made.counterparty.start(made.port)
    await asyncio.sleep(0)
    yield made
    await made.counterparty.stop()


class TestNinjaVenue(VenueContract):
    """When nothing goes wrong."""


class TestTroubledNinjaVenue(TroubledVenueContract):
    """When much goes wrong."""

    async def agree(self, *given: Any) -> None:
        """Compare once what is on the wire has come, and what is not answered is in doubt."""
        await asyncio.sleep(0.5)
        await super().agree(*given)

    @pytest.mark.parametrize("seed", range(3 * SCALE))
    async def test_random_troubles_end_in_the_truth(self, rig: NinjaRig, seed: int) -> None:
        """Lost: a mixture of faults that nobody thought of could double or lose an order."""
        await rig.liquidity(rig.size * 4)
        await self.random_troubles(rig, seed, 25)
