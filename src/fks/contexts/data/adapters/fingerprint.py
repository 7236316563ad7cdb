"""What an import read, by content: so that a dataset can be traced to the very bytes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from pathlib import Path

from fks.contracts.data.datasets import SourceFile
from fks.kernel.errors import Invalid, Unavailable

__all__ = ["fingerprint"]

_MOST_FILES = 10_000


def fingerprint(path: Path, read: Collection[str] = ()) -> tuple[SourceFile, ...]:
    """Return name, length and SHA-256 of a file, or of those files of a folder that were read.

    `read` are names of files; a folder none of whose files is among them counts whole. Names are
    relative to the folder that was given. Raises `Unavailable` when one cannot be read, `Invalid`
    for a folder of more than ten thousand files and for a file that changes meanwhile.
    """
    if not path.is_dir():
        return (_of_file(path, path.name),)
    files = sorted(found for found in path.rglob("*") if found.is_file())
    if len(files) > _MOST_FILES:
        raise Invalid(f"{path} holds more than {_MOST_FILES:,} files", code="data.too_many_files")
    chosen = [found for found in files if found.name in read] or files
    return tuple(_of_file(one, one.relative_to(path.parent).as_posix()) for one in chosen)


def _of_file(path: Path, name: str) -> SourceFile:
    """Return one file's entry."""
    try:
        with path.open("rb") as stream:
            before = os.fstat(stream.fileno())
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            after = os.fstat(stream.fileno())
    except OSError as error:
        raise Unavailable(f"cannot read {path}: {error.strerror}", code="data.no_file") from None
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise Invalid(f"{path} changes while it is read; import it again", code="data.file_changes")
    shown = os.fsencode(name).decode("utf-8", "backslashreplace")  # names need not be UTF-8
    return SourceFile(name=shown, bytes=after.st_size, sha256=digest)
