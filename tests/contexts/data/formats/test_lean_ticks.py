"""LEAN's ticks: trades and quotes of every security its folders have."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from tests.contexts.data import kit
from tests.contexts.data.formats.tick_kit import agree, epoch_ns, into_day_ns, ticks

from fks.contexts.data.adapters.formats.reading import kind_of
from fks.contracts.data.ticks import NO_ID
from fks.kernel.errors import Invalid

NAN = math.nan


def lean(root: Path, place: str, **members: str) -> Path:
    """Write a zip at a place of LEAN's tree."""
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    return kit.zipped(path, **members)


@pytest.mark.parametrize(
    ("place", "line", "utc", "price", "quantity"),
    [
        (
            "equity/usa/tick/ibm/20131007_trade.zip",
            "34200000,1815200,283,P,20002020,0",
            "2013-10-07T13:30:00",
            181.52,
            283,
        ),
        (
            "crypto/coinbase/tick/btcusd/20131007_trade.zip",
            "34200000.25,7415.01,0.5",
            "2013-10-07T09:30:00.000250",
            7415.01,
            0.5,
        ),
        (
            "cryptofuture/binance/tick/btcusdt/20131007_trade.zip",
            "34200000,7415.01,0.5,0",
            "2013-10-07T09:30:00",
            7415.01,
            0.5,
        ),
        (
            "index/usa/tick/spx/20131007_trade.zip",
            "34200000,1676.5,0,,,0",
            "2013-10-07T14:30:00",
            1676.5,
            0,
        ),
        (
            "future/eurex/tick/fdax/20131007_trade.zip",
            "34200000,8600.5,3,,,0",
            "2013-10-07T07:30:00",
            8600.5,
            3,
        ),
    ],
)
def test_trades_of_each_security_have_its_zone_and_scale(
    tmp_path: Path, place: str, line: str, utc: str, price: float, quantity: float
) -> None:
    """Lost: a share would cost ten thousand times its price, or trade at night."""
    found = ticks(lean(tmp_path, place, one=line + "\n"))
    agree(found, [(epoch_ns(utc), price, quantity, 0, NO_ID)])


@pytest.mark.parametrize(
    ("place", "line", "row"),
    [
        (
            "equity/usa/tick/ibm/20131007_quote.zip",
            "34200000,1818000,300,0,0,P,1,0",
            (181.8, 300.0, NAN, 0.0),
        ),
        ("forex/oanda/tick/eurusd/20131007_quote.zip", "34200000,1.5,1.25", (1.5, 0, 1.25, 0)),
        (
            "crypto/coinbase/tick/btcusd/20131007_quote.zip",
            "34200000,7415,0.5,7416,2",
            (7415, 0.5, 7416, 2),
        ),
        (
            "crypto/coinbase/tick/btcusd/20131007_quote.zip",
            "34200000,7415,0.5,7416,2,0",
            (7415, 0.5, 7416, 2),
        ),
        (
            "future/cme/tick/es/20131007_quote.zip",
            "34200000,1676.25,5,1676.5,6,CME,0",
            (1676.25, 5, 1676.5, 6),
        ),
        (
            "option/usa/tick/aapl/20131007_quote_american.zip",
            "34200000,12500,5,,,C,0",
            (1.25, 5, NAN, 0),
        ),
    ],
)
def test_quotes_of_each_security_have_its_columns(
    tmp_path: Path, place: str, line: str, row: tuple[float, ...]
) -> None:
    """Lost: an exchange's code would be read as a size, an empty side as a price of 0."""
    found = ticks(lean(tmp_path, place, one=line + "\n"))
    agree(found, [(int(found.rows.ts_ns[0]), *row)])


def test_suspicious_lines_are_refused_and_bad_cells_cost_their_row_only(tmp_path: Path) -> None:
    """Lost: a mistaken trade would be the day's high, or a broken line the end of the file."""
    lines = (
        "34200000,1815200,283,P,0,0\n34200001,9915200,1,P,0,1\nx,1815200,1,P,0,0\n34200002,1,2\n"
        "86400000,1815200,1,P,0,0\n34200003,abc,1,P,0,0\n"
    )
    found = ticks(lean(tmp_path, "equity/usa/tick/ibm/20131007_trade.zip", one=lines))
    assert [(one.row, one.reason[:10]) for one in found.refused] == [
        (2, "marked as "),
        (4, "3 cells in"),
    ]
    assert found.row.tolist() == [1, 3, 5, 6]
    nothing = -(2**63)
    assert (found.rows.ts_ns == nothing).tolist() == [False, True, True, False]
    assert found.rows_read == 6
    bad = lean(tmp_path, "equity/usa/tick/ibm/20131008_quote.zip", a="34200000,x,3,1,2,P,1,0\n")
    assert math.isnan(ticks(bad).rows[2][0]), "a side that cannot be read is no empty side"


