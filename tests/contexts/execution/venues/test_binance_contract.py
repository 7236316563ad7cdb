"""Both Binance venues under the contract of a venue, over the local exchange with its faults."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.contexts.execution.venues.binance_rig import SCALE, BinanceRig
from tests.contexts.execution.venues.contract import VenueContract
from tests.contexts.execution.venues.troubled_contract import TroubledVenueContract

from fks.testing.exchange import Market


@pytest.fixture(params=list(Market), ids=lambda market: market.value)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[BinanceRig]:
    """Give an exchange of each market."""
    made = BinanceRig(request.param)
    async with made.exchange:
        yield made


class TestBinance(VenueContract):
    """When nothing goes wrong."""


class TestBinanceInTrouble(TroubledVenueContract):
    """When anything goes wrong."""

    @pytest.mark.parametrize("seed", range(4 * SCALE))
    async def test_any_sequence_of_trouble_ends_at_the_truth(
        self, rig: BinanceRig, seed: int
    ) -> None:
        """Lost: some order of failures would leave us with another position than the venue's."""
        await self.random_troubles(rig, seed, steps=20)
