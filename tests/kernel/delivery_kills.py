"""Processes to be killed: each stores numbers with their events, and applies the events once.

Arguments: database file, how many are killed. Forked, so that a life costs no import. The last
one is left to end by itself; then what was acknowledged to the outside is printed, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time

import sqlalchemy as sa
import structlog

from fks.kernel.bus import LocalBus
from fks.kernel.delivery import Delivery
from fks.kernel.messages import Event, Meta
from fks.kernel.persistence import METADATA, Database
from fks.kernel.resilience import Backoff

TABLES = sa.MetaData()
STATE = sa.Table("t_state", TABLES, sa.Column("n", sa.Integer, primary_key=True))
EFFECTS = sa.Table(
    "t_effects",
    TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("n", sa.Integer),
    sa.Column("kind", sa.String(10)),
)


class Stored(Event, frozen=True, kw_only=True, tag="child.stored.v1"):
    """A number was stored."""

    n: int


class Applied(Event, frozen=True, kw_only=True, tag="child.applied.v1"):
    """A number was applied; caused by `Stored`."""

    n: int


async def live(path: str, count: int, seed: int, say: int) -> None:
    """Do what is left to do; write a number to the pipe `say` once it has committed."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    database = Database(f"sqlite:///{path}", process="child")
    async with database._engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
        await connection.run_sync(TABLES.create_all)
    bus = LocalBus(backoff=Backoff(0.001, 0.01, tries=50))
    chance = random.Random(seed)

    async def on_stored(event: Stored, meta: Meta) -> None:
        if chance.random() < 0.1:
            raise ValueError("a bad moment")
        async with database.transaction() as tx:
            if await tx.first_time("stored", meta.id):
                await tx.execute(EFFECTS.insert().values(n=event.n, kind="stored"))
                tx.publish(Applied(n=event.n), cause=meta)

    async def on_applied(event: Applied, meta: Meta) -> None:
        async with database.transaction() as tx:
            if await tx.first_time("applied", meta.id):
                await tx.execute(EFFECTS.insert().values(n=event.n, kind="applied"))

    bus.on(Stored, on_stored)
    bus.on(Applied, on_applied)
    delivery = Delivery(database, bus, [Stored, Applied], linger_s=0.005)
    service = asyncio.create_task(delivery.service().run())
    async with database.reading() as tx:
        last = (await tx.execute(sa.select(sa.func.max(STATE.c.n)))).scalar_one()
    for n in range(0 if last is None else last + 1, count):
        async with database.transaction() as tx:
            await tx.execute(STATE.insert().values(n=n))
            tx.publish(Stored(n=n))
        os.write(say, n.to_bytes(8, "little"))
    await delivery.drained()
    await bus.settled()
    await delivery.drained()
    service.cancel()
    await asyncio.gather(service, return_exceptions=True)
    await bus.stop()
    await database.close()


def main(path: str, kills: int) -> None:
    """Kill so many, then let one end."""
    chance = random.Random(4)
    acked: set[int] = set()
    for life in range(kills + 1):
        last = life == kills
        listen, say = os.pipe()
        count = max(acked) + 50 if last else 1_000_000
        child = os.fork()
        if child == 0:
            os.close(listen)
            asyncio.run(live(path, count, life, say))
            os._exit(0)
        os.close(say)
        # Killed after a random number of commits, and a random moment later.
        for _ in range(1_000_000 if last else chance.randrange(1, 40)):
            said = os.read(listen, 8)
            if not said:
                break
            acked.add(int.from_bytes(said, "little"))
        if not last:
            time.sleep(chance.choice([0.0, chance.random() * 0.02]))
            os.kill(child, signal.SIGKILL)
        while said := os.read(listen, 8):
            acked.add(int.from_bytes(said, "little"))
        os.close(listen)
        status = os.waitpid(child, 0)[1]
        assert os.waitstatus_to_exitcode(status) == (0 if last else -signal.SIGKILL)
    print(json.dumps(sorted(acked)))  # noqa: T201  # how it tells


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
