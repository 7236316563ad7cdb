"""The networked bus on a real nats-server that is killed, missing, old or foreign."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from fks.kernel.bus import LocalBus
from fks.kernel.delivery import Delivery
from fks.kernel.errors import Unavailable
from fks.kernel.messages import Event, Meta
from fks.kernel.nats import NatsTransport
from fks.kernel.networked import NetworkedBus
from fks.kernel.persistence import METADATA, OUTBOX, Database
from fks.kernel.resilience import Backoff

pytestmark = pytest.mark.nats


class Said(Event, frozen=True, kw_only=True, tag="nats_test.said.v1"):
    """A fact for these tests."""

    session_id: str = "s"
    n: int = 0


@asynccontextmanager
async def joined(server: Any, name: str, *listeners: Any, **options: Any) -> AsyncIterator[Any]:
    """Run the bus of a process."""
    options.setdefault("backoff", Backoff(0.001, 0.01))
    bus = NetworkedBus(NatsTransport(server.url, name), [Said], source=name, **options)
    for listener in listeners:
        bus.on(Said, listener)
    await bus.start()
    try:
        yield bus
    finally:
        await bus.stop()


async def eventually(condition: Any, timeout_s: float = 30.0) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110  # what is waited for tells nobody
            await asyncio.sleep(0.01)


async def test_a_server_killed_under_publishing_loses_and_doubles_nothing(
    nats_server: Any, tmp_path: Path
) -> None:
    """Lost otherwise: committed events, or their effect twice, when the broker crashes."""
    database = Database(f"sqlite:///{tmp_path}/x.db", process="writer")
    effects = sa.Table("t_effects", sa.MetaData(), sa.Column("n", sa.Integer))
    async with database._engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
        await connection.run_sync(effects.metadata.create_all)
    order: list[int] = []

    async def effect(event: Said, meta: Meta) -> None:
        async with database.transaction() as tx:
            if await tx.first_time("effect", meta.id):
                await tx.execute(effects.insert().values(n=event.n))
                order.append(event.n)

    chance, count = random.Random(1), 600
    with structlog.testing.capture_logs():
        async with (
            joined(nats_server, "reader", effect),
            joined(nats_server, "writer") as writer,
        ):
            delivery = Delivery(database, writer, [Said], linger_s=0.01)
            service = asyncio.create_task(delivery.service().run())

            async def write() -> None:
                for n in range(count):
                    async with database.transaction() as tx:
                        tx.publish(Said(n=n))

            writing = asyncio.create_task(write())
            for _ in range(5):
                await asyncio.sleep(chance.uniform(0.02, 0.3))
                nats_server.kill()
                await asyncio.sleep(chance.uniform(0.0, 0.2))
                await asyncio.to_thread(nats_server.start)
            await writing
            await delivery.drained()
            await eventually(lambda: len(order) >= count)
            service.cancel()
            await asyncio.gather(service, return_exceptions=True)
    async with database.reading() as tx:
        rows = (await tx.execute(sa.select(effects.c.n))).scalars().all()
        left = (await tx.execute(sa.select(sa.func.count()).select_from(OUTBOX))).scalar_one()
    await database.close()
    assert rows == list(range(count)) == order
    assert left == 0


async def test_events_published_without_an_outbox_survive_the_server_too(
    nats_server: Any,
) -> None:
    """Lost otherwise: bars of a replay, for which nobody writes an outbox."""
    seen: list[int] = []

    def listen(event: Said, _meta: Meta) -> None:
        seen.append(event.n)

    with structlog.testing.capture_logs():
        async with (
            joined(nats_server, "reader", listen),
            joined(nats_server, "writer", limit=500) as writer,
        ):

            async def publish() -> None:
                for n in range(4000):
                    await writer.publish(Said(n=n))
                    if n % 100 == 0:
                        await asyncio.sleep(0.002)

            publishing = asyncio.create_task(publish())
            for _ in range(3):
                await asyncio.sleep(0.05)
                nats_server.kill()
                await asyncio.sleep(0.05)
                await asyncio.to_thread(nats_server.start)
            await publishing
            await writer.sent()
            await eventually(lambda: len(seen) >= 4000)
    assert seen == list(range(4000))


async def test_poison_is_buried_after_five_tries_and_never_comes_again(
    nats_server: Any,
) -> None:
    """Lost otherwise: a message that is delivered for ever."""
    tries: list[int] = []
    seen: list[int] = []

    def poison(event: Said, _meta: Meta) -> None:
        tries.append(event.n)
        raise ValueError("poison")

    def healthy(event: Said, _meta: Meta) -> None:
        seen.append(event.n)

    with structlog.testing.capture_logs():
        async with joined(nats_server, "writer") as writer:
            async with joined(nats_server, "reader", poison, healthy) as reader:
                await writer.publish(Said(n=1))
                await eventually(lambda: len(reader.dead_letters()) == 1)
                assert tries == [1] * 5 and seen == [1]
                await asyncio.sleep(0.1)
            async with joined(nats_server, "reader", poison, healthy):
                await writer.publish(Said(session_id="t", n=2))
                await eventually(lambda: 2 in seen)
    assert tries.count(1) == 5


async def test_a_slow_process_does_not_hold_up_the_others(nats_server: Any) -> None:
    """Lost otherwise: the desk would wait for a screen."""
    seen: list[int] = []
    slow: list[int] = []
    release = asyncio.Event()

    async def hangs(event: Said, _meta: Meta) -> None:
        await release.wait()
        slow.append(event.n)

    def quick(event: Said, _meta: Meta) -> None:
        seen.append(event.n)

    async with (
        joined(nats_server, "slow", hangs, limit=10),
        joined(nats_server, "quick", quick),
        joined(nats_server, "writer", batch=1) as writer,
    ):
        for n in range(600):
            await writer.publish(Said(n=n))
        await eventually(lambda: len(seen) == 600)
        assert slow == []
        release.set()
        await eventually(lambda: len(slow) == 600)
        assert slow == seen == list(range(600))


async def test_a_restarted_process_handles_what_it_missed_in_order(nats_server: Any) -> None:
    """Lost otherwise: what happened while a process was away."""
    seen: list[int] = []

    def listen(event: Said, _meta: Meta) -> None:
        seen.append(event.n)

    async with joined(nats_server, "writer") as writer:
        async with joined(nats_server, "reader", listen):
            await writer.publish(Said(n=0))
            await eventually(lambda: seen == [0])
            await asyncio.sleep(0.1)
        await writer.publish_many(Said(n=n) for n in range(1, 500))
        await writer.sent()
        async with joined(nats_server, "reader", listen):
            await eventually(lambda: len(seen) == 500)
        async with joined(nats_server, "fresh", listen):
            await asyncio.sleep(0.1)
    assert seen == list(range(500))


async def test_a_foreign_message_on_our_stream_is_skipped(nats_server: Any) -> None:
    """Lost otherwise: everything behind bytes that somebody else put there."""
    import nats

    seen: list[int] = []

    def listen(event: Said, _meta: Meta) -> None:
        seen.append(event.n)

    with structlog.testing.capture_logs() as logs:
        async with (
            joined(nats_server, "reader", listen),
            joined(nats_server, "writer") as writer,
        ):
            client = await nats.connect(nats_server.url)
            await client.jetstream().publish("fks.rubbish", b"\xff\xffrubbish")
            await client.close()
            await writer.publish(Said(n=1))
            await eventually(lambda: seen == [1])
    assert any(log["event"] == "foreign_message" for log in logs)


async def test_a_server_that_is_not_there_is_said_in_one_line() -> None:
    """Lost otherwise: a traceback, or a process that waits for ever."""
    bus = NetworkedBus(NatsTransport("nats://user:secret@127.0.0.1:1", "p"), [Said], source="p")
    async with asyncio.timeout(5):
        with pytest.raises(Unavailable, match=r"no NATS server at nats://127\.0\.0\.1:1") as caught:
            await bus.start()
    assert "secret" not in caught.value.message and "\n" not in caught.value.message


async def test_the_facts_tell_how_durable_the_network_is(
    start_nats: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost otherwise: trust in acknowledgements that a power cut takes back."""
    found = []
    for sync_always in (False, True):
        server = start_nats(sync_always=sync_always)
        for query in ("", f"?monitor=http://127.0.0.1:{server.monitor}"):
            transport = NatsTransport(server.url + query, "p")
            await transport.connect()
            found.append(transport.facts()["durability"])
            await transport.close()
        monkeypatch.setattr("fks.kernel.nats._SAFE_VERSION", (99, 0, 0))
        old = NatsTransport(server.url, "p")
        await old.connect()
        assert old.facts()["durability"] == "degraded: the server is older than 99.0.0"
        await old.close()
        monkeypatch.undo()
    assert [one.partition(":")[0] for one in found] == ["degraded", "degraded", "degraded", "full"]


async def test_a_missing_client_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost otherwise: an ImportError where one line would do."""
    monkeypatch.setitem(__import__("sys").modules, "nats", None)
    with pytest.raises(Unavailable, match=r"install fks\[nats\]"):
        await NatsTransport("nats://127.0.0.1:4222", "p").connect()


def test_a_local_bus_needs_no_network() -> None:
    """Lost otherwise: the default of one process."""
    assert LocalBus().facts() == {"bus": "in this process"}
