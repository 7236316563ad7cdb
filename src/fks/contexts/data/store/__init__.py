"""The dataset store: immutable folders named by content, published by one rename.

`datasets/<name>/<hash>/` holds `bars.parquet`, `manifest.json`, `quality.json` and, where rows
were refused, `quarantine.parquet`. A folder is written under a temporary name, synced and renamed,
so that a reader sees all of it or nothing, whatever kills the writer. `datasets/<name>/.history`
says which version was the latest when, and its tags; `datasets/<name>/latest` repeats the newest
hash for people and for older versions of FKS.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from fks.contexts.data.domain.content import NAME
from fks.contexts.data.domain.imports import Imported
from fks.contexts.data.domain.quality import iso
from fks.contexts.data.domain.ticks.imports import ImportedTicks
from fks.contexts.data.domain.versions import Entry, current, known, stored_hashes, tagged, tags
from fks.contexts.data.store.history import Histories
from fks.contexts.data.store.hot import HotColumns
from fks.contexts.data.store.stored import StoredDataset, load
from fks.contexts.data.store.vault import Vault
from fks.contexts.data.store.written import (
    disk_faults,
    sole_writer,
    sync,
    write_dataset,
)
from fks.contracts.data import DatasetInfo
from fks.kernel.errors import Conflict, Invalid, NotFound

__all__ = ["SAMPLES", "DatasetStore", "check_name"]

SAMPLES = Path(__file__).parents[1] / "sample"
_HASH = re.compile(r"[0-9a-f]{8,64}\Z")
_SCRATCH = ".tmp-"


def check_name(name: str) -> str:
    """Return a dataset's name. Raises `Invalid` for one that is none."""
    if not NAME.match(name):
        raise Invalid(
            f"{name[:80]!r} is not a dataset's name: use a-z, 0-9, _ and -, at most 64",
            code="data.bad_name",
        )
    return name


