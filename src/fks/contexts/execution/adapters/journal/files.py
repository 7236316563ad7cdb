"""The few things the journal asks of a disk, in one place, so that a test can take its part.

Every call may raise OSError. `write` may write less than it was given, as a disk may.
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Protocol

__all__ = ["NO_SPACE", "Data", "Files", "OsFiles", "is_no_space", "replace_file", "write_whole"]

Data = bytes | bytearray | memoryview

# Full disk, full quota, file size limit: conditions that pass.
NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Files(Protocol):
    """A disk. Handles are small integers; offsets and sizes are bytes."""

    def names(self, folder: Path) -> list[str]:
        """Return the names in a folder; none where it does not exist."""

    def make_folder(self, folder: Path) -> None:
        """Make a folder and those above it, durably."""

    def read(self, path: Path) -> bytes:
        """Return a whole file."""

    def read_part(self, path: Path, offset: int, size: int) -> bytes:
        """Return some bytes of a file."""

    def create(self, path: Path) -> int:
        """Open a new, empty file; one that is there is emptied."""

    def open(self, path: Path) -> int:
        """Open a file for writing in place."""

    def allocate(self, handle: int, size: int) -> None:
        """Take the space for a file of this size now."""

    def write(self, handle: int, data: Data, offset: int) -> int:
        """Write at an offset; return how many bytes were written."""

    def truncate(self, handle: int, size: int) -> None:
        """Cut a file."""

    def sync(self, handle: int) -> None:
        """Make what was written durable, and the size (fdatasync)."""

    def forget(self, handle: int) -> None:
        """Drop what the system holds of the file in memory, so that it is read from the disk."""

    def close(self, handle: int) -> None:
        """Close a handle."""

    def rename(self, source: Path, target: Path) -> None:
        """Give a file another name, in place of what bore it."""

    def remove(self, path: Path) -> None:
        """Remove a file."""

    def sync_folder(self, folder: Path) -> None:
        """Make creations, renames and removals in a folder durable."""

    def lock(self, path: Path) -> int | None:
        """Take the exclusive lock of a file; None where another process holds it."""


class OsFiles:
    """The disk of this machine."""

    def names(self, folder: Path) -> list[str]:
        """Return the names in a folder."""
        try:
            return [path.name for path in folder.iterdir()]
        except FileNotFoundError:
            return []

    def make_folder(self, folder: Path) -> None:
        """Make a folder, and note it in the one above."""
        if not folder.is_dir():
            self.make_folder(folder.parent)
            folder.mkdir(mode=0o700, exist_ok=True)
            self.sync_folder(folder.parent)

    def read(self, path: Path) -> bytes:
        """Return a whole file."""
        return path.read_bytes()

    def read_part(self, path: Path, offset: int, size: int) -> bytes:
        """Return some bytes of a file."""
        with path.open("rb", buffering=0) as file:
            data = os.pread(file.fileno(), size, offset)
            while len(data) < size:
                more = os.pread(file.fileno(), size - len(data), offset + len(data))
                if not more:
                    raise OSError(errno.EIO, f"{path} ends before byte {offset + size}")
                data += more
            return data

    def create(self, path: Path) -> int:
        """Open a new file that only its owner may read."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)

    def open(self, path: Path) -> int:
        """Open a file for writing in place."""
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def allocate(self, handle: int, size: int) -> None:
        """Take the space; where the file system cannot promise it, the zeros written later do."""
        try:
            os.posix_fallocate(handle, 0, size)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                raise

    def write(self, handle: int, data: Data, offset: int) -> int:
        """Write at an offset, without the GIL."""
        return os.pwrite(handle, data, offset)

    def truncate(self, handle: int, size: int) -> None:
        """Cut a file."""
        os.ftruncate(handle, size)

    def sync(self, handle: int) -> None:
        """Wait for the disk, without the GIL."""
        os.fdatasync(handle)

    def forget(self, handle: int) -> None:
        """Drop clean pages of the file."""
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)

    def close(self, handle: int) -> None:
        """Close a handle."""
        os.close(handle)

    def rename(self, source: Path, target: Path) -> None:
        """Replace the target at once."""
        source.replace(target)

    def remove(self, path: Path) -> None:
        """Remove a file."""
        path.unlink()

    def sync_folder(self, folder: Path) -> None:
        """Sync the folder itself."""
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def lock(self, path: Path) -> int | None:
        """Take the lock, which ends with the process at the latest."""
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        return handle


def is_no_space(error: OSError) -> bool:
    """Tell whether an error passes when space is made."""
    return error.errno in NO_SPACE


def write_whole(files: Files, handle: int, data: Data, offset: int) -> None:
    """Write all of it; a write that stops short is an error of the disk."""
    written = files.write(handle, data, offset)
    if written != len(data):
        raise OSError(errno.EIO, f"only {written} of {len(data)} bytes were written")


def replace_file(files: Files, path: Path, data: bytes) -> None:
    """Put a file in place whole and durably, or leave what was there."""
    temporary = path.with_name(f"{path.name}.tmp")
    handle = files.create(temporary)
    try:
        write_whole(files, handle, data, 0)
        files.sync(handle)
    finally:
        files.close(handle)
    files.rename(temporary, path)
    files.sync_folder(path.parent)
