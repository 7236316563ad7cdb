"""The rules of groups and of reading them, in plain Python: the twin of `_frames.pyx`.

The journal runs on the compiled one; this one is for reading, and for tests that hold both to the
same bytes. Offsets are bytes from the start of a segment, `seq` and `ts_ns` are those of the last
committed record, 0 before the first.
"""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass

__all__ = [
    "BATCH",
    "COMMAND_BYTES",
    "PlainGroup",
    "Scanned",
    "Stop",
    "plain_crc32c",
    "plain_last_nonzero",
    "plain_later_frame",
    "plain_scan",
]

COMMAND_BYTES = 64  # a command of the matching engine
BATCH = 1_000  # commands that one record may hold

_RECORD = struct.Struct("<IIQQHHI")
_COMMIT = struct.Struct("<QQIIII16s")
_COMMIT_BYTES = _RECORD.size + _COMMIT.size
_COMMIT_KIND, _FIRST, _MOST = 1, 1, 65_536


class Stop(enum.IntEnum):
    """Why a scan stopped."""

    END = 0  # no more bytes, or a length of zero, behind a commit
    LENGTH = 1  # shorter than a header, longer than a record may be, or than the file
    CHECKSUM = 2
    SEQUENCE = 3  # not the next seq
    TIME = 4  # before the record before it
    FLAGS = 5  # FIRST where no group begins, or not where one does
    UNCLOSED = 6  # records without a commit
    BAD_COMMIT = 7  # a whole commit that contradicts the records before it


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan read: everything up to `end` is whole and committed."""

    end: int  # behind the last commit
    seq: int
    crc: int  # of the last commit
    ts_ns: int
    records: int
    groups: int
    last_group: int  # where the last group begins
    reason: Stop
    bad: int  # where the scan stopped


def _table() -> list[int]:
    """Return the CRC of each single byte."""
    table = []
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return table


_TABLE = tuple(_table())


def plain_crc32c(data: bytes | memoryview, seed: int = 0) -> int:
    """Return the CRC32C of bytes, going on from `seed` (RFC 3720, appendix B.4)."""
    crc = seed ^ 0xFFFFFFFF
    for byte in bytes(data):
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


def _record_crc(frame: bytes, seed: int) -> int:
    return plain_crc32c(frame[8:], plain_crc32c(frame[:4], seed))


def _padded(length: int) -> int:
    return (length + 7) & ~7


class PlainGroup:
    """Records that will be written and made durable together."""

    def __init__(self, capacity: int, prefix: int) -> None:
        self.capacity = capacity
        self._prefix = prefix
        self.clear()

    def clear(self) -> None:
        """Empty the group for its next use."""
        self._bytes = bytearray()
        self.records = self.first_seq = self.last_seq = self.ts_ns = self._chain = 0

    @property
    def used(self) -> int:
        """Return the bytes it takes."""
        return len(self._bytes)

    def put(self, seq: int, ts_ns: int, kind: int, version: int, payload: bytes) -> bool:
        """Add a record; False, and nothing changed, where the group has no room for it."""
        length = _RECORD.size + len(payload)
        if length > _MOST:
            raise ValueError(f"a record holds {_MOST - _RECORD.size} bytes")
        if self.used + _padded(length) + _COMMIT_BYTES > self.capacity:
            return False
        flags = 0 if self.records else _FIRST
        if not self.records:
            self.first_seq = seq
            self._chain = plain_crc32c(struct.pack("<Q", seq), self._prefix)
        self._chain = self._append(length, self._chain, (seq, ts_ns, kind, version, flags), payload)
        self.records += 1
        self.last_seq, self.ts_ns = seq, ts_ns
        return True

    def put_commands(
        self, seq: int, ts_ns: int, kind: int, version: int, rows: bytes, skip: int
    ) -> int:
        """Add the rows of 64 bytes after the first `skip`, up to 1,000 a record; return how many.

        Fewer than there are means that the group is full.
        """
        done, count = skip, len(rows) // COMMAND_BYTES
        while done < count:
            room = (self.capacity - self.used - _COMMIT_BYTES - _RECORD.size) // COMMAND_BYTES
            part = min(count - done, BATCH, room)
            if part <= 0:
                break
            payload = rows[done * COMMAND_BYTES : (done + part) * COMMAND_BYTES]
            self.put(seq, ts_ns, kind, version, payload)
            seq += 1
            done += part
        return done - skip

    def close(self, durable_seq: int, previous_crc: int, before: bytes) -> int:
        """Add the commit; return its CRC. `before` digests the segment before the group."""
        body = _COMMIT.pack(
            *(self.first_seq, durable_seq, self.records, self._chain, previous_crc),
            *(self.used, before),
        )
        seed = plain_crc32c(struct.pack("<Q", self.first_seq), self._prefix)
        fields = (self.last_seq, self.ts_ns, _COMMIT_KIND, 1, 0)
        return self._append(_COMMIT_BYTES, seed, fields, body)

    def _append(
        self, length: int, seed: int, fields: tuple[int, int, int, int, int], payload: bytes
    ) -> int:
        frame = _RECORD.pack(length, 0, *fields) + payload
        frame += bytes(_padded(length) - length)
        crc = _record_crc(frame, seed)
        self._bytes += frame[:4] + struct.pack("<I", crc) + frame[8:]
        return crc

    def view(self) -> memoryview:
        """Return the bytes of the group."""
        return memoryview(bytes(self._bytes))


def _frame_at(data: bytes, at: int) -> tuple[Stop, bytes]:
    """Return the whole frame at an offset, or why there is none."""
    if len(data) - at < _RECORD.size:
        return Stop.END, b""
    (length,) = struct.unpack_from("<I", data, at)
    if length == 0:
        return Stop.END, b""
    size = _padded(length)
    if not _RECORD.size <= length <= _MOST or size > len(data) - at:
        return Stop.LENGTH, b""
    return Stop.END, data[at : at + size]


def _read_group(data: bytes, prefix: int, so_far: Scanned, index: list[int]) -> Scanned:
    """Return the state behind the group at `so_far.end`, or `so_far` with the reason to stop."""
    at, seq, ts_ns, count = so_far.end, so_far.seq, so_far.ts_ns, 0
    seed = chain = plain_crc32c(struct.pack("<Q", seq + 1), prefix)

    def stopped(reason: Stop) -> Scanned:
        kept = (so_far.end, so_far.seq, so_far.crc, so_far.ts_ns, so_far.records, so_far.groups)
        return Scanned(*kept, so_far.last_group, reason, at)

    offsets = []
    while True:
        reason, frame = _frame_at(data, at)
        if not frame:
            return stopped(reason or (Stop.UNCLOSED if count else Stop.END))
        length, crc, its_seq, its_ts, kind, version, flags = _RECORD.unpack_from(frame)
        if kind == _COMMIT_KIND:
            break
        if _record_crc(frame, chain) != crc:
            return stopped(Stop.CHECKSUM)
        if its_seq != seq + 1:
            return stopped(Stop.SEQUENCE)
        if its_ts < ts_ns:
            return stopped(Stop.TIME)
        if flags != (0 if count else _FIRST):
            return stopped(Stop.FLAGS)
        chain, seq, ts_ns, count = crc, its_seq, its_ts, count + 1
        offsets.append(at)
        at += len(frame)
    if length != _COMMIT_BYTES:
        return stopped(Stop.LENGTH)
    if _record_crc(frame, seed) != crc:
        return stopped(Stop.CHECKSUM)
    first, durable, *rest = _COMMIT.unpack_from(frame, _RECORD.size)
    expected = [count, chain, so_far.crc, at - so_far.end]
    of_frame = (its_seq, its_ts, version, flags) == (seq, ts_ns, 1, 0)
    whole = rest[:4] == expected and of_frame and first == so_far.seq + 1 and durable < first
    if not count or not whole:
        return stopped(Stop.BAD_COMMIT)
    index += offsets
    done = (so_far.records + count, so_far.groups + 1)
    end = at + _COMMIT_BYTES
    return Scanned(end, seq, crc, ts_ns, *done, so_far.end, Stop.END, end)


def plain_scan(
    data: bytes,
    start: int,
    prefix: int,
    seq: int,
    ts_ns: int,
    previous_crc: int,
    index: list[int] | None = None,
) -> Scanned:
    """Read groups from `start` on, after the record `seq` of time `ts_ns`, until one is not whole.

    `index` takes the offsets of the committed records, in order.
    """
    found = Scanned(start, seq, previous_crc, ts_ns, 0, 0, start, Stop.END, start)
    offsets: list[int] = [] if index is None else index
    while True:
        after = _read_group(data, prefix, found, offsets)
        if after.reason is not Stop.END or after.end == found.end:
            return after
        found = after


def plain_later_frame(data: bytes, start: int, prefix: int, seq: int) -> int:
    """Return where a whole frame of a group that began after seq + 1 lies, or -1.

    Only frames that can be verified alone are looked for: the first of a group, and commits. One
    of them behind a damaged group proves that the damaged one had been made durable, because a
    group is written only after the one before it was synced.
    """
    for at in range(_padded(start), len(data) - _RECORD.size + 1, 8):
        _, frame = _frame_at(data, at)
        if not frame:
            continue
        length, crc, first, _, kind, _, flags = _RECORD.unpack_from(frame)
        if kind == _COMMIT_KIND:
            first = struct.unpack_from("<Q", frame, 32)[0] if length == _COMMIT_BYTES else 0
        elif flags != _FIRST:
            continue
        seed = plain_crc32c(struct.pack("<Q", first), prefix)
        if first > seq + 1 and _record_crc(frame, seed) == crc:
            return at
    return -1


def plain_last_nonzero(data: bytes, start: int) -> int:
    """Return the offset of the last byte from `start` on that is not zero, or -1."""
    kept = len(data.rstrip(b"\0"))
    return kept - 1 if kept > start else -1
