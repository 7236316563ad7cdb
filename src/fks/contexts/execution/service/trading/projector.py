"""Durable effects into the database and onto the bus, in order, each exactly once.

The database is a projection: the journal can make it anew. A cursor row says how far it is; it
is written in the transaction of the rows, and the events go through the outbox of the same.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import structlog

from fks.contexts.execution.domain.trading.effects import (
    AccountMoved,
    Decided,
    FillMade,
    GateMoved,
    OrderMoved,
    PositionMoved,
    SignalMoved,
)
from fks.contexts.execution.service.trading.writer import Done
from fks.contexts.execution.store.trading import TradingStore
from fks.contracts.execution import (
    AccountChanged,
    GateChanged,
    OrderDecided,
    OrderUpdated,
    PositionUpdated,
    SignalQueued,
    TradeFilled,
)
from fks.kernel.errors import Unavailable
from fks.kernel.messages import Event
from fks.kernel.persistence import Database

__all__ = ["Projector"]

_log = structlog.get_logger("fks.execution")
_BATCH = 200
_PAUSE_S = 0.5


class Projector:
    """Write what is durable where people and other contexts look."""

    def __init__(self, database: Database, store: TradingStore) -> None:
        self._database = database
        self._store = store
        self._waiting: deque[Done] = deque()
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.failing = ""
        self.moved: Callable[[int], None] = lambda seq: None

    @property
    def behind(self) -> int:
        """Return how many inputs wait to be projected."""
        return len(self._waiting)

    def add(self, done: Done) -> None:
        """Take a durable input."""
        self._waiting.append(done)
        self._idle.clear()
        self._news.set()

    async def idle(self) -> None:
        """Wait until all is projected."""
        await self._idle.wait()

    async def run(self) -> None:
        """Project for ever; a database that is away is waited for."""
        while True:
            await self._news.wait()
            batch = [self._waiting[i] for i in range(min(_BATCH, len(self._waiting)))]
            try:
                await self._project(batch)
            except Unavailable as error:
                self.failing = error.message
                _log.warning("projection_waits", error=error.message, behind=self.behind)
                await asyncio.sleep(_PAUSE_S)
                continue
            self.failing = ""
            for _ in batch:
                self._waiting.popleft()
            self.moved(batch[-1].seq)
            if not self._waiting:
                self._news.clear()
                self._idle.set()

    async def _project(self, batch: list[Done]) -> None:
        async with self._database.transaction() as tx:
            await self._store.write(tx, batch)
            for done in batch:
                for effect in done.effects:
                    event = _event(effect)
                    if event is not None:
                        tx.publish(event)


def _event(effect: object) -> Event | None:
    """Return an effect as the fact that others hear."""
    match effect:
        case OrderMoved(order):
            return OrderUpdated(account=order.account, order=order)
        case FillMade(fill):
            return TradeFilled(account=fill.account, fill=fill)
        case PositionMoved(position):
            return PositionUpdated(account=position.account, position=position)
        case Decided(decision):
            return OrderDecided(account=decision.account, decision=decision)
        case SignalMoved(signal):
            return SignalQueued(account=signal.account, signal=signal)
        case GateMoved(gate):
            return GateChanged(gate=gate)
        case AccountMoved(account):
            return AccountChanged(account=account)
        case _:
            return None
