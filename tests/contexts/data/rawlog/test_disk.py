"""A disk that is full, fails or forgets; an index that is lost, broken or behind."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.contexts.data.rawlog.made import record, segment, without_index

from fks.contexts.data.store.rawlog import RawLog, RawRecord
from fks.kernel.errors import Unavailable


def numbers(log: RawLog) -> list[int]:
    """Return the numbers of the records that a log lists."""
    return [one.number for one in log.heads("binance", "btc-1")]


@pytest.mark.parametrize("written", [0, 1, 50, 97, 200, 10_000])
def test_a_disk_that_fills_up_anywhere_keeps_nothing_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """Lost: half a record, believed by the next one who reads."""
    log = RawLog(tmp_path)
    log.append(record(1))
    before = segment(tmp_path).read_bytes()
    write, room = os.write, [written]

    def filling(handle: int, content: bytes | memoryview) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "no space left on device")
        done = write(handle, content[: room[0]])
        room[0] -= done
        return done

    group = [record(2, os.urandom(9000)), record(3, os.urandom(9000))]
    monkeypatch.setattr("os.write", filling)
    with pytest.raises(Unavailable, match="no space") as refused:
        log.append_many(group)
    assert refused.value.code == "data.disk_full"
    monkeypatch.setattr("os.write", write)
    assert segment(tmp_path).read_bytes() == before
    for one in (log, without_index(tmp_path)):
        assert one.verify() == (1, (), 0)
        assert numbers(one) == [1]
    log.append_many(group)
    assert numbers(log) == [1, 2, 3]


def test_a_new_segment_on_a_full_disk_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: a segment without a head, and with it all that is appended to it."""
    log = RawLog(tmp_path, segment_bytes=100)
    log.append(record(1))

    def full(handle: int, content: bytes | memoryview) -> int:
        raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.write", full)
        with pytest.raises(Unavailable):
            log.append(record(2))
    assert not segment(tmp_path, 2).exists()
    log.append(record(2))
    assert log.verify() == (2, (), 0)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a file system of two megabytes."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("a file system can be mounted by root only")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_is_really_full_loses_nothing_that_was_kept(small_disk: Path) -> None:
    """Lost: what was kept before, because the index has no room either."""
    log = RawLog(small_disk)
    kept: list[tuple[str, RawRecord]] = []
    while True:
        one = record(len(kept), os.urandom(30_000))
        try:
            kept.append((log.append(one), one))
        except Unavailable as error:
            assert error.code == "data.disk_full"
            break
    assert len(kept) > 10
    for reader in (log, RawLog(small_disk), without_index(small_disk)):
        assert list(reader.of_job("binance", "btc-1")) == kept
        assert reader.verify() == (len(kept), (), 0)
    with suppress(OSError), (small_disk / "other").open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))
    for writer in (RawLog(small_disk), without_index(small_disk)):
        with pytest.raises(Unavailable) as refused:
            writer.append_many([one] * 100)
        assert refused.value.code == "data.disk_full"
        assert list(writer.of_job("binance", "btc-1")) == kept


