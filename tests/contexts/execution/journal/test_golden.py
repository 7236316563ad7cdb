"""Goal D8: journals of every released format load and reach the state that was recorded for them.

`golden/<format>/` holds a journal as its release wrote it, `STATE` its last record and state hash.
Never write one anew: a change of the format adds a folder, and the old ones still have to load.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from fks.contexts.execution.adapters.journal.files import OsFiles
from fks.contexts.execution.adapters.journal.replay import replay_folder
from fks.contexts.execution.adapters.journal.salvage import verify
from fks.contexts.execution.adapters.journal.tailer import Tailer
from fks.contexts.execution.domain.journal.kinds import KINDS

from .drive import FOLDER, Engine, commands
from .ledger import Ledger
from .power import PowerDisk

GOLDEN = Path(__file__).with_name("golden")


def loaded(folder: Path) -> PowerDisk:
    """Return the files of a golden journal in memory: the originals stay as they are."""
    return PowerDisk.of({f"/journal/{path.name}": path.read_bytes() for path in folder.iterdir()})


@pytest.mark.parametrize("folder", sorted(GOLDEN.iterdir()), ids=lambda path: path.name)
@pytest.mark.parametrize("from_snapshot", [False, True])
def test_a_journal_of_each_released_format_reaches_its_state(
    folder: Path, from_snapshot: bool
) -> None:
    """Lost: an upgrade would strand the books of everyone who has some."""
    seq, state_hash = (folder / "STATE").read_text().split()
    disk = loaded(folder)
    found = verify(disk, FOLDER)
    assert (found.position.seq, found.findings) == (int(seq), ())
    done = replay_folder(disk, FOLDER, KINDS, Ledger(), from_snapshot=from_snapshot)
    assert (done.seq, done.state_hash.hex()) == (int(seq), state_hash)
    assert done.checkpoints > 0 and bool(done.snapshot_seq) == from_snapshot
    engine = Engine(disk)
    assert engine.ledger.state_hash().hex() == state_hash
    engine.send(commands(random.Random(1), 5, 10_000))
    engine.release()


@pytest.mark.skipif(not os.environ.get("FKS_GOLDEN"), reason="writes a new golden journal")
def test_write_a_golden_journal() -> None:
    """Write `golden/$FKS_GOLDEN`, once for each format, when it is released."""
    target = GOLDEN / os.environ["FKS_GOLDEN"]
    disk, draw = PowerDisk(), random.Random(8)
    for life in range(2):
        engine = Engine(disk, segment_bytes=8_192, group_bytes=2_048, checkpoint_commits=5)
        for number in range(30):
            engine.send(commands(draw, 4, 1 + life * 120 + number * 4), number * 1_000)
            engine.release()
        engine.journal.close()
        if life == 0:
            tailer = Tailer(disk, FOLDER, Ledger)
            tailer.step()
            tailer.close()
    target.mkdir()
    for name, data in disk.contents().items():
        if "TAILER" not in name and "LOCK" not in name and "reserve" not in name:
            (target / Path(name).name).write_bytes(data)
    state = f"{engine.journal.durable_seq} {engine.ledger.state_hash().hex()}\n"
    (target / "STATE").write_text(state)
    assert verify(OsFiles(), target).position.seq == engine.journal.durable_seq
    (target / "LOCK").unlink()
