"""The holdout vault: refused, or counted; and what is in the log stays in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.contexts.data import kit

from fks.cli import program
from fks.contexts.data.service.lineage import lineage_of
from fks.contexts.data.service.resampling import resample
from fks.contexts.data.service.source import Source
from fks.contexts.data.service.vault import open_vault, seal_range, vault_state
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.differing import difference
from fks.contracts.data import GetBars
from fks.contracts.data.datasets import GetVault, OpenVault, Provenance, SealRange
from fks.kernel.errors import Denied, FksError, Invalid, NotFound, Unavailable
from fks.kernel.testing import running_app
from fks.library import backtest

SEALED = kit.START_NS + 200 * kit.MINUTE_NS
EVER = 2**63 - 1
WHY = "the last test of all"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home whose dataset of 300 bars has its last hundred sealed."""
    csv = kit.write(tmp_path / "AAA.csv", kit.lines(300))
    DatasetStore(tmp_path / "home").save(kit.read(csv, name="mine"))
    seal_range(tmp_path / "home", "mine", SEALED, EVER)
    return tmp_path / "home"


def invoke(home: Path, *arguments: str) -> Result:
    """Run the program in this process."""
    return CliRunner().invoke(program, ["--home", str(home), "data", *arguments])


def answer(home: Path, *arguments: str) -> Any:
    """Run the program and return its one JSON document."""
    result = invoke(home, *arguments, "--json")
    assert result.exception is None, result.output
    return json.loads(result.stdout)


def looks(home: Path) -> int:
    """Return how often sealed bars were looked at."""
    return len(vault_state(home).looks)


def test_sealed_bars_are_refused_and_the_others_are_not(home: Path) -> None:
    """Lost: a strategy would be fitted to the bars that were to judge it."""
    dataset = Source(DatasetStore(home)).open("mine")
    assert len(dataset.columns(0, SEALED)) == 200
    for span in ((0, SEALED + 1), (SEALED, EVER), (0, EVER)):
        with pytest.raises(Denied, match="fks data vault open mine --reason"):
            dataset.columns(*span)
    assert len(dataset.columns(kit.START_NS + 300 * kit.MINUTE_NS)) == 0
    stored = DatasetStore(home).open("mine")
    with pytest.raises(Denied):
        stored.window(0, EVER, 5, tail=True)
    assert stored.window(0, SEALED, 5, tail=True)["total"] == 200
    with pytest.raises(Denied):
        difference(stored, stored, DatasetStore(home).vault, sample=1)
    assert stored.verify() and len(stored.times()) == 300
    assert looks(home) == 0


def test_an_opened_vault_counts_each_read_and_closes_again(home: Path) -> None:
    """Lost: nobody would know how often the holdout was used up."""
    open_vault(home, "mine", WHY, reads=2)
    for taken in (1, 2):
        dataset = Source(DatasetStore(home)).open("mine")
        assert len(dataset.columns()) == 300
        assert looks(home) == taken
    with pytest.raises(Denied):
        dataset.columns()
    assert len(dataset.columns(0, SEALED)) == 200
    state = vault_state(home, "mine")
    (seal,) = state.seals
    assert (seal.looks, seal.reads_left, seal.reason) == (2, 0, "")
    look = state.looks[0]
    assert (look.reason, look.from_ts_ns) == (WHY, SEALED)
    assert look.to_ts_ns == kit.START_NS + 299 * kit.MINUTE_NS + 1
    assert f"process {os.getpid()}" in look.by and look.at_ns > kit.START_NS


def test_a_read_that_is_refused_for_one_dataset_takes_no_grant(home: Path) -> None:
    """Lost: the log would tell of looks that showed nothing."""
    store = DatasetStore(home)
    opened = store.open("mine")
    open_vault(home, "mine", WHY)
    with pytest.raises(Denied):
        difference(opened, opened, store.vault, sample=1)
    assert looks(home) == 0
    open_vault(home, "mine", WHY)
    difference(opened, opened, store.vault, sample=1)
    assert looks(home) == 2


