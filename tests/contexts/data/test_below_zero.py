"""Prices of zero and below: taken where they can be, and not misread by what follows."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from tests.contexts.data import kit
from tests.contexts.data.ticks.test_ticks import ints

from fks.cli import program
from fks.contexts.data.domain.sizing import Wanted
from fks.contexts.data.domain.ticks.imports import import_rows
from fks.contexts.data.domain.validation import outlier_rows
from fks.contexts.data.store import DatasetStore
from fks.contracts.data.ticks import (
    NO_ID,
    SET,
    DepthColumns,
    DepthRows,
    QuoteColumns,
    QuoteRows,
    TradeColumns,
    TradeRows,
)
from fks.kernel.errors import Invalid

DAY_NS = 86_400_000_000_000
EPOCH = date(1970, 1, 1)
APRIL = ("17.73,17.85,-40.32,-37.63", "-14.00,13.86,-16.74,10.01", "11.10,16.18,6.50,13.78")
"""The May contract of crude oil on 20 and 21 April 2020, and a day as one might follow."""


def invoke(home: Path, *arguments: str) -> Result:
    """Run the program in this process."""
    return CliRunner().invoke(program, ["--home", str(home), *arguments])


def answer(home: Path, *arguments: str) -> Any:
    """Run the program and return its one JSON document."""
    result = invoke(home, *arguments, "--json")
    assert result.exception is None, result.output
    return json.loads(result.stdout)


def daily(path: Path, *rows: str, first: date = date(2020, 4, 20)) -> str:
    """Write daily bars and return the file's name."""
    start = (first - EPOCH).days * DAY_NS
    return str(kit.write(path, [f"{start + k * DAY_NS},{row},100" for k, row in enumerate(rows)]))


def test_a_future_below_zero_is_taken_and_a_share_is_not(tmp_path: Path) -> None:
    """Lost: the day on which crude oil was sold for less than nothing; or a share's minus sign."""
    file = daily(tmp_path / "x.csv", *APRIL)
    made = answer(tmp_path / "h", "data", "import", file, "--instrument", "CLK20")
    assert made["quality"]["rows_kept"] == 3
    told = {one["code"]: one["severity"] for one in made["quality"]["findings"] if one["code"]}
    assert told["price_below_zero"] == "info" and "price_not_positive" not in told
    bars = DatasetStore(tmp_path / "h").open(made["dataset"]["name"]).columns()
    assert bars.low.tolist() == [-40.32, -16.74, 6.5]
    assert answer(tmp_path / "h", "data", "quality", made["dataset"]["name"])
    share = answer(tmp_path / "h", "data", "import", file, "--instrument", "ACME")
    assert share["quality"]["rows_quarantined"] == 2
    allowed = ("data", "import", file, "--instrument", "ACME", "--allow-negative")
    assert answer(tmp_path / "h", *allowed)["quality"]["rows_quarantined"] == 0
    node = answer(tmp_path / "h", "data", "lineage", "acme_1d")["nodes"][0]
    assert "allow_negative=True" in node["made_by"][0]["command"]
    only = daily(tmp_path / "y.csv", "1,1,-1,1")
    refused = invoke(tmp_path / "h", "data", "import", only, "--instrument", "ACME")
    assert "price not positive (--allow-negative takes" in str(refused.exception)


def test_a_zero_by_itself_is_a_number_that_is_missing(tmp_path: Path) -> None:
    """Lost: a low of zero in a future at 4,000, which no trader ever saw."""
    rows = ("17,18,16,17", "17,18,0,17", "0,0,0,0", "1,2,-1,0", "3,4,2,3")
    file = daily(tmp_path / "x.csv", *rows)
    made = answer(tmp_path / "h", "data", "import", file, "--instrument", "CLK20")["quality"]
    assert (made["rows_kept"], made["rows_quarantined"]) == (3, 2)
    spread = ("instruments", "set", "CLSPREAD", "kind=spread", "tick=0.01")
    answer(tmp_path / "h", *spread)
    made = answer(tmp_path / "h", "data", "import", file, "--instrument", "CLSPREAD")["quality"]
    assert made["rows_kept"] == 5


