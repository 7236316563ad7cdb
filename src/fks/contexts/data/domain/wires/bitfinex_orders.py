"""Bitfinex's book of single orders, added up by price.

A row is an order's id, its price and its amount, which is negative where it sells; a price of 0
takes the order away. The checksum is over ids and amounts, not over prices.
"""

from __future__ import annotations

import zlib
from decimal import Context, Decimal
from typing import NamedTuple

import msgspec

from fks.contexts.data.domain.wires._units import Units
from fks.contexts.data.domain.wires.reading import Identifier, damaged, decoding

__all__ = ["Orders"]

_MOST_ORDERS = 500_000
_CHECKED = 25
_NEVER = 1 << 32
_EXACT = Context(prec=80)
_ZERO = Decimal(0)
_Row = tuple[Identifier, msgspec.Raw, msgspec.Raw]
_Rows = list[tuple[bytes, bytes]]
_read_row = decoding(tuple[Identifier, msgspec.Raw, msgspec.Raw])
_read_rows = decoding(list[tuple[Identifier, msgspec.Raw, msgspec.Raw]])


class _Order(NamedTuple):
    side: int
    price: Decimal
    amount: Decimal
    text: str


class Orders:
    """The orders of one book. `units` decide what is a number, and raise for what is none."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._orders: dict[int, _Order] = {}
        self._sums: dict[tuple[int, Decimal], Decimal] = {}

    def take(self, body: bytes, whole: bool) -> tuple[_Rows, _Rows]:
        """Take one order, or all of them; return the levels that changed."""
        rows = _read_rows(body) if whole else [_read_row(body)]
        read = [(row[0], self._read(row)) for row in rows]
        if whole:
            self._orders.clear()
            self._sums.clear()
        if len(self._orders) + len(read) > _MOST_ORDERS:
            raise damaged(f"a book of more than {_MOST_ORDERS:,} orders")
        changed: dict[tuple[int, Decimal], None] = {}
        for number, order in read:
            before = self._orders.pop(number, None)
            if before is not None:
                changed[self._add(before, -before.amount)] = None
            if order.price:
                self._orders[number] = order
                changed[self._add(order, order.amount)] = None
        sides: tuple[_Rows, _Rows] = ([], [])
        for side, price in changed:
            total = self._sums.get((side, price), _ZERO)
            sides[0 if side > 0 else 1].append((f"{price:f}".encode(), f"{total:f}".encode()))
        return sides

    def checked(self, checksum: int) -> int:
        """Return -1 where a checksum is that of the orders, and one that no book has otherwise."""
        bids, asks = (
            sorted(
                (-side * order.price, number, order.text)
                for number, order in self._orders.items()
                if order.side == side
            )[:_CHECKED]
            for side in (1, -1)
        )
        texts: list[str] = []
        for place in range(_CHECKED):
            for side in (bids, asks):
                for _, number, text in side[place : place + 1]:
                    texts += [str(number), text]
        return -1 if zlib.crc32(":".join(texts).encode()) == checksum else _NEVER

    def _read(self, row: _Row) -> _Order:
        """Read a row. Raises `Unavailable` for numbers that are none."""
        text = bytes(row[2])
        sold = text.startswith(b"-")
        self._units.trade(row[1], text.removeprefix(b"-"))
        price = Decimal(bytes(row[1]).decode().strip('"'))
        amount = abs(Decimal(text.decode().strip('"')))
        return _Order(-1 if sold else 1, price, amount, text.decode())

    def _add(self, order: _Order, amount: Decimal) -> tuple[int, Decimal]:
        """Add to the sum of an order's price, and return which that is."""
        key = (order.side, order.price)
        total = _EXACT.add(self._sums.get(key, _ZERO), amount)
        if total:
            self._sums[key] = total
        else:
            self._sums.pop(key, None)
        return key
