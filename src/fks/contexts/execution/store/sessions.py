"""The only SQL of execution. Speaks in sessions, orders and fills; stores scaled integers.

Every write of a session names the revision that it read, so that of two processes which believe
to run a session one is stopped before it can publish anything.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Select, bindparam, func, select

from fks.contexts.execution import tables
from fks.contexts.execution.domain.paper import LIVING, PaperSession
from fks.contexts.execution.domain.records import Outcome
from fks.contexts.execution.domain.rows import (
    fill_from_row,
    fill_row,
    mark_row,
    order_from_row,
    order_row,
    point_from_row,
    position_from_row,
    session_from_row,
    snapshot_row,
    terms_of,
)
from fks.contexts.execution.domain.scale import Scale
from fks.contracts.execution import EquityPoint, Fill, Order, OrderStatus, Position, Session
from fks.kernel.errors import Conflict, NotFound
from fks.kernel.persistence import Transaction

__all__ = ["SessionStore", "Stored"]

_SNAPSHOT = tuple(
    column.name
    for column in tables.snapshots.columns
    if column.name not in ("session_id", "revision")
)
_OURS = (
    tables.snapshots.c.session_id == bindparam("key"),
    tables.snapshots.c.revision == bindparam("was"),
)
_NEXT = {"revision": tables.snapshots.c.revision + 1}
_UPDATE_SNAPSHOT = (
    tables.snapshots.update()
    .where(*_OURS)
    .values(_NEXT | {name: bindparam(name) for name in _SNAPSHOT})
)
_COUNT_UP = tables.snapshots.update().where(*_OURS).values(_NEXT)
_UPDATE_STATUS = (
    tables.sessions.update()
    .where(tables.sessions.c.id == bindparam("key"))
    .values(status=bindparam("status"), error=bindparam("error"))
)
_UPDATE_ORDER = (
    tables.orders.update()
    .where(
        tables.orders.c.session_id == bindparam("key"), tables.orders.c.id == bindparam("order_id")
    )
    .values(status=bindparam("status"), reason=bindparam("reason"))
)
_JOINED = select(tables.sessions, tables.snapshots).join(
    tables.snapshots, tables.snapshots.c.session_id == tables.sessions.c.id
)
_LIVING = tuple(status.value for status in LIVING)


class Stored(msgspec.Struct, frozen=True):
    """All that is needed to take a session up again."""

    session: Session
    revision: int
    last_ticks: int
    desk: bytes
    resting: tuple[Order, ...]


class SessionStore:
    """Sessions and their records in the database of a transaction."""

    async def insert(self, tx: Transaction, live: PaperSession, key: str, digest: str) -> None:
        """Store a new session, started by the command `key` whose request hashes to `digest`."""
        session = live.session
        row = snapshot_row(live, Scale(session.config.instrument))
        await tx.execute(
            tables.sessions.insert(),
            {
                "id": session.id,
                "start_key": key,
                "request_hash": digest,
                "terms": terms_of(session),
                "status": session.status.value,
                "error": session.error,
                "created_at_ns": session.created_at_ns,
            },
        )
        await tx.execute(
            tables.snapshots.insert(),
            {**row, "session_id": session.id, "revision": live.revision},
        )

    async def write(self, tx: Transaction, live: PaperSession, outcome: Outcome) -> None:
        """Store what a batch of steps did, with the state it left.

        Raises `Conflict` (`execution.overtaken`) when somebody else wrote this session since it
        was read; the caller then counts the revision up only after the commit.
        """
        session = live.session
        scale = Scale(session.config.instrument)
        row = snapshot_row(live, scale)
        result = await tx.execute(
            _UPDATE_SNAPSHOT, {**row, "key": session.id, "was": live.revision}
        )
        _only_if_ours(result.rowcount, session.id)
        if outcome.turned:
            await self._write_status(tx, session)
        await self._write_orders(tx, session.id, outcome, scale)
        if outcome.fills:
            await tx.execute(tables.fills.insert(), [fill_row(f, scale) for f in outcome.fills])
        if outcome.marks:
            rows = [mark_row(session.id, mark, scale) for mark in outcome.marks]
            await tx.execute(tables.equity.insert(), rows)

    async def fail(self, tx: Transaction, session: Session, revision: int) -> None:
        """Store that a session failed which cannot be brought to memory. Raises as `write`."""
        result = await tx.execute(_COUNT_UP, {"key": session.id, "was": revision})
        _only_if_ours(result.rowcount, session.id)
        await self._write_status(tx, session)

    async def _write_status(self, tx: Transaction, session: Session) -> None:
        """Store whether a session runs, and why it does not."""
        await tx.execute(
            _UPDATE_STATUS,
            {"key": session.id, "status": session.status.value, "error": session.error},
        )

    async def _write_orders(
        self, tx: Transaction, session_id: str, outcome: Outcome, scale: Scale
    ) -> None:
        """Insert new orders, change the state of stored ones."""
        new = [o for o in outcome.orders.values() if o.id > outcome.known_orders]
        changed = [o for o in outcome.orders.values() if o.id <= outcome.known_orders]
        if new:
            await tx.execute(tables.orders.insert(), [order_row(o, scale) for o in new])
        if changed:
            await tx.execute(
                _UPDATE_ORDER,
                [
                    {
                        "key": session_id,
                        "order_id": o.id,
                        "status": o.status.value,
                        "reason": None if o.reason is None else o.reason.value,
                    }
                    for o in changed
                ],
            )

    async def started_by(self, tx: Transaction, key: str) -> tuple[Session, str] | None:
        """Return the session that the command `key` started and its request's hash."""
        row = await _one(tx, _JOINED.where(tables.sessions.c.start_key == key))
        return None if row is None else (session_from_row(row), str(row["request_hash"]))

    async def load(self, tx: Transaction, session_id: str) -> Stored:
        """Return a session with what it takes to go on. Raises `NotFound`."""
        row = await self._row(tx, session_id)
        session = session_from_row(row)
        scale = Scale(session.config.instrument)
        resting = await _all(
            tx,
            select(tables.orders)
            .where(
                tables.orders.c.session_id == session_id,
                tables.orders.c.status == OrderStatus.ACCEPTED.value,
            )
            .order_by(tables.orders.c.id),
        )
        return Stored(
            session,
            int(row["revision"]),
            int(row["last_ticks"]),
            bytes(row["desk"]),
            tuple(order_from_row(order, scale) for order in resting),
        )

    async def running(self, tx: Transaction) -> tuple[str, ...]:
        """Return the ids of the running sessions, oldest first."""
        rows = await _all(
            tx,
            select(tables.sessions.c.id)
            .where(tables.sessions.c.status == _LIVING[0])
            .order_by(tables.sessions.c.id),
        )
        return tuple(str(row["id"]) for row in rows)

    async def count_living(self, tx: Transaction) -> int:
        """Return how many sessions are running or paused."""
        query = select(func.count().label("n")).where(tables.sessions.c.status.in_(_LIVING))
        row = await _one(tx, query)
        return 0 if row is None else int(row["n"])

    async def session(self, tx: Transaction, session_id: str) -> Session:
        """Return a session. Raises `NotFound`."""
        return session_from_row(await self._row(tx, session_id))

    async def sessions(self, tx: Transaction, limit: int) -> tuple[Session, ...]:
        """Return the newest sessions, newest first."""
        query = _JOINED.order_by(tables.sessions.c.id.desc()).limit(limit)
        return tuple(session_from_row(row) for row in await _all(tx, query))

    async def orders(self, tx: Transaction, session: Session, limit: int) -> tuple[Order, ...]:
        """Return the last orders of a session, newest last."""
        scale = Scale(session.config.instrument)
        query = _last(tables.orders, tables.orders.c.id, session.id, limit)
        return tuple(order_from_row(row, scale) for row in reversed(await _all(tx, query)))

    async def fills(self, tx: Transaction, session: Session, limit: int) -> tuple[Fill, ...]:
        """Return the last fills of a session, newest last."""
        scale = Scale(session.config.instrument)
        query = _last(tables.fills, tables.fills.c.id, session.id, limit)
        return tuple(fill_from_row(row, scale) for row in reversed(await _all(tx, query)))

    async def equity(
        self, tx: Transaction, session: Session, limit: int
    ) -> tuple[EquityPoint, ...]:
        """Return the last points of a session's equity curve, newest last."""
        scale = Scale(session.config.instrument)
        query = _last(tables.equity, tables.equity.c.bar_index, session.id, limit)
        return tuple(point_from_row(row, scale) for row in reversed(await _all(tx, query)))

    async def positions(self, tx: Transaction) -> tuple[Position, ...]:
        """Return the open positions of the sessions that are not over."""
        query = _JOINED.where(
            tables.sessions.c.status.in_(_LIVING), tables.snapshots.c.position_lots != 0
        ).order_by(tables.sessions.c.id)
        return tuple(position_from_row(row) for row in await _all(tx, query))

    async def _row(self, tx: Transaction, session_id: str) -> dict[str, Any]:
        """Return the row of a session. Raises `NotFound`."""
        row = await _one(tx, _JOINED.where(tables.sessions.c.id == session_id))
        if row is None:
            raise NotFound(
                f"no session {session_id[:64]!r}: ask for the list of sessions",
                code="execution.session_not_found",
            )
        return row


def _only_if_ours(rowcount: int, session_id: str) -> None:
    """Raise `Conflict` unless the one row of the session was at the revision we read."""
    if rowcount != 1:
        raise Conflict(
            f"session {session_id} was taken over by another process", code="execution.overtaken"
        )


def _last(table: Any, order: Any, session_id: str, limit: int) -> Select[Any]:
    """Return the query for the last rows of a session, newest first."""
    return select(table).where(table.c.session_id == session_id).order_by(order.desc()).limit(limit)


async def _one(tx: Transaction, query: Select[Any]) -> dict[str, Any] | None:
    """Return the one row there is, if any."""
    rows = await _all(tx, query)
    assert len(rows) <= 1, "a key names one row"
    return rows[0] if rows else None


async def _all(tx: Transaction, query: Select[Any]) -> list[dict[str, Any]]:
    """Return all rows."""
    result = await tx.execute(query)
    names = [str(name) for name in result.keys()]  # noqa: SIM118  # a result is no mapping
    return [dict(zip(names, row, strict=True)) for row in result.all()]
