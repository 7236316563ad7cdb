"""Binance's public files and recordings of its streams."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import pytest
from tests.contexts.data import kit
from tests.contexts.data.formats.tick_kit import agree, ticks

from fks.contexts.data.adapters.formats.reading import kind_of
from fks.contracts.data.ticks import CLEAR, LAST, NO_ID, SET, SNAPSHOT, TradeRows
from fks.kernel.errors import Invalid

MS = 1_704_067_200_123
US = MS * 1000 + 456


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize(
    ("name", "names", "line", "row"),
    [
        (
            "BTCUSDT-aggTrades-2024-01",
            "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker",
            f"7,42000.1,0.5,10,12,{MS},true",
            (MS * 10**6, 42000.1, 0.5, -1, 7),
        ),
        (
            "BTCUSDT-aggTrades-2025-01",
            "a,p,q,f,l,transact_time,is_buyer_maker,is_best_match",
            f"7,42000.1,0.5,10,12,{US},False,True",
            (US * 10**3, 42000.1, 0.5, 1, 7),
        ),
        (
            "BTCUSDT-trades-2024-01",
            "id,price,qty,quote_qty,time,is_buyer_maker",
            f"8,42000.1,0.5,21000.05,{MS},false",
            (MS * 10**6, 42000.1, 0.5, 1, 8),
        ),
        (
            "BTCUSDT-trades-2025-01",
            "id,price,qty,quote_qty,time,is_buyer_maker,is_best_match",
            f"8,42000.1,0.5,21000.05,{US},True,True",
            (US * 10**3, 42000.1, 0.5, -1, 8),
        ),
        (
            "BTCUSDT-bookTicker-2024-01-01",
            "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,"
            "event_time",
            f"9,42000.1,0.5,42000.2,0.75,{MS},{MS + 2}",
            (MS * 10**6, 42000.1, 0.5, 42000.2, 0.75),
        ),
        (
            "BTCUSDT-fundingRate-2024-01",
            "calc_time,funding_interval_hours,last_funding_rate",
            f"{MS},8,-0.00012345",
            (MS * 10**6, -0.00012345, math.nan),
        ),
    ],
)
def test_each_public_file_is_read_with_and_without_its_header(
    tmp_path: Path, name: str, names: str, line: str, row: tuple[float, ...], *, header: bool
) -> None:
    """Lost: a quote's update id would be a price, or the taker's side the maker's."""
    if header and name == "BTCUSDT-aggTrades-2025-01":
        names = names.replace("a,p,q,f,l", "agg_trade_id,price,quantity,first,last")
    text = (names + "\n" if header else "") + line + "\n"
    found = ticks(kit.zipped(tmp_path / f"{name}.zip", **{name: text}))
    agree(found, [row])
    assert (found.symbol, found.calendar) == ("BTCUSDT", "24/7")


def test_bad_cells_cost_their_row(tmp_path: Path) -> None:
    """Lost: one broken line of a day of forty million would refuse them all."""
    lines = [f"{k},1.5,2,{k},{k},{MS + k},true" for k in range(5)]
    lines[1] = f"x,1.5,2,1,1,{MS + 1},true"
    lines[2] = f"2,nan,2,1,1,{MS + 2},true"
    lines[3] = "3,1.5,2"
    found = ticks(kit.write(tmp_path / "BTCUSDT-aggTrades-2024-01.csv", lines, ""))
    assert found.row.tolist() == [1, 2, 3, 5]
    assert isinstance(found.rows, TradeRows)
    assert found.rows.id.tolist() == [0, NO_ID, 2, 4]
    assert math.isnan(found.rows.price[2])
    assert [one.row for one in found.refused] == [4]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("BTCUSDT-bookDepth-2024-01-01", "timestamp,percentage,depth,notional\n1,2,3,4", "sums of"),
        ("BTCUSDT-metrics-2024-01-01", "create_time,symbol,sum_open_interest\n1,2,3", "open inter"),
        ("BTCUSDT-trades-2024-01-01", "id,cost\n1,2", "2 columns, which are none"),
    ],
)
def test_what_is_no_ticks_is_refused_in_one_line(
    tmp_path: Path, name: str, text: str, says: str
) -> None:
    """Lost: sums of depth would be stored as trades."""
    with pytest.raises(Invalid, match=says):
        ticks(kit.write(tmp_path / f"{name}.csv", text.split("\n")[1:], text.split("\n")[0] + "\n"))


def recording(path: Path, *messages: Any) -> Path:
    """Write a recording; a text is written as it is."""
    lines = [
        one if isinstance(one, str) else f"{10**18 + k} {json.dumps(one)}"
        for k, one in enumerate(messages)
    ]
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
    return path


def depth(first: int, last: int, symbol: str = "X", **more: Any) -> dict[str, Any]:
    """Return a change of depth."""
    levels = {"b": [["10.5", "2"]], "a": [["10.75", "0"], ["11", "3"]]}
    return {
        "stream": "x",
        "data": {"e": "depthUpdate", "s": symbol, "U": first, "u": last} | levels | more,
    }


