"""Books of Tardis and Bybit."""

from __future__ import annotations

import json
import math
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.contexts.data import kit
from tests.contexts.data.formats.tick_kit import agree, follow_levels, ticks

from fks.contracts.data.ticks import CLEAR, LAST, NO_ID, SET, SNAPSHOT
from fks.kernel.errors import Invalid

US = 1_598_918_403_696_001
NO = NO_ID


def test_snapshots_of_levels_become_changes_or_quotes(tmp_path: Path) -> None:
    """Lost: ten rows of 25 levels would be ten books without a link between them."""
    sides = [f"{side}[{k}].{one}" for k in (0, 1) for side in ("asks", "bids") for one in NAMES]
    header = ",".join(("exchange", "symbol", "timestamp", "local_timestamp", *sides)) + "\n"
    lines = [
        f"x,BTCUSDT,{US},{US + 9},11,1,10,2,12,3,9,4",
        f"x,BTCUSDT,{US + 1},{US + 9},11,1,10,2,12,3,9,4",
        f"x,BTCUSDT,{US + 2},{US + 9},11,1,10,5,12,3,,",
    ]
    path = kit.write(tmp_path / "x_book_snapshot_2_BTCUSDT.csv", lines, header)
    t = [(US + k) * 1000 for k in range(3)]
    found = ticks(path)
    agree(
        found,
        [
            (t[0], NO, CLEAR, 0, 0, 0, NO, SNAPSHOT),
            (t[0], NO, SET, 1, 10, 2, NO, SNAPSHOT),
            (t[0], NO, SET, 1, 9, 4, NO, SNAPSHOT),
            (t[0], NO, SET, -1, 11, 1, NO, SNAPSHOT),
            (t[0], NO, SET, -1, 12, 3, NO, SNAPSHOT | LAST),
            (t[2], NO, SET, 1, 9, 0, NO, 0),
            (t[2], NO, SET, 1, 10, 5, NO, LAST),
        ],
    )
    assert (found.symbol, found.row.tolist()) == ("BTCUSDT", [1, 1, 1, 1, 1, 3, 3])
    quoted = ticks(path, kind="quotes", columns={"ts": "local_timestamp"})
    agree(quoted, [((US + 9) * 1000, 10, size, 11, 1) for size in (2, 2, 5)])
    with pytest.raises(Invalid, match="has depth or quotes, no trades"):
        ticks(path, kind="trades")


NAMES = ("price", "amount")
INCREMENTS = "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n"


def test_increments_are_grouped_by_local_time(tmp_path: Path) -> None:
    """Lost: a book would be looked at in the middle of a message, or keep what a snapshot ended."""
    lines = [
        f"x,B,{US},{US + 1},true,bid,10,1",
        f"x,B,{US},{US + 1},true,ask,11,2",
        f"x,B,{US + 2},{US + 3},false,bid,10,0",
        f"x,B,{US + 4},{US + 5},true,ask,12,3",
        f"x,B,{US + 4},bad,false,ask,zz,3",
    ]
    t = [(US + k) * 1000 for k in (0, 2, 4)]
    found = ticks(kit.write(tmp_path / "x.csv", lines, INCREMENTS))
    agree(
        found,
        [
            (t[0], NO, CLEAR, 0, 0, 0, NO, SNAPSHOT),
            (t[0], NO, SET, 1, 10, 1, NO, SNAPSHOT),
            (t[0], NO, SET, -1, 11, 2, NO, SNAPSHOT | LAST),
            (t[1], NO, SET, 1, 10, 0, NO, LAST),
            (t[2], NO, CLEAR, 0, 0, 0, NO, SNAPSHOT),
            (t[2], NO, SET, -1, 12, 3, NO, SNAPSHOT | LAST),
            (t[2], NO, SET, -1, math.nan, 3, NO, LAST),
        ],
    )


