"""Answer for versions, their rows, tags, splits and the vault over the bus, as the commands do."""

from __future__ import annotations

import asyncio

from fks.contexts.data.service.lineage import lineage_of, versions_of
from fks.contexts.data.service.splitting import find_split, list_splits, make_split, request_of
from fks.contexts.data.service.vault import open_vault, seal_range, vault_state
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.differing import difference
from fks.contexts.data.store.quarantine import quarantine_page
from fks.contracts.data.datasets import (
    GetLineage,
    GetSplit,
    GetVault,
    GetVersions,
    Lineage,
    ListSplits,
    MakeSplit,
    OpenVault,
    SealRange,
    SplitHead,
    SplitList,
    SplitPlan,
    TagDataset,
    VaultState,
    Versions,
)
from fks.contracts.data.differences import (
    DatasetDifference,
    GetDifference,
    GetQuarantine,
    QuarantinePage,
)
from fks.kernel.bus import Wiring
from fks.kernel.clock import Clock
from fks.kernel.messages import Meta

__all__ = ["wire_versions"]


def wire_versions(store: DatasetStore, clock: Clock, wiring: Wiring) -> None:
    """Register the handlers; each works in a thread, since all of it is files."""
    _wire_history(store, wiring)
    _wire_rows(store, wiring)
    _wire_splits(store, clock, wiring)
    _wire_vault(store, wiring)


def _wire_history(store: DatasetStore, wiring: Wiring) -> None:
    """Answer for versions and their tags."""

    async def get_versions(query: GetVersions, meta: Meta) -> Versions:
        return await asyncio.to_thread(versions_of, store, query.dataset)

    async def get_lineage(query: GetLineage, meta: Meta) -> Lineage:
        return await asyncio.to_thread(lineage_of, store, query.dataset)

    async def tag_dataset(command: TagDataset, meta: Meta) -> Versions:
        def tag() -> Versions:
            tagged = store.tag(command.dataset, command.label, move=command.move)
            return versions_of(store, tagged.info.name)

        return await asyncio.to_thread(tag)

    wiring.answer(GetVersions, get_versions)
    wiring.answer(GetLineage, get_lineage)
    wiring.answer(TagDataset, tag_dataset)


def _wire_rows(store: DatasetStore, wiring: Wiring) -> None:
    """Answer for what two versions differ by, and for what was refused."""

    async def diff(query: GetDifference, meta: Meta) -> DatasetDifference:
        def asked() -> DatasetDifference:
            a, b = store.open(query.a), store.open(query.b)
            return difference(a, b, store.vault, sample=query.sample)

        return await asyncio.to_thread(asked)

    async def quarantine(query: GetQuarantine, meta: Meta) -> QuarantinePage:
        return await asyncio.to_thread(
            lambda: quarantine_page(store.open(query.dataset).info, query.first, query.limit)
        )

    wiring.answer(GetDifference, diff)
    wiring.answer(GetQuarantine, quarantine)


def _wire_splits(store: DatasetStore, clock: Clock, wiring: Wiring) -> None:
    """Answer for splits; one that is made answers by its head, since folds may be megabytes."""
    home = store.home

    async def make(command: MakeSplit, meta: Meta) -> SplitHead:
        request, now_ns = request_of(command), clock.now_ns()
        plan = await asyncio.to_thread(lambda: make_split(home, request, now_ns=now_ns))
        return plan.head

    async def all_splits(query: ListSplits, meta: Meta) -> SplitList:
        return await asyncio.to_thread(list_splits, home, query.dataset)

    async def get_split(query: GetSplit, meta: Meta) -> SplitPlan:
        first, limit = query.first_fold, query.limit
        return await asyncio.to_thread(
            lambda: find_split(home, query.split, first_fold=first, limit=limit)
        )

    wiring.answer(MakeSplit, make)
    wiring.answer(ListSplits, all_splits)
    wiring.answer(GetSplit, get_split)


def _wire_vault(store: DatasetStore, wiring: Wiring) -> None:
    """Answer for the holdout vault."""
    home = store.home

    async def get_vault(query: GetVault, meta: Meta) -> VaultState:
        return await asyncio.to_thread(vault_state, home, query.dataset)

    async def seal(command: SealRange, meta: Meta) -> VaultState:
        name, span = command.dataset, (command.from_ts_ns, command.to_ts_ns)
        return await asyncio.to_thread(lambda: seal_range(home, name, *span, by=command.by))

    async def open_sealed(command: OpenVault, meta: Meta) -> VaultState:
        name, said = command.dataset, {"by": command.by, "key": command.key}
        return await asyncio.to_thread(
            lambda: open_vault(home, name, command.reason, reads=command.reads, **said)
        )

    wiring.answer(GetVault, get_vault)
    wiring.answer(SealRange, seal)
    wiring.answer(OpenVault, open_sealed)
