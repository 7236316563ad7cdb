"""Bring a machine to the state of its journal: newest good snapshot, then every record after it."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fks.contexts.execution.adapters.journal.files import Files
from fks.contexts.execution.adapters.journal.folder import Folder, read_manifest
from fks.contexts.execution.adapters.journal.survey import position_of, snapshots_of, survey
from fks.contexts.execution.domain.journal.failures import JournalCorrupt, JournalDiverged
from fks.contexts.execution.domain.journal.kinds import (
    CHECKPOINT_HASH,
    FIRST_OF_MACHINE,
    Kinds,
    checkpoint_of,
)
from fks.contexts.execution.domain.journal.layout import RECORD, RECORD_BYTES
from fks.contexts.execution.domain.journal.machine import Machine
from fks.contexts.execution.domain.journal.manifest import Sealed
from fks.contexts.execution.domain.journal.segment import Segment, read_segment
from fks.kernel.errors import NotFound

__all__ = ["Record", "Replay", "Replayed", "records_of", "replay_folder", "replayed"]


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it was written."""

    seq: int
    ts_ns: int
    kind: int
    version: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Replayed:
    """A machine that has caught up."""

    seq: int  # of the last record
    ts_ns: int
    state_hash: bytes
    records: int  # replayed, the journal's own included
    checkpoints: int  # hashes that were compared, and equal
    snapshot_seq: int  # 0: from the first record on
    seconds: float
    findings: tuple[str, ...]


def records_of(segment: Segment, data: bytes) -> Iterator[Record]:
    """Yield the committed records of a segment in order."""
    for at in segment.index.tolist():
        length, _, seq, ts_ns, kind, version, _ = RECORD.unpack_from(data, at)
        yield Record(seq, ts_ns, kind, version, data[at + RECORD_BYTES : at + length])


class Replay:
    """A machine on its way through a journal; it can go on when more segments are sealed."""

    def __init__(
        self, files: Files, folder: Folder, uuid: bytes, kinds: Kinds, machine: Machine
    ) -> None:
        self._files, self._folder, self._uuid, self._kinds = files, folder, uuid, kinds
        self._machine = machine
        self.seq = self.ts_ns = self.records = self.checkpoints = self.snapshot_seq = 0
        self.findings: list[str] = []
        self._compared = 0  # the record of the last hash that was equal

    def start(self, oldest_seq: int, newest_seq: int) -> None:
        """Restore the newest snapshot that verifies.

        `oldest_seq` is the last record that is not kept any more. Raises `JournalCorrupt` where
        records were dropped and no snapshot can be read.
        """
        empty = self._machine.snapshot()
        for path, found in snapshots_of(self._files, self._folder, self._uuid, self.findings):
            if not oldest_seq <= found.seq <= newest_seq:
                continue
            self._machine.restore(found.state)
            if self._is(found.state_hash):
                self.seq = self.snapshot_seq = self._compared = found.seq
                self.ts_ns = found.ts_ns
                return
            self.findings.append(f"{path.name} is left out: its state has another hash")
        if oldest_seq:
            why = f"no snapshot can be read, and the records up to {oldest_seq} are not kept"
            raise JournalCorrupt(str(self._folder.path), 0, 0, why)
        self._machine.restore(empty)

    def through(self, sealed: tuple[Sealed, ...], dropped: Sealed | None) -> None:
        """Apply the records of these segments that come after `seq`.

        Raises `JournalTooNew`, and `JournalDiverged` where a checkpoint has another hash.
        """
        after = position_of(dropped)
        with _not_collecting():
            for entry in sealed:
                if entry.last_seq > self.seq:
                    path = self._folder.segment(entry.number)
                    data = self._files.read(path)
                    segment = read_segment(path, data, self._uuid, after)
                    self._apply(segment, data)
                after = position_of(entry)

    def _apply(self, segment: Segment, data: bytes) -> None:
        """Apply the records of a segment. This loop is most of a start: it makes no objects."""
        unpack, apply, newest = RECORD.unpack_from, self._machine.apply, self._kinds.newest
        before = self.seq
        for at in segment.index.tolist():
            length, _, seq, ts_ns, kind, version, _ = unpack(data, at)
            if seq <= before:
                continue
            payload = data[at + RECORD_BYTES : at + length]
            if newest.get(kind) != version:
                version, payload = self._kinds.current(seq, kind, version, payload)
            if kind >= FIRST_OF_MACHINE:
                apply(seq, ts_ns, kind, version, payload)
            elif kind == CHECKPOINT_HASH:
                self._compare(*checkpoint_of(payload))
            self.records += 1
        found = segment.found
        self.seq, self.ts_ns = max(before, found.seq), max(self.ts_ns, found.ts_ns)

    def _is(self, state_hash: bytes) -> bool:
        """Tell whether the machine has this hash, or had it by the way it was computed before."""
        if self._machine.state_hash() == state_hash:
            return True
        earlier = getattr(self._machine, "earlier_hash", None)
        return earlier is not None and earlier() == state_hash

    def _compare(self, seq: int, state_hash: bytes) -> None:
        if seq <= self.snapshot_seq:
            return
        if not self._is(state_hash):
            raise JournalDiverged(self._compared, seq)
        self.checkpoints += 1
        self._compared = seq


@contextlib.contextmanager
def _not_collecting() -> Iterator[None]:
    """Keep the collector of rings away: a machine that grows makes it look at all of it again."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def replayed(replay: Replay, machine: Machine, began_s: float) -> Replayed:
    """Return what a replay did, which began at `began_s` of `time.perf_counter`."""
    return Replayed(
        seq=replay.seq,
        ts_ns=replay.ts_ns,
        state_hash=machine.state_hash(),
        records=replay.records,
        checkpoints=replay.checkpoints,
        snapshot_seq=replay.snapshot_seq,
        seconds=time.perf_counter() - began_s,
        findings=tuple(replay.findings),
    )


def replay_folder(
    files: Files,
    path: Path,
    kinds: Kinds,
    machine: Machine,
    *,
    from_snapshot: bool = True,
) -> Replayed:
    """Replay a journal without taking it over: all of it, or what is sealed while it is written.

    Raises `NotFound` where there is none, `JournalCorrupt`, `JournalTooNew`, `JournalDiverged`.
    """
    began_s, folder = time.perf_counter(), Folder(path)
    manifest = read_manifest(files, folder, [])
    if manifest is None:
        raise NotFound(f"there is no journal in {path}", code="execution.journal_not_found")
    held = files.lock(folder.lock)
    try:
        sealed, dropped = manifest.sealed, manifest.dropped
        if held is not None:
            sealed = survey(files, folder).sealed
        replay = Replay(files, folder, bytes.fromhex(manifest.uuid), kinds, machine)
        if from_snapshot:
            oldest = dropped.last_seq if dropped else 0
            replay.start(oldest, sealed[-1].last_seq if sealed else oldest)
        elif dropped:
            raise JournalCorrupt(str(path), 0, 0, "its first records are not kept any more")
        replay.through(sealed, dropped)
    finally:
        if held is not None:
            files.close(held)
    return replayed(replay, machine, began_s)
