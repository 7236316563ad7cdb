"""Listeners that fail, are slow or cause too much, on both dispatchers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from fks.kernel.bus import LocalBus
from fks.kernel.errors import Unavailable
from fks.kernel.messages import Event, Meta
from fks.kernel.resilience import Backoff

MakeBus = Callable[..., LocalBus]


class Ping(Event, frozen=True, kw_only=True, tag="bus_test.ping.v1"):
    """A fact for these tests."""

    session_id: str = ""
    n: int = 0


class Pong(Event, frozen=True, kw_only=True, tag="bus_test.pong.v1"):
    """Another."""

    n: int = 0


async def test_a_failing_listener_stops_nobody_and_is_tried_again(make_bus: MakeBus) -> None:
    """Lost otherwise: error isolation."""
    bus, seen, tries = make_bus(), [], []

    def fails_twice(event: Ping, _meta: Meta) -> None:
        tries.append(event.n)
        if len(tries) < 3:
            raise ValueError("not yet")

    bus.on(Ping, fails_twice)
    bus.on(Ping, lambda event, _meta: seen.append(event.n))
    await bus.publish(Ping(n=1))
    assert seen == [1]
    await bus.settled()
    counts = bus.counts()["bus_test.ping.v1"]
    assert tries == [1, 1, 1]
    assert (counts.published, counts.delivered, counts.failed, counts.dead) == (1, 2, 2, 0)


async def test_poison_becomes_a_dead_letter_after_five_tries(make_bus: MakeBus) -> None:
    """Lost otherwise: an endless loop, or a failure nobody sees."""
    bus, tries = make_bus(), []

    async def poison(event: Ping, _meta: Meta) -> None:
        tries.append(event.n)
        raise Unavailable("away", code="test.away")

    bus.on(Ping, poison)
    await bus.publish(Ping(n=7))
    await bus.settled()
    (letter,) = bus.dead_letters()
    assert len(tries) == 5 == letter.attempts
    assert (letter.topic, letter.code, letter.event) == (
        "bus_test.ping.v1",
        "test.away",
        Ping(n=7),
    )
    assert "poison" in letter.handler and bus.counts()["bus_test.ping.v1"].dead == 1


@pytest.mark.parametrize("plain_listener", [True, False])
async def test_a_key_in_trouble_keeps_its_order_and_holds_up_no_other(
    make_bus: MakeBus, plain_listener: bool
) -> None:
    """Lost otherwise: order per session, or one broken session stopping the others."""
    bus = make_bus(backoff=Backoff(0.02, 0.02))
    seen: list[tuple[str, int]] = []
    failures = {("bad", 0): 2}

    def handle(event: Ping, _meta: Meta) -> None:
        key = (event.session_id, event.n)
        if failures.get(key, 0):
            failures[key] -= 1
            raise ValueError(key)
        seen.append(key)

    async def handle_async(event: Ping, meta: Meta) -> None:
        handle(event, meta)

    bus.on(Ping, handle if plain_listener else handle_async)
    for n in range(3):
        await bus.publish(Ping(session_id="bad", n=n))
        await bus.publish(Ping(session_id="good", n=n))
    assert seen == [("good", 0), ("good", 1), ("good", 2)]
    await bus.settled()
    assert seen[3:] == [("bad", 0), ("bad", 1), ("bad", 2)]
    await bus.publish(Ping(session_id="bad", n=3))
    assert seen[-1] == ("bad", 3)


async def test_a_slow_listener_holds_up_others_only_for_its_bound(make_bus: MakeBus) -> None:
    """Lost otherwise: one hanging listener would stop the whole process."""
    bus, seen, release = make_bus(slow_s=0.02), [], asyncio.Event()

    async def slow(event: Ping, _meta: Meta) -> None:
        if event.n == 0:
            await release.wait()
        seen.append(("slow", event.n))

    def quick(event: Ping, _meta: Meta) -> None:
        seen.append(("quick", event.n))

    bus.on(Ping, slow)
    bus.on(Ping, quick)
    async with asyncio.timeout(5):
        await bus.publish(Ping(n=0))
        await bus.publish(Ping(n=1))
    assert seen == [("quick", 0), ("quick", 1)]
    release.set()
    await bus.settled()
    assert seen[2:] == [("slow", 0), ("slow", 1)]
    assert bus.counts()["bus_test.ping.v1"].delivered == 4


async def test_a_slow_listener_that_fails_is_tried_again(make_bus: MakeBus) -> None:
    """Lost otherwise: the retries of a listener that was overtaken."""
    bus, seen, tries = make_bus(slow_s=0.01), [], []

    async def slow(event: Ping, _meta: Meta) -> None:
        tries.append(event.n)
        if len(tries) == 1:
            await asyncio.sleep(0.05)
            raise ValueError("late and wrong")
        seen.append(event.n)

    bus.on(Ping, slow)
    await bus.publish(Ping(n=0))
    await bus.publish(Ping(n=1))
    await bus.settled()
    assert tries == [0, 0, 1] and seen == [0, 1]
    counts = bus.counts()["bus_test.ping.v1"]
    assert (counts.delivered, counts.failed) == (2, 1)


async def test_what_a_retried_listener_publishes_is_handed_out(make_bus: MakeBus) -> None:
    """Lost otherwise: events caused at a second try, until somebody else publishes."""
    bus, seen, tries = make_bus(), [], []

    def listen(event: Ping, meta: Meta) -> None:
        tries.append(event.n)
        if len(tries) == 1:
            raise ValueError("not yet")
        bus.publish(Pong(n=event.n), cause=meta)  # type: ignore[unused-coroutine]  # it is done

    bus.on(Ping, listen)
    bus.on(Pong, lambda event, _meta: seen.append(event.n))
    await bus.publish(Ping(n=3))
    await bus.settled()
    assert seen == [3]


async def test_the_queue_is_bounded_for_publishers_outside(make_bus: MakeBus) -> None:
    """Lost otherwise: memory, when a replay is faster than its listeners."""
    bus, gate = make_bus(limit=10), asyncio.Event()
    deepest = 0

    async def handle(_event: Ping, _meta: Meta) -> None:
        nonlocal deepest
        await gate.wait()
        deepest = max(deepest, bus.depth)

    bus.on(Ping, handle)
    publishing = [asyncio.create_task(bus.publish(Ping(n=n))) for n in range(100)]
    await asyncio.sleep(0.01)
    assert bus.depth <= 10
    gate.set()
    await asyncio.gather(*publishing)
    assert deepest <= 10 and bus.counts()["bus_test.ping.v1"].delivered == 100


async def test_handlers_that_cause_without_end_fail_instead_of_filling_memory(
    make_bus: MakeBus,
) -> None:
    """Lost otherwise: the process, to a loop between two contexts."""
    bus = make_bus(limit=10, backoff=Backoff(0.001, 0.001, tries=1))

    def twice(event: Ping, meta: Meta) -> None:
        bus.publish(Ping(n=event.n), cause=meta)
        bus.publish(Ping(n=event.n), cause=meta)

    bus.on(Ping, twice)
    publishing = asyncio.create_task(_one(bus))
    while not bus.dead_letters():
        await asyncio.sleep(0.001)
        assert bus.depth < 1000
    assert bus.dead_letters()[0].code == "bus.overflow"
    publishing.cancel()


async def _one(bus: LocalBus) -> None:
    await bus.publish(Ping())


async def test_a_task_started_by_a_handler_feels_back_pressure(make_bus: MakeBus) -> None:
    """Lost otherwise: a replay started by an event would never wait for its listeners."""
    bus, seen, tasks = make_bus(), [], []

    async def replay() -> None:
        await asyncio.sleep(0.001)
        for n in range(3):
            await bus.publish(Pong(n=n))
            assert seen[-1] == n

    async def start(_event: Ping, _meta: Meta) -> None:
        tasks.append(asyncio.create_task(replay()))

    async def pong(event: Pong, _meta: Meta) -> None:
        await asyncio.sleep(0.001)
        seen.append(event.n)

    bus.on(Ping, start)
    bus.on(Pong, pong)
    await bus.publish(Ping())
    await asyncio.gather(*tasks)
    assert seen == [0, 1, 2]


async def test_a_cancelled_publisher_does_not_cancel_the_listeners(make_bus: MakeBus) -> None:
    """Lost otherwise: a closed browser tab would tear a handler in the middle."""
    bus, seen = make_bus(), []

    async def handle(event: Ping, _meta: Meta) -> None:
        await asyncio.sleep(0.01)
        seen.append(event.n)

    bus.on(Ping, handle)
    task = asyncio.create_task(_one(bus))
    await asyncio.sleep(0.002)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await bus.settled()
    assert seen == [0]
