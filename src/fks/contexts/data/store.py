"""The dataset store: immutable folders named by content, published by one rename.

`datasets/<name>/<hash>/` holds `bars.parquet`, `manifest.json`, `quality.json` and, where rows
were refused, `quarantine.parquet`; `datasets/<name>/latest` names the newest hash. A folder is
written under a temporary name, synced and renamed, so that a reader sees all of it or nothing,
whatever kills the writer. DuckDB answers for windows; whole columns are read memory-mapped.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fks.contexts.data.domain.content import NAME, dataset_hash
from fks.contexts.data.domain.imports import Imported, columns_of
from fks.contexts.data.domain.table import NO_TIME, Piece, RawTable
from fks.contexts.data.domain.validation import REASONS
from fks.contracts.columns import BarColumns
from fks.contracts.data import DatasetInfo, QualityReport
from fks.kernel.errors import Conflict, Invalid, NotFound, Unavailable

__all__ = ["SAMPLES", "DatasetStore", "StoredDataset", "check_name"]

SAMPLES = Path(__file__).parent / "sample"
_HASH = re.compile(r"[0-9a-f]{8,64}\Z")
_COLUMNS = ("ts_ns", "open", "high", "low", "close", "volume")
_WITHIN = "FROM read_parquet(?) WHERE ts_ns >= ? AND ts_ns < ?"
_COUNT = f"SELECT count(*) {_WITHIN}"
_FIRST = f"SELECT {', '.join(_COLUMNS)} {_WITHIN} ORDER BY ts_ns ASC LIMIT ?"
_LAST = f"SELECT {', '.join(_COLUMNS)} {_WITHIN} ORDER BY ts_ns DESC LIMIT ?"
_GLOB = re.compile(r"[*?\[\]]")  # what DuckDB would take for a pattern
_SCRATCH = ".tmp-"
_DELTA = {"ts_ns": "DELTA_BINARY_PACKED"}


def check_name(name: str) -> str:
    """Return a dataset's name. Raises `Invalid` for one that is none."""
    if not NAME.match(name):
        raise Invalid(
            f"{name[:80]!r} is not a dataset's name: use a-z, 0-9, _ and -, at most 64",
            code="data.bad_name",
        )
    return name


