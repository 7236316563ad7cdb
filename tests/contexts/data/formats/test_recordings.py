"""Recorded connections: the symbols and channels of one file, read apart."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.contexts.data import kit
from tests.contexts.data.formats.tick_kit import agree, ticks

from fks.contracts.data.ticks import CLEAR, LAST, NO_ID, SET, SNAPSHOT, DepthRows
from fks.kernel.errors import Invalid

T = 1_700_000_000
ADDRESS = "wss://ws-feed.exchange.coinbase.com"


def connection(path: Path, *messages: Any, address: str = ADDRESS) -> Path:
    """Write a recording; a text is written as it is."""
    lines = [f"{address} <-> {T}.5", f'{address} <- {T}.5: {{"type": "subscribe"}}']
    for k, one in enumerate(messages):
        text = one if isinstance(one, str) else f"{T + k}.25: {json.dumps(one)}"
        lines.append(text)
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def match(symbol: str, number: int, side: str) -> dict[str, Any]:
    """Return a trade of Coinbase's; `side` is the maker's."""
    return {
        **{"type": "match", "trade_id": number, "product_id": symbol, "side": side},
        **{"size": "0.5", "price": "10.25", "time": "2023-11-14T22:13:20.125Z", "sequence": 1},
        **{"maker_order_id": "a", "taker_order_id": "b"},
    }


def book(symbol: str) -> dict[str, Any]:
    """Return a snapshot of Coinbase's."""
    sides = {"bids": [["10.00", "2"]], "asks": [["10.50", "3"]]}
    return {"type": "snapshot", "product_id": symbol, **sides}


def test_kind_and_symbol_are_chosen(tmp_path: Path) -> None:
    """Lost: ten books and their trades would be one."""
    change = {"type": "l2update", "product_id": "A-USD", "changes": [["buy", "10.00", "0"]]}
    change["time"] = "2023-11-14T22:13:20.125Z"
    path = connection(
        tmp_path / "x.gz",
        *(book("A-USD"), book("B-USD"), match("A-USD", 7, "buy"), match("B-USD", 8, "sell")),
        *(change, f"{T + 9}.5: {{broken"),
    )
    with pytest.raises(Invalid, match="holds depth and trades; choose one with --kind"):
        ticks(path)
    with pytest.raises(Invalid, match="several symbols: A-USD, B-USD; choose one"):
        ticks(path, kind="depth")
    t = T * 10**9 + 250_000_000
    found = ticks(path, kind="trades", symbol="busd")
    agree(found, [(t + 3 * 10**9, 10.25, 0.5, 1, 8)])
    assert (found.symbol, found.row.tolist()) == ("B-USD", [6])
    assert [one.row for one in found.refused] == [8]
    found = ticks(path, kind="depth", symbol="A-USD")
    assert isinstance(found.rows, DepthRows)
    assert found.rows.action.tolist() == [CLEAR, SET, SET, SET]
    assert found.rows.price.tolist() == [0, 10, 10.5, 10]
    assert found.rows.quantity.tolist() == [0, 2, 3, 0]
    last = SNAPSHOT | LAST
    assert found.rows.flags.tolist() == [SNAPSHOT, SNAPSHOT, last, LAST]
    told = ticks(path, kind="trades", symbol="A-USD", columns={"ts": "exchange"})
    agree(told, [(T * 10**9 + 125_000_000, 10.25, 0.5, -1, 7)])


def test_connections_that_cannot_be_read_say_so(tmp_path: Path) -> None:
    """Lost: one exchange's messages would be read as another's."""
    unknown = connection(tmp_path / "x.gz", {}, address="wss://example.org/stream")
    with pytest.raises(Invalid, match=r"a connection to wss://example\.org/stream, whose messages"):
        ticks(unknown)
    pages = connection(tmp_path / "y.gz", address="https://example.org/depth")
    with pytest.raises(Invalid, match=r"no snapshot of a book; the streams are in the \.ws files"):
        ticks(pages)
    with pytest.raises(Invalid, match="snapshots of books are read, no trades"):
        ticks(pages, kind="trades")
    with pytest.raises(Invalid, match="holds no data; choose one with --kind"):
        ticks(connection(tmp_path / "z.gz", {"type": "heartbeat"}))
    with pytest.raises(Invalid, match="--map ts=receiver or ts=exchange"):
        ticks(connection(tmp_path / "z.gz"), columns={"ts": "T"})


