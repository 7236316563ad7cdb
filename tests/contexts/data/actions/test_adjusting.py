"""`fks data adjust`, end to end, and what it refuses."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.contexts.data import kit

from fks.cli import program
from fks.contexts.data.adapters.actions import read_actions, read_names
from fks.contexts.data.store import DatasetStore
from fks.kernel.errors import FksError, Invalid

DAY_NS = 86_400_000_000_000
HEADER = "date,ratio,dividend\n"


def invoke(home: Path, *arguments: str) -> Result:
    """Run the program in this process."""
    return CliRunner().invoke(program, ["--home", str(home), *arguments])


def answer(home: Path, *arguments: str) -> Any:
    """Run the program and return its one JSON document."""
    result = invoke(home, *arguments, "--json")
    assert result.exception is None, result.output
    return json.loads(result.stdout)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home with ten days of ACME from 2024-01-01, closing at 100.00 and a half cent up."""
    rows = [
        f"{kit.START_NS + k * DAY_NS},{100 + k}.00,{104 + k}.00,{96 + k}.00,{100 + k}.00,{1000 + k}"
        for k in range(10)
    ]
    file = kit.write(tmp_path / "acme.csv", rows)
    answer(
        tmp_path / "home",
        *("data", "import", str(file), "--instrument", "ACME", "--name", "acme"),
        *("--tick-size", "0.01"),
    )
    return tmp_path / "home"


def actions(home: Path, *rows: str) -> str:
    """Write actions."""
    return str(kit.write(home.parent / "actions.csv", rows, HEADER))


def test_splits_divide_prices_and_multiply_volumes_before_the_ex_date(home: Path) -> None:
    """Lost: a split would look like a crash, and volume before it like a dead market."""
    file = actions(home, "2024-01-06,4,")
    made = answer(home, "data", "adjust", "acme", "--actions", file, "--how", "splits")
    bars = DatasetStore(home).open("acme_splits").columns()
    assert bars.close[:6].tolist() == [25.0, 25.25, 25.5, 25.75, 26.0, 105.0]
    assert bars.volume[:6].tolist() == [4000.0, 4004.0, 4008.0, 4012.0, 4016.0, 1005.0]
    assert made["adjustment"]["rows"] == [
        {
            "ex_date": "2024-01-06",
            "ratio": "4",
            "dividend": "",
            "close": "",
            "price_factor": 0.25,
            "volume_factor": 4.0,
        }
    ]
    nodes = answer(home, "data", "lineage", "acme_splits")["nodes"]
    assert [node["name"] for node in nodes] == ["acme_splits", "acme"]
    assert nodes[0]["made_by"][0]["sources"][0]["name"] == "actions.csv"


def test_dividends_multiply_prices_by_what_is_left_of_the_close(home: Path) -> None:
    """Lost: total return would miss the cash, or count it as volume."""
    file = actions(home, "2024-01-06,,10.40")
    answer(home, "data", "adjust", "acme", "--actions", file, "--how", "total")
    bars = DatasetStore(home).open("acme_total").columns()
    assert bars.close[:6].tolist() == [90.0, 90.9, 91.8, 92.7, 93.6, 105.0]
    assert bars.volume[0] == 1000.0
    answer(home, "data", "adjust", "acme", "--actions", file, "--how", "splits")
    assert DatasetStore(home).open("acme_splits").info.hash == (
        DatasetStore(home).open("acme").info.hash
    )


def test_as_of_a_day_nothing_later_is_known(home: Path) -> None:
    """Lost: prices of the past would tell of splits to come."""
    file = actions(home, "2024-01-03,2,", "2024-01-08,5,", "2025-01-01,3,")
    command = ("data", "adjust", "acme", "--actions", file, "--how", "splits", "--name")
    all_of_it = answer(home, *command, "all")
    assert (all_of_it["adjustment"]["later"], len(all_of_it["adjustment"]["rows"])) == (1, 2)
    early = answer(home, *command, "early", "--as-of", "2024-01-07")
    assert (early["adjustment"]["later"], early["dataset"]["rows"]) == (2, 7)
    bars = DatasetStore(home).open("early").columns()
    assert bars.close.tolist() == [50.0, 50.5, 102.0, 103.0, 104.0, 105.0, 106.0]
    assert invoke(home, *command, "x", "--as-of", "2023-12-31").exception is not None


def test_adjusted_bars_can_be_brought_back_and_are_not_adjusted_twice(home: Path) -> None:
    """Lost: a split applied twice, or a file that is adjusted beyond repair."""
    file = actions(home, "2024-01-06,4,")
    answer(home, "data", "adjust", "acme", "--actions", file, "--how", "splits")
    back = ("data", "adjust", "acme_splits", "--actions", file, "--how", "none", "--name", "back")
    assert answer(home, *back)["dataset"]["hash"] == DatasetStore(home).open("acme").info.hash
    for again in ("splits", "total"):
        result = invoke(home, "data", "adjust", "acme_splits", "--actions", file, "--how", again)
        assert isinstance(result.exception, FksError)
        assert result.exception.code == "data.adjusted_already"


