"""Goals D1, D7 and D9 with the matching engine itself."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from fks.contexts.execution.adapters.journal.files import OsFiles
from fks.contexts.execution.adapters.journal.log import Journal
from fks.contexts.execution.adapters.journal.replay import replay_folder
from fks.contexts.execution.adapters.journal.tailer import Tailer
from fks.contexts.execution.domain.journal.kinds import COMMANDS, KINDS

from .drive import SCALE
from .matching_flow import ROOM, HashedMachine, Matcher, MatchingMachine, orders, prepared

CHILD = Path(__file__).with_name("matching_child.py")
COUNT = 20_000 if SCALE == 1 else 1_000_000


def plain() -> MatchingMachine:
    """Return the engine as it is run."""
    return MatchingMachine(Matcher(**ROOM))


def journaled(
    folder: Path, rows: np.ndarray, batch: int, machine: MatchingMachine, commits: int = 16
) -> None:
    """Write a journal of these commands, with the machine's hash every few commits."""
    journal, _ = Journal.open(
        folder,
        config_hash=bytes(16),
        segment_bytes=8 << 20,
        reserve_bytes=0,
        checkpoint_commits=commits,
    )
    journal.recover(machine)
    for at in range(0, len(rows), batch):
        part = rows[at : at + batch].tobytes()
        seq = journal.append_commands(part, at)
        for number, start in enumerate(range(0, len(part), 64_000)):
            piece = part[start : start + 64_000]
            machine.apply(seq + number, journal.ts_ns, COMMANDS, 1, piece)
    journal.wait_durable(journal.seq)
    journal.close()


def test_the_engine_is_the_same_after_any_replay_in_any_process(tmp_path: Path) -> None:
    """Lost: fills would be told again in another way after a restart (D7)."""
    rows = np.concatenate([prepared(), orders(COUNT, 3)])
    machine = HashedMachine()
    journaled(tmp_path / "j", rows, 700, machine)
    expected = f"{machine.state_hash().hex()} {machine.said.hexdigest()}"
    for hash_seed in ("0", "1", "random"):
        done = subprocess.run(
            [sys.executable, str(CHILD), str(tmp_path / "j")],
            env={
                **os.environ,
                "PYTHONHASHSEED": hash_seed,
                "PYTHONPATH": os.pathsep.join([*sys.path, str(CHILD.parents[4])]),
            },
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.stdout.strip() == expected, done.stderr
    tailer = Tailer(OsFiles(), tmp_path / "j", HashedMachine)
    Journal.open(tmp_path / "j", config_hash=bytes(16), reserve_bytes=0)[0].close()
    made = tailer.step()
    tailer.close()
    assert made is not None and made.state_hash == machine.state_hash()
    part = replay_folder(OsFiles(), tmp_path / "j", KINDS, HashedMachine())
    assert part.state_hash == machine.state_hash() and part.snapshot_seq > 0


@pytest.mark.skipif(SCALE == 1, reason="a release figure: FKS_TORTURE=1")
def test_a_million_records_are_recovered_in_time(tmp_path: Path) -> None:
    """Lost (D9): a restart in the middle of a session would take until after it."""
    rows = np.concatenate([prepared(), orders(1_000_000, 5)])
    journaled(tmp_path / "j", rows, 1, plain(), 1_024)
    began_s = time.perf_counter()
    journal, recovery = Journal.open(tmp_path / "j", config_hash=bytes(16), reserve_bytes=0)
    done = journal.recover(plain())
    full_s = time.perf_counter() - began_s
    journal.close()
    assert recovery.records >= 1_000_000
    tailer = Tailer(OsFiles(), tmp_path / "j", plain)
    assert tailer.step() is not None
    tailer.close()
    more = orders(100_000, 6)
    more["id"] += 1_000_000
    journaled(tmp_path / "j", more, 1, plain(), 1_024)
    began_s = time.perf_counter()
    journal, recovery = Journal.open(tmp_path / "j", config_hash=bytes(16), reserve_bytes=0)
    part = journal.recover(plain())
    part_s = time.perf_counter() - began_s
    journal.close()
    sys.stderr.write(
        f"\nD9: {done.records:,} records in {full_s:.2f} s; snapshot and {part.records:,} in "
        f"{part_s:.2f} s\n"
    )
    assert full_s <= 10
    assert part_s <= 2
