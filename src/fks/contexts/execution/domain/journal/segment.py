"""Read a segment and judge what follows its last commit: the end, a torn tail, or corruption.

A group is written only after the group before it was made durable. So at most one group, the one
that was being written, may be damaged by a crash, and nothing of a later group can exist. A damaged
group is *torn* where all of this holds, and may be cut off; in every other case what is damaged had
been durable, and the journal is *corrupt*.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from fks.contexts.execution.domain.journal._frames import Digest, last_nonzero, later_frame, scan
from fks.contexts.execution.domain.journal.digest import DIGEST_BYTES
from fks.contexts.execution.domain.journal.failures import JournalCorrupt
from fks.contexts.execution.domain.journal.frames import Scanned, Stop
from fks.contexts.execution.domain.journal.layout import (
    COMMIT_BODY,
    COMMIT_BYTES,
    HEADER_BYTES,
    RECORD_BYTES,
    UNSYNCED,
    SegmentHeader,
    seed_prefix,
)
from fks.contracts.columns import Int64

__all__ = ["Position", "Segment", "Tail", "judge_tail", "read_segment"]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a segment must begin: what the one before it, or the manifest, says."""

    seq: int = 0  # of the last record before it
    ts_ns: int = 0
    crc: int = 0  # of the last commit, or of the header of a segment without one
    used: int = 0  # bytes of the segment before
    digest: bytes = bytes(DIGEST_BYTES)


class Tail(enum.Enum):
    """What follows the last commit of the last segment."""

    END = "end"  # nothing but zeros
    TORN = "torn"  # one group that was being written


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment that was read: its header and its whole groups."""

    path: str
    header: SegmentHeader
    found: Scanned
    index: Int64  # offsets of the committed records
    digest: bytes  # BLAKE2b of the bytes up to `found.end`

    @property
    def position(self) -> Position:
        """Return where the next segment must begin."""
        found = self.found
        return Position(found.seq, found.ts_ns, found.crc, found.end, self.digest)


def read_segment(path: PurePath | str, data: bytes | memoryview, uuid: bytes,
                 after: Position | None, ts_ns: int = 0) -> Segment:  # fmt: skip
    """Return the whole groups of a segment that follows `after` (None: of the first one kept).

    Raises `JournalCorrupt` where its header is damaged, of another journal, or does not follow.
    What lies behind the last whole group is for `judge_tail`.
    """
    name = str(path)
    seq = after.seq if after else 0
    header = SegmentHeader.decode(data)
    if header is None:
        raise JournalCorrupt(name, 0, seq, "its header is damaged or of a later format")
    if header.uuid != uuid:
        raise JournalCorrupt(name, 0, seq, "it belongs to another journal")
    if after is not None:
        said = (header.first_seq, header.previous_bytes, header.previous_crc, header.previous_hash)
        if said != (after.seq + 1, after.used, after.crc, after.digest):
            raise JournalCorrupt(name, 0, seq, "it does not follow the segment before it")
        ts_ns = after.ts_ns
    prefix = seed_prefix(header.uuid, header.epoch)
    index = np.empty(len(data) // RECORD_BYTES, np.int64)
    raw = scan(data, HEADER_BYTES, prefix, header.first_seq - 1, ts_ns, header.crc, index)
    found = Scanned(*raw[:7], Stop(raw[7]), raw[8])
    view = memoryview(data)
    digest = Digest(view[: found.last_group])
    if found.groups:
        said_before = COMMIT_BODY.unpack_from(data, found.end - COMMIT_BODY.size)[6]
        if digest.digest()[:16] != said_before:
            raise JournalCorrupt(
                name, found.end - COMMIT_BYTES, found.seq, "the digest of its groups differs"
            )
    digest.update(view[found.last_group : found.end])
    return Segment(name, header, found, index[: found.records].copy(), digest.digest())


def judge_tail(segment: Segment, data: bytes | memoryview, witness: int) -> Tail:
    """Return what follows the last commit of the last segment.

    `witness` is the highest seq that was known to be durable. Raises `JournalCorrupt` where a
    record that had been durable is damaged or missing.
    """
    found, header = segment.found, segment.header
    last = last_nonzero(data, found.end)
    if found.seq < witness:
        at = found.bad if last >= 0 else found.end
        why = f"record {witness} had been durable, the last one here is {found.seq}"
        raise JournalCorrupt(segment.path, at, found.seq, why)
    if last < 0:
        return Tail.END
    if header.mode == UNSYNCED:
        return Tail.TORN
    if last >= found.end + header.group_kib * 1024:
        why = "bytes lie further behind the last commit than one group reaches"
        raise JournalCorrupt(segment.path, last, found.seq, why)
    later = later_frame(data, found.end, seed_prefix(header.uuid, header.epoch), found.seq)
    if later >= 0:
        why = f"a later group follows at byte {later} ({found.reason.name.lower()})"
        raise JournalCorrupt(segment.path, found.bad, found.seq, why)
    return Tail.TORN


def check_sealed(segment: Segment, data: bytes | memoryview, sealed: Position) -> None:
    """Raise `JournalCorrupt` unless a segment is, to its last byte, what its successor says."""
    found = segment.found
    if (found.seq, found.end) != (sealed.seq, sealed.used) or last_nonzero(data, found.end) >= 0:
        why = f"it was sealed with record {sealed.seq} at byte {sealed.used}"
        raise JournalCorrupt(segment.path, found.bad, found.seq, why)
    if (found.crc, segment.digest) != (sealed.crc, sealed.digest):
        why = "its digest is not that of the segment that was sealed"
        raise JournalCorrupt(segment.path, found.end, found.seq, why)
