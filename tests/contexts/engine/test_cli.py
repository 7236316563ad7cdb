"""The commands: what they print, where they write, and how they refuse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.contexts.engine import kit

from fks.cli import program
from fks.contexts.engine.adapters.run_files import RunFiles
from fks.contexts.engine.domain import workload
from fks.kernel.errors import FksError

ROOT = Path(__file__).resolve().parents[3]


def invoke(home: Path, *arguments: str) -> Result:
    """Run the program in this process."""
    return CliRunner().invoke(program, ["--home", str(home), *arguments])


def answer(home: Path, *arguments: str) -> Any:
    """Run the program and return its one JSON document."""
    result = invoke(home, *arguments, "--json")
    assert result.exception is None, result.output
    return json.loads(result.stdout)


def refused(home: Path, *arguments: str) -> FksError:
    """Run the program and return the error it ends with; nothing may be left behind."""
    result = invoke(home, *arguments)
    assert isinstance(result.exception, FksError), result.output
    assert RunFiles(home).ids() == ()
    return result.exception


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    """Write ten thousand bars of the workload as a CSV file."""
    bars = workload.generate(10_000)
    path = tmp_path / "bars.csv"
    rows = zip(bars.ts_ns, bars.open, bars.high, bars.low, bars.close, bars.volume, strict=True)
    with path.open("w") as file:
        file.write("ts,open,high,low,close,volume\n")
        file.writelines(",".join(map(repr, map(_plain, row))) + "\n" for row in rows)
    return path


def _plain(value: Any) -> Any:
    return value.item()


RUN = ("backtest", "run", "sma_cross", "--quantity", "10", "--cash", "100000000", "--fee-bps", "10")


@pytest.mark.parametrize("fill", ["next_open", "same_close"])
def test_a_csv_file_gives_the_reference_result(tmp_path: Path, csv: Path, fill: str) -> None:
    """The whole way from a file to a figure must not lose a cent."""
    found = answer(tmp_path, *RUN, "--dataset", str(csv), "--fill", fill, "-p", "fast=10")
    bars = workload.generate(10_000)
    equity, fills = workload.bare_loop(bars.open, bars.close, same_close=fill == "same_close")
    assert (round(found["final_equity"], 2), found["fills"]) == (round(float(equity), 2), fills)
    assert found["bars"] == 10_000
    assert {"run_id", "dataset_hash", "metrics"} <= set(found)
    assert found["metrics"]["final_equity"] == found["final_equity"]
    assert Path(found["report_path"]).read_text().lower().startswith("<!doctype html>")


def test_runs_are_listed_shown_and_compared(tmp_path: Path, csv: Path) -> None:
    """What was run must be found again, by people and by scripts."""
    first = answer(tmp_path, *RUN, "--dataset", str(csv))
    second = answer(tmp_path, *RUN, "--dataset", str(csv), "-p", "slow=40", "--tier", "bar")
    listed = answer(tmp_path, "backtest", "list")["runs"]
    assert [run["id"] for run in listed] == [second["run_id"], first["run_id"]]
    assert answer(tmp_path, "backtest", "show", first["run_id"]) == first
    compared = answer(tmp_path, "backtest", "compare", first["run_id"], second["run_id"])
    assert compared["differences"]["tier"] == ["auto", "bar"]
    table = invoke(tmp_path, "backtest", "compare", first["run_id"], second["run_id"])
    assert "params.slow" in table.stdout
    assert first["run_id"] in invoke(tmp_path, "backtest", "list").stdout


def test_the_plain_twins_and_other_tiers_print_the_same_result(tmp_path: Path, csv: Path) -> None:
    """`--pure` and `--tier` exist to check the fast path; they must be able to."""
    results = [
        answer(tmp_path, *RUN, "--dataset", str(csv), *extra)
        for extra in ((), ("--pure",), ("--tier", "trigger"), ("--tier", "bar"))
    ]
    assert len({(found["final_equity"], found["fills"]) for found in results}) == 1


def test_strategies_are_listed_with_their_limits(tmp_path: Path) -> None:
    """It is where a person learns what can be run."""
    found = answer(tmp_path, "strategies")["strategies"]
    assert [info["name"] for info in found] == sorted(info.name for info in _kinds())
    table = invoke(tmp_path, "strategies").stdout
    assert "sma_cross" in table
    assert "fast=10" in table


def _kinds() -> tuple[Any, ...]:
    return kit.backtester().catalog.all()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nope", "--dataset", "sp500_daily"), 3, "no strategy 'nope'; there are: breakout"),
        (("sma_cross", "--dataset", "nope"), 3, "sp500_daily"),
        (("sma_cross", "--dataset", "no/such/file.csv"), 3, "no/such/file.csv"),
        (("sma_cross", "--dataset", "sp500_daily", "-p", "fsat=3"), 2, "it has fast, slow"),
        (("sma_cross", "--dataset", "sp500_daily", "-p", "fast=0"), 2, ">= 1"),
        (("sma_cross", "--dataset", "sp500_daily", "-p", "fast"), 2, "name=value"),
        (("sma_cross", "--dataset", "sp500_daily", "--quantity", "-1"), 2, "quantity must be"),
        (("sma_cross", "--dataset", "sp500_daily", "--cash", "nan"), 2, "cash must be"),
        (("sma_cross", "--dataset", "sp500_daily", "--fee-bps", "-1"), 2, "fee_bps"),
        (("sma_cross", "--dataset", "sp500_daily", "--from", "soon"), 2, "2010-01-31"),
        (("sma_cross", "--dataset", "sp500_daily", "--from", "2030-01-01"), 2, "no bars"),
        (("sma_cross", "--dataset", "sp500_daily", "--tick-size", "7"), 2, "tick size"),
        (("sma_cross", "--dataset", "sp500_daily", "--tick-size", "1e-30"), 2, "tick size"),
        (("sma_cross", "--dataset", "sp500_daily", "--lot-size", "x"), 2, "is no number"),
        (("sma_cross", "--dataset", "sp500_daily", "--multiplier", "-5"), 2, "must be positive"),
        (("breakout_stop", "--dataset", "sp500_daily", "--tier", "batch"), 2, "it has bar"),
    ],
)
def test_a_bad_request_is_refused_in_one_line_that_helps(
    tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    """Half of all runs start with a typing error; it must cost seconds and leave nothing."""
    error = refused(tmp_path, "backtest", "run", *arguments)
    assert error.exit_code == code
    assert words in error.message
    assert "\n" not in error.message


def test_the_program_itself_keeps_stdout_clean_and_its_exit_codes(tmp_path: Path) -> None:
    """Scripts stand on the exit code and on stdout being one document."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "FKS_HOME": str(tmp_path)}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "fks", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)

    good = run("backtest", "run", "sma_cross", "--dataset", "sp500_daily", "--json")
    assert good.returncode == 0, good.stderr
    found = json.loads(good.stdout)
    assert found["bars"] > 4000
    assert good.stderr == ""
    bad = run("backtest", "run", "nope", "--dataset", "sp500_daily", "--json")
    assert (bad.returncode, bad.stdout) == (3, "")
    assert bad.stderr.count("\n") == 1
    missing = run("backtest", "show", "0" * 26)
    assert missing.returncode == 3


def test_the_demo_prints_what_a_script_needs(tmp_path: Path) -> None:
    """It is the first thing that anybody runs."""
    found = answer(tmp_path, "demo", "--once")
    assert found["bars"] > 4000
    assert 0 < found["fills"] <= found["orders"] <= found["signals"]
    assert found["dataset_hash"]
    assert Path(found["report"]).is_file()
    assert RunFiles(tmp_path).ids() == (found["run_id"],)


def test_the_benchmark_checks_results_before_it_measures(tmp_path: Path) -> None:
    """Its rows are what the goals are read from; none may be missing or without a ratio."""
    found = answer(tmp_path, "bench", "backtest", "--quick")
    rows = {row["name"]: row for row in found["rows"]}
    assert found["bench"] == "backtest"
    goals = {name: row["goal"] for name, row in rows.items() if row["goal"] is not None}
    assert sorted(goals.values()) == [0.15, 0.3, 0.5, 0.9, 1.1]
    assert all(rows[name]["ratio"] > 0 for name in goals)
