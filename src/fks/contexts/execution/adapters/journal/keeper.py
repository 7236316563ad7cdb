"""Keep segments ready ahead, seal those behind, and hold the manifest and the reserve.

What takes long (filling a new segment with zeros) or can wait (cutting an old one, the manifest,
old files) is done by `step`, in a thread beside the log thread or, without threads, in line.
A full disk is a state, `low`: the journal then takes urgent records only, the reserve makes room
for them, and `step` tries again until there is space.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from fks.contexts.execution.adapters.journal.anchoring import Anchors
from fks.contexts.execution.adapters.journal.files import (
    Files,
    is_no_space,
    write_whole,
)
from fks.contexts.execution.adapters.journal.folder import Folder, read_manifest, write_manifest
from fks.contexts.execution.adapters.journal.mirror import Mirror
from fks.contexts.execution.adapters.journal.retention import adopt_snapshots, drop_old, with_sealed
from fks.contexts.execution.domain.journal.failures import JournalFailed, JournalUnavailable
from fks.contexts.execution.domain.journal.layout import HEADER_BYTES, SegmentHeader
from fks.contexts.execution.domain.journal.manifest import Manifest, Sealed
from fks.contexts.execution.domain.journal.segment import Position

__all__ = ["Begun", "Keeper", "Terms"]

_ZEROS = bytes(1 << 18)  # at a time: whoever waits for a sync of the log waits for this one too


@dataclass(frozen=True, slots=True)
class Terms:
    """What all segments of one writer have in common."""

    uuid: bytes
    epoch: int
    segment_bytes: int
    group_bytes: int
    reserve_bytes: int
    mode: int
    build: bytes
    config: bytes


@dataclass(frozen=True, slots=True)
class Begun:
    """A segment that is being written."""

    path: Path
    handle: int
    header: SegmentHeader


@dataclass(slots=True)
class Keeper:
    """The files around the one that is written. `take` and `seal` belong to the log thread."""

    files: Files
    folder: Folder
    terms: Terms
    manifest: Manifest
    has_reserve: bool = False
    low: bool = False  # the disk is full: urgent records only
    durable_seq: int = 0  # told by the journal
    mirror: Mirror | None = None
    anchors: Anchors | None = None
    keep_after: int | None = None  # records after this seq stay, whatever snapshots there are
    _ready: tuple[Path, int, int] | None = None  # path, handle, bytes
    _sealed: list[tuple[Begun, Sealed]] = field(default_factory=list)
    _made: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)  # of the three above
    _working: threading.Lock = field(default_factory=threading.Lock)  # one `step` at a time

    # --- for the log thread ---------------------------------------------------------------------

    def begin(self, number: int, first_seq: int, after: Position, *, urgent: bool) -> Begun:
        """Return the next segment, its header durable under its name.

        Raises `JournalUnavailable` where there is no space for one; an `urgent` one may use the
        reserve. Nothing is changed then, and the call may be repeated.
        """
        self._fence()
        prepared = self._taken()
        if prepared is None:
            with self._working:
                prepared = self._taken() or self._prepared(self.terms.segment_bytes)
        if prepared is None and urgent:
            with self._working:
                prepared = self._from_reserve()
        if prepared is None:
            raise JournalUnavailable("the disk of the journal is full: only cancels and kill pass")
        path, handle, size = prepared
        header = SegmentHeader(
            uuid=self.terms.uuid,
            epoch=self.terms.epoch,
            number=number,
            first_seq=first_seq,
            capacity=size,
            group_kib=(self.terms.group_bytes + 1023) // 1024,
            mode=self.terms.mode,
            previous_bytes=after.used,
            previous_crc=after.crc,
            previous_hash=after.digest,
            build=self.terms.build,
            config=self.terms.config,
        )
        write_whole(self.files, handle, header.encode(), 0)
        self.files.sync(handle)
        target = self.folder.segment(number)
        self.files.rename(path, target)
        self.files.sync_folder(self.folder.path)
        return Begun(target, handle, header)

    def seal(self, begun: Begun, sealed: Sealed) -> None:
        """Hand over a segment that has a successor now."""
        with self._lock:
            self._sealed.append((begun, sealed))

    @property
    def due(self) -> bool:
        """Tell whether `step` has something to do."""
        signs = self.anchors is not None and self.anchors.due
        return self._ready is None or bool(self._sealed) or signs

    def _taken(self) -> tuple[Path, int, int] | None:
        with self._lock:
            prepared, self._ready = self._ready, None
            return prepared

    # --- beside it ------------------------------------------------------------------------------

    def step(self) -> None:
        """Do what is due. Raises OSError, except for a full disk, which makes the state `low`."""
        with self._working:
            if self.anchors is not None:
                self.anchors.step()
            try:
                self._seal_behind()
                self._keep_reserve()
                if self._ready is None:
                    prepared = self._prepared(self.terms.segment_bytes)
                    if prepared is None:
                        return
                    with self._lock:
                        self._ready = prepared
                self.low = False
            except OSError as error:
                if not is_no_space(error):
                    raise
                self.low = True

    def close(self) -> None:
        """Let go of the segment that was made ahead, and of those behind."""
        self.step()
        if self.anchors is not None:
            self.anchors.step(force=True)
        prepared = self._taken()
        if prepared is not None:
            self.files.close(prepared[1])
            self.files.remove(prepared[0])

    def _seal_behind(self) -> None:
        """Cut sealed segments to what they hold; note them, and new snapshots, in the manifest."""
        with self._lock:
            behind = list(self._sealed)
        for begun, sealed in behind:
            self.files.truncate(begun.handle, sealed.used)
            self.files.sync(begun.handle)
        changed = with_sealed(self.manifest, [one for _, one in behind], self.durable_seq)
        changed = adopt_snapshots(self.files, self.folder, changed, self.durable_seq)
        changed, leftover = drop_old(changed, self.keep_after)
        if changed != self.manifest:
            self._fence()
            write_manifest(self.files, self.folder, changed)
            self.manifest = changed
            if self.mirror is not None:
                self.mirror.keep(changed)
        for begun, _ in behind:
            self.files.close(begun.handle)
        with self._lock:
            del self._sealed[: len(behind)]
        for path in leftover(self.files, self.folder):
            self.files.remove(path)

    def _fence(self) -> None:
        """Stop when another writer has taken the journal over, lock or no lock."""
        found = read_manifest(self.files, self.folder, [])
        if found is None or found.epoch != self.terms.epoch:
            raise JournalFailed("another writer has taken over this journal")

    def _keep_reserve(self) -> None:
        """Make the reserve anew where it was used."""
        if not self.has_reserve and self.terms.reserve_bytes:
            temporary = self.folder.reserve.with_name("reserve.tmp")
            self._fill(temporary, self.terms.reserve_bytes)
            self.files.rename(temporary, self.folder.reserve)
            self.files.sync_folder(self.folder.path)
        self.has_reserve = True

    def _prepared(self, size: int) -> tuple[Path, int, int] | None:
        """Return a new segment of zeros, or None and the state `low` where there is no space."""
        self._made += 1
        path = self.folder.path / f"ahead-{self.terms.epoch}-{self._made}.tmp"
        try:
            return path, self._fill(path, size, keep_open=True), size
        except OSError as error:
            if not is_no_space(error):
                raise
            self.low = True
            return None

    def _from_reserve(self) -> tuple[Path, int, int] | None:
        """Return a small segment in the space that the reserve held, or None."""
        if self.has_reserve and self.folder.reserve.name in self.files.names(self.folder.path):
            self.has_reserve = False
            self.files.remove(self.folder.reserve)
            self.files.sync_folder(self.folder.path)
        least = HEADER_BYTES + self.terms.group_bytes
        for size in (self.terms.reserve_bytes // 2, least):
            if least <= size <= self.terms.segment_bytes:
                prepared = self._prepared(size)
                if prepared is not None:
                    return prepared
        return None

    def _fill(self, path: Path, size: int, *, keep_open: bool = False) -> int:
        """Make a durable file of zeros; what was begun is removed where it fails."""
        handle = self.files.create(path)
        try:
            self.files.allocate(handle, size)
            for at in range(0, size, len(_ZEROS)):
                part = _ZEROS[: min(len(_ZEROS), size - at)]
                write_whole(self.files, handle, part, at)
                self.files.sync(handle)
        except OSError:
            self.files.close(handle)
            self.files.remove(path)
            raise
        if not keep_open:
            self.files.close(handle)
        return handle
