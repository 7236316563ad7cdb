"""The book that a recorded feed describes: a replica by order, which decides nothing.

A matching engine is asked, a replica is told: a feed reports partial cancels and executions by
order id, adds of orders that were in the book already (a snapshot), and orders that it no longer
knows. So a replica keeps what it hears, says what did not fit, and never trades. This is the
plain twin; `_replay.pyx` is the compiled one, under the same tests.

Orders that rested before the recording began are *strangers*: lots at a price without an id.
They stand ahead of all others at their price, and messages with an unknown id, price and side
are taken to be about them.
"""

from __future__ import annotations

import enum
from bisect import bisect_left, insort
from typing import Any, NamedTuple

import numpy.typing as npt

from fks.contexts.execution.domain.simulation.events import BUY, L3Kind

__all__ = ["Level", "Outcome", "RecordedBook", "Resting"]

_NO_SIDE = 2


class Outcome(enum.IntEnum):
    """How a row fitted the book."""

    APPLIED = 0
    NO_EFFECT = 1  # trades, fills and halts leave the book as it is
    STRANGER = 2  # an unknown id, taken from the strangers at its price
    UNKNOWN_ID = 3  # an unknown id and no stranger: left out
    DUPLICATE_ID = 4  # an add of an id that rests: it takes the place of the old order
    OVERDRAWN = 5  # more lots than rested: all that rested went


class Level(NamedTuple):
    """A price with its lots and the number of orders with an id."""

    price: int
    lots: int
    orders: int


class Resting(NamedTuple):
    """An order of the feed. `rank` grows with every place taken: less is earlier."""

    side: int
    price: int
    lots: int
    rank: int


class _Queue:
    """The orders at a price, first come first."""

    __slots__ = ("lots", "orders", "strangers")

    def __init__(self) -> None:
        self.lots = 0
        self.strangers = 0
        self.orders: dict[int, Resting] = {}


