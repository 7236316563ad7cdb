"""What the plain desk holds, and how it is read: the half of `reference.py` without rules."""

from __future__ import annotations

import numpy as np

from fks.contexts.execution.domain.account import Account, fits
from fks.contexts.execution.domain.orders import Row, WorkingOrder
from fks.contexts.execution.domain.state import Scalars
from fks.contexts.execution.domain.terms import Terms
from fks.contracts.columns import Int64

__all__ = ["ReferenceRecord"]


class ReferenceRecord:
    """Account, counters, orders and fills; `_resting` are the orders that are open."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._account = Account(terms.cash_nanos, 0, 0, 0)
        self._orders: list[WorkingOrder] = []
        self._resting: list[WorkingOrder] = []
        self._fills: list[tuple[int, ...]] = []
        self._equity: list[int] = []
        self._positions: list[int] = []
        self._last_close_ticks = self._last_ts_ns = 0
        self._bars = self._recorded = 0
        self._view_lots = self._aim_lots = 0
        self._tried = (0, 0, 0)
        self._refused_target_bits = 0
        self._order_count = self._fill_count = self._numbers = self._signals = 0
        self._told = 0  # the last fill the strategy of drive_bars was told of

    @property
    def order_count(self) -> int:
        """Return the newest order's id."""
        return self._order_count

    @property
    def fill_count(self) -> int:
        """Return the newest fill's id."""
        return self._fill_count

    @property
    def open_count(self) -> int:
        """Return how many orders rest."""
        return len(self._resting)

    def order_rows(self, after: int) -> list[Row]:
        """Return orders with a greater id."""
        start = len(self._orders)
        while start > 0 and self._orders[start - 1].id > after:
            start -= 1
        return [order.row() for order in self._orders[start:]]

    def open_rows(self) -> list[Row]:
        """Return resting orders."""
        return [order.row() for order in self._resting]

    def fill_rows(self, after: int) -> list[tuple[int, ...]]:
        """Return fills with a greater id."""
        kept = self._fill_count - after
        return self._fills[-kept:] if kept > 0 else []

    def order_table(self) -> Int64:
        """Return all orders: int64 of shape (n, 10), columns as in `Row`."""
        return np.array([o.row() for o in self._orders], dtype=np.int64).reshape(-1, 10)

    def fill_table(self) -> Int64:
        """Return all fills: int64 of shape (n, 11)."""
        return np.array(self._fills, dtype=np.int64).reshape(-1, 11)

    def equity_nanos(self) -> Int64:
        """Return the equity after each bar."""
        return np.array(self._equity, dtype=np.int64)

    def position_lots(self) -> Int64:
        """Return the position after each bar."""
        return np.array(self._positions, dtype=np.int64)

    def scalars(self) -> Scalars:
        """Return account and counters."""
        return Scalars(
            *self._account,
            self._last_close_ticks,
            self._last_ts_ns,
            self._bars,
            self._recorded,
            self._view_lots,
            self._aim_lots,
            *self._tried,
            self._refused_target_bits,
            self._order_count,
            self._fill_count,
            self._numbers,
            self._signals,
        )

    def load(self, scalars: Scalars, resting: tuple[Row, ...]) -> None:
        """Take over a state; the record begins anew with what rests."""
        self._account = Account(*scalars[:4])
        self._last_close_ticks, self._last_ts_ns, self._bars, self._recorded = scalars[4:8]
        self._view_lots, self._aim_lots = scalars[8:10]
        self._tried = (scalars[10], scalars[11], scalars[12])
        self._refused_target_bits = scalars[13]
        self._order_count, self._fill_count, self._numbers, self._signals = scalars[14:18]
        self._told = self._fill_count
        self._resting = [WorkingOrder(row) for row in resting]
        self._orders = list(self._resting)
        self._fills, self._equity, self._positions = [], [], []

    def overflow(self) -> Exception:
        """Return the error of an account that is worth more than int64 holds."""
        return OverflowError("the account is worth more than 9.22 billion")

    def _value(self) -> int:
        """Return cash plus the position at the last close."""
        held = self._account.position_lots * self._last_close_ticks * self._terms.tick_value_nanos
        value = self._account.cash_nanos + held
        if not fits(held, value):
            raise self.overflow()
        return value
