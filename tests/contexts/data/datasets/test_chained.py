"""The chained log: whatever a kill or a disk leaves, what was acknowledged is there and no more."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import msgspec
import pytest

from fks.contexts.data.store import chained
from fks.contexts.data.store.chained import ChainedLog
from fks.contexts.data.store.written import disk_faults
from fks.kernel.errors import Unavailable


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """An entry."""

    text: str


def log_of(folder: Path) -> ChainedLog[Note]:
    """Return a log as a new process sees it."""
    return ChainedLog(folder / "log", Note)


def append(folder: Path, *texts: str) -> None:
    """Append entries."""
    for text in texts:
        log_of(folder).change(lambda _, text=text: Note(text=text))  # type: ignore[misc]


def texts(folder: Path) -> list[str]:
    """Return what the log says."""
    return [entry.text for entry in log_of(folder).read().entries]


@pytest.mark.parametrize("before", [0, 1, 3])
def test_a_kill_at_any_byte_of_an_append_loses_only_that_entry(tmp_path: Path, before: int) -> None:
    """Lost: a kill at the wrong moment would make the log unreadable, or invent an entry."""
    append(tmp_path, *(str(k) for k in range(before)))
    log, head = tmp_path / "log", tmp_path / "log.head"
    old, old_head = (path.read_bytes() if before else b"" for path in (log, head))
    append(tmp_path, "new é\n")
    new = log.read_bytes()
    kept = [str(k) for k in range(before)]
    for cut in range(len(old), len(new) + 1):
        log.write_bytes(new[:cut])
        head.write_bytes(old_head) if before else head.unlink(missing_ok=True)
        found = texts(tmp_path)
        assert found == (kept if cut < len(new) else [*kept, "new é\n"])
        if cut % 16 == 0 or cut >= len(new) - 1:
            append(tmp_path, "next", "last")
            assert texts(tmp_path) == [*found, "next", "last"]


def test_any_changed_byte_is_noticed(tmp_path: Path) -> None:
    """Lost: an edited entry would pass for the one that was written."""
    append(tmp_path, "a", "b", "c")
    log = tmp_path / "log"
    whole = log.read_bytes()
    for place in range(0, len(whole) - 1, 3):
        log.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(Unavailable, match="line"):
            texts(tmp_path)


@pytest.mark.parametrize("fails", ["pwrite", "fsync"])
def test_a_full_disk_is_said_and_the_log_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    """Lost: a look that could not be logged would count, or later ones could not be."""
    append(tmp_path, "a")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(chained.os, fails, full)
        with (
            pytest.raises(Unavailable, match="no space left"),
            disk_faults(tmp_path, "written"),
        ):
            append(tmp_path, "b")
    append(tmp_path, "c")
    assert texts(tmp_path) in (["a", "c"], ["a", "b", "c"])
    assert ("b" in texts(tmp_path)) is (fails == "fsync"), "on the disk, never acknowledged"


def test_a_short_write_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost: a disk that takes a part at a time would leave half a line."""
    whole = os.pwrite
    monkeypatch.setattr(chained.os, "pwrite", lambda fd, data, at: whole(fd, data[:7], at))
    append(tmp_path, "a", "b" * 100)
    assert texts(tmp_path) == ["a", "b" * 100]
