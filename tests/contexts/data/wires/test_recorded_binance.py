"""Binance's futures and its American market, and Bybit's linear contracts, as they are recorded."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tests.contexts.data.formats.tick_kit import agree, ticks
from tests.contexts.data.wires.recorded_files import BEGIN_S, asked, book_at_the_end, ns, recorded
from tests.contexts.data.wires.speaking import Level, Levels, market

from fks.contracts.data.ticks import DepthRows
from fks.kernel.errors import Invalid

MS = BEGIN_S * 1000
SYMBOL = "BTCUSDT"
FUTURES = "wss://fstream.binance.com/stream?streams=btcusdt@depth@100ms/btcusdt@aggTrade"
AMERICAN = "wss://stream.binance.us:9443/stream?streams=btcusdt@depth@100ms"


def floats(levels: Levels) -> tuple[dict[float, float], dict[float, float]]:
    """Return a book as rows have it."""
    first, second = (
        {float(price): float(size) for price, size in side.items()}
        for side in (levels.bids, levels.asks)
    )
    return first, second


def said(stream: str, **data: Any) -> bytes:
    """Return an event within its stream."""
    return json.dumps({"stream": f"btcusdt@{stream}", "data": data}).encode()


def change(level: Level, first: int, last: int, before: int | None) -> bytes:
    """Return a change; futures name the one before, and the time of the transaction."""
    side = [[f"{level.price:.2f}", f"{level.size:.3f}"]]
    sides: dict[str, Any] = {
        "b": side if level.side > 0 else [],
        "a": side if level.side < 0 else [],
    }
    more = {} if before is None else {"T": MS, "pu": before}
    head = {"e": "depthUpdate", "E": MS, "s": SYMBOL, "U": first, "u": last}
    return said("depth@100ms", **head, **more, **sides)


def page(levels: Levels, number: int) -> bytes:
    """Return the page of a book."""
    sides = [[[f"{p:.2f}", f"{q:.3f}"] for p, q in x.items()] for x in (levels.bids, levels.asks)]
    head = {"lastUpdateId": number, "E": MS, "T": MS}
    return json.dumps({**head, "bids": sides[0], "asks": sides[1]}).encode()


def beside() -> list[bytes]:
    """Return what is said beside books, trades and quotes."""
    order = {"s": SYMBOL, "S": "SELL", "o": "LIMIT", "f": "IOC", "q": "0.014", "p": "9910"}
    mark = {"e": "markPriceUpdate", "E": MS, "s": SYMBOL, "p": "11794.15", "P": "11784.25"}
    bar = {"t": MS, "T": MS + 59999, "s": SYMBOL, "i": "1m", "o": "1", "c": "1", "h": "1"}
    return [
        said("forceOrder", e="forceOrder", E=MS, o=order),
        said("markPrice", **mark, i="11784.62", r="0.00038167", T=MS + 3_600_000),
        said("kline_1m", e="kline", E=MS, s=SYMBOL, k={**bar, "l": "1", "v": "3", "x": False}),
        said("ticker", e="24hrTicker", E=MS, s=SYMBOL, p="0.1", b="1", a="2", B="3", A="4"),
    ]


@pytest.mark.parametrize("futures", [True, False], ids=["futures", "us"])
def test_a_page_and_its_changes_are_one_book(tmp_path: Path, futures: bool) -> None:
    """Lost: ids that jump, as those of futures do, would be taken for gaps, or gaps for jumps."""
    levels, last, messages = Levels(), 9000, list[bytes | None]()
    host = "https://fapi.binance.com/fapi/v1/" if futures else "https://api.binance.us/api/v3/"
    pages = [(f"{host}/openInterest?symbol={SYMBOL}", b'{"openInterest":"106","symbol":"X"}')]
    for k, level in enumerate(market(int(futures), 300, tick="0.01")):
        before, first = last, last + (7 if futures else 1)
        last = first + 2
        messages.append(change(level, first, last, before if futures else None))
        levels.put(level)
        if k == 0:
            pages.append((f"{host}depth?symbol={SYMBOL}&limit=1000", page(levels, last)))
    trade = {"e": "aggTrade", "E": MS, "s": SYMBOL, "a": 26129, "p": "0.01", "q": "4.5", "T": MS}
    messages += [said("aggTrade", **trade, f=100, l=105, m=True), *beside()]
    best: dict[str, Any] = {"u": 400900217, "s": SYMBOL, "b": "25.35", "B": "31.21"}
    best |= {"a": "25.36", "A": "40.66"} | (
        {"e": "bookTicker", "T": MS, "E": MS} if futures else {}
    )
    messages.append(said("bookTicker", **best))
    address = FUTURES if futures else AMERICAN
    path = recorded(tmp_path / "x.ws.1.0.gz", address, messages)
    begun = ticks(asked(tmp_path / "x.http.0.0.gz", pages), kind="depth")
    with pytest.raises(Invalid, match="holds depth and trades and quotes and funding; choose"):
        ticks(path)
    found = ticks(path, kind="depth")
    assert book_at_the_end(begun.rows, found.rows) == floats(levels)
    assert not any("broke" in note for note in found.notes)
    agree(ticks(path, kind="trades"), [(ns(301), 0.01, 4.5, -1, 26129)])
    agree(ticks(path, kind="quotes"), [(ns(306), 25.35, 31.21, 25.36, 40.66)])
    hole = recorded(
        tmp_path / "y.gz", FUTURES if futures else AMERICAN, messages[:9] + messages[10:]
    )
    assert any(
        "the book broke once, first in line 12" in n for n in ticks(hole, kind="depth").notes
    )


def test_files_of_a_recording_that_hold_no_market_say_what_they_are(tmp_path: Path) -> None:
    """Lost: the files beside a recording would fail with a riddle."""
    info = "https://fapi.binance.com/fapi/v1/exchangeInfo"
    path = asked(tmp_path / "BINANCE_FUTURES.0.gz", [(info, b'{"symbols":[]}')])
    text = gzip.decompress(path.read_bytes()) + b'configuration: {"trades":["BTC-USDT-PERP"]}\n'
    path.write_bytes(gzip.compress(text))
    with pytest.raises(Invalid, match="holds answers to requests, and no snapshot of a book"):
        ticks(path)
    where = "https://fapi.binance.com/fapi/v1//openInterest?symbol=BTCUSDT"
    path = asked(tmp_path / "BINANCE_FUTURES.http.4.0.gz", [(where, b'{"openInterest":"1"}')])
    with pytest.raises(Invalid, match=r"the streams are in the \.ws files beside it"):
        ticks(path, kind="depth")


def test_linear_contracts_of_bybits_second_version(tmp_path: Path) -> None:
    """Lost: a linear contract's snapshot, which is within an object, or its texts for numbers."""

    def rows(*levels: Level, size: bool = True) -> list[dict[str, Any]]:
        return [
            {
                **{"price": f"{one.price:.2f}", "symbol": SYMBOL, "id": int(one.price * 10_000)},
                "side": "Buy" if one.side > 0 else "Sell",
                **({"size": float(one.size)} if size else {}),
            }
            for one in levels
        ]

    levels, changes, messages = Levels(), market(2, 200, tick="0.5"), list[bytes | None]()
    reply = {
        "success": True,
        "ret_msg": "",
        "request": {"op": "subscribe", "args": [f"trade.{SYMBOL}"]},
    }
    messages.append(json.dumps(reply).encode())
    for level in changes[:60]:
        levels.put(level)
    book = {
        "topic": f"orderBookL2_25.{SYMBOL}",
        "cross_seq": "11518",
        "timestamp_e6": str(MS * 1000),
    }
    sides = ((1, levels.bids), (-1, levels.asks))
    told = [Level(side, price, size) for side, x in sides for price, size in x.items()]
    whole = {**book, "type": "snapshot", "data": {"order_book": rows(*told)}}
    messages.append(json.dumps(whole).encode())
    for number, level in enumerate(changes[60:], start=11519):
        data: dict[str, Any] = {"delete": [], "update": [], "insert": []}
        known = level.price in levels.of(level.side)
        data["delete" if not level.size else "update" if known else "insert"] = rows(
            level, size=bool(level.size)
        )
        levels.put(level)
        delta = {**book, "type": "delta", "data": data, "cross_seq": str(number)}
        messages.append(json.dumps(delta).encode())
    trade = {"symbol": SYMBOL, "tick_direction": "PlusTick", "price": "9083.5", "size": 0.25}
    trade |= {"timestamp": "2021-04-17T16:43:07.000Z", "trade_time_ms": str(MS), "side": "Sell"}
    trades = {"topic": f"trade.{SYMBOL}", "data": [trade | {"trade_id": "7f1b-5d"}]}
    messages.append(json.dumps(trades).encode())
    path = recorded(tmp_path / "BYBIT.25", "wss://stream.bybit.com/realtime_public", messages)
    found = ticks(path, kind="depth")
    assert isinstance(found.rows, DepthRows)
    assert book_at_the_end(found.rows) == floats(levels)
    agree(ticks(path, kind="trades"), [(ns(len(messages)), 9083.5, 0.25, -1, -1)])