def test_a_seal_holds_for_other_versions_other_names_and_what_is_derived(
    home: Path, tmp_path: Path
) -> None:
    """Lost: a second import or a resampling would be the way around the seal."""
    store = DatasetStore(home)
    of = store.open("mine").info.hash
    more = kit.write(tmp_path / "AAA.csv", kit.lines(310))
    store.save(kit.read(more, name="mine"))
    store.save(kit.read(kit.write(tmp_path / "AAA.csv", kit.lines(300)), name="copy"))
    hours = kit.write(tmp_path / "H.csv", kit.lines(5, step_ns=60 * kit.MINUTE_NS))
    derived = kit.read(hours, name="hours")
    parents = Provenance(kind="derived", command="resample", parents=(of,))
    store.save(derived._replace(provenance=parents))
    for name in ("mine", f"mine@{of}", "copy", "hours"):
        with pytest.raises(Denied, match="bars of mine"):
            store.open(name).columns()
    three_hours = kit.START_NS + 180 * kit.MINUTE_NS
    assert len(store.open("hours").columns(0, three_hours - 60 * kit.MINUTE_NS)) == 2
    with pytest.raises(Denied):  # the bar of 03:00 holds sealed minutes from 03:20 on
        store.open("hours").columns(three_hours, three_hours + 1)


def test_a_grant_needs_a_seal_a_reason_and_a_number(home: Path) -> None:
    """Lost: the log would be full of looks that nobody can explain."""
    for name, reason, reads in (
        ("mine", "", 1),
        ("mine", "  why  ", 1),
        ("mine", WHY, 0),
        ("mine", WHY, 1001),
        ("sp500_daily", WHY, 1),
    ):
        with pytest.raises(Invalid):
            open_vault(home, name, reason, reads=reads)
    with pytest.raises(NotFound):
        seal_range(home, "nine", 0, EVER)
    with pytest.raises(Invalid):
        seal_range(home, "mine", 5, 5)
    assert vault_state(home).entries == 1
    assert len(seal_range(home, "mine", SEALED, EVER).seals) == 1, "the same seal once more"


def test_the_command_line_seals_opens_and_tells(home: Path) -> None:
    """Lost: the vault could be used from Python only."""
    assert isinstance(invoke(home, "diff", "mine", "mine").exception, Denied)
    sealed = answer(home, "vault", "seal", "sp500_daily", "--from", "2018-01-01")
    assert sealed["seals"][0]["from_ts_ns"] == 1_514_764_800_000_000_000
    answer(home, "vault", "open", "mine", "--reason", WHY, "--reads", "2")
    assert answer(home, "diff", "mine", "mine")["changed"] == 0
    status = answer(home, "vault", "status")
    assert [seal["looks"] for seal in status["seals"]] == [2, 0]
    assert len(status["looks"]) == 2
    assert WHY in invoke(home, "vault", "status").output
    assert isinstance(invoke(home, "vault", "open", "mine", "--reason", "no").exception, FksError)


def test_a_backtest_stops_at_the_seal(home: Path) -> None:
    """Lost: the main reader of bars would walk past the vault."""
    with pytest.raises(Denied, match="sealed in the holdout vault"):
        backtest("sma_cross", "mine", home=home)
    assert backtest("sma_cross", "mine", home=home, to_ts_ns=SEALED).run.bars == 200
    open_vault(home, "mine", WHY, reads=2)
    assert backtest("sma_cross", "mine", home=home).run.bars == 300
    assert looks(home) == 1