def test_a_failing_sync_is_no_append(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost: a record that was in memory only, told to be on the disk."""
    log = RawLog(tmp_path)
    log.append(record(1))

    def broken(handle: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("os.fdatasync", broken)
        with pytest.raises(Unavailable) as refused:
            log.append(record(2))
    assert refused.value.code == "data.store_fault"
    assert numbers(log) == numbers(without_index(tmp_path)) == [1]


def test_a_reader_never_sees_what_is_not_synced_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: a page that was read and used, and then was never kept."""
    log = RawLog(tmp_path)
    log.append(record(1))
    seen: list[list[int]] = []
    reading = threading.Thread(target=lambda: seen.append(numbers(RawLog(tmp_path))))

    def broken(handle: int) -> None:
        reading.start()
        reading.join(0.3)
        raise OSError(errno.EIO, "input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("os.fdatasync", broken)
        with pytest.raises(Unavailable):
            log.append(record(2))
    reading.join()
    assert seen == [[1]]
    assert log.verify() == (1, (), 0)


@pytest.mark.parametrize(("room", "code"), [(0, "data.disk_full"), (9999, "data.store_fault")])
def test_an_index_that_cannot_grow_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, code: str
) -> None:
    """Lost: that it is the disk which is full, in a list that merely fails."""
    RawLog(tmp_path).append(record(1))
    log = without_index(tmp_path)

    def full(*rest: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("fks.contexts.data.store.rawlog.index.Index.add", full)
    left = SimpleNamespace(f_bavail=room, f_frsize=4096)
    monkeypatch.setattr("os.statvfs", lambda path: left)
    with pytest.raises(Unavailable) as refused:
        log.jobs()
    assert refused.value.code == code


def test_every_append_is_synced_before_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: payloads that only the memory of the machine had, at a power cut."""
    done: list[str] = []

    def noted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def both(*given: Any) -> Any:
            done.append(name)
            return call(*given)

        return both

    monkeypatch.setattr("os.write", noted("write", os.write))
    monkeypatch.setattr("os.fdatasync", noted("sync", os.fdatasync))
    monkeypatch.setattr("os.fsync", noted("sync all", os.fsync))
    monkeypatch.setattr(Path, "rename", noted("rename", Path.rename))
    log = RawLog(tmp_path)
    log.append(record(1))
    log.append_many([record(2), record(3)])
    assert done == [
        *("sync all", "sync all"),  # the folders
        *("write", "sync all", "rename", "sync all"),  # a segment and its name
        *("write", "write", "sync"),
        *("write", "write", "write", "write", "sync"),
    ]


@pytest.mark.parametrize(
    "broken", [b"not a database" * 1000, b"", b"SQLite format 3\0" + bytes(9000)]
)
def test_an_index_that_is_garbage_is_made_again(tmp_path: Path, broken: bytes) -> None:
    """Lost: the whole log, because a file that is derived of it broke."""
    kept = RawLog(tmp_path).append(record(1, b"body"))
    without_index(tmp_path)
    (tmp_path / "raw" / "index.db").write_bytes(broken)
    log = RawLog(tmp_path)
    assert log.read(kept).body == b"body"
    log.append(record(2))
    assert numbers(RawLog(tmp_path)) == [1, 2]


def test_an_index_that_breaks_while_it_is_open_is_made_again(tmp_path: Path) -> None:
    """Lost: every further append of a process that runs for weeks."""
    log = RawLog(tmp_path, segment_bytes=3000)
    kept = [log.append(record(n, os.urandom(200))) for n in range(60)]
    with sqlite3.connect(tmp_path / "raw" / "index.db") as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    with (tmp_path / "raw" / "index.db").open("r+b") as stream:
        stream.seek(4096)
        stream.write(os.urandom(60_000))
    for reader in (RawLog(tmp_path), log):
        assert [reader.read(of).number for of in kept] == list(range(60))
        assert numbers(reader) == list(range(60))


@pytest.mark.parametrize(
    "harm", ["DELETE FROM payloads WHERE number = 3", "UPDATE payloads SET id = zeroblob(32)"]
)
def test_an_index_that_lies_is_told(tmp_path: Path, harm: str) -> None:
    """Lost: pages that are there and that no job lists any more."""
    log = RawLog(tmp_path)
    for number in range(5):
        log.append(record(number))
    with sqlite3.connect(tmp_path / "raw" / "index.db") as database:
        database.execute(harm)
    database.close()
    found = log.verify()
    assert found.whole == 5
    assert [line for line in found.damaged if "index.db" in line] == list(found.damaged) != []
    assert without_index(tmp_path).verify() == (5, (), 0)


def test_an_index_of_another_layout_is_made_again(tmp_path: Path) -> None:
    """Lost: the log of an older version, or of a newer one."""
    kept = RawLog(tmp_path).append(record(1))
    with sqlite3.connect(tmp_path / "raw" / "index.db") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    assert RawLog(tmp_path).read(kept).number == 1


def test_an_index_taken_away_without_the_files_beside_it_is_made_again(tmp_path: Path) -> None:
    """Lost: a new index that takes over half of the old one from its write-ahead file."""
    log = RawLog(tmp_path)
    for number in range(40):
        log.append(record(number))
    assert (tmp_path / "raw" / "index.db-wal").stat().st_size > 0
    content = segment(tmp_path).read_bytes()
    (tmp_path / "raw" / "index.db").unlink()
    segment(tmp_path).write_bytes(content[: content.rindex(b"\x89FKSRAW")])
    assert numbers(RawLog(tmp_path)) == list(range(39))
    assert RawLog(tmp_path).verify() == (39, (), 0)


def test_an_index_taken_away_while_it_is_used_is_made_again_equal(tmp_path: Path) -> None:
    """Lost: an open process that goes on with a file which is no more, unlike all others."""
    log = RawLog(tmp_path, segment_bytes=2000)
    for number in range(30):
        log.append(record(number % 7, b"y" * number, job=f"job-{number % 3}"))
    jobs = log.jobs()
    listed = {one.job: log.heads("binance", one.job) for one in jobs}
    without_index(tmp_path)
    assert log.jobs() == jobs
    assert {one.job: log.heads("binance", one.job) for one in jobs} == listed
    without_index(tmp_path)
    log.append(record(99, job="job-0"))
    assert [one.payloads for one in RawLog(tmp_path).jobs()] == [11, 10, 10]


@pytest.mark.parametrize("size", [100, 64 << 20])
def test_an_index_that_could_not_be_written_does_not_undo_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Lost: a payload on the disk that its writer was told is not."""
    log = RawLog(tmp_path, segment_bytes=size)
    log.append(record(1))

    def full(*rest: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr("fks.contexts.data.store.rawlog.index.Index.add", full)
        kept = log.append(record(2))
    log.append(record(3))
    assert log.read(kept).number == 2
    assert numbers(log) == [1, 2, 3]
    assert log.verify() == (3, (), 0)


def test_files_are_the_owners_alone(tmp_path: Path) -> None:
    """Lost: what somebody pays for, read by everybody on the machine."""
    RawLog(tmp_path, segment_bytes=10).append_many([record(1), record(2)])
    for path in (tmp_path / "raw", *(tmp_path / "raw").rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
