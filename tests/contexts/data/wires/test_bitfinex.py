"""Bitfinex: lists, numbers of a whole connection and checksums, against a dictionary."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from tests.contexts.data.wires.bitfinex_speaker import (
    MS,
    Connection,
    checksum,
    level_row,
    signed,
    subscribed,
    whole,
)
from tests.contexts.data.wires.speaking import Level, Levels, Reader, market, same_book

from fks.contexts.data.domain.wires.bitfinex import BitfinexWire
from fks.contracts.data.streams import (
    NO_PRICE,
    DepthUpdate,
    Heartbeat,
    Notice,
    Pong,
    QuoteUpdate,
    ReconnectAsked,
    Rejected,
    Subscribed,
    TradeUpdate,
    Unknown,
)
from fks.kernel.errors import Invalid, Unavailable

SYMBOL = "BTCUSD"
SEQ, TIME = 65536, 32768
UNITS = (("0.5", "0.001"), ("0.00000001", "100"), ("0.0000000001", "7"), ("1", "0.00000001"))


@pytest.mark.parametrize("flags", [0, TIME, SEQ, SEQ + TIME])
@pytest.mark.parametrize("units", UNITS, ids=lambda units: units[0])
def test_the_book_is_the_dictionary_and_its_checksum_agrees(
    flags: int, units: tuple[str, str]
) -> None:
    """Lost: a side, a tiny number or what stands after the data would be read wrongly."""
    reader, levels, link = Reader(BitfinexWire()), Levels(), Connection(flags)
    changes = market(flags + 1, 300, tick=units[0], lot=units[1])
    for message in [*link.begin(), subscribed(7, "book", "tBTCUSD")]:
        reader.read(message)
    for level in changes[:100]:
        levels.put(level)
    reader.read(link.data(7, whole(levels)))
    same_book(reader, SYMBOL, levels)
    for k, level in enumerate(changes[100:]):
        reader.read(link.data(7, level_row(level)))
        levels.put(level)
        same_book(reader, SYMBOL, levels)
        if k % 5 == 0:
            (told,) = reader.read(link.data(7, '"cs"', str(checksum(levels))))
            assert isinstance(told, DepthUpdate)
            assert told.ts_ns == (MS * 10**6 if flags & TIME else 0)
        if k % 7 == 0:
            assert [type(one) for one in reader.read(link.data(7, '"hb"'))] == [Heartbeat]
    assert reader.outcomes == ["Joined"] + ["Applied"] * 240


@pytest.mark.parametrize("kind", ["amount", "price", "side", "missing", "more"])
def test_a_level_that_differs_fails_the_checksum(kind: str) -> None:
    """Lost: a book that is not the exchange's would look live."""
    reader, levels, link = Reader(BitfinexWire()), Levels(), Connection(0)
    for level in market(3, 200):
        levels.put(level)
    told = Levels()
    for side in (1, -1):
        told.of(side).update(levels.of(side))
    best = max(told.bids)
    amount = told.bids.pop(best)
    if kind == "amount":
        told.bids[best] = amount + Decimal("0.001")
    elif kind == "price":
        told.bids[best + Decimal("0.1")] = amount
    elif kind == "side":
        told.asks[best] = amount
    elif kind == "more":
        told.bids.update({best: amount, best + Decimal("0.1"): Decimal(1)})
    reader.read(subscribed(7, "book", "tBTCUSD"))
    reader.read(link.data(7, whole(told)))
    reader.read(link.data(7, '"cs"', str(checksum(levels))))
    assert reader.outcomes == ["Joined", "ChecksumFailed"]
    assert reader.books.live(SYMBOL) is None
    reader.read(link.data(7, whole(levels)))
    same_book(reader, SYMBOL, levels)


def test_the_documented_checksum_is_ours() -> None:
    """Lost: reader and test could share one mistake; these texts are the documents'."""
    reader = Reader(BitfinexWire())
    reader.read(subscribed(1, "book", "tBTCUSD"))
    reader.read(b"[1,[[6000,1,1],[5900,1,2],[6100,1,-3],[6200,1,-4]]]")
    reader.read(b'[1,"cs",%d]' % signed("6000:1:6100:-3:5900:2:6200:-4"))
    reader.read(b"[1,[1.7e-7,1,0.0000082]]")
    text = "6000:1:6100:-3:5900:2:6200:-4:1.7e-7:0.0000082"
    reader.read(b'[1,"cs",%d]' % signed(text))
    assert reader.outcomes == ["Joined", "Applied", "Applied", "Applied"]


def test_a_missing_message_empties_all_books_whoever_it_was_for() -> None:
    """Lost: the number is the connection's, so that nobody knows which book lost a change."""
    reader, levels, link = Reader(BitfinexWire()), Levels(), Connection(SEQ)
    levels.put(Level(1, Decimal(9), Decimal(1)))
    for number, symbol in ((7, "tBTCUSD"), (8, "tETHUSD")):
        reader.read(subscribed(number, "book", symbol))
        reader.read(link.data(number, whole(levels)))
    reader.read(subscribed(9, "trades", "tBTCUSD"))
    row = level_row(Level(1, Decimal(8), Decimal(1)))
    repeated = link.data(7, row)
    reader.read(repeated)
    reader.read(repeated)
    link.data(9, '"te"', f"[1,{MS},1,2]")  # never arrives
    for number in (7, 8, 7, 8):
        reader.read(link.data(number, row))
    found = ["Joined", "Joined", "Applied", "Ignored", "Gap", "Gap", "Ignored", "Ignored"]
    assert reader.outcomes == found
    reader.read(link.data(7, whole(levels)))
    same_book(reader, SYMBOL, levels)
    with pytest.raises(Unavailable):
        reader.read(link.data(7, '["x",1,1]'))
    reader.read(link.data(7, row))
    assert reader.outcomes[-1] == "Gap"
    reader.read(link.begin()[0])  # another connection, that counts from 1 again
    link.number = 0
    reader.books.lost()
    reader.read(subscribed(3, "book", "tBTCUSD"))
    reader.read(link.data(3, whole(levels)))
    reader.read(link.data(3, row))
    assert reader.outcomes[-2:] == ["Joined", "Applied"]


