"""Which datasets the sessions need, those that are over included: they can be looked at."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import select

from fks.contexts.execution import tables
from fks.contracts.data.datasets import DatasetReference
from fks.kernel.persistence import Database

__all__ = ["SessionReferences"]


class _Named(msgspec.Struct, frozen=True, kw_only=True):
    """What of a session's terms names its dataset."""

    dataset_hash: str


class SessionReferences:
    """Tell the datasets of all sessions of one database."""

    def __init__(self, database: Database | None) -> None:
        self._database = database

    async def __call__(self) -> tuple[DatasetReference, ...]:
        """Return them. Raises `Unavailable` when the database cannot be used now."""
        if self._database is None:
            return ()
        async with self._database.reading() as tx:
            rows: Any = await tx.execute(select(tables.sessions.c.id, tables.sessions.c.terms))
            return tuple(
                DatasetReference(
                    kind="session",
                    id=session,
                    dataset_hash=msgspec.json.decode(terms, type=_Named).dataset_hash,
                )
                for session, terms in rows
            )
