"""The sessions that this process has in memory, and which of them have work to do.

Handlers only leave here what they heard and return at once, so that no bus ever waits for a
database. What is held is a copy: it is thrown away, and loaded again, whenever a write fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections import Counter
from collections.abc import AsyncIterator

import structlog

from fks.contexts.execution.domain.paper import LIVING, PaperSession
from fks.contexts.execution.domain.sequencer import Offer
from fks.contexts.execution.settings import ExecutionSettings
from fks.contexts.execution.store import SessionStore, Stored
from fks.contracts.data import BarClosed, ReplayFinished
from fks.contracts.engine import BarDecided, SignalRaised
from fks.contracts.execution import Desks, Session
from fks.kernel.clock import Clock
from fks.kernel.persistence import Database

__all__ = ["Heard", "Held", "Holding"]

_log = structlog.get_logger("fks.execution")

Heard = BarClosed | SignalRaised | BarDecided | ReplayFinished


class Held:
    """A session under its lock: as stored, and in memory unless it is over.

    `resident` tells whether it was in memory all along, with all that it had heard.
    """

    def __init__(self, session: Session, live: PaperSession | None, *, resident: bool) -> None:
        self.session = session
        self.live = live
        self.resident = resident


class Holding:
    """Live sessions by id, a lock for each, and the queue of those that are ready."""

    def __init__(
        self,
        database: Database,
        store: SessionStore,
        desks: Desks,
        settings: ExecutionSettings,
        clock: Clock,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._database = database
        self._store = store
        self._desks = desks
        self._settings = settings
        self._clock = clock
        self._live: dict[str, PaperSession] = {}
        # A lock lives as long as somebody holds it or waits for it.
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._stepped_ns: dict[str, int] = {}
        self._ready: dict[str, None] = {}
        self._lost: dict[str, None] = {}
        self._news = asyncio.Event()

    def hear(self, session_id: str, event: Heard) -> None:
        """Take a message for a session; one that is not held here is none of our business."""
        live = self._live.get(session_id)
        if live is None:
            self.counts["ignored"] += 1
            _log.debug("not_a_live_session", session=session_id, heard=type(event).__name__)
            return
        offered = live.offer(event)
        if offered is not Offer.KEPT:
            self.counts[f"messages_{offered.value}"] += 1
        if live.ready():
            self.wake(session_id)

    def wake(self, session_id: str) -> None:
        """Let the runner look at a session."""
        self._ready[session_id] = None
        self._news.set()

    async def next(self) -> str:
        """Return the session that has been ready for longest, waiting for one."""
        while not self._ready:
            self._news.clear()
            await self._news.wait()
        session_id = next(iter(self._ready))
        del self._ready[session_id]
        return session_id

    def put(self, live: PaperSession) -> None:
        """Hold a session from now on."""
        self._live[live.session.id] = live
        self.stepped(live.session.id)

    def get(self, session_id: str) -> PaperSession | None:
        """Return a session if it is held."""
        return self._live.get(session_id)

    def drop(self, session_id: str) -> None:
        """Hold a session no longer."""
        self._live.pop(session_id, None)
        self._ready.pop(session_id, None)
        self._stepped_ns.pop(session_id, None)

    def lose(self, session_id: str) -> None:
        """Throw away a copy that ran ahead of what is stored, and have it loaded again."""
        self.drop(session_id)
        self._lost[session_id] = None
        self.wake(session_id)

    def found(self, session_id: str) -> bool:
        """Tell, once, whether a session must be loaded again."""
        return self._lost.pop(session_id, 0) is None

    def drop_all(self) -> None:
        """Forget everything but the locks."""
        self._live.clear()
        self._ready.clear()
        self._lost.clear()
        self._stepped_ns.clear()

    def stepped(self, session_id: str) -> None:
        """Note that a session moved."""
        self._stepped_ns[session_id] = self._clock.monotonic_ns()

    def undecided(self) -> list[tuple[Session, float]]:
        """Return the running sessions that wait for decisions, and for how many seconds."""
        now_ns = self._clock.monotonic_ns()
        return [
            (live.session, (now_ns - self._stepped_ns[session_id]) / 1e9)
            for session_id, live in self._live.items()
            if not live.session.decided
        ]

    def sizes(self) -> dict[str, float]:
        """Return how many sessions and waiting messages are held."""
        return {
            "sessions_held": float(len(self._live)),
            "messages_held": float(sum(live.held for live in self._live.values())),
        }

    def lock(self, session_id: str) -> asyncio.Lock:
        """Return the lock under which a session is changed."""
        lock = self._locks.get(session_id)
        if lock is None:
            lock = self._locks[session_id] = asyncio.Lock()
        return lock

    @contextlib.asynccontextmanager
    async def hold(self, session_id: str) -> AsyncIterator[Held]:
        """Lock a session and return it, loaded if need be. Raises `NotFound`."""
        async with self.lock(session_id):
            live = self._live.get(session_id)
            if live is not None:
                yield Held(live.session, live, resident=True)
            else:
                async with self._database.reading() as tx:
                    stored = await self._store.load(tx, session_id)
                over = stored.session.status not in LIVING
                yield Held(stored.session, None if over else self.restore(stored), resident=False)

    def restore(self, stored: Stored) -> PaperSession:
        """Return a stored session with its desk as it was. Raises `Invalid` as the desk does."""
        desk = self._desks.make(stored.session.config)
        desk.restore(stored.desk)
        return PaperSession(
            stored.session,
            desk,
            resting=stored.resting,
            last_ticks=stored.last_ticks,
            revision=stored.revision,
            ahead=self._settings.max_bars_ahead,
        )
