"""Tools for people in front of a damaged journal: look closely, and save what is whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from fks.contexts.execution.adapters.journal.files import Files, replace_file
from fks.contexts.execution.adapters.journal.folder import (
    Folder,
    WitnessFile,
    read_manifest,
    read_witness,
    write_manifest,
)
from fks.contexts.execution.adapters.journal.mirror import mirror_of
from fks.contexts.execution.adapters.journal.recovery import lock
from fks.contexts.execution.adapters.journal.replay import Record, records_of
from fks.contexts.execution.adapters.journal.survey import (
    Survey,
    position_of,
    sealed_of,
    snapshots_of,
    survey,
)
from fks.contexts.execution.domain.journal._frames import Digest
from fks.contexts.execution.domain.journal.failures import JournalCorrupt, MirrorRefused
from fks.contexts.execution.domain.journal.layout import (
    COMMIT_BODY,
    COMMIT_KIND,
    HEADER_BYTES,
    RECORD,
    RECORD_BYTES,
    SegmentHeader,
    padded,
)
from fks.contexts.execution.domain.journal.manifest import Manifest, Sealed
from fks.contexts.execution.domain.journal.segment import Position, Segment, read_segment
from fks.kernel.errors import Conflict, NotFound

__all__ = ["Salvaged", "read_records", "salvage", "verify"]


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What was saved, and why not more."""

    seq: int  # of the last record saved
    segments: int
    snapshots: int
    records: int
    from_mirror: int  # segments that the mirror had better
    witness: int  # highest seq that had been durable; what lies between is lost
    why: str


def verify(files: Files, path: Path) -> Survey:
    """Read a journal that nobody writes to its last byte, and check every digest; change nothing.

    Raises `NotFound` where there is none, `JournalLocked` while it is written, `JournalCorrupt`.
    """
    folder = Folder(path)
    _manifest(files, folder)
    held = lock(files, folder)
    try:
        found = survey(files, folder)
        for entry in found.sealed:
            place = folder.segment(entry.number)
            _check_digests(place, files.read(place), entry)
    finally:
        files.close(held)
    return found


def _manifest(files: Files, folder: Folder) -> Manifest:
    manifest = read_manifest(files, folder, [])
    if manifest is None:
        raise NotFound(f"there is no journal in {folder.path}", code="execution.journal_not_found")
    return manifest


def _check_digests(path: Path, data: bytes, entry: Sealed) -> None:
    """Compare the digest that each commit carries, not only the last one's."""
    digest, at, began = Digest(data[:HEADER_BYTES]), HEADER_BYTES, HEADER_BYTES
    while at < entry.used:
        length, _, seq, _, kind, _, _ = RECORD.unpack_from(data, at)
        if kind == COMMIT_KIND:
            if COMMIT_BODY.unpack_from(data, at + RECORD_BYTES)[6] != digest.digest()[:16]:
                raise JournalCorrupt(str(path), at, seq, "the digest before this commit differs")
            digest.update(data[began : at + padded(length)])
            began = at + padded(length)
        at += padded(length)


def read_records(files: Files, path: Path, first_seq: int = 1) -> Iterator[Record]:
    """Yield the whole records from `first_seq` on; of a journal being written, those seen so far.

    Raises `NotFound`, and `JournalCorrupt` where a segment does not follow the one before.
    """
    folder = Folder(path)
    manifest = _manifest(files, folder)
    after, uuid = position_of(manifest.dropped), bytes.fromhex(manifest.uuid)
    ends = {entry.number: entry.last_seq for entry in manifest.sealed}
    for number in folder.segments(files):
        if manifest.dropped is not None and number <= manifest.dropped.number:
            continue
        if ends.get(number, first_seq) < first_seq:
            after = position_of(next(one for one in manifest.sealed if one.number == number))
            continue
        place = folder.segment(number)
        data = files.read(place)
        segment = read_segment(place, data, uuid, after)
        for record in records_of(segment, data):
            if record.seq >= first_seq:
                yield record
        after = segment.position


