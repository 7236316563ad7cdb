"""Transactions, outbox and inbox on real databases."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from fks.kernel.errors import Invalid, Unavailable
from fks.kernel.messages import Event
from fks.kernel.persistence import INBOX, OUTBOX, Database, Outgoing


class Happened(Event, frozen=True, kw_only=True, tag="kernel_test.happened.v1"):
    """A fact for these tests."""

    session_id: str = "s"
    number: int = 0


async def _outbox(database: Database) -> list[sa.Row]:
    async with database.reading() as tx:
        return list(await tx.execute(sa.select(OUTBOX).order_by(OUTBOX.c.position)))


async def test_what_is_published_commits_with_the_state(database: Database) -> None:
    """Lost otherwise: an event without its state, or the other way round."""
    told: list[Outgoing] = []
    database.committed = told.extend
    async with database.transaction() as tx:
        assert await tx.first_time("handler", "m1")
        tx.publish(Happened(number=1))
        tx.publish(Happened(number=2))
        assert told == []
    rows = await _outbox(database)
    assert [msgspec.msgpack.decode(r.body, type=Happened).number for r in rows] == [1, 2]
    assert [o.position for o in told] == [r.position for r in rows]
    assert [(r.topic, r.key) for r in rows] == [("kernel_test.happened.v1", "s")] * 2


async def test_nothing_of_a_failed_transaction_remains(database: Database) -> None:
    """Lost otherwise: the promise that an error changes nothing."""
    told: list[Outgoing] = []
    database.committed = told.extend
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as tx:
            await tx.first_time("handler", "m1")
            tx.publish(Happened())
            1 / 0  # noqa: B018  # the failure
    assert told == [] and await _outbox(database) == []
    async with database.transaction() as tx:
        assert await tx.first_time("handler", "m1")


async def test_a_message_takes_effect_once_per_handler(database: Database) -> None:
    """Lost otherwise: effect exactly once under redelivery."""
    async with database.transaction() as tx:
        assert await tx.first_time("a", "m1")
        assert await tx.first_time("b", "m1")
        assert not await tx.first_time("a", "m1")
    async with database.transaction() as tx:
        assert not await tx.first_time("a", "m1")


async def test_causes_are_carried_on(database: Database) -> None:
    """Lost otherwise: the walk from a fill back to its bar."""
    first = database.meta_for(None)
    second = database.meta_for(first)
    assert second.caused_by == first.id
    assert second.correlation_id == first.correlation_id == first.id


async def test_writers_queue_and_positions_follow_commits(database: Database) -> None:
    """Lost otherwise: concurrent writers would fail, or events overtake each other."""
    told: list[int] = []
    database.committed = lambda outgoing: told.extend(o.position for o in outgoing)

    async def write(number: int) -> None:
        async with database.transaction() as tx:
            await asyncio.sleep(0.001 * (number % 3))
            tx.publish(Happened(number=number))

    # No more writers than connections: PostgreSQL lets them run side by side.
    await asyncio.gather(*(write(number) for number in range(12)))
    rows = await _outbox(database)
    assert len(rows) == 12
    assert told == [row.position for row in rows]


async def test_a_reader_sees_one_state_while_others_write(database: Database) -> None:
    """Lost otherwise: a page made of two half-states, or readers blocked by writers."""
    count = sa.select(sa.func.count()).select_from(INBOX)
    async with database.reading() as reading:
        before = (await reading.execute(count)).scalar_one()
        async with database.transaction() as tx:
            await tx.first_time("a", "m")
        assert (await reading.execute(count)).scalar_one() == before
    async with database.reading() as reading:
        assert (await reading.execute(count)).scalar_one() == before + 1


async def test_a_transaction_inside_a_transaction_is_a_bug_not_a_deadlock(tmp_path: Path) -> None:
    """Lost otherwise: a service that waits for itself for ever."""
    database = Database(f"sqlite:///{tmp_path}/x.db")
    async with database.transaction():
        with pytest.raises(AssertionError, match="inside a transaction"):
            async with database.transaction():
                pass
    await database.close()


async def test_a_cancelled_writer_gives_its_lock_back(database: Database) -> None:
    """Lost otherwise: one cancelled request would stop all writing."""
    entered = asyncio.Event()

    async def hang() -> None:
        async with database.transaction() as tx:
            await tx.first_time("a", "m")
            entered.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(hang())
    await entered.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(5), database.transaction() as tx:
        assert await tx.first_time("a", "m")


async def test_a_database_locked_by_another_process_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost otherwise: a traceback where a person needs one line."""
    monkeypatch.setattr("fks.kernel.persistence._BUSY_TIMEOUT_S", 0.05)
    database = Database(f"sqlite:///{tmp_path}/x.db")
    await database.ping()
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unavailable, match="locked by another process") as caught:
        async with database.transaction():
            pass
    assert caught.value.code == "database.locked"
    other.execute("ROLLBACK")
    other.close()
    async with database.transaction():
        pass
    await database.close()


