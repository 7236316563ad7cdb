"""Databento's binary encoding (DBN, versions 1 to 3): its metadata, and its records as arrays.

A file is `DBN`, a version, metadata, and records of fixed layout by their type, each with its own
length (https://databento.com/docs/standards-and-conventions/databento-binary-encoding). Records
of one type that follow one another are read as one array, so that no loop runs over records.
Files may be compressed with zstd.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import pyarrow as pa

from fks.kernel.errors import Invalid

__all__ = ["BARS", "DTYPES", "Metadata", "Run", "records", "start"]

_MAGIC, _ZSTD = b"DBN", b"\x28\xb5\x2f\xfd"
_VERSIONS = (1, 2, 3)
_FIXED = 100
_V1_SYMBOL = 22
_MOST_METADATA = 64 << 20
_CHUNK = 4 << 20
_MOST_BYTES = 32 << 30
_RATIO, _RATIO_FREE = 200, 64 << 20
_HEAD = [
    *(("length", "u1"), ("rtype", "u1"), ("publisher", "<u2"), ("instrument", "<u4")),
    ("ts_event", "<u8"),
]
_TRADE = [
    *(("price", "<i8"), ("size", "<u4"), ("action", "S1"), ("side", "S1"), ("flags", "u1")),
    *(("depth", "u1"), ("ts_recv", "<u8"), ("delta", "<i4"), ("sequence", "<u4")),
]
_TOP = [("bid", "<i8"), ("ask", "<i8"), ("bid_size", "<u4"), ("ask_size", "<u4"), ("_", "S8")]
_MBO = [
    *(("order", "<u8"), ("price", "<i8"), ("size", "<u4"), ("flags", "u1"), ("channel", "u1")),
    *(("action", "S1"), ("side", "S1"), ("ts_recv", "<u8"), ("delta", "<i4")),
    ("sequence", "<u4"),
]
_OHLCV = [
    *(("open", "<i8"), ("high", "<i8"), ("low", "<i8"), ("close", "<i8"), ("volume", "<u8")),
]
BARS = {0x20: "1s", 0x21: "1m", 0x22: "1h", 0x23: "1d", 0x24: "1d"}
"""The timeframe of each type of bar."""
# By the type of the record: trades; top of book (also consolidated, or once a second or minute);
# ten levels, of which the first is read; orders; bars.
DTYPES: dict[int, np.dtype[np.void]] = {
    0x00: np.dtype(_HEAD + _TRADE),
    **{k: np.dtype(_HEAD + _TRADE + _TOP) for k in (0x01, 0x0A, 0xB1, 0xC0, 0xC1, 0xC2)},
    **{k: np.dtype(_HEAD + _TRADE + _TOP) for k in (0xC3, 0xC4, 0xC5)},
    0xA0: np.dtype(_HEAD + _MBO),
    **{k: np.dtype(_HEAD + _OHLCV) for k in BARS},
}
"""The layout of each type of record that is read; longer records have more at their end."""


class Metadata(NamedTuple):
    """What a file says of itself; `names` are symbols by the instrument's number."""

    version: int
    dataset: str
    names: dict[int, str]


class Run(NamedTuple):
    """Records of one type that follow one another; `first` is the number of the first, from 1."""

    rtype: int
    first: int
    records: np.ndarray


