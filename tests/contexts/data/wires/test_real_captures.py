"""All recordings at hand, row by row, as a second reader in plain `json` has them."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.contexts.data import kit
from tests.contexts.data.formats.tick_kit import ticks
from tests.contexts.data.wires.recorded_files import book_at_the_end

from fks.contracts.data.ticks import SET, DepthRows, QuoteRows, TradeRows
from fks.kernel.errors import Invalid

pytestmark = pytest.mark.real_data

Told = Iterator[tuple[str, str, tuple[Any, ...]]]
WHOLE = ("whole",)


def levels(symbol: str, bids: list[Any], asks: list[Any], at: int = 0) -> Told:
    """Yield levels of both sides."""
    for side, rows in ((1, bids), (-1, asks)):
        for row in rows:
            gone = row[0] == "delete"
            yield "depth", symbol, (side, float(row[at]), 0.0 if gone else float(row[at + 1]))


def binance(message: Any) -> Told:
    """Read Binance."""
    data = message["data"]
    if data.get("e") == "depthUpdate":
        yield from levels(data["s"], data["b"], data["a"])
    elif data.get("e") == "aggTrade":
        side = -1 if data["m"] else 1
        yield "trades", data["s"], (float(data["p"]), float(data["q"]), side)
    elif "e" not in data:
        yield "quotes", data["s"], tuple(float(data[one]) for one in "bBaA")


def bitstamp(message: Any) -> Told:
    """Read Bitstamp."""
    symbol, data = message["channel"].rpartition("_")[2], message["data"]
    if message["event"] == "data":
        yield from levels(symbol, data["bids"], data["asks"])
    elif message["event"] == "trade":
        side = 1 if data["type"] == 0 else -1
        yield "trades", symbol, (float(data["price_str"]), float(data["amount_str"]), side)


def bybit(message: Any) -> Told:
    """Read the second version of Bybit."""
    kind, _, symbol = message.get("topic", "").partition(".")
    data = message.get("data")
    if kind == "trade":
        for row in data:
            side = 1 if row["side"] == "Buy" else -1
            yield "trades", symbol, (float(row["price"]), float(row["size"]), side)
    elif kind:
        if message["type"] == "snapshot":
            yield "depth", symbol, WHOLE
            data = {"insert": data}
        for action, rows in data.items():
            for row in rows if isinstance(rows, list) else ():
                side = 1 if row["side"] == "Buy" else -1
                size = 0.0 if action == "delete" else float(row["size"])
                yield "depth", symbol, (side, float(row["price"]), size)


def coinbase(message: Any) -> Told:
    """Read Coinbase."""
    symbol, kind = message.get("product_id", ""), message["type"]
    if kind == "snapshot":
        yield "depth", symbol, WHOLE
        yield from levels(symbol, message["bids"], message["asks"])
    elif kind == "l2update":
        for side, price, size in message["changes"]:
            yield "depth", symbol, (1 if side == "buy" else -1, float(price), float(size))
    elif kind in ("match", "last_match"):
        side = -1 if message["side"] == "buy" else 1
        yield "trades", symbol, (float(message["price"]), float(message["size"]), side)


def deribit(message: Any) -> Told:
    """Read Deribit."""
    params = message.get("params", {})
    kind, _, rest = params.get("channel", "").partition(".")
    symbol, data = rest.rpartition(".")[0], params.get("data", {})
    if kind == "book":
        if data["type"] == "snapshot":
            yield "depth", symbol, WHOLE
        yield from levels(symbol, data["bids"], data["asks"], at=1)
    elif kind == "ticker":
        sides = ("best_bid_price", "best_bid_amount", "best_ask_price", "best_ask_amount")
        yield "quotes", symbol, tuple(float(data[one]) for one in sides)


def gemini() -> Callable[[Any], Told]:
    """Return a reader of Gemini, whose first message of a symbol is its book."""
    begun: set[str] = set()

    def read(message: Any) -> Told:
        symbol = message.get("symbol", "")
        if message["type"] == "l2_updates":
            if symbol not in begun:
                begun.add(symbol)
                yield "depth", symbol, WHOLE
            for side, price, size in message["changes"]:
                yield "depth", symbol, (1 if side == "buy" else -1, float(price), float(size))
        elif message["type"] == "trade":
            side = 1 if message["side"] == "buy" else -1
            yield "trades", symbol, (float(message["price"]), float(message["quantity"]), side)

    return read


def kraken(message: Any) -> Told:
    """Read the first version of Kraken."""
    if isinstance(message, list) and message[-2] == "trade":
        for price, size, _, side, *_ in message[1]:
            yield "trades", message[-1], (float(price), float(size), 1 if side == "b" else -1)
    elif isinstance(message, list) and message[-2] == "ticker":
        bid, ask = message[1]["b"], message[1]["a"]
        yield "quotes", message[-1], tuple(float(x) for x in (bid[0], bid[2], ask[0], ask[2]))


def okx(message: Any) -> Told:
    """Read OKX."""
    channel = message.get("arg", {}).get("channel")
    for row in message.get("data", ()):
        symbol = message["arg"]["instId"]
        if channel == "books":
            if message["action"] == "snapshot":
                yield "depth", symbol, WHOLE
            yield from levels(symbol, row["bids"], row["asks"])
        elif channel == "trades":
            side = 1 if row["side"] == "buy" else -1
            yield "trades", symbol, (float(row["px"]), float(row["sz"]), side)


FILES: dict[str, tuple[Callable[[Any], Told], dict[str, int]]] = {
    "BINANCE.ws.1.0": (binance, {"depth": 0, "trades": 2, "quotes": 84}),
    "BITSTAMP.ws.1.0": (bitstamp, {"depth": 0, "trades": 10}),
    "BYBIT.ws.26.0": (bybit, {"depth": 2, "trades": 150}),
    "COINBASE.ws.28.0": (coinbase, {"depth": 10, "trades": 107}),
    "DERIBIT.ws.1.0": (deribit, {"depth": 10, "quotes": 89}),
    "GEMINI.ws.1.0": (gemini(), {"depth": 10, "trades": 16}),
    "KRAKEN.ws.48.0": (kraken, {"trades": 10}),
    "KRAKEN.ws.49.0": (kraken, {"quotes": 18}),
    "OKX.ws.1.0": (okx, {"depth": 3, "trades": 74}),
}


def read_plainly(path: Path, reader: Callable[[Any], Told]) -> dict[tuple[str, str], list[Any]]:
    """Return all rows of a file by kind and symbol, each with its nanoseconds before it."""
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        stamp, _, text = line.partition(": ")
        seconds, _, rest = stamp.partition(".")
        if seconds.isdigit():
            ts = int(seconds) * 10**9 + int(rest.ljust(9, "0")[:9])
            for kind, symbol, row in reader(json.loads(text)):
                found[kind, symbol].append((ts, *row))
    return found


def rows_of(path: Path, kind: str, symbol: str) -> tuple[list[tuple[Any, ...]], Any]:
    """Return what FKS reads, in the second reader's form, and as it is."""
    rows = ticks(path, kind=kind, symbol=symbol).rows
    if isinstance(rows, DepthRows):
        kept = rows.action == SET
        columns = [rows.ts_ns[kept], rows.side[kept], rows.price[kept], rows.quantity[kept]]
    elif isinstance(rows, TradeRows):
        columns = [rows.ts_ns, rows.price, rows.quantity, rows.side]
    else:
        assert isinstance(rows, QuoteRows)
        columns = [np.nan_to_num(column) for column in rows]
    return list(zip(*(column.tolist() for column in columns), strict=True)), rows