async def test_a_database_without_tables_says_what_to_do(tmp_path: Path) -> None:
    """Lost otherwise: the hint to migrate."""
    database = Database(f"sqlite:///{tmp_path}/x.db")
    with pytest.raises(Unavailable, match="fks migrate"):
        async with database.transaction() as tx:
            await tx.first_time("a", "m")
    await database.close()


async def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    """Lost otherwise: a clear line for a damaged file."""
    (tmp_path / "x.db").write_bytes(b"no database at all" * 100)
    database = Database(f"sqlite:///{tmp_path}/x.db")
    with pytest.raises(Unavailable, match="damaged"):
        await database.ping()
    await database.close()


async def test_a_server_that_is_not_there_says_so() -> None:
    """Lost otherwise: a clear line, without the password, for a wrong URL."""
    database = Database("postgresql://fks:topsecret@127.0.0.1:1/fks")
    with pytest.raises(Unavailable, match="cannot be reached") as caught:
        await database.ping()
    assert "topsecret" not in str(caught.value)
    await database.close()


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:", "nonsense"])
def test_an_unusable_url_is_refused_at_once(url: str) -> None:
    """Lost otherwise: a late and unclear failure."""
    with pytest.raises(Invalid, match=r"database\.url"):
        Database(url)


async def test_sqlite_commits_are_durable(tmp_path: Path) -> None:
    """Lost otherwise: what was acknowledged, at a power cut."""
    database = Database(f"sqlite:///{tmp_path}/x.db")
    async with database.transaction() as tx:
        assert (await tx.execute(sa.text("PRAGMA journal_mode"))).scalar_one() == "wal"
        assert (await tx.execute(sa.text("PRAGMA synchronous"))).scalar_one() == 2
        assert (await tx.execute(sa.text("PRAGMA foreign_keys"))).scalar_one() == 1
    await database.close()


def test_a_process_ends_although_its_tasks_were_cancelled_at_any_moment(tmp_path: Path) -> None:
    """Lost otherwise: a process that hangs at its end, for a connection nobody closed."""
    program = """
import asyncio, random, sys
from fks.kernel.persistence import METADATA, Database

async def write(database: Database, n: int) -> None:
    while True:
        async with database.transaction() as tx:
            await tx.first_time("h", str(n))
        await database.ping()

async def main() -> None:
    database = Database(f"sqlite:///{sys.argv[1]}")
    async with database._engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    tasks = [asyncio.create_task(write(database, n)) for n in range(4)]
    await asyncio.sleep(0.01 + random.random() * 0.02)
    for task in tasks:
        task.cancel()
    await database.close()

for _ in range(20):
    asyncio.run(main())
"""
    command = [sys.executable, "-c", program, str(tmp_path / "x.db")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    subprocess.run(command, env=environment, timeout=60, check=True)
