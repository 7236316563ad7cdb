"""Which datasets the runs need: finished ones by their files, waiting ones by the table."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fks.contexts.engine.adapters.run_files import RunFiles
from fks.contexts.engine.store import RunStore
from fks.contracts.data.datasets import DatasetReference
from fks.contracts.engine import Run
from fks.kernel.persistence import Database

__all__ = ["RunReferences"]


class RunReferences:
    """Tell the datasets of all runs in one home."""

    def __init__(self, home: Path, database: Database | None) -> None:
        self._files = RunFiles(home)
        self._database = database

    async def __call__(self) -> tuple[DatasetReference, ...]:
        """Return them. Raises `Unavailable` when a run or the table cannot be read."""
        finished = await asyncio.to_thread(lambda: [self._files.load(i) for i in self._files.ids()])
        waiting: tuple[Run, ...] = ()
        if self._database is not None:
            async with self._database.reading() as tx:
                waiting = await RunStore().open(tx)
        return tuple(
            DatasetReference(
                kind="run",
                id=run.id,
                dataset_hash=run.dataset_hash,
                dataset="" if run.dataset_hash else run.request.dataset,
            )
            for run in (*finished, *waiting)
        )
