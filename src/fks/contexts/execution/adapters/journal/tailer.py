"""Make snapshots beside the engine, by replaying the segments that it has sealed.

The engine neither pauses nor forks. And because the state comes from the records alone, every
snapshot is a proof that replaying them works: the hashes that the engine noted on its way must be
those of the replay. A snapshot gets its name only after it was read back into a new machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fks.contexts.execution.adapters.journal.files import Files, write_whole
from fks.contexts.execution.adapters.journal.folder import Folder, read_manifest
from fks.contexts.execution.adapters.journal.replay import Replay
from fks.contexts.execution.domain.journal.failures import JournalFailed, JournalLocked
from fks.contexts.execution.domain.journal.kinds import KINDS, Kinds
from fks.contexts.execution.domain.journal.machine import Machine
from fks.contexts.execution.domain.journal.snapshot import (
    Snapshot,
    decode_snapshot,
    encode_snapshot,
)

__all__ = ["MadeSnapshot", "Tailer"]


@dataclass(frozen=True, slots=True)
class MadeSnapshot:
    """A snapshot that is in place."""

    path: Path
    seq: int
    records: int  # replayed since the one before
    checkpoints: int  # hashes that were compared so far
    size: int  # bytes
    state_hash: bytes


class Tailer:
    """Follows a journal; belongs into a process of its own. `make` returns a new, empty machine."""

    def __init__(
        self, files: Files, path: Path, make: Callable[[], Machine], kinds: Kinds = KINDS
    ) -> None:
        self._files, self._folder, self._make, self._kinds = files, Folder(path), make, kinds
        self._machine = make()
        self._replay: Replay | None = None
        held = files.lock(path / "TAILER")
        if held is None:
            raise JournalLocked(f"another process makes the snapshots of {path}")
        self._lock = held

    def close(self) -> None:
        """Let another tailer follow."""
        self._files.close(self._lock)

    def step(self) -> MadeSnapshot | None:
        """Catch up with what was sealed since, and make a snapshot of it; None if nothing was.

        Raises `JournalDiverged`, `JournalTooNew`, `JournalCorrupt`, OSError.
        """
        manifest = read_manifest(self._files, self._folder, [])
        if manifest is None or not manifest.sealed:
            return None
        newest, dropped = manifest.sealed[-1].last_seq, manifest.dropped
        uuid = bytes.fromhex(manifest.uuid)
        if self._replay is None:
            self._clear_away()
            replay = Replay(self._files, self._folder, uuid, self._kinds, self._machine)
            replay.start(dropped.last_seq if dropped else 0, newest)
            self._replay = replay
        replay = self._replay
        if newest <= replay.seq:
            return None
        before = replay.records
        replay.through(manifest.sealed, dropped)
        state_hash = self._machine.state_hash()
        snapshot = Snapshot(uuid, replay.seq, replay.ts_ns, state_hash, self._machine.snapshot())
        path = self._folder.snapshot(replay.seq)
        size = self._put(path, snapshot)
        done = replay.records - before
        return MadeSnapshot(path, replay.seq, done, replay.checkpoints, size, state_hash)

    def _put(self, path: Path, snapshot: Snapshot) -> int:
        """Write a snapshot, load it back, compare, and only then give it its name."""
        files, making = self._files, path.with_suffix(".making")
        data = encode_snapshot(snapshot)
        handle = files.create(making)
        try:
            write_whole(files, handle, data, 0)
            files.sync(handle)
            files.forget(handle)
        finally:
            files.close(handle)
        found, fresh = decode_snapshot(files.read(making)), self._make()
        if isinstance(found, str):
            raise JournalFailed(f"{making} was not written as it should be: {found}")
        fresh.restore(found.state)
        if fresh.state_hash() != snapshot.state_hash:
            raise JournalFailed(f"the state in {making} has another hash once it is loaded")
        files.rename(making, path)
        files.sync_folder(path.parent)
        return len(data)

    def _clear_away(self) -> None:
        """Remove what a tailer that died was making."""
        folder = self._folder.path
        for name in self._files.names(folder):
            if name.endswith(".making"):
                self._files.remove(folder / name)
