"""Ambiguous sends at Binance (row P3): whatever is lost, asking ends at the venue's own truth."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from tests.contexts.execution.venues.binance_rig import FAST, SCALE, BinanceRig
from tests.contexts.execution.venues.rig import Heard, connected, far, found, order
from tests.contexts.execution.venues.troubled_contract import TroubledVenueContract

from fks.contracts.execution import VenueReportKind as K
from fks.kernel.errors import Unavailable
from fks.testing.exchange import Fault, Market

CHANCES = {fault: 0.04 for fault in Fault if fault not in (Fault.RATE_LIMITED, Fault.BANNED)}


@pytest.fixture(params=list(Market), ids=lambda market: market.value)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[BinanceRig]:
    """Give an exchange of each market."""
    made = BinanceRig(request.param)
    async with made.exchange:
        yield made


async def test_a_request_that_may_still_arrive_is_not_called_absent(rig: BinanceRig) -> None:
    """Lost: an order could be given up and placed anew while the first one is on its way."""
    async with connected(rig) as (venue, _):
        rig.exchange.faults.late_s = 0.15
        rig.exchange.faults.script(Fault.LATE_REQUEST, method="POST", path="/order")
        sent = order(rig, price=far(rig))
        sending = asyncio.create_task(venue.submit(sent))
        await asyncio.sleep(0.05)
        with pytest.raises(Unavailable, match="may still take it"):
            await venue.find_order(sent.client_order_id, rig.instrument.id)
        await sending
        assert await found(venue, sent.client_order_id, rig) == rig.truth(sent.client_order_id)


async def test_a_request_that_arrives_after_its_window_is_not_taken(rig: BinanceRig) -> None:
    """Lost: an order given up as absent could still come to life."""
    async with connected(rig) as (venue, heard):
        rig.exchange.faults.late_s = 0.7  # the window is 0.2 s and we wait 0.3 s for an answer
        rig.exchange.faults.script(Fault.LATE_REQUEST, method="POST", path="/order")
        sent = order(rig, price=far(rig))
        await venue.submit(sent)
        await heard.hears(sent.client_order_id, K.UNKNOWN)
        assert await found(venue, sent.client_order_id, rig) is None
        await asyncio.sleep(0.8)
        assert rig.truth(sent.client_order_id) is None
        assert rig.arrivals(sent.client_order_id) == 1


async def test_an_id_from_before_a_restart_is_not_absent_at_once(rig: BinanceRig) -> None:
    """Lost: what the process before us sent as it died could arrive after we gave it up."""
    venue = rig.venue(recv_window_ms=300)
    await venue.connect(Heard())
    with pytest.raises(Unavailable, match="may still take it"):
        await venue.find_order("fks-before-1", rig.instrument.id)
    await asyncio.sleep(0.65)
    assert await venue.find_order("fks-before-1", rig.instrument.id) is None
    await venue.close()


async def test_a_lost_answer_to_a_cancel_is_unknown_and_the_stream_tells(rig: BinanceRig) -> None:
    """Lost: a cancel that worked would be taken for one that failed."""
    for fault in (Fault.LOST_ACK, Fault.SERVER_ERROR, Fault.LOST_REQUEST):
        async with connected(rig) as (venue, heard):
            sent = order(rig, price=far(rig))
            await venue.submit(sent)
            await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
            rig.exchange.faults.script(fault, method="DELETE")
            await venue.cancel(sent.client_order_id, rig.instrument.id)
            await heard.hears(sent.client_order_id, K.UNKNOWN)
            assert K.CANCEL_REJECTED not in heard.kinds(sent.client_order_id)
            if fault is Fault.LOST_REQUEST:
                assert rig.truth(sent.client_order_id) == ("new", 0)
            else:
                await heard.hears(sent.client_order_id, K.CANCELLED)


@pytest.mark.parametrize("seed", range(4 * SCALE))
async def test_random_faults_end_at_the_truth(rig: BinanceRig, seed: int) -> None:
    """Lost: some order of failures would leave us with another position than the venue's."""
    chance = random.Random(seed)
    tick = rig.instrument.tick_size
    sent: list[str] = []
    async with connected(rig) as (venue, heard):
        rig.exchange.faults.at_random(seed, CHANCES)
        for _ in range(30):
            what = chance.random()
            if what < 0.5 or not sent:
                price = None if chance.random() < 0.3 else far(rig) - chance.randrange(3) * tick
                one = order(rig, price=price)
                sent.append(one.client_order_id)
                await venue.submit(one)
            elif what < 0.65:
                await venue.cancel(chance.choice(sent), rig.instrument.id)
            elif what < 0.75:
                await venue.amend(chance.choice(sent), rig.instrument.id, rig.size / 2, far(rig))
            else:
                await rig.liquidity(rig.size)
                await rig.hit(far(rig) - 2 * tick, rig.size)
        await rig.heal()
        await asyncio.sleep(rig.exchange.faults.late_s)  # what is late arrives, or is refused
        suite = TroubledVenueContract()
        await suite.agree(rig, venue, heard, sent, f"seed {seed}")
        held = await venue.positions()
        truth = rig.user.positions.get(rig.instrument.id, (0, 0))[0]
        assert sum(one.quantity for one in held) == truth, f"seed {seed}"


def test_the_window_is_shorter_than_what_is_waited_for() -> None:
    """Lost: these tests would not be about what they say."""
    assert FAST["recv_window_ms"] < FAST["timeout_s"] * 1000 < 700
