"""Two datasets joined as of each other's times: command, library, files."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from tests.contexts.data import kit

import fks
from fks.cli import program
from fks.contexts.data.domain.sizing import Wanted
from fks.contexts.data.domain.ticks.imports import import_rows
from fks.contexts.data.service.vault import seal_range
from fks.contexts.data.store import DatasetStore
from fks.contracts.data.ticks import QuoteRows, TradeRows
from fks.kernel.errors import Denied

SECOND = 10**9
AT = kit.START_NS


def stored(home: Path) -> DatasetStore:
    """Store five minutes of bars, and trades and quotes of the same time."""
    store = DatasetStore(home)
    path = kit.write(home / "bars.csv", kit.lines(5))
    store.save(kit.read(path, name="minutes", instrument="BTCUSDT", timeframe="1m"))
    seconds = np.array([1, 30, 61, 200, 200, 290], dtype=np.int64) * SECOND + AT
    price = np.array([100.0, 100.5, 101.0, 101.5, 102.0, 102.5])
    side, ids = np.ones(6, dtype=np.int8), np.arange(6, dtype=np.int64)
    trades = TradeRows(seconds, price, np.ones(6), side, ids)
    store.save(import_rows(trades, Wanted(symbol="BTCUSDT", name="trades")))
    quoted = np.array([0, 30, 60, 200], dtype=np.int64) * SECOND + AT
    bid = np.array([99.0, 99.5, np.nan, 101.0])
    quotes = QuoteRows(quoted, bid, np.array([1.0, 2.0, 0.0, 3.0]), bid + 2, np.ones(4))
    quotes = quotes._replace(ask=np.array([101.0, 101.5, 102.0, 103.0]))
    store.save(import_rows(quotes, Wanted(symbol="BTCUSDT", name="quotes")))
    return store


def run(home: Path, *arguments: str) -> Any:
    """Run `fks data join` and return its result."""
    return CliRunner().invoke(program, ["--home", str(home), "data", "join", *arguments])


def rows(home: Path, *arguments: str) -> list[dict[str, str]]:
    """Return what the command wrote."""
    result = run(home, *arguments)
    assert result.exception is None, result.output
    return list(csv.DictReader(io.StringIO(result.stdout)))


def test_each_trade_gets_the_quote_that_stood_then(tmp_path: Path) -> None:
    """Lost: a spread that was measured against a quote of later."""
    stored(tmp_path)
    found = rows(tmp_path, "trades", "quotes", "--columns", "bid,ask")
    assert [row["quotes_bid"] for row in found] == ["99", "99.5", "", "101", "101", "101"]
    assert [row["quotes_ask"] for row in found] == ["101", "101.5", "102", "103", "103", "103"]
    assert int(found[2]["quotes_ts_ns"]) == AT + 60 * SECOND
    assert list(found[0])[:2] == ["ts_ns", "time"]
    strict = rows(tmp_path, "trades", "quotes", "--not-same-time", "--tolerance", "20s")
    assert [row["quotes_ask"] for row in strict] == ["101", "", "102", "", "", ""]
    late = rows(tmp_path, "trades", "quotes", "--direction", "forward", "--columns", "ask")
    assert [row["quotes_ask"] for row in late] == ["101.5", "101.5", "103", "103", "103", ""]


def test_a_bar_is_known_at_its_close_unless_opens_are_asked_for(tmp_path: Path) -> None:
    """Lost: a model that was told the close of a minute at its first second."""
    stored(tmp_path)
    found = rows(tmp_path, "trades", "minutes", "--columns", "close")
    assert [row["minutes_close"] for row in found[:3]] == ["", "", "100.5"]
    opens = rows(tmp_path, "trades", "minutes", "--columns", "close", "--stamp", "open")
    assert [row["minutes_close"] for row in opens[:3]] == ["100.5", "100.5", "100.51"]
    with_trades = rows(tmp_path, "minutes", "trades", "--columns", "price")
    assert [row["trades_price"] for row in with_trades] == ["100.5", "101", "101", "102", "102.5"]


def test_a_file_is_whole_and_tells_what_matched(tmp_path: Path) -> None:
    """Lost: a file of half a join, or one that nobody can trace."""
    store = stored(tmp_path)
    out = tmp_path / "joined.parquet"
    result = run(tmp_path, "trades", "quotes", "-o", str(out), "--json")
    told = json.loads(result.stdout)
    assert (told["rows"], told["matched"]) == (6, 6)
    assert told["left_hash"] == store.open("trades").info.hash
    table = pq.read_table(out)
    assert table["quotes_bid"].to_pylist() == [99.0, 99.5, None, 101.0, 101.0, 101.0]
    assert table["price"].to_pylist()[0] == 100.0
    none = rows(tmp_path, "trades", "quotes", "--from", "2030-01-01")
    assert none == []


def test_the_library_returns_rows_and_keeps_seals(tmp_path: Path) -> None:
    """Lost: a way around the vault."""
    stored(tmp_path)
    found = fks.join("trades", "quotes", home=tmp_path)
    quotes = fks.load("quotes", home=tmp_path)
    assert quotes.ticks().ts_ns[found].tolist() == [
        AT + s * SECOND for s in (0, 30, 60, 200, 200, 200)
    ]
    near = fks.join("trades", quotes, direction="nearest", tolerance_ns=SECOND, home=tmp_path)
    assert near.tolist() == [0, 1, 2, 3, 3, -1]
    seal_range(tmp_path, "quotes", AT, AT + SECOND, by="me")
    with pytest.raises(Denied):
        fks.join("trades", "quotes", home=tmp_path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["trades", "absent"], "no dataset 'absent'"),
        (["trades", "quotes", "--columns", "mid"], "has no column 'mid'; there are ts_ns, bid"),
        (["trades", "quotes", "--tolerance", "soon"], "cannot read the time 'soon'"),
        (["trades", "quotes", "-o", "x.xlsx"], "give --format"),
        (["trades", "quotes", "--json"], "give one with -o"),
    ],
)
def test_bad_input_is_one_line_that_says_what_would_work(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    """Lost: half a file, or a trace instead of a reason."""
    stored(tmp_path)
    result = run(tmp_path, *arguments)
    assert result.exit_code != 0
    assert said in f"{result.output}{result.exception}"
