"""Bars with bid and ask: which of the two is taken, against a plain reading of the same lines."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest
from tests.contexts.data import kit

from fks.contexts.data.adapters.formats.reading import Found, ReadOptions, silent
from fks.contexts.data.adapters.formats.registry import read_file
from fks.kernel.errors import Invalid

LEAN = (
    "34200000,31000,31500,30900,31200,5,32000,32500,31900,32200,6\n"
    "34260000,,,,,0,31200,31500,31100,31300,7\n"
)
FXCM = (
    "DateTime,BidOpen,BidHigh,BidLow,BidClose,AskOpen,AskHigh,AskLow,AskClose\n"
    "02/01/2013 00:00:00,91.1,91.3,91.0,91.2,91.2,91.4,91.1,91.3\n"
    "02/01/2013 00:01:00,91.2,91.3,91.1,91.3,91.3,91.5,91.2,91.4\n"
)
CONTRACT = "20140606_aapl_minute_quote_american_call_6450000_20140621.csv"


def option(root: Path) -> Path:
    """Write an option's quotes of a day."""
    path = root / "option/usa/minute/aapl/20140606_quote_american.zip"
    path.parent.mkdir(parents=True)
    return kit.zipped(path, **{CONTRACT.removesuffix(".csv"): LEAN})


def prices(path: Path, side: str | None) -> list[tuple[float, ...]]:
    """Read what the product finds: open, high, low and close."""
    found = read_file(path, None, ReadOptions(side=side), silent)
    assert isinstance(found, Found)
    word = "the middle" if side in (None, "mid") else f"{side}s"
    assert any(word in note for note in found.notes)
    table = found.table
    columns = (table.open, table.high, table.low, table.close)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def plainly(cells: list[str], bid: int, ask: int, side: str | None) -> tuple[float, ...]:
    """Return the same of one line, cell by cell."""
    bids, asks = (
        [float(cell) if cell else math.nan for cell in cells[k : k + 4]] for k in (bid, ask)
    )
    if side in ("bid", "ask"):
        return tuple(bids if side == "bid" else asks)
    return tuple((one + other) / 2 for one, other in zip(bids, asks, strict=True))


@pytest.mark.parametrize("side", ["bid", "ask", "mid", None])
def test_the_side_that_is_wanted_is_taken(tmp_path: Path, side: str | None) -> None:
    """Lost: what one sells at and what one buys at could not be had from bars of quotes."""
    expected = [plainly(one, 1, 6, side) for one in csv.reader(LEAN.splitlines())]
    scaled = [tuple(price / 10_000 for price in one) for one in expected]
    for found, wanted in zip(prices(option(tmp_path), side), scaled, strict=True):
        assert found == pytest.approx(wanted, nan_ok=True)
    (tmp_path / "usdjpy.csv").write_text(FXCM)
    rows = [plainly(one, 1, 5, side) for one in csv.reader(FXCM.splitlines()[1:])]
    for found, wanted in zip(prices(tmp_path / "usdjpy.csv", side), rows, strict=True):
        assert found == pytest.approx(wanted)


def test_one_side_is_enough_for_a_bar_of_it(tmp_path: Path) -> None:
    """Lost: a minute without bids would have no asks either."""
    path = option(tmp_path)
    for side, rows in (("ask", 2), ("bid", 1), (None, 1)):
        imported = kit.read(path, side=side)
        assert imported.info.rows == rows
        assert imported.info.instrument.id == "AAPL140621C00645000"


def test_a_side_of_what_has_none_is_refused(tmp_path: Path) -> None:
    """Lost: trades would be called bids, because the choice was not heard."""
    (tmp_path / "spy.csv").write_text("date,open,high,low,close,volume\n2020-01-02,1,2,1,2,5\n")
    for side, says in (("bid", "between which --side chooses"), ("last", "bid, ask, mid")):
        with pytest.raises(Invalid, match=says):
            read_file(tmp_path / "spy.csv", None, ReadOptions(side=side), silent)