class RecordedBook:
    """A replica of both sides, by order."""

    def __init__(self) -> None:
        self._levels: tuple[dict[int, _Queue], dict[int, _Queue]] = ({}, {})
        self._prices: tuple[list[int], list[int]] = ([], [])  # ascending, the best one last
        self._orders: dict[int, Resting] = {}
        self._rank = 0

    def __len__(self) -> int:
        """Return the number of orders with an id."""
        return len(self._orders)

    def apply(self, kind: int, side: int, order_id: int, price: int, lots: int) -> Outcome:
        """Take one row in, and say how it fitted. Side 2 is none; lots below 0 fit nothing."""
        if lots < 0 or (side == _NO_SIDE and kind == L3Kind.ADD):
            return Outcome.UNKNOWN_ID
        if kind == L3Kind.ADD:
            return self._add(side, order_id, price, lots)
        if kind in (L3Kind.CANCEL, L3Kind.EXECUTE):
            return self._reduce(side, order_id, price, lots)
        if kind == L3Kind.MODIFY:
            return self._modify(side, order_id, price, lots)
        if kind == L3Kind.CLEAR:
            self.clear(side)
            return Outcome.APPLIED
        return Outcome.NO_EFFECT

    def apply_rows(self, events: npt.NDArray[Any]) -> None:
        """Take many rows of `L3_EVENT` in."""
        for _, order_id, price, lots, kind, side, _ in events.tolist():
            self.apply(kind, side, order_id, price, lots)

    def clear(self, side: int = _NO_SIDE) -> None:
        """Take everything away, or everything of one side."""
        for which in (0, 1) if side == _NO_SIDE else (side,):
            for queue in self._levels[which].values():
                for order_id in queue.orders:
                    del self._orders[order_id]
            self._levels[which].clear()
            self._prices[which].clear()

    def seed(self, side: int, price: int, lots: int) -> None:
        """Set a level to strangers only: what a snapshot by level says of a price.

        Orders with an id at that price are forgotten; no lots takes the level away.
        """
        queue = self._levels[side].get(price)
        if queue is not None:
            for order_id in queue.orders:
                del self._orders[order_id]
            self._drop(side, price)
        if lots > 0:
            queue = self._queue(side, price)
            queue.strangers = queue.lots = lots

    # --- what it holds ---------------------------------------------------------------------

    def best(self, side: int) -> int | None:
        """Return the best price of a side."""
        prices = self._prices[side]
        return prices[-1] * _sign(side) if prices else None

    def worst(self, side: int) -> int | None:
        """Return the deepest price of a side."""
        prices = self._prices[side]
        return prices[0] * _sign(side) if prices else None

    def rank(self) -> int:
        """Return the rank that was given last: whoever comes now stands behind it."""
        return self._rank

    def lots_at(self, side: int, price: int) -> int:
        """Return the lots at a price."""
        queue = self._levels[side].get(price)
        return 0 if queue is None else queue.lots

    def depth(self, side: int, levels: int) -> tuple[Level, ...]:
        """Return the best levels, the best one first."""
        found = self._prices[side][-levels:][::-1] if levels > 0 else []
        return tuple(self._level(side, price * _sign(side)) for price in found)

    def order(self, order_id: int) -> Resting | None:
        """Return an order."""
        return self._orders.get(order_id)

    def queue(self, side: int, price: int) -> tuple[tuple[int, int], ...]:
        """Return (id, lots) at a price in time priority; strangers first, as id 0."""
        queue = self._levels[side].get(price)
        if queue is None:
            return ()
        ahead = ((0, queue.strangers),) if queue.strangers else ()
        return (*ahead, *((order_id, order.lots) for order_id, order in queue.orders.items()))

    def crossed(self) -> bool:
        """Tell whether the best bid is at or above the best ask."""
        bids, asks = self._prices
        return bool(bids and asks) and bids[-1] >= -asks[-1]

    # --- rows ------------------------------------------------------------------------------

    def _add(self, side: int, order_id: int, price: int, lots: int) -> Outcome:
        if order_id == 0 and lots == 0:
            return Outcome.APPLIED
        if order_id == 0:  # lots that a feed does not number
            queue = self._queue(side, price)
            queue.strangers += lots
            queue.lots += lots
            return Outcome.APPLIED
        known = order_id in self._orders
        if known:
            self._take_out(order_id)
        if lots > 0:
            self._rank += 1
            order = Resting(side, price, lots, self._rank)
            queue = self._queue(side, price)
            queue.orders[order_id] = self._orders[order_id] = order
            queue.lots += lots
        return Outcome.DUPLICATE_ID if known else Outcome.APPLIED

    def _reduce(self, side: int, order_id: int, price: int, lots: int) -> Outcome:
        order = self._orders.get(order_id)
        if order is None:
            return self._reduce_strangers(side, price, lots)
        if lots >= order.lots:
            self._take_out(order_id)
            return Outcome.APPLIED if lots == order.lots else Outcome.OVERDRAWN
        queue = self._levels[order.side][order.price]
        queue.orders[order_id] = self._orders[order_id] = order._replace(lots=order.lots - lots)
        queue.lots -= lots
        return Outcome.APPLIED

    def _modify(self, side: int, order_id: int, price: int, lots: int) -> Outcome:
        order = self._orders.get(order_id)
        if order is None and side == _NO_SIDE:
            return Outcome.UNKNOWN_ID
        if order is None:
            self._add(side, order_id, price, lots)
            return Outcome.UNKNOWN_ID
        if order.price == price and 0 < lots <= order.lots:
            self._reduce(order.side, order_id, price, order.lots - lots)
        else:
            self._take_out(order_id)
            self._add(order.side, order_id, price, lots)
        return Outcome.APPLIED

    def _reduce_strangers(self, side: int, price: int, lots: int) -> Outcome:
        queue = self._levels[side].get(price) if side in (0, 1) else None
        if queue is None or not queue.strangers:
            return Outcome.UNKNOWN_ID
        gone = min(lots, queue.strangers)
        queue.strangers -= gone
        queue.lots -= gone
        if not queue.lots:
            self._drop(side, price)
        return Outcome.STRANGER if gone == lots else Outcome.OVERDRAWN

    # --- places ----------------------------------------------------------------------------

    def _take_out(self, order_id: int) -> None:
        order = self._orders.pop(order_id)
        queue = self._levels[order.side][order.price]
        del queue.orders[order_id]
        queue.lots -= order.lots
        if not queue.lots:
            self._drop(order.side, order.price)

    def _queue(self, side: int, price: int) -> _Queue:
        queue = self._levels[side].get(price)
        if queue is None:
            queue = self._levels[side][price] = _Queue()
            insort(self._prices[side], price * _sign(side))
        return queue

    def _drop(self, side: int, price: int) -> None:
        del self._levels[side][price]
        prices = self._prices[side]
        del prices[bisect_left(prices, price * _sign(side))]

    def _level(self, side: int, price: int) -> Level:
        queue = self._levels[side][price]
        return Level(price, queue.lots, len(queue.orders))


def _sign(side: int) -> int:
    """Return what turns a price into "greater is better"."""
    return 1 if side == BUY else -1
