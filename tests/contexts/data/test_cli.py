"""`fks data`: one JSON document, clear refusals, nothing stored when one file is bad."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.contexts.data import kit

from fks.cli import program
from fks.contexts.data.store import DatasetStore
from fks.kernel.errors import FksError


def invoke(home: Path, *arguments: str) -> Result:
    """Run the program in this process."""
    return CliRunner().invoke(program, ["--home", str(home), "data", *arguments])


def answer(home: Path, *arguments: str) -> Any:
    """Run the program and return its one JSON document."""
    result = invoke(home, *arguments, "--json")
    assert result.exception is None, result.output
    return json.loads(result.stdout)


def refused(home: Path, *arguments: str) -> FksError:
    """Run the program and return the error it ends with; nothing may be stored."""
    result = invoke(home, *arguments)
    assert isinstance(result.exception, FksError), result.output
    assert not (home / "datasets").exists()
    return result.exception


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    """Return a file of fifty bars."""
    return kit.write(tmp_path / "AAA.csv", kit.lines(50))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return an empty home."""
    return tmp_path / "home"


def test_import_list_show_validate_agree(home: Path, csv: Path) -> None:
    """Lost: the commands would tell different stories of one dataset."""
    imported = answer(home, "import", str(csv), "--name", "mine", "--instrument", "XYZ")
    assert imported["dataset"]["rows"] == imported["quality"]["rows_kept"] == 50
    assert answer(home, "show", "mine") == imported
    assert answer(home, "validate", "mine") == imported
    listed = {info["name"]: info for info in answer(home, "list")}
    assert listed["mine"] == imported["dataset"]
    assert set(listed) == {"mine", "sp500_daily", "nasdaq_daily"}
    assert {info["name"] for info in answer(home, "sample")} == {"sp500_daily", "nasdaq_daily"}
    for command in (["list"], ["show", "mine"], ["sample"], ["validate", str(csv)]):
        assert "AAA" in (text := invoke(home, *command).output) or "mine" in text or "S&P" in text


def test_validate_stores_nothing(home: Path, csv: Path) -> None:
    """Lost: looking at a file would change the store."""
    assert answer(home, "validate", str(csv))["quality"]["rows_read"] == 50
    assert not (home / "datasets").exists()


def test_files_of_one_symbol_are_joined_and_others_are_not(home: Path, tmp_path: Path) -> None:
    """Lost: twelve monthly files would leave only the last as the dataset."""
    first = kit.write(tmp_path / "AAA-1.csv", kit.lines(10))
    later = kit.write(tmp_path / "AAA-2.csv", kit.lines(10, kit.START_NS + 10 * kit.MINUTE_NS))
    other = kit.write(tmp_path / "BBB.csv", kit.lines(10))
    assert answer(home, "import", str(first), str(later))["dataset"]["rows"] == 20
    both = answer(home, "import", str(first), str(other))
    assert [one["dataset"]["name"] for one in both] == ["aaa_1m", "bbb_1m"]
    result = invoke(home, "import", str(first), str(other), "--name", "mixed")
    assert isinstance(result.exception, FksError)
    assert "several: AAA, BBB" in result.exception.message
    assert "mixed" not in [info.name for info in DatasetStore(home).list()]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["import"], 2, "give files"),
        (["import", "no.csv"], 3, "no file no.csv"),
        (["import", "AAA.csv", "--format", "xls"], 2, "there are csv, yahoo"),
        (["import", "AAA.csv", "--timezone", "Nowhere"], 2, "no time zone"),
        (["import", "AAA.csv", "--calendar", "X"], 2, "no session calendar"),
        (["import", "AAA.csv", "--timeframe", "soon"], 2, "such as 1m"),
        (["import", "AAA.csv", "--map", "open"], 2, "write COLUMN=NAME"),
        (["import", "AAA.csv", "--name", "Not A Name"], 2, "not a dataset's name"),
        (["import", "AAA.csv", "--name", "sp500_daily"], 4, "is a sample"),
        (["import", "AAA.csv", "--tick-size", "tiny"], 2, "not a number"),
        (["import", "AAA.csv", "--instrument", "a b"], 2, "not an instrument's name"),
        (["import", "AAA.csv", "bad.csv"], 2, "is empty"),
        (["import", "--provider", "nope", "--symbol", "X", "--timeframe", "1m"], 3, "synthetic"),
        (["import", "--provider", "synthetic", "--symbol", "X"], 2, "--timeframe"),
        (["import", "AAA.csv", "--provider", "synthetic"], 2, "give files"),
        (["import", "AAA.csv", "--symbol", "X"], 2, "of files say --instrument"),
        (["show", "nothing"], 3, "there are nasdaq_daily, sp500_daily"),
        (["validate", "nothing"], 3, "there are nasdaq_daily, sp500_daily"),
        (["validate", "Nothing.csv"], 3, "no file"),
    ],
)
def test_a_refusal_says_what_would_work(
    home: Path,
    csv: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    says: str,
) -> None:
    """Lost: the user would meet a traceback, or an exit code that scripts cannot tell apart."""
    monkeypatch.chdir(csv.parent)
    Path("bad.csv").write_text("")
    error = refused(home, *arguments)
    assert says in error.message
    assert error.exit_code == code