def salvage(files: Files, source: Path, target: Path, mirror: Path | None = None) -> Salvaged:
    """Copy the whole records before the first damage to a new folder, which then opens as usual.

    The source is not changed. Whatever comes after the damage is not taken along, for its effects
    would rest on records that are gone; the report says how far the journal had come. Where a
    segment is damaged or missing here and a `mirror` has it whole, the mirror's is taken. Raises
    `Conflict` where the target is not empty, `MirrorRefused` for the mirror of another journal,
    `NotFound`, and `JournalCorrupt` where nothing can be read at all.
    """
    if files.names(target):
        raise Conflict(f"{target} is not empty", code="execution.journal_target")
    saved, folders = Folder(target), [Folder(source)]
    if mirror is not None:
        folders.append(Folder(mirror))
    folder, manifest = _best_manifest(files, folders)
    uuid = bytes.fromhex(manifest.uuid)
    if mirror is not None and mirror_of(files, mirror) != uuid:
        raise MirrorRefused(f"{mirror} is not the mirror of this journal")
    kept, why = _whole(files, folders, manifest)
    seq = kept[-1].found.seq if kept else position_of(manifest.dropped).seq
    files.make_folder(target)
    names: set[str] = set()
    for where in folders:
        for path, snapshot in snapshots_of(files, where, uuid, []):
            if snapshot.seq <= seq and path.name not in names:
                replace_file(files, target / path.name, files.read(path))
                names.add(path.name)
    for segment in kept:
        data = files.read(Path(segment.path))[: segment.found.end]
        replace_file(files, saved.segment(segment.header.number), data)
    WitnessFile.open(files, saved, uuid, manifest.epoch, seq).close()
    entries = tuple(sealed_of(segment) for segment in kept[:-1])
    changes = {"sealed": entries, "snapshots": (), "witness": seq}
    write_manifest(files, saved, msgspec.structs.replace(manifest, **changes))
    return Salvaged(
        seq=seq,
        segments=len(kept),
        snapshots=len(names),
        from_mirror=sum(Path(segment.path).parent == mirror for segment in kept),
        records=sum(segment.found.records for segment in kept),
        witness=max(_witness(files, folder, uuid), manifest.witness, seq),
        why=why,
    )


def _witness(files: Files, folder: Folder, uuid: bytes) -> int:
    try:
        return read_witness(files, folder, uuid, [])
    except JournalCorrupt:
        return 0


def _best_manifest(files: Files, folders: list[Folder]) -> tuple[Folder, Manifest]:
    """Return the journal's own manifest, or the mirror's where the journal has none any more."""
    for folder in folders[:-1]:
        try:
            return folder, _manifest(files, folder)
        except (JournalCorrupt, NotFound):
            continue
    return folders[-1], _manifest(files, folders[-1])


def _whole(files: Files, folders: list[Folder], manifest: Manifest) -> tuple[list[Segment], str]:
    """Return the segments up to the first damage, the last one perhaps in part, and what it is.

    Of each segment the first folder's copy is taken, or the one that holds more.
    """
    after = position_of(manifest.dropped)
    kept: list[Segment] = []
    uuid = bytes.fromhex(manifest.uuid)
    number = manifest.dropped.number if manifest.dropped else 0
    numbers = {one for folder in folders for one in folder.segments(files)}
    while True:
        number += 1
        if number not in numbers:
            later = [one for one in numbers if one > number]
            why = "nothing is damaged"
            return kept, f"segment {number} is missing" if later else why
        found = [_read(files, folder, number, uuid, after) for folder in folders]
        read = [one for one in found if not isinstance(one, str)]
        if not read:
            return kept, next(str(one) for one in found if one)
        segment, rest = max(read, key=lambda one: (one[0].found.seq, not one[1]))
        kept.append(segment)
        if rest:
            name = Path(segment.path).name
            return kept, f"{name} is damaged at byte {segment.found.bad}"
        if number + 1 in numbers and not any(
            _goes_on(files, folder, number + 1, segment.position) for folder in folders
        ):
            return kept, f"segment {number + 1} does not follow"
        after = segment.position


def _read(
    files: Files, folder: Folder, number: int, uuid: bytes, after: Position
) -> tuple[Segment, bool] | str:
    """Return what is whole of a folder's segment and whether there is more, or why nothing is."""
    path = folder.segment(number)
    if path.name not in files.names(folder.path):
        return ""
    data = files.read(path)
    try:
        segment = read_segment(path, data, uuid, after)
    except JournalCorrupt as error:
        return error.why
    return segment, segment.found.bad != segment.found.end or any(data[segment.found.end :])


def _goes_on(files: Files, folder: Folder, number: int, position: Position) -> bool:
    path = folder.segment(number)
    if path.name not in files.names(folder.path):
        return False
    header = SegmentHeader.decode(files.read(path))
    return header is not None and header.previous_hash == position.digest