def test_a_recording_gives_each_of_its_streams(tmp_path: Path) -> None:
    """Lost: snapshots would not empty the book, or messages end in their middle."""
    path = recording(
        tmp_path / "x.gz",
        depth(1, 3),
        {"lastUpdateId": 3, "bids": [["10.25", "1"]], "asks": []},
        {"stream": "t", "data": {"e": "trade", "s": "X", "t": 5, "p": "10.5", "q": "1", "m": True}},
        {"u": 3, "s": "X", "b": "10.5", "B": "2", "a": "11", "A": "3"},
        {"result": None, "id": 1},
        "1000000000000000009 {broken",
        depth(7, 8),
    )
    with pytest.raises(Invalid, match="holds depth and trades and quotes; choose one with --kind"):
        ticks(path)
    with pytest.raises(Invalid, match="has no funding; choose --kind depth"):
        ticks(path, kind="funding")
    found = ticks(path, kind="depth")
    t = 10**18
    no, snap = NO_ID, SNAPSHOT
    agree(
        found,
        [
            (t, 3, SET, 1, 10.5, 2, no, 0),
            (t, 3, SET, -1, 10.75, 0, no, 0),
            (t, 3, SET, -1, 11, 3, no, LAST),
            (t + 1, 3, CLEAR, 0, 0, 0, no, snap),
            (t + 1, 3, SET, 1, 10.25, 1, no, snap | LAST),
            (t + 6, 8, SET, 1, 10.5, 2, no, 0),
            (t + 6, 8, SET, -1, 10.75, 0, no, 0),
            (t + 6, 8, SET, -1, 11, 3, no, LAST),
        ],
    )
    assert found.row.tolist() == [1, 1, 1, 2, 2, 7, 7, 7]
    assert "updates were lost at 1 places" in found.notes
    assert not any("no snapshot" in note for note in found.notes)
    alone = ticks(recording(tmp_path / "alone.gz", depth(1, 3), depth(4, 5)), kind="depth")
    assert any("no snapshot of the book" in note for note in alone.notes)
    assert [one.row for one in found.refused] == [6]
    agree(ticks(path, kind="trades"), [(t + 2, 10.5, 1, -1, 5)])
    agree(ticks(path, kind="quotes"), [(t + 3, 10.5, 2, 11, 3)])


def test_the_exchanges_clock_can_be_chosen_and_symbols_are_not_mixed(tmp_path: Path) -> None:
    """Lost: two books would be one, or times those of a clock that runs ahead unseen."""
    path = recording(tmp_path / "x.gz", depth(1, 2, T=5, E=7), depth(1, 2, "Y", T=6), depth(3, 4))
    with pytest.raises(Invalid, match="several symbols: X, Y; choose one with --instr"):
        ticks(path)
    assert ticks(path, symbol="y").rows.ts_ns.tolist() == [10**18 + 1] * 3
    found = ticks(path, symbol="X", columns={"ts": "T"})
    assert found.rows.ts_ns.tolist() == [5_000_000] * 3
    assert [one.reason for one in found.refused] == ["a message without T"]
    with pytest.raises(Invalid, match="--map ts=T or ts=E"):
        ticks(path, columns={"ts": "Z"})


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    """Lost: a hostile recording would take all memory."""
    path = tmp_path / "x.txt"
    path.write_bytes(b"1000000000000000000 {" + b" " * (17 << 20))
    with pytest.raises(Invalid, match="a line longer than 16 MiB"):
        ticks(path, "capture", kind="depth")


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["cm_ethusd_perp", "spot_ethusdt"])
def test_real_recordings_row_by_row(name: str) -> None:
    """Lost: the book that is built from a recording would not be the exchange's."""
    path = kit.real(f"binance/ws_capture/{name}_20240808.gz")
    rows: dict[str, list[tuple[float, ...]]] = {"depth": [], "trades": [], "quotes": []}
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        stamp, _, text = line.partition(" ")
        outer = json.loads(text)
        data, ts = outer.get("data", outer), int(stamp)
        if "lastUpdateId" in data:
            u = data["lastUpdateId"]
            rows["depth"].append((ts, u, CLEAR, 0, 0.0, 0.0, NO_ID, SNAPSHOT))
            sides = [(1, *one) for one in data["bids"]] + [(-1, *one) for one in data["asks"]]
        elif "depth" in outer["stream"]:
            u = data["u"]
            sides = [(1, *one) for one in data["b"]] + [(-1, *one) for one in data["a"]]
        elif "trade" in outer["stream"]:
            side = -1 if data["m"] else 1
            rows["trades"].append((ts, float(data["p"]), float(data["q"]), side, data["t"]))
            continue
        else:
            rows["quotes"].append((ts, *(float(data[k]) for k in "bBaA")))
            continue
        flag = SNAPSHOT if "lastUpdateId" in data else 0
        for k, (side, price, size) in enumerate(sides):
            last = LAST if k == len(sides) - 1 else 0
            rows["depth"].append((ts, u, SET, side, float(price), float(size), NO_ID, flag | last))
    for kind, expected in rows.items():
        found = ticks(path, kind=kind)
        assert kind_of(found.rows) == kind
        agree(found, expected)
        assert not found.refused
        assert not [note for note in found.notes if "lost" in note]
