"""`fks bench execution`: what it says is of a journal that was read whole and replayed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fks.cli import main
from fks.contexts.execution.domain.matching import workload
from fks.contexts.execution.domain.matching.workload import Flow, Profile
from fks.contexts.execution.service.bench_flow import WrongResult
from fks.contexts.execution.service.bench_journaled import JournaledEngine, checked
from fks.kernel.errors import FksError


@pytest.fixture(scope="module")
def flow() -> Flow:
    """Return a short flow with a small book."""
    return workload.generate(Profile(7, 500, 3_000, 20.0))


def played(flow: Flow, folder: Path) -> JournaledEngine:
    """Return an engine that has taken the flow, everything durable, closed."""
    engine = JournaledEngine(flow, folder, small=True)
    for at in range(0, len(flow.measured), 700):
        engine.take(flow.measured[at : at + 700])
    engine.settle()
    engine.close()
    return engine


def test_the_figures_are_of_a_journal_that_leads_to_the_same_state(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lost: a speed would be told of an engine that forgets what it acknowledged."""
    assert main(["bench", "execution", "--quick", "--json", "--folder", str(tmp_path)]) == 0
    said = json.loads(capsys.readouterr().out)
    rows = {row["name"]: row for row in said["rows"]}
    assert "risk, match and journal, a commit every 10,000" in rows
    assert {f"durable submit of {size}: p99.9" for size in (1, 8, 32, 128)} <= set(rows)
    assert all(row["value"] > 0 for row in rows.values())
    facts = said["facts"]
    assert len(facts["state"]) == 64
    commands = len(workload.opening()) + 10_000 + 100_000
    assert facts["journal_bytes"] > commands * 64
    assert facts["journal_groups"] >= 10 and facts["journal_records"] >= 110
    assert list(tmp_path.iterdir()) == []


def test_every_event_leaves_once_and_only_when_it_is_durable(flow: Flow, tmp_path: Path) -> None:
    """Lost: an acknowledgement before the disk is the very thing that is measured."""
    engine = JournaledEngine(flow, tmp_path / "j", small=True)
    before = engine.told
    engine.release(0)
    engine.take(flow.measured[:1])
    seq, told = engine.journal.seq, engine.told
    if told > before:
        assert engine.journal.durable_seq >= seq
    for at in range(1, len(flow.measured), 300):
        engine.take(flow.measured[at : at + 300])
    engine.settle()
    engine.check()
    events = engine.told - before
    engine.close()
    plain = JournaledEngine(flow, tmp_path / "other", small=True)
    assert events == len(plain.matcher.apply(flow.measured, 1))
    plain.close()


def test_a_journal_that_leads_elsewhere_is_refused(flow: Flow, tmp_path: Path) -> None:
    """Lost: the check would be there and find nothing."""
    engine = played(flow, tmp_path / "j")
    seq = engine.journal.seq
    found = checked(flow, tmp_path / "j", engine.matcher, seq)
    assert found.state == engine.matcher.state_hash().hex()
    with pytest.raises(WrongResult):
        checked(flow, tmp_path / "j", engine.matcher, seq + 1)
    engine.matcher.add(0, 1, 2**62 + 1, 0, 1, 0, 0, 1, 1, ts_ns=1)
    with pytest.raises(WrongResult):
        checked(flow, tmp_path / "j", engine.matcher, seq)


def test_a_wrong_book_has_no_speed(flow: Flow, tmp_path: Path) -> None:
    """Lost: figures of an engine that trades something else."""
    engine = JournaledEngine(flow, tmp_path / "j", small=True)
    engine.take(flow.measured[:-1])
    engine.settle()
    with pytest.raises(WrongResult):
        engine.check()
    engine.close()


def test_damage_is_found(flow: Flow, tmp_path: Path) -> None:
    """Lost: a journal would count as verified although bytes of it have changed."""
    engine = played(flow, tmp_path / "j")
    (segment,) = (tmp_path / "j").glob("*.fksj")
    data = bytearray(segment.read_bytes())
    data[5_000] ^= 1
    segment.write_bytes(data)
    with pytest.raises(FksError):
        checked(flow, tmp_path / "j", engine.matcher, engine.journal.seq)
