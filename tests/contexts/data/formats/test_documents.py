"""Providers' answers kept as files, and freqtrade's data."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pytest
from tests.contexts.data import kit
from tests.contexts.data.formats.tick_kit import agree, epoch_ns, ticks

from fks.contexts.data.adapters.formats import documents
from fks.contracts.data.ticks import NO_ID
from fks.kernel.errors import Invalid

S = 1_704_103_200  # 2024-01-01T10:00


def saved(path: Path, document: Any) -> Path:
    """Write a document."""
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


BAR = {"o": 10.5, "h": 11, "l": 10, "c": 10.75, "v": 7}
CELLS = ["10.5", "11", "10", "10.75"]
YAHOO = {
    "chart": {
        "result": [
            {
                "meta": {"symbol": "AAPL", "exchangeTimezoneName": "America/New_York"},
                "timestamp": [S + 16_200, S + 102_600],
                "indicators": {
                    "quote": [
                        {
                            **{"open": [10.5, None], "high": [11, None], "low": [10, None]},
                            **{"close": [10.75, None], "volume": [7, None]},
                        }
                    ]
                },
            }
        ]
    }
}
ALPHA = {
    "Meta Data": {"2. Symbol": "AAPL", "5. Time Zone": "US/Eastern"},
    "Time Series (Daily)": {
        "2024-01-01": dict(
            zip(
                ("1. open", "2. high", "3. low", "4. close", "5. volume"),
                (*CELLS, "7"),
                strict=True,
            )
        )
    },
}


@pytest.mark.parametrize(
    ("document", "symbol", "utc"),
    [
        ({"ticker": "AAPL", "results": [{**BAR, "t": S * 1000}]}, "AAPL", "2024-01-01T10:00:00"),
        # Midnight in New York is that date.
        ({"ticker": "AAPL", "results": [{**BAR, "t": (S - 18_000) * 1000}]}, "AAPL", "2024-01-01"),
        ({"results": [{**BAR, "T": "AAPL", "t": S * 1000}]}, "AAPL", "2024-01-01T10:00:00"),
        (
            {"error": [], "result": {"AAPL": [[S, *CELLS, "1", "7", 3]], "last": S}},
            "AAPL",
            "2024-01-01T10:00:00",
        ),
        (YAHOO, "AAPL", "2024-01-01"),
        (ALPHA, "AAPL", "2024-01-01"),
        (
            [[S * 1000, *CELLS, "7", S * 1000 + 1, "1", 2, "3", "4", "0"]],
            "X",
            "2024-01-01T10:00:00",
        ),
        ([[S * 1000, 10.5, 11, 10, 10.75, 7]], "X", "2024-01-01T10:00:00"),
        (
            {"from": "2024-01-01", "symbol": "AAPL", "open": 10.5, "high": 11, "low": 10}
            | {"close": 10.75, "volume": 7},
            "AAPL",
            "2024-01-01",
        ),
    ],
)
def test_bars_of_each_answer(tmp_path: Path, document: Any, symbol: str, utc: str) -> None:
    """Lost: a provider's lows would be its opens, or a day begin where it was asked for."""
    imported = kit.read(saved(tmp_path / "X.json", document), timeframe="1d")
    kept = imported.cleaned.kept
    found = [float(column[0]) for column in (kept.open, kept.high, kept.low, kept.close)]
    assert (*found, kept.volume[0]) == (10.5, 11, 10, 10.75, 7)
    assert (imported.info.instrument.id, imported.info.first_ts_ns) == (symbol, epoch_ns(utc))
    assert imported.info.rows == 1


@pytest.mark.parametrize(
    ("document", "rows"),
    [
        (
            {"results": [{"price": 1.5, "size": 2, "sip_timestamp": S * 10**9 + 7, "id": "9"}]},
            [(S * 10**9 + 7, 1.5, 2, 0, 9)],
        ),
        (
            {"results": [{"bid_price": 1.5, "bid_size": 2, "sip_timestamp": S * 10**9}]},
            None,
        ),
        (
            {
                "results": [
                    {
                        **{"bid_price": 1.5, "bid_size": 2, "ask_price": 0, "ask_size": 0},
                        **{"participant_timestamp": 1, "sip_timestamp": S * 10**9 + k},
                    }
                    for k in (1, 0)
                ]
            },
            [(S * 10**9 + k, 1.5, 2, math.nan, 0) for k in (0, 1)],
        ),
        (
            {"results": {"T": "A", "p": 1.5, "s": 2, "P": 1.75, "S": 3, "t": S * 10**9}},
            [(S * 10**9, 1.5, 2, 1.75, 3)],
        ),
        (
            {
                "error": [],
                "result": {
                    "XBTUSDT": [
                        ["1.5", "2", S, "b", "l", "", 5],
                        ["1.5", "2", S + 0.1234567, "s", "m", "", 6],
                    ],
                    "last": "0",
                },
            },
            [(S * 10**9, 1.5, 2, 1, 5), (S * 10**9 + 123_456_700, 1.5, 2, -1, 6)],
        ),
        (
            [[S * 1000, "5", None, "sell", 1.5, 2.0, 3.0]],
            [(S * 10**9, 1.5, 2, -1, 5)],
        ),
        (
            [{"symbol": "BTCUSDT", "fundingTime": S * 1000, "fundingRate": "0.0001"}],
            [(S * 10**9, 0.0001, math.nan)],
        ),
    ],
)
def test_ticks_of_each_answer(tmp_path: Path, document: Any, rows: list[Any] | None) -> None:
    """Lost: trades would come newest first, or a nanosecond be rounded away."""
    path = saved(tmp_path / "X.json", document)
    if rows is None:
        with pytest.raises(Invalid, match="no answer that is known here"):
            ticks(path)
    else:
        agree(ticks(path), rows)