def test_trades_quotes_and_what_is_said_beside_them() -> None:
    """Lost: sides, times and quantities; trades told twice, or of before."""
    reader, link = Reader(BitfinexWire()), Connection(SEQ)
    names = ((1, "trades", "tBTCUSD"), (2, "ticker", "tBTCUSD"), (3, "trades", "fUSD"))
    for one in names:
        assert [type(told) for told in reader.read(subscribed(*one))] == [Subscribed]
    trade = f"[401597395,{MS},-0.005,7245.3]"
    (told,) = reader.read(link.data(1, '"te"', trade))
    assert isinstance(told, TradeUpdate)
    assert (told.symbol, told.price, told.quantity, told.scale) == (SYMBOL, 72453, 5, (1, 3))
    assert (told.side, told.id, told.ts_ns) == (-1, "401597395", MS * 10**6)
    (bought,) = reader.read(link.data(1, '"te"', f"[401597396,{MS},1e-8,7245.3,null]"))
    assert isinstance(bought, TradeUpdate)
    assert (bought.side, bought.quantity, bought.scale) == (1, 1, (1, 8))
    ticker = "[7616.5,31.89055171,null,43.358118629999986,-550.8,-0.0674,7617.1,8314.7,8257.8,7500]"
    (quote,) = reader.read(link.data(2, ticker))
    assert isinstance(quote, QuoteUpdate)
    assert (quote.bid, quote.bid_quantity, quote.ask) == (76165, 0, NO_PRICE)
    kinds = {
        link.data(1, '"tu"', trade): Notice,
        link.data(1, f"[{trade}]"): Notice,
        link.data(3, '"fte"', f"[1,{MS},-9,0.0001,2]"): Notice,
        link.data(99, '"hb"'): Heartbeat,
        link.data(99, "[1]"): Unknown,
        link.data(2, '"ho"', "1"): Unknown,
        b'{"event":"pong","ts":1511545528111,"cid":1234}': Pong,
        b'{"event":"info","code":20051,"msg":"restart"}': ReconnectAsked,
        b'{"event":"info","code":20060}': Notice,
        b'{"event":"error","msg":"symbol: invalid","code":10300}': Rejected,
        b'{"event":"unsubscribed","status":"OK","chanId":2}': Notice,
        b'{"event":"hat"}': Unknown,
    }
    for payload, kind in kinds.items():
        assert [type(one) for one in reader.read(payload)] == [kind], payload


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        "{}",
        "[1]",
        '["x",[1,1,1]]',
        '{"event":"subscribed","channel":"book","symbol":"tX"}',
        "[1,[1,1]]",
        '[1,["1x",1,1]]',
        "[1,[1,1,1e99]]",
        "[1,[[1,1,1],[1]]]",
        '[1,"cs","x"]',
        '[1,"sing",1]',
        "[1,[1,1,1],0.5]",
        "[1,[1,1,--1]]",
        f"[1,[1,{'9' * 50},1]]",
        "[1," + "[" * 9000 + "]" * 9000 + "]",
        '[2,"te",[1,2,3]]',
        "[3,[1,2]]",
        '[2,"te",[1,2,"x",4]]',
        '[2,"te",{"a":1}]',
    ],
    ids=range(20),
)
def test_a_damaged_message_is_one_clear_error(text: str) -> None:
    """Lost: a hostile message would end the process, or be taken for data."""
    wire = BitfinexWire()
    for number, name in ((1, "book"), (2, "trades"), (3, "ticker")):
        wire.read(subscribed(number, name, "tBTCUSD"), 1)
    with pytest.raises(Unavailable, match="malformed stream message"):
        wire.read(text.encode(), 1)


def test_what_is_asked_of_the_exchange() -> None:
    """Lost: nothing would be subscribed to, or a book could never be asked for again."""
    wire = BitfinexWire()
    asked = [json.loads(one) for one in wire.subscriptions([SYMBOL], ["depth", "trades"])]
    assert [one.get("channel") for one in asked] == [None, "book", "trades"]
    assert (asked[1]["symbol"], asked[1]["prec"]) == ("tBTCUSD", "P0")
    assert asked[0]["flags"] & (SEQ + 131072) == SEQ + 131072
    wire.read(subscribed(7, "book", "tBTCUSD"), 1)
    again = [json.loads(one) for one in wire.resync(SYMBOL)]
    assert again[0] == {"event": "unsubscribe", "chanId": 7}
    assert again[1]["event"] == "subscribe"
    assert wire.snapshot_page(SYMBOL) is None
    with pytest.raises(Invalid, match="come in its stream"):
        wire.read_snapshot(SYMBOL, b"{}", 1)
