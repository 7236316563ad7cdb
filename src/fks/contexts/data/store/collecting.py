"""Removing versions that nothing needs any more, in steps of which each leaves a whole store.

A version goes by one rename out of sight, then into the history, then off the disk; what a kill
leaves of the last step is swept by the next run.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from fks.contexts.data.domain.versions import current, tags
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.stored import load
from fks.contexts.data.store.written import disk_faults, sole_writer, sync
from fks.contracts.data.datasets import DatasetReference
from fks.kernel.errors import NotFound

__all__ = ["Collectable", "Collection", "collect", "survey"]

_GONE = ".gone-"


class Collectable(msgspec.Struct, frozen=True, kw_only=True):
    """A version: what it takes on disk, and why it is kept; no reason means it can go."""

    name: str
    hash: str
    bytes: int
    stored_at_ns: int
    kept_for: tuple[str, ...] = ()


class Collection(msgspec.Struct, frozen=True, kw_only=True):
    """What a run of the collector found; `removed` says whether it was done or only shown."""

    removed: bool
    bytes: int
    collectable: tuple[Collectable, ...]
    kept: tuple[Collectable, ...]


def survey(
    store: DatasetStore, references: Iterable[DatasetReference], *, older_than_ns: int
) -> Collection:
    """Return what could be removed now and what is kept for which reason; removes nothing.

    Kept are each name's latest version, tagged ones, what references name, what was stored at or
    after `older_than_ns`, and all that a kept version was derived from.
    """
    with disk_faults(store.root, "read"):
        found = {(one.name, one.hash): one for one in _stored(store)}
    why: dict[str, set[str]] = {}
    for one in found.values():
        reasons = why.setdefault(one.hash, set())
        entries = store.histories.of(one.name)
        if current(entries) == one.hash:
            reasons.add(f"latest of {one.name}")
        reasons.update(
            f"tag {one.name}@{tag}" for tag, of in tags(entries).items() if of == one.hash
        )
        if one.stored_at_ns >= older_than_ns:
            reasons.add("stored lately")
    for reference in references:
        for of in _named(store, reference):
            why.setdefault(of, set()).add(f"{reference.kind} {reference.id}")
    _keep_parents(store, [one.name for one in found.values()], why)
    judged = [
        msgspec.structs.replace(one, kept_for=tuple(sorted(why[one.hash])[:5]))
        for one in found.values()
    ]
    going = tuple(one for one in judged if not one.kept_for)
    return Collection(
        removed=False,
        bytes=sum(one.bytes for one in going),
        collectable=going,
        kept=tuple(one for one in judged if one.kept_for),
    )


def collect(store: DatasetStore, found: Collection) -> Collection:
    """Remove what a survey found, unless it was tagged or became the latest since."""
    with disk_faults(store.root, "written"):
        _sweep(store)
        done = tuple(one for one in found.collectable if _remove(store, one))
    return msgspec.structs.replace(
        found, removed=True, bytes=sum(one.bytes for one in done), collectable=done
    )


def _remove(store: DatasetStore, one: Collectable) -> bool:
    """Remove a version, and tell whether it was there to be removed."""
    folder = store.root / one.name
    with sole_writer(folder):
        entries = store.histories.of(one.name)
        if one.hash in (current(entries), *tags(entries).values()):
            return False
        gone = folder / f"{_GONE}{one.hash}"
        shutil.rmtree(gone, ignore_errors=True)
        try:
            (folder / one.hash).rename(gone)
        except FileNotFoundError:
            return False
        sync(folder)
        store.histories.collected(one.name, one.hash)
        shutil.rmtree(gone, ignore_errors=True)
    return True


def _sweep(store: DatasetStore) -> None:
    """Take off the disk what a killed collector left out of sight."""
    for name in store.names():
        folder = store.root / name
        if folder.is_dir():
            with sole_writer(folder):
                for left in folder.glob(f"{_GONE}*"):
                    shutil.rmtree(left, ignore_errors=True)


def _stored(store: DatasetStore) -> Iterable[Collectable]:
    """Yield every version in the store; the samples of the package are none of them."""
    for name in store.names():
        folder = store.root / name
        times: Mapping[str, int] = {
            entry.hash: entry.at_ns for entry in store.histories.of(name) if entry.kind == "stored"
        }
        paths = folder.iterdir() if folder.is_dir() else ()
        for path in sorted(path for path in paths if not path.name.startswith(".")):
            if load(path) is not None:
                at_ns = times.get(path.name, path.stat().st_mtime_ns)
                size = sum(file.stat().st_size for file in path.iterdir())
                yield Collectable(name=name, hash=path.name, bytes=size, stored_at_ns=at_ns)


def _named(store: DatasetStore, reference: DatasetReference) -> Iterable[str]:
    """Yield the hashes that a reference means: its hash, and what its text opens now."""
    if reference.dataset_hash:
        yield reference.dataset_hash
    if reference.dataset:
        try:
            yield store.open(reference.dataset).info.hash
        except NotFound:
            return


def _keep_parents(store: DatasetStore, names: Iterable[str], why: dict[str, set[str]]) -> None:
    """Give all that kept versions were derived from a reason to be kept as well."""
    parents: dict[str, tuple[str, ...]] = {}
    for name in set(names):
        folder: Path = store.root / name
        for path in folder.iterdir():
            dataset = None if path.name.startswith(".") else load(path)
            if dataset is not None:
                parents[path.name] = dataset.manifest().made_by.parents
    waiting = [of for of, reasons in why.items() if reasons]
    while waiting:
        of = waiting.pop()
        for parent in parents.get(of, ()):
            new = not why.setdefault(parent, set())
            why[parent].add(f"parent of {of[:12]}")
            if new:
                waiting.append(parent)
