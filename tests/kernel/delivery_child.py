"""A process to be killed: it stores numbers with their events, and applies the events once.

Arguments: database file, how many numbers, seed. It says `ready`, then `acked N` for each number
whose transaction has committed, then `all` when nothing is left to do.
"""

from __future__ import annotations

import asyncio
import random
import sys

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


async def main(path: str, count: int, seed: int) -> None:
    """Do what is left to do."""
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
    print("ready", flush=True)  # noqa: T201  # how it speaks
    async with database.reading() as tx:
        last = (await tx.execute(sa.select(sa.func.max(STATE.c.n)))).scalar_one()
    for n in range(0 if last is None else last + 1, count):
        async with database.transaction() as tx:
            await tx.execute(STATE.insert().values(n=n))
            tx.publish(Stored(n=n))
        print("acked", n, flush=True)  # noqa: T201  # as above
    await delivery.drained()
    await bus.settled()
    await delivery.drained()
    service.cancel()
    await database.close()
    print("all", flush=True)  # noqa: T201  # as above


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
