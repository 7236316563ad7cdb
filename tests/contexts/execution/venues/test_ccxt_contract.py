"""The ccxt venue under the contract of venues: ccxt's binance over our local exchange."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.contexts.execution.venues.binance_rig import SCALE, BinanceRig
from tests.contexts.execution.venues.contract import VenueContract
from tests.contexts.execution.venues.rig import Heard, K, Trouble, connected, far, order
from tests.contexts.execution.venues.troubled_contract import TroubledVenueContract

from fks.contexts.execution.adapters.venues.ccxt.venue import make
from fks.contracts.execution import Venue, VenueContext
from fks.kernel.errors import Denied, Invalid, TimedOut, Unavailable
from fks.testing.exchange import Market


class CcxtRig(BinanceRig):
    """The local exchange, asked through ccxt."""

    troubles = frozenset(
        {
            Trouble.LOST_REQUEST,
            Trouble.LOST_ACK,
            Trouble.NO_ANSWER,
            Trouble.LATE_ACK,
            Trouble.SERVER_ERROR,
            Trouble.MALFORMED,
            Trouble.REFUSED,
            Trouble.RATE_LIMITED,
        }
    )

    def __init__(self) -> None:
        super().__init__(Market.SPOT)

    def context(self, **settings: Any) -> VenueContext:
        """Return what a venue is made with."""
        where = f"{self.exchange.url}/api/v3"
        given = {
            "exchange": "binance",
            **self.keys,
            "options": {
                "fetchMarkets": {"types": ["spot"]},
                "fetchCurrencies": False,
                "fetchMargins": False,
            },
            "urls": {"api": {"public": where, "private": where}},
            "sure": True,
            "poll_s": 0.05,
            "timeout_s": 0.5,
            **settings,
        }
        return VenueContext(
            account="A",
            settings=given,
            instruments=(self.instrument,),
            wall_ns=time.time_ns,
            monotonic_ns=time.monotonic_ns,
        )

    def venue(self, **settings: Any) -> Venue:  # type: ignore[override]
        """Return a venue that is not connected."""
        made = make(self.context(**settings))
        made._exchange.enableRateLimit = False  # this exchange is ours
        return made


@pytest.fixture
async def rig() -> AsyncIterator[CcxtRig]:
    """Run the local exchange."""
    pytest.importorskip("ccxt")
    made = CcxtRig()
    async with made.exchange:
        yield made


class TestCcxtVenue(VenueContract):
    """When nothing goes wrong."""

    async def test_the_wrong_keys_are_denied(self, rig: CcxtRig) -> None:
        """Lost: wrong keys would look like a venue that is away, and be tried for ever."""
        os.environ["FKS_TEST_WRONG"] = "x" * 64
        venue = rig.venue(api_secret_env="FKS_TEST_WRONG")
        with pytest.raises(Denied):
            await venue.connect(Heard())

    async def test_an_amendment_is_refused_and_the_order_stays(self, rig: CcxtRig) -> None:
        """Lost: an edit that is a cancel and a new order would lose the order's id."""
        async with connected(rig) as (venue, heard):
            sent = order(rig, price=far(rig))
            await venue.submit(sent)
            await venue.amend(sent.client_order_id, "BTCUSDT", rig.size * 2, far(rig))
            report = await heard.hears(sent.client_order_id, K.REPLACE_REJECTED)
            assert report.code == "NOT_SUPPORTED"
            assert rig.truth(sent.client_order_id) == ("new", Decimal(0))

    async def test_an_order_of_a_former_life_is_followed_once_it_was_found(
        self, rig: CcxtRig
    ) -> None:
        """Lost: after a restart nobody would hear of its fills."""
        async with connected(rig) as (venue, heard):
            sent = order(rig, price=far(rig))
            await venue.submit(sent)
        async with connected(rig) as (venue, heard):
            assert len(await venue.open_orders()) == 1
            await rig.hit(far(rig), rig.size)
            await heard.until(lambda: heard.filled(sent.client_order_id) == rig.size)

    async def test_an_instrument_learnt_later_is_traded_and_an_unknown_one_refused(
        self, rig: CcxtRig
    ) -> None:
        """Lost: an account opened before its first instrument could never trade."""
        context = msgspec.structs.replace(rig.context(), instruments=())
        venue, heard = make(context), Heard()
        await venue.connect(heard)
        venue.learn(rig.instrument)
        sent = order(rig, price=far(rig))
        await venue.submit(sent)
        await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
        other = msgspec.structs.replace(rig.instrument, id="DOGEUSDT")
        sent = msgspec.structs.replace(order(rig, price=far(rig)), instrument=other)
        await venue.submit(sent)
        report = await heard.hears(sent.client_order_id, K.REJECTED)
        assert "lists no DOGEUSDT" in report.text
        await venue.close()

    async def test_a_first_connection_that_failed_can_be_tried_again(self, rig: CcxtRig) -> None:
        """Lost: an exchange that is away at the start would stay away."""
        venue, heard = rig.venue(), Heard()
        await rig.unplug()
        with pytest.raises((Unavailable, TimedOut)):
            await venue.connect(heard)
        await rig.exchange.start()
        await venue.connect(heard)
        assert heard.count(K.CONNECTED) == 1
        await venue.close()

    def test_what_ccxt_does_not_know_is_told(self, rig: CcxtRig, monkeypatch: Any) -> None:
        """Lost: a user would look for the mistake in a stack of somebody else's calls."""
        with pytest.raises(Invalid, match="knows no exchange"):
            rig.venue(exchange="mtgox")
        monkeypatch.setitem(__import__("sys").modules, "ccxt.async_support", None)
        with pytest.raises(Unavailable, match=r"install fks\[ccxt\]"):
            rig.venue()


class TestTroubledCcxtVenue(TroubledVenueContract):
    """When much goes wrong."""

    @pytest.mark.parametrize("seed", range(3 * SCALE))
    async def test_random_troubles_end_in_the_truth(self, rig: CcxtRig, seed: int) -> None:
        """Lost: a mixture of faults that nobody thought of could double or lose an order."""
        await rig.liquidity(rig.size * 4)
        await self.random_troubles(rig, seed, 15)
