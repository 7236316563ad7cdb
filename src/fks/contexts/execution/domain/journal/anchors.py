"""Anchors: signed sentences "the journal was this, up to here, then", each naming the one before.

CRC and digests inside a journal find accidents; whoever can write the folder can make them fit.
An anchor outside of it cannot be made to fit without the key, and one that lives elsewhere is not
taken back by putting an old copy of the folder in place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from fks.contexts.execution.domain.journal.failures import JournalAnchors

__all__ = ["NO_ANCHOR", "Anchor", "Signed", "decode_lines", "encode_line", "joined", "last_seq"]

NO_ANCHOR = "0" * 64


class Anchor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is signed: the first `used` bytes of segment `segment` end with record `seq`.

    `digest` is the segment's up to there, whose header carries the digest of the segment before:
    so it is the whole journal's. `ts_ns` is the wall's time of signing, `previous` the hash of the
    line before.
    """

    number: int
    journal: str  # uuid, hex
    segment: int
    used: int
    seq: int
    ts_ns: int
    digest: str
    previous: str

    def signed_bytes(self) -> bytes:
        """Return what the signature is about."""
        return b"FKS journal anchor 1\n" + msgspec.json.encode(self, order="deterministic")


class Signed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An anchor with its Ed25519 signature and the public key that it is to be checked with."""

    anchor: Anchor
    key: str
    signature: str

    @property
    def hash(self) -> str:
        """Return what the next anchor names this one by."""
        return hashlib.blake2b(encode_line(self), digest_size=32).hexdigest()


def encode_line(signed: Signed) -> bytes:
    """Return one line of the file."""
    return msgspec.json.encode(signed, order="deterministic") + b"\n"


def decode_lines(data: bytes, name: str) -> list[Signed]:
    """Return the anchors of a file, a last line that was being written left out.

    Raises `JournalAnchors` where a line is damaged or does not name the one before it. Signatures
    are not looked at.
    """
    found: list[Signed] = []
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            one = msgspec.json.decode(line, type=Signed)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise JournalAnchors(f"line {number} of {name} is damaged: {error}") from error
        before = (found[-1].hash, found[-1].anchor.seq) if found else (NO_ANCHOR, 0)
        if encode_line(one) != line + b"\n" or one.anchor.number != number:
            raise JournalAnchors(f"line {number} of {name} is not as it was written")
        if one.anchor.previous != before[0] or one.anchor.seq < before[1]:
            raise JournalAnchors(f"line {number} of {name} does not follow the line before it")
        found.append(one)
    return found


def joined(one: Sequence[Signed], other: Sequence[Signed]) -> Sequence[Signed]:
    """Return the longer of two copies. Raises `JournalAnchors` where neither begins the other."""
    short, long = sorted((one, other), key=len)
    if list(long[: len(short)]) != list(short):
        raise JournalAnchors("the anchors here and elsewhere are not of the same history")
    return long


def last_seq(anchors: Iterable[Signed]) -> int:
    """Return the last record that an anchor knows; 0 where there is none."""
    return max((one.anchor.seq for one in anchors), default=0)
