"""LEAN's folders: the path says what the numbers mean."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from tests.contexts.data import kit

from fks.contexts.data.service.importing import FileRequest, import_all
from fks.kernel.errors import Invalid


def lean(root: Path, place: str, **members: str) -> Path:
    """Write a zip at a place of LEAN's tree."""
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    return kit.zipped(path, **members)


TRADE = "34200000,1000000,1010000,990000,1005000,100\n34260000,1005000,1010000,990000,1000000,50\n"


@pytest.mark.parametrize(
    ("place", "first_utc", "close"),
    [
        ("equity/usa/minute/spy/20131007_trade.zip", "2013-10-07T13:30:00", 100.5),
        ("equity/usa/minute/spy/20131107_trade.zip", "2013-11-07T14:30:00", 100.5),
        ("crypto/coinbase/minute/btcusd/20131007_trade.zip", "2013-10-07T09:30:00", 1005000),
        ("forex/fxcm/minute/eurusd/20131007_trade.zip", "2013-10-07T14:30:00", 1005000),
        ("forex/oanda/minute/eurusd/20131007_trade.zip", "2013-10-07T09:30:00", 1005000),
        ("index/usa/minute/spx/20131007_trade.zip", "2013-10-07T14:30:00", 1005000),
    ],
)
def test_the_folder_says_zone_and_scale(
    tmp_path: Path, place: str, first_utc: str, close: float
) -> None:
    """Lost: equities would cost ten thousand times their price, or trade at night."""
    imported = kit.read(lean(tmp_path, place, bars=TRADE))
    first = datetime.fromisoformat(first_utc).replace(tzinfo=UTC)
    assert datetime.fromtimestamp(imported.info.first_ts_ns / 1e9, UTC) == first
    assert imported.cleaned.kept.close[0] == close
    assert imported.info.timeframe == "1m"


def test_a_folder_of_days_is_one_dataset_whose_rows_know_their_file(tmp_path: Path) -> None:
    """Lost: a year would be 252 datasets, and a bad row could not be found again."""
    for day, text in (("07", TRADE), ("08", TRADE + "34320000,0,0,0,0,0\n"), ("09", TRADE)):
        lean(tmp_path, f"equity/usa/minute/spy/201310{day}_trade.zip", bars=text)
        lean(tmp_path, f"equity/usa/minute/spy/201310{day}_quote.zip", bars="x")
    imported = kit.read(tmp_path / "equity/usa/minute/spy")
    assert (imported.report.rows_read, imported.info.rows) == (7, 6)
    assert imported.cleaned.quarantined.row.tolist() == [5]
    assert [piece.rows_before for piece in imported.pieces] == [0, 2, 5]
    assert imported.info.name == "spy_1m"


def test_a_folder_gives_bars_of_quotes_where_they_are_asked_for(tmp_path: Path) -> None:
    """Lost: where there are trades, quotes could only be read day by day."""
    place = "equity/usa/minute/spy/20131007_{}.zip"
    lean(tmp_path, place.format("trade"), bars=TRADE)
    prices = "1000000,1010000,990000,1005000,5"
    lean(tmp_path, place.format("quote"), bars=f"34200000,{prices},{prices}\n")
    folder = tmp_path / "equity/usa/minute/spy"
    for kind, rows in ((None, 2), ("bars", 2), ("trades", 2), ("quotes", 1)):
        assert kit.read(folder, kind=kind).info.rows == rows
    with pytest.raises(Invalid, match="holds no trade or quote zips"):
        kit.read(folder, kind="depth")


def test_a_future_asks_for_its_contract_and_lists_them(tmp_path: Path) -> None:
    """Lost: contracts would be mixed into one price that nobody ever paid."""
    rows = "0,1676.75,1678.25,1673.25,1676.5,21\n60000,1676.5,1678.25,1673.25,1676.75,5\n"
    names = {f"20131007_es_minute_trade_{month}": rows for month in ("201312", "201403")}
    lean(tmp_path, "future/cme/minute/es/20131007_trade.zip", **names)
    (first, _) = names.items()
    lean(tmp_path, "future/cme/minute/es/20131008_trade.zip", **dict([first]))
    folder = tmp_path / "future/cme/minute/es"
    with pytest.raises(Invalid, match="holds 2 contracts; choose one with --member: 201312, 20140"):
        kit.read(folder)
    imported = kit.read(folder, member="201403")
    assert (imported.info.rows, imported.info.instrument.id) == (2, "ES201403")
    assert imported.info.instrument.multiplier == 50
    assert "1 of 2 days have no file of 201403" in imported.info.source
    with pytest.raises(Invalid, match="none of 2 zips"):
        kit.read(folder, member="209912")


def test_quotes_give_the_middle_on_half_ticks_and_one_sided_ones_are_quarantined(
    tmp_path: Path,
) -> None:
    """Lost: every middle between two ticks would be refused, or half a quote taken for a price."""
    rows = (
        "0,1676.5,1678,1673.25,1676.5,9,1676.75,1678.25,1673.5,1676.75,8\n"
        "60000,,,,,0,1682.25,1682.25,1682.25,1682.25,39\n"
    )
    path = lean(tmp_path, "future/cme/minute/es/20131007_quote.zip", es_minute_quote_201312=rows)
    imported = kit.read(path)
    assert imported.cleaned.kept.close.tolist() == [1676.625]
    assert imported.info.instrument.tick_size == Decimal("0.125")
    assert imported.report.rows_quarantined == 1
    assert imported.info.name == "es201312_1m_quote"


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("equity/usa/tick/ibm/20131007_trade.zip", "holds trades, not bars"),
        ("future/cme/daily/es_openinterest.zip", "LEAN's lines of openinterest have 2"),
    ],
)
def test_what_is_no_bar_is_refused_by_name(tmp_path: Path, place: str, says: str) -> None:
    """Lost: ticks would be reported as a table with wrong columns."""
    with pytest.raises(Invalid, match=says):
        kit.read(lean(tmp_path, place, bars="0,1,2\n"))


def test_a_zip_elsewhere_cannot_be_read_as_lean(tmp_path: Path) -> None:
    """Lost: prices would be read in a zone and scale that nobody stated."""
    with pytest.raises(Invalid, match="does not lie in a LEAN folder"):
        kit.read(lean(tmp_path, "here/20131007_trade.zip", bars=TRADE), form="lean")


@pytest.mark.real_data
def test_all_contracts_of_an_archive_are_imported_at_once(tmp_path: Path) -> None:
    """Lost: an hour of typing the names of contracts."""
    path = kit.real("lean/future/cme/minute/es/20131007_trade.zip")
    with zipfile.ZipFile(path) as archive:
        counts = sorted(len(archive.read(name).splitlines()) for name in archive.namelist())
    request = FileRequest(path=path, member="all")
    found = import_all([path], request, now_ns=1, code_version="test")
    assert sorted(one.report.rows_read for one in found) == counts
    assert len({one.info.instrument.id for one in found}) == len(counts) > 1
    assert len({one.info.hash for one in found}) == len(counts)