def test_ticks_too_coarse_for_early_prices_are_refused_with_a_way_out(home: Path) -> None:
    """Lost: prices of nothing, or of one digit, in silence."""
    file = actions(home, "2024-01-09,50000,")
    command = ("data", "adjust", "acme", "--actions", file, "--how", "splits")
    result = invoke(home, *command)
    assert isinstance(result.exception, Invalid) and "--tick-size 0.0001" in str(result.exception)
    made = answer(home, *command, "--tick-size", "0.0001")
    assert Decimal(made["dataset"]["instrument"]["tick_size"]) == Decimal("0.0001")
    assert DatasetStore(home).open("acme_splits").columns().close[0] == 0.002


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2024-01-06,0,", "cannot be"),
        ("2024-01-06,-2,", "cannot be"),
        ("2024-01-06,1000001,", "cannot be"),
        ("2024-01-06,,-1", "below 0"),
        ("2024-01-06,,104", "is not below"),
        ("2024-01-06,x,", "line 2"),
        ("2024-01-06,1e-999999,", "line 2"),
        ("2024-01-06,nan,", "line 2"),
        ("sixth,2,", "line 2"),
    ],
)
def test_actions_that_cannot_be_are_refused_and_nothing_is_stored(
    home: Path, row: str, reason: str
) -> None:
    """Lost: one wrong digit would bend all prices before it."""
    command = ("data", "adjust", "acme", "--how", "total", "--actions", actions(home, row))
    result = invoke(home, *command)
    assert isinstance(result.exception, Invalid) and reason in str(result.exception)
    assert result.exception.code == "data.bad_action"
    assert "acme_total" not in DatasetStore(home).names()


def test_a_dividend_without_a_close_near_is_refused(tmp_path: Path) -> None:
    """Lost: a dividend compared with a close of years before, where bars are missing."""
    rows = [f"{kit.START_NS + k * DAY_NS},100,100,100,100,1" for k in (0, 1, 40, 41)]
    file = kit.write(tmp_path / "a.csv", rows)
    answer(tmp_path, "data", "import", str(file), "--instrument", "ACME", "--name", "acme")
    for day, fails in (("2024-02-05", True), ("2024-01-12", False)):
        told = str(kit.write(tmp_path / "actions.csv", [f"{day},,1"], HEADER))
        result = invoke(tmp_path, "data", "adjust", "acme", "--actions", told, "--how", "total")
        assert (result.exception is not None) == fails, day


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"a,b\n1,2\n",
        b'{"results": 5}',
        b'{"results": [{"ticker": "ACME"}]}',
        b'{"results": [{"ticker": "ACME", "execution_date": "2024-01-01", "split_from": 0}]}',
        b'{"results": [{"ticker": "ACME", "execution_date": "2024-01-01", "split_to": 1e-99999, '
        b'"split_from": 1}]}',
        b'{"results": [{"ticker": "ACME", "ex_dividend_date": "2024-01-01", "cash_amount": 1, '
        b'"currency": "CAD"}]}',
        b'{"results": [{"ticker": "OTHER"}]}',
        b"20240101,1,1,5\n20230101,1,1,5\n",
        b"20240101,1,1,5\n20249901,1,1,5\n",
        b"20240101,0.5,1,1\n20240201,1,1,5\n",
        b"20240101,1,0,5\n",
        b"[" * 100_000,
    ],
)
def test_files_that_hold_no_actions_are_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    """Lost: half a file of actions would be applied as if it were all."""
    path = tmp_path / "actions.txt"
    path.write_bytes(content)
    with pytest.raises(Invalid) as caught:
        read_actions(path, "ACME")
    assert "\n" not in caught.value.message and caught.value.message.startswith("actions.txt")
    with pytest.raises(FksError):
        read_actions(tmp_path / "absent", "ACME")


@pytest.mark.parametrize(
    "text", ["20240101\n", "2024,A\n", "20240201,A\n20240101,B\n", "20240101,\n"]
)
def test_map_files_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    """Lost: a name would hold at a time that nobody told."""
    path = tmp_path / "map.csv"
    path.write_text(text)
    with pytest.raises(Invalid, match=r"map\.csv: line \d"):
        read_names(path)


def test_names_over_time_are_shown(tmp_path: Path) -> None:
    """Lost: nobody could ask what a share was called."""
    path = tmp_path / "meta.csv"
    path.write_text("20120518,fb,Q\n20220608,fb,Q\n20501231,meta,Q\n")
    command = ("instruments", "names", str(path), "--on")
    assert answer(tmp_path, *command, "2022-06-08")["ticker"] == "FB"
    assert answer(tmp_path, *command, "2022-06-09")["ticker"] == "META"


def test_minutes_are_parted_at_midnight_of_the_exchange(tmp_path: Path) -> None:
    """Lost: the evening before an ex-date would be adjusted as the ex-date."""
    evening = 1_704_758_400_000_000_000  # 2024-01-09 00:00 UTC: 19:00 of the 8th in New York
    hours = [evening - 9 * 3_600_000_000_000, evening, evening + 16 * 3_600_000_000_000]
    file = kit.write(tmp_path / "a.csv", [f"{at},100,100,100,100,10" for at in hours])
    options = ("--instrument", "ACME", "--name", "acme", "--timeframe", "1m", "--calendar", "XNYS")
    answer(tmp_path, "data", "import", str(file), *options)
    told = str(kit.write(tmp_path / "actions.csv", ["2024-01-09,2,"], HEADER))
    answer(tmp_path, "data", "adjust", "acme", "--actions", told, "--how", "splits")
    assert DatasetStore(tmp_path).open("acme_splits").columns().close.tolist() == [50, 50, 100]
