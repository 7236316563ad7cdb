"""BitMEX: levels that are named by an id, against a dictionary."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

import pytest
from tests.contexts.data.wires.speaking import Level, Levels, Reader, market, same_book

from fks.contexts.data.domain.wires.bitmex import BitmexWire
from fks.contracts.data.streams import (
    NO_PRICE,
    BarUpdate,
    DepthUpdate,
    FundingUpdate,
    Notice,
    Pong,
    QuoteUpdate,
    Rejected,
    Subscribed,
    TradeUpdate,
    Unknown,
)
from fks.kernel.errors import Invalid, Unavailable

SYMBOL = "XBTUSD"
BOOK = "orderBookL2"


def said(table: str, action: str, data: list[dict[str, Any]], **more: Any) -> bytes:
    """Return a message of a table."""
    message = {"table": table, "action": action, "data": data, **more}
    return json.dumps(message, separators=(",", ":")).encode()


def partial(data: list[dict[str, Any]], symbol: str = SYMBOL) -> bytes:
    """Return the whole book, with what BitMEX says beside it."""
    keys = {"keys": ["symbol", "id", "side"], "types": {"symbol": "symbol", "id": "long"}}
    return said(BOOK, "partial", data, **keys, filter={"symbol": symbol})


class Speaker:
    """Says changes as BitMEX does: a price once, then its id."""

    def __init__(self, symbol: str = SYMBOL) -> None:
        self._symbol = symbol

    def row(self, level: Level, *, price: bool, size: bool) -> dict[str, Any]:
        """Return a level; its id stands for its price, as BitMEX makes them."""
        number = 8_800_000_000 - int(level.price * 100)
        row: dict[str, Any] = {"symbol": self._symbol, "id": number}
        row["side"] = "Buy" if level.side > 0 else "Sell"
        if size:
            row["size"] = int(level.size)
        if price:
            row["price"] = float(level.price)
        return row

    def whole(self, levels: Levels) -> bytes:
        """Return the whole book."""
        sides = ((1, levels.bids), (-1, levels.asks))
        told = [Level(side, price, size) for side, rows in sides for price, size in rows.items()]
        return partial([self.row(one, price=True, size=True) for one in told], self._symbol)

    def change(self, batch: list[Level], levels: Levels) -> list[bytes]:
        """Return the messages of some changes of distinct prices, and put them into the levels."""
        rows: dict[str, list[dict[str, Any]]] = {"delete": [], "update": [], "insert": []}
        for level in batch:
            known = level.price in levels.of(level.side)
            action = "delete" if not level.size else "update" if known else "insert"
            price, size = action == "insert", action != "delete"
            rows[action].append(self.row(level, price=price, size=size))
            levels.put(level)
        return [said(BOOK, action, data) for action, data in rows.items() if data]


@pytest.mark.parametrize("seed", range(4))
def test_the_book_is_the_dictionary_after_every_message(seed: int) -> None:
    """Lost: a change would be put at another level's price, or a level would stay."""
    changes = market(seed, 400, tick="0.5", lot="100")
    reader, levels, speaker = Reader(BitmexWire()), Levels(), Speaker()
    for level in changes[:100]:
        levels.put(level)
    reader.read(speaker.whole(levels))
    same_book(reader, SYMBOL, levels)
    random_, at = random.Random(seed), 100
    while at < len(changes):
        many = random_.randrange(1, 6)
        batch = {(one.side, one.price): one for one in changes[at : at + many]}
        at += many
        found = [one for one in batch.values() if one.size or one.price in levels.of(one.side)]
        for message in speaker.change(found, levels):
            reader.read(message)
        same_book(reader, SYMBOL, levels)
    assert set(reader.outcomes) == {"Joined", "Applied"}


