"""From the outbox to every listener: at least once, in order, whatever is killed in between.

Right after a commit its events are handed to the bus, in the order of commits. A row leaves the
outbox only when all local listeners have handled the event (or buried it) and a network, if there
is one, has stored it; what a crash leaves is handed over again at the next start. So a handler
may see an event twice; with `Transaction.first_time` its effect still happens once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog

from fks.kernel.bus import DeadLetter, LocalBus, plain
from fks.kernel.errors import FksError
from fks.kernel.health import Check, CheckResult, Status
from fks.kernel.messages import Event, Meta, topic_of
from fks.kernel.persistence import DEAD_LETTERS, INBOX, OUTBOX, Database, Outgoing
from fks.kernel.services import Service

__all__ = ["Delivery"]

_log = structlog.get_logger("fks.delivery")
_PAGE = 500
_LATE_NS = 30_000_000_000


class Delivery:
    """The outbox of one process, relayed to its bus; also where its dead letters are kept.

    `messages` are the classes of all events that may lie in the outbox. Every `sweep_s` rows are
    looked for that nobody handed over; those of another process of this database are taken
    over when they are `orphan_s` old, since it does not seem to come back. Notes in the inbox
    are kept for `keep_inbox_s`, which must exceed the age of the oldest message a network may
    still deliver.
    """

    def __init__(
        self,
        database: Database,
        bus: LocalBus,
        messages: Iterable[type[Any]],
        *,
        sweep_s: float = 5.0,
        linger_s: float = 0.1,
        orphan_s: float = 600.0,
        keep_inbox_s: float = 8 * 86400.0,
    ) -> None:
        self._database = database
        self._bus = bus
        self._kinds = {topic_of(one): one for one in messages if issubclass(one, Event)}
        self._sweep_s = sweep_s
        self._linger_s = linger_s
        self._orphan_s = orphan_s
        self._keep_inbox_s = keep_inbox_s
        self._handed: set[int] = set()  # in the table, and given to the bus in this life
        self._done: list[int] = []
        self._behind = True  # rows are in the table that the bus has not been given
        self._missed = False  # a commit was not handed over since the last look at the table
        self._wake = asyncio.Event()
        self._empty = asyncio.Event()
        database.committed = self._committed
        bus.keep_dead = self._keep_dead

    def service(self) -> Service:
        """Return the background service: catch up, tidy, sweep."""
        return Service("outbox", self._run)

    def check(self) -> Check:
        """Return the check that tells when events are late."""
        return Check("outbox", self._probe)

    async def drained(self) -> None:
        """Wait until the outbox of this process is empty; its service must be running."""
        await self._empty.wait()

    # --- handing over -------------------------------------------------------------------------

    def _committed(self, outgoing: Sequence[Outgoing]) -> None:
        """Hand over what was committed just now, unless something older has to go first."""
        self._empty.clear()
        if self._behind or self._bus.full:
            self._behind = self._missed = True
            self._wake.set()
            return
        for one in outgoing:
            self._hand(one.position, one.event, one.meta)

    def _hand(self, position: int, event: Event, meta: Meta) -> None:
        """Give an event to the bus, once."""
        if position in self._handed:
            return
        self._handed.add(position)
        self._bus.post(event, meta, partial(self._finished, position))

    def _finished(self, position: int) -> None:
        """Note that everybody is done with an event."""
        self._done.append(position)
        self._wake.set()

    async def _run(self) -> None:
        """Catch up, then tidy whenever something is done and sweep now and then."""
        clock = self._database.clock
        self._behind = True
        sweep_at_ns = purge_at_ns = clock.monotonic_ns()
        while True:
            if self._behind or clock.monotonic_ns() >= sweep_at_ns:
                await self._catch_up()
                sweep_at_ns = clock.monotonic_ns() + int(self._sweep_s * 1e9)
            await self._delete_done()
            if clock.monotonic_ns() >= purge_at_ns:
                await self._purge_inbox()
                purge_at_ns = clock.monotonic_ns() + 3600 * 1_000_000_000
            try:
                async with asyncio.timeout(self._sweep_s):
                    await self._wake.wait()
            except TimeoutError:
                continue
            self._wake.clear()
            await asyncio.sleep(self._linger_s)  # rows that are done are deleted many at a time

    async def _catch_up(self) -> None:
        """Hand over every row that lies in the table and was not handed over, in order."""
        while True:
            self._missed = False
            after = 0
            while rows := await self._page(after):
                for row in rows:
                    after = row.position
                    if after not in self._handed:
                        self._empty.clear()
                        await self._bus.has_room()
                        await self._hand_row(row)
            if not self._missed:
                self._behind = False
                return

    async def _page(self, after: int) -> Sequence[sa.Row[Any]]:
        """Return the next rows of this process, and those another one left behind."""
        abandoned_ns = self._database.clock.now_ns() - int(self._orphan_s * 1e9)
        ours = sa.or_(OUTBOX.c.process == self._database.process, OUTBOX.c.at_ns < abandoned_ns)
        query = (
            sa.select(OUTBOX)
            .where(OUTBOX.c.position > after, ours)
            .order_by(OUTBOX.c.position)
            .limit(_PAGE)
        )
        async with self._database.reading() as tx:
            return (await tx.execute(query)).fetchall()

    async def _hand_row(self, row: sa.Row[Any]) -> None:
        """Decode a row and hand it over; one that nobody can read any more is buried."""
        meta = msgspec.msgpack.decode(row.meta, type=Meta)
        kind = self._kinds.get(row.topic)
        try:
            if kind is None:
                raise msgspec.ValidationError(f"no loaded plugin declares {row.topic}")
            event = msgspec.msgpack.decode(row.body, type=kind)
        except msgspec.DecodeError as error:
            self._handed.add(row.position)
            await self._store_dead(
                {
                    "message_id": row.message_id,
                    "handler": "outbox",
                    "topic": row.topic,
                    "key": row.key,
                    "meta": row.meta,
                    "body": row.body,
                    "attempts": 1,
                    "code": "delivery.unreadable",
                    "error": str(error),
                }
            )
            _log.error("outbox_row_unreadable", topic=row.topic, error=str(error))
            self._finished(row.position)
            return
        self._hand(row.position, event, meta)

    # --- tidying ------------------------------------------------------------------------------

    async def _delete_done(self) -> None:
        """Delete the rows that are done."""
        while self._done:
            chunk = self._done[:_PAGE]
            async with self._database.transaction() as tx:
                await tx.execute(OUTBOX.delete().where(OUTBOX.c.position.in_(chunk)))
            del self._done[: len(chunk)]
            self._handed.difference_update(chunk)
        if not self._handed and not self._behind:
            self._empty.set()

    async def _purge_inbox(self) -> None:
        """Delete notes about messages that cannot come again."""
        before_ns = self._database.clock.now_ns() - int(self._keep_inbox_s * 1e9)
        async with self._database.transaction() as tx:
            await tx.execute(INBOX.delete().where(INBOX.c.at_ns < before_ns))

    async def _keep_dead(self, letter: DeadLetter) -> None:
        """Store a dead letter of the bus."""
        await self._store_dead(
            {
                "message_id": letter.meta.id,
                "handler": letter.handler,
                "topic": letter.topic,
                "key": letter.key,
                "meta": msgspec.msgpack.encode(plain(letter.meta)),
                "body": msgspec.msgpack.encode(letter.event),
                "attempts": letter.attempts,
                "code": letter.code,
                "error": letter.error,
            }
        )

    async def _store_dead(self, values: dict[str, Any]) -> None:
        """Write a dead letter; the one a kill made us write again is kept once."""
        database = self._database
        written = {"process": database.process, "at_ns": database.clock.now_ns(), **values}
        note = f"dead:{values['handler']}"[:200]
        async with database.transaction() as tx:
            if await tx.first_time(note, values["message_id"]):
                await tx.execute(DEAD_LETTERS.insert().values(written))

    async def _probe(self) -> CheckResult:
        """Return how late the outbox is."""
        late_ns = self._database.clock.now_ns() - _LATE_NS
        query = (
            sa.select(sa.func.count())
            .select_from(OUTBOX)
            .where(OUTBOX.c.process == self._database.process, OUTBOX.c.at_ns < late_ns)
        )
        try:
            async with self._database.reading() as tx:
                late = int((await tx.execute(query)).scalar_one())
        except FksError as error:
            return CheckResult(Status.UNHEALTHY, error.message)
        if late:
            return CheckResult(Status.DEGRADED, f"{late} events wait for over 30 s to be handled")
        return CheckResult(Status.HEALTHY)
