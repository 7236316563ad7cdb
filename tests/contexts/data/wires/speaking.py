"""What exchanges would say of a market, written from their documents, and a plain second reader.

`market` draws a book's changes; a speaker turns them into messages; `Levels` is the book that the
messages mean, as a dictionary of decimals a side.
"""

from __future__ import annotations

import random
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from fks.contexts.data.domain.books.sync import Books
from fks.contracts.data.streams import LEVEL, DepthUpdate, Scale, StreamUpdate, StreamWire

BEGIN_NS = 1_633_998_512_000_000_000


class Level(NamedTuple):
    """What a level becomes: `side` 1 bid, -1 ask; a size of 0 takes it away."""

    side: int
    price: Decimal
    size: Decimal


class Levels:
    """The book as two dictionaries."""

    def __init__(self) -> None:
        self.bids: dict[Decimal, Decimal] = {}
        self.asks: dict[Decimal, Decimal] = {}

    def of(self, side: int) -> dict[Decimal, Decimal]:
        """Return a side."""
        return self.bids if side > 0 else self.asks

    def put(self, level: Level) -> None:
        """Set a level."""
        if level.size:
            self.of(level.side)[level.price] = level.size
        else:
            self.of(level.side).pop(level.price, None)


def market(seed: int, count: int, *, tick: str = "0.5", lot: str = "0.001") -> list[Level]:
    """Return changes of an uncrossed book that are all changes: nothing is taken away twice."""
    random_ = random.Random(seed)
    levels, found = Levels(), list[Level]()
    middle = random_.randrange(500, 90_000)
    while len(found) < count:
        middle += random_.choice((0, 0, 0, -1, 1))
        side = random_.choice((1, -1))
        other = levels.of(-side)
        units = middle - side * random_.randrange(1, 15)
        price = units * Decimal(tick)
        if any((price - one) * side >= 0 for one in other):
            crossed = next(one for one in other if (price - one) * side >= 0)
            level = Level(-side, crossed, Decimal(0))
        elif price in levels.of(side) and random_.random() < 0.5:
            level = Level(side, price, Decimal(0))
        else:
            level = Level(side, price, random_.randrange(1, 10**6) * Decimal(lot))
        levels.put(level)
        found.append(level)
    return found


class Reader:
    """Reads messages by a wire into books."""

    def __init__(self, wire: StreamWire) -> None:
        self.wire = wire
        self.books = Books(wire.book_rule)
        self.updates: list[StreamUpdate] = []
        self.outcomes: list[str] = []

    def read(self, payload: bytes, received_ns: int = BEGIN_NS) -> list[StreamUpdate]:
        """Read one message."""
        updates = list(self.wire.read(payload, received_ns))
        for update in updates:
            if isinstance(update, DepthUpdate):
                self.take(update)
        self.updates += updates
        return updates

    def take(self, update: DepthUpdate) -> None:
        """Put a change into its book."""
        self.outcomes.append(type(self.books.take(update)).__name__)

    def levels(self, symbol: str) -> tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]]:
        """Return a live book as two dictionaries."""
        book = self.books.live(symbol)
        assert book is not None, f"no live book of {symbol}"
        return decimals(book.packed(10**6), book.scale)


def decimals(
    packed: tuple[bytes, bytes], scale: Scale
) -> tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]]:
    """Return packed sides as dictionaries of decimals."""
    first, second = (
        {
            Decimal(int(row["price"])).scaleb(-scale.price): Decimal(int(row["quantity"])).scaleb(
                -scale.quantity
            )
            for row in np.frombuffer(side, LEVEL)
        }
        for side in packed
    )
    return first, second


def same_book(reader: Reader, symbol: str, levels: Levels) -> None:
    """Compare a live book with the dictionaries, level by level."""
    assert reader.levels(symbol) == (levels.bids, levels.asks)