def test_trades_as_ccxt_keeps_them_and_a_symbol_from_polygons_path(tmp_path: Path) -> None:
    """Lost: freqtrade's old files could not be read, and a share be called V3."""
    trade = {
        **{"info": {"a": 1}, "timestamp": S * 1000, "datetime": "2024-01-01T10:00:00.000Z"},
        **{"symbol": "XRP/ETH", "id": "5", "order": None, "type": None, "side": "sell"},
        **{"takerOrMaker": None, "price": 1.5, "amount": 2.0, "cost": 3.0, "fee": None},
    }
    found = ticks(saved(tmp_path / "XRP_OLD-trades.json", [trade]))
    agree(found, [(S * 10**9, 1.5, 2, -1, 5)])
    assert found.symbol == "XRP/ETH"
    polygon = {"results": [{"price": 1.5, "size": 2, "sip_timestamp": S * 10**9}]}
    assert ticks(saved(tmp_path / "v3__trades__BRK.A.json", polygon)).symbol == "BRK.A"


def test_one_symbol_of_many_is_chosen(tmp_path: Path) -> None:
    """Lost: a day of all shares would be one share."""
    rows = [{**BAR, "T": one, "t": S * 1000} for one in ("A", "B")]
    path = saved(tmp_path / "x.json", {"results": rows})
    with pytest.raises(Invalid, match="several symbols: A, B; choose one"):
        ticks(path)
    assert kit.read(path, instrument="B", timeframe="1d").info.rows == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"results": [', "is no JSON document"),
        ("[" * 100_000, "is no JSON document"),
        ('{"results": []}', "has no rows"),
        ('{"error": ["EQuery:Unknown asset pair"]}', "is a refusal: EQuery:Unknown"),
        ('{"chart": {"result": null}}', "lacks a part of it"),
        ('{"market": "closed"}', "no answer that is known here"),
        ("[[1, 2], [1]]", "rows of several lengths"),
        ('[[1, 2, 3, 4, 5, "x"]]', "no answer that is known here"),
        ('{"results": [{"p": "\\ud800"}]}', "no JSON document|no answer that is known"),
    ],
)
def test_what_is_no_answer_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    """Lost: a refusal of a provider would be stored as prices, or nesting end the process."""
    with pytest.raises(Invalid, match=says) as refused:
        ticks(saved(tmp_path / "x.json", text))
    assert "\n" not in refused.value.message


def test_a_document_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost: a document of gigabytes would be held whole."""
    monkeypatch.setattr(documents, "_MAX_BYTES", 1000)
    with pytest.raises(Invalid, match="MiB of JSON; split it"):
        ticks(saved(tmp_path / "x.json", [[1, 2]] * 1000))


def test_trades_in_columns(tmp_path: Path) -> None:
    """Lost: freqtrade's newer files of trades could not be read."""
    columns = {
        "timestamp": [S * 1000, S * 1000 + 1],
        "id": ["5", "x"],
        "type": [None, None],
        "side": ["buy", "sell"],
        "price": [1.5, None],
        "amount": [2.0, 3.0],
    }
    path = tmp_path / "XRP_ETH-trades.feather"
    feather.write_feather(pa.table(columns), path)
    found = ticks(path)
    agree(found, [(S * 10**9, 1.5, 2, 1, 5), (S * 10**9 + 10**6, math.nan, 3, -1, NO_ID)])
    assert found.symbol == "XRP-ETH"


@pytest.mark.real_data
def test_the_real_answers() -> None:
    """Lost: what the providers sent would not be what is stored."""
    path = kit.real("freqtrade/XRP_ETH-trades.json.gz")
    rows = json.loads(gzip.decompress(path.read_bytes()))
    sides = {"buy": 1, "sell": -1}
    agree(ticks(path), ((r[0] * 10**6, r[4], r[5], sides[r[3]], int(r[1])) for r in rows))
    path = kit.real("rest_json/kraken_http_ohlc.json.gz")
    rows = json.loads(gzip.decompress(path.read_bytes()))["result"]["XBTUSDT"]
    kept = kit.read(path).cleaned.kept
    assert kept.ts_ns.tolist() == [r[0] * 10**9 for r in rows]
    assert kept.high.tolist() == [float(r[2]) for r in rows]
    assert kept.volume.tolist() == [float(r[6]) for r in rows]
    folder = kit.real("rest_json/polygon")
    imported = kit.read(
        folder / "v2__aggs__ticker__AAPL__range__1__day__2005-04-01__2005-04-04.json"
    )
    assert imported.info.first_ts_ns == epoch_ns("2005-04-01")
    assert imported.cleaned.kept.volume.tolist() == [642_646_396.0, 578_172_308.0]
    quote = json.loads((folder / "v2__last__nbbo__AAPL.json").read_text())["results"]
    found = ticks(folder / "v2__last__nbbo__AAPL.json")
    agree(found, [tuple(quote[k] for k in ("t", "p", "s", "P", "S"))])
    with pytest.raises(Invalid, match="holds several symbols: AMZN"):
        ticks(folder / "v3__reference__splits.json")
    with pytest.raises(Invalid, match="no answer that is known here"):
        ticks(folder / "v1__marketstatus__now.json")
