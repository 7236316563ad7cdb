"""Outbox and inbox: at least once, in order, effect once, also when killed."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import sqlalchemy as sa
import structlog

from fks.kernel.bus import LocalBus
from fks.kernel.delivery import Delivery
from fks.kernel.health import Status
from fks.kernel.messages import Event, Meta
from fks.kernel.persistence import DEAD_LETTERS, OUTBOX, Database
from fks.kernel.resilience import Backoff

KILLS = Path(__file__).with_name("delivery_kills.py")


class Happened(Event, frozen=True, kw_only=True, tag="delivery_test.happened.v1"):
    """A fact for these tests."""

    n: int = 0


@asynccontextmanager
async def delivering(
    database: Database, bus: LocalBus, **options: float
) -> AsyncIterator[Delivery]:
    """Run a delivery."""
    delivery = Delivery(database, bus, [Happened], linger_s=0.005, **options)
    task = asyncio.create_task(delivery.service().run())
    yield delivery
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await bus.stop()


async def _rows(database: Database, table: sa.Table) -> list[sa.Row[tuple[object, ...]]]:
    async with database.reading() as tx:
        return list(await tx.execute(sa.select(table)))


async def _publish(database: Database, *numbers: int) -> None:
    async with database.transaction() as tx:
        for n in numbers:
            tx.publish(Happened(n=n))


async def test_events_are_handed_over_in_the_order_of_commits(database: Database) -> None:
    """Lost otherwise: order, or the rows that were done would stay for ever."""
    bus, seen = LocalBus(limit=7), []
    bus.on(Happened, lambda event, _meta: seen.append(event.n))
    await _publish(database, 0, 1, 2)  # before anybody listens: found by the first look
    async with delivering(database, bus) as delivery:
        for n in range(3, 60, 3):
            await _publish(database, n, n + 1, n + 2)
        await delivery.drained()
        assert seen == list(range(60))
        assert await _rows(database, OUTBOX) == []


async def test_a_row_stays_until_every_listener_is_done(database: Database) -> None:
    """Lost otherwise: an event whose listener was being retried when the process died."""
    bus, failing = LocalBus(backoff=Backoff(0.005, 0.005, tries=10_000)), True

    def listen(_event: Happened, _meta: Meta) -> None:
        if failing:
            raise ValueError("not now")

    bus.on(Happened, listen)
    bus.on(Happened, lambda _event, _meta: None)
    async with delivering(database, bus) as delivery:
        await delivery.drained()
        with structlog.testing.capture_logs():
            await _publish(database, 1)
            await asyncio.sleep(0.05)
            assert len(await _rows(database, OUTBOX)) == 1
            failing = False
            await delivery.drained()
        assert await _rows(database, OUTBOX) == []


async def test_dead_letters_are_stored_with_what_is_needed_to_look_into_them(
    database: Database,
) -> None:
    """Lost otherwise: the only trace of a message nobody could handle."""
    bus = LocalBus(backoff=Backoff(0.001, 0.001))

    async def poison(_event: Happened, _meta: Meta) -> None:
        raise ValueError("poison")

    bus.on(Happened, poison)
    async with delivering(database, bus) as delivery:
        with structlog.testing.capture_logs():
            await _publish(database, 5)
            await delivery.drained()
    (row,) = await _rows(database, DEAD_LETTERS)
    assert msgspec.msgpack.decode(row.body, type=Happened) == Happened(n=5)
    assert (row.attempts, row.error) == (5, "ValueError: poison")
    assert msgspec.msgpack.decode(row.meta, type=Meta).id == row.message_id


async def test_a_row_nobody_can_read_is_buried_and_does_not_block(database: Database) -> None:
    """Lost otherwise: everything behind the message of a plugin that was removed."""

    class Gone(Event, frozen=True, kw_only=True, tag="delivery_test.gone.v1"):
        pass

    bus, seen = LocalBus(), []
    bus.on(Happened, lambda event, _meta: seen.append(event.n))
    async with database.transaction() as tx:
        tx.publish(Gone())
        tx.publish(Happened(n=1))
    with structlog.testing.capture_logs():
        async with delivering(database, bus) as delivery:
            await delivery.drained()
    assert seen == [1]
    assert [row.code for row in await _rows(database, DEAD_LETTERS)] == ["delivery.unreadable"]


async def test_rows_of_another_process_are_taken_over_only_when_old(database: Database) -> None:
    """Lost otherwise: events of a process that never comes back; or all of them twice."""
    await _publish(database, 1)
    other, seen = LocalBus(), []
    other.on(Happened, lambda event, _meta: seen.append(event.n))
    home, database.process = database.process, "another"
    async with delivering(database, other) as delivery:
        await delivery.drained()
        assert seen == []
    late = LocalBus()
    late.on(Happened, lambda event, _meta: seen.append(event.n))
    async with delivering(database, late, orphan_s=0.0) as delivery:
        await delivery.drained()
        assert seen == [1]
    database.process = home


async def test_the_check_tells_when_events_are_late(database: Database) -> None:
    """Lost otherwise: a stuck outbox that looks healthy."""
    delivery = Delivery(database, LocalBus(), [Happened])
    assert (await delivery.check().probe()).status is Status.HEALTHY
    await _publish(database, 1)
    async with database.transaction() as tx:
        await tx.execute(OUTBOX.update().values(at_ns=1))
    assert (await delivery.check().probe()).status is Status.DEGRADED


def test_twenty_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """Lost otherwise: at least once and effect exactly once under kill -9."""
    path = tmp_path / "killed.db"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    command = [sys.executable, str(KILLS), str(path), "20"]
    run = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr[-2000:]
    acked = set(json.loads(run.stdout))
    connection = sqlite3.connect(path)
    stored = [n for (n,) in connection.execute("select n from t_state order by n")]
    assert acked <= set(stored) and len(stored) > 100
    for kind in ("stored", "applied"):
        effects = connection.execute("select n from t_effects where kind = ? order by n", [kind])
        assert [n for (n,) in effects] == stored
    assert connection.execute("select count(*) from kernel_outbox").fetchone() == (0,)
    connection.close()
