"""Collect versions that nothing needs: ask every plugin what it needs, then remove the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.collecting import Collection, collect, survey
from fks.contexts.data.store.splits import SplitStore
from fks.contracts.data.datasets import DatasetReference, DatasetReferences
from fks.kernel.migrations import embedded_url
from fks.kernel.persistence import Database

__all__ = ["collect_unneeded", "references"]


async def collect_unneeded(
    home: Path, hook: Any, database_url: str, *, older_than_ns: int, remove: bool
) -> Collection:
    """Return what is not needed, and remove it when told to.

    Raises `Unavailable` when one who could need something cannot say so: then nothing is removed.
    """
    store = DatasetStore(home)
    found = survey(store, await references(home, hook, database_url), older_than_ns=older_than_ns)
    return collect(store, found) if remove else found


async def references(home: Path, hook: Any, database_url: str) -> tuple[DatasetReference, ...]:
    """Return what all plugins and the splits refer to."""
    told = list(SplitStore(home).references())
    async with _database(home, database_url) as database:
        readers: Iterable[DatasetReferences] = hook.fks_dataset_references(
            home=home, database=database
        )
        for reader in readers:
            told += await reader()
    return tuple(told)


@asynccontextmanager
async def _database(home: Path, url: str) -> AsyncIterator[Database | None]:
    """Open the database, if there is one yet."""
    if not url and not (home / "fks.db").exists():
        yield None
        return
    database = Database(url or embedded_url(home), process="fks data gc")
    try:
        yield database
    finally:
        await database.close()
