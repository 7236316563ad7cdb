"""The dataset store: immutable folders named by content, published by one rename.

`datasets/<name>/<hash>/` holds `bars.parquet`, `manifest.json`, `quality.json` and, where rows
were refused, `quarantine.parquet`; `datasets/<name>/latest` names the newest hash. A folder is
written under a temporary name, synced and renamed, so that a reader sees all of it or nothing,
whatever kills the writer.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import OrderedDict
from pathlib import Path

import msgspec

from fks.contexts.data.domain.content import NAME
from fks.contexts.data.domain.imports import Imported
from fks.contexts.data.store.stored import StoredDataset, load
from fks.contexts.data.store.written import (
    disk_faults,
    replace,
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

    def __init__(self, home: Path, *, cached: int = 4) -> None:
        self._root = home / "datasets"
        self._cached = cached
        self._open: OrderedDict[str, StoredDataset] = OrderedDict()

    def list(self) -> tuple[DatasetInfo, ...]:
        """Return the latest version of every dataset by name, samples included.

        Raises `Unavailable` when the folder cannot be read.
        """
        with disk_faults(self._root, "read"):
            names = {
                path.name
                for path in (self._root, SAMPLES)
                if path.is_dir()
                for path in path.iterdir()
            }
            found = [self._latest(name) for name in sorted(names) if NAME.match(name)]
        return tuple(dataset.info for dataset in found if dataset is not None)

    def writable(self) -> bool:
        """Tell whether datasets can be stored."""
        there = next(path for path in (self._root, *self._root.parents) if path.exists())
        return there.is_dir() and os.access(there, os.W_OK | os.X_OK)

    def open(self, text: str) -> StoredDataset:
        """Return a dataset by `name`, `name@hash` or hash (eight digits suffice).

        Raises `NotFound` naming what there is, `Unavailable` when it cannot be read.
        """
        name, _, version = text.partition("@")
        dataset = None
        with disk_faults(self._root, "read"):
            if NAME.match(name):
                dataset = self._by_hash(name, version) if version else self._latest(name)
            if dataset is None and not version:
                dataset = self._by_hash("*", name)
        if dataset is None:
            there = ", ".join(info.name for info in self.list()) or "none yet"
            raise NotFound(
                f"no dataset {text[:80]!r}; there are {there}", code="data.dataset_not_found"
            )
        return self._kept(dataset)

    def save(self, imported: Imported) -> DatasetInfo:
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
        folder = self._root / info.name
        final = folder / info.hash
        with disk_faults(self._root, "written"):
            folder.mkdir(parents=True, exist_ok=True)
            with sole_writer(folder):
                if not (final / "manifest.json").is_file():
                    self._publish(imported, folder, final)
                replace(folder / "latest", info.hash.encode())
        self._open.pop(info.hash, None)
        return msgspec.structs.replace(info, path=str(final))

    def _publish(self, imported: Imported, folder: Path, final: Path) -> None:
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

    def _latest(self, name: str) -> StoredDataset | None:
        """Return the newest version of a name, from the store or the samples."""
        pointer = self._root / name / "latest"
        try:
            return load(pointer.parent / pointer.read_text(encoding="ascii").strip())
        except (FileNotFoundError, NotADirectoryError):
            return load(SAMPLES / name)

    def _by_hash(self, name: str, start: str) -> StoredDataset | None:
        """Return the version (of any name: `*`) whose hash begins so, if exactly one does."""
        if not _HASH.match(start):
            return None
        found = {path.name: path for path in self._root.glob(f"{name}/{start}*") if path.is_dir()}
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
        self._open[dataset.info.hash] = known
        while len(self._open) > self._cached:
            self._open.popitem(last=False)
        return known
