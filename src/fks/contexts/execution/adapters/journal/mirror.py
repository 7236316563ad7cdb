"""A second copy of a journal, elsewhere: each durable group is copied there, byte for byte.

The copy is taken from the files that were synced, never from memory, so it holds nothing that the
journal lacks. That makes it a witness too: a mirror with more records than its journal proves that
the journal lost some. Beside (`async`) it follows as fast as its disk allows and tells how far
behind it is; in step (`sync`) a record is durable once both disks have it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from fks.contexts.execution.adapters.journal.files import Files, replace_file, write_whole
from fks.contexts.execution.adapters.journal.folder import Folder, write_manifest
from fks.contexts.execution.domain.journal.failures import (
    JournalCorrupt,
    JournalFailed,
    JournalLocked,
    MirrorRefused,
)
from fks.contexts.execution.domain.journal.manifest import Manifest, Sealed
from fks.contexts.execution.domain.journal.segment import read_segment

__all__ = ["Mirror", "mirror_of"]

_log = structlog.get_logger("fks.execution")
_MARK = "MIRROR"


@dataclass(slots=True)
class Mirror:
    """The copy while the journal is written. `tell` belongs to the log thread, `keep` to the
    keeper's; a failure of an `async` mirror is told by `failing` and tried again.
    """

    files: Files
    source: Folder
    target: Folder
    uuid: bytes
    in_step: bool
    retry_s: float = 1.0
    seq: int = 0  # of the last record that is durable here
    failing: str = ""
    _wanted: dict[int, int] = field(default_factory=dict)  # segment -> bytes that are durable
    _have: dict[int, int] = field(default_factory=dict)
    _told: int = 0
    _manifest: Manifest | None = None
    _checked: bool = False
    _open: tuple[int, int] | None = None  # segment, handle
    _held: int | None = None
    _thread: threading.Thread | None = None
    _closing: bool = False
    _news: threading.Condition = field(default_factory=threading.Condition)  # what was told
    _work: threading.Lock = field(default_factory=threading.Lock)  # the files

    @property
    def behind(self) -> int:
        """Return how many durable records are not copied yet."""
        return max(0, self._told - self.seq)

    def start(self, manifest: Manifest, sealed: Iterable[Sealed], seq: int) -> None:
        """Compare with the journal as it was found, copy what is lacking, and follow.

        Raises `MirrorRefused` where the folder is the mirror of another journal or holds what
        ours does not, `JournalLocked` where another writer mirrors there, and, in step, OSError.
        """
        self._manifest, self._told = manifest, seq
        self._wanted = {entry.number: entry.used for entry in sealed}
        try:
            self._catch_up()
        except (OSError, JournalLocked, MirrorRefused) as error:
            self._let_go()
            if self.in_step or not isinstance(error, OSError):
                raise
            self.failing = str(error)
        if not self.in_step:
            self._thread = threading.Thread(target=self._run, name="journal-mirror", daemon=True)
            self._thread.start()

    def tell(self, number: int, used: int, seq: int) -> None:
        """Note that so many bytes of a segment are durable. In step: raises `JournalFailed`."""
        with self._news:
            self._wanted[number], self._told = used, seq
            if self._thread is not None:
                self._news.notify()
                return
        self._in_step()

    def keep(self, manifest: Manifest) -> None:
        """Take the news that segments were sealed or dropped, or a snapshot was adopted."""
        with self._news:
            self._manifest = manifest
            if self._thread is not None:
                self._news.notify()
                return
        self._in_step()

    def close(self) -> None:
        """Copy what is left, as far as that goes at once, and let go of the folder."""
        if self._thread is not None:
            with self._news:
                self._closing = True
                self._news.notify()
            self._thread.join()
            self._thread = None
        self._let_go()

    # --- inside ---

    def _in_step(self) -> None:
        try:
            self._catch_up()
        except OSError as error:
            raise JournalFailed(f"the mirror {self.target.path} failed: {error}") from error

    def _run(self) -> None:
        """Follow until closed. The last round is one more try, so a close never hangs."""
        last = False
        while not last:
            with self._news:
                if self.failing:
                    self._news.wait_for(lambda: self._closing, self.retry_s)
                else:
                    self._news.wait_for(lambda: self._closing or self._due)
                last = self._closing
            try:
                self._catch_up()
            except OSError as error:
                self._fail(str(error))
            except (JournalLocked, MirrorRefused) as error:
                self._fail(error.message)

    def _fail(self, why: str) -> None:
        if why != self.failing:
            _log.error("journal_mirror", folder=str(self.target.path), error=why)
        self.failing, self._checked = why, False  # what it holds is looked at anew
        self._let_go()

    @property
    def _due(self) -> bool:
        return self._manifest is not None or any(
            self._have.get(number, 0) < used for number, used in self._wanted.items()
        )

    def _catch_up(self) -> None:
        """Copy what is lacking; a mirror that was away is compared first."""
        with self._news:
            wanted, told = dict(self._wanted), self._told
            manifest, self._manifest = self._manifest, None
        with self._work:
            try:
                if not self._checked:
                    self._take()
                    self._compare(wanted)
                    self._checked = True
                for number in sorted(wanted):
                    self._copy(number, wanted[number])
                if manifest is not None:
                    self._keep(manifest)
                self.failing, self.seq = "", told
            except (OSError, JournalLocked):
                with self._news:
                    self._manifest = self._manifest or manifest
                raise

    def _take(self) -> None:
        """Make the folder ours. Raises `MirrorRefused` and `JournalLocked`."""
        files, path = self.files, self.target.path
        files.make_folder(path)
        if self._held is None:
            self._held = files.lock(self.target.lock)
        if self._held is None:
            raise JournalLocked(f"another process mirrors a journal into {path}")
        mark = self.uuid.hex().encode() + b"\n"
        names = set(files.names(path))
        if _MARK in names:
            if files.read(path / _MARK) != mark:
                raise MirrorRefused(f"{path} is the mirror of another journal")
        elif self.target.segments(files) or self.target.manifests[0].name in names:
            raise MirrorRefused(f"{path} holds a journal and is no mirror")
        else:
            replace_file(files, path / _MARK, mark)

    def _compare(self, wanted: dict[int, int]) -> None:
        """Find how much of each segment is here. Raises `MirrorRefused` where it is other bytes."""
        self._have = {}
        newest = max(wanted, default=0)
        for number in self.target.segments(self.files):
            place = self.target.segment(number)
            data = self.files.read(place)
            try:
                found = read_segment(place, data, self.uuid, None).found
            except JournalCorrupt as error:
                if number in wanted:  # its disk lost it: copied anew
                    _log.warning("journal_mirror_damaged", file=str(place), why=error.why)
                continue
            if number > newest and found.groups:
                raise MirrorRefused(
                    f"the mirror has records up to {found.seq}, which the journal has lost: "
                    f"fks execution journal salvage TARGET --from-mirror {self.target.path}"
                )
            if number not in wanted:
                continue
            ours = self.files.read_part(self.source.segment(number), 0, wanted[number])
            if data[: found.end] != ours[: found.end]:
                raise MirrorRefused(
                    f"segment {number} of the mirror {self.target.path} holds other records than "
                    "the journal: salvage from it, or mirror into an empty folder"
                )
            self._have[number] = found.end

    def _copy(self, number: int, used: int) -> None:
        """Append what is durable of a segment and not here yet."""
        have = self._have.get(number, 0)
        if have >= used:
            return
        data = self.files.read_part(self.source.segment(number), have, used - have)
        handle = self._handle(number, new=not have)
        write_whole(self.files, handle, data, have)
        self.files.sync(handle)
        if not have:
            self.files.sync_folder(self.target.path)
        self._have[number] = used

    def _handle(self, number: int, *, new: bool) -> int:
        if self._open is not None and self._open[0] == number:
            return self._open[1]
        if self._open is not None:
            self.files.close(self._open[1])
            self._open = None
        path = self.target.segment(number)
        handle = self.files.create(path) if new else self.files.open(path)
        self._open = (number, handle)
        return handle

    def _keep(self, manifest: Manifest) -> None:
        """Have the snapshots that the manifest names, then it, and drop what it dropped."""
        files, target = self.files, self.target
        kept = {entry.seq for entry in manifest.snapshots}
        have = set(target.snapshots(files))
        for seq in sorted(kept - have):
            replace_file(files, target.snapshot(seq), files.read(self.source.snapshot(seq)))
        write_manifest(files, target, manifest)
        for seq in have - kept:
            files.remove(target.snapshot(seq))
        dropped = manifest.dropped.number if manifest.dropped else 0
        for number in target.segments(files):
            if number <= dropped:
                files.remove(target.segment(number))
        with self._news:
            for number in [one for one in self._wanted if one <= dropped]:
                del self._wanted[number]

    def _let_go(self) -> None:
        if self._open is not None:
            self.files.close(self._open[1])
        if self._held is not None:
            self.files.close(self._held)
        self._open = self._held = None


def mirror_of(files: Files, path: Path) -> bytes | None:
    """Return of which journal a folder is the mirror, None where it is none."""
    if _MARK not in files.names(path):
        return None
    return bytes.fromhex(files.read(path / _MARK).decode("ascii", "replace").strip())
