"""Goals D5 and D6: a disk that fails stops the journal; a full one lets only urgent records by."""

from __future__ import annotations

import errno
import os
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fks.contexts.execution.adapters.journal.files import OsFiles
from fks.contexts.execution.domain.journal.failures import JournalFailed, JournalUnavailable
from fks.kernel.errors import TimedOut

from .drive import SCALE, Engine, check, commands, reference
from .power import PowerDisk

OPTIONS: dict[str, Any] = {"threads": True, "retry_s": 0.02}


class FaultyFiles(OsFiles):
    """The disk of this machine, with errors where a test wants them."""

    def __init__(self, fault: Callable[[str, int], int | None]) -> None:
        self._fault, self.calls = fault, dict.fromkeys(("sync", "write", "allocate", "create"), 0)
        self._count = threading.Lock()

    def _ask(self, operation: str) -> None:
        with self._count:
            self.calls[operation] += 1
            code = self._fault(operation, self.calls[operation])
        if code is not None:
            raise OSError(code, os.strerror(code))

    def sync(self, handle: int) -> None:
        """Fail, or sync."""
        self._ask("sync")
        super().sync(handle)

    def write(self, handle: int, data: Any, offset: int) -> int:
        """Fail, or write."""
        self._ask("write")
        return super().write(handle, data, offset)

    def allocate(self, handle: int, size: int) -> None:
        """Fail, or allocate."""
        self._ask("allocate")
        super().allocate(handle, size)


def work(engine: Engine, first: int, batches: int = 60) -> None:
    """Send and release until something is raised."""
    draw = random.Random(first)
    for number in range(batches):
        engine.send(commands(draw, 6, first + number * 6))
        engine.release(1.0)


@pytest.mark.parametrize("nth", [*range(1, 101, 1 if SCALE > 1 else 3), 100])
def test_a_failed_sync_stops_the_journal_at_once_and_for_good(nth: int, tmp_path: Path) -> None:
    """Lost: acknowledged records that are nowhere, as a second sync says all is well."""
    armed: list[int] = []

    def fault(operation: str, number: int) -> int | None:
        return errno.EIO if operation == "sync" and [number] == armed else None

    files = FaultyFiles(fault)
    failures: list[JournalFailed] = []
    engine = Engine(files, tmp_path, on_failure=failures.append, **OPTIONS)
    work(engine, 1, 3)
    armed.append(files.calls["sync"] + nth)
    with pytest.raises(JournalFailed):
        work(engine, 100, 200)
    engine.journal.wait_durable(engine.journal.durable_seq)
    synced = engine.journal.durable_seq
    with pytest.raises(JournalFailed):
        engine.send(commands(random.Random(1), 1, 9_000))
    with pytest.raises(JournalFailed):
        engine.journal.close()
    assert len(failures) == 1 and engine.journal.durable_seq == synced
    again = Engine(None, tmp_path, **OPTIONS)
    check(again, engine.sent, engine.acked)
    again.journal.close()


def test_a_sync_that_failed_is_not_repeated() -> None:
    """Lost: the file would be asked again, and the system would say that all is well."""
    asked: list[str] = []

    class Broken(PowerDisk):
        def sync(self, handle: int) -> None:
            name = self._handles[handle][0]
            asked.append(name)
            if len(asked) > 30 and "segment" in name:
                raise OSError(errno.EIO, "no")
            super().sync(handle)

    engine = Engine(Broken())
    with pytest.raises(JournalFailed):
        work(engine, 1, 200)
    before = len(asked)
    for _ in range(3):
        with pytest.raises(JournalFailed):
            engine.release()
    with pytest.raises(JournalFailed):
        engine.journal.close()
    assert len(asked) == before


