"""Writing datasets: their files, one writer a name, and what a disk may answer."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fks.contexts.data.domain.imports import Imported
from fks.contexts.data.domain.manifest import recorded
from fks.contexts.data.domain.table import NO_TIME, Piece, RawTable
from fks.contexts.data.domain.ticks.imports import ImportedTicks
from fks.contexts.data.domain.validation import REASONS
from fks.contexts.data.store.bars import BARS, write_bars
from fks.contexts.data.store.ticks import refused_table, write_ticks
from fks.contracts.data.datasets import StoredFile
from fks.kernel.errors import Unavailable

__all__ = ["KNOWN_AT", "disk_faults", "replace", "sole_writer", "sync", "write_dataset"]

KNOWN_AT = "known_at.parquet"
_COLUMNS = ("ts_ns", "open", "high", "low", "close", "volume")


def write_dataset(imported: Imported | ImportedTicks, folder: Path) -> None:
    """Write the files of a dataset into an empty folder."""
    if isinstance(imported, ImportedTicks):
        write_ticks(imported, folder)
        if imported.refused:
            refused = refused_table(imported.refused, imported.pieces, imported.info.source)
            pq.write_table(refused, folder / "quarantine.parquet", compression="lz4")
    else:
        _write_bars(imported, folder)
    (folder / "quality.json").write_bytes(_json(imported.report))
    document = recorded(imported.info, _files(folder), imported.provenance)
    (folder / "manifest.json").write_bytes(_json(document))


def _write_bars(imported: Imported, folder: Path) -> None:
    """Write the bars of a dataset, and what goes with them."""
    write_bars(folder / BARS, imported.cleaned.kept, imported.info.instrument.tick_size)
    if imported.known_at_ns is not None:
        stamps = pa.table({"known_at_ns": imported.known_at_ns})
        pq.write_table(stamps, folder / KNOWN_AT, compression="lz4", use_dictionary=False)
    for name, content in imported.beside:
        (folder / name).write_bytes(content)
    if imported.report.rows_quarantined:
        pq.write_table(_quarantine(imported), folder / "quarantine.parquet", compression="lz4")


def _files(folder: Path) -> tuple[StoredFile, ...]:
    """Return the files of a folder with their SHA-256."""
    found = []
    for path in sorted(folder.iterdir()):
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        found.append(StoredFile(name=path.name, bytes=path.stat().st_size, sha256=digest))
    return tuple(found)


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


def _json(value: object) -> bytes:
    """Return a Struct or a document as readable JSON."""
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=1) + b"\n"


def replace(path: Path, content: bytes) -> None:
    """Replace a small file at once; only the sole writer calls this."""
    scratch = path.with_name(f".{path.name}")
    scratch.write_bytes(content)
    sync(scratch)
    scratch.replace(path)
    sync(path.parent)


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Wait until no other thread or process writes versions of this name; a kill lets go."""
    import fcntl

    with (folder / ".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def sync(path: Path) -> None:
    """Bring a file or folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def disk_faults(root: Path, doing: str) -> Iterator[None]:
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
