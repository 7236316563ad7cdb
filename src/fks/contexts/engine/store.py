"""The only SQL of engine: jobs and the commands that began them."""

from __future__ import annotations

import msgspec
from sqlalchemy import delete, insert, select, update

from fks.contexts.engine.tables import runs
from fks.contracts.engine import Run, RunStatus
from fks.kernel.persistence import Transaction

__all__ = ["RunStore"]

_OPEN = (RunStatus.QUEUED.value, RunStatus.RUNNING.value)


class RunStore:
    """Keep the records of jobs."""

    async def add(self, tx: Transaction, run: Run, key: str) -> None:
        """Add a job; a second one of the same key is an error of the caller."""
        await tx.execute(
            insert(runs).values(
                id=run.id,
                start_key=key,
                status=run.status.value,
                created_at_ns=run.created_at_ns,
                record=msgspec.json.encode(run),
            )
        )

    async def change(self, tx: Transaction, run: Run) -> None:
        """Replace a job's record."""
        await tx.execute(
            update(runs)
            .where(runs.c.id == run.id)
            .values(status=run.status.value, record=msgspec.json.encode(run))
        )

    async def remove(self, tx: Transaction, run_id: str) -> None:
        """Forget a job."""
        await tx.execute(delete(runs).where(runs.c.id == run_id))

    async def find(self, tx: Transaction, run_id: str) -> Run | None:
        """Return a job, or None."""
        return _one(await tx.execute(select(runs.c.record).where(runs.c.id == run_id)))

    async def find_by_key(self, tx: Transaction, key: str) -> Run | None:
        """Return the job that a command of this key began, or None."""
        return _one(await tx.execute(select(runs.c.record).where(runs.c.start_key == key)))

    async def open(self, tx: Transaction) -> tuple[Run, ...]:
        """Return what is queued or running, oldest first."""
        found = await tx.execute(
            select(runs.c.record).where(runs.c.status.in_(_OPEN)).order_by(runs.c.id)
        )
        return tuple(_decode(row[0]) for row in found)

    async def latest(self, tx: Transaction, limit: int) -> tuple[Run, ...]:
        """Return the newest jobs, newest first."""
        found = await tx.execute(select(runs.c.record).order_by(runs.c.id.desc()).limit(limit))
        return tuple(_decode(row[0]) for row in found)

    async def closed_ids(self, tx: Transaction) -> tuple[str, ...]:
        """Return the ids of jobs that are over, newest first."""
        found = await tx.execute(
            select(runs.c.id).where(runs.c.status.not_in(_OPEN)).order_by(runs.c.id.desc())
        )
        return tuple(row[0] for row in found)


def _one(found: object) -> Run | None:
    """Return the record of the first row, or None."""
    row = found.first()  # type: ignore[attr-defined]  # a SQLAlchemy result
    return None if row is None else _decode(row[0])


def _decode(record: bytes) -> Run:
    """Return a stored record."""
    return msgspec.json.decode(record, type=Run)
