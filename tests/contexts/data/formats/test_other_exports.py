"""Exports and answers of the same vendors for other kinds of instruments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.contexts.data import kit
from tests.contexts.data.formats.tick_kit import agree, ticks

from fks.contracts.data.ticks import NO_ID
from fks.kernel.errors import Invalid

CELLS = {"1. open": "187.15", "2. high": "188.44", "3. low": "183.885", "4. close": "185.64"}
OLD = {
    f"{k}{letter}. {one} ({currency})": price
    for letter, currency, price in (("a", "CNY", "2.5"), ("b", "USD", "1.5"))
    for k, one in enumerate(("open", "high", "low", "close"), start=1)
} | {"5. volume": "7", "6. market cap (USD)": "9"}
FROM_TO = {"2. From Symbol": "EUR", "3. To Symbol": "JPY"}
CODES = {"2. Digital Currency Code": "BTC", "4. Market Code": "EUR"}


def _saved(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize(
    ("series", "meta", "cells", "symbol", "bar"),
    [
        ("Time Series FX (Daily)", FROM_TO, CELLS, "EURJPY", (187.15, 0)),
        (
            "Time Series (Digital Currency Daily)",
            CODES,
            CELLS | {"5. volume": "3.5"},
            "BTCEUR",
            (187.15, 3.5),
        ),
        ("Time Series (Digital Currency Daily)", CODES, OLD, "BTCEUR", (2.5, 7)),
    ],
)
def test_alpha_vantages_currencies(
    tmp_path: Path,
    series: str,
    meta: dict[str, str],
    cells: dict[str, str],
    symbol: str,
    bar: tuple[float, float],
) -> None:
    """Lost: only shares of that provider can be read, and crypto bears the file's name."""
    document = {"Meta Data": meta, series: {"2024-01-03": cells, "2024-01-02": cells}}
    made = kit.read(_saved(tmp_path / "answer.json", document))
    kept = made.cleaned.kept
    assert (made.info.instrument.id, made.info.timeframe) == (symbol, "1d")
    assert (kept.open[0], kept.volume[0]) == bar
    assert kept.ts_ns.tolist() == [1704153600 * 10**9, 1704240000 * 10**9]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"Note": "at most 5 calls a minute"}, "is a refusal: at most 5 calls"),
        ({"Error Message": "Invalid API call"}, "is a refusal: Invalid API call"),
        (
            {"chart": {"result": None, "error": {"code": "Not Found", "description": "No data"}}},
            "is a refusal: No data",
        ),
        ({"ticker": "ZZ", "resultsCount": 0, "status": "OK"}, "has no rows"),
    ],
)
def test_what_a_provider_said_instead_of_data_is_told(
    tmp_path: Path, document: Any, says: str
) -> None:
    """Lost: a user looks for a fault in the file, and it is the provider's limit."""
    with pytest.raises(Invalid, match=says):
        kit.read(_saved(tmp_path / "answer.json", document))


def test_bars_as_a_list_of_objects(tmp_path: Path) -> None:
    """Lost: the JSON that most services and pandas write is refused."""
    bar = {"open": 1.5, "high": 2.5, "low": 1.25, "close": 2.0, "volume": 3}
    rows = [{"date": f"2024-01-0{k}", **bar, "ticker": "BRK.B"} for k in (2, 3)]
    made = kit.read(_saved(tmp_path / "a.json", rows))
    assert (made.info.instrument.id, made.info.rows) == ("BRK.B", 2)
    assert made.cleaned.kept.low.tolist() == [1.25, 1.25]


def test_polygons_markets_stay_out_of_the_name(tmp_path: Path) -> None:
    """Lost: currencies, crypto and options of that provider have no name an instrument may have."""
    rows = [{"t": (1704205800 + k) * 1000, "o": 1, "h": 2, "l": 1, "c": 2, "v": 1} for k in (0, 60)]
    path = _saved(tmp_path / "a.json", {"ticker": "X:BTCUSD", "results": rows})
    assert kit.read(path).info.instrument.id == "BTCUSD"


def test_krakens_files_of_trades(tmp_path: Path) -> None:
    """Lost: that exchange's own history of trades is refused for lack of a header."""
    path = tmp_path / "ADAEUR.csv"
    path.write_text("1538157600,0.0712,100.5\n1538157660.5,0.0713,10\n")
    found = ticks(path)
    rows = [
        (1538157600 * 10**9, 0.0712, 100.5, 0, NO_ID),
        (15381576605 * 10**8, 0.0713, 10.0, 0, NO_ID),
    ]
    agree(found, rows)
    assert found.symbol == "ADAEUR"


