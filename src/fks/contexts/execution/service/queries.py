"""Answer what is asked about sessions, from what is stored."""

from __future__ import annotations

from fks.contexts.execution.store import SessionStore
from fks.contracts.execution import (
    FillList,
    GetEquity,
    GetSession,
    ListFills,
    ListOrders,
    ListPositions,
    ListSessions,
    OrderList,
    PositionList,
    Session,
    SessionEquity,
    SessionList,
)
from fks.kernel.errors import Invalid
from fks.kernel.persistence import Database

__all__ = ["Queries"]

_MOST = 100_000


class Queries:
    """The questions that execution answers. All but `sessions` raise `NotFound`."""

    def __init__(self, database: Database, store: SessionStore) -> None:
        self._database = database
        self._store = store

    async def session(self, query: GetSession) -> Session:
        """Return how a session stands."""
        async with self._database.reading() as tx:
            return await self._store.session(tx, query.session_id)

    async def sessions(self, query: ListSessions) -> SessionList:
        """Return sessions, newest first."""
        async with self._database.reading() as tx:
            return SessionList(sessions=await self._store.sessions(tx, _limit(query.limit)))

    async def orders(self, query: ListOrders) -> OrderList:
        """Return the last orders of a session."""
        async with self._database.reading() as tx:
            session = await self._store.session(tx, query.session_id)
            return OrderList(orders=await self._store.orders(tx, session, _limit(query.limit)))

    async def fills(self, query: ListFills) -> FillList:
        """Return the last fills of a session."""
        async with self._database.reading() as tx:
            session = await self._store.session(tx, query.session_id)
            return FillList(fills=await self._store.fills(tx, session, _limit(query.limit)))

    async def equity(self, query: GetEquity) -> SessionEquity:
        """Return the last points of a session's equity curve."""
        async with self._database.reading() as tx:
            session = await self._store.session(tx, query.session_id)
            points = await self._store.equity(tx, session, _limit(query.limit))
        return SessionEquity(session_id=session.id, points=points)

    async def positions(self, _query: ListPositions) -> PositionList:
        """Return the open positions of the sessions that are not over."""
        async with self._database.reading() as tx:
            return PositionList(positions=await self._store.positions(tx))


def _limit(limit: int) -> int:
    """Return a limit that can be asked for."""
    if not 1 <= limit <= _MOST:
        raise Invalid(f"limit must be 1 to {_MOST}, not {limit}", code="execution.bad_limit")
    return limit
