"""The book in plain Python: slow, and short enough to be believed.

It keeps a dictionary a side, of exact decimals, and sorts whenever it is asked. Property tests
compare the compiled `Book` with it.
"""

from __future__ import annotations

import zlib
from decimal import Decimal

import numpy as np

from fks.contracts.data.streams import LEVEL, NO_PRICE, Scale

__all__ = ["PlainBook"]

_Side = dict[Decimal, tuple[Decimal, int, int]]


class PlainBook:
    """As `Book`, without a bound."""

    def __init__(self) -> None:
        self.scale = Scale(0, 0)
        self.bids: _Side = {}
        self.asks: _Side = {}

    def clear(self) -> None:
        """Empty both sides."""
        self.bids.clear()
        self.asks.clear()

    def load(self, bids: bytes, asks: bytes, scale: Scale) -> None:
        """Replace all."""
        self.clear()
        for side, packed in ((self.bids, bids), (self.asks, asks)):
            for level in _rows(packed, scale):
                side[level[0]] = level[1:]
            for price in [price for price, level in side.items() if not level[0]]:
                del side[price]
        self._finer(scale)

    def apply(self, bids: bytes, asks: bytes, scale: Scale) -> None:
        """Set, add and remove levels."""
        for side, packed in ((self.bids, bids), (self.asks, asks)):
            for price, quantity, *digits in _rows(packed, scale):
                side.pop(price, None)
                if quantity:
                    side[price] = (quantity, digits[0], digits[1])
        self._finer(scale)

    def _finer(self, scale: Scale) -> None:
        self.scale = Scale(max(self.scale[0], scale[0]), max(self.scale[1], scale[1]))

    def trim(self, depth: int) -> None:
        """Keep the best `depth` levels of each side."""
        for price in sorted(self.bids, reverse=True)[depth:]:
            del self.bids[price]
        for price in sorted(self.asks)[depth:]:
            del self.asks[price]

    def best(self) -> tuple[int, int, int, int]:
        """Return bid, its quantity, ask, its quantity."""
        bid, ask = max(self.bids, default=None), min(self.asks, default=None)
        return (
            NO_PRICE if bid is None else int(bid.scaleb(self.scale.price)),
            0 if bid is None else int(self.bids[bid][0].scaleb(self.scale.quantity)),
            NO_PRICE if ask is None else int(ask.scaleb(self.scale.price)),
            0 if ask is None else int(self.asks[ask][0].scaleb(self.scale.quantity)),
        )

    def crossed(self) -> bool:
        """Return whether the best bid is not below the best ask."""
        return bool(self.bids and self.asks) and max(self.bids) >= min(self.asks)

    def sizes(self) -> tuple[int, int]:
        """Return how many levels each side has."""
        return len(self.bids), len(self.asks)

    def packed(self, depth: int) -> tuple[bytes, bytes]:
        """Return the best levels of both sides, best first."""
        sides = []
        for side, down in ((self.bids, True), (self.asks, False)):
            rows = [
                (
                    int(price.scaleb(self.scale.price)),
                    int(side[price][0].scaleb(self.scale.quantity)),
                    *side[price][1:],
                )
                for price in sorted(side, reverse=down)[:depth]
            ]
            sides.append(np.array(rows, LEVEL).tobytes())
        return sides[0], sides[1]

    def checksum(self, kind: str) -> int:
        """Return the CRC-32 over the texts that the exchange wrote."""
        bids = [_texts(price, self.bids[price]) for price in sorted(self.bids, reverse=True)]
        asks = [_texts(price, self.asks[price]) for price in sorted(self.asks)]
        if kind == "kraken":
            rows = asks[:10] + bids[:10]
            text = "".join(word.replace(".", "").lstrip("0") for row in rows for word in row)
        else:
            if kind == "bitfinex":
                bids = [_plainly(p, self.bids[p][0]) for p in sorted(self.bids, reverse=True)]
                asks = [_plainly(p, -self.asks[p][0]) for p in sorted(self.asks)]
            mixed = []
            for i in range(25):
                mixed += [word for side in (bids, asks) for row in side[i : i + 1] for word in row]
            text = ":".join(mixed)
        return zlib.crc32(text.encode())


def _rows(packed: bytes, scale: Scale) -> list[tuple[Decimal, Decimal, int, int]]:
    """Return packed rows as decimals, and the digits of both numbers."""
    return [
        (Decimal(price).scaleb(-scale[0]), Decimal(quantity).scaleb(-scale[1]), first, second)
        for price, quantity, first, second in np.frombuffer(packed, LEVEL).tolist()
    ]


def _texts(price: Decimal, level: tuple[Decimal, int, int]) -> tuple[str, str]:
    """Return price and quantity as they were written."""
    return f"{price:.{level[1]}f}", f"{level[0]:.{level[2]}f}"


def _plainly(price: Decimal, amount: Decimal) -> tuple[str, str]:
    """Return two numbers as JavaScript writes them."""
    return _shortest(price), _shortest(amount)


def _shortest(number: Decimal) -> str:
    """Return a number without zeros at its end, below 1e-6 with an exponent."""
    sign, digits, _ = number.normalize().as_tuple()
    power = number.adjusted()
    if number and power < -6:
        first, rest = digits[0], "".join(map(str, digits[1:]))
        return f"{'-' * sign}{first}{'.' * bool(rest)}{rest}e{power}"
    whole = f"{number:f}"
    return whole.rstrip("0").rstrip(".") if "." in whole else whole
