"""The commands and the bus tell of versions what the store says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.contexts.data import kit

from fks.cli import program
from fks.contracts.data import GetDataset
from fks.contracts.data.datasets import GetLineage, GetVersions, TagDataset
from fks.kernel.errors import Conflict, Denied, FksError, NotFound
from fks.kernel.testing import running_app


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home with two versions of a dataset."""
    for count in (300, 310):
        csv = kit.write(tmp_path / f"AAA{count}.csv", kit.lines(count))
        arguments = ("import", str(csv), "--name", "mine", "--instrument", "AAA")
        answer(tmp_path / "home", *arguments)
    return tmp_path / "home"


def invoke(home: Path, *arguments: str) -> Result:
    """Run the program in this process."""
    return CliRunner().invoke(program, ["--home", str(home), "data", *arguments])


def answer(home: Path, *arguments: str) -> Any:
    """Run the program and return its one JSON document."""
    result = invoke(home, *arguments, "--json")
    assert result.exception is None, result.output
    return json.loads(result.stdout)


def shown(home: Path, *arguments: str) -> str:
    """Run the program and return its tables, without their line ends."""
    result = invoke(home, *arguments)
    assert result.exception is None, result.output
    return "".join(line.strip("│ ").rstrip() for line in result.output.splitlines())


def test_a_person_finds_the_bytes_the_versions_and_what_changed(home: Path) -> None:
    """Lost: what the store knows could be read from Python only."""
    first, second = answer(home, "versions", "mine")["versions"]
    assert (first["rows"], second["rows"], second["latest"]) == (300, 310, True)
    tagged = answer(home, "tag", f"mine@{first['hash']}", "v1")["versions"][0]
    assert tagged["tags"] == ["v1"]
    assert answer(home, "show", "mine@v1")["dataset"]["rows"] == 300
    sha256 = hashlib.sha256((home.parent / "AAA310.csv").read_bytes()).hexdigest()
    lineage = answer(home, "lineage", "mine")
    assert lineage["nodes"][0]["made_by"][0]["sources"][0]["sha256"] == sha256
    assert sha256 in shown(home, "lineage", "mine")
    assert "instrument='AAA'" in shown(home, "lineage", "mine")
    difference = answer(home, "diff", "mine@v1", "mine", "--sample", "3")
    assert (difference["added"], len(difference["sample"])) == (10, 3)
    assert "10 added, 0 removed, 0 changed" in shown(home, "diff", "mine@v1", "mine")
    assert "v1" in shown(home, "versions", "mine")
    assert isinstance(invoke(home, "tag", "mine", "v1").exception, Conflict)
    for command in (("versions", "nine"), ("lineage", "nine"), ("diff", "mine", "mine@nine")):
        assert isinstance(invoke(home, *command).exception, NotFound)
    then = ("show", "mine", "--as-of", "2001-01-01")
    assert isinstance(invoke(home, *then).exception, NotFound)
    assert answer(home, "show", "mine", "--as-of", "2200-01-01")["dataset"]["rows"] == 310


def test_a_provider_is_named_with_what_it_was_asked(home: Path) -> None:
    """Lost: nobody could fetch the same bars again."""
    span = ("--symbol", "SPX", "--timeframe", "1d", "--start", "2008-01-01", "--end", "2010-01-01")
    answer(home, "import", "--provider", "sample", *span, "--name", "crisis")
    (made_by,) = answer(home, "lineage", "crisis")["nodes"][0]["made_by"]
    assert (made_by["kind"], made_by["payloads"], made_by["sources"]) == ("provider", [], [])
    assert "provider=sample symbol=SPX timeframe=1d start_ns=1199145600" in made_by["command"]
    assert "symbol=SPX timeframe=1d" in shown(home, "lineage", "crisis")


def test_longer_bars_name_their_parent(home: Path) -> None:
    """Lost: the way back would end at the first dataset that was computed."""
    answer(home, "resample", "mine", "--to", "5m", "--name", "longer")
    nodes = answer(home, "lineage", "longer")["nodes"]
    assert [node["name"] for node in nodes] == ["longer", "mine"]
    assert nodes[1]["made_by"][0]["sources"][0]["name"] == "AAA310.csv"
    assert "AAA310.csv" in shown(home, "lineage", "longer")


def test_splits_are_made_and_listed(home: Path) -> None:
    """Lost: a split could be made from Python only."""
    for kind, options in (
        ("chronological", ()),
        ("walk-forward", ("--train", "100", "--test", "50", "--gap", "5", "--anchored")),
        ("purged-kfold", ("--label-bars", "5", "--embargo", "1%")),
        ("combinatorial", ("--folds", "8", "--test-groups", "3")),
    ):
        made = answer(home, "split", "mine", "--kind", kind, *options)
        assert answer(home, "splits", f"mine_{kind}") == made
        assert made["head"]["hash"][:12] in shown(home, "splits", f"mine_{kind}")
    assert len(answer(home, "splits")) == 4
    assert "mine_combinatorial" in shown(home, "splits")
    bad = invoke(home, "split", "mine", "--kind", "purged-kfold", "--folds", "1")
    assert isinstance(bad.exception, FksError)
    assert not isinstance(bad.exception, Denied)


async def test_the_bus_answers_for_versions(home: Path) -> None:
    """Lost: a screen could not show where a dataset comes from."""
    async with running_app(home=home, contexts=["data"]) as app:
        ask = app.runtime.bus.ask
        first, second = (await ask(GetVersions(dataset="mine"), timeout_s=5)).versions
        wish = TagDataset(key="k", dataset=f"mine@{first.hash}", label="v1")
        for _ in range(2):
            assert (await ask(wish, timeout_s=5)).versions[0].tags == ("v1",)
        assert (await ask(GetDataset(dataset="mine@v1"), timeout_s=5)).hash == first.hash
        lineage = await ask(GetLineage(dataset="mine"), timeout_s=5)
        assert (lineage.root, len(lineage.nodes)) == (second.hash, 1)
        with pytest.raises(NotFound):
            await ask(GetVersions(dataset="nine"), timeout_s=5)
