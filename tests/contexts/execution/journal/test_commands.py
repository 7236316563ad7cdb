"""The tools for people: verify, show, salvage, snapshot, replay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fks.contexts.execution.adapters.journal.files import OsFiles
from fks.contexts.execution.adapters.journal.log import Journal
from fks.contexts.execution.cli.journal import journal, replay
from fks.contexts.execution.domain.journal.failures import JournalCorrupt, JournalLocked
from fks.contexts.execution.domain.matching.engines import engine
from fks.contexts.execution.domain.trading.inputs import Ticked, encode
from fks.contexts.execution.domain.trading.machine import TRADING_INPUT, TradingMachine
from fks.contexts.execution.service.trading.opening import TRADING_KINDS
from fks.kernel.commands import CommandContext
from fks.kernel.errors import Conflict, NotFound

OPTIONS: dict[str, Any] = {
    "config_hash": bytes(16),
    "segment_bytes": 65_536,
    "group_bytes": 4_096,
    "reserve_bytes": 0,
    "checkpoint_commits": 10,
    "kinds": TRADING_KINDS,
}


def unused(*_: object) -> Any:
    """Stand for what these commands need not load."""
    raise AssertionError("not needed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the journal of a desk that heard 400 ticks, in two lives."""
    place = tmp_path / "execution" / "journal"
    for life in range(2):
        log, _ = Journal.open(place, **OPTIONS)
        machine = TradingMachine(engine)
        log.recover(machine)
        for number in range(200):
            payload = encode(Ticked())
            seq = log.append(TRADING_INPUT, 1, payload, life * 1_000 + number)
            machine.apply(seq, log.ts_ns, TRADING_INPUT, 1, payload)
            if number % 5 == 0:
                log.wait_durable(seq)
        log.close()
    return place


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return what runs a command and gives its JSON."""

    def execute(command: Any, *arguments: object) -> Any:
        surroundings = CommandContext(
            home=tmp_path, config=None, load_host=unused, load_settings=unused
        )
        command.main(args=[*map(str, arguments), "--json"], standalone_mode=False, obj=surroundings)
        return json.loads(capsys.readouterr().out)

    return execute


def newest(folder: Path) -> Path:
    """Return the last segment that holds inputs."""
    return sorted(folder.glob("segment-*"))[-1]


def test_verify_reads_everything_and_says_how_far_it_goes(run: Any, folder: Path) -> None:
    """Lost: nobody could tell whether a backup is good."""
    found = run(journal, "verify")
    assert found["seq"] == found["witness"] == found["records"]
    assert found["seq"] > 400 and found["segments"] >= 2 and found["findings"] == []
    assert run(journal, "verify", folder) == found


def test_verify_names_the_damage_and_exits_with_78(run: Any, folder: Path) -> None:
    """Lost: a supervisor would start into the damage again and again."""
    data = bytearray(newest(folder).read_bytes())
    data[300] ^= 1
    newest(folder).write_bytes(data)
    with pytest.raises(JournalCorrupt) as found:
        run(journal, "verify")
    assert (found.value.exit_code, found.value.path) == (78, str(newest(folder)))
    assert found.value.offset <= 300 and found.value.seq > 0


def test_show_lists_records_from_anywhere(run: Any, folder: Path) -> None:
    """Lost: what an engine was told could be seen by programmers only."""
    rows = run(journal, "show", "--from", 201, "--count", 3)["records"]
    assert [row["seq"] for row in rows] == [201, 202, 203]
    names = {row["type"] for row in run(journal, "show", "--count", 1000)["records"]}
    assert names == {"TRADING_INPUT", "RECOVERED", "CHECKPOINT_HASH"}


def test_salvage_saves_what_is_whole_and_counts_what_is_not(
    run: Any, folder: Path, tmp_path: Path
) -> None:
    """Lost: a damaged journal would be worth nothing, or its gaps would go unnoticed."""
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    data = bytearray(newest(folder).read_bytes())
    data[len(data.rstrip(b"\0")) // 2] ^= 1
    newest(folder).write_bytes(data)
    damaged = newest(folder).read_bytes()
    found = run(journal, "salvage", tmp_path / "saved")
    assert newest(folder).read_bytes() == damaged
    assert 100 < found["seq"] < found["witness"] and "damaged" in found["why"]
    assert run(journal, "verify", tmp_path / "saved")["seq"] == found["seq"]
    done = run(replay, tmp_path / "saved")
    assert done["seq"] == found["seq"] and done["checkpoints"] > 0
    log, recovery = Journal.open(tmp_path / "saved", **OPTIONS)
    assert recovery.seq == found["seq"] and recovery.findings == ()
    log.close()
    with pytest.raises(Conflict):
        run(journal, "salvage", tmp_path / "saved")
    assert len(before) == len([path for path in folder.iterdir() if path.is_file()])


def test_a_snapshot_is_made_beside_a_running_engine_and_replay_starts_from_it(
    run: Any, folder: Path
) -> None:
    """Lost: every start would read the whole past."""
    log, _ = Journal.open(folder, **OPTIONS)
    made = run(journal, "snapshot")
    assert made["seq"] == log.seq - 1  # all but the RECOVERED of the segment in use
    assert run(journal, "snapshot")["seq"] is None
    with pytest.raises(JournalLocked):
        run(journal, "verify")
    assert run(replay)["seq"] == made["seq"], "while in use, what is sealed is replayed"
    log.close()
    done, full = run(replay), run(replay, "--full")
    assert done["snapshot_seq"] == made["seq"] and full["snapshot_seq"] == 0
    assert done["hash"] == full["hash"] and full["checkpoints"] >= done["checkpoints"]


def test_a_folder_without_a_journal_is_called_that(run: Any, tmp_path: Path) -> None:
    """Lost: a wrong path would look like an empty, healthy journal."""
    for command in (["verify"], ["show"], ["salvage", tmp_path / "to"]):
        with pytest.raises(NotFound):
            run(journal, *command, *([tmp_path / "no"]))
    assert OsFiles().names(tmp_path / "to") == []
