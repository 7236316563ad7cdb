"""Order, causes and many events on the bus in one process, on both dispatchers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from fks.kernel.bus import LocalBus, plain
from fks.kernel.messages import Event, Meta

MakeBus = Callable[..., LocalBus]


class Ping(Event, frozen=True, kw_only=True, tag="bus_test.ping.v1"):
    """A fact for these tests."""

    session_id: str = ""
    n: int = 0


class Pong(Event, frozen=True, kw_only=True, tag="bus_test.pong.v1"):
    """Another."""

    n: int = 0


@pytest.mark.parametrize("kinds", ["sync", "async", "mixed"])
async def test_all_listeners_run_before_what_they_cause(make_bus: MakeBus, kinds: str) -> None:
    """Lost otherwise: live would differ from the backtest by the order of registration."""
    bus, seen = make_bus(), []

    async def first(event: Ping, meta: Meta) -> None:
        seen.append("first")
        await bus.publish(Pong(n=event.n), cause=meta)
        await asyncio.sleep(0)
        seen.append("first still")

    def first_plain(event: Ping, meta: Meta) -> None:
        seen.append("first")
        bus.publish(Pong(n=event.n), cause=meta)
        seen.append("first still")

    async def second(_event: Ping, _meta: Meta) -> None:
        seen.append("second")

    def second_plain(_event: Ping, _meta: Meta) -> None:
        seen.append("second")

    def pong(_event: Pong, _meta: Meta) -> None:
        seen.append("pong")

    bus.on(Ping, first_plain if kinds == "sync" else first)
    bus.on(Ping, second if kinds == "async" else second_plain)
    bus.on(Pong, pong)
    await bus.publish(Ping())
    assert seen == ["first", "first still", "second", "pong"]


async def test_a_publisher_outside_waits_for_all_consequences(make_bus: MakeBus) -> None:
    """Lost otherwise: a test or a replay that goes on before its bar was dealt with."""
    bus, seen = make_bus(), []

    async def count_down(event: Ping, meta: Meta) -> None:
        await asyncio.sleep(0.001)
        seen.append(event.n)
        if event.n:
            await bus.publish(Ping(n=event.n - 1), cause=meta)

    bus.on(Ping, count_down)
    await bus.publish(Ping(n=5))
    assert seen == [5, 4, 3, 2, 1, 0]


async def test_concurrent_publishers_each_wait_for_their_own(make_bus: MakeBus) -> None:
    """Lost otherwise: requests that hold each other up, or return too early."""
    bus, done = make_bus(), set()

    async def handle(event: Ping, meta: Meta) -> None:
        await asyncio.sleep(0.001)
        if event.n < 1000:
            await bus.publish(Ping(n=event.n + 1000), cause=meta)
        else:
            done.add(event.n - 1000)

    async def publish(n: int) -> None:
        await bus.publish(Ping(n=n))
        assert n in done

    bus.on(Ping, handle)
    await asyncio.gather(*(publish(n) for n in range(20)))


async def test_causes_and_correlation_are_carried(make_bus: MakeBus) -> None:
    """Lost otherwise: the walk from a fill back to its bar."""
    bus, metas = make_bus(source="me"), []

    async def ping(event: Ping, meta: Meta) -> None:
        metas.append(plain(meta))
        await bus.publish(Pong(n=event.n), cause=meta)

    bus.on(Ping, ping)
    bus.on(Pong, lambda _event, meta: metas.append(plain(meta)))
    await bus.publish(Ping())
    first, second = metas
    assert first.source == "me" and first.correlation_id == first.id and first.caused_by == ""
    assert second.caused_by == first.id and second.correlation_id == first.id
    assert second.id > first.id and second.at_ns >= first.at_ns


async def test_many_events_keep_their_order_whatever_listens(make_bus: MakeBus) -> None:
    """Lost otherwise: bars out of order, when a waiting listener joins a plain one."""
    bus, plainly, waiting = make_bus(limit=16), [], []

    async def wait(event: Ping, _meta: Meta) -> None:
        if event.n % 7 == 0:
            await asyncio.sleep(0)
        waiting.append(event.n)

    bus.on(Ping, lambda event, _meta: plainly.append(event.n))
    await bus.publish_many(Ping(n=n) for n in range(50))
    bus.on(Ping, wait)
    await bus.publish_many(Ping(n=n) for n in range(50, 150))
    assert plainly == list(range(150)) and waiting == list(range(50, 150))