def test_longer_bars_of_sealed_ones_are_sealed(home: Path) -> None:
    """Lost: the days of a year that is sealed by the minute could be read."""
    with pytest.raises(Denied):
        resample(DatasetStore(home).open("mine"), "5m", None, now_ns=1, code_version="test")
    open_vault(home, "mine", WHY)
    store = DatasetStore(home)
    made = resample(store.open("mine"), "5m", "longer", now_ns=1, code_version="test")
    info = store.save(made.imported)
    assert lineage_of(store, "longer").nodes[1].hash == store.open("mine").info.hash
    with pytest.raises(Denied, match="bars of mine"):
        store.open("longer").columns(0, info.last_ts_ns)
    assert len(store.open("longer").columns(0, SEALED - 5 * kit.MINUTE_NS)) == 39


def test_the_same_bars_straight_from_a_file_are_sealed_too(home: Path, tmp_path: Path) -> None:
    """Lost: the file beside the store would be the way around the seal."""
    source = Source(DatasetStore(home))
    csv = kit.write(tmp_path / "again.csv", kit.lines(300))
    copy = tmp_path / "AAA.csv"
    assert source.open(str(csv)).info.instrument.id != source.open(str(copy)).info.instrument.id
    opened = source.open(str(copy))
    with pytest.raises(Denied):
        opened.columns()
    assert len(opened.columns(0, SEALED)) == 200
    open_vault(home, "mine", WHY)
    assert len(opened.columns()) == 300
    assert looks(home) == 1


async def test_the_bus_answers_for_the_vault(home: Path) -> None:
    """Lost: a chart would show sealed bars, or a repeated command would grant twice."""
    async with running_app(home=home, contexts=["data"]) as app:
        ask = app.runtime.bus.ask
        with pytest.raises(Denied):
            await ask(GetBars(dataset="mine"), timeout_s=5)
        wish = OpenVault(key="k1", dataset="mine", reason=WHY, by="ada", reads=1)
        for _ in range(3):
            assert (await ask(wish, timeout_s=5)).seals[0].reads_left == 1
        assert (await ask(GetBars(dataset="mine"), timeout_s=5)).total == 300
        state = await ask(GetVault(), timeout_s=5)
        assert (state.seals[0].looks, state.seals[0].reads_left) == (1, 0)
        seal = SealRange(key="k2", dataset="mine", from_ts_ns=0, to_ts_ns=9, by="ada")
        assert len((await ask(seal, timeout_s=5)).seals) == 2


def test_an_edited_or_shortened_log_lets_nothing_pass(home: Path) -> None:
    """Lost: a look could be taken back, or a seal be removed, without a trace."""
    open_vault(home, "mine", WHY)
    DatasetStore(home).open("mine").columns()
    log = home / "vault" / "log"
    whole = log.read_bytes()
    lines = whole.splitlines(keepends=True)
    assert len(lines) == 3
    for edited in (
        b"".join(lines[:2]),
        b"".join(lines[1:]),
        lines[0] + lines[2],
        whole.replace(WHY.encode(), b"nothing to see here!"),
        b"",
    ):
        log.write_bytes(edited)
        with pytest.raises(Unavailable, match="line"):
            DatasetStore(home).open("mine").columns(0, SEALED)
    log.write_bytes(whole + b'{"n":3,')  # a writer that was killed
    assert vault_state(home).entries == 3
    open_vault(home, "mine", WHY)
    assert vault_state(home).entries == 4


_LOOK = """
import sys, pathlib
from fks.contexts.data.store import DatasetStore
from fks.kernel.errors import Denied
try:
    print(len(DatasetStore(pathlib.Path(sys.argv[1])).open("mine").columns()))
except Denied:
    print(0)
"""


def test_many_readers_share_the_grants(home: Path) -> None:
    """Lost: of readers at once more would pass than were let."""
    open_vault(home, "mine", WHY, reads=3)
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", _LOOK, str(home)]
    readers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, env=environ, text=True) for _ in range(5)
    ]
    counts = sorted(int(reader.communicate(timeout=60)[0]) for reader in readers)
    assert counts == [0, 0, 300, 300, 300]
    assert looks(home) == 3