@pytest.mark.parametrize(("volumes", "wanted"), [((0, 0), [27.0, 28.0]), ((5, 0), [5.0, 0.0])])
def test_metatraders_counts_of_ticks_stand_in_for_volumes(
    tmp_path: Path, volumes: tuple[int, int], wanted: list[float]
) -> None:
    """Lost: all bars of currencies have no volume, or those of futures a wrong one."""
    names = ("DATE", "TIME", "OPEN", "HIGH", "LOW", "CLOSE", "TICKVOL", "VOL", "SPREAD")
    rows = [
        f"2024.01.02\t00:0{k}:00\t1.1\t1.2\t1.0\t1.1\t{27 + k}\t{volume}\t8"
        for k, volume in enumerate(volumes)
    ]
    header = "\t".join(f"<{name}>" for name in names) + "\n"
    made = kit.read(kit.write(tmp_path / "EURUSD_M1.csv", rows, header))
    assert made.cleaned.kept.volume.tolist() == wanted
    assert ("numbers of ticks" in made.info.source) is (wanted[0] == 27)


@pytest.mark.parametrize(
    ("name", "symbol"), [("ES MAR25", "ESH25"), ("ES ##-##", "ES"), ("^VIX", "^VIX")]
)
def test_ninjatraders_other_names(tmp_path: Path, name: str, symbol: str) -> None:
    """Lost: contracts named by their month, or all of them in a row, have no tick and no name."""
    path = tmp_path / f"{name}.Last.txt"
    path.write_text(
        "20240102;4770.25;4772;4770;4771.5;100\n20240103;4770.25;4772;4770;4771.5;100\n"
    )
    assert kit.read(path).info.instrument.id == symbol


BENTO = "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n"


@pytest.mark.parametrize(
    "row",
    [
        "2024-01-02T00:0{}:00.000000000Z,33,1,2,4770.250000000,4772.0,4770.0,4771.500000000,9,ESH4",
        "17041536{}0000000000,33,1,2,4770250000000,4772000000000,4770000000000,4771500000000,9,ESH4",
    ],
)
def test_databentos_bars_as_csv(tmp_path: Path, row: str) -> None:
    """Lost: its CSV is refused, or its billionths are taken for dollars."""
    rows = [row.format(k) for k in (0, 6 if row.startswith("17") else 1)]
    made = kit.read(kit.write(tmp_path / "glbx.ohlcv-1m.csv", rows, BENTO))
    assert (made.info.instrument.id, made.info.timeframe) == ("ESH4", "1m")
    assert made.cleaned.kept.close.tolist() == [4771.5, 4771.5]
    with pytest.raises(Invalid, match=r"the binary file \(\.dbn or \.dbn\.zst\) is read"):
        kit.read(kit.write(tmp_path / "a.csv", ["1,2,3,4"], "ts_recv,rtype,action,price\n"))


@pytest.mark.parametrize(
    "remarks", ["https://www.example.com\n", "# of my own making\n# in two lines, really\n", ""]
)
def test_remarks_may_stand_before_a_header(tmp_path: Path, remarks: str) -> None:
    """Lost: downloads that begin with an address or a remark are refused."""
    path = kit.write(tmp_path / "A.csv", kit.lines(5), remarks + kit.HEADER)
    made, plain = (
        kit.read(path, instrument="A"),
        kit.read(kit.write(tmp_path / "B.csv", kit.lines(5)), instrument="A"),
    )
    assert made.info.hash == plain.info.hash
    assert made.report.rows_read == 5


def test_a_column_of_volumes_that_holds_none_is_no_volume(tmp_path: Path) -> None:
    """Lost: rates of exchange from a page that has the column for all are refused to the last."""
    rows = [f"2024-01-0{k},1.1,1.2,1.0,1.1," for k in (2, 3)]
    made = kit.read(kit.write(tmp_path / "A.csv", rows, "date,open,high,low,close,vol.\n"))
    assert made.cleaned.kept.volume.tolist() == [0, 0]
    assert "the file has no volume" in made.info.source
    rows = ["2024-01-02,1.1,1.2,1.0,1.1,", "2024-01-03,1.1,1.2,1.0,1.1,5"]
    made = kit.read(kit.write(tmp_path / "A.csv", rows, "date,open,high,low,close,vol.\n"))
    assert (made.report.rows_kept, made.report.rows_quarantined) == (1, 1)