def test_changes_of_before_the_whole_book_and_of_others_are_left_out() -> None:
    """Lost: a change without a price would stop the stream, or make a book of nothing."""
    reader, levels = Reader(BitmexWire()), Levels()
    speaker, other = Speaker(), Speaker("ETHUSD")
    ahead = speaker.row(Level(1, Decimal(5), Decimal(1)), price=False, size=True)
    (early,) = reader.read(said(BOOK, "update", [ahead]))
    assert isinstance(early, DepthUpdate)
    assert (early.bids, early.asks, early.snapshot) == (b"", b"", False)
    levels.put(Level(1, Decimal("9.5"), Decimal(100)))
    levels.put(Level(-1, Decimal(10), Decimal(300)))
    reader.read(speaker.whole(levels))
    both = [
        speaker.row(Level(1, Decimal("9.5"), Decimal(200)), price=False, size=True),
        other.row(Level(1, Decimal(7), Decimal(1)), price=True, size=True),
    ]
    assert len(reader.read(said(BOOK, "update", both))) == 2
    levels.put(Level(1, Decimal("9.5"), Decimal(200)))
    same_book(reader, SYMBOL, levels)
    assert reader.books.live("ETHUSD") is None
    reader.read(said(BOOK, "partial", [], filter={"symbol": "ETHUSD"}))
    same_book(reader, "ETHUSD", Levels())
    assert [type(one) for one in reader.read(said(BOOK, "update", []))] == [Notice]


def test_a_level_that_was_never_told_is_an_error_unless_its_price_is() -> None:
    """Lost: a message that was lost would go unseen."""
    reader, levels, speaker = Reader(BitmexWire()), Levels(), Speaker()
    levels.put(Level(1, Decimal("9.5"), Decimal(100)))
    reader.read(speaker.whole(levels))
    unknown = Level(-1, Decimal(12), Decimal(5))
    for action in ("update", "delete"):
        row = speaker.row(unknown, price=False, size=True)
        with pytest.raises(Unavailable, match=r"a change of level \d+, which was never told"):
            reader.read(said(BOOK, action, [row]))
    full = speaker.row(unknown, price=True, size=True) | {"timestamp": "2023-03-26T23:46:27.829Z"}
    reader.read(said(BOOK, "update", [full]))
    levels.put(unknown)
    same_book(reader, SYMBOL, levels)
    reader.read(said(BOOK, "delete", [full]))
    levels.put(unknown._replace(size=Decimal(0)))
    same_book(reader, SYMBOL, levels)


