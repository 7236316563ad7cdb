"""Continuous futures, against LEAN's own tables of rolls and of adjustments."""

from __future__ import annotations

import json
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.contexts.data import kit

from fks.cli import program
from fks.contexts.data.domain.expiries import Contract, contract_of
from fks.contexts.data.service.continuous import roll_days
from fks.kernel.errors import Invalid

FUTURES = "lean/future/cme"
DAY_NS = 86_400_000_000_000
EPOCH = date(1970, 1, 1)


def invoke(home: Path, *arguments: str) -> Result:
    """Run the program in this process."""
    return CliRunner().invoke(program, ["--home", str(home), "data", *arguments])


def answer(home: Path, *arguments: str) -> Any:
    """Run the program and return its one JSON document."""
    result = invoke(home, *arguments, "--json")
    assert result.exception is None, result.output
    return json.loads(result.stdout)


def contract(
    home: Path,
    code: str,
    name: str,
    *,
    first: date = date(2024, 1, 1),
    count: int = 60,
    **more: str,
) -> None:
    """Import daily bars of a contract."""
    start = (first - EPOCH).days * DAY_NS
    rows = kit.lines(count, start, DAY_NS)
    path = kit.write(home.parent / f"{name}.csv", rows)
    options = {"instrument": code, "tick-size": "0.01", **more}
    flat = [part for key, value in options.items() for part in (f"--{key}", value)]
    answer(home, "import", str(path), "--name", name, *flat)


@pytest.fixture
def december(tmp_path: Path) -> Path:
    """Return a home with LEAN's contracts of December 2013 and March and June 2014."""
    home = tmp_path / "home"
    zipped = kit.real(f"{FUTURES}/daily/es_trade.zip")
    for month in ("201312", "201403", "201406"):
        answer(home, "import", str(zipped), "--member", month, "--name", f"es_{month}")
    return home


@pytest.mark.real_data
@pytest.mark.parametrize(("mode", "before"), [("0", 0), ("1", None)])
def test_all_rolls_of_es_are_on_the_days_of_lean(mode: str, before: int | None) -> None:
    """Lost: a day in the contract that nobody trades any more, or in none."""
    lines = kit.real(f"{FUTURES}/map_files/es.csv").read_text().splitlines()[1:]
    rows = [line.split(",") for line in lines if line.endswith(f",{mode}")]
    theirs, expiries = [], []
    for day, identifier, *_ in rows:
        number = int(identifier.split()[1], 36) // 10**14 % 10**5
        expiries.append(date(1899, 12, 30) + timedelta(number))
        theirs.append(date.fromisoformat(day) + timedelta(1))
    contracts = [Contract("ES", one.year, one.month) for one in expiries]
    ours = [EPOCH + timedelta(day) for day in roll_days(contracts, before, "CMES").tolist()]
    assert len(ours) == 55
    assert ours == theirs
    if before == 0:
        assert ours == expiries


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("roll", "mode", "session"),
    [
        ("expiry:0", 0, "2013-12-20"),
        ("first-of-month", 1, "2013-12-02"),
        ("expiry:2", 2, "2013-12-18"),
    ],
)
def test_adjustments_are_within_two_ticks_of_lean(
    december: Path, roll: str, mode: int, session: str
) -> None:
    """Lost: a factor of the wrong day or the wrong way round; theirs is not of the close."""
    text = kit.real(f"{FUTURES}/factor_files/es.csv").read_text()
    factors = [row for row in map(json.loads, text.splitlines()) if row["DataMappingMode"] == mode]
    at = next(k for k, row in enumerate(factors) if row["Date"][:10] >= "2013-11-20")
    names = ("es_201406", "es_201312", "es_201403")
    (found,) = answer(december, "continuous", *names, "--roll", roll)["continuous"]["rolls"]
    assert (found["session"], found["before"], found["after"]) == (session, "ESZ13", "ESH14")
    here, later = (
        (row["BackwardsRatioScale"][0], row["BackwardsPanamaCanalScale"][0])
        for row in factors[at : at + 2]
    )
    two_ticks = 0.5
    assert abs(float(found["difference"]) - (here[1] - later[1])) <= two_ticks
    ratio, price = float(Fraction(found["ratio"])), float(found["before_price"])
    assert abs(ratio - here[0] / later[0]) * price <= two_ticks


