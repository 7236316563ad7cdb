"""From a dataset back to the bytes: its manifests, its parents', up to the sources' hashes."""

from __future__ import annotations

from collections import deque

import msgspec

from fks.contexts.data.domain.versions import provenances, versions
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.stored import StoredDataset
from fks.contracts.data.datasets import Lineage, LineageNode, Versions
from fks.kernel.errors import NotFound

__all__ = ["lineage_of", "versions_of"]


def lineage_of(store: DatasetStore, text: str) -> Lineage:
    """Return a dataset and all it came from, breadth first, each version once."""
    first = store.open(text)
    nodes: dict[str, LineageNode] = {first.info.hash: _node(store, first)}
    waiting = deque([first.info.hash])
    while waiting:
        for made_by in nodes[waiting.popleft()].made_by:
            for parent in made_by.parents:
                if parent not in nodes:
                    nodes[parent] = _found(store, parent)
                    waiting.append(parent)
    return Lineage(root=first.info.hash, nodes=tuple(nodes.values()))


def versions_of(store: DatasetStore, name: str) -> Versions:
    """Return all versions of a name, oldest first. Raises `NotFound`."""
    found = []
    for version in versions(store.history(name)):
        try:
            rows = store.open(f"{name}@{version.hash}").info.rows
            found.append(msgspec.structs.replace(version, rows=rows))
        except NotFound:
            found.append(msgspec.structs.replace(version, stored=False))
    return Versions(name=name, versions=tuple(found))


def _found(store: DatasetStore, of: str) -> LineageNode:
    """Return the node of a hash, which need not be stored any more."""
    try:
        return _node(store, store.open(of))
    except NotFound:
        return LineageNode(hash=of, stored=False)


def _node(store: DatasetStore, dataset: StoredDataset) -> LineageNode:
    """Return a version's node, with every way in which it was brought in."""
    info, manifest = dataset.info, dataset.manifest()
    told = provenances(store.history(info.name), info.hash)
    return LineageNode(
        hash=info.hash,
        name=info.name,
        instrument=info.instrument.id,
        timeframe=info.timeframe,
        rows=info.rows,
        created_at_ns=info.created_at_ns,
        files=manifest.files,
        made_by=(manifest.made_by, *(one for one in told if one != manifest.made_by)),
    )
