"""Bitfinex's book of orders, added up by price, against a dictionary of orders."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from tests.contexts.data.wires.bitfinex_speaker import Connection, js, signed, subscribed
from tests.contexts.data.wires.speaking import Levels, Reader

from fks.contexts.data.domain.wires.bitfinex import BitfinexWire
from fks.kernel.errors import Unavailable

BOOK = "BTCUSD/R0"
Orders = dict[int, tuple[Decimal, Decimal]]


def summed(orders: Orders) -> Levels:
    """Return the book that the orders are."""
    levels = Levels()
    for price, amount in orders.values():
        side = levels.bids if amount > 0 else levels.asks
        side[price] = side.get(price, Decimal(0)) + abs(amount)
    return levels


def checksum(orders: Orders) -> int:
    """Return the checksum over ids and amounts of the 25 best orders of each side."""
    bids = sorted((-price, number) for number, (price, amount) in orders.items() if amount > 0)
    asks = sorted((price, number) for number, (price, amount) in orders.items() if amount < 0)
    words = []
    for place in range(25):
        for side in (bids, asks):
            for _, number in side[place : place + 1]:
                words += [str(number), js(orders[number][1])]
    return signed(":".join(words))


def row(number: int, price: Decimal, amount: Decimal) -> str:
    """Return an order's row."""
    return f"[{number},{js(price)},{js(amount)}]"


@pytest.mark.parametrize("seed", range(3))
def test_levels_are_the_sums_of_their_orders(seed: int) -> None:
    """Lost: an order that moved would count twice, one that went for ever."""
    random_, orders = random.Random(seed), Orders()
    reader, link = Reader(BitfinexWire()), Connection(65536)

    def drawn() -> tuple[Decimal, Decimal]:
        side = random_.choice((1, -1))
        price = Decimal(10_000 - side * random_.randrange(1, 9)) / 10
        return price, side * Decimal(random_.randrange(1, 9999)).scaleb(-random_.randrange(9))

    for number in range(60):
        orders[8_537_000_000 + number] = drawn()
    rows = [row(number, *order) for number, order in orders.items()]
    reader.read(subscribed(5, "book", "tBTCUSD", "R0"))
    reader.read(link.data(5, f"[{','.join(rows)}]"))
    for k in range(300):
        number = random_.choice([*orders, 8_537_001_000 + k])
        if number in orders and random_.random() < 0.5:
            _, amount = orders.pop(number)
            side = Decimal(1 if amount > 0 else -1)
            reader.read(link.data(5, row(number, Decimal(0), side)))
        else:
            orders[number] = drawn()
            reader.read(link.data(5, row(number, *orders[number])))
        expected = summed(orders)
        assert reader.levels(BOOK) == (expected.bids, expected.asks)
        reader.read(link.data(5, '"cs"', str(checksum(orders))))
    assert set(reader.outcomes) == {"Joined", "Applied"}
    first = next(iter(orders))
    price, amount = orders[first]
    orders[first] = (price, amount * 2)
    reader.read(link.data(5, row(first, *orders[first])))
    reader.read(link.data(5, '"cs"', str(checksum(orders) ^ 1)))
    assert reader.outcomes[-1] == "ChecksumFailed"


def test_an_order_that_nobody_knows_takes_nothing_away() -> None:
    """Lost: an order below the levels that are told would break the book when it goes."""
    reader = Reader(BitfinexWire())
    reader.read(subscribed(5, "book", "tBTCUSD", "R0"))
    reader.read(b"[5,[[1,10,2],[2,11,-3]]]")
    reader.read(b"[5,[3,0,1]]")
    assert reader.levels(BOOK) == ({Decimal(10): Decimal(2)}, {Decimal(11): Decimal(3)})
    reader.read(b'[5,"cs",%d]' % signed("1:2:2:-3"))
    reader.read(b"[5,[]]")
    assert reader.levels(BOOK) == ({}, {})
    with pytest.raises(Unavailable, match="malformed"):
        reader.read(b'[5,["a",1,1]]')
    with pytest.raises(Unavailable, match="malformed"):
        reader.read(b"[5,[1,1e50,1]]")


def test_a_book_of_orders_and_one_of_prices_are_two() -> None:
    """Lost: both would be mixed into one that is neither."""
    reader = Reader(BitfinexWire())
    reader.read(subscribed(5, "book", "tBTCUSD", "R0"))
    reader.read(subscribed(6, "book", "tBTCUSD"))
    reader.read(b"[5,[[1,10,2],[2,10,1]]]")
    reader.read(b"[6,[[10,2,3],[11,1,-1]]]")
    assert reader.levels(BOOK) == ({Decimal(10): Decimal(3)}, {})
    assert reader.levels("BTCUSD") == ({Decimal(10): Decimal(3)}, {Decimal(11): Decimal(1)})
