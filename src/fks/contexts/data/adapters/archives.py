"""Open files, packed ones (gzip, bzip2, xz, zstd) and zip archives that strangers wrote.

An archive is looked at before anything is unpacked: names that leave their folder, too many
members, too large a total or an absurd ratio are refused. Unpacking streams, and stops when more
comes out than was announced.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

import pyarrow as pa

from fks.kernel.errors import Invalid, NotFound

__all__ = ["is_zip", "members_of", "opened"]

MAX_MEMBERS = 10_000
MAX_TOTAL_BYTES = 8 << 30
MAX_RATIO = 200
_RATIO_FREE_BYTES = 16 << 20
_RECODED_BYTES = 1 << 16
_SKIPPED_BYTES = 1 << 20
_ZIP = b"PK\x03\x04"
_GZIP, _BZIP, _XZ, _ZSTD = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"
_DATABENTO = b"DBN"
_SPREADSHEET = "[Content_Types].xml"


def is_zip(path: Path) -> bool:
    """Tell whether a file is a zip archive, by its name or its first bytes."""
    if path.suffix.lower() == ".zip":
        return True
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(len(_ZIP)) == _ZIP


def members_of(path: Path) -> tuple[str, ...]:
    """Return the names of the files in a zip archive, checked. Raises `Invalid`.

    What a Mac leaves beside the files is none of them.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise Invalid(
            f"{path.name} is not an intact zip archive ({error}); fetch it again",
            code="data.bad_archive",
        ) from None
    total = sum(info.file_size for info in infos)
    packed = max(sum(info.compress_size for info in infos), 1)
    if len(infos) > MAX_MEMBERS or total > MAX_TOTAL_BYTES:
        raise Invalid(f"{path.name} holds more than an archive may", code="data.archive_limits")
    if total > _RATIO_FREE_BYTES and total / packed > MAX_RATIO:
        raise Invalid(
            f"{path.name} unpacks to {total / packed:.0f} times its size; {MAX_RATIO} is the most",
            code="data.archive_limits",
        )
    for info in infos:
        name = PurePosixPath(info.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or ":" in info.filename:
            raise Invalid(
                f"{path.name} has a member that leaves its folder: {info.filename[:60]!r}",
                code="data.archive_limits",
            )
        if info.flag_bits & 1:
            raise Invalid(f"{path.name} is encrypted; unpack it first", code="data.bad_archive")
    names = [info.filename for info in infos]
    if _SPREADSHEET in names:
        raise Invalid(
            f"{path.name} is a spreadsheet; save its table as CSV", code="data.bad_archive"
        )
    return tuple(
        name
        for name in names
        if not name.startswith("__MACOSX/") and not name.rpartition("/")[2].startswith("._")
    )


class _Measured(io.RawIOBase):
    """A packed stream that stops when more comes out of its file than can be honest."""

    def __init__(self, make: Callable[[], IO[bytes]], path: Path) -> None:
        self._make = make
        self._stream = make()
        self._place = 0
        self._name = path.name
        self._most = min(MAX_TOTAL_BYTES, max(_RATIO_FREE_BYTES, path.stat().st_size * MAX_RATIO))

    def readable(self) -> bool:
        """Say that this is for reading."""
        return True

    def seekable(self) -> bool:
        """Say that reading can begin again."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place of the unpacked bytes; what lies behind is unpacked again."""
        if whence != io.SEEK_SET:
            raise io.UnsupportedOperation("only to a place counted from the start")
        if offset < self._place:
            self._stream, self._place = self._make(), 0
        while self._place < offset and self._next(min(_SKIPPED_BYTES, offset - self._place)):
            pass
        return self._place

    def tell(self) -> int:
        """Return the place in the unpacked bytes."""
        return self._place

    def readinto(self, buffer: Any) -> int:
        """Read unpacked bytes. Raises `Invalid` beyond what such a file may hold."""
        data = self._next(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _next(self, count: int) -> bytes:
        """Return bytes that follow, none at the end."""
        try:
            data = self._stream.read(count)
        except (lzma.LZMAError, pa.ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise _damaged(self._name, error) from None
        self._place += len(data)
        if self._place > self._most:
            raise Invalid(
                f"{self._name} unpacks to more than {self._most >> 20:,} MiB; {MAX_RATIO} times "
                "its size is the most",
                code="data.archive_limits",
            )
        return data


def _damaged(name: str, error: BaseException) -> Invalid:
    """Return what is said of a file that cannot be unpacked."""
    told = str(error).partition("\n")[0][:100]
    return Invalid(f"{name} is damaged ({told}); fetch it again", code="data.bad_archive")


class _Lent(io.RawIOBase):
    """A stream that is not closed by the one who only reads it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        """Say that this is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read bytes."""
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _unpacked(stream: IO[bytes], path: Path) -> IO[bytes]:
    """Return a stream's bytes, unpacked where they are packed; Databento's are left as they are."""
    head = stream.read(len(_XZ))
    stream.seek(0)

    def zstd() -> IO[bytes]:
        stream.seek(0)
        reader = pa.PythonFile(_Lent(stream), "r")
        return cast(IO[bytes], pa.CompressedInputStream(reader, "zstd"))

    def begun(kind: Callable[[IO[bytes]], IO[bytes]]) -> Callable[[], IO[bytes]]:
        def again() -> IO[bytes]:
            stream.seek(0)
            return kind(stream)

        return again

    if head.startswith(_GZIP):
        make = begun(lambda packed: cast(IO[bytes], gzip.GzipFile(fileobj=packed)))
    elif head.startswith(_BZIP):
        make = begun(bz2.BZ2File)
    elif head == _XZ:
        make = begun(lzma.LZMAFile)
    elif head.startswith(_ZSTD):
        make = zstd
        if _Measured(make, path).read(len(_DATABENTO)) == _DATABENTO:
            stream.seek(0)
            return stream
    else:
        return stream
    return io.BufferedReader(_Measured(make, path))


class _Recoded(io.RawIOBase):
    """UTF-16 text as UTF-8, in pieces; reading can begin again, and no more."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._begin()

    def _begin(self) -> None:
        self._stream.seek(0)
        self._decoder = codecs.getincrementaldecoder("utf-16")("replace")
        self._rest = b""
        self._place = 0

    def readable(self) -> bool:
        """Say that this is for reading."""
        return True

    def seekable(self) -> bool:
        """Say that reading can begin again."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Begin again."""
        if (offset, whence) != (0, io.SEEK_SET):
            raise io.UnsupportedOperation("only back to the start")
        self._begin()
        return 0

    def tell(self) -> int:
        """Return the place in the UTF-8 text."""
        return self._place

    def readinto(self, buffer: Any) -> int:
        """Read text."""
        while not self._rest:
            raw = self._stream.read(_RECODED_BYTES)
            self._rest = self._decoder.decode(raw, final=not raw).encode()
            if not raw:
                break
        data, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)


@contextmanager
def opened(path: Path, member: str | None = None) -> Iterator[IO[bytes]]:
    """Open a plain file, a packed one (by its first bytes) or a member of a zip archive.

    Text in UTF-16, which begins with a mark, is read as UTF-8. Raises `NotFound` for a missing
    file, `Invalid` for a damaged one, while reading too.
    """
    with _opened(path, member) as stream:
        marked = stream.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        stream.seek(0)
        yield io.BufferedReader(_Recoded(stream)) if marked else stream


@contextmanager
def _opened(path: Path, member: str | None = None) -> Iterator[IO[bytes]]:
    """Open it as bytes, and say in a line what is wrong with it, while reading too."""
    try:
        with path.open("rb") as raw:
            if member is not None:
                with zipfile.ZipFile(raw) as archive:
                    names = archive.namelist()
                    if member not in names:
                        raise Invalid(
                            f"{path.name} has no member {member[:60]!r}; it has "
                            f"{', '.join(names[:10])}",
                            code="data.choose_member",
                        )
                    with archive.open(member) as stream:
                        yield _unpacked(stream, path)
            else:
                yield _unpacked(raw, path)
    except FileNotFoundError:
        raise NotFound(f"no file {path}", code="data.no_file") from None
    except (IsADirectoryError, PermissionError) as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}", code="data.no_file") from None
    except (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _damaged(path.name, error) from None
