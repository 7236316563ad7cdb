"""`fks data import` of files of ticks: one dataset a symbol and kind, refused rows told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from tests.contexts.data import kit
from tests.contexts.data.formats.tick_kit import ticks

from fks.cli import program
from fks.contexts.data.store import DatasetStore
from fks.contracts.columns import prices_to_ticks
from fks.contracts.data.ticks import CLEAR, DepthColumns, QuoteColumns, TradeColumns
from fks.kernel.errors import FksError

HEADER = "time,price,size,side\n"
MS = 1_704_067_200_000


def answer(home: Path, *words: str) -> Any:
    """Run the program and return its one JSON document."""
    result = CliRunner().invoke(program, ["--home", str(home), "data", *words, "--json"])
    assert result.exception is None, result.output
    return json.loads(result.stdout)


def refused(home: Path, *words: str) -> FksError:
    """Run the program and return the error it ends with."""
    result = CliRunner().invoke(program, ["--home", str(home), "data", *words])
    assert isinstance(result.exception, FksError), result.output
    return result.exception


def trades(path: Path, first: int, count: int, bad: int = -1) -> Path:
    """Write trades, one of them perhaps without a price."""
    lines = [
        f"{MS + k},{'x' if k == bad else 100 + k / 4},{k + 1},{'buy' if k % 2 else 'sell'}"
        for k in range(first, first + count)
    ]
    return kit.write(path, lines, HEADER)


def test_files_of_one_symbol_and_kind_become_one_dataset(tmp_path: Path) -> None:
    """Lost: a week of trades would be seven datasets, or a row's file unknown."""
    home = tmp_path / "home"
    one = trades(tmp_path / "XYZ_1.csv", 0, 4)
    two = trades(tmp_path / "XYZ_2.csv", 4, 4, bad=5)
    found = answer(home, "import", str(one), str(two), "--instrument", "XYZ")
    assert (found["dataset"]["name"], found["dataset"]["kind"]) == ("xyz_trades", "trades")
    assert (found["dataset"]["rows"], found["dataset"]["quarantined"]) == (7, 1)
    assert found["quality"]["rows_read"] == 8
    opened = DatasetStore(home).open("xyz_trades")
    columns = opened.ticks()
    assert isinstance(columns, TradeColumns)
    prices = [100 + k / 4 for k in range(8) if k != 5]
    assert columns.price_ticks.tolist() == [
        int(one) for one in prices_to_ticks(np.array(prices), columns.tick_size)
    ]
    assert columns.side.tolist() == [-1, 1, -1, 1, -1, -1, 1]
    names = [source.name for source in opened.manifest().made_by.sources]
    assert names == ["XYZ_1.csv", "XYZ_2.csv"]
    assert opened.verify()


def test_bars_and_ticks_are_told_apart(tmp_path: Path) -> None:
    """Lost: --name would mix two kinds, or publication times be put on trades."""
    home = tmp_path / "home"
    tape, bars = trades(tmp_path / "XYZ.csv", 0, 4), tmp_path / "ABC.csv"
    kit.write(bars, kit.lines(4))
    both = answer(home, "import", str(tape), str(bars))
    assert [one["dataset"]["kind"] for one in both] == ["trades", "bars"]
    error = refused(home, "import", str(tape), str(bars), "--name", "all")
    assert "files are of several: XYZ trades, ABC" in error.message
    error = refused(home, "import", str(tape), "--known-at", str(bars))
    assert "--known-at goes with bars, not with trades" in error.message


def test_another_kind_than_the_file_holds_is_refused(tmp_path: Path) -> None:
    """Lost: who asked for quotes would be given trades."""
    tape, bars = trades(tmp_path / "XYZ.csv", 0, 4), tmp_path / "ABC.csv"
    kit.write(bars, kit.lines(4))
    home = tmp_path / "home"
    says = {"quotes": "XYZ.csv holds trades, no quotes", "candles": "no kind 'candles'; there are"}
    for kind, message in says.items():
        assert message in refused(home, "import", str(tape), "--kind", kind).message
    assert "holds bars, no depth" in refused(home, "import", str(bars), "--kind", "depth").message
    assert answer(home, "import", str(bars), "--kind", "bars")["dataset"]["rows"] == 4


def test_validate_shows_the_report_and_stores_nothing(tmp_path: Path) -> None:
    """Lost: one could not look before storing."""
    path = trades(tmp_path / "XYZ.csv", 0, 4, bad=2)
    found = answer(tmp_path / "home", "validate", str(path))
    assert (found["quality"]["rows_read"], found["quality"]["rows_kept"]) == (4, 3)
    assert not (tmp_path / "home" / "datasets").exists()


@pytest.mark.real_data
def test_real_files_are_stored_as_they_are(tmp_path: Path) -> None:
    """Lost: what was read rightly would be stored wrongly."""
    home = tmp_path / "home"
    place = kit.real("lean/equity/usa/tick/ibm/20131007_quote.zip")
    found = answer(home, "import", str(place))
    read = ticks(place)
    assert found["dataset"]["rows"] + found["dataset"]["quarantined"] == read.rows_read == 109_067
    columns = DatasetStore(home).open("ibm_quotes").ticks()
    assert isinstance(columns, QuoteColumns)
    assert len(columns.ts_ns) == 109_066
    place = kit.real("databento/esh4-glbx-mdp3-20231224.mbo.dbn.zst")
    found = answer(home, "import", str(place))
    columns = DatasetStore(home).open(found["dataset"]["name"]).ticks()
    assert isinstance(columns, DepthColumns)
    assert (len(columns.ts_ns), str(columns.tick_size)) == (8725, "0.25")
    place = kit.real("binance/ws_capture/spot_ethusdt_20240808.gz")
    for kind, count in (("trades", 6106), ("quotes", 24077)):
        found = answer(home, "import", str(place), "--kind", kind)
        assert (found["dataset"]["rows"], found["dataset"]["quarantined"]) == (count, 0)


@pytest.mark.real_data
def test_snapshots_and_the_stream_after_them_are_one_dataset(tmp_path: Path) -> None:
    """Lost: a book would be stored in two datasets, neither of which can be built."""
    files = [f"exchange_captures/BINANCE.{one}.gz" for one in ("http.0.0", "ws.1.0")]
    paths = [str(kit.real(one)) for one in files]
    found = answer(tmp_path, "import", *paths, "--kind", "depth", "--instrument", "NKNUSDT")
    columns = DatasetStore(tmp_path).open(found["dataset"]["name"]).ticks()
    assert isinstance(columns, DepthColumns)
    clears = np.flatnonzero(columns.action == CLEAR)
    assert clears.tolist() == [0]
    pages = len(ticks(Path(paths[0]), symbol="NKNUSDT").row)
    stream = len(ticks(Path(paths[1]), symbol="NKNUSDT", kind="depth").row)
    assert len(columns.ts_ns) == pages + stream == found["dataset"]["rows"]
