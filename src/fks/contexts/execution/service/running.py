"""Take the steps of all sessions, one session after the other, and write each down.

Crash-only: whatever fails, the loop ends, what is in memory is dropped, and the supervisor
starts it again with `recover`, which is also how a fresh process begins. There is one way to
take up a session, and it is used all the time.
"""

from __future__ import annotations

from collections import Counter

import msgspec
import structlog

from fks.contexts.execution.domain.paper import LIVING, PaperSession
from fks.contexts.execution.domain.records import Outcome
from fks.contexts.execution.service.holding import Holding
from fks.contexts.execution.store import SessionStore, Stored
from fks.contracts.execution import SessionChanged, SessionRecovered, SessionStatus
from fks.kernel.clock import Clock
from fks.kernel.errors import FksError
from fks.kernel.persistence import Database, Transaction

__all__ = ["Runner"]

_log = structlog.get_logger("fks.execution")

_STRIKES = 3


class Runner:
    """The background service of execution.

    `recovering` is true until all running sessions were taken up; `failed_at_ns` has the
    sessions that failed since the process started, by when (monotonic).
    """

    def __init__(
        self, database: Database, store: SessionStore, holding: Holding, clock: Clock
    ) -> None:
        self.recovering = True
        self.failed_at_ns: dict[str, int] = {}
        self._database = database
        self._store = store
        self._holding = holding
        self._clock = clock
        self._in_hand = ""
        self._strikes: Counter[str] = Counter()

    async def run(self) -> None:
        """Recover, then take steps for ever."""
        await self.recover()
        while True:
            session_id = await self._holding.next()
            if self._holding.found(session_id):
                await self._take_up(session_id)
            else:
                await self._advance(session_id)

    async def recover(self) -> None:
        """Take up every running session where it was last written."""
        self.recovering = True
        if self._in_hand:
            self._strikes[self._in_hand] += 1
            self._in_hand = ""
        self._holding.drop_all()
        async with self._database.reading() as tx:
            session_ids = await self._store.running(tx)
        for session_id in session_ids:
            await self._take_up(session_id)
        self.recovering = False

    async def _take_up(self, session_id: str) -> None:
        """Load a session if it is running, and tell engine and data where it stands."""
        async with self._holding.lock(session_id), self._database.transaction() as tx:
            stored = await self._store.load(tx, session_id)
            if stored.session.status is not SessionStatus.RUNNING:
                return
            if self._strikes[session_id] >= _STRIKES:
                reason = f"execution broke off {_STRIKES} times after this bar: see the log"
                await self._give_up(tx, stored, reason)
                return
            live = await self._restored(tx, stored)
            if live is not None:
                self._holding.put(live)
                tx.publish(SessionRecovered(session=live.session))
                self._holding.counts["recovered"] += 1
                _log.info("session_recovered", session=session_id, bar=live.session.last_index)

    async def _restored(self, tx: Transaction, stored: Stored) -> PaperSession | None:
        """Return the session in memory, or give it up when its desk cannot be restored."""
        self._in_hand = stored.session.id
        try:
            live = self._holding.restore(stored)
        except FksError as error:
            self._in_hand = ""
            await self._give_up(tx, stored, error.message)
            return None
        self._in_hand = ""
        return live

    async def _give_up(self, tx: Transaction, stored: Stored, reason: str) -> None:
        """Fail a session that cannot be brought back; its records stay as they are."""
        failed = msgspec.structs.replace(stored.session, status=SessionStatus.FAILED, error=reason)
        await self._store.fail(tx, failed, stored.revision)
        tx.publish(SessionChanged(session=failed))
        self._note_end(failed.id, SessionStatus.FAILED, reason)

    async def _advance(self, session_id: str) -> None:
        """Take the steps of a session that are ready and write them in one transaction."""
        async with self._holding.lock(session_id):
            live = self._holding.get(session_id)
            if live is None or not live.ready():
                return
            self._in_hand = session_id
            outcome = live.advance()
            self._in_hand = ""
            async with self._database.transaction() as tx:
                await self._store.write(tx, live, outcome)
                for event in outcome.events:
                    tx.publish(event)
            live.revision += 1
            self._count(outcome)
            self._holding.stepped(session_id)
        session = live.session
        if session.status not in LIVING:
            self._holding.drop(session_id)
            self._note_end(session_id, session.status, session.error)
        elif live.ready():
            self._holding.wake(session_id)

    def _count(self, outcome: Outcome) -> None:
        """Count what was written."""
        counts = self._holding.counts
        counts["transactions"] += 1
        counts["bars"] += len(outcome.marks)
        counts["fills"] += len(outcome.fills)
        counts["orders"] += sum(1 for order_id in outcome.orders if order_id > outcome.known_orders)

    def _note_end(self, session_id: str, status: SessionStatus, reason: str) -> None:
        """Log and count the end of a session."""
        self._holding.counts[f"sessions_{status.value}"] += 1
        if status is SessionStatus.FAILED:
            self.failed_at_ns[session_id] = self._clock.monotonic_ns()
            _log.warning("session_failed", session=session_id, reason=reason)
        else:
            _log.info("session_over", session=session_id, status=status.value)