def test_odd_file_names_are_no_obstacle(home: Path, tmp_path: Path) -> None:
    """Lost: a file with a blank, an umlaut or foreign bytes in its name could not be imported."""
    names = [b"a b'c.csv", "Öl & Gas.csv".encode(), b"-dash.csv", b"x[1]*.csv", b"\xff\xfe.csv"]
    for k, name in enumerate(names):
        path = tmp_path / os.fsdecode(name)
        kit.write(path, kit.lines(5))
        told = answer(home, "import", "--name", f"n{k}", "--instrument", "X", str(path))
        assert told["dataset"]["rows"] == 5


def test_synthetic_bars_are_seeded_and_labelled_everywhere(home: Path) -> None:
    """Lost: made-up prices could be taken for real ones."""
    arguments = ("import", "--provider", "synthetic", "--symbol", "abc", "--timeframe", "1h")
    span = ("--start", "2024-01-01", "--end", "2024-02-01")
    told = answer(home, *arguments, *span)
    assert told["dataset"]["synthetic"] is True
    assert told["dataset"]["rows"] == 31 * 24
    assert told["quality"]["score"] > 99
    assert answer(home, *arguments, *span)["dataset"]["hash"] == told["dataset"]["hash"]
    other = [*arguments[:4], "xyz", *arguments[5:]]
    assert answer(home, *other, *span)["dataset"]["hash"] != told["dataset"]["hash"]
    for command in (["list"], ["show", "abc_1h"]):
        assert "SYNTHETIC" in invoke(home, *command).output


def test_synthetic_bars_keep_the_sessions_of_a_calendar(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: tests of session logic would have bars at night only."""
    home.mkdir()
    config = home / "fks.toml"
    config.write_text('[synthetic]\ncalendar = "XNYS"\nseed = 7\n')
    arguments = ["--home", str(home), "--config", str(config), "data", "import", "--json"]
    fetch = ["--provider", "synthetic", "--symbol", "abc", "--timeframe", "1m"]
    span = ["--start", "2024-07-03", "--end", "2024-07-06"]
    result = CliRunner().invoke(program, [*arguments, *fetch, *span])
    assert result.exception is None, result.output
    told = json.loads(result.stdout)
    assert told["dataset"]["rows"] == 210 + 390, "half a day, a holiday, a day"
    assert told["quality"]["missing_bars"] == 0


def test_a_part_of_a_sample_can_be_imported(home: Path) -> None:
    """Lost: a user could not cut a crisis out of history without a file."""
    told = answer(
        home,
        *("import", "--provider", "sample", "--symbol", "SPX", "--timeframe", "1d"),
        *("--start", "2008-01-01", "--end", "2010-01-01", "--name", "crisis"),
    )
    assert (told["dataset"]["rows"], told["dataset"]["synthetic"]) == (505, False)
    assert told["quality"]["missing_bars"] == 0
    error = invoke(
        home, "import", "--provider", "sample", "--symbol", "DAX", "--timeframe", "1d"
    ).exception
    assert isinstance(error, FksError)
    assert "there are nasdaq_daily, sp500_daily" in error.message
