"""The fixed parts of the journal's bytes: record, commit, segment header, witness.

All integers are little-endian. A *record* is 32 bytes of header and a payload, padded with zeros to
8 bytes; its CRC32C covers all of it but the CRC itself. Records that were written together are a
*group*; the first is flagged FIRST and its CRC starts from `group_seed`, each next one from the CRC
before it. A COMMIT closes the group: it repeats `first_seq`, so that it can be verified alone, and
carries the last CRC of the group, the CRC of the commit before it and the BLAKE2b of all bytes of
the segment before the group. A *segment* is a header of 128 bytes and whole groups, then zeros; its
header carries the last CRC and the BLAKE2b of the segment before. `docs/explanation/journal.md`
says what follows from it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from fks.contexts.execution.domain.journal._frames import crc32c

__all__ = [
    "ALIGNMENT",
    "COMMIT_BODY",
    "COMMIT_BYTES",
    "COMMIT_KIND",
    "FIRST",
    "HEADER_BYTES",
    "MAX_RECORD",
    "RECORD",
    "RECORD_BYTES",
    "WITNESS_BYTES",
    "WITNESS_SLOTS",
    "SegmentHeader",
    "decode_witness",
    "encode_witness",
    "group_seed",
    "padded",
    "seed_prefix",
]

ALIGNMENT = 8
RECORD = struct.Struct("<IIQQHHI")  # len, crc, seq, ts_ns, kind, version, flags
RECORD_BYTES = RECORD.size
MAX_RECORD = 65_536
FIRST = 1  # the only flag: the record opens its group

COMMIT_KIND = 1
# first_seq, durable_seq, records, crc of the last record, crc of the commit before, bytes of the
# group's records, first 16 bytes of the BLAKE2b of the segment before this group
COMMIT_BODY = struct.Struct("<QQIIII16s")
COMMIT_BYTES = RECORD_BYTES + COMMIT_BODY.size

MAGIC = b"FKSJ1\0"
FORMAT = 1
_HEADER = struct.Struct("<6sHIHH16sQQIII32s16s16sI")
HEADER_BYTES = _HEADER.size
UNSYNCED = 1  # mode: written without fdatasync (durability "unsafe-backtest")

_WITNESS = struct.Struct("<QII")  # seq, epoch, crc
WITNESS_BYTES = 1_536
# One sector each. The first is written, durably, when the journal is opened and then left alone, so
# that one is whole whatever a cut does to the other two, which are written in turn and not synced.
WITNESS_SLOTS = (0, 512, 1_024)

assert RECORD_BYTES == 32
assert COMMIT_BYTES == 80
assert HEADER_BYTES == 128
assert _WITNESS.size == 16


def padded(length: int) -> int:
    """Return the bytes that a record of this length takes in a segment."""
    return (length + ALIGNMENT - 1) & ~(ALIGNMENT - 1)


def seed_prefix(uuid: bytes, epoch: int) -> int:
    """Return what the CRCs of a writer start from: other journals and other epochs differ."""
    return crc32c(uuid + struct.pack("<I", epoch), 0)


def group_seed(prefix: int, first_seq: int) -> int:
    """Return what the CRC of the first record of a group starts from."""
    return crc32c(struct.pack("<Q", first_seq), prefix)


@dataclass(frozen=True, slots=True)
class SegmentHeader:
    """The first 128 bytes of a segment: whose it is, and what came before it."""

    uuid: bytes  # 16 bytes, of the journal
    epoch: int  # of the writer; one segment has one writer
    number: int  # 1, 2, 3, ...
    first_seq: int  # of its first record
    capacity: int  # bytes that were allocated
    group_kib: int  # no group is longer than this many KiB
    mode: int  # 0, or UNSYNCED
    previous_bytes: int  # of the segment before: bytes used, last CRC, BLAKE2b of those bytes
    previous_crc: int
    previous_hash: bytes
    build: bytes  # 16 bytes, of the program that wrote it
    config: bytes  # 16 bytes, of the configuration it ran with

    def encode(self) -> bytes:
        """Return the 128 bytes."""
        body = _HEADER.pack(
            *(MAGIC, FORMAT, self.epoch, self.group_kib, self.mode, self.uuid, self.number),
            *(self.first_seq, self.capacity, self.previous_bytes, self.previous_crc),
            *(self.previous_hash, self.build, self.config, 0),
        )
        return body[:-4] + struct.pack("<I", crc32c(body[:-4], 0))

    @property
    def crc(self) -> int:
        """Return the CRC of the header, from which the chain of commits starts."""
        return int.from_bytes(self.encode()[-4:], "little")

    @staticmethod
    def decode(data: bytes | memoryview) -> SegmentHeader | None:
        """Return the header, or None where these bytes are none (or of a later format)."""
        raw = bytes(data[:HEADER_BYTES])
        if len(raw) < HEADER_BYTES or crc32c(raw[:-4], 0) != int.from_bytes(raw[-4:], "little"):
            return None
        magic, version, epoch, group_kib, mode, uuid, number, first_seq, *rest = _HEADER.unpack(raw)
        if magic != MAGIC or version != FORMAT:
            return None
        capacity, used, crc, digest, build, config, _ = rest
        return SegmentHeader(
            uuid=uuid,
            epoch=epoch,
            number=number,
            first_seq=first_seq,
            capacity=capacity,
            group_kib=group_kib,
            mode=mode,
            previous_bytes=used,
            previous_crc=crc,
            previous_hash=digest,
            build=build,
            config=config,
        )


def encode_witness(slot: int, seq: int, epoch: int, uuid: bytes) -> bytes:
    """Return a slot (0, 1 or 2) of the witness: the highest durable seq, as its writer knew it.

    The CRC knows the slot too, so that one does not pass for another.
    """
    body = struct.pack("<QI", seq, epoch)
    return body + struct.pack("<I", crc32c(body, crc32c(uuid, slot)))


def decode_witness(data: bytes, uuid: bytes) -> tuple[int | None, int]:
    """Return the highest seq of the good slots (None: no slot is good), and how many are damaged.

    A crash may damage those that are written in turn, never the first.
    """
    good = []
    for slot, offset in enumerate(WITNESS_SLOTS):
        raw = data[offset : offset + _WITNESS.size]
        if len(raw) == _WITNESS.size:
            seq, epoch, _ = _WITNESS.unpack(raw)
            if encode_witness(slot, seq, epoch, uuid) == raw:
                good.append(seq)
    return max(good, default=None), len(WITNESS_SLOTS) - len(good)