def test_a_folder_gives_trades_or_the_kind_that_is_wanted(tmp_path: Path) -> None:
    """Lost: a week of ticks would have to be imported day by day."""
    for day in ("07", "08"):
        lean(tmp_path, f"crypto/x/tick/btcusd/201310{day}_trade.zip", a="0,1,2\n1,3,4\n")
        lean(tmp_path, f"crypto/x/tick/btcusd/201310{day}_quote.zip", a="0,1,2,3,4\n")
    folder = tmp_path / "crypto/x/tick/btcusd"
    found = ticks(folder)
    assert (kind_of(found.rows), found.symbol, len(found.row)) == ("trades", "BTCUSD", 4)
    assert [(piece.name, piece.rows_before) for piece in found.pieces] == [
        ("20131007_trade.zip", 0),
        ("20131008_trade.zip", 2),
    ]
    assert kind_of(ticks(folder, kind="quotes").rows) == "quotes"
    with pytest.raises(Invalid, match="holds no trade or quote zips"):
        ticks(folder, kind="depth")


def test_an_option_is_chosen_by_right_strike_and_expiry(tmp_path: Path) -> None:
    """Lost: options of all strikes would be one price series."""
    names = [f"20140606_aapl_minute_trade_american_{k}_20140613" for k in ("call_6450000", "put_5")]
    row = "34200000,12500,13000,12000,12700,9\n"
    place = "option/usa/minute/aapl/20140606_trade_american.zip"
    path = lean(tmp_path, place, **dict.fromkeys(names, row))
    with pytest.raises(Invalid, match="--member: call_6450000_20140613, put_5_20140613"):
        kit.read(path)
    imported = kit.read(path, member="call_6450000_20140613")
    assert imported.info.instrument.id == "AAPL140613C00645000"
    assert imported.cleaned.kept.high.tolist() == [1.3]
    assert imported.info.first_ts_ns == epoch_ns("2014-06-06T13:30:00")


def test_margin_interest_is_funding(tmp_path: Path) -> None:
    """Lost: holding a perpetual would cost nothing."""
    path = tmp_path / "cryptofuture/bybit/margin_interest/btcusdt.csv"
    path.parent.mkdir(parents=True)
    path.write_text("20220718 16:00:00,0.0001\n20220719 00:00:00,-0.00007472\n20220719 08:00,x\n")
    found = ticks(path)
    assert (kind_of(found.rows), found.symbol) == ("funding", "BTCUSDT")
    agree(
        found,
        [
            (epoch_ns("2022-07-18T16:00:00"), 0.0001, NAN),
            (epoch_ns("2022-07-19T00:00:00"), -0.00007472, NAN),
            (epoch_ns("2022-07-19T08:00:00"), NAN, NAN),
        ],
    )


@pytest.mark.parametrize(
    ("place", "text", "says"),
    [
        ("equity/usa/tick/ibm/20131007_trade.zip", "0,1\n", "2 columns; LEAN's lines of tra"),
        ("equity/usa/tick/ibm/20131007_quote.zip", "0,1,2,3\n", "LEAN's lines of quote have 3, 5"),
        ("equity/usa/tick/ibm/20139907_trade.zip", "0,1,2\n", "20139907 in the file's name"),
        ("equity/usa/tick/ibm/20131007_trade.zip", "", "is empty"),
        ("future/cme/daily/es_openinterest.zip", "0,1,2\n", "3 columns; LEAN's lines of openint"),
    ],
)
def test_what_cannot_be_ticks_is_refused_in_one_line(
    tmp_path: Path, place: str, text: str, says: str
) -> None:
    """Lost: another file's numbers would be stored as trades."""
    with pytest.raises(Invalid, match=says):
        ticks(lean(tmp_path, place, one=text))


@pytest.mark.real_data
@pytest.mark.parametrize("day", ["20131007", "20131008"])
def test_real_equity_ticks_row_by_row(day: str) -> None:
    """Lost: IBM's tape would not be what its vendor wrote."""
    path = kit.real(f"lean/equity/usa/tick/ibm/{day}_trade.zip")
    rows = list(kit.raw_rows(path))
    zone = "America/New_York"
    agree(
        ticks(path),
        ((into_day_ns(day, r[0], zone), int(r[1]) / 1e4, float(r[2]), 0, NO_ID) for r in rows),
    )
    path = kit.real(f"lean/equity/usa/tick/ibm/{day}_quote.zip")
    rows = list(kit.raw_rows(path))

    def side(price: str, size: str) -> tuple[float, float]:
        return (int(price) / 1e4, float(size)) if price != "0" else (NAN, 0.0)

    found = ticks(path)
    agree(
        found,
        (
            (into_day_ns(day, r[0], zone), *side(r[1], r[2]), *side(r[3], r[4]))
            for r in rows
            if r[7] == "0"
        ),
    )
    assert len(found.refused) == sum(r[7] == "1" for r in rows)
    assert found.rows_read == len(rows)


@pytest.mark.real_data
def test_real_currency_ticks_row_by_row() -> None:
    """Lost: euros would be quoted five hours away."""
    folder = kit.real("lean/forex/fxcm/tick/eurusd")
    rows = [
        (into_day_ns(path.name[:8], r[0], "Etc/GMT+5"), float(r[1]), 0, float(r[2]), 0)
        for path in sorted(folder.iterdir())
        for r in kit.raw_rows(path)
    ]
    found = ticks(folder)
    agree(found, rows)
    assert len(found.pieces) == len(list(folder.iterdir()))
