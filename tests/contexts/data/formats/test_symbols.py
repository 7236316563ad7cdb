"""Which instrument a file is of: its name, a column of symbols, or a member of an archive."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from tests.contexts.data import kit

from fks.contexts.data.service.importing import FileRequest, import_files
from fks.kernel.errors import Invalid

DAYS = ("2024-01-02", "2024-01-03")
YAHOO = "Date,Open,High,Low,Close,Adj Close,Volume\n"
ROWS = [f"{day},41.0,50.5,40.0,48.25,48.25,{k}" for k, day in enumerate(DAYS)]


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("BRK-A.csv", "BRK-A"),
        ("BRK-B_1d.csv", "BRK-B"),
        ("BF.B.csv", "BF.B"),
        ("brk.a.csv", "BRK.A"),
        ("0700.HK.csv", "0700.HK"),
        ("600519.SS.csv", "600519.SS"),
        ("VOD.L.csv", "VOD.L"),
        ("ES=F.csv", "ES"),
        ("EURUSD=X.csv", "EURUSD"),
        ("BTC-USD.csv", "BTC-USD"),
        ("aapl.us.txt", "AAPL"),
        ("AAPL.2024.csv", "AAPL"),
        ("orcl-1995-2014.txt", "ORCL"),
        ("daily_adjusted_MSFT.csv", "MSFT"),
        ("CME_MINI_ES1!, 5.csv", "ES"),
        ("NASDAQ_AAPL, 1D (2).csv", "AAPL"),
        ("6EH4.XCME_1min_bars_20240101_20240131.csv", "6EH4"),
    ],
)
def test_a_files_name_gives_the_whole_symbol(tmp_path: Path, name: str, symbol: str) -> None:
    """Lost: two classes of one share, or two exchanges' shares, become one dataset."""
    prices = [row.replace("48.25,48.25", "48.5,48.5") for row in ROWS]
    assert kit.read(kit.write(tmp_path / name, prices, YAHOO)).info.instrument.id == symbol


def _of_many() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "date": [*DAYS, *DAYS],
            "open": [1.5, 2.5, 10.5, 20.5],
            "high": [2.0, 3.0, 11.0, 21.0],
            "low": [1.0, 2.0, 10.0, 20.0],
            "close": [1.75, 2.75, 10.75, 20.75],
            "volume": [1, 2, 3, 4],
            "Name": ["AAL", "AAL", "BRK.B", "BRK.B"],
        }
    )


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_of_several_symbols_in_a_table_of_bars_one_is_read(tmp_path: Path, suffix: str) -> None:
    """Lost: shares of one table contradict one another, and none can be imported."""
    table, path = _of_many(), tmp_path / f"all_stocks.{suffix}"
    table.to_csv(path, index=False) if suffix == "csv" else table.to_parquet(path)
    with pytest.raises(
        Invalid, match=r"several symbols: AAL, BRK\.B; choose one with --instrument"
    ):
        kit.read(path)
    made = kit.read(path, instrument="BRK.B")
    wanted = table[table.Name == "BRK.B"]
    assert made.info.instrument.id == "BRK.B"
    assert made.cleaned.kept.close.tolist() == wanted.close.tolist()
    assert made.cleaned.kept.row.tolist() == [3, 4]
    assert made.report.rows_read == made.report.rows_kept == 2


def test_the_only_symbol_of_a_table_names_its_dataset(tmp_path: Path) -> None:
    """Lost: a file called `data.csv` becomes an instrument called DATA."""
    rows = [
        f"{ns},3,O:SPY240119C00470000,1,2,1,2" for ns in (1704205800 * 10**9, 1704205860 * 10**9)
    ]
    header = "window_start,volume,ticker,open,high,low,close\n"
    made = kit.read(kit.write(tmp_path / "data.csv", rows, header))
    assert made.info.instrument.id == "SPY240119C00470000"
    rows = [f"{day},Apple Inc.,1,2,1,2,3" for day in DAYS]
    header = "date,name,open,high,low,close,volume\n"
    assert kit.read(kit.write(tmp_path / "AAPL.csv", rows, header)).info.instrument.id == "AAPL"


def test_each_member_of_an_archive_is_called_by_its_own_name(tmp_path: Path) -> None:
    """Lost: the shares in one zip are joined under the zip's name, and quarantined."""
    text = YAHOO + "\n".join(ROWS) + "\n"
    path = kit.zipped(tmp_path / "two.zip", **{"AAA": text, "in/BRK-B": text})
    request = FileRequest(path=path, member="all")
    made = import_files([path], request, now_ns=1, code_version="")
    assert sorted(one.info.instrument.id for one in made) == ["AAA", "BRK-B"]
    assert [one.info.rows for one in made] == [2, 2]


def test_the_index_of_a_data_frame_is_its_time(tmp_path: Path) -> None:
    """Lost: what pandas and yfinance write by default is refused."""
    path = tmp_path / "A.csv"
    frame = _of_many().iloc[:2].set_index("date").rename_axis(None)
    frame.to_csv(path)
    assert kit.read(path).cleaned.kept.close.tolist() == [1.75, 2.75]
    rows = [
        "Ticker,AAPL,AAPL,AAPL,AAPL,AAPL",
        "Date,,,,,",
        *(f"{d},185.5,188,183,187,9" for d in DAYS),
    ]
    made = kit.read(kit.write(tmp_path / "B.csv", rows, "Price,Close,High,Low,Open,Volume\n"))
    assert made.cleaned.kept.close.tolist() == [185.5, 185.5]
    assert (made.report.rows_read, made.report.rows_quarantined) == (4, 2)


def test_an_index_may_be_named_as_yahoo_names_it(tmp_path: Path) -> None:
    """Lost: the caret, which the refusal itself names, is refused."""
    path = kit.write(tmp_path / "a.csv", ROWS, YAHOO)
    assert kit.read(path, instrument="^STOXX50E").info.instrument.id == "^STOXX50E"


def test_a_table_without_any_time_says_so_and_no_more(tmp_path: Path) -> None:
    """Lost: a warning of an average of nothing stands before the line that helps."""
    rows = ["someday,1,2,1,2,3"]
    with pytest.raises(Invalid, match="unreadable time"):
        kit.read(kit.write(tmp_path / "a.csv", rows))
