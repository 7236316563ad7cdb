"""Currencies: TrueFX, HistData and FXCM, and the tables of ticks that have a header."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.contexts.data import kit
from tests.contexts.data.formats.tick_kit import agree, epoch_ns, ticks

from fks.cli import program
from fks.contracts.data.ticks import NO_ID
from fks.kernel.errors import Invalid


def test_truefx_without_header_is_known_by_its_first_line(tmp_path: Path) -> None:
    """Lost: a pair's quotes would be refused as bars without an open."""
    lines = ["USD/JPY,20130101 21:59:59.999,86.655,86.728", "USD/JPY,20130101 22:00:00.000,,86.7"]
    found = ticks(kit.write(tmp_path / "USDJPY-2013-01.csv", lines, ""))
    agree(
        found,
        [
            (epoch_ns("2013-01-01T21:59:59.999"), 86.655, 0, 86.728, 0),
            (epoch_ns("2013-01-01T22:00:00"), math.nan, 0, 86.7, 0),
        ],
    )
    assert (found.symbol, found.calendar) == ("USDJPY", "24/5")


@pytest.mark.parametrize(
    ("zone", "summer_hours", "note"),
    [(None, 5, "without daylight saving"), ("UTC", 0, "those of UTC")],
)
def test_histdata_ticks_are_five_hours_behind_in_summer_too(
    tmp_path: Path, zone: str | None, summer_hours: int, note: str
) -> None:
    """Lost: half the year would be an hour early against every other market."""
    lines = ["20200101 170014552,1.12097,1.1214,0", "20200701 170014552,1.12097,1.1214,0"]
    found = ticks(kit.write(tmp_path / "DAT_ASCII_EURUSD_T_202001.csv", lines, ""), timezone=zone)
    first, second = (
        epoch_ns(f"2020-0{month}-01T17:00:14.552") + summer_hours * 3600 * 10**9 for month in (1, 7)
    )
    agree(found, [(first, 1.12097, 0, 1.1214, 0), (second, 1.12097, 0, 1.1214, 0)])
    assert found.symbol == "EURUSD"
    assert any(note in one for one in found.notes)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("DAT_ASCII_GBPUSD_M1_202007.csv", "20200701 170000;1.5;1.75;1.25;1.5;0"),
        ("DAT_NT_GBPUSD_M1_202007.csv", "20200701 170000;1.5;1.75;1.25;1.5;0"),
        ("DAT_MT_GBPUSD_M1_202007.csv", "2020.07.01,17:00,1.5,1.75,1.25,1.5,0"),
    ],
)
def test_histdata_minutes_have_the_same_clock(tmp_path: Path, name: str, line: str) -> None:
    """Lost: minutes of one vendor would not lie on its own ticks."""
    imported = kit.read(kit.write(tmp_path / name, [line], ""))
    assert imported.info.first_ts_ns == epoch_ns("2020-07-01T22:00:00")
    assert (imported.info.instrument.id, imported.info.timeframe) == ("GBPUSD", "1m")
    assert "prices are bids" in imported.info.source


def test_histdatas_zip_has_its_report_beside_the_data(tmp_path: Path) -> None:
    """Lost: each month would need --member."""
    path = tmp_path / "HISTDATA_COM_ASCII_EURUSD_T202001.zip"
    kit.zipped(path, DAT_ASCII_EURUSD_T_202001="20200101 170014552,1.12097,1.1214,0\n")
    import zipfile

    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("DAT_ASCII_EURUSD_T_202001.txt", "gaps: none\n")
    assert ticks(path).symbol == "EURUSD"


def test_fxcm_bars_are_the_middle_of_bid_and_ask(tmp_path: Path) -> None:
    """Lost: bids alone would be taken for prices, spread and all."""
    sides = ("Bid", "Ask")
    header = "DateTime," + ",".join(
        f"{s}{p}" for s in sides for p in ("Open", "High", "Low", "Close")
    )
    lines = [
        "01/04/2015 22:00:00.000,1.5,1.75,1.25,1.5,1.625,1.875,1.375,1.625",
        "01/04/2015 22:01:00.000,x,1.75,1.25,1.5,1.625,1.875,1.375,1.625",
    ]
    imported = kit.read(kit.write(tmp_path / "EURUSD.csv", lines, header + "\n"))
    kept = imported.cleaned.kept
    assert [kept.open[0], kept.high[0], kept.low[0], kept.close[0]] == [
        1.5625,
        1.8125,
        1.3125,
        1.5625,
    ]
    assert imported.info.first_ts_ns == epoch_ns("2015-01-04T22:00:00")
    assert imported.report.rows_quarantined == 1
    with pytest.raises(Invalid, match=r"no column for bidopen.*askclose"):
        kit.read(kit.write(tmp_path / "x.csv", ["1,2"], "DateTime,Bid\n"), form="fxcm")