@pytest.mark.real_data
def test_volume_rolls_in_the_session_after_and_the_rolls_are_shown(december: Path) -> None:
    """Lost: a roll on the day whose volume decided it, or a series without its parents."""
    command = ("continuous", "es_201312", "es_201403", "es_201406", "--roll", "volume")
    made = answer(december, *command, "--adjust", "ratio", "--name", "es")
    (roll,) = made["continuous"]["rolls"]
    # Volume: 12 December 1,113,344 and 354,874; Friday 13 December 347,764 and 868,208.
    assert (roll["session"], roll["ratio"], roll["difference"]) == (
        "2013-12-16",
        "283/284",
        "-6.25",
    )
    assert made["continuous"]["bars"] == {"ESZ13": 55, "ESH14": 9, "ESM14": 0}
    assert answer(december, "show", "es")["continuous"] == made["continuous"]
    assert "283" not in invoke(december, "show", "es_201312").output
    assert "2013-12-16" in invoke(december, "show", "es").output
    names = {node["name"] for node in answer(december, "lineage", "es")["nodes"]}
    assert names == {"es", "es_201312", "es_201403", "es_201406"}
    assert answer(december, "validate", "es")["dataset"]["instrument"]["id"] == "ES"


@pytest.mark.real_data
def test_minutes_roll_between_sessions(tmp_path: Path) -> None:
    """Lost: half a session of one contract and half of the next."""
    home = tmp_path / "home"
    folder = kit.real(f"{FUTURES}/minute/es")
    for month in ("201312", "201403"):
        answer(home, "import", str(folder), "--member", month, "--name", f"m_{month}")
    made = answer(home, "continuous", "m_201312", "m_201403", "--roll", "expiry:30")
    table = made["continuous"]
    (roll,) = table["rolls"]
    rows = {month: answer(home, "show", f"m_{month}")["dataset"] for month in ("201312", "201403")}
    assert 0 < table["bars"]["ESZ13"] < rows["201312"]["rows"]
    assert 0 < table["bars"]["ESH14"] < rows["201403"]["rows"]
    # The files leave out 31 October to 17 November: nothing says what the roll was worth.
    assert (roll["session"], roll["measured_at_ns"]) == ("2013-11-18", None)
    command = ("m_201312", "m_201403", "--roll", "expiry:30", "--adjust", "difference")
    refused = invoke(home, "continuous", *command).exception
    assert isinstance(refused, Invalid) and "cannot be compared" in refused.message


def test_a_contract_is_read_from_any_of_its_names() -> None:
    """Lost: a chain in the wrong order, or a contract ten years away."""
    december = Contract("ES", 2013, 12)
    assert [contract_of(name, 2013) for name in ("ESZ13", "ESZ3", "ES201312")] == [december] * 3
    assert contract_of("ESH4", 2013) == Contract("ES", 2014, 3)
    assert contract_of("6EH4", 2024).code == "6EH24"
    for name in ("ES", "AAPL", "ES201313"):
        with pytest.raises(Invalid, match="not a futures contract"):
            contract_of(name, 2013)


def test_an_expiry_on_a_holiday_is_the_session_before() -> None:
    """Lost: a contract in front on a day after it expired (Good Friday 2008)."""
    (day,) = roll_days([Contract("ES", 2008, 3)], 0, "CMES").tolist()
    assert EPOCH + timedelta(day) == date(2008, 3, 20)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("esh", "esm", "--roll", "expiry:31"), "no roll rule"),
        (("esh", "esm", "--roll", "openinterest"), "no roll rule"),
        (("esh", "--roll", "volume"), "at least two contracts"),
        (("esh", "nqm", "--roll", "volume"), "at least two contracts of one product"),
        (("esh", "again", "--roll", "volume"), "are both ESH24"),
        (("esh", "other", "--roll", "volume"), "another tick, lot"),
        (("abh", "abm", "--roll", "expiry:5"), "when contracts of AB expire is not known"),
        (("abh", "abm", "--roll", "first-of-month"), "--roll volume needs no expiry"),
        (("esf", "esm", "--roll", "expiry:5"), "has contracts for H M U Z only"),
        (("esh", "esm", "--roll", "open-interest"), "needs --open-interest FILE"),
        (("esh", "esm", "--roll", "open-interest:6"), "no roll rule"),
        (("esh", "esm", "--roll", "volume", "--open-interest", "x"), "goes with --roll open"),
        (("esh", "far", "--roll", "expiry:5", "--adjust", "ratio"), "cannot be compared"),
    ],
)
def test_what_makes_no_series_is_refused_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    """Lost: a series of two products, or of prices that were never compared."""
    home = tmp_path / "home"
    codes = {"esh": "ESH24", "esm": "ESM24", "nqm": "NQM24", "again": "ESH4"}
    for name, code in ({**codes, "abh": "ABH24", "abm": "ABM24", "esf": "ESF24"}).items():
        if name in arguments:
            contract(home, code, name)
    if "other" in arguments:
        contract(home, "ESM24", "other", multiplier="20")
    if "far" in arguments:
        contract(home, "ESM24", "far", first=date(2024, 3, 18))
    result = invoke(home, "continuous", *arguments)
    assert isinstance(result.exception, Invalid) and message in result.exception.message
    assert "\n" not in result.exception.message
    assert not [path for path in (home / "datasets").iterdir() if "_1d_" in path.name]
