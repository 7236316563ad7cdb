"""The mirror: a second copy of what is durable, which repairs the first and betrays a loss."""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from fks.contexts.execution.adapters.journal.files import OsFiles
from fks.contexts.execution.adapters.journal.folder import Folder
from fks.contexts.execution.adapters.journal.salvage import read_records, salvage
from fks.contexts.execution.domain.journal.failures import JournalFailed, MirrorRefused

from .drive import Engine, check, commands
from .test_kills import ENOUGH, KILLS, LIVES, Nursery

REAL: dict[str, Any] = {"segment_bytes": 16_384, "group_bytes": 2_048, "reserve_bytes": 4_096}


def engine_of(home: Path, *, name: str = "journal", files: Any = None, **options: Any) -> Engine:
    """Return an engine whose journal is mirrored, on real files."""
    chosen = {**REAL, "mirror": home / "mirror", "threads": True, "retry_s": 0.02, **options}
    return Engine(files or OsFiles(), home / name, **chosen)


def write(engine: Engine, draw: random.Random, batches: int) -> None:
    """Send some batches of new commands, durably."""
    for _ in range(batches):
        first = len(engine.ledger.seen) + 1
        engine.send(commands(draw, draw.randint(1, 12), first))
        engine.release()


def mirrored(home: Path) -> dict[str, bytes]:
    """Return the segments of the mirror, and check that they are the journal's, to the byte."""
    ours, theirs = Folder(home / "journal"), Folder(home / "mirror")
    assert theirs.segments(OsFiles()) == ours.segments(OsFiles())
    found = {}
    for number in theirs.segments(OsFiles()):
        copy = theirs.segment(number).read_bytes()
        whole = ours.segment(number).read_bytes()
        assert whole[: len(copy)] == copy
        assert not any(whole[len(copy) :]), "something durable was not copied"
        found[theirs.segment(number).name] = copy
    return found


def wait_for(engine: Engine) -> None:
    """Wait until the mirror has all."""
    mirror = engine.journal.mirror
    assert mirror is not None
    for _ in range(500):
        if not mirror.behind and mirror.seq >= engine.journal.durable_seq:
            return
        time.sleep(0.01)
    raise AssertionError(f"the mirror stays behind: {mirror.failing}")


@pytest.mark.parametrize("in_step", [False, True])
def test_the_mirror_holds_what_is_durable_through_several_lives(
    tmp_path: Path, in_step: bool
) -> None:
    """Lost: the copy that is needed on the worst of days would turn out to have holes."""
    draw, sent, acked = random.Random(3), [], []
    for _ in range(3):
        engine = engine_of(tmp_path, mirror_in_step=in_step)
        write(engine, draw, 80)
        sent, acked = sent + engine.sent, acked + engine.acked
        if in_step:
            assert engine.journal.mirror is not None
            assert engine.journal.mirror.seq >= engine.journal.durable_seq
        engine.journal.close()
        mirrored(tmp_path)
    shutil.rmtree(tmp_path / "journal")
    saved = salvage(OsFiles(), tmp_path / "journal", tmp_path / "saved", tmp_path / "mirror")
    assert saved.from_mirror == saved.segments > 3
    engine = engine_of(tmp_path, name="saved", mirror=None)
    check(engine, sent, acked)
    engine.journal.close()


def test_a_damaged_segment_is_repaired_from_the_mirror(tmp_path: Path) -> None:
    """Lost: one bad sector would cost every record behind it, a copy of them at hand."""
    engine = engine_of(tmp_path)
    write(engine, random.Random(4), 60)
    engine.journal.close()
    records = [record.payload for record in read_records(OsFiles(), tmp_path / "journal")]
    numbers = Folder(tmp_path / "journal").segments(OsFiles())
    damaged = Folder(tmp_path / "journal").segment(numbers[1])
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 4
    damaged.write_bytes(data)
    Folder(tmp_path / "journal").segment(numbers[2]).unlink()
    alone = salvage(OsFiles(), tmp_path / "journal", tmp_path / "alone")
    assert (alone.segments, alone.from_mirror) == (2, 0)
    saved = salvage(OsFiles(), tmp_path / "journal", tmp_path / "saved", tmp_path / "mirror")
    assert (saved.segments, saved.from_mirror, saved.why) == (
        len(numbers), 2, "nothing is damaged",
    )  # fmt: skip
    assert saved.seq >= saved.witness
    found = [record.payload for record in read_records(OsFiles(), tmp_path / "saved")]
    assert found == records


