"""Buses of several processes joined by a transport: order, once, faults, questions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import structlog

from fks.kernel.errors import Invalid, NotFound, Unavailable
from fks.kernel.faults import FaultyTransport
from fks.kernel.messages import Event, Meta, Query
from fks.kernel.networked import NetworkedBus
from fks.kernel.resilience import Backoff
from fks.kernel.transport import MemoryHub, MemoryTransport, TransportSpec, open_transport

Make = Callable[..., Any]


class Said(Event, frozen=True, kw_only=True, tag="net_test.said.v1"):
    """A fact for these tests."""

    session_id: str = ""
    n: int = 0
    load: bytes = b""


class Heard(Event, frozen=True, kw_only=True, tag="net_test.heard.v1"):
    """What a listener says to it."""

    n: int = 0


class Twice(Query[int], frozen=True, kw_only=True, tag="net_test.twice.v1"):
    """A question for these tests."""

    n: int


MESSAGES = (Said, Heard, Twice)


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Return what makes a bus of a named process on one hub; all are stopped at the end."""
    hub, made = MemoryHub(), []

    def make_one(name: str, *, faults: dict[str, float] | None = None, **options: Any) -> Any:
        transport: Any = MemoryTransport(hub, name)
        if faults is not None:
            transport = FaultyTransport(transport, **faults)  # type: ignore[arg-type]
        options.setdefault("backoff", Backoff(0.001, 0.01))
        made.append(NetworkedBus(transport, MESSAGES, source=name, verify_wire=True, **options))
        return made[-1]

    make_one.hub = hub  # type: ignore[attr-defined]
    with structlog.testing.capture_logs():
        yield make_one
        hub.down = False
        for bus in made:
            await bus.stop()


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # what is waited for tells nobody
            await asyncio.sleep(0.002)


async def test_events_go_out_and_come_in_once_and_never_back(make: Make) -> None:
    """Lost otherwise: a process that hears itself twice."""
    one, two = make("one"), make("two")
    seen: dict[str, list[int]] = {"one": [], "two": []}
    one.on(Said, lambda event, _meta: seen["one"].append(event.n))
    two.on(Said, lambda event, _meta: seen["two"].append(event.n))
    await one.start()
    await two.start()
    for n in range(100):
        await one.publish(Said(n=n))
    assert seen["one"] == list(range(100))
    await two.publish(Said(n=100))
    await eventually(lambda: len(seen["one"]) == 101 and len(seen["two"]) == 101)
    await asyncio.sleep(0.02)
    assert seen["one"] == list(range(101)) and sorted(seen["two"]) == list(range(101))


async def test_causes_cross_the_network(make: Make) -> None:
    """Lost otherwise: explaining a trade whose strategy ran elsewhere."""
    one, two = make("one"), make("two")
    metas: list[Meta] = []

    async def answer(event: Said, meta: Meta) -> None:
        metas.append(meta)
        await two.publish(Heard(n=event.n), cause=meta)

    two.on(Said, answer)
    one.on(Heard, lambda _event, meta: metas.append(meta))
    await one.start()
    await two.start()
    await one.publish(Said(n=1))
    await eventually(lambda: len(metas) == 2)
    said, heard = metas
    assert (said.source, heard.source) == ("one", "two")
    assert heard.caused_by == said.id and heard.correlation_id == said.correlation_id


@pytest.mark.parametrize("seed", range(6))
async def test_a_bad_network_loses_and_doubles_nothing(make: Make, seed: int) -> None:
    """Lost otherwise: at least once, and once for each listener, over a network with faults."""
    faults = {"seed": seed, "drop": 0.2, "duplicate": 0.2, "delay_s": 0.002}
    if seed % 2:
        faults["reorder"] = 0.2
    buses = {name: make(name, faults=faults, batch=4) for name in ("a", "b", "c")}
    seen: dict[str, list[tuple[str, int]]] = {name: [] for name in buses}
    for name, bus in buses.items():
        bus.on(Said, lambda e, _m, name=name: seen[name].append((e.session_id, e.n)))
        await bus.start()

    async def publish(name: str) -> None:
        for n in range(40):
            await buses[name].publish(Said(session_id=name, n=n))

    await asyncio.gather(*(publish(name) for name in buses))
    await eventually(lambda: all(len(one) >= 120 for one in seen.values()))
    await asyncio.sleep(0.05)
    everything = sorted((name, n) for name in buses for n in range(40))
    for name in buses:
        assert sorted(seen[name]) == everything
        for other in buses:
            keyed = [n for key, n in seen[name] if key == other]
            assert "reorder" in faults or keyed == sorted(keyed)


async def test_while_the_network_is_away_events_are_kept_and_publishers_wait(
    make: Make,
) -> None:
    """Lost otherwise: events, or memory without bound."""
    one, two = make("one", limit=20), make("two")
    seen: list[int] = []
    two.on(Said, lambda event, _meta: seen.append(event.n))
    await one.start()
    await two.start()
    make.hub.down = True  # type: ignore[attr-defined]
    publishing = asyncio.create_task(one.publish_many(Said(n=n) for n in range(100)))
    await asyncio.sleep(0.05)
    assert not publishing.done() and one.depth <= 2 * 20
    assert "down" in one.facts()["away"]
    make.hub.down = False  # type: ignore[attr-defined]
    await publishing
    await eventually(lambda: len(seen) == 100)
    assert seen == list(range(100)) and "away" not in one.facts()


async def test_questions_find_their_responder_in_another_process(make: Make) -> None:
    """Lost otherwise: api in one process and data in another."""
    one, two = make("one"), make("two")

    async def twice(request: Twice, _meta: Meta) -> int:
        if request.n < 0:
            raise NotFound("no negative numbers", code="net_test.negative")
        return 2 * request.n

    two.answer(Twice, twice)
    await one.start()
    with pytest.raises(Unavailable, match="start the net_test context"):
        await one.ask(Twice(n=1), timeout_s=1)
    await two.start()
    assert await one.ask(Twice(n=21), timeout_s=1) == 42
    assert await two.ask(Twice(n=4), timeout_s=1) == 8
    with pytest.raises(NotFound, match="negative") as caught:
        await one.ask(Twice(n=-1), timeout_s=1)
    assert caught.value.code == "net_test.negative"


async def test_an_event_too_large_for_the_network_is_a_dead_letter(make: Make) -> None:
    """Lost otherwise: the whole queue, behind a message that can never be sent."""
    one, two, seen = make("one"), make("two"), []
    two.on(Said, lambda event, _meta: seen.append(event.n))
    await one.start()
    await two.start()
    await one.publish(Said(n=1, load=bytes(2 << 20)))
    await one.publish(Said(n=2))
    await eventually(lambda: seen == [2])
    assert [letter.code for letter in one.dead_letters()] == ["bus.too_large"]


async def test_a_network_that_is_not_there_is_said_at_start(make: Make) -> None:
    """Lost otherwise: a process that seems to run alone."""
    bus = make("one")
    make.hub.down = True  # type: ignore[attr-defined]
    with pytest.raises(Unavailable, match="down"):
        await bus.start()


def test_transports_are_found_by_their_scheme() -> None:
    """Lost otherwise: brokers as plugins."""
    spec = TransportSpec(schemes=("mem",), factory="fks.kernel.transport:MemoryTransport")
    assert isinstance(open_transport("mem://x", "p", [spec]), MemoryTransport)
    with pytest.raises(Invalid, match=r"no transport for kafka; there are mem, nats, tls"):
        open_transport("kafka://x", "p", [spec])
