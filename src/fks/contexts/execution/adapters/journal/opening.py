"""Open a journal: what may be chosen, and how its parts are put together."""

from __future__ import annotations

import contextlib
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import fks
from fks.contexts.execution.adapters.journal.anchoring import AnchorPlaces, Anchors
from fks.contexts.execution.adapters.journal.files import Files, is_no_space
from fks.contexts.execution.adapters.journal.folder import Folder, read_manifest, write_manifest
from fks.contexts.execution.adapters.journal.keeper import Keeper, Terms
from fks.contexts.execution.adapters.journal.mirror import Mirror
from fks.contexts.execution.adapters.journal.recovery import Recovery, TakenOver, lock, take_over
from fks.contexts.execution.adapters.journal.retention import with_sealed
from fks.contexts.execution.adapters.journal.writer import Writer
from fks.contexts.execution.domain.journal.failures import JournalUnavailable
from fks.contexts.execution.domain.journal.kinds import KINDS, Kinds
from fks.contexts.execution.domain.journal.layout import (
    COMMIT_BYTES,
    HEADER_BYTES,
    MAX_RECORD,
    UNSYNCED,
)

__all__ = ["Durability", "Options", "Parts", "open_parts"]

Durability = Literal["group", "every", "unsafe-backtest"]

SEGMENT_BYTES = 64 << 20
GROUP_BYTES = 1 << 20
RESERVE_BYTES = 8 << 20
CHECKPOINT_COMMITS = 1_024


@dataclass(frozen=True, slots=True)
class Options:
    """How a journal is written.

    `group_bytes` bounds what one sync makes durable, and so how long an append may have to wait.
    `checkpoint_commits` is how many groups lie between two hashes of the machine's state; computing
    one stops the engine for as long as `state_hash` takes. Without `threads` the calling thread
    writes. `mirror` is a folder elsewhere that gets a copy of what is durable; `mirror_in_step`:
    nothing is durable before it is there too. `retry_s` is how long a full disk, or a mirror that
    is away, is left alone before it is tried again. `anchors` is where signed anchors go.
    """

    durability: Durability = "group"
    segment_bytes: int = SEGMENT_BYTES
    group_bytes: int = GROUP_BYTES
    reserve_bytes: int = RESERVE_BYTES
    checkpoint_commits: int = CHECKPOINT_COMMITS
    threads: bool = True
    retry_s: float = 0.5
    kinds: Kinds = KINDS
    mirror: Path | None = None
    anchors: AnchorPlaces | None = None
    mirror_in_step: bool = False

    @property
    def group_room(self) -> int:
        """Return the bytes of a group, of which at least two fit into a segment."""
        room = min(self.group_bytes, (self.segment_bytes - HEADER_BYTES) // 2)
        assert room >= 1_024, "a segment holds at least two groups of 1,024 bytes"
        return room & ~7

    @property
    def most_payload(self) -> int:
        """Return the bytes that one record may carry."""
        return min(MAX_RECORD, self.group_room - COMMIT_BYTES) - 32


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of an open journal."""

    files: Files
    folder: Folder
    lock: int
    keeper: Keeper
    writer: Writer
    taken: TakenOver
    recovery: Recovery


def build_id() -> bytes:
    """Return 16 bytes that name this version of the program."""
    return hashlib.blake2b(fks.__version__.encode(), digest_size=16).digest()


def open_parts(
    files: Files, path: Path, config: bytes, known_durable: int, options: Options
) -> Parts:
    """Take a journal over and go on in a new segment.

    Raises `JournalLocked`, `JournalCorrupt`, `JournalUnavailable` when the disk is full and there
    is no reserve to start from, and OSError.
    """
    began_s, folder = time.perf_counter(), Folder(path)
    held = lock(files, folder)
    opened = False
    try:
        try:
            parts = _put_together(files, folder, held, config, known_durable, options, began_s)
        except OSError as error:
            if not is_no_space(error) or folder.reserve.name not in files.names(path):
                raise
            files.remove(folder.reserve)
            files.sync_folder(path)
            parts = _put_together(files, folder, held, config, known_durable, options, began_s)
        opened = True
    except OSError as error:
        if is_no_space(error):
            raise JournalUnavailable(f"the disk of {path} is full: {error}") from error
        raise
    finally:
        if not opened:
            files.close(held)
    return parts


def _put_together(
    files: Files,
    folder: Folder,
    held: int,
    config: bytes,
    known_durable: int,
    options: Options,
    began_s: float,
) -> Parts:
    anchors = _anchors(files, folder, options)
    if anchors is not None:
        known_durable = max(known_durable, anchors.open())
    taken = take_over(files, folder, config, known_durable)
    found, synced = taken.found, options.durability != "unsafe-backtest"
    terms = Terms(
        uuid=bytes.fromhex(taken.manifest.uuid),
        epoch=taken.manifest.epoch,
        segment_bytes=options.segment_bytes,
        group_bytes=options.group_room,
        reserve_bytes=options.reserve_bytes,
        mode=0 if synced else UNSYNCED,
        build=build_id(),
        config=config,
    )
    has_reserve = folder.reserve.name in files.names(folder.path)
    if options.anchors is not None and anchors is None and synced:
        anchors = Anchors(options.anchors, terms.uuid)
        anchors.open()
    keeper = Keeper(files, folder, terms, taken.manifest, has_reserve=has_reserve, anchors=anchors)
    number = found.sealed[-1].number if found.sealed else _dropped(taken)
    writer = Writer(files, keeper, taken.witness, found.position, synced, number)
    with contextlib.ExitStack() as undo:
        if options.mirror is not None:
            keeper.mirror = _mirrored(files, folder, taken, options)
            undo.callback(keeper.mirror.close)
        writer.begin(urgent=True)
        undo.pop_all()
    keeper.durable_seq = found.position.seq
    keeper.manifest = with_sealed(taken.manifest, found.sealed, found.position.seq)
    write_manifest(files, folder, keeper.manifest)
    recovery = Recovery(
        created=taken.created,
        seq=found.position.seq,
        ts_ns=found.position.ts_ns,
        epoch=terms.epoch,
        records=found.records,
        groups=found.groups,
        segments=len(found.sealed),
        bytes=found.bytes,
        quarantined=len(found.last.torn) if found.last else 0,
        findings=found.findings,
        seconds=time.perf_counter() - began_s,
    )
    return Parts(files, folder, held, keeper, writer, taken, recovery)


def _anchors(files: Files, folder: Folder, options: Options) -> Anchors | None:
    """Return the anchors of a journal that there is. What is never synced has none."""
    if options.anchors is None or options.durability == "unsafe-backtest":
        return None
    manifest = read_manifest(files, folder, [])
    return None if manifest is None else Anchors(options.anchors, bytes.fromhex(manifest.uuid))


def _mirrored(files: Files, folder: Folder, taken: TakenOver, options: Options) -> Mirror:
    """Return the mirror, following. Raises `MirrorRefused` and `JournalLocked`."""
    assert options.mirror is not None
    mirror = Mirror(
        files,
        folder,
        Folder(options.mirror),
        bytes.fromhex(taken.manifest.uuid),
        options.mirror_in_step or not options.threads,
        options.retry_s,
    )
    mirror.start(taken.manifest, taken.found.sealed, taken.found.position.seq)
    return mirror


def _dropped(taken: TakenOver) -> int:
    dropped = taken.manifest.dropped
    return dropped.number if dropped else 0