def test_the_mirror_of_another_journal_is_refused(tmp_path: Path) -> None:
    """Lost: two desks would write over each other's copy, and neither could be restored."""
    engine_of(tmp_path).journal.close()
    before = mirrored(tmp_path)
    with pytest.raises(MirrorRefused, match="another journal"):
        engine_of(tmp_path, name="other")
    with pytest.raises(MirrorRefused, match="is not the mirror"):
        engine_of(tmp_path, name="third", mirror=tmp_path / "its").journal.close()
        salvage(OsFiles(), tmp_path / "third", tmp_path / "saved", tmp_path / "mirror")
    with pytest.raises(MirrorRefused, match="is no mirror"):
        engine_of(tmp_path, name="fourth", mirror=tmp_path / "journal")
    assert mirrored(tmp_path) == before


def test_a_journal_that_was_rolled_back_is_betrayed_by_its_mirror(tmp_path: Path) -> None:
    """Lost: an old backup put back would be traded on as if nothing had happened since."""
    draw = random.Random(5)
    engine = engine_of(tmp_path)
    write(engine, draw, 10)
    engine.journal.close()
    shutil.copytree(tmp_path / "journal", tmp_path / "old")
    engine = engine_of(tmp_path)
    write(engine, draw, 10)
    engine.journal.close()
    seq = engine.journal.seq
    shutil.rmtree(tmp_path / "journal")
    shutil.copytree(tmp_path / "old", tmp_path / "journal")
    with pytest.raises(MirrorRefused, match=f"up to {seq}, which the journal has lost"):
        engine_of(tmp_path)
    shutil.rmtree(tmp_path / "journal")
    shutil.copytree(tmp_path / "old", tmp_path / "journal")
    other = engine_of(tmp_path, mirror=None)
    write(other, random.Random(6), 20)
    other.journal.close()
    with pytest.raises(MirrorRefused, match="other records than"):
        engine_of(tmp_path)


class Away(OsFiles):
    """A disk of which the mirror's part can be away."""

    away = False

    def write(self, handle: int, data: Any, offset: int) -> int:
        """Fail where the handle is of the mirror."""
        if self.away and "/mirror/" in str(Path(f"/proc/self/fd/{handle}").readlink()):
            raise OSError(5, "away")
        return super().write(handle, data, offset)


def test_a_mirror_that_is_away_is_told_and_catches_up(tmp_path: Path) -> None:
    """Lost: a network disk that hangs for a minute would stop the desk, or leave a hole."""
    files = Away()
    engine = engine_of(tmp_path, files=files)
    mirror = engine.journal.mirror
    assert mirror is not None
    write(engine, random.Random(7), 3)
    files.away = True
    write(engine, random.Random(7), 30)
    for _ in range(500):
        if mirror.failing:
            break
        time.sleep(0.01)
    assert "away" in mirror.failing
    assert mirror.behind > 0
    files.away = False
    wait_for(engine)
    assert mirror.failing == ""
    engine.journal.close()
    mirrored(tmp_path)


def test_in_step_nothing_is_durable_that_the_mirror_lacks(tmp_path: Path) -> None:
    """Lost: who paid for two copies would have one when it counts."""
    files = Away()
    engine = engine_of(tmp_path, files=files, mirror_in_step=True)
    write(engine, random.Random(8), 5)
    durable = engine.journal.durable_seq
    files.away = True
    engine.send(commands(random.Random(8), 3, 1_000))
    with pytest.raises(JournalFailed, match="the mirror"):
        engine.release(timeout_s=5)
    assert engine.journal.durable_seq == durable
    files.away = False
    with pytest.raises(JournalFailed):
        engine.journal.close()
    again = engine_of(tmp_path, mirror_in_step=True)
    again.journal.close()
    mirrored(tmp_path)


@pytest.mark.parametrize("seed", range(max(1, KILLS // LIVES // 5)))
def test_a_killed_engine_and_its_mirror_agree_again(seed: int, tmp_path: Path) -> None:
    """Lost: after kill -9 the copy would be refused, or silently lack acknowledged records."""
    draw, nursery = random.Random(seed), Nursery()
    acked: dict[int, int] = {}
    for _ in range(LIVES):
        line = f"{tmp_path / 'journal'} {seed} {len(acked) + 1} {ENOUGH} 3 {draw.choice((1, 2))}"
        acked |= nursery.live(line, draw.uniform(0.0, 0.15), "up")[0]
    nursery.close()
    engine = engine_of(tmp_path, mirror_in_step=True)
    assert all(number in engine.ledger.seen for number in acked)
    engine.journal.close()
    mirrored(tmp_path)