def test_trades_quotes_bars_and_what_is_said_beside_them() -> None:
    """Lost: sides, times and quantities, or history that is taken for news."""
    reader = Reader(BitmexWire())
    trade: dict[str, Any] = {"timestamp": "2018-05-19T12:25:26.632Z", "symbol": SYMBOL}
    trade |= {"side": "Sell", "size": 40, "price": 8335.5, "tickDirection": "PlusTick"}
    trade |= {"trdMatchID": "5f4ecd49-f87f", "homeNotional": 0.0047992}
    assert [type(one) for one in reader.read(said("trade", "partial", [trade]))] == [Notice]
    first, second = reader.read(said("trade", "insert", [trade, trade | {"side": "Buy"}]))
    assert isinstance(first, TradeUpdate)
    assert isinstance(second, TradeUpdate)
    assert (first.price, first.quantity, first.side, second.side) == (83355, 40, -1, 1)
    assert (first.id, first.ts_ns) == ("5f4ecd49-f87f", 1_526_732_726_632_000_000)
    quote: dict[str, Any] = {"timestamp": "2021-10-01T00:00:00.000Z", "symbol": SYMBOL}
    quote |= {"bidSize": 7, "bidPrice": 1e-7, "askPrice": None, "askSize": None}
    (best,) = reader.read(said("quote", "partial", [quote]))
    assert isinstance(best, QuoteUpdate)
    assert best.bid * 10**-best.scale.price == pytest.approx(1e-7)
    assert (best.bid_quantity, best.ask, best.ask_quantity) == (7, NO_PRICE, 0)
    bar: dict[str, Any] = {"timestamp": "2021-10-01T00:01:00.000Z", "symbol": SYMBOL, "trades": 3}
    bar |= {"open": 1.5, "high": 2, "low": 1, "close": 1.25, "volume": 100}
    (told,) = reader.read(said("tradeBin1m", "insert", [bar]))
    assert isinstance(told, BarUpdate)
    assert (told.ts_ns, told.closed) == (1_633_046_400 * 10**9, True)
    funding = {"symbol": SYMBOL, "fundingRate": -0.000561, "timestamp": "2018-08-21T20:00:00.000Z"}
    welcome = {"info": "Welcome to the BitMEX Realtime API.", "version": "1.2.0"}
    kinds = {
        said("funding", "partial", [funding]): FundingUpdate,
        said("liquidation", "insert", [{"orderID": "9", "symbol": SYMBOL}]): Notice,
        said("hats", "insert", []): Unknown,
        json.dumps(welcome).encode(): Notice,
        b'{"success":true,"subscribe":"trade:XBTUSD","request":{"op":"subscribe"}}': Subscribed,
        b'{"status":400,"error":"Unknown table: x","meta":{},"request":{}}': Rejected,
        b"pong": Pong,
        b"{}": Unknown,
    }
    for payload, kind in kinds.items():
        assert [type(one) for one in reader.read(payload)] == [kind]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"ping",
        b'{"table":"orderBookL2"',
        b'{"table":"orderBookL2","action":"sing","data":[]}',
        b'{"table":"orderBookL2","action":"partial","data":{}}',
        b'{"table":"orderBookL2","action":"partial"}',
        b'{"table":"trade","action":"insert","data":[{"symbol":"X"}]}',
        b'{"table":7}',
        said(BOOK, "partial", [{"symbol": "X", "id": 1, "side": "Buy", "size": 1}]),
        said(BOOK, "partial", [{"symbol": "X", "id": 1, "side": "Up", "size": 1, "price": 1}]),
        said(BOOK, "partial", [{"symbol": "X", "id": 1, "side": "Buy", "price": 1}]),
        said(BOOK, "partial", [{"symbol": "X", "id": 10**30, "side": "Buy", "price": 1}]),
        said(BOOK, "partial", [{"symbol": "X", "id": 1, "side": "Buy", "size": -1, "price": 1}]),
        said(BOOK, "partial", [{"symbol": "X", "id": 1, "side": "Buy", "size": 1, "price": [1]}]),
        said("quote", "insert", [{"symbol": "X", "timestamp": "yesterday"}]),
        b'{"table":"quote","action":"insert","data":' + b"[" * 9000 + b"]" * 9000 + b"}",
    ],
    ids=range(16),
)
def test_a_damaged_message_is_one_clear_error(payload: bytes) -> None:
    """Lost: a hostile message would end the process, or be taken for data."""
    with pytest.raises(Unavailable, match="malformed stream message"):
        BitmexWire().read(payload, 1)


def test_what_is_asked_of_the_exchange() -> None:
    """Lost: nothing would be subscribed to."""
    wire = BitmexWire()
    (asked,) = wire.subscriptions([SYMBOL, "ETHUSD"], ["depth", "trades"])
    topics = ["orderBookL2:XBTUSD", "orderBookL2:ETHUSD", "trade:XBTUSD", "trade:ETHUSD"]
    assert json.loads(asked) == {"op": "subscribe", "args": topics}
    assert len(wire.subscriptions([f"X{k}" for k in range(30)], ["quotes"])) == 2
    assert [json.loads(one)["op"] for one in wire.resync(SYMBOL)] == ["unsubscribe", "subscribe"]
    assert wire.snapshot_page(SYMBOL) is None
    with pytest.raises(Invalid, match="come in its stream"):
        wire.read_snapshot(SYMBOL, b"{}", 1)