@pytest.mark.parametrize(
    ("symbol", "allowed", "kept"),
    [
        ("CLK20", False, [-4032, -1, 1783]),
        ("ACME", False, [1783]),
        ("ACME", True, [-4032, -1, 0, 1783]),
    ],
)
def test_ticks_have_the_same_rule(symbol: str, allowed: bool, kept: list[int]) -> None:
    """Lost: the trades, the quotes and the book of that afternoon."""
    price, ones = np.array([-40.32, -0.01, 0.0, 17.83]), np.ones(4)
    times, none = ints(1, 2, 3, 4), np.zeros(4, dtype=np.int8)
    wanted = Wanted(symbol=symbol, tick_size="0.01", allow_negative=allowed)
    ids = np.full(4, NO_ID, dtype=np.int64)
    trades = import_rows(TradeRows(times, price, ones, none, ids), wanted).columns
    assert isinstance(trades, TradeColumns) and trades.price_ticks.tolist() == kept
    quotes = import_rows(QuoteRows(times, price, ones, price + 100, ones), wanted).columns
    assert isinstance(quotes, QuoteColumns) and quotes.bid_ticks.tolist() == kept
    action, flags = np.full(4, SET, dtype=np.int8), none
    rows = DepthRows(times, ids, action, none + np.int8(1), price, ones, ids, flags)
    depth = import_rows(rows, wanted).columns
    assert isinstance(depth, DepthColumns) and depth.price_ticks.tolist() == kept


def test_outliers_are_found_where_no_logarithm_is() -> None:
    """Lost: a bad print in a year that has one day below zero."""
    close = 20 + np.sin(np.arange(400.0))
    close[100] = -1.0
    close[200] = 400.0
    assert set(outlier_rows(close).tolist()) == {200, 201}
    assert outlier_rows(np.abs(close)).tolist()[:2] == [100, 101]


def test_bars_below_zero_are_lengthened_and_rolled_but_have_no_ratio(tmp_path: Path) -> None:
    """Lost: a ratio of a negative price, which turns a chart over; or a crash on a zero."""
    home = tmp_path / "h"
    rising = tuple(f"{20 + k},{22 + k},{18 + k},{21 + k}" for k in range(5))
    for code, rows in (("CLK20", APRIL[:2]), ("CLM20", rising)):
        file = daily(tmp_path / f"{code}.csv", *rows)
        answer(home, "data", "import", file, "--instrument", code, "--name", code.lower())
    file = daily(tmp_path / "week.csv", *APRIL, *rising[:2])
    answer(home, "data", "import", file, "--instrument", "CLK20", "--name", "week")
    assert answer(home, "data", "resample", "week", "--to", "1w")["dataset"]["rows"] == 1
    assert DatasetStore(home).open("clk20_1w").columns().low.tolist() == [-40.32]
    roll = ("data", "continuous", "clk20", "clm20", "--roll", "expiry:0")
    refused = invoke(home, *roll, "--adjust", "ratio").exception
    assert isinstance(refused, Invalid)
    assert "CLK20 are zero or below, and no ratio" in refused.message
    for how in ("none", "difference"):
        made = answer(home, *roll, "--adjust", how)
        assert made["quality"]["rows_quarantined"] == 0
        assert made["continuous"]["rolls"][0]["ratio"] == ""


def test_what_needs_prices_above_zero_says_so(tmp_path: Path) -> None:
    """Lost: a bar of value that never ends, a dividend of a negative close: wrong, in silence."""
    home = tmp_path / "h"
    file = daily(tmp_path / "x.csv", *APRIL)
    answer(home, "data", "import", file, "--instrument", "CLK20", "--name", "clk20")
    answer(home, "backtest", "run", "sma_cross", "--dataset", "clk20")  # this does not need them
    prices = np.array([1.0, -1.0, 2.0])
    rows = TradeRows(
        ints(1, 2, 3), prices, np.ones(3), np.zeros(3, dtype=np.int8), np.full(3, NO_ID)
    )
    DatasetStore(home).save(import_rows(rows, Wanted(symbol="CLK20", name="trades")))
    value = invoke(home, "data", "aggregate", "trades", "--value", "10").exception
    assert isinstance(value, Invalid) and "make bars of trades or of volume" in value.message
    assert answer(home, "data", "aggregate", "trades", "--trades", "1")["dataset"]["rows"] == 3
    actions = tmp_path / "CLK20.csv"
    actions.write_text("date,dividend\n2020-04-21,1\n")
    adjust = ("data", "adjust", "clk20", "--actions", str(actions), "--how", "total")
    error = invoke(home, *adjust).exception
    assert isinstance(error, Invalid) and "not above 0" in error.message
