"""Columns of datasets that are opened often, as memory that all processes share.

Parquet is what a dataset is; this is a copy of its columns without packing, so that opening ten
million bars maps a file instead of unpacking it, and eight workers hold it once. It is made at the
second opening, named by the hash of the content, and gone when others need its room or anybody
removes `cache/hot`: nothing depends on it.
"""

from __future__ import annotations

import mmap
import os
import shutil
import time
import zlib
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from fks.contexts.data.store.written import sync
from fks.contracts.columns import BarColumns
from fks.contracts.data import DatasetInfo

__all__ = ["HotColumns"]

_LEAST_ROWS = 200_000
_MOST_BYTES = 4 << 30
_PAGE = 4096
_ROOM = 1 << 30
_ABANDONED_S = 3600
_MAGIC = b"FKSHOT1\n"
_COLUMNS = ("ts_ns", "open_ticks", "high_ticks", "low_ticks", "close_ticks", "volume")
_ENDING, _SEEN = ".columns", ".seen"


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a file begins with, and is worth nothing without."""

    hash: str
    rows: int
    tick_size: str


class HotColumns(NamedTuple):
    """The copies below one home, `most_bytes` of them together; 0 keeps none."""

    home: Path
    most_bytes: int = _MOST_BYTES

    @property
    def folder(self) -> Path:
        """Return where they lie."""
        return self.home / "cache" / "hot"

    def open(self, info: DatasetInfo) -> BarColumns | None:
        """Return the mapped columns of a version, or None without a whole copy that may be kept."""
        if _size(info.rows) > self.most_bytes:
            return None
        path = self.folder / f"{info.hash}{_ENDING}"
        try:
            with path.open("rb") as stream:
                if not _is_of(stream.read(_PAGE), info) or path.stat().st_size != _size(info.rows):
                    return None
                # Shared with other processes until somebody writes, who then has a page of his own.
                mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY)
            os.utime(path)  # used just now: others go first
        except (OSError, ValueError):
            return None
        return _columns(mapped, info)

    def seen(self, info: DatasetInfo, columns: BarColumns) -> None:
        """Note that a version was unpacked; the second time its columns are kept.

        A disk without room, or a folder that cannot be written, keeps none: that costs time only.
        """
        size = _size(info.rows)
        if info.rows < _LEAST_ROWS or size > self.most_bytes:
            return
        mark = self.folder / f"{info.hash}{_SEEN}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not mark.exists():
                mark.touch()
            elif shutil.disk_usage(self.folder).free > 2 * size + _ROOM:
                self._make_room(size)
                self._write(info, columns)
                mark.unlink(missing_ok=True)
        except OSError:
            return

    def _write(self, info: DatasetInfo, columns: BarColumns) -> None:
        """Write a file that appears under its name when it is whole and on the disk."""
        scratch = self.folder / f".{info.hash}.{os.getpid()}"
        try:
            with scratch.open("wb") as out:
                out.write(_head(info))
                for name in _COLUMNS:
                    column = np.ascontiguousarray(getattr(columns, name))
                    out.write(column.data)
                    out.write(b"\0" * (-column.nbytes % _PAGE))
            sync(scratch)
            scratch.rename(self.folder / f"{info.hash}{_ENDING}")
        finally:
            scratch.unlink(missing_ok=True)

    def _make_room(self, size: int) -> None:
        """Remove what was used longest ago, until so much more fits."""
        there = sorted(
            (path.stat().st_mtime_ns, path.stat().st_size, path)
            for path in self.folder.glob(f"*{_ENDING}")
        )
        for left in self.folder.glob(".*"):  # by a process that was killed
            if left.stat().st_mtime < time.time() - _ABANDONED_S:
                left.unlink(missing_ok=True)
        total = sum(one for _, one, _ in there)
        for _, one, path in there:
            if total + size <= self.most_bytes:
                return
            path.unlink(missing_ok=True)
            total -= one


def _head(info: DatasetInfo) -> bytes:
    """Return the first page: what it is a copy of, and the checksum of that."""
    head = _Head(hash=info.hash, rows=info.rows, tick_size=str(info.instrument.tick_size))
    said = msgspec.json.encode(head)
    return (_MAGIC + zlib.crc32(said).to_bytes(4, "little") + said + b"\n").ljust(_PAGE, b"\0")


def _is_of(page: bytes, info: DatasetInfo) -> bool:
    """Tell whether a file begins as one of this version does."""
    return page == _head(info)


def _size(rows: int) -> int:
    """Return the length of a file of so many rows."""
    return _PAGE + len(_COLUMNS) * (-(-rows * 8 // _PAGE)) * _PAGE


def _columns(mapped: mmap.mmap, info: DatasetInfo) -> BarColumns:
    """Return the columns of a mapped file; the arrays hold the mapping."""
    each = (-(-info.rows * 8 // _PAGE)) * _PAGE
    found: dict[str, Any] = {
        name: np.frombuffer(
            mapped,
            dtype=np.float64 if name == "volume" else np.int64,
            count=info.rows,
            offset=_PAGE + k * each,
        )
        for k, name in enumerate(_COLUMNS)
    }
    return BarColumns(**found, tick_size=Decimal(info.instrument.tick_size))
