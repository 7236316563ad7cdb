"""Goal D7 and part 4: snapshots are made beside the engine, and replays always agree."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fks.contexts.execution.adapters.journal.files import OsFiles
from fks.contexts.execution.adapters.journal.folder import Folder, read_manifest
from fks.contexts.execution.adapters.journal.replay import replay_folder
from fks.contexts.execution.adapters.journal.tailer import Tailer
from fks.contexts.execution.domain.journal.failures import (
    JournalCorrupt,
    JournalDiverged,
    JournalLocked,
)
from fks.contexts.execution.domain.journal.kinds import KINDS

from .drive import FOLDER, Engine, commands
from .ledger import Ledger
from .power import PowerDisk

CHILD = Path(__file__).with_name("replay_child.py")


def grow(disk: PowerDisk, batches: int, *, tail: bool, first: int = 1, **options: Any) -> Engine:
    """Return an engine after some batches, with a snapshot of what was sealed or not."""
    engine = Engine(disk, segment_bytes=8_192, group_bytes=2_048, **options)
    draw = random.Random(first)
    for number in range(batches):
        engine.send(commands(draw, 5, first + number * 5))
        engine.release()
    if tail:
        tailer = Tailer(disk, FOLDER, Ledger)
        tailer.step()
        tailer.close()
    return engine


def test_a_snapshot_and_the_records_after_it_give_the_state_of_all_records() -> None:
    """Lost: a start from a snapshot would trade on another state than a full one."""
    disk = PowerDisk()
    engine = grow(disk, 60, tail=True)
    disk = PowerDisk.of(disk.contents())
    whole = replay_folder(disk, FOLDER, KINDS, Ledger(), from_snapshot=False)
    part = replay_folder(disk, FOLDER, KINDS, Ledger())
    assert whole.state_hash == part.state_hash == engine.ledger.state_hash()
    assert whole.snapshot_seq == 0 < part.snapshot_seq < part.seq == whole.seq
    assert whole.records > part.records > 0 < part.checkpoints < whole.checkpoints


def test_old_segments_go_once_two_snapshots_hold_their_records() -> None:
    """Lost: the disk would fill, or records would go that only one file still stands for."""
    disk, first = PowerDisk(), 1
    for _ in range(4):
        engine = grow(disk, 40, tail=True, first=first)
        first += 200
        engine.journal.close()
    folder = Folder(FOLDER)
    manifest = read_manifest(disk, folder, [])
    assert manifest is not None and manifest.dropped is not None
    assert len(manifest.snapshots) == 2
    assert manifest.dropped.last_seq <= manifest.snapshots[0].seq
    assert folder.segments(disk)[0] == manifest.dropped.number + 1
    again = Engine(disk)
    assert again.ledger.state_hash() == engine.ledger.state_hash()
    assert again.replayed.snapshot_seq == manifest.snapshots[1].seq


def test_the_snapshot_before_is_taken_where_the_newest_is_damaged() -> None:
    """Lost: one bad block would take the desk down, although all that is needed is there."""
    disk, first = PowerDisk(), 1
    for _ in range(4):
        engine = grow(disk, 40, tail=True, first=first)
        first += 200
        engine.journal.close()
    state_hash, contents = engine.ledger.state_hash(), disk.contents()
    snapshots = sorted(name for name in contents if "snapshot" in name)
    contents[snapshots[-1]] = contents[snapshots[-1]][:-9] + b"damaged.."
    again = Engine(PowerDisk.of(contents))
    assert again.ledger.state_hash() == state_hash
    assert again.replayed.snapshot_seq == int(snapshots[-2][-25:-5])
    assert any("left out" in text for text in again.recovery.findings)
    contents[snapshots[-2]] = b""
    with pytest.raises(JournalCorrupt, match="no snapshot can be read"):
        Engine(PowerDisk.of(contents))


def test_what_the_outbox_has_not_seen_is_replayed_and_kept() -> None:
    """Lost: an event that was caused but not yet told would be skipped by a snapshot."""
    disk, first = PowerDisk(), 1
    for _ in range(4):
        engine = grow(disk, 40, tail=True, first=first, keep_after=100)
        first += 200
        engine.journal.close()
    manifest = read_manifest(disk, Folder(FOLDER), [])
    assert manifest is not None and len(manifest.snapshots) > 2
    assert manifest.dropped is None or manifest.dropped.last_seq <= manifest.snapshots[0].seq <= 100
    ledger = Ledger()
    found = Engine(disk, keep_after=100).journal.recover(ledger, outputs_after=100)
    assert found.snapshot_seq <= 100
    assert ledger.state_hash() == engine.ledger.state_hash()


def test_only_one_process_makes_snapshots(tmp_path: Path) -> None:
    """Lost: two of them would clear away each other's files."""
    engine = Engine(OsFiles(), tmp_path)
    tailer = Tailer(OsFiles(), tmp_path, Ledger)
    with pytest.raises(JournalLocked):
        Tailer(OsFiles(), tmp_path, Ledger)
    assert tailer.step() is None
    tailer.close()
    engine.journal.close()


def test_a_machine_that_is_not_deterministic_is_stopped_at_the_first_difference() -> None:
    """Lost: a desk would go on with positions that differ from what it told its clients."""

    class Drifting(Ledger):
        def _transfer(self, number: int, source: int, target: int, amount: int) -> int:
            return super()._transfer(number, source, target, amount + (number == 77))

    disk = PowerDisk()
    engine = grow(disk, 60, tail=False)
    engine.journal.close()
    with pytest.raises(JournalDiverged) as stopped:
        replay_folder(disk, FOLDER, KINDS, Drifting(), from_snapshot=False)
    assert stopped.value.exit_code == 78
    assert 0 < stopped.value.equal_seq < 77 // 5 + 10 < stopped.value.differing_seq + 20
    tailer = Tailer(disk, FOLDER, Drifting)
    with pytest.raises(JournalDiverged):
        tailer.step()


@pytest.mark.parametrize("hash_seed", ["0", "1", "random"])
def test_a_replay_gives_the_same_hash_in_every_process(hash_seed: str, tmp_path: Path) -> None:
    """Lost: a state could depend on the order of a set or the start of a process."""
    disk = PowerDisk()
    engine = grow(disk, 30, tail=False)
    engine.journal.close()
    (tmp_path / "journal").mkdir()
    for name, data in disk.contents().items():
        (tmp_path / name.removeprefix("/")).write_bytes(data)
    done = subprocess.run(
        [sys.executable, str(CHILD), str(tmp_path / "journal")],
        env={
            **os.environ,
            "PYTHONHASHSEED": hash_seed,
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == engine.ledger.state_hash().hex(), done.stderr
