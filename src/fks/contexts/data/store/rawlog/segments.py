"""Segment files: reading frames in them, whatever happened to the bytes between, and writing on.

Reading is by `pread` and never by a map: a file that gets shorter meanwhile must not end the
process.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from fks.contexts.data.store.rawlog.frames import (
    FIXED_BYTES,
    MARK,
    SEGMENT_BYTES,
    Fixed,
    Head,
    Packed,
    SegmentHead,
    authentic,
    begun,
    fixed,
    framed,
    segment_head,
    unpacked,
)
from fks.contexts.data.store.rawlog.records import RawRecord
from fks.contexts.data.store.written import sync

__all__ = ["Broken", "Frame", "Segment", "append_frames", "begin", "numbers", "path_of"]

_NAME = re.compile(r"(\d{8})\.log")
_LOOK = 1 << 20
_AHEAD = 1024  # most heads are shorter: one read then brings both


class Frame(NamedTuple):
    """A frame whose head is whole, where it lies, and the id of its payload."""

    id: str
    start: int
    fixed: Fixed
    told: Head

    @property
    def end(self) -> int:
        """Return where it ends."""
        return self.start + self.fixed.length


class Broken(NamedTuple):
    """Bytes that are no frame; `torn` where they are the begin of one that was never finished."""

    start: int
    end: int
    torn: bool


class Segment:
    """An open segment, to be read. `size` is that of when it was opened."""

    def __init__(self, path: Path, handle: int) -> None:
        self.path = path
        self.size = os.fstat(handle).st_size
        self._handle = handle
        self.head: SegmentHead | None = segment_head(self._bytes(0, SEGMENT_BYTES))
        self._salt = self.head.salt if self.head is not None else None

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator[Segment]:
        """Open a segment."""
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield cls(path, handle)
        finally:
            os.close(handle)

    def frame(self, start: int) -> Frame | None:
        """Return the frame at an offset, its body not read yet; None where there is none.

        Where the head of the segment is damaged, the first frame tells the salt.
        """
        content = self._bytes(start, FIXED_BYTES + _AHEAD)
        found = fixed(content[:FIXED_BYTES])
        if found is None or found.salt != (self._salt or found.salt):
            return None
        if start + found.length > self.size:
            return None
        head = content[FIXED_BYTES : FIXED_BYTES + found.head]
        if len(head) < found.head:
            head = self._bytes(start + FIXED_BYTES, found.head)
        known = authentic(content[:FIXED_BYTES], found, head)
        if known is None:
            return None
        self._salt = found.salt
        return Frame(known[0], start, found, known[1])

    def record(self, frame: Frame) -> RawRecord | None:
        """Return the record of a frame; None where its body is damaged."""
        body = self._bytes(frame.start + FIXED_BYTES + frame.fixed.head, frame.fixed.packed)
        return unpacked(frame.fixed, frame.told, body)

    def scan(self, start: int = SEGMENT_BYTES) -> Iterator[Frame | Broken]:
        """Yield what there is from an offset on; after damage the next frame is sought."""
        offset = max(start, SEGMENT_BYTES)
        while offset < self.size:
            found = self.frame(offset)
            if found is not None:
                yield found
                offset = found.end
                continue
            following = self._following(offset + 1)
            end = self.size if following is None else following
            yield Broken(offset, end, torn=following is None and self._torn(offset))
            offset = end

    def _following(self, start: int) -> int | None:
        """Return where the next frame begins."""
        offset = start
        while offset < self.size:
            content = self._bytes(offset, _LOOK)
            at = content.find(MARK)
            while at >= 0:
                if self.frame(offset + at) is not None:
                    return offset + at
                at = content.find(MARK, at + 1)
            if offset + len(content) >= self.size:
                return None
            offset += len(content) - len(MARK) + 1
        return None

    def _torn(self, start: int) -> bool:
        """Tell whether the end of the file is a frame that was cut short, and nothing else."""
        content = self._bytes(start, FIXED_BYTES)
        if len(content) < FIXED_BYTES:
            front = content[: len(MARK)]
            return MARK.startswith(front) or not any(content)
        found = fixed(content)
        if found is not None:
            return start + found.length > self.size
        return all(not any(self._bytes(offset, _LOOK)) for offset in range(start, self.size, _LOOK))

    def _bytes(self, start: int, length: int) -> bytes:
        """Read up to so many bytes, within the size at opening."""
        length = min(length, self.size - start)
        parts = []
        while length > 0:
            part = os.pread(self._handle, length, start)
            if not part:
                break
            parts.append(part)
            start, length = start + len(part), length - len(part)
        return b"".join(parts)


def numbers(folder: Path) -> list[int]:
    """Return the numbers of the segments of a folder."""
    found = (_NAME.fullmatch(name) for name in os.listdir(folder))  # noqa: PTH208  # names only
    return sorted(int(one[1]) for one in found if one is not None)


def path_of(folder: Path, number: int) -> Path:
    """Return the file of a segment."""
    return folder / f"{number:08d}.log"


def begin(folder: Path, number: int, previous: bytes) -> bytes:
    """Make a new segment that is on the disk, name and all; return its salt."""
    salt = os.urandom(16)
    scratch = folder / ".new"
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        _write(handle, begun(number, salt, previous))
        os.fsync(handle)
    finally:
        os.close(handle)
    scratch.rename(path_of(folder, number))
    sync(folder)
    return salt


def append_frames(
    path: Path, records: Sequence[Packed], salt: bytes, size: int, previous: bytes
) -> list[tuple[int, int, bytes]]:
    """Append frames at the end of a segment; return start, length and digest of each.

    They are on the disk when this returns. Raises `OSError`; then all of them were taken back.
    """
    places, offset = [], size
    with ExitStack() as closing:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        closing.callback(os.close, handle)
        assert os.fstat(handle).st_size == size, "the writer knows the end of its segment"
        undo = closing.enter_context(ExitStack())
        undo.callback(os.ftruncate, handle, size)
        for one in records:
            front, previous = framed(one, salt, offset, previous)
            length = len(front) + len(one.body)
            _write(handle, front)
            _write(handle, one.body)
            places.append((offset, length, previous))
            offset += length
        os.fdatasync(handle)
        undo.pop_all()
    return places


def _write(handle: int, content: bytes) -> None:
    """Write all of it, or raise."""
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]
