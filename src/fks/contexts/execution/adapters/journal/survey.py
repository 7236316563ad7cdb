"""Read a journal without changing it: what is whole, what is torn, what is corrupt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fks.contexts.execution.adapters.journal.files import Files
from fks.contexts.execution.adapters.journal.folder import Folder, read_manifest, read_witness
from fks.contexts.execution.domain.journal._frames import last_nonzero
from fks.contexts.execution.domain.journal.failures import JournalCorrupt
from fks.contexts.execution.domain.journal.layout import SegmentHeader
from fks.contexts.execution.domain.journal.manifest import Manifest, Sealed
from fks.contexts.execution.domain.journal.segment import (
    Position,
    Segment,
    Tail,
    check_sealed,
    judge_tail,
    read_segment,
)
from fks.contexts.execution.domain.journal.snapshot import Snapshot, decode_snapshot

__all__ = ["Last", "Survey", "position_of", "sealed_of", "snapshots_of", "survey"]


@dataclass(frozen=True, slots=True)
class Last:
    """The last segment: where it is whole, and what is behind that."""

    path: Path
    number: int
    tail: Tail
    end: int  # bytes that are whole
    torn: bytes  # what is behind them, without the zeros


@dataclass(frozen=True, slots=True)
class Survey:
    """A journal as it was found; nothing of it was changed."""

    manifest: Manifest | None  # None: there is no journal yet
    witness: int  # highest seq known to be durable
    position: Position  # where the next segment begins
    sealed: tuple[Sealed, ...]  # every segment, the last one as if it were sealed
    last: Last | None
    records: int
    groups: int
    bytes: int
    findings: tuple[str, ...]  # damage that took nothing away


def position_of(sealed: Sealed | None) -> Position:
    """Return where the segment after a sealed one begins."""
    if sealed is None:
        return Position()
    digest = bytes.fromhex(sealed.digest)
    return Position(sealed.last_seq, sealed.last_ts_ns, sealed.crc, sealed.used, digest)


def sealed_of(segment: Segment) -> Sealed:
    """Return the entry of a segment in the manifest."""
    found, header = segment.found, segment.header
    return Sealed(
        number=header.number,
        first_seq=header.first_seq,
        last_seq=found.seq,
        last_ts_ns=found.ts_ns,
        used=found.end,
        crc=found.crc,
        digest=segment.digest.hex(),
    )


def survey(files: Files, folder: Folder, known_durable: int = 0) -> Survey:
    """Read the whole journal and judge it.

    `known_durable` is the highest seq that something outside knows to be durable (outbox cursor,
    audit anchor). Raises `JournalCorrupt` naming file, offset and seq.
    """
    findings: list[str] = []
    manifest = read_manifest(files, folder, findings)
    if manifest is None:
        if known_durable:
            why = f"record {known_durable} had been durable, but there is no journal here"
            raise JournalCorrupt(str(folder.path), 0, 0, why)
        return Survey(None, 0, Position(), (), None, 0, 0, 0, ())
    uuid = bytes.fromhex(manifest.uuid)
    said = 0 if manifest.epoch == 0 else read_witness(files, folder, uuid, findings)
    snapshots = [one.seq for _, one in snapshots_of(files, folder, uuid, findings)]
    _miss_snapshots(manifest, snapshots, findings)
    witness = max(said, manifest.witness, known_durable, *snapshots, 0)
    return _read(files, folder, manifest, witness, findings)


def snapshots_of(
    files: Files, folder: Folder, uuid: bytes, findings: list[str]
) -> Iterator[tuple[Path, Snapshot]]:
    """Yield the whole snapshots of this journal, newest first; note the others."""
    for seq in reversed(folder.snapshots(files)):
        path = folder.snapshot(seq)
        found = decode_snapshot(files.read(path))
        if isinstance(found, str):
            findings.append(f"{path.name} is left out: {found}")
        elif found.uuid != uuid or found.seq != seq:
            findings.append(f"{path.name} is left out: it is not the one its name says")
        else:
            yield path, found


def _miss_snapshots(manifest: Manifest, present: list[int], findings: list[str]) -> None:
    findings.extend(
        f"the snapshot of record {entry.seq} is missing or damaged"
        for entry in manifest.snapshots
        if entry.seq not in present
    )


def _read(
    files: Files, folder: Folder, manifest: Manifest, witness: int, findings: list[str]
) -> Survey:
    """Read the segments in order; only the last one may end in a torn group."""
    uuid = bytes.fromhex(manifest.uuid)
    numbers = _expected(files, folder, manifest)
    entries = {entry.number: entry for entry in manifest.sealed}
    after, sealed, last = position_of(manifest.dropped), [], None
    records = groups = size = 0
    following = files.read(folder.segment(numbers[0])) if numbers else b""
    for number in numbers:
        path, data = folder.segment(number), following
        segment = read_segment(path, data, uuid, after)
        if segment.header.number != number or segment.header.epoch > manifest.epoch:
            raise JournalCorrupt(str(path), 0, after.seq, "its header is of another segment")
        if number in entries:
            check_sealed(segment, data, position_of(entries[number]))
        if number == numbers[-1]:
            last = _last(path, number, segment, data, witness)
        else:
            successor = folder.segment(number + 1)
            following = files.read(successor)
            check_sealed(segment, data, _as_successor_says(successor, following, segment))
        after = segment.position
        sealed.append(sealed_of(segment))
        records, groups = records + segment.found.records, groups + segment.found.groups
        size += segment.found.end
    if after.seq < witness:
        why = f"record {witness} had been durable, the last one found is {after.seq}"
        raise JournalCorrupt(str(folder.path), 0, after.seq, why)
    return Survey(
        manifest, witness, after, tuple(sealed), last, records, groups, size, tuple(findings)
    )


def _expected(files: Files, folder: Folder, manifest: Manifest) -> list[int]:
    """Return the numbers of the segments, which must be all that the manifest counts on."""
    dropped = manifest.dropped
    first = dropped.number + 1 if dropped else 1
    numbers = [number for number in folder.segments(files) if number >= first]
    # A sealed segment always has a successor: the manifest names it only once that one is there.
    needed = max((entry.number + 1 for entry in manifest.sealed), default=0)
    missing = set(range(first, max([needed, *numbers]) + 1)) - set(numbers)
    if missing:
        path, seq = folder.segment(min(missing)), dropped.last_seq if dropped else 0
        raise JournalCorrupt(str(path), 0, seq, "it is missing")
    return numbers


def _as_successor_says(path: Path, data: bytes, segment: Segment) -> Position:
    """Return how a segment ended, by the header of the next one."""
    header = SegmentHeader.decode(data)
    if header is None:
        seq = segment.found.seq
        raise JournalCorrupt(str(path), 0, seq, "its header is damaged or of a later format")
    said = (header.previous_crc, header.previous_bytes, header.previous_hash)
    return Position(header.first_seq - 1, 0, *said)


def _last(path: Path, number: int, segment: Segment, data: bytes, witness: int) -> Last:
    tail = judge_tail(segment, data, witness)
    end = segment.found.end
    return Last(path, number, tail, end, data[end : last_nonzero(data, end) + 1])