def plain_book(rows: list[tuple[Any, ...]]) -> tuple[dict[float, float], dict[float, float]]:
    """Return the book that levels make, one after the other."""
    sides: dict[int, dict[float, float]] = {1: {}, -1: {}}
    for _, *row in rows:
        if tuple(row) == WHOLE:
            sides = {1: {}, -1: {}}
            continue
        side, price, size = row
        sides[side].pop(price, None)
        if size:
            sides[side][price] = size
    return sides[1], sides[-1]


@pytest.mark.parametrize("name", FILES)
def test_every_row_of_every_symbol_is_the_second_readers(name: str) -> None:
    """Lost: a message, a level or a side that both wire and test overlook would go unseen."""
    reader, counts = FILES[name]
    path = kit.real(f"exchange_captures/{name}.gz")
    expected = read_plainly(path, reader)
    seen = dict.fromkeys(counts, 0)
    for (kind, symbol), rows in expected.items():
        told = [row for row in rows if row[1:] != WHOLE]
        found, columns = rows_of(path, kind, symbol)
        assert sorted(found) == sorted(told), (kind, symbol)
        if kind == "depth":
            assert book_at_the_end(columns) == plain_book(rows), symbol
        seen[kind] += len(rows) - len(told) if kind == "depth" else len(rows)
    assert seen == counts


def test_files_of_answers_are_told_from_streams() -> None:
    """Lost: a file beside a recording would be read as an empty market."""
    for name in ("BYBIT", "COINBASE", "DERIBIT", "GEMINI", "KRAKEN", "OKX", "BITSTAMP"):
        path = kit.real(f"exchange_captures/{name}.0.gz")
        with pytest.raises(Invalid, match="no snapshot of a book; the streams are in"):
            ticks(path)
