"""Write groups to segments: commit, sync, witness, and the next segment when one is full."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from fks.contexts.execution.adapters.journal.files import Files, is_no_space, write_whole
from fks.contexts.execution.adapters.journal.folder import WitnessFile
from fks.contexts.execution.adapters.journal.keeper import Begun, Keeper
from fks.contexts.execution.domain.journal._frames import Digest, Group
from fks.contexts.execution.domain.journal.failures import JournalUnavailable
from fks.contexts.execution.domain.journal.layout import COMMIT_BYTES, HEADER_BYTES
from fks.contexts.execution.domain.journal.manifest import Sealed
from fks.contexts.execution.domain.journal.segment import Position

__all__ = ["Writer"]

# From here on the digest of a group is computed beside its sync; below, handing it over costs more.
_BESIDE_BYTES = 16_384


@dataclass(slots=True)
class Writer:
    """Where the journal ends on disk. Everything here runs in one thread."""

    files: Files
    keeper: Keeper
    witness: WitnessFile
    position: Position  # behind the last durable group, in the segment before `begun` at first
    synced: bool  # False: durability "unsafe-backtest"
    number: int  # of the last segment
    begun: Begun | None = None
    used: int = 0
    groups: int = 0
    _digest: Digest = field(default_factory=Digest)
    _closed: Group | None = None  # a group with its commit that is not yet on disk
    _beside: ThreadPoolExecutor | None = None
    _crc: int = 0

    def write(self, group: Group, *, urgent: bool) -> None:
        """Make a group durable.

        Raises `JournalUnavailable` where the disk is full: nothing was promised, call again with
        the same group. Any other OSError is final: what is on disk is known to nobody until the
        journal is opened anew.
        """
        if self._closed is not group:
            self._make_room(group, urgent=urgent)
            before = self._digest.digest()[:16]
            self._crc = group.close(self.position.seq, self.position.crc, before)
            self._closed = group
        self._store(group)
        self._closed = None

    def close(self) -> None:
        """Close the files; everything written is durable already."""
        if self._beside is not None:
            self._beside.shutdown()
        if self.begun is not None:
            self.files.sync(self.begun.handle)
            self.files.close(self.begun.handle)
        self.witness.close()

    def abandon(self) -> None:
        """Close the files after a failure, without asking the disk for anything."""
        if self._beside is not None:
            self._beside.shutdown()
        if self.begun is not None:
            self.files.close(self.begun.handle)
        self.files.close(self.witness.handle)

    def begin(self, *, urgent: bool = False) -> None:
        """Go on in a new segment. Raises `JournalUnavailable` where there is no space for one."""
        old, after = self.begun, self.position
        if old is not None:
            after = replace(after, digest=self._digest.digest())
        begun = self.keeper.begin(self.number + 1, after.seq + 1, after, urgent=urgent)
        if old is not None:
            self.keeper.seal(old, _sealed(old, after))
        self.begun, self.number, self.used = begun, self.number + 1, HEADER_BYTES
        self._digest = Digest(begun.header.encode())
        self.position = Position(after.seq, after.ts_ns, begun.header.crc, self.used)
        self._told()

    def _make_room(self, group: Group, *, urgent: bool) -> None:
        if self.begun is None or (
            self.used + group.used + COMMIT_BYTES > self.begun.header.capacity
        ):
            self.begin(urgent=urgent)

    def _store(self, group: Group) -> None:
        assert self.begun is not None
        data = group.view()
        try:
            write_whole(self.files, self.begun.handle, data, self.used)
        except OSError as error:
            if not is_no_space(error):
                raise
            self.keeper.low = True
            raise JournalUnavailable("the disk of the journal is full") from error
        digesting = self._digested(data)
        self.used += len(data)
        if self.synced:
            self.files.sync(self.begun.handle)
            self.witness.write(group.last_seq)
        if digesting is not None:
            digesting.result()
        self.groups += 1
        self.position = Position(group.last_seq, group.ts_ns, self._crc, self.used)
        self._told()

    def _told(self) -> None:
        """Tell mirror and anchors what is durable. A mirror in step raises `JournalFailed`."""
        if self.keeper.mirror is not None:
            self.keeper.mirror.tell(self.number, self.used, self.position.seq)
        if self.keeper.anchors is not None:
            digest = self._digest.digest()
            self.keeper.anchors.tell(self.number, self.used, self.position.seq, digest)

    def _digested(self, data: memoryview) -> Future[None] | None:
        if len(data) < _BESIDE_BYTES:
            self._digest.update(data)
            return None
        if self._beside is None:
            self._beside = ThreadPoolExecutor(1, thread_name_prefix="journal-digest")
        return self._beside.submit(self._digest.update, data)


def _sealed(begun: Begun, position: Position) -> Sealed:
    return Sealed(
        number=begun.header.number,
        first_seq=begun.header.first_seq,
        last_seq=position.seq,
        last_ts_ns=position.ts_ns,
        used=position.used,
        crc=position.crc,
        digest=position.digest.hex(),
    )