class _Bytes:
    """Bytes of a file, unpacked where they are packed, and never more than can be honest."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        packed = stream.read(4) == _ZSTD
        stream.seek(0)
        self._stream = pa.CompressedInputStream(stream, "zstd") if packed else stream
        self._name = path.name
        self._most = max(_RATIO_FREE, path.stat().st_size * _RATIO) if packed else _MOST_BYTES
        self._count = 0

    def read(self, count: int) -> bytes:
        """Return so many bytes, fewer only at the end. Raises `Invalid` for a damaged file."""
        parts: list[bytes] = []
        while count:
            try:
                part = bytes(self._stream.read(count))
            except (OSError, pa.ArrowException) as error:
                raise Invalid(
                    f"{self._name} is damaged ({str(error).splitlines()[0][:100]}); fetch it again",
                    code="data.bad_archive",
                ) from None
            if not part:
                break
            parts.append(part)
            count -= len(part)
            self._count += len(part)
            if self._count > self._most:
                raise Invalid(
                    f"{self._name} unpacks to more than {_RATIO} times its size",
                    code="data.archive_limits",
                )
        return b"".join(parts)


def start(stream: IO[bytes], path: Path) -> tuple[Metadata, _Bytes]:
    """Read what comes before the records. Raises `Invalid` where it is no such file."""
    source = _Bytes(stream, path)
    head = source.read(8)
    if head[:3] != _MAGIC or len(head) < 8:
        raise Invalid(f"{path.name} is not in Databento's encoding (DBN)", code="data.bad_table")
    version, length = head[3], struct.unpack("<I", head[4:])[0]
    if version not in _VERSIONS:
        raise Invalid(
            f"{path.name} is DBN version {version}; versions 1 to 3 are read", code="data.bad_table"
        )
    body = source.read(length) if _FIXED <= length <= _MOST_METADATA else b""
    try:
        return _metadata(body, version), source
    except (struct.error, IndexError, UnicodeDecodeError):
        raise Invalid(f"{path.name} ends within its metadata", code="data.bad_table") from None


def _metadata(body: bytes, version: int) -> Metadata:
    """Read the metadata. Raises `struct.error` where it is too short."""
    dataset = body[:16].partition(b"\0")[0].decode()
    width = _V1_SYMBOL
    if version > 1:
        width = struct.unpack_from("<H", body, 45)[0]
    place = _FIXED + 4 + struct.unpack_from("<I", body, _FIXED)[0]
    for _ in range(3):  # symbols asked for, found in part, not found
        count = struct.unpack_from("<I", body, place)[0]
        place += 4 + count * width
    names: dict[int, str] = {}
    count = struct.unpack_from("<I", body, place)[0]
    place += 4
    for _ in range(count):
        raw, place = _symbol(body, place, width), place + width
        intervals = struct.unpack_from("<I", body, place)[0]
        place += 4
        for _ in range(intervals):
            mapped = _symbol(body, place + 8, width)
            place += 8 + width
            number, name = (mapped, raw) if mapped.isdigit() else (raw, mapped)
            if number.isdigit() and len(number) < 11:
                names[int(number)] = name
    return Metadata(version, dataset, names)


def _symbol(body: bytes, place: int, width: int) -> str:
    """Read a symbol. Raises `struct.error` beyond the end."""
    return str(struct.unpack_from(f"{width}s", body, place)[0].partition(b"\0")[0].decode())


def records(source: _Bytes, name: str) -> Iterator[Run]:
    """Yield all records. Raises `Invalid` where the file ends within one."""
    rest, number = b"", 1
    while chunk := source.read(_CHUNK):
        data = np.frombuffer(rest + chunk, dtype=np.uint8)
        place, window = 0, 64
        while place < len(data):
            length = int(data[place]) * 4
            if length < 16:
                raise Invalid(f"{name} has a record of no length", code="data.bad_table")
            whole = (len(data) - place) // length
            if whole == 0:
                break
            found = data[place : place + min(whole, window) * length].reshape(-1, length)
            other = (found[:, 0] != found[0, 0]) | (found[:, 1] != found[0, 1])
            count = int(np.argmax(other)) if other.any() else len(found)
            yield Run(int(found[0, 1]), number, found[:count])
            window = min(window * 4, 1 << 20) if count == len(found) else 64
            place += count * length
            number += count
        rest = data[place:].tobytes()
    if rest:
        raise Invalid(f"{name} ends within a record; fetch it again", code="data.bad_archive")
