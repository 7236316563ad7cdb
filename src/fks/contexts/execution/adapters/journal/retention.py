"""Which snapshots the manifest knows, and which files nobody needs any more.

Two snapshots are kept, and every record since the older one: if the newest cannot be read, the one
before and the records after it still give the whole state.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from fks.contexts.execution.adapters.journal.files import Files
from fks.contexts.execution.adapters.journal.folder import Folder
from fks.contexts.execution.domain.journal.manifest import Manifest, Sealed, SnapshotEntry
from fks.contexts.execution.domain.journal.snapshot import Snapshot, decode_snapshot

__all__ = ["KEPT_SNAPSHOTS", "adopt_snapshots", "drop_old", "with_sealed"]

KEPT_SNAPSHOTS = 2


def with_sealed(manifest: Manifest, sealed: Sequence[Sealed], durable_seq: int) -> Manifest:
    """Return the next manifest, with the segments that were sealed since."""
    known = {entry.number for entry in manifest.sealed}
    fresh = [entry for entry in sealed if entry.number not in known]
    if not fresh:
        return manifest
    return msgspec.structs.replace(
        manifest,
        generation=manifest.generation + 1,
        sealed=(*manifest.sealed, *fresh),
        witness=max(manifest.witness, durable_seq),
    )


def adopt_snapshots(files: Files, folder: Folder, manifest: Manifest, durable_seq: int) -> Manifest:
    """Return the manifest with the snapshots that a tailer has put in place since.

    A tailer gives a snapshot its final name only after it loaded it and compared the hash.
    """
    known = {entry.seq for entry in manifest.snapshots}
    newest = max(known, default=0)
    fresh = []
    for seq in folder.snapshots(files):
        if seq in known or not newest < seq <= durable_seq:
            continue
        data = files.read(folder.snapshot(seq))
        found = decode_snapshot(data)
        if isinstance(found, Snapshot) and found.uuid.hex() == manifest.uuid and found.seq == seq:
            digest = hashlib.blake2b(data, digest_size=32).hexdigest()
            fresh.append(SnapshotEntry(seq=seq, state_hash=found.state_hash.hex(), digest=digest))
    if not fresh:
        return manifest
    return msgspec.structs.replace(
        manifest,
        generation=manifest.generation + 1,
        snapshots=(*manifest.snapshots, *fresh),
    )


def drop_old(
    manifest: Manifest, keep_after: int | None = None
) -> tuple[Manifest, Callable[[Files, Folder], list[Path]]]:
    """Return the manifest without what is not needed, and what finds the files it leaves over.

    Records after `keep_after`, and a snapshot to replay them from, are always needed. The files may
    go only after the manifest that does not count on them is durable.
    """
    before = [one for one in manifest.snapshots if keep_after is None or one.seq <= keep_after]
    if len(before) >= KEPT_SNAPSHOTS:
        kept = manifest.snapshots[len(before) - KEPT_SNAPSHOTS :]
        old = [entry for entry in manifest.sealed if entry.last_seq <= kept[0].seq]
        if old or len(kept) < len(manifest.snapshots):
            manifest = msgspec.structs.replace(
                manifest,
                generation=manifest.generation + 1,
                snapshots=kept,
                dropped=old[-1] if old else manifest.dropped,
                sealed=manifest.sealed[len(old) :],
            )
    after = manifest

    def leftover(files: Files, folder: Folder) -> list[Path]:
        last = after.dropped.number if after.dropped else 0
        segments = [folder.segment(n) for n in folder.segments(files) if n <= last]
        if len(after.snapshots) < KEPT_SNAPSHOTS:
            return segments
        oldest = after.snapshots[0].seq
        return segments + [folder.snapshot(s) for s in folder.snapshots(files) if s < oldest]

    return after, leftover
