"""The user stream of both Binance venues: cut, silent, expired, unreadable, a thousand times."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from tests.contexts.execution.venues.binance_rig import FAST, SCALE, BinanceRig
from tests.contexts.execution.venues.rig import Heard, connected, far, order

from fks.contracts.execution import VenueReportKind as K
from fks.kernel.resilience import Backoff
from fks.testing.exchange import Fault, Market

CYCLES = 1000 if SCALE > 1 else 40


@pytest.fixture(params=list(Market), ids=lambda market: market.value)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[BinanceRig]:
    """Give an exchange of each market."""
    made = BinanceRig(request.param)
    async with made.exchange:
        yield made


def open_files() -> int:
    """Return how many files and sockets this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_many_reconnects_leak_nothing(rig: BinanceRig) -> None:
    """Lost: a link that breaks every hour would eat memory and sockets until it died."""
    venue, heard = rig.venue(first_pause_s=0.001), Heard()
    await venue.connect(heard)
    sizes = []
    for cycle in range(1, CYCLES + 1):
        await heard.until(lambda n=cycle: heard.count(K.CONNECTED) == n)
        if cycle % (CYCLES // 4) == 0:
            gc.collect()
            tasks = len(asyncio.all_tasks())
            sizes.append((tasks, open_files()))
        rig.exchange.cut()
    await heard.until(lambda: heard.count(K.CONNECTED) == CYCLES + 1)
    assert heard.count(K.DISCONNECTED) == CYCLES
    assert max(tasks for tasks, _ in sizes) <= sizes[0][0] + 2
    assert max(files for _, files in sizes) <= sizes[0][1] + 2
    sent = order(rig, price=far(rig))
    await venue.submit(sent)
    await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
    await venue.close()
    await asyncio.sleep(0.01)
    assert rig.exchange.streams.subscriptions == 0


async def test_silence_is_seen_after_two_heartbeats(rig: BinanceRig) -> None:
    """Lost: a stream that only looks alive would be believed for minutes."""
    async with connected(rig) as (_, heard):
        rig.exchange.silence()
        began = time.monotonic()
        await heard.until(lambda: heard.count(K.DISCONNECTED) == 1)
        # Two heartbeats, the end of the closing handshake (one more), and a slow machine.
        assert time.monotonic() - began < 3 * FAST["heartbeat_s"] + 1.0
        await heard.until(lambda: heard.count(K.CONNECTED) == 2)


async def test_an_expired_subscription_is_made_anew(rig: BinanceRig) -> None:
    """Lost: the stream would stay open for ever and say nothing of our fills."""
    async with connected(rig) as (venue, heard):
        rig.exchange.expire_keys()
        await heard.until(lambda: heard.count(K.CONNECTED) == 2)
        sent = order(rig, price=far(rig))
        await venue.submit(sent)
        await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
        await rig.hit(far(rig), sent.quantity)
        await heard.hears(sent.client_order_id, K.FILLED)


async def test_an_unreadable_message_ends_the_stream_not_the_venue(rig: BinanceRig) -> None:
    """Lost: one broken message would silence us, or be skipped with the fill it held."""
    async with connected(rig) as (venue, heard):
        sent = order(rig, price=far(rig))
        await venue.submit(sent)
        await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
        rig.exchange.faults.script(Fault.MALFORMED_EVENT)
        await rig.hit(far(rig), sent.quantity)
        await heard.until(lambda: heard.count(K.CONNECTED) == 2)
        history = await venue.fills_since(0, rig.instrument.id)
        assert sum(one.quantity for one in history) == sent.quantity


async def test_a_stranger_order_is_heard_of_too(rig: BinanceRig) -> None:
    """Lost: an order placed by hand on the same account would be exposure nobody sees."""
    async with connected(rig) as (mine, heard):
        other, _ = rig.venue(), None
        await other.connect(lambda report: None)
        sent = order(rig, price=far(rig))
        await other.submit(sent)
        await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
        working = await mine.open_orders()
        assert [one.client_order_id for one in working] == [sent.client_order_id]
        await other.close()


async def test_a_listen_key_is_kept_alive() -> None:
    """Lost: the futures stream would end every hour, and nobody would say so."""
    rig = BinanceRig(Market.USDM)
    async with rig.exchange, connected(rig) as (venue, heard):
        source = venue._opened_link.stream._source  # type: ignore[attr-defined]  # the clockwork itself
        await source.keep()
        asked = [(method, path) for method, path, _ in rig.exchange.asked]
        assert ("PUT", "/fapi/v1/listenKey") in asked
        source.keep_s = 0.05  # half an hour, for this test
        rig.exchange.cut()
        await heard.until(lambda: heard.count(K.CONNECTED) == 2)
        rig.exchange.streams._keys.clear()  # Binance has forgotten it, and says so to the PUT
        await heard.until(lambda: heard.count(K.CONNECTED) == 3)


def test_pauses_between_tries_stay_below_thirty_seconds() -> None:
    """Lost: after a long outage we would come back minutes late, or all at once."""
    rig = BinanceRig(Market.SPOT)
    settings = {**rig.keys, "base_url": "http://127.0.0.1:1", "stream_url": "ws://127.0.0.1:1"}
    backoff: Backoff = rig.make(settings)._opened().stream._backoff
    pauses = [backoff.pause_s(failures) for failures in range(1, 200)]
    assert max(pauses) <= 30.0 and len({round(one, 6) for one in pauses[10:]}) > 100
    assert Decimal(str(backoff.longest_s)) == 30
