"""Datasets for whoever asks in-process: by name from the store, or straight from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from fks.contexts.data.domain.asof import Direction
from fks.contexts.data.domain.content import NAME
from fks.contexts.data.domain.imports import Imported, columns_of
from fks.contexts.data.service.importing import FileRequest, import_file
from fks.contexts.data.service.instruments import day_of, resolved
from fks.contexts.data.service.joining import JoinRequest, join
from fks.contexts.data.service.splitting import find_split
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.exporting import MEDIA_TYPES, exported
from fks.contexts.data.store.instruments import RegistryFile
from fks.contexts.data.store.vault import Vault
from fks.contracts.columns import BarColumns, Int64
from fks.contracts.data import Dataset, DatasetInfo, Download
from fks.contracts.data.datasets import SplitPlan
from fks.contracts.data.instruments import ResolvedSymbol
from fks.contracts.data.ticks import TradeColumns
from fks.kernel.errors import Invalid, NotFound
from fks.kernel.ids import content_hash

__all__ = ["FileDataset", "Source"]


class FileDataset:
    """A file read into memory, with its report; nothing is stored."""

    def __init__(self, imported: Imported, vault: Vault) -> None:
        self._vault = vault
        self.report = imported.report
        self._info = imported.info
        self._columns = columns_of(imported.cleaned.kept, imported.info.instrument)

    @property
    def info(self) -> DatasetInfo:
        """Return what a manifest would say."""
        return self._info

    def columns(self, from_ts_ns: int = 0, to_ts_ns: int = 2**63 - 1) -> BarColumns:
        """Return the bars opening in `[from_ts_ns, to_ts_ns)`.

        Raises `Denied` where the store has them under seal, by this name or this content.
        """
        self._vault.check(self._info, from_ts_ns, to_ts_ns)
        low, high = np.searchsorted(self._columns.ts_ns, [from_ts_ns, to_ts_ns])
        return self._columns[(0 if from_ts_ns <= 0 else int(low)) : int(high)]

    def ticks(self, from_ts_ns: int = 0, to_ts_ns: int = 2**63 - 1) -> TradeColumns:
        """Raise `Invalid`: a file is opened as bars; ticks are imported first."""
        del from_ts_ns, to_ts_ns
        raise Invalid(
            f"{self._info.name} is opened as bars; import the file to read its ticks",
            code="data.not_ticks",
        )


class Source:
    """The extension that engine uses instead of importing data."""

    def __init__(self, store: DatasetStore) -> None:
        self._store = store

    def open(self, name_or_path: str, *, as_of_ns: int | None = None) -> Dataset:
        """Return a dataset by name, tag or hash, or read a file that is no dataset's name.

        With `as_of_ns` it holds what was known at that time; a file has no such history. Raises
        `NotFound` naming the datasets that exist, `Invalid` when a file cannot be used.
        """
        path = Path(name_or_path)
        try:
            is_file = path.exists()
        except ValueError:  # a zero byte cannot be in a path
            is_file = False
        if is_file and (path.suffix or not NAME.match(name_or_path)):
            return self._file(path, as_of_ns)
        try:
            return self._store.open(name_or_path, as_of_ns=as_of_ns)
        except NotFound as error:
            if not is_file:
                looks_like_a_file = bool(path.suffix) or len(path.parts) > 1
                lacking = f"no file {name_or_path[:200]!r}, and " if looks_like_a_file else ""
                raise NotFound(lacking + error.message, code=error.code) from None
        return self._file(path, as_of_ns)

    def download(
        self,
        name: str,
        form: str,
        *,
        from_ts_ns: int = 0,
        to_ts_ns: int = 2**63 - 1,
        as_of_ns: int | None = None,
    ) -> Download:
        """Return a stored dataset as a file, part by part. Raises at once as `exported`."""
        opened = self._store.open(name, as_of_ns=as_of_ns)
        info = opened.info
        parts = exported(opened, form, from_ts_ns=from_ts_ns, to_ts_ns=to_ts_ns)
        span = content_hash(info.hash.encode(), f"{info.rows} {from_ts_ns} {to_ts_ns}".encode())
        return Download(
            name=f"{info.name}.{form}",
            media_type=MEDIA_TYPES[form],
            tag=f"{span[:32]}-{form}",
            parts=(content for _, content in parts),
        )

    def join(
        self,
        left: Dataset,
        right: Dataset,
        *,
        direction: Direction = "backward",
        tolerance_ns: int | None = None,
        exact: bool = True,
        stamp: Literal["close", "open"] = "close",
    ) -> Int64:
        """Return for each row of `left` the row of `right` that was known then, or -1."""
        request = JoinRequest(direction, tolerance_ns, exact, stamp=stamp)
        return join(left, right, request).rows

    def split(self, name_or_hash: str) -> SplitPlan:
        """Return a stored split with all its folds. Raises `NotFound`."""
        return find_split(self._store.home, name_or_hash)

    def resolved(self, symbol: str, on: str) -> ResolvedSymbol:
        """Return what the registry of this home says of a symbol on a day."""
        return resolved(RegistryFile(self._store.home).load(), symbol, day_of(on, 0))

    def list(self) -> tuple[DatasetInfo, ...]:
        """Return all datasets by name."""
        return self._store.list()

    def _file(self, path: Path, as_of_ns: int | None) -> FileDataset:
        """Return a file as it is now. Raises `Invalid` when asked for another time."""
        if as_of_ns is not None:
            raise Invalid(
                f"{path} is a file: only stored datasets know what was known when; import it first",
                code="data.file_has_no_history",
            )
        return FileDataset(_read(path), self._store.vault)


def _read(path: Path) -> Imported:
    """Read a file without storing it; the same file gives the same dataset."""
    return import_file(FileRequest(path=path), now_ns=0, code_version="")