def test_tardis_trades_and_quotes_are_tables_of_ticks(tmp_path: Path) -> None:
    """Lost: the vendor's other files would need readers of their own."""
    start = f"x,B,{US},{US + 1}"
    head = "exchange,symbol,timestamp,local_timestamp,"
    trades = kit.write(
        tmp_path / "t.csv", [f"{start},5,sell,10,2"], head + "id,side,price,amount\n"
    )
    agree(ticks(trades), [(US * 1000, 10, 2, -1, 5)])
    names = "ask_amount,ask_price,bid_price,bid_amount\n"
    quotes = kit.write(tmp_path / "q.csv", [f"{start},1,11,10,2"], head + names)
    agree(ticks(quotes), [(US * 1000, 10, 2, 11, 1)])


def line(kind: str, **data: Any) -> str:
    """Return a message of Bybit's."""
    body = {"s": "XRPUSDT", "u": 5, "seq": 9} | data
    return json.dumps({"topic": "orderbook.500.XRPUSDT", "type": kind, "ts": 7, "data": body})


def test_bybits_books_begin_with_a_snapshot(tmp_path: Path) -> None:
    """Lost: deltas of one day would change the book of another."""
    lines = [
        line("snapshot", b=[["1.5", "2"]], a=[["1.75", "3"]]),
        line("delta", u=6, b=[["1.5", "0"]], a=[]),
        '{"topic": "orderbook.500.X',
        line("delta", u=7, b=[["1.25", "1"]]),
    ]
    path = tmp_path / "2024-01-01_XRPUSDT_ob500.data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("2024-01-01_XRPUSDT_ob500.data", "\n".join(lines))
    found = ticks(path)
    agree(
        found,
        [
            (7_000_000, 5, CLEAR, 0, 0, 0, NO, SNAPSHOT),
            (7_000_000, 5, SET, 1, 1.5, 2, NO, SNAPSHOT),
            (7_000_000, 5, SET, -1, 1.75, 3, NO, SNAPSHOT | LAST),
            (7_000_000, 6, SET, 1, 1.5, 0, NO, LAST),
            (7_000_000, 7, SET, 1, 1.25, 1, NO, LAST),
        ],
    )
    assert [one.row for one in found.refused] == [3]
    assert found.symbol == "XRPUSDT"
    with pytest.raises(Invalid, match="has depth, no quotes"):
        ticks(path, kind="quotes")
    with pytest.raises(Invalid, match="has no books"):
        ticks(path, columns={"ts": "cts"})


@pytest.mark.real_data
def test_the_real_snapshots_book_by_book() -> None:
    """Lost: Tardis's levels would be shifted by one."""
    path = kit.real("tardis/binance-futures_book_snapshot_25_BTCUSDT.csv")
    header, *rows = list(kit.raw_rows(path))
    books = []
    for row in rows:
        cells = dict(zip(header, row, strict=True))
        levels = {}
        for side, sign in (("bids", 1), ("asks", -1)):
            for k in range(25):
                price, amount = (float(cells[f"{side}[{k}].{one}"]) for one in NAMES)
                levels[sign, price] = amount
        books.append((int(cells["timestamp"]) * 1000, levels))
    follow_levels(ticks(path), [levels for _, levels in books])
    agree(
        ticks(path, kind="quotes"),
        ((t, *max((p, q) for (s, p), q in b.items() if s == 1), *best_ask(b)) for t, b in books),
    )


def best_ask(levels: dict[tuple[int, float], float]) -> tuple[float, float]:
    """Return the lowest ask and its amount."""
    return min((price, amount) for (side, price), amount in levels.items() if side == -1)


def test_a_bomb_is_refused_even_where_its_member_is_named(tmp_path: Path) -> None:
    """Lost: --member would go around the limits of archives."""
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.csv", b"1,2,3\n" * (8 << 20))
    for member in (None, "x.csv"):
        with pytest.raises(Invalid, match="200 is the most"):
            ticks(path, member=member)
