"""Kraken's futures: one level a message, counted, against a dictionary."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from tests.contexts.data.wires.speaking import Level, Levels, Reader, market, same_book

from fks.contexts.data.domain.wires.kraken_futures import KrakenFuturesWire
from fks.contracts.data.streams import (
    NO_PRICE,
    Heartbeat,
    Notice,
    QuoteUpdate,
    Rejected,
    Subscribed,
    TradeUpdate,
    Unknown,
)
from fks.kernel.errors import Invalid, Unavailable

SYMBOL = "PI_XBTUSD"
MS = 1_633_998_512_345


def said(**message: Any) -> bytes:
    """Return a message."""
    return json.dumps(message, separators=(",", ":")).encode()


def snapshot(levels: Levels, seq: int) -> bytes:
    """Return a snapshot; Kraken writes numbers, not texts."""
    sides = [
        [{"price": float(price), "qty": float(size)} for price, size in side.items()]
        for side in (levels.bids, levels.asks)
    ]
    head = {"feed": "book_snapshot", "product_id": SYMBOL, "timestamp": MS, "seq": seq}
    return said(**head, bids=sides[0], asks=sides[1], tickSize=None)


def change(level: Level, seq: int) -> bytes:
    """Return a change of one level."""
    side = "buy" if level.side > 0 else "sell"
    numbers = {"price": float(level.price), "qty": float(level.size)}
    head = {"feed": "book", "product_id": SYMBOL, "side": side, "seq": seq}
    return said(**head, **numbers, timestamp=MS)


@pytest.mark.parametrize("seed", range(4))
def test_the_book_is_the_dictionary_after_every_message(seed: int) -> None:
    """Lost: levels of one side, or of a market with tiny prices, would be read wrongly."""
    tick, lot = (("0.5", "1"), ("0.0001", "1"), ("0.00000001", "0.001"), ("5", "10000"))[seed]
    changes = market(seed, 400, tick=tick, lot=lot)
    reader, levels = Reader(KrakenFuturesWire()), Levels()
    for level in changes[:100]:
        levels.put(level)
    reader.read(snapshot(levels, 7000))
    same_book(reader, SYMBOL, levels)
    for seq, level in enumerate(changes[100:], start=7001):
        reader.read(change(level, seq))
        levels.put(level)
        same_book(reader, SYMBOL, levels)
    assert reader.outcomes == ["Joined"] + ["Applied"] * 300


def test_a_number_that_is_missing_empties_the_book_until_a_snapshot() -> None:
    """Lost: a level that went unseen would stay in a book that looks live."""
    reader, levels = Reader(KrakenFuturesWire()), Levels()
    first, *rest = market(9, 20)
    levels.put(first)
    reader.read(change(rest[0], 9))  # before the snapshot
    reader.read(snapshot(levels, 10))
    reader.read(change(rest[1], 11))
    reader.read(change(rest[1], 11))  # twice
    reader.read(change(rest[2], 13))
    assert reader.books.live(SYMBOL) is None
    reader.read(change(rest[3], 14))
    reader.read(snapshot(levels, 20))
    same_book(reader, SYMBOL, levels)
    assert reader.outcomes == [
        "Ignored",
        "Joined",
        "Applied",
        "Ignored",
        "Gap",
        "Ignored",
        "Joined",
    ]


def test_trades_quotes_and_what_is_said_beside_them() -> None:
    """Lost: sides, times and quantities, or history that is taken for news."""
    reader = Reader(KrakenFuturesWire())
    trade: dict[str, Any] = {
        "feed": "trade",
        "product_id": SYMBOL,
        "uid": "b5a1c239",
        "side": "sell",
    }
    trade |= {"type": "fill", "seq": 85423, "time": MS, "qty": 1135.0, "price": 11735.5}
    (told,) = reader.read(said(**trade))
    assert isinstance(told, TradeUpdate)
    assert (told.price, told.quantity, told.scale, told.side) == (117355, 1135, (1, 0), -1)
    assert (told.id, told.ts_ns) == ("b5a1c239", MS * 10**6)
    lite: dict[str, Any] = {
        "feed": "ticker_lite",
        "product_id": SYMBOL,
        "bid": 11726.5,
        "ask": None,
    }
    (quote,) = reader.read(said(**lite, volume="7.0541503E7", tag="perpetual"))
    assert isinstance(quote, QuoteUpdate)
    assert (quote.bid, quote.bid_quantity, quote.ask, quote.ts_ns) == (117265, 0, NO_PRICE, 0)
    ticker: dict[str, Any] = {
        "feed": "ticker",
        "product_id": SYMBOL,
        "time": MS,
        "bid": 1.5e4,
        "ask": 15000.5,
    }
    ticker |= {"bid_size": 3000.0, "ask_size": 20, "funding_rate": -4.5e-12, "markPrice": 15000.2}
    (quote,) = reader.read(said(**ticker))
    assert isinstance(quote, QuoteUpdate)
    assert (quote.bid, quote.bid_quantity, quote.ask, quote.ask_quantity) == (
        *(150000, 3000),
        *(150005, 20),
    )
    kinds = {
        said(event="info", version=1): Notice,
        said(event="subscribed", feed="book", product_ids=[SYMBOL]): Subscribed,
        said(event="alert", message="Bad request"): Rejected,
        said(feed="heartbeat", time=MS): Heartbeat,
        said(feed="trade_snapshot", product_id=SYMBOL, trades=[trade]): Notice,
        said(feed="fills"): Unknown,
        said(event="sung"): Unknown,
    }
    for payload, kind in kinds.items():
        assert [type(one) for one in reader.read(payload)] == [kind]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[1,2]",
        b"\xff\xfe",
        b'{"feed":"book","product_id":"X","side":"buy","price":1,"qty":1}',
        b'{"feed":"book","product_id":"X","side":"up","seq":1,"price":1,"qty":1}',
        b'{"feed":"book","product_id":"X","side":"buy","seq":1,"price":1e99,"qty":1}',
        b'{"feed":"book","product_id":"X","side":"buy","seq":1,"price":[],"qty":1}',
        b'{"feed":"book","product_id":"X","side":"buy","seq":1,"price":1,"qty":-1}',
        b'{"feed":"book","product_id":"","side":"buy","seq":1,"price":1,"qty":1}',
        b'{"feed":"book_snapshot","product_id":"X","seq":1,"bids":[[1,2]],"asks":[]}',
        b'{"feed":"trade","product_id":"X","price":"NaN","qty":1,"time":1}',
        b'{"feed":"trade","product_id":"X","qty":1,"time":1}',
        b'{"feed":"ticker","product_id":"X","bid":{"a":1},"ask":2}',
        b'{"seq":' + b"9" * 400 + b"}",
        b'{"bids":' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
    ids=range(16),
)
def test_a_damaged_message_is_one_clear_error(payload: bytes) -> None:
    """Lost: a hostile message would end the process, or be taken for data."""
    with pytest.raises(Unavailable, match="malformed stream message"):
        KrakenFuturesWire().read(payload, 1)


def test_what_is_asked_of_the_exchange() -> None:
    """Lost: nothing would be subscribed to."""
    wire = KrakenFuturesWire()
    asked = [json.loads(one) for one in wire.subscriptions([SYMBOL], ["depth", "quotes"])]
    assert [one["feed"] for one in asked] == ["heartbeat", "book", "ticker"]
    assert asked[1] == {"event": "subscribe", "feed": "book", "product_ids": [SYMBOL]}
    assert [json.loads(one)["event"] for one in wire.resync(SYMBOL)] == ["unsubscribe", "subscribe"]
    assert wire.snapshot_page(SYMBOL) is None
    with pytest.raises(Invalid, match="come in its stream"):
        wire.read_snapshot(SYMBOL, b"{}", 1)
    with pytest.raises(Invalid, match="streams no 'bars'"):
        wire.subscriptions([SYMBOL], ["bars"])


def test_the_market_that_is_drawn_is_one() -> None:
    """Lost: the tests above would compare two empty books."""
    levels = Levels()
    for level in market(1, 300):
        assert level.size or level.price in levels.of(level.side)
        levels.put(level)
        if levels.bids and levels.asks:
            assert max(levels.bids) < min(levels.asks)
    assert len(levels.bids) > 3
    assert min(levels.asks) > Decimal(0)
