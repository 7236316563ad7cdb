"""Rolls by open interest: files that tell it, and no look at what was told later."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from tests.contexts.data import kit

from fks.cli import program
from fks.contexts.data.adapters.open_interest import read_open_interest
from fks.contexts.data.domain.expiries import Contract
from fks.kernel.errors import FksError, Invalid

DAY_NS = 86_400_000_000_000
EPOCH = date(1970, 1, 1)
HEADER = "date,contract,open_interest\n"


def invoke(home: Path, *arguments: str) -> Result:
    """Run the program in this process."""
    return CliRunner().invoke(program, ["--home", str(home), "data", *arguments])


def answer(home: Path, *arguments: str) -> Any:
    """Run the program and return its one JSON document."""
    result = invoke(home, *arguments, "--json")
    assert result.exception is None, result.output
    return json.loads(result.stdout)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home with sixty days of ESH24 and ESM24 from Monday 1 January 2024."""
    for code in ("ESH24", "ESM24"):
        start = (date(2024, 1, 1) - EPOCH).days * DAY_NS
        path = kit.write(tmp_path / f"{code}.csv", kit.lines(60, start, DAY_NS))
        named = ("--instrument", code, "--name", code.lower(), "--tick-size", "0.01")
        answer(tmp_path / "home", "import", str(path), *named)
    return tmp_path / "home"


def told(home: Path, *rows: str) -> str:
    """Write a file of open interest."""
    return str(kit.write(home.parent / "oi.csv", rows, HEADER))


def rolled(home: Path, file: str, roll: str = "open-interest") -> Any:
    """Make the series and return its rolls."""
    made = answer(home, "continuous", "esh24", "esm24", "--roll", roll, "--open-interest", file)
    return made["continuous"]["rolls"]


def test_the_series_rolls_in_the_session_after_it_was_told(home: Path) -> None:
    """Lost: a roll on numbers of the same day, or a day late, or back again."""
    file = told(
        home,
        "2024-01-02,ESH24,100",
        "2024-01-02,ESM24,10",
        "2024-01-20,ESM24,200",  # a Saturday: it is known on Monday
        "2024-01-24,ESH24,500",  # and never back
    )
    (roll,) = rolled(home, file)
    assert (roll["session"], roll["before"], roll["after"]) == ("2024-01-23", "ESH24", "ESM24")
    assert rolled(home, file, "open-interest:2")[0]["session"] == "2024-01-25"
    node = answer(home, "lineage", "es_1d_open-interest_none")["nodes"][0]
    assert [one["name"] for one in node["made_by"][0]["sources"]] == ["oi.csv"]


def test_times_belong_to_their_sessions(home: Path) -> None:
    """Lost: what was told in the evening, when the next session had begun, in the one before."""
    rows = ["2024-01-02T12:00,ESH24,100", "2024-01-02T12:00,ESM24,10"]
    for told_at, session in (
        ("2024-01-10T20:00", "2024-01-11"),
        ("2024-01-10T23:30", "2024-01-12"),
    ):
        file = told(home, *rows, f"{told_at},ESM24,200")
        assert rolled(home, file)[0]["session"] == session


def test_nothing_told_later_moves_an_earlier_roll(home: Path) -> None:
    """Lost: a backtest whose rolls knew what came."""
    rows = [
        f"{EPOCH + timedelta(19_724 + k)},{code},{100 + 7 * k * (code == 'ESM24')}"
        for k in range(0, 50, 2)
        for code in ("ESH24", "ESM24")
    ]
    (whole,) = rolled(home, told(home, *rows))
    until = date.fromisoformat(whole["session"])
    known = [row for row in rows if date.fromisoformat(row[:10]) < until]
    assert rolled(home, told(home, *known)) == [whole]
    before = [row for row in rows if date.fromisoformat(row[:10]) < until - timedelta(2)]
    assert rolled(home, told(home, *before)) == []


@pytest.mark.parametrize("form", ["ts_ns", "date32"])
def test_parquet_is_read_like_text(home: Path, form: str) -> None:
    """Lost: the same numbers, since they came in another file."""
    days = [date(2024, 1, 2), date(2024, 1, 2), date(2024, 1, 10)]
    column = pa.array(days, pa.date32())
    if form == "ts_ns":
        column = pa.array([(one - EPOCH).days * DAY_NS for one in days])
    table = {"date" if form == "date32" else "ts_ns": column}
    table |= {"Contract": ["ESH24", "ES202406", "ESM4"], "OI": [100, 10, 200]}
    path = home.parent / "oi.parquet"
    pq.write_table(pa.table(table | {"Contract": ["ESH24", "ESM24", "ESM24"]}), path)
    assert rolled(home, str(path))[0]["session"] == "2024-01-11"
    pq.write_table(pa.table(table), path)
    with pytest.raises(Invalid, match="both ESM24"):
        read_open_interest(path, 2024)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER, "each contract needs some"),
        (HEADER + "2024-01-02,ESH24,1\n", "no open interest of ESM24"),
        (HEADER + "2024-01-02,ESH24,1\n2024-01-02,ESH24,2\n", "twice at one time"),
        (HEADER + "2024-01-02,ESH24,-1\n", "below 0"),
        (HEADER + "2024-01-02,ESH24,many\n", "no number"),
        (HEADER + "someday,ESH24,1\n", "cannot be read"),
        (HEADER + "2024-01-02,SPY,1\n", "not a futures contract"),
        ("a,b\n1,2\n", "needs columns date"),
    ],
)
def test_files_that_cannot_be_used_are_refused(home: Path, text: str, message: str) -> None:
    """Lost: rolls by half of a file, with no word."""
    path = home.parent / "bad.csv"
    path.write_text(text)
    command = ("continuous", "esh24", "esm24", "--roll", "open-interest", "--open-interest")
    error = invoke(home, *command, str(path)).exception
    assert isinstance(error, Invalid) and message in error.message, error
    assert isinstance(invoke(home, *command, "none.csv").exception, FksError)


@pytest.mark.real_data
def test_leans_daily_zip_is_read(tmp_path: Path) -> None:
    """Lost: open interest that is there, in the form in which the bars came."""
    path = kit.real("lean/future/cme/daily/es_openinterest.zip")
    found = read_open_interest(path, 2014)
    december = found[Contract("ES", 2013, 12)]
    assert december.dates
    assert december.interest.tolist()[-2:] == [1_701_691, 782_646]
    assert str(EPOCH + timedelta(int(december.ts_ns[-1]) // DAY_NS)) == "2013-12-20"
    zipped = kit.real("lean/future/cme/daily/es_trade.zip")
    for month in ("201312", "201403"):
        answer(tmp_path, "import", str(zipped), "--member", month, "--name", f"es_{month}")
    command = ("continuous", "es_201312", "es_201403", "--roll", "open-interest")
    made = answer(tmp_path, *command, "--open-interest", str(path), "--adjust", "ratio")
    (roll,) = made["continuous"]["rolls"]
    # Told on 16 December: 1,701,691 and 1,445,598; next on 20 December: 782,646 and 2,658,894.
    assert (roll["session"], roll["after"]) == ("2013-12-23", "ESH14")
