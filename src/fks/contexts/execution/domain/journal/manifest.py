"""The manifest: whose journal this is, which files belong to it, how far it had come.

It is written as two files of equal content, each as `FKSM1 <crc32c> <bytes>` and a line of JSON, so
that a person can read it. Each is replaced whole (temporary name, sync, rename), so a damaged one
is never the trace of a crash.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fks.contexts.execution.domain.journal._frames import crc32c

__all__ = ["Manifest", "Sealed", "SnapshotEntry", "decode_manifest", "encode_manifest"]

_MAGIC = b"FKSM1"


class Sealed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A segment that will not change any more."""

    number: int
    first_seq: int
    last_seq: int
    last_ts_ns: int
    used: int  # bytes
    crc: int  # of its last commit
    digest: str  # BLAKE2b of the used bytes, hex


class SnapshotEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A snapshot that was loaded once and gave the hash it names."""

    seq: int  # of the last record in it
    state_hash: str  # hex
    digest: str  # BLAKE2b of the file, hex


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One generation of the manifest."""

    generation: int
    uuid: str  # of the journal, hex
    epoch: int  # of the newest writer
    config: str  # hash of the configuration it runs with
    witness: int  # highest seq that was durable when this was written
    dropped: Sealed | None = None  # the last segment that was deleted, its records in a snapshot
    sealed: tuple[Sealed, ...] = ()
    snapshots: tuple[SnapshotEntry, ...] = ()  # oldest first


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the bytes of one file."""
    body = msgspec.json.encode(manifest, order="deterministic")
    return b"%s %08x %d\n%s\n" % (_MAGIC, crc32c(body), len(body), body)


def decode_manifest(data: bytes) -> Manifest | None:
    """Return the manifest, or None unless the bytes are exactly those of one."""
    _, _, body = data.partition(b"\n")
    try:
        found: Any = msgspec.json.decode(body, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    assert isinstance(found, Manifest)
    return found if encode_manifest(found) == data else None
