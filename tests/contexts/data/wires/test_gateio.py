"""Gate.io: changes that are counted, joined to a page, against a dictionary."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

import pytest
from tests.contexts.data.wires.speaking import BEGIN_NS, Level, Levels, Reader, market, same_book

from fks.contexts.data.domain.wires.gateio import GateioWire
from fks.contracts.data.streams import (
    NO_PRICE,
    BarUpdate,
    Notice,
    Pong,
    QuoteUpdate,
    Rejected,
    Subscribed,
    TradeUpdate,
    Unknown,
)
from fks.kernel.errors import Unavailable

SYMBOL = "BTC_USDT"
MS = 1_633_998_512_345


def said(channel: str, result: Any, event: str = "update") -> bytes:
    """Return a message."""
    head = {"time": MS // 1000, "channel": channel, "event": event}
    return json.dumps({**head, "result": result}).encode()


def change(batch: list[Level], first: int, last: int, symbol: str = SYMBOL) -> bytes:
    """Return changes as Gate.io tells them."""
    sides: list[list[list[str]]] = [
        [[str(one.price), str(one.size)] for one in batch if one.side == side] for side in (1, -1)
    ]
    head = {"t": MS, "e": "depthUpdate", "E": MS // 1000, "s": symbol, "U": first, "u": last}
    return said("spot.order_book_update", {**head, "b": sides[0], "a": sides[1]})


def page(levels: Levels, number: int) -> bytes:
    """Return the page of a book."""
    sides = [[[str(p), str(q)] for p, q in side.items()] for side in (levels.asks, levels.bids)]
    head = {"id": number, "current": MS + 1, "update": MS}
    return json.dumps({**head, "asks": sides[0], "bids": sides[1]}).encode()


def batches(seed: int, changes: list[Level]) -> list[list[Level]]:
    """Return changes in batches in which a price comes once, as within one message."""
    random_, found = random.Random(seed), list[list[Level]]()
    at = 0
    while at < len(changes):
        many = random_.randrange(1, 6)
        last = {(one.side, one.price): one for one in changes[at : at + many]}
        found.append(list(last.values()))
        at += many
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_book_is_the_dictionary_after_every_message(seed: int) -> None:
    """Lost: changes of before the page would be put in twice, or those after it not at all."""
    tick, lot = (("0.01", "0.0001"), ("0.5", "1"), ("0.00000001", "1000"), ("1", "0.00000001"))[
        seed
    ]
    reader, levels, number, waiting = Reader(GateioWire()), Levels(), 5000, 0
    for k, batch in enumerate(batches(seed, market(seed, 600, tick=tick, lot=lot))):
        first, number = number + 1, number + len(batch)
        reader.read(change(batch, first, number))
        for level in batch:
            levels.put(level)
        if k < 30:
            waiting += 1
        elif k == 30:
            reader.take(reader.wire.read_snapshot(SYMBOL, page(levels, number), BEGIN_NS))
            waiting += 1
        if k >= 30:
            same_book(reader, SYMBOL, levels)
    assert reader.outcomes[: waiting + 1] == ["Buffered"] * waiting + ["Joined"]
    assert set(reader.outcomes[waiting + 1 :]) == {"Applied"}


def test_a_page_in_the_middle_of_a_change_and_a_page_that_is_too_old() -> None:
    """Lost: a book would begin with a hole."""
    levels = Levels()
    levels.put(Level(1, Decimal(9), Decimal(1)))
    reader = Reader(GateioWire())
    reader.read(change([Level(1, Decimal(8), Decimal(2))], 10, 14))
    reader.take(reader.wire.read_snapshot(SYMBOL, page(levels, 12), BEGIN_NS))
    levels.put(Level(1, Decimal(8), Decimal(2)))
    same_book(reader, SYMBOL, levels)
    reader.read(change([], 16, 16))
    assert reader.books.live(SYMBOL) is None
    reader.take(reader.wire.read_snapshot(SYMBOL, page(levels, 13), BEGIN_NS))
    assert reader.outcomes == ["Buffered", "Joined", "Gap", "SnapshotTooOld"]


def test_trades_quotes_bars_and_what_is_said_beside_them() -> None:
    """Lost: sides, times and quantities."""
    reader = Reader(GateioWire())
    trade: dict[str, Any] = {"id": 309143071, "create_time": 1606292218, "side": "sell"}
    trade |= {"create_time_ms": "1606292218213.4578", "currency_pair": "GT_USDT"}
    trade |= {"amount": "16.4700000000", "price": "0.4705000000"}
    (told,) = reader.read(said("spot.trades", trade))
    assert isinstance(told, TradeUpdate)
    assert (told.price, told.quantity, told.scale) == (4705, 1647, (4, 2))
    assert (told.side, told.id, told.ts_ns) == (-1, "309143071", 1_606_292_218_213_457_800)
    del trade["create_time_ms"]
    (told,) = reader.read(said("spot.trades", trade))
    assert isinstance(told, TradeUpdate)
    assert told.ts_ns == 1_606_292_218 * 10**9
    best: dict[str, Any] = {"t": MS, "u": 48733182, "s": SYMBOL, "b": "19177.79", "a": ""}
    (quote,) = reader.read(said("spot.book_ticker", best | {"B": "0.00033", "A": ""}))
    assert isinstance(quote, QuoteUpdate)
    assert (quote.bid, quote.bid_quantity, quote.ask) == (1917779, 33, NO_PRICE)
    assert (quote.id, quote.ts_ns) == (48733182, MS * 10**6)
    ticker = {"currency_pair": SYMBOL, "last": "1", "lowest_ask": "2.5", "highest_bid": "2.25"}
    (quote,) = reader.read(said("spot.tickers", ticker))
    assert isinstance(quote, QuoteUpdate)
    assert (quote.bid, quote.bid_quantity, quote.ask_quantity) == (225, 0, 0)
    bar = {"t": "1619092860", "v": "9", "c": "5", "h": "6", "l": "4", "o": "4.5", "n": "1m_A_B"}
    (closed,) = reader.read(said("spot.candlesticks", bar | {"a": "0.25", "w": True}))
    assert isinstance(closed, BarUpdate)
    assert (closed.symbol, closed.timeframe, closed.closed) == ("A_B", "1m", True)
    assert (closed.ts_ns, closed.volume) == (1_619_092_860 * 10**9, 25)
    kinds = {
        said("spot.trades", {"status": "success"}, "subscribe"): Subscribed,
        said("spot.trades", {"status": "success"}, "unsubscribe"): Notice,
        said("spot.order_book", {}): Notice,
        said("spot.pong", None, ""): Pong,
        said("spot.hats", {}): Unknown,
        b'{"channel":"spot.trades","event":"subscribe","error":{"code":2}}': Rejected,
        b'{"channel":"spot.trades","event":"subscribe","error":null,"result":{}}': Subscribed,
        b"{}": Unknown,
    }
    for payload, kind in kinds.items():
        assert [type(one) for one in reader.read(payload)] == [kind]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b'{"channel":"spot.trades","event":"update"}',
        said("spot.trades", []),
        said("spot.trades", {"id": 1}),
        said("spot.order_book_update", {"s": "A_B", "U": 5, "u": 4, "b": [], "a": []}),
        said("spot.order_book_update", {"s": "A_B", "U": 5, "u": 10**25, "b": [], "a": []}),
        said("spot.order_book_update", {"s": "A_B", "U": 5, "u": 5, "b": {}, "a": []}),
        said("spot.order_book_update", {"s": "A_B", "U": 5, "u": 5, "b": [["1"]], "a": []}),
        said("spot.order_book_update", {"s": "A_B", "U": 5, "u": 5, "b": [["1", "x"]], "a": []}),
        said("spot.order_book_update", {"s": "A" * 99, "U": 5, "u": 5, "b": [], "a": []}),
        said(
            "spot.order_book_update", {"s": "A_B", "U": 5, "u": 5, "b": [["9" * 99, "1"]], "a": []}
        ),
        said("spot.candlesticks", {"n": "1m_A_B", "t": "soon"}),
        b'{"channel":"spot.trades","event":"update","result":' + b"[" * 9000 + b"]" * 9000 + b"}",
    ],
    ids=range(14),
)
def test_a_damaged_message_is_one_clear_error(payload: bytes) -> None:
    """Lost: a hostile message would end the process, or be taken for data."""
    with pytest.raises(Unavailable, match="malformed stream message"):
        GateioWire().read(payload, 1)
    with pytest.raises(Unavailable, match="malformed stream message"):
        GateioWire().read_snapshot(SYMBOL, payload, 1)


def test_what_is_asked_of_the_exchange() -> None:
    """Lost: nothing would be subscribed to."""
    wire = GateioWire()
    asked = [json.loads(one) for one in wire.subscriptions([SYMBOL, "A_B"], ["depth", "quotes"])]
    assert [one["payload"] for one in asked] == [
        [SYMBOL, "100ms"],
        ["A_B", "100ms"],
        [SYMBOL, "A_B"],
    ]
    assert {one["event"] for one in asked} == {"subscribe"}
    (bars,) = wire.subscriptions([SYMBOL], ["bars"])
    assert json.loads(bars)["payload"] == ["1m", SYMBOL]
    asked_page = wire.snapshot_page(SYMBOL)
    assert asked_page is not None
    assert ("currency_pair", SYMBOL) in asked_page.params
    assert wire.resync(SYMBOL) == ()
