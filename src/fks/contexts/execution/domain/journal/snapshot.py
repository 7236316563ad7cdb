"""The bytes of a snapshot: header, state in blocks with a CRC each, BLAKE2b of it all."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from fks.contexts.execution.domain.journal._frames import crc32c

__all__ = ["Snapshot", "decode_snapshot", "encode_snapshot"]

_MAGIC = b"FKSS1\0"
_FORMAT = 1
_HEADER = struct.Struct("<6sHI16sQQQ32sI")  # .., blocks, uuid, seq, ts_ns, bytes, state hash, crc
BLOCK_BYTES = 65_536
_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a machine after the record `seq`."""

    uuid: bytes  # of the journal
    seq: int
    ts_ns: int  # of that record
    state_hash: bytes
    state: bytes


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """Return the bytes of the file."""
    state = snapshot.state
    blocks = [state[at : at + BLOCK_BYTES] for at in range(0, len(state), BLOCK_BYTES)]
    head = _HEADER.pack(
        *(_MAGIC, _FORMAT, len(blocks), snapshot.uuid, snapshot.seq, snapshot.ts_ns),
        *(len(state), snapshot.state_hash, 0),
    )[:-4]
    head += struct.pack("<I", crc32c(head))
    body = b"".join(struct.pack("<I", crc32c(block)) + block for block in blocks)
    return head + body + hashlib.blake2b(head + body, digest_size=_DIGEST_BYTES).digest()


def decode_snapshot(data: bytes) -> Snapshot | str:
    """Return the snapshot, or in words what is wrong with the bytes."""
    if len(data) < _HEADER.size + _DIGEST_BYTES:
        return "it is cut off"
    magic, version, count, uuid, seq, ts_ns, size, state_hash, crc = _HEADER.unpack_from(data)
    if magic != _MAGIC or version != _FORMAT:
        return "it is no snapshot, or one of a later format"
    if crc32c(data[: _HEADER.size - 4]) != crc:
        return "its header is damaged"
    if len(data) != _HEADER.size + size + 4 * count + _DIGEST_BYTES:
        return "its length differs from what its header says"
    blocks, at = [], _HEADER.size
    for number in range(count):
        block = data[at + 4 : at + 4 + min(BLOCK_BYTES, size - number * BLOCK_BYTES)]
        if struct.unpack_from("<I", data, at)[0] != crc32c(block):
            return f"its block {number}, at byte {at}, is damaged"
        blocks.append(block)
        at += 4 + len(block)
    if hashlib.blake2b(data[:at], digest_size=_DIGEST_BYTES).digest() != data[at:]:
        return "its digest differs"
    return Snapshot(uuid, seq, ts_ns, state_hash, b"".join(blocks))