@pytest.mark.parametrize(
    ("header", "line", "row"),
    [
        ("DateTime,Bid,Ask", "01/04/2015 22:00:00.389,1.5,1.75", (1.5, 0, 1.75, 0)),
        (
            "Gmt time,Ask,Bid,AskVolume,BidVolume",
            "04.01.2015 22:00:00.389,1.75,1.5,3,4",
            (1.5, 4, 1.75, 3),
        ),
        ("Local time;Ask;Bid", "05.01.2015 00:00:00.389 GMT+0200;1.75;1.5", (1.5, 0, 1.75, 0)),
        (
            "ts,bid_price,bid_size,ask_price,ask_size",
            "1420408800.389,1.5,1,0,0",
            (1.5, 1, math.nan, 0),
        ),
        ("timestamp,bid,ask", "2015-01-04 22:00:00.389000+00:00,1.5,1.75", (1.5, 0, 1.75, 0)),
    ],
)
def test_quotes_are_understood_by_their_header(
    tmp_path: Path, header: str, line: str, row: tuple[float, ...]
) -> None:
    """Lost: bid and ask would change places with the next vendor."""
    found = ticks(kit.write(tmp_path / "EURUSD.csv", [line], header + "\n"))
    agree(found, [(epoch_ns("2015-01-04T22:00:00.389"), *row)])


@pytest.mark.parametrize(
    ("header", "line", "row"),
    [
        ("timestamp,price,size", "1420408800.389,1.5,2", (1.5, 2, 0, NO_ID)),
        (
            "timestamp,symbol,side,size,price,trdMatchID",
            "1420408800.3890,X,Sell,2,1.5,ab-c",
            (1.5, 2, -1, NO_ID),
        ),
        ("time,tid,side,price,amount", "1420408800389,77,b,1.5,2", (1.5, 2, 1, 77)),
    ],
)
def test_trades_are_understood_by_their_header(
    tmp_path: Path, header: str, line: str, row: tuple[float, ...]
) -> None:
    """Lost: every venue would need its own reader."""
    found = ticks(kit.write(tmp_path / "X.csv", [line], header + "\n"))
    agree(found, [(epoch_ns("2015-01-04T22:00:00.389"), *row)])


def test_columns_of_ticks_can_be_mapped_and_symbols_chosen(tmp_path: Path) -> None:
    """Lost: a table in another language, or one of many symbols, could not be read."""
    lines = [f"142040880{k},{'EUR/USD' if k % 2 else 'X'},{k}.5,1" for k in range(4)]
    path = kit.write(tmp_path / "x.csv", lines, "Zeit,symbol,Preis,Menge\n")
    columns = {"ts": "Zeit", "price": "Preis", "quantity": "Menge"}
    with pytest.raises(Invalid, match=r"no columns of trades .time, price.*--map price=NAME"):
        ticks(path, "ticks")
    with pytest.raises(Invalid, match="several symbols: EUR/USD, X; choose one"):
        ticks(path, "ticks", columns=columns)
    found = ticks(path, "ticks", columns=columns, symbol="eurusd")
    assert found.rows[1].tolist() == [1.5, 3.5]
    assert (found.symbol, found.row.tolist()) == ("EUR/USD", [2, 4])
    with pytest.raises(Invalid, match="no column 'Nix'"):
        ticks(path, "ticks", columns={"ts": "Nix"})


def test_text_in_utf_16_is_read_as_any_other(tmp_path: Path) -> None:
    """Lost: FXCM's own tick files would be refused as no text."""
    text = "DateTime,Bid,Ask\n" + "01/04/2015 22:00:00.389,1.5,1.75\n" * 20_000
    path = tmp_path / "EURUSD.csv.gz"
    path.write_bytes(gzip.compress(text.encode("utf-16")))
    found = ticks(path)
    assert len(found.row) == 20_000
    assert set(found.rows[1].tolist()) == {1.5}


@pytest.mark.parametrize(
    "stamp", ["20201301 170014552", "20200230 170014552", "20200101 250014552", "x", "", "9" * 40]
)
def test_a_time_that_is_none_costs_its_row(tmp_path: Path, stamp: str) -> None:
    """Lost: the 30th of February would be a day in March."""
    lines = ["20200101 170014552,1.1,1.2,0", f"{stamp},1.1,1.2,0"]
    found = ticks(kit.write(tmp_path / "DAT_ASCII_EURUSD_T_202001.csv", lines, ""))
    assert (found.rows.ts_ns == -(2**63)).tolist() == [False, True]


@pytest.mark.real_data
def test_real_truefx_ticks_row_by_row() -> None:
    """Lost: quotes of the shared file would not be those that were written."""
    path = kit.real("fxcm_csv/truefx-usdjpy-ticks.csv.gz")
    rows = list(kit.raw_rows(path))[1:]
    agree(ticks(path), ((epoch_ns(r[0]), float(r[1]), 0, float(r[2]), 0) for r in rows))


def test_the_command_leaves_the_clock_to_the_format(tmp_path: Path) -> None:
    """Lost: what the reader knows of a vendor's clock would be overruled by the command."""
    path = tmp_path / "DAT_ASCII_GBPUSD_M1_202007.csv"
    kit.write(path, ["20200701 170000;1.5;1.75;1.25;1.5;0"], "")
    for options, opens in (([], "22:00"), (["--timezone", "UTC"], "17:00")):
        words = ["--home", str(tmp_path / "home"), "data", "validate", str(path), *options]
        result = CliRunner().invoke(program, [*words, "--json"])
        assert result.exception is None, result.output
        first = json.loads(result.stdout)["dataset"]["first_ts_ns"]
        assert first == epoch_ns(f"2020-07-01T{opens}:00")
