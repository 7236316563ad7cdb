"""Records as they lie in a segment: framed, so that damage is seen and what follows is found.

A segment begins with 64 bytes: a mark, its number, a salt of its own, the digest of the last frame
of the segment before it, and a digest of these. A frame is 96 bytes, the record's head as JSON,
and the body as zstd. The 96 bytes say where the frame lies, how long its parts are, the digest of
the frame before it, the digest of the packed body, and the digest of all but the body; a CRC over
them lets a frame that was cut short be told from one that was changed. So every bit is covered,
the frames are a chain, and the heads are read without their bodies. The salt keeps bytes inside a
payload, or of another segment, from passing for a frame.

The id of a payload is the hash of its head, which holds the SHA-256 of the body.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from typing import NamedTuple

import msgspec
import pyarrow as pa

from fks.contexts.data.store.rawlog.records import BODY_BYTES, HEAD_BYTES, RawRecord
from fks.kernel.errors import Invalid
from fks.kernel.ids import content_hash

__all__ = [
    "FIXED_BYTES",
    "MARK",
    "SEGMENT_BYTES",
    "Fixed",
    "Head",
    "Packed",
    "SegmentHead",
    "authentic",
    "begun",
    "fixed",
    "framed",
    "packed",
    "segment_head",
    "unpacked",
]

MARK = b"\x89FKSRAW\n"
_SEGMENT_MARK = b"\x89FKSSEG\n"
_SEGMENT = struct.Struct("<8sQ16s16s16s")
_FIXED = struct.Struct("<8s16sQIII16s16s16s")
_CRC = struct.Struct("<I")
SEGMENT_BYTES = _SEGMENT.size
FIXED_BYTES = _FIXED.size + _CRC.size
_MOST_PACKED = BODY_BYTES + (1 << 20)
_LEVEL = 3


class SegmentHead(NamedTuple):
    """The head of a segment; `previous` is the digest of the frame before its first."""

    number: int
    salt: bytes
    previous: bytes


class Fixed(NamedTuple):
    """The fixed part of a frame. `told` is the offset at which it was written."""

    salt: bytes
    told: int
    head: int
    packed: int
    plain: int
    previous: bytes
    body_digest: bytes
    digest: bytes

    @property
    def length(self) -> int:
        """Return the bytes of the whole frame."""
        return FIXED_BYTES + self.head + self.packed


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A record without its body, as its JSON."""

    provider: str
    job: str
    number: int
    method: str
    path: str
    params: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]
    requested_at_ns: int
    received_at_ns: int
    status: int
    bytes: int
    sha256: str


class Packed(NamedTuple):
    """A record ready to be framed."""

    id: str
    told: Head
    head: bytes
    body: bytes


def begun(number: int, salt: bytes, previous: bytes) -> bytes:
    """Return the head of a segment."""
    content = _SEGMENT.pack(_SEGMENT_MARK, number, salt, previous, bytes(16))[:-16]
    return content + _digest(content)


def segment_head(content: bytes) -> SegmentHead | None:
    """Read the head of a segment; None where it is damaged."""
    if len(content) < SEGMENT_BYTES or content[-16:] != _digest(content[:-16]):
        return None
    mark, number, salt, previous, _ = _SEGMENT.unpack(content)
    return SegmentHead(number, salt, previous) if mark == _SEGMENT_MARK else None


def packed(record: RawRecord) -> Packed:
    """Return a record with its body compressed. Raises `Invalid` for a head that is too large."""
    fields = {name: getattr(record, name, None) for name in Head.__struct_fields__}
    fields["bytes"] = len(record.body)
    told = Head(**fields)  # type: ignore[arg-type]  # fields by name
    try:
        head = msgspec.json.encode(told)
    except UnicodeEncodeError:
        raise Invalid("a record has characters that are no text", code="data.bad_record") from None
    if len(head) > HEAD_BYTES:
        raise Invalid(
            f"a request of {len(head):,} bytes is too large; {HEAD_BYTES:,} are the most",
            code="data.payload_too_large",
        )
    body: bytes = pa.Codec("zstd", compression_level=_LEVEL).compress(record.body, asbytes=True)
    return Packed(_id(head), told, head, body)


def framed(one: Packed, salt: bytes, told: int, previous: bytes) -> tuple[bytes, bytes]:
    """Return the bytes of a frame at an offset, without the packed body, and its digest."""
    lengths = (len(one.head), len(one.body), one.told.bytes)
    front = _FIXED.pack(MARK, salt, told, *lengths, previous, _digest(one.body), bytes(16))[:-16]
    digest = _digest(front, one.head)
    front += digest
    return front + _CRC.pack(zlib.crc32(front)) + one.head, digest


def fixed(content: bytes) -> Fixed | None:
    """Read the fixed part of a frame; None where it is none, or damaged."""
    if len(content) < FIXED_BYTES or not content.startswith(MARK):
        return None
    if _CRC.unpack_from(content, _FIXED.size)[0] != zlib.crc32(content[: _FIXED.size]):
        return None
    found = Fixed(*_FIXED.unpack_from(content)[1:])
    fits = found.head <= HEAD_BYTES and found.packed <= _MOST_PACKED and found.plain <= BODY_BYTES
    return found if fits else None


def authentic(content: bytes, found: Fixed, head: bytes) -> tuple[str, Head] | None:
    """Return the id and head of a record whose fixed part is `content`; None where changed."""
    if _digest(content[: _FIXED.size - 16], head) != found.digest:
        return None
    try:
        told = msgspec.json.decode(head, type=Head)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return (_id(head), told) if told.bytes == found.plain else None


def unpacked(found: Fixed, told: Head, content: bytes) -> RawRecord | None:
    """Return the record of a frame with its packed body; None where that is damaged."""
    if len(content) != found.packed or _digest(content) != found.body_digest:
        return None
    try:
        codec = pa.Codec("zstd")
        body: bytes = codec.decompress(content, decompressed_size=found.plain, asbytes=True)
    except (OSError, pa.ArrowException):
        return None
    fields = {name: getattr(told, name) for name in Head.__struct_fields__ if name != "bytes"}
    try:
        return RawRecord(body=body, **fields)
    except Invalid:
        return None


def _digest(*parts: bytes) -> bytes:
    """Return 16 bytes of BLAKE2b."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part)
    return digest.digest()


def _id(head: bytes) -> str:
    """Return the id of a payload."""
    return content_hash(b"fks-payload-1", head)