class DatasetStore:
    """The datasets below one folder, and the samples of the package."""

    def __init__(
        self,
        home: Path,
        *,
        cached: int = 4,
        hot_bytes: int = 4 << 30,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.home = home
        self.root = home / "datasets"
        self._cached = cached
        self._open: OrderedDict[str, StoredDataset] = OrderedDict()
        self._now_ns = now_ns
        self.histories = Histories(self.root, SAMPLES, now_ns)
        self.vault = Vault(home, self.histories, now_ns)
        self._hot = HotColumns(home, hot_bytes)

    def names(self) -> tuple[str, ...]:
        """Return the names of all datasets, samples included, sorted.

        Raises `Unavailable` when the folder cannot be read.
        """
        with disk_faults(self.root, "read"):
            found = {
                path.name
                for path in (self.root, SAMPLES)
                if path.is_dir()
                for path in path.iterdir()
            }
        return tuple(name for name in sorted(found) if NAME.match(name))

    def list(self) -> tuple[DatasetInfo, ...]:
        """Return the latest version of every dataset by name, samples included.

        Raises `Unavailable` when the folder cannot be read.
        """
        with disk_faults(self.root, "read"):
            found = [self._latest(name, None) for name in self.names()]
        return tuple(dataset.info for dataset in found if dataset is not None)

    def writable(self) -> bool:
        """Tell whether datasets can be stored."""
        there = next(path for path in (self.root, *self.root.parents) if path.exists())
        return there.is_dir() and os.access(there, os.W_OK | os.X_OK)

    def open(self, text: str, *, as_of_ns: int | None = None) -> StoredDataset:
        """Return a dataset by `name`, `name@hash`, `name@tag` or hash (eight digits suffice).

        With `as_of_ns` a name and a tag mean what they meant at that time, and a version must
        have been stored by then; bars that say when they were known decide themselves. Raises
        `NotFound` naming what there is, or since when; `Unavailable` when it cannot be read.
        """
        name, _, version = text.partition("@")
        dataset = None
        with disk_faults(self.root, "read"):
            if NAME.match(name):
                dataset = self._version(name, version, as_of_ns)
            if dataset is None and not version:
                dataset = self._by_hash("*", name)
                if dataset is not None and as_of_ns is not None:
                    self._was_known(dataset, as_of_ns)
        if dataset is None:
            there = ", ".join(info.name for info in self.list()) or "none yet"
            raise NotFound(
                f"no dataset {text[:80]!r}; there are {there}", code="data.dataset_not_found"
            )
        kept = self._kept(dataset)
        return kept if as_of_ns is None else kept.known_by(as_of_ns)

    def history(self, name: str) -> Sequence[Entry]:
        """Return what happened to a name, oldest first. Raises `NotFound`."""
        with disk_faults(self.root, "read"):
            found = self.histories.of(name) if NAME.match(name) else ()
        return found or self._absent(name)

    def tag(self, text: str, tag: str, *, move: bool = False) -> StoredDataset:
        """Give a version a tag. Raises `Conflict` when another has it and `move` is false."""
        dataset = self.open(text)
        name, of = dataset.info.name, dataset.info.hash
        folder = self.root / name
        with disk_faults(self.root, "written"):
            folder.mkdir(parents=True, exist_ok=True)
            with sole_writer(folder):
                self.open(f"{name}@{of}")  # not collected meanwhile
                self.histories.change(
                    name, lambda entries: tagged(entries, tag, of, self._now_ns(), move=move)
                )
        return dataset

    def save(self, imported: Imported | ImportedTicks) -> DatasetInfo:
        """Store a dataset and make it its name's latest; the same content is stored once.

        Raises `Conflict` for the name of a sample, `Unavailable` when the disk is full or the
        folder cannot be written; then nothing is stored.
        """
        info = imported.info
        if (SAMPLES / check_name(info.name)).is_dir():
            raise Conflict(
                f"{info.name} is a sample of the package; store yours under another --name",
                code="data.sample_name",
            )
        folder = self.root / info.name
        final = folder / info.hash
        with disk_faults(self.root, "written"):
            folder.mkdir(parents=True, exist_ok=True)
            with sole_writer(folder):
                self.histories.begin(info.name)
                if not (final / "manifest.json").is_file():
                    self._publish(imported, folder, final)
                self.histories.stored(info.name, info.hash, imported.provenance)
        self._open.pop(info.hash, None)
        return msgspec.structs.replace(info, path=str(final))

    def _publish(self, imported: Imported | ImportedTicks, folder: Path, final: Path) -> None:
        """Write a folder under a temporary name and rename it."""
        for left in folder.glob(f"{_SCRATCH}*"):  # by a writer that was killed
            shutil.rmtree(left, ignore_errors=True)
        scratch = folder / f"{_SCRATCH}{imported.info.hash[:12]}"
        scratch.mkdir()
        try:
            write_dataset(imported, scratch)
            for path in scratch.iterdir():
                sync(path)
            sync(scratch)
            scratch.rename(final)
            sync(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _version(self, name: str, version: str, as_of_ns: int | None) -> StoredDataset | None:
        """Return a version of a name by hash or tag, or its latest, as of a time."""
        if not version:
            return self._latest(name, as_of_ns)
        entries = self.histories.of(name)
        seen = entries if as_of_ns is None else known(entries, as_of_ns)
        dataset = self._by_hash(name, version)
        if dataset is None:
            of = tags(seen).get(version)
            gone = [one for one in stored_hashes(entries) if one == of or one.startswith(version)]
            dataset = None if of is None else self._at(name, of)
            if dataset is None and gone and _HASH.match(version):
                raise _collected(name, gone[0])
        if dataset is not None and as_of_ns is not None:
            self._was_known(dataset, as_of_ns)
        return dataset

    def _latest(self, name: str, as_of_ns: int | None) -> StoredDataset | None:
        """Return the newest version of a name, from the store or the samples, as of a time."""
        entries = self.histories.of(name)
        of = current(entries if as_of_ns is None else known(entries, as_of_ns))
        first = self._at(name, entries[0].hash) if of is None and entries else None
        if first is not None and first.has_known_at:
            return first  # its bars say themselves what was known before they were stored
        if of is not None:
            found = self._at(name, of)
            if found is None:
                raise _collected(name, of)
            return found
        if entries and as_of_ns is not None:
            raise NotFound(
                f"nothing of {name} was known on {iso(as_of_ns)}; its first version was stored on "
                f"{iso(entries[0].at_ns)}",
                code="data.not_known_then",
            )
        return None

    def _at(self, name: str, of: str) -> StoredDataset | None:
        """Return a version by its whole hash, from the store or the samples."""
        found = load(self.root / name / of)
        if found is not None:
            return found
        sample = load(SAMPLES / name)
        return sample if sample is not None and sample.info.hash == of else None

    def _was_known(self, dataset: StoredDataset, as_of_ns: int) -> None:
        """Raise `NotFound` for a version that was not stored by a time, if its bars do not say."""
        if dataset.has_known_at:
            return
        info = dataset.info
        entries = self.histories.of(info.name)
        if info.hash not in stored_hashes(known(entries, as_of_ns)):
            first = next((e.at_ns for e in entries if e.hash == info.hash), info.created_at_ns)
            raise NotFound(
                f"version {info.hash[:12]} of {info.name} was not known on {iso(as_of_ns)}; it was "
                f"stored on {iso(first)}",
                code="data.not_known_then",
            )

    def _absent(self, name: str) -> Sequence[Entry]:
        """Say which names there are."""
        there = ", ".join(self.names()) or "none yet"
        raise NotFound(
            f"no dataset {name[:80]!r}; there are {there}", code="data.dataset_not_found"
        )

    def _by_hash(self, name: str, start: str) -> StoredDataset | None:
        """Return the version (of any name: `*`) whose hash begins so, if exactly one does."""
        if not _HASH.match(start):
            return None
        found = {path.name: path for path in self.root.glob(f"{name}/{start}*") if path.is_dir()}
        if len(found) == 1:
            return load(next(iter(found.values())))
        for path in SAMPLES.iterdir() if SAMPLES.is_dir() else ():
            sample = load(path) if name in ("*", path.name) else None
            if sample is not None and sample.info.hash.startswith(start):
                return sample
        return None

    def _kept(self, dataset: StoredDataset) -> StoredDataset:
        """Return the object opened before, so that its columns are read once; few are kept."""
        known = self._open.pop(dataset.info.hash, dataset)
        if known.info.path != dataset.info.path:
            known = dataset
        known.guard, known.hot = self.vault.check, self._hot
        self._open[dataset.info.hash] = known
        while len(self._open) > self._cached:
            self._open.popitem(last=False)
        return known


def _collected(name: str, of: str) -> NotFound:
    """Say that a version is not stored any more."""
    return NotFound(
        f"version {of[:12]} of {name} is not stored any more: it was collected; import its "
        f"sources again (fks data lineage {name} names them)",
        code="data.collected",
    )