class StoredDataset:
    """A dataset on disk."""

    def __init__(self, info: DatasetInfo, folder: Path) -> None:
        self._info = info
        self._folder = folder
        self._columns: BarColumns | None = None

    @property
    def info(self) -> DatasetInfo:
        """Return the manifest's entry."""
        return self._info

    def columns(self, from_ts_ns: int = 0, to_ts_ns: int = 2**63 - 1) -> BarColumns:
        """Return the bars opening in `[from_ts_ns, to_ts_ns)`.

        Raises `Unavailable` when the file cannot be read any more.
        """
        if self._columns is None:
            self._columns = columns_of(self.table(), self._info.instrument)
        return _between(self._columns, from_ts_ns, to_ts_ns)

    def table(self) -> RawTable:
        """Return the rows as they were kept."""
        path = self._folder / "bars.parquet"
        try:
            read = pq.read_table(path, columns=list(_COLUMNS), memory_map=True, use_threads=False)
        except (OSError, pa.ArrowInvalid) as error:
            raise self._damaged(error) from None
        ts_ns, first, high, low, last, volume = (
            np.asarray(read[name].combine_chunks().to_numpy(zero_copy_only=False))
            for name in _COLUMNS
        )
        row = np.arange(1, len(ts_ns) + 1, dtype=np.int64)
        return RawTable(row, ts_ns, first, high, low, last, volume)

    def _damaged(self, error: Exception) -> Unavailable:
        """Say that a file of this dataset cannot be read any more."""
        return Unavailable(
            f"dataset {self._info.name} cannot be read: {str(error).splitlines()[0][:120]}",
            code="data.damaged",
        )

    def verify(self) -> bool:
        """Tell whether the content still has the hash of its name."""
        info = self._info
        return dataset_hash(self.table(), info.instrument, info.timeframe, info.synthetic) == (
            info.hash
        )

    def quality(self) -> QualityReport:
        """Return the report written at import. Raises `Unavailable` when it cannot be read."""
        try:
            text = (self._folder / "quality.json").read_bytes()
            return msgspec.json.decode(text, type=QualityReport)
        except (OSError, msgspec.DecodeError) as error:
            raise self._damaged(error) from None

    def window(self, from_ts_ns: int, to_ts_ns: int, limit: int, *, tail: bool) -> dict[str, Any]:
        """Return up to `limit` rows as lists by column, and `total`.

        Columns that are in memory already are cut; else DuckDB reads only what it needs.
        """
        path = str(self._folder / "bars.parquet")
        if self._columns is not None or _GLOB.search(path):
            found = self.columns(from_ts_ns, to_ts_ns)
            part = found[-limit:] if tail else found[:limit]
            return {"total": len(found), **{k: getattr(part, k).tolist() for k in _COLUMNS}}
        import duckdb

        try:
            with duckdb.connect(":memory:") as connection:
                connection.execute("SET threads = 1")
                connection.execute("SET allowed_paths = [?]", [path])
                connection.execute("SET enable_external_access = false")
                connection.execute("SET lock_configuration = true")
                bounds = [path, from_ts_ns, to_ts_ns]
                counted = connection.execute(_COUNT, bounds).fetchone()
                query = _LAST if tail else _FIRST
                rows = connection.execute(query, [*bounds, limit]).fetchnumpy()
        except duckdb.Error as error:
            raise self._damaged(error) from None
        assert counted is not None
        step = -1 if tail else 1
        return {"total": int(counted[0]), **{k: rows[k][::step].tolist() for k in _COLUMNS}}


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
        with _disk_faults(self._root, "read"):
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
        with _disk_faults(self._root, "read"):
            if NAME.match(name) and not version:
                dataset = self._latest(name)
            if dataset is None and _HASH.match(version or name):
                dataset = self._by_hash(name if version else None, version or name)
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
        with _disk_faults(self._root, "written"):
            folder.mkdir(parents=True, exist_ok=True)
            with _sole_writer(folder):
                if not (final / "manifest.json").is_file():
                    self._publish(imported, folder, final)
                _replace(folder / "latest", info.hash.encode())
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
                _sync(path)
            _sync(scratch)
            scratch.rename(final)
            _sync(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _latest(self, name: str) -> StoredDataset | None:
        """Return the newest version of a name, from the store or the samples."""
        pointer = self._root / name / "latest"
        try:
            return _load(pointer.parent / pointer.read_text(encoding="ascii").strip())
        except (FileNotFoundError, NotADirectoryError):
            return _load(SAMPLES / name)

    def _by_hash(self, name: str | None, start: str) -> StoredDataset | None:
        """Return the version whose hash begins so, if exactly one does."""
        pattern = f"{name or '*'}/{start}*"
        found = {path.name: path for path in self._root.glob(pattern) if path.is_dir()}
        if len(found) == 1:
            return _load(next(iter(found.values())))
        for path in SAMPLES.iterdir() if SAMPLES.is_dir() else ():
            sample = _load(path) if name in (None, path.name) else None
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


def write_dataset(imported: Imported, folder: Path) -> None:
    """Write the four files of a dataset into an empty folder."""
    kept = imported.cleaned.kept
    table = pa.table({name: getattr(kept, name) for name in _COLUMNS})
    pq.write_table(
        table,
        folder / "bars.parquet",
        compression="lz4",
        use_dictionary=False,
        column_encoding=_DELTA,
        row_group_size=1 << 18,
    )
    (folder / "quality.json").write_bytes(_json(imported.report))
    if imported.report.rows_quarantined:
        pq.write_table(_quarantine(imported), folder / "quarantine.parquet", compression="lz4")
    (folder / "manifest.json").write_bytes(_json(imported.info))


def _quarantine(imported: Imported) -> pa.Table:
    """Return the refused rows with their file, their number in it, and their reasons."""
    bad, refused = imported.cleaned.quarantined, imported.table.refused
    none = len(refused)
    row = np.concatenate((bad.row, np.array([one.row for one in refused], dtype=np.int64)))
    pieces = imported.pieces or (Piece(imported.info.source, 0),)
    before = np.array([piece.rows_before for piece in pieces], dtype=np.int64)
    piece = np.searchsorted(before, row, side="left") - 1
    files = pa.DictionaryArray.from_arrays(
        pa.array(piece, pa.int32()), pa.array([piece.name for piece in pieces], pa.string())
    )
    reasons = pa.DictionaryArray.from_arrays(
        pa.array(imported.cleaned.reason.astype(np.int32)), pa.array(REASONS, pa.string())
    )
    texts = pa.nulls(len(bad.row), pa.string())
    values = {
        name: pa.concat_arrays([column, pa.nulls(none, column.type)])
        for name in _COLUMNS
        for column in (pa.array(getattr(bad, name), mask=_no_time(name, bad)),)
    }
    return pa.table(
        {
            "file": files.cast(pa.string()),
            "row": row - before[piece],
            "reason": pa.concat_arrays(
                [reasons.cast(pa.string()), pa.array([one.reason for one in refused], pa.string())]
            ),
            "text": pa.concat_arrays([texts, pa.array([one.text for one in refused], pa.string())]),
            **values,
        }
    )


def _no_time(name: str, bad: RawTable) -> Any:
    """Return where a column has no value: times that could not be read."""
    return bad.ts_ns == NO_TIME if name == "ts_ns" else None


def _load(folder: Path) -> StoredDataset | None:
    """Return the dataset of a folder, or None where there is none."""
    try:
        info = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=DatasetInfo)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except msgspec.DecodeError as error:
        raise Unavailable(
            f"{folder.name}: damaged manifest ({error})", code="data.damaged"
        ) from None
    return StoredDataset(msgspec.structs.replace(info, path=str(folder)), folder)


def _between(columns: BarColumns, from_ts_ns: int, to_ts_ns: int) -> BarColumns:
    """Return a part by time."""
    low, high = np.searchsorted(columns.ts_ns, [from_ts_ns, to_ts_ns])
    if from_ts_ns <= 0:
        low = 0
    return columns if (low, high) == (0, len(columns)) else columns[int(low) : int(high)]


def _json(value: msgspec.Struct) -> bytes:
    """Return a Struct as readable JSON."""
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=1) + b"\n"


def _replace(path: Path, content: bytes) -> None:
    """Replace a small file at once; only the sole writer calls this."""
    scratch = path.with_name(f".{path.name}")
    scratch.write_bytes(content)
    _sync(scratch)
    scratch.replace(path)
    _sync(path.parent)


@contextmanager
def _sole_writer(folder: Path) -> Iterator[None]:
    """Wait until no other thread or process writes versions of this name; a kill lets go."""
    import fcntl

    with (folder / ".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _sync(path: Path) -> None:
    """Bring a file or folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _disk_faults(root: Path, doing: str) -> Iterator[None]:
    """Turn what a disk may answer into one clear line."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable(
                f"no space left below {root}; nothing was stored", code="data.disk_full"
            ) from None
        raise Unavailable(
            f"{root} cannot be {doing}: {error.strerror or error}", code="data.store_fault"
        ) from None
