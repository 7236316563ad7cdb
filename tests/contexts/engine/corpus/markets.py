"""Bars made by rule: every number follows from a seed and whole-number arithmetic.

Only `random.Random.random` is drawn from, whose numbers Python promises to keep; a generator that
changed with a library would change every figure of the corpus with it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from functools import cache

import numpy as np
from tests.contexts.engine.corpus.case import Market

from fks.contracts.columns import BarColumns
from fks.contracts.values import Instrument

__all__ = [
    "below_zero",
    "coin",
    "columns",
    "future",
    "gaps",
    "quiet",
    "ranging",
    "sessions",
    "trending",
]

MINUTE_NS = 60_000_000_000
DAY_NS = 86_400_000_000_000
BEGIN_NS = 1_704_067_200_000_000_000  # 2024-01-01

Row = tuple[int, int, int, int, int, float]

SHARE = Instrument(id="SHARE", tick_size=Decimal("0.01"))
FUTURE = Instrument(id="FUTURE", tick_size=Decimal("0.25"), multiplier=Decimal(50))
CRUDE = Instrument(id="CRUDE", tick_size=Decimal("0.01"), multiplier=Decimal(10))
COIN = Instrument(id="COIN", tick_size=Decimal("0.1"), lot_size=Decimal("0.001"))


def columns(rows: list[Row], tick_size: Decimal) -> BarColumns:
    """Return rows of (ts_ns, open, high, low, close, volume) as columns."""
    times, *prices, volume = zip(*rows, strict=True)
    opened, high, low, close = (np.array(column, np.int64) for column in prices)
    return BarColumns(
        ts_ns=np.array(times, np.int64),
        open_ticks=opened,
        high_ticks=high,
        low_ticks=low,
        close_ticks=close,
        volume=np.array(volume, np.float64),
        tick_size=tick_size,
    )


class _Path:
    """Bars one after the other, each from the close of the one before."""

    def __init__(self, seed: int, price: int) -> None:
        self._draw = random.Random(seed)
        self.price = price

    def below(self, most: int) -> int:
        """Draw a number from 0 to `most` - 1."""
        return int(self._draw.random() * most)

    def bar(self, ts_ns: int, drift: int, width: int, jump: int = 0) -> Row:
        """Return a bar that moves by `drift` and up to `width` ticks, after a jump."""
        opened = self.price + jump
        close = opened + drift + self.below(2 * width + 1) - width
        high = max(opened, close) + self.below(width + 1)
        low = min(opened, close) - self.below(width + 1)
        self.price = close
        return ts_ns, opened, high, low, close, float(1 + self.below(900))


def _market(instrument: Instrument, rows: Iterator[Row]) -> Market:
    return Market(instrument, columns(list(rows), instrument.tick_size))


@cache
def trending(seed: int = 1, count: int = 1500) -> Market:
    """Return hourly bars of a share that climbs, falls and climbs again."""

    def rows() -> Iterator[Row]:
        path = _Path(seed, 12_000)
        for number in range(count):
            drift = (4, -3, 5, 0)[number * 4 // count] if path.price > 4_000 else 4
            yield path.bar(BEGIN_NS + number * 60 * MINUTE_NS, drift, 40)

    return _market(SHARE, rows())


@cache
def ranging(seed: int = 2, count: int = 1500) -> Market:
    """Return five-minute bars of a share that is drawn back to 100."""

    def rows() -> Iterator[Row]:
        path = _Path(seed, 10_000)
        for number in range(count):
            yield path.bar(BEGIN_NS + number * 5 * MINUTE_NS, (10_000 - path.price) // 12, 35)

    return _market(SHARE, rows())


@cache
def gaps(seed: int = 3, count: int = 1200) -> Market:
    """Return daily bars of a share that opens far from its last close on every sixth day."""

    def rows() -> Iterator[Row]:
        path = _Path(seed, 15_000)
        for number in range(count):
            jump = path.below(801) - 400 if path.below(6) == 0 else 0
            drift = 6 if path.price < 20_000 else -6
            yield path.bar(BEGIN_NS + number * DAY_NS, drift, 60, jump if path.price > 3_000 else 0)

    return _market(SHARE, rows())


@cache
def future(seed: int = 4, count: int = 1500) -> Market:
    """Return fifteen-minute bars of a future with a multiplier of 50."""

    def rows() -> Iterator[Row]:
        path = _Path(seed, 18_000)
        for number in range(count):
            drift = (2, -2)[number // 200 % 2]
            yield path.bar(BEGIN_NS + number * 15 * MINUTE_NS, drift, 12)

    return _market(FUTURE, rows())


@cache
def coin(seed: int = 5, count: int = 1500) -> Market:
    """Return minutes of a coin in lots of a thousandth, restless at times."""

    def rows() -> Iterator[Row]:
        path = _Path(seed, 400_000)
        for number in range(count):
            width = 600 if number // 150 % 3 == 2 else 120
            yield path.bar(BEGIN_NS + number * MINUTE_NS, (9, -8, 3)[number // 250 % 3], width)

    return _market(COIN, rows())


@cache
def sessions(seed: int = 6, days: int = 20) -> Market:
    """Return five-minute bars of sessions from 14:30 to 21:00 UTC, with a gap over each night."""

    def rows() -> Iterator[Row]:
        path = _Path(seed, 25_000)
        for day in range(days):
            opening = BEGIN_NS + day * DAY_NS + 870 * MINUTE_NS
            drift = path.below(9) - 4
            for number in range(78):
                jump = path.below(301) - 150 if number == 0 else 0
                yield path.bar(opening + number * 5 * MINUTE_NS, drift, 25, jump)

    return _market(SHARE, rows())


@cache
def below_zero(seed: int = 7, count: int = 900) -> Market:
    """Return minutes of a future that falls through zero and comes back."""

    def rows() -> Iterator[Row]:
        path = _Path(seed, 1_500)
        for number in range(count):
            drift = -5 if number < 450 else 5
            yield path.bar(BEGIN_NS + number * MINUTE_NS, drift, 15)

    return _market(
        Instrument(id="CRUDE", tick_size=Decimal("0.01"), multiplier=Decimal(10)), rows()
    )


@cache
def quiet(count: int = 300) -> Market:
    """Return bars that do not move and trade nothing."""
    rows = ((BEGIN_NS + at * MINUTE_NS, 5_000, 5_000, 5_000, 5_000, 0.0) for at in range(count))
    return _market(SHARE, iter(rows))
