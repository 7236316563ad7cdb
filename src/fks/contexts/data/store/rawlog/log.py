"""The log itself: appending, reading by id, listing by job.

`<home>/raw/<provider>/<number>.log` are append-only segments, written by one process at a time.
`<home>/raw/index.db` says where each record lies. A record counts when `append` returned: it is
on the disk. What `append` raised for is not in the log.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from fks.contexts.data.store.rawlog.catching_up import behind, catch_up, is_last, providers
from fks.contexts.data.store.rawlog.frames import SEGMENT_BYTES, Packed, packed
from fks.contexts.data.store.rawlog.index import Entry, Index, JobHead, Known, Listed, Place
from fks.contexts.data.store.rawlog.records import RawRecord, check, folder_name
from fks.contexts.data.store.rawlog.segments import (
    Frame,
    Segment,
    append_frames,
    begin,
    numbers,
    path_of,
)
from fks.contexts.data.store.rawlog.verifying import Verified, Verifying
from fks.contexts.data.store.written import disk_faults, sole_writer, sync
from fks.kernel.errors import Invalid, NotFound, Unavailable

__all__ = ["RawLog"]

T = TypeVar("T")

_NO_ROOM = 1 << 20


class RawLog:
    """The payloads below one home folder; threads and processes may append at once."""

    def __init__(self, home: Path, *, segment_bytes: int = 64 << 20) -> None:
        self.root = home / "raw"
        self._segment_bytes = segment_bytes
        self._guard = threading.Lock()
        self._held: Index | None = None
        self._process = os.getpid()

    def append(self, record: RawRecord) -> str:
        """Keep a record and return its id; it is on the disk when this returns.

        Raises `Invalid` for what could hold a key or is too large, `Unavailable` when the disk
        is full or fails: then nothing was kept.
        """
        (payload,) = self.append_many((record,))
        return payload

    def append_many(self, records: Sequence[RawRecord]) -> tuple[str, ...]:
        """Keep records of one provider with one sync, all or none. Raises as `append`."""
        if not records:
            return ()
        provider = records[0].provider
        assert all(one.provider == provider for one in records), "one provider at a time"
        ready = [packed(check(record)) for record in records]
        with disk_faults(self.root, "written"):
            folder = self._made(folder_name(provider))
            with _alone(folder):
                known = self._ask(lambda index: self._end(index, provider, folder))
                path = path_of(folder, known.segment)
                places = append_frames(path, ready, known.salt, known.ends, known.tip)
                entries = [
                    _entry(one, start, length)
                    for one, (start, length, _) in zip(ready, places, strict=True)
                ]
                start, length, tip = places[-1]
                with suppress(sqlite3.Error):  # they are kept; the index is caught up later
                    after = known._replace(ends=start + length, tip=tip)
                    self._index().add(provider, entries, after)
        return tuple(one.id for one in ready)

    def read(self, payload: str) -> RawRecord:
        """Return a record. Raises `NotFound`, or `Unavailable` where it is damaged."""
        places = self._ask(lambda index: index.places(payload))
        if not places:
            places = self._ask(lambda index: self._fresh(index, None).places(payload))
        if not places:
            raise NotFound(f"no payload {payload[:64]!r} in the raw log", code="data.no_payload")
        return self._first_whole(payload, places)

    def find(self, start: str) -> str:
        """Return the one payload whose id begins so. Raises `NotFound`, `Invalid` for two."""
        found = self._ask(lambda index: self._fresh(index, None).begins(start))
        if not found:
            raise NotFound(f"no payload {start[:64]!r} in the raw log", code="data.no_payload")
        if len(found) > 1:
            raise Invalid(
                f"more than one payload begins with {start[:64]!r}; give more of its id",
                code="data.ambiguous_payload",
            )
        return found[0]

    def heads(
        self, provider: str, job: str, first: int = 0, last: int = 2**63 - 1
    ) -> tuple[Listed, ...]:
        """Return the records of a job without their bodies, by number and then as appended.

        Only those with numbers from `first` to `last`.
        """
        found = self._ask(
            lambda index: self._fresh(index, provider).of_job(provider, job, first, last)
        )
        return tuple(listed for listed, _ in found)

    def has_job(self, provider: str, job: str) -> bool:
        """Tell whether a job has any record."""
        return self._ask(lambda index: self._fresh(index, provider).has_job(provider, job))

    def of_job(self, provider: str, job: str) -> Iterator[tuple[str, RawRecord]]:
        """Yield the records of a job by number and then as appended.

        Raises `Unavailable` at one that is damaged; `heads` and `read` give those after it.
        """
        for listed, place in self._of_job(provider, job):
            yield listed.id, self._first_whole(listed.id, (place,))

    def jobs(self, provider: str | None = None) -> tuple[JobHead, ...]:
        """Return all jobs, or those of a provider, by name."""
        return self._ask(lambda index: self._fresh(index, provider).jobs(provider))

    def size(self, provider: str | None = None) -> int:
        """Return the bytes that all segments take, or those of a provider."""
        with disk_faults(self.root, "read"):
            folders = [folder for _, folder in providers(self.root, provider)]
            return sum(
                path_of(one, number).stat().st_size for one in folders for number in numbers(one)
            )

    def verify(
        self, provider: str | None = None, progress: Callable[[int], None] = lambda read: None
    ) -> Verified:
        """Read every record and check its hash and the chain of frames.

        `progress` is told of bytes read. Damage is no error here: it is in the answer.
        """
        self._ask(lambda index: self._fresh(index, provider))
        checked = Verifying(progress)
        with disk_faults(self.root, "read"):
            for name, folder in providers(self.root, provider):
                with _alone(folder):  # what is being written now is not looked at
                    sizes = {one: path_of(folder, one).stat().st_size for one in numbers(folder)}
                    known = self._index().known(name)
                checked.provider(name, folder, sizes, known, self._entries)
        return checked.result()

    def _entries(self, provider: str, segment: int) -> dict[int, tuple[str, int, int]]:
        """Return what the index knows of a segment."""
        return self._ask(lambda index: index.entries(provider, segment))

    def _of_job(self, provider: str, job: str) -> Sequence[tuple[Listed, Place]]:
        """Return what the index knows of a job."""
        return self._ask(lambda index: self._fresh(index, provider).of_job(provider, job))

    def _first_whole(self, payload: str, places: Sequence[Place]) -> RawRecord:
        """Return a record from the first place at which it is whole."""
        with disk_faults(self.root, "read"):
            for place in places:
                found = self._at(payload, place)
                if found is not None:
                    return found
        place = places[0]
        raise Unavailable(
            f"payload {payload[:16]} is damaged: {place.provider} {place.segment:08d}.log at byte "
            f"{place.start:,}",
            code="data.damaged_payload",
        )

    def _at(self, payload: str, place: Place) -> RawRecord | None:
        """Return a record where it lies, or wherever damage has shifted it in its segment."""
        path = path_of(self.root / folder_name(place.provider), place.segment)
        try:
            with Segment.opened(path) as segment:
                frame = segment.frame(place.start)
                if frame is None or frame.id != payload:
                    moved = (one for one in segment.scan() if isinstance(one, Frame))
                    frame = next((one for one in moved if one.id == payload), None)
                return None if frame is None else segment.record(frame)
        except FileNotFoundError:
            return None

    def _end(self, index: Index, provider: str, folder: Path) -> Known:
        """Return where to append, in a new segment where one is due."""
        known = index.last(provider)
        if known is None or not is_last(folder, known):
            known = catch_up(index, provider, folder, cut=True)
        if known is None or known.closed or known.ends >= self._segment_bytes:
            last = max((known.segment if known else 0, *numbers(folder)))
            tip = known.tip if known is not None else bytes(16)
            salt = begin(folder, last + 1, tip)
            known = Known(last + 1, SEGMENT_BYTES, salt, tip, closed=False)
        return known

    def _fresh(self, index: Index, provider: str | None) -> Index:
        """Let the index know all that is in the segments."""
        for name, folder in providers(self.root, provider):
            if behind(index, name, folder):
                with _alone(folder):
                    catch_up(index, name, folder, cut=False)
        return index

    def _ask(self, question: Callable[[Index], T]) -> T:
        """Ask the index; one that turns out to be broken is made again first."""
        with disk_faults(self.root, "read"):
            try:
                try:
                    return question(self._index())
                except sqlite3.OperationalError:
                    raise
                except sqlite3.DatabaseError:
                    (self.root / "index.db").unlink(missing_ok=True)
                    return question(self._index())
            except sqlite3.OperationalError as error:
                room = os.statvfs(self.root)
                if room.f_bavail * room.f_frsize < _NO_ROOM:
                    raise OSError(errno.ENOSPC, str(error)) from None
                raise Unavailable(
                    f"the index of the raw log cannot be used: {error}", code="data.store_fault"
                ) from None

    def _index(self) -> Index:
        """Return the index, opened again where its file was taken away or this is a fork."""
        with self._guard:
            held = self._held
            if held is None or self._process != os.getpid() or not held.stands():
                if self.root.is_dir():
                    with _alone(self.root):
                        held = Index(self.root)
                else:
                    held = Index(None)
                self._held, self._process = held, os.getpid()
            return held

    def _made(self, name: str) -> Path:
        """Return the folder of a provider, made where it is not there."""
        folder = self.root / name
        if not folder.is_dir():
            self.root.parent.mkdir(parents=True, exist_ok=True)
            for one in (self.root, folder):
                one.mkdir(mode=0o700, exist_ok=True)
                sync(one.parent)
        return folder


def _entry(one: Packed, start: int, length: int) -> Entry:
    """Return what the index notes of a record that was appended."""
    told = one.told
    rest = (told.job, told.number, told.status, told.received_at_ns, told.bytes)
    return Entry(start, start, length, one.id, *rest)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other thread or process writes in a folder."""
    lock = folder / ".lock"
    if not lock.exists():
        os.close(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    with sole_writer(folder):
        yield
