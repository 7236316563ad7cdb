"""Goals D5 and D6 with the system's own errors: injected into the calls, or of a small disk."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .drive import SCALE, Engine
from .ledger import Ledger

CHILD = Path(__file__).with_name("disk_child.py")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


def acknowledged(mode: str, folder: Path, *before: str) -> list[int]:
    """Run a child and return what it acknowledged."""
    done = subprocess.run(
        [*before, sys.executable, str(CHILD), mode, str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return [int(line) for line in done.stdout.split()]


def recovered(folder: Path) -> Ledger:
    """Return the ledger of a journal."""
    engine = Engine(None, folder, segment_bytes=1 << 20)
    engine.journal.close()
    return engine.ledger


def test_a_limit_of_file_size_is_a_full_disk(tmp_path: Path) -> None:
    """Lost: the errors of the other tests would be our own invention only."""
    acked = acknowledged("limit", tmp_path / "j")
    assert len(acked) > 300
    assert set(acked) <= set(recovered(tmp_path / "j").seen)


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize("round_", range(2 if SCALE == 1 else 20))
def test_a_sync_that_the_system_lets_fail_stops_the_journal(round_: int, tmp_path: Path) -> None:
    """Lost: what is proved with injected exceptions might not hold for a real call."""
    nth = random.Random(round_).randint(30, 130)
    inject = f"inject=fdatasync:error=EIO:when={nth}"
    probe = subprocess.run(["strace", "true"], capture_output=True, timeout=20)
    if probe.returncode:
        pytest.skip("strace may not trace here")
    trace = ("strace", "-f", "-o", str(tmp_path / "trace"), "-e", "trace=fdatasync", "-e", inject)
    acked = acknowledged("eio", tmp_path / "j", *trace)
    calls = (tmp_path / "trace").read_text().splitlines()
    failed = next(number for number, call in enumerate(calls) if "INJECTED" in call)
    assert set(acked) <= set(recovered(tmp_path / "j").seen)
    assert len(calls) - failed < 6, "nothing but what was under way may sync after that"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a disk of 16 MiB in memory, where this user may mount one."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = (
        shutil.which("mount")
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)], capture_output=True
        ).returncode
    )
    if not mounted:
        pytest.skip("may not mount a small disk here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_small_disk_fills_lets_cancels_by_and_goes_on(small_disk: Path) -> None:
    """Lost: the reserve might not be there when a real disk is full."""
    acked = acknowledged("small", small_disk / "j")
    assert acked == list(range(1, len(acked) + 1)) or len(acked) > 8_100
    assert set(acked) <= set(recovered(small_disk / "j").seen)
