"""Splits on disk: `splits/<name>/<hash>.json`, and `latest` with the newest hash of the name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from fks.contexts.data.domain.content import NAME
from fks.contexts.data.store.written import disk_faults, replace, sole_writer
from fks.contracts.data.datasets import DatasetReference, SplitHead, SplitPlan
from fks.kernel.errors import NotFound, Unavailable

__all__ = ["SplitStore"]

S = TypeVar("S", bound=msgspec.Struct)

_HASH = re.compile(r"[0-9a-f]{8,64}\Z")


class _Headed(msgspec.Struct, frozen=True, kw_only=True):
    """What of a file is read for a list."""

    head: SplitHead


class SplitStore:
    """The splits of one home."""

    def __init__(self, home: Path) -> None:
        self._root = home / "splits"

    def save(self, plan: SplitPlan) -> SplitHead:
        """Store a split, make it its name's newest, and return its head as it is stored.

        The same one is stored once, and was made when it was made first.
        """
        folder = self._root / plan.head.name
        path = folder / f"{plan.head.hash}.json"
        with disk_faults(self._root, "written"):
            folder.mkdir(parents=True, exist_ok=True)
            with sole_writer(folder):
                if not path.exists():
                    replace(path, msgspec.json.encode(plan))
                replace(folder / "latest", plan.head.hash.encode())
                return self._read(path, _Headed).head

    def open(self, text: str) -> SplitPlan:
        """Return a split by `name`, `name@hash` or hash (eight digits suffice).

        Raises `NotFound` naming what there is, `Unavailable` when it cannot be read.
        """
        name, _, version = text.partition("@")
        with disk_faults(self._root, "read"):
            path = self._path(name, version) if NAME.match(name) else None
            if path is not None and path.is_file():
                return self._read(path, SplitPlan)
            there = ", ".join(head.name for head in self.list()) or "none yet"
        raise NotFound(f"no split {text[:80]!r}; there are {there}", code="data.split_not_found")

    def list(self) -> tuple[SplitHead, ...]:
        """Return the newest split of each name."""
        with disk_faults(self._root, "read"):
            folders = sorted(self._root.iterdir()) if self._root.is_dir() else []
            paths = [self._path(one.name, "") for one in folders if NAME.match(one.name)]
            return tuple(self._read(one, _Headed).head for one in paths if one is not None)

    def newest(self) -> dict[str, str]:
        """Return the hash of the newest split of each name, without reading any of them."""
        with disk_faults(self._root, "read"):
            folders = sorted(self._root.iterdir()) if self._root.is_dir() else []
            paths = {one.name: self._path(one.name, "") for one in folders if NAME.match(one.name)}
        return {name: path.stem for name, path in paths.items() if path is not None}

    def head(self, name: str) -> SplitHead | None:
        """Return the newest split of a name without its ranges, None where there is none."""
        with disk_faults(self._root, "read"):
            path = self._path(name, "")
            return None if path is None else self._read(path, _Headed).head

    def references(self) -> Iterator[DatasetReference]:
        """Yield the dataset of every split, so that none of them loses its rows."""
        with disk_faults(self._root, "read"):
            for path in sorted(self._root.glob("*/[0-9a-f]*.json")):
                head = self._read(path, _Headed).head
                yield DatasetReference(kind="split", id=head.name, dataset_hash=head.dataset_hash)

    def _path(self, name: str, version: str) -> Path | None:
        """Return the file of a split, if exactly one is meant."""
        if version:
            found = list(self._root.glob(f"{name}/{version}*.json")) if _HASH.match(version) else []
            return found[0] if len(found) == 1 else None
        try:
            newest = (self._root / name / "latest").read_text(encoding="ascii").strip()
            return self._root / name / f"{newest}.json"
        except (FileNotFoundError, NotADirectoryError):
            named = list(self._root.glob(f"*/{name}*.json")) if _HASH.match(name) else []
            return named[0] if len(named) == 1 else None

    def _read(self, path: Path, kind: type[S]) -> S:
        """Read a file. Raises `Unavailable` for one that is damaged."""
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except msgspec.DecodeError as error:
            raise Unavailable(f"{path}: {error}", code="data.damaged") from None