@pytest.mark.real_data
def test_a_real_connection_symbol_by_symbol() -> None:
    """Lost: Coinbase's changes would lose a level, or come at another's time."""
    path = kit.real("exchange_captures/COINBASE.ws.28.0.gz")
    rows: dict[str, list[tuple[int, float, float]]] = {}
    trades: dict[str, list[tuple[float, ...]]] = {}
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        stamp, _, text = line.partition(": ")
        if line.startswith("wss:") or not line.strip():
            continue
        message = json.loads(text)
        symbol = message.get("product_id", "")
        if message["type"] == "snapshot":
            levels = [(1, *one) for one in message["bids"]] + [
                (-1, *one) for one in message["asks"]
            ]
        elif message["type"] == "l2update":
            levels = [(1 if one[0] == "buy" else -1, *one[1:]) for one in message["changes"]]
        elif message["type"] in ("match", "last_match", "ticker") and "trade_id" in message:
            if message["type"] != "ticker":
                side = -1 if message["side"] == "buy" else 1
                seconds, _, rest = stamp.partition(".")
                ts = int(seconds) * 10**9 + int(rest.ljust(9, "0")[:9])
                cells = (float(message["price"]), float(message["size"]))
                trades.setdefault(symbol, []).append((ts, *cells, side, message["trade_id"]))
            continue
        else:
            continue
        rows.setdefault(symbol, []).extend((side, float(p), float(q)) for side, p, q in levels)
    assert len(rows) == 10
    for symbol, expected in rows.items():
        found = ticks(path, kind="depth", symbol=symbol).rows
        assert isinstance(found, DepthRows)
        sets = found.action == SET
        pairs = zip(
            *(np.asarray(c)[sets].tolist() for c in (found[3], found[4], found[5])), strict=True
        )
        assert sorted(pairs) == sorted(expected)
        assert set(found.order_id.tolist()) == {NO_ID}
    for symbol, listed in trades.items():
        agree(ticks(path, kind="trades", symbol=symbol), listed)


def nanoseconds(seconds: str) -> int:
    """Return nanoseconds of seconds as a recording writes them."""
    whole, _, rest = seconds.partition(".")
    return int(whole) * 10**9 + int(rest.ljust(9, "0")[:9])


def messages(path: Path) -> list[tuple[int, Any]]:
    """Return what came, read with nothing but the standard library."""
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    cut = [line.partition(": ") for line in lines if line[:1].isdigit()]
    return [(nanoseconds(stamp), json.loads(text)) for stamp, _, text in cut]


@pytest.mark.real_data
def test_a_real_connection_to_okx() -> None:
    """Lost: OKX's books and trades would be counted by our own reader alone."""
    path = kit.real("exchange_captures/OKX.ws.1.0.gz")
    trades: dict[str, list[tuple[float, ...]]] = {}
    levels: dict[str, list[tuple[float, ...]]] = {}
    for ts, message in messages(path):
        channel = message.get("arg", {}).get("channel", "")
        for row in message.get("data", []):
            symbol = message["arg"]["instId"]
            if channel == "trades":
                side = 1 if row["side"] == "buy" else -1
                cells = (float(row["px"]), float(row["sz"]), side, int(row["tradeId"]))
                trades.setdefault(symbol, []).append((ts, *cells))
            elif channel == "books":
                found = levels.setdefault(symbol, [])
                found += [(ts, 1, float(p), float(q)) for p, q, *_ in row["bids"]]
                found += [(ts, -1, float(p), float(q)) for p, q, *_ in row["asks"]]
    assert (sum(map(len, trades.values())), len(levels)) == (74, 3)
    for symbol, expected in trades.items():
        agree(ticks(path, kind="trades", symbol=symbol), expected)
    for symbol, expected in levels.items():
        rows = ticks(path, kind="depth", symbol=symbol).rows
        assert isinstance(rows, DepthRows)
        sets = rows.action == SET
        columns = (rows.ts_ns, rows.side, rows.price, rows.quantity)
        listed = zip(*(np.asarray(column)[sets].tolist() for column in columns), strict=True)
        assert sorted(listed) == sorted(expected)