def test_a_write_that_stops_short_is_a_failure_of_the_disk() -> None:
    """Lost: half a group would count as written."""

    class Short(PowerDisk):
        def write(self, handle: int, data: Any, offset: int) -> int:
            full = "segment" in self._handles[handle][0] and offset > 1_000
            return super().write(handle, data[: len(data) // 2] if full else data, offset)

    engine = Engine(Short())
    with pytest.raises(JournalFailed, match="bytes were written"):
        work(engine, 1)


class FullFiles(OsFiles):
    """A disk on which space can be had only where the reserve was."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.full = folder, False

    def allocate(self, handle: int, size: int) -> None:
        """Refuse while it is full and the reserve is there."""
        if self.full and (self._folder / "reserve").exists():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().allocate(handle, size)


def test_on_a_full_disk_only_urgent_records_pass_until_there_is_space(tmp_path: Path) -> None:
    """Lost: orders would be taken that cannot be kept, or nobody could cancel any more."""
    files = FullFiles(tmp_path)
    engine = Engine(files, tmp_path, **{**OPTIONS, "reserve_bytes": 65_536})
    work(engine, 1, 5)
    files.full = True
    with pytest.raises((JournalUnavailable, TimedOut)):  # refused, or held until there is space
        work(engine, 1_000, 500)
    with pytest.raises(JournalUnavailable) as refused:
        work(engine, 50_000, 1)
    assert refused.value.code == "execution.journal_unavailable" and refused.value.status == 503
    assert not engine.journal.available
    engine.send(commands(random.Random(3), 1, 90_000), urgent=True)
    engine.journal.wait_durable(engine.journal.seq, 5)
    files.full = False
    deadline = time.monotonic() + 5
    while not engine.journal.available and time.monotonic() < deadline:
        time.sleep(0.01)
    assert engine.journal.available
    engine.journal.close()
    again = Engine(None, tmp_path, **OPTIONS)
    assert 90_000 in again.ledger.seen
    work(again, 200_000, 5)
    for number, answer in engine.acked:
        assert again.ledger.seen[number][3] == answer
    again.journal.close()


def test_the_reserve_gives_room_when_the_segment_is_full_too() -> None:
    """Lost: cancels would pass only while the last segment happens to have room."""

    class Small(PowerDisk):
        room = 1 << 30

        @property
        def used(self) -> int:
            return sum(len(inode.now) for inode in self.names_now.values())

        def allocate(self, handle: int, size: int) -> None:
            if self.used + size > self.room:
                raise OSError(errno.ENOSPC, "full")
            super().allocate(handle, size)

    disk = Small()
    engine = Engine(disk, reserve_bytes=16_384)
    work(engine, 1, 3)
    disk.room = disk.used
    draw, reserve = random.Random(1), []
    for number in range(75):  # more than the segments at hand have room for
        engine.send(commands(draw, 6, 10_000 + number * 6), urgent=True)
        engine.release()
        reserve.append("/journal/reserve" in disk.names_now)
    assert reserve[0] and not reserve[-1]
    with pytest.raises(JournalUnavailable):
        work(engine, 50_000, 1)
    again = Engine(PowerDisk.of(disk.contents()), reserve_bytes=0)
    assert again.ledger.state_hash() == reference(engine.sent).state_hash()
    disk.room = 1 << 30
    work(engine, 50_000, 1)
    assert "/journal/reserve" in disk.names_now


def test_records_wait_when_a_write_finds_the_disk_full(tmp_path: Path) -> None:
    """Lost: on a file system that copies on write, a full disk would end the process."""
    full = [False]
    files = FaultyFiles(lambda op, _: errno.ENOSPC if op == "write" and full[0] else None)
    engine = Engine(files, tmp_path, **{**OPTIONS, "segment_bytes": 1 << 20})
    work(engine, 1, 5)
    full[0] = True
    engine.send(commands(random.Random(1), 3, 1_000))
    with pytest.raises(Exception, match="not durable"):
        engine.journal.wait_durable(engine.journal.seq, 0.1)
    full[0] = False
    engine.release()
    assert len(engine.acked) == 33
    engine.journal.close()
