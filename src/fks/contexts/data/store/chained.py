"""Append-only logs whose entries are chained by hash: what was told cannot be untold unseen.

A line is `{"n": .., "before": .., "hash": .., "entry": ..}`; `hash` is over `before` and the
bytes of the entry. Beside the log lies `<name>.head` with the number and hash of the last entry,
so that lines which vanish from the end are missed as well. A line without its end was never
acknowledged and is cut off by the next writer; any other fault stops reading. Whoever can write
both files can write another history: the chain shows mistakes and careless edits, not its owner.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import msgspec

from fks.contexts.data.store.written import replace, sync
from fks.kernel.errors import Unavailable
from fks.kernel.ids import content_hash

__all__ = ["ChainedLog", "Read"]

E = TypeVar("E", bound=msgspec.Struct)
ORIGIN = "0" * 64


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the file."""

    n: int
    before: str
    hash: str
    entry: msgspec.Raw


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """The last entry that was acknowledged."""

    n: int
    hash: str


class Read(NamedTuple, Generic[E]):
    """Entries, the hash of the last one, and how many bytes of the file they are."""

    entries: tuple[E, ...]
    head: str
    size: int


class ChainedLog(Generic[E]):
    """Entries of one kind in one file."""

    def __init__(self, path: Path, kind: type[E]) -> None:
        self.path = path
        self._head = path.with_name(f"{path.name}.head")
        self._decoder = msgspec.json.Decoder(kind)
        self._lines = msgspec.json.Decoder(_Line)
        self._known: tuple[tuple[int, int, int], _Head | None, Read[E]] | None = None

    def read(self) -> Read[E]:
        """Return all entries. Raises `Unavailable` when the chain is broken or cut."""
        head = self._read_head()  # before the log, which is written before it
        try:
            stat = self.path.stat()
            stamp = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            if self._known is None or self._known[0] != stamp or head != self._known[1]:
                self._known = (stamp, head, self._checked(self.path.read_bytes(), head))
            return self._known[2]
        except (FileNotFoundError, NotADirectoryError):
            return self._checked(b"", head)

    def change(self, decide: Callable[[tuple[E, ...]], E | None]) -> tuple[E, ...]:
        """Append what `decide` returns for the entries so far, or nothing; return all entries.

        One writer at a time; when this returns, the entry is on the disk. The caller translates
        what the disk may answer (`disk_faults`).
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.locked():
            return self.change_locked(decide)

    def change_locked(self, decide: Callable[[tuple[E, ...]], E | None]) -> tuple[E, ...]:
        """Do as `change` where the caller holds the only writer's lock already."""
        read = self.read()
        entry = decide(read.entries)
        if entry is None:
            return read.entries
        last = len(read.entries) - 1
        if last >= 0 and self._read_head() != _Head(n=last, hash=read.head):  # killed before it
            replace(self._head, msgspec.json.encode(_Head(n=last, hash=read.head)))
        body = msgspec.json.encode(entry, order="sorted")
        line = _Line(
            n=len(read.entries),
            before=read.head,
            hash=content_hash(read.head.encode(), body),
            entry=msgspec.Raw(body),
        )
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            os.ftruncate(handle, read.size)  # what a killed writer left of a line
            _write_all(handle, msgspec.json.encode(line) + b"\n", read.size)
            os.fsync(handle)
        finally:
            os.close(handle)
        if not read.entries:
            sync(self.path.parent)
        replace(self._head, msgspec.json.encode(_Head(n=line.n, hash=line.hash)))
        return (*read.entries, entry)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Wait until no other thread or process appends; a kill lets go."""
        import fcntl

        with self.path.with_name(f".{self.path.name}.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _checked(self, data: bytes, head: _Head | None) -> Read[E]:
        """Return the entries of a file's bytes, whose chain is whole up to the head."""
        entries: list[E] = []
        hashes: list[str] = []
        before, size = ORIGIN, 0
        for text in data.splitlines(keepends=True):
            if not text.endswith(b"\n"):
                break
            try:
                line = self._lines.decode(text)
                entry = self._decoder.decode(line.entry)
            except msgspec.DecodeError as error:
                raise self._damaged(len(entries) + 1, str(error)[:80]) from None
            fits = line.n == len(entries) and line.before == before
            if not fits or line.hash != content_hash(before.encode(), bytes(line.entry)):
                raise self._damaged(len(entries) + 1, "it does not follow from the line before")
            entries.append(entry)
            hashes.append(line.hash)
            before, size = line.hash, size + len(text)
        if head is None and len(entries) > 1:
            raise self._damaged(len(entries), "the file of its head is gone")
        if head is not None and hashes[head.n : head.n + 1] != [head.hash]:
            raise self._damaged(head.n + 1, "the entry that was acknowledged here is gone")
        return Read(tuple(entries), before, size)

    def _read_head(self) -> _Head | None:
        """Return what was acknowledged last, if anything was."""
        try:
            return msgspec.json.decode(self._head.read_bytes(), type=_Head)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except msgspec.DecodeError as error:
            raise Unavailable(f"{self._head}: {error}", code="data.log_damaged") from None

    def _damaged(self, line: int, why: str) -> Unavailable:
        """Name the place of a fault."""
        return Unavailable(f"{self.path}, line {line}: {why}", code="data.log_damaged")


def _write_all(handle: int, data: bytes, at: int) -> None:
    """Write all bytes at a place; a disk may take only a part at a time."""
    view = memoryview(data)
    while view:
        done = os.pwrite(handle, view, at)
        view, at = view[done:], at + done