@pytest.mark.real_data
def test_a_real_connection_to_binance() -> None:
    """Lost: changes of four symbols would be mixed, or their update ids lost."""
    path = kit.real("exchange_captures/BINANCE.ws.1.0.gz")
    levels: dict[str, list[tuple[float, ...]]] = {}
    quotes: dict[str, list[tuple[float, ...]]] = {}
    for ts, message in messages(path):
        data = message.get("data", {})
        if data.get("e") == "depthUpdate":
            found = levels.setdefault(data["s"], [])
            for side, name in ((1, "b"), (-1, "a")):
                found += [(ts, data["u"], side, float(p), float(q)) for p, q in data[name]]
        elif "bookTicker" in message.get("stream", ""):
            row = (ts, *(float(data[one]) for one in "bBaA"))
            quotes.setdefault(data["s"], []).append(row)
    assert len(levels) == 4
    for symbol, expected in quotes.items():
        agree(ticks(path, kind="quotes", symbol=symbol), expected)
    for symbol, expected in levels.items():
        rows = ticks(path, kind="depth", symbol=symbol).rows
        assert isinstance(rows, DepthRows)
        columns = (rows.ts_ns, rows.sequence, rows.side, rows.price, rows.quantity)
        listed = zip(*(np.asarray(column).tolist() for column in columns), strict=True)
        assert sorted(listed) == sorted(expected)


def test_snapshots_that_were_asked_for_begin_the_book(tmp_path: Path) -> None:
    """Lost: a book of Binance's would have no beginning."""
    where = "https://api.binance.com/api/v3/depth?symbol={}&limit=1000 -> {}.5: {}"
    page = json.dumps({"lastUpdateId": 7, "bids": [["10.00", "2"]], "asks": [["11.00", "1"]]})
    lines = [where.format("ABC", T, page), where.format("XYZ", T, page), ""]
    lines += [where.format("ABC", T + 1, '{"code": -1003, "msg": "no"}')]
    path = tmp_path / "BINANCE.http.0.0.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    with pytest.raises(Invalid, match="several symbols: ABC, XYZ"):
        ticks(path)
    found = ticks(path, symbol="ABC", kind="depth")
    t = T * 10**9 + 500_000_000
    agree(
        found,
        [
            (t, 7, CLEAR, 0, 0, 0, NO_ID, SNAPSHOT),
            (t, 7, SET, 1, 10, 2, NO_ID, SNAPSHOT),
            (t, 7, SET, -1, 11, 1, NO_ID, SNAPSHOT | LAST),
        ],
    )
    assert [one.row for one in found.refused] == [4]


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["BINANCE", "BITSTAMP"])
def test_real_snapshots_level_by_level(name: str) -> None:
    """Lost: books would begin with other levels than the exchange answered."""
    path = kit.real(f"exchange_captures/{name}.http.0.0.gz")
    books = 0
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        address, arrow, rest = line.partition(" -> ")
        if not arrow:
            continue
        symbol = address.rpartition("/")[2].partition("symbol=")[2].partition("&")[0]
        symbol = symbol or address.rpartition("/")[2]
        stamp, _, text = rest.partition(": ")
        page = json.loads(text)
        rows = ticks(path, symbol=symbol).rows
        assert isinstance(rows, DepthRows)
        here = (rows.action == SET) & (rows.ts_ns == nanoseconds(stamp))
        columns = (np.asarray(column)[here].tolist() for column in rows[3:6])
        levels = [(1, float(p), float(q)) for p, q in page["bids"]]
        levels += [(-1, float(p), float(q)) for p, q in page["asks"]]
        assert sorted(zip(*columns, strict=True)) == sorted(levels)
        books += 1
    assert books == {"BINANCE": 4, "BITSTAMP": 10}[name]
