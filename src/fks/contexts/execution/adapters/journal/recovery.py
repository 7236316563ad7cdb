"""Take a journal over: lock, epoch, survey, repair of a torn tail, and a new segment.

Every step may be cut short and done again: what is written before the end is either a new file
under a temporary name, or says the same as what it replaces. Each start goes on in a new segment,
so one segment has one writer, and a failed disk is never asked for a page it may have lied about.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import msgspec

from fks.contexts.execution.adapters.journal.files import Files, replace_file
from fks.contexts.execution.adapters.journal.folder import (
    Folder,
    WitnessFile,
    read_manifest,
    write_manifest,
)
from fks.contexts.execution.adapters.journal.survey import Last, Survey, survey
from fks.contexts.execution.domain.journal.failures import JournalLocked
from fks.contexts.execution.domain.journal.manifest import Manifest
from fks.contexts.execution.domain.journal.segment import Tail

__all__ = ["Recovery", "TakenOver", "lock", "take_over"]


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a start found."""

    created: bool  # there was no journal
    seq: int  # of the last record
    ts_ns: int
    epoch: int  # of this writer
    records: int  # read and verified
    groups: int
    segments: int
    bytes: int
    quarantined: int  # bytes of a torn group that were cut off
    findings: tuple[str, ...]  # damage that took nothing away
    seconds: float


@dataclass(frozen=True, slots=True)
class TakenOver:
    """A journal that is ours now, and what it holds."""

    found: Survey
    manifest: Manifest
    witness: WitnessFile
    created: bool


def lock(files: Files, folder: Folder) -> int:
    """Make the folder and take its lock. Raises `JournalLocked`."""
    files.make_folder(folder.path)
    held = files.lock(folder.lock)
    if held is None:
        raise JournalLocked(f"another process writes the journal in {folder.path}")
    return held


def take_over(files: Files, folder: Folder, config: bytes, known_durable: int) -> TakenOver:
    """Return the journal, repaired, with this writer's epoch in its manifest.

    Raises `JournalCorrupt` with no record changed, and OSError.
    """
    findings: list[str] = []
    manifest = read_manifest(files, folder, findings)
    created = manifest is None
    if manifest is None:
        survey(files, folder, known_durable)  # refuses what should have been there
        manifest = Manifest(
            generation=1, uuid=os.urandom(16).hex(), epoch=0, config=config.hex(), witness=0
        )
        write_manifest(files, folder, manifest)
    uuid = bytes.fromhex(manifest.uuid)
    if manifest.epoch == 0:
        WitnessFile.open(files, folder, uuid, 0, 0).close()
    manifest = _next(manifest, epoch=manifest.epoch + 1, config=config.hex())
    write_manifest(files, folder, manifest)
    _reread(files, folder)
    found = survey(files, folder, known_durable)
    found = replace(found, findings=(*findings, *found.findings))
    if found.last is not None:
        _repair(files, folder, found.last, manifest.epoch)
    for path in folder.temporary(files):
        files.remove(path)
    witness = WitnessFile.open(files, folder, uuid, manifest.epoch, found.position.seq)
    return TakenOver(found, manifest, witness, created)


def _next(manifest: Manifest, **changes: object) -> Manifest:
    return msgspec.structs.replace(manifest, generation=manifest.generation + 1, **changes)


def _reread(files: Files, folder: Folder) -> None:
    """Have the last segment read from the disk: after a failed sync, memory may hold more."""
    for number in folder.segments(files)[-1:]:
        handle = files.open(folder.segment(number))
        try:
            files.forget(handle)
        finally:
            files.close(handle)


def _repair(files: Files, folder: Folder, last: Last, epoch: int) -> None:
    """Keep what a torn group left, cut the segment behind its last commit, make that durable.

    Also when nothing is torn: a killed writer may have left whole groups in memory only, which
    will be replayed and so must not be lost afterwards.
    """
    if last.tail is Tail.TORN:
        files.make_folder(folder.quarantine)
        name = f"{last.path.stem}-{last.end}-epoch-{epoch}.bin"
        replace_file(files, folder.quarantine / name, last.torn)
    handle = files.open(last.path)
    try:
        files.sync(handle)
        files.truncate(handle, last.end)
        files.sync(handle)
    finally:
        files.close(handle)
