"""The journal as the engine sees it: append now, release what follows when it is durable.

One thread appends (the engine). With threads, a log thread takes the group that was filled, writes
and syncs it while the next one fills: group commit without a timer. Without threads everything
happens in the calling thread, when a buffer is full or somebody waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from fks.contexts.execution.adapters.journal.anchoring import Anchors
from fks.contexts.execution.adapters.journal.buffers import Buffers
from fks.contexts.execution.adapters.journal.files import Data, Files, OsFiles
from fks.contexts.execution.adapters.journal.mirror import Mirror
from fks.contexts.execution.adapters.journal.opening import Options, Parts, open_parts
from fks.contexts.execution.adapters.journal.pump import Pump
from fks.contexts.execution.adapters.journal.recovery import Recovery
from fks.contexts.execution.adapters.journal.replay import Replay, Replayed, replayed
from fks.contexts.execution.domain.journal.failures import JournalFailed, JournalUnavailable
from fks.contexts.execution.domain.journal.frames import BATCH, COMMAND_BYTES
from fks.contexts.execution.domain.journal.kinds import (
    CHECKPOINT_HASH,
    COMMANDS,
    FIRST_OF_MACHINE,
    RECOVERED,
    checkpoint,
    recovered,
)
from fks.contexts.execution.domain.journal.layout import COMMIT_BYTES, RECORD_BYTES, seed_prefix
from fks.contexts.execution.domain.journal.machine import Machine
from fks.kernel.errors import TimedOut

__all__ = ["Journal"]


class Journal:
    """A journal that is open for writing. Use `Journal.open`; the methods say who may call them.

    `on_durable(seq)` is called in the log thread after each sync; `on_failure(error)` once, when
    the disk has failed and the process should end.
    """

    def __init__(
        self,
        parts: Parts,
        options: Options,
        on_durable: Callable[[int], None] | None,
        on_failure: Callable[[JournalFailed], None] | None,
    ) -> None:
        terms, position = parts.keeper.terms, parts.writer.position
        prefix = seed_prefix(terms.uuid, terms.epoch)
        self._parts, self._options, self._kinds = parts, options, options.kinds
        self._keeper = parts.keeper
        self._buffers = Buffers(options.group_room, prefix, position)
        self._pump = Pump(
            *(self._buffers, parts.writer, parts.keeper, options.retry_s),
            *(on_durable, on_failure),
        )
        self._machine: Machine | None = None
        self._checkpoint_at = options.checkpoint_commits
        self._every = options.durability == "every"
        self._most_payload = options.most_payload
        self._newest = {
            kind: version
            for kind, version in options.kinds.newest.items()
            if kind >= FIRST_OF_MACHINE
        }
        self._closed = False

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        config_hash: bytes,
        known_durable: int = 0,
        keep_after: int | None = None,
        files: Files | None = None,
        on_durable: Callable[[int], None] | None = None,
        on_failure: Callable[[JournalFailed], None] | None = None,
        **options: Any,
    ) -> tuple[Self, Recovery]:
        """Open the journal in a folder, or begin one; `options` are the fields of `Options`.

        `config_hash` is 16 bytes of the configuration the machine runs with; `known_durable` the
        highest seq of which something outside (the outbox's cursor, an audit anchor) knows;
        `keep_after` the seq after which no record may be deleted (see `keep_after` below).
        Raises `JournalLocked`, `JournalCorrupt` (exit code 78), `JournalUnavailable` when the disk
        is full, and OSError.
        """
        assert len(config_hash) == 16
        chosen = Options(**options)
        parts = open_parts(files or OsFiles(), folder, config_hash, known_durable, chosen)
        parts.keeper.keep_after = keep_after
        journal = cls(parts, chosen, on_durable, on_failure)
        if not parts.recovery.created:
            said = recovered(journal.seq, parts.recovery.epoch, parts.recovery.quarantined)
            with journal._buffers.lock:
                journal._put(RECOVERED, 1, said)
        if chosen.threads:
            journal._pump.start()
        else:
            journal._pump.keep_here()
        return journal, parts.recovery

    # --- for the engine's thread ----------------------------------------------------------------

    def recover(self, machine: Machine, *, outputs_after: int | None = None) -> Replayed:
        """Bring a machine to the state of the journal as it was opened; call it before appending.

        The machine is then the one whose hash the journal notes every so many commits: each record
        must be applied before the next one is appended. Whoever needs the outputs of every record
        after some seq (what the outbox has not yet seen) names it in `outputs_after`: no newer
        snapshot is used then (open with the same `keep_after`, that these records are there).
        Raises `JournalCorrupt`, `JournalTooNew` and `JournalDiverged`.
        """
        began_s, found = time.perf_counter(), self._parts.taken.found
        dropped = found.manifest.dropped if found.manifest else None
        files, folder, uuid = self._parts.files, self._parts.folder, self._keeper.terms.uuid
        replay = Replay(files, folder, uuid, self._kinds, machine)
        newest = found.position.seq if outputs_after is None else outputs_after
        replay.start(dropped.last_seq if dropped else 0, min(newest, found.position.seq))
        replay.through(found.sealed, dropped)
        self._machine = machine
        return replayed(replay, machine, began_s)

    def append(
        self, kind: int, version: int, payload: Data, ts_ns: int, *, urgent: bool = False
    ) -> int:
        """Take a record into the group that is being filled and return its seq.

        Its time is `ts_ns`, or that of the record before it where that is later. Waits only when
        both buffers are full. `urgent` (cancels, kill) is taken on a full disk too. Raises
        `JournalUnavailable` on a full disk and `JournalFailed`; nothing is appended then.
        """
        assert self._newest.get(kind) == version, f"type {kind} version {version} is unknown"
        assert len(payload) <= self._most_payload, "the payload is too long for a record"
        with self._buffers.lock:
            self._enter(ts_ns, urgent)
            seq = self._put(kind, version, payload, urgent)
        if self._every:
            self.wait_durable(seq)
        return seq

    def append_commands(self, rows: Any, ts_ns: int, *, urgent: bool = False) -> int:
        """Take commands of 64 bytes each, up to 1,000 a record, and return the first record's seq.

        `rows` is a C-contiguous buffer of n * 64 bytes. All of them are in one group where a group
        has room for them; when there are more, this waits for the disk rather than stop half-way.
        Raises as `append` does.
        """
        view, buffers = memoryview(rows).cast("B"), self._buffers
        count, rest = divmod(len(view), COMMAND_BYTES)
        assert count and not rest, "commands are 64 bytes each"
        with buffers.lock:
            self._enter(ts_ns, urgent)
            need = min(_room_of(count), buffers.filling.capacity)
            while (
                buffers.filling.records and buffers.filling.capacity - buffers.filling.used < need
            ):
                self._wait_for_room(refuse=not urgent)
            first, done = buffers.seq + 1, 0
            while True:
                group = buffers.filling
                before = group.records
                done += group.put_commands(buffers.seq + 1, buffers.ts_ns, COMMANDS, 1, view, done)
                buffers.seq += group.records - before
                buffers.appended(urgent=urgent)
                if done == count:
                    break
                self._wait_for_room(refuse=False)
            last = buffers.seq
        if self._every:
            self.wait_durable(last)
        return first

    # --- for any thread -------------------------------------------------------------------------

    @property
    def uuid(self) -> bytes:
        """Return the 16 bytes that name this journal for ever."""
        return self._keeper.terms.uuid

    @property
    def seq(self) -> int:
        """Return the seq of the last record appended."""
        return self._buffers.seq

    @property
    def ts_ns(self) -> int:
        """Return the time of the last record: the sequencer's, which never goes back."""
        return self._buffers.ts_ns

    @property
    def durable_seq(self) -> int:
        """Return the highest seq that is on disk; nothing later may leave the process."""
        return self._buffers.durable

    @property
    def available(self) -> bool:
        """Tell whether records that are not urgent are taken now."""
        return self._buffers.failure is None and not self._keeper.low and not self._closed

    @property
    def prepared(self) -> bool:
        """Tell whether the next segment lies ready, so that going on in it costs nothing."""
        return not self._keeper.due

    @property
    def mirror(self) -> Mirror | None:
        """Return the copy elsewhere, for its lag and what is wrong with it."""
        return self._keeper.mirror

    @property
    def anchors(self) -> Anchors | None:
        """Return the signed anchors, for what is wrong with them."""
        return self._keeper.anchors

    def wait_durable(self, seq: int, timeout_s: float | None = None) -> None:
        """Wait until `seq` is durable. Raises `TimedOut` and `JournalFailed`.

        Without threads it writes, and raises `JournalUnavailable` where the disk is full.
        """
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        buffers = self._buffers
        with buffers.lock:
            assert seq <= buffers.seq, f"record {seq} was never appended"
            while buffers.durable < seq:
                buffers.refuse_failed()
                if not self._pump.threaded:
                    self._pump.write_here()
                    continue
                left_s = None if deadline_s is None else max(0.0, deadline_s - time.monotonic())
                if not buffers.synced.wait(left_s) and buffers.durable < seq:
                    raise TimedOut(f"record {seq} is not durable after {timeout_s} s")

    def keep_after(self, seq: int) -> None:
        """Let records be deleted, once snapshots hold them, up to `seq` and no further."""
        self._keeper.keep_after = seq

    def close(self) -> None:
        """Make durable what was appended and let go of the folder.

        Raises `JournalFailed` or `JournalUnavailable` where that could not be done; the folder is
        free in any case.
        """
        if self._closed:
            return
        self._closed = True
        try:
            self._pump.stop()
            self._keeper.close()
            self._parts.writer.close()
        except (JournalFailed, JournalUnavailable):
            self._parts.writer.abandon()
            raise
        finally:
            if self.mirror is not None:
                self.mirror.close()
            self._parts.files.close(self._parts.lock)

    # --- inside, with the lock held -------------------------------------------------------------

    def _enter(self, ts_ns: int, urgent: bool) -> None:
        """Refuse, or set the time; note the machine's hash where that is due."""
        buffers = self._buffers
        if buffers.failure is not None:
            buffers.refuse_failed()
        assert not self._closed, "the journal is closed"
        if self._keeper.low and not self._pump.threaded:
            self._pump.keep_here()
        if self._keeper.low and not urgent:
            raise JournalUnavailable(
                "the disk of the journal is full: only cancels and the kill switch pass",
                retry_after_s=self._options.retry_s,
            )
        if ts_ns > buffers.ts_ns:
            buffers.ts_ns = ts_ns
        if buffers.commits < self._checkpoint_at:
            return
        if self._machine is not None and not self._keeper.low:
            self._checkpoint_at = buffers.commits + self._options.checkpoint_commits
            self._put(CHECKPOINT_HASH, 1, checkpoint(buffers.seq, self._machine.state_hash()))

    def _put(self, kind: int, version: int, payload: Data, urgent: bool = False) -> int:
        buffers = self._buffers
        seq = buffers.seq + 1
        while not buffers.filling.put(seq, buffers.ts_ns, kind, version, payload):
            self._wait_for_room(refuse=not urgent)
        buffers.seq = seq
        if urgent or buffers.idle:
            buffers.appended(urgent=urgent)
        return seq

    def _wait_for_room(self, *, refuse: bool) -> None:
        """Wait until the full group was taken to be written."""
        self._buffers.refuse_failed()
        if refuse and self._keeper.low:
            raise JournalUnavailable("the disk of the journal is full")
        if self._pump.threaded:
            self._buffers.room.wait()
        else:
            self._pump.write_here()


def _room_of(commands: int) -> int:
    """Return the bytes that a batch takes in a group, its commit included."""
    records = -(-commands // BATCH)
    return commands * COMMAND_BYTES + records * RECORD_BYTES + COMMIT_BYTES
