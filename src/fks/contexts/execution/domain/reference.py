"""The desk in plain Python: slow, and meant to be read.

It is the twin of `_desk.pyx`: both pass one contract suite and give one state hash. Orders are
rows of whole numbers. See docs/explanation/desk.md for the rules in words, `reference_record.py`
for what the desk holds.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fks.contexts.execution.domain.account import fits, settle, slipped_ticks
from fks.contexts.execution.domain.orders import (
    ACCEPTED,
    CANCELLED,
    FILLED,
    INVALID_PRICE,
    INVALID_QUANTITY,
    LIMIT,
    MARKET,
    MAX_NOTIONAL,
    MAX_ORDER_SIZE,
    MAX_POSITION,
    NO_MARKET,
    NONE,
    OVERFLOW,
    REJECTED,
    SHORT_NOT_ALLOWED,
    STOP,
    TOO_MANY_OPEN_ORDERS,
    Row,
    WorkingOrder,
)
from fks.contexts.execution.domain.reference_record import ReferenceRecord
from fks.contexts.execution.domain.views import (
    BarView,
    checked,
    checked_flags,
    named_rows,
    whole_steps,
)
from fks.contracts.columns import BarColumns, FeatureColumns

__all__ = ["ReferenceCore"]


class ReferenceCore(ReferenceRecord):
    """The rules of the desk."""

    # --- what a strategy calls -------------------------------------------------------------

    @property
    def position(self) -> float:
        """Return the signed quantity held when the bar closed."""
        return self._quantity(self._view_lots)

    @property
    def signals(self) -> int:
        """Return how many decisions counted."""
        return self._signals

    def long(self, strength: float = 1.0) -> None:
        """Aim at the configured quantity."""
        self._aim(self._terms.quantity_lots)

    def short(self, strength: float = 1.0) -> None:
        """Aim at minus the configured quantity."""
        self._aim(-self._terms.quantity_lots)

    def flat(self, strength: float = 1.0) -> None:
        """Aim at nothing."""
        self._aim(0)

    def target(self, quantity: float, strength: float = 1.0) -> None:
        """Aim at a signed quantity; one that is no whole number of lots is refused once."""
        lots = self._to_lots(quantity)
        if lots is not None:
            self._refused_target_bits = 0
            self._aim(lots)
            return
        bits = struct.unpack("<q", struct.pack("<d", quantity))[0]
        if bits != self._refused_target_bits:
            self._refused_target_bits = bits
            self._signals += 1
            self._add(0, 1 if quantity > 0 else -1, MARKET, 0, 0, 0, INVALID_QUANTITY)

    def buy(self, quantity: float, *, limit: float | None = None, stop: float | None = None) -> int:
        """Place an order to buy; return its number."""
        return self._place(1, quantity, limit, stop)

    def sell(
        self, quantity: float, *, limit: float | None = None, stop: float | None = None
    ) -> int:
        """Place an order to sell; return its number."""
        return self._place(-1, quantity, limit, stop)

    def cancel(self, number: int) -> None:
        """Cancel the resting order of that number."""
        for order in list(self._resting):
            if order.number == number and number > 0:
                self._finish(order, CANCELLED, NONE)

    def cancel_all(self) -> None:
        """Cancel all that rests."""
        for order in list(self._resting):
            self._finish(order, CANCELLED, NONE)

    # --- bars ------------------------------------------------------------------------------

    def on_bar(
        self, ts_ns: int, open_ticks: int, high_ticks: int, low_ticks: int, close_ticks: int
    ) -> None:
        """Match what rests, mark at the close."""
        self._last_ts_ns = ts_ns
        self._bars += 1
        for order, price in self._path(open_ticks, high_ticks, low_ticks):
            self._execute(order, price)
        self._last_close_ticks = close_ticks
        self._view_lots = self._account.position_lots

    def end_bar(self) -> None:
        """Record the bar. Raises OverflowError when the account's value is beyond int64."""
        self._equity.append(self._value())
        self._positions.append(self._account.position_lots)
        self._recorded += 1

    def drive_targets(self, bars: BarColumns, sides: Any) -> None:
        """Aim at a side a bar."""
        rows = checked(bars)
        for row, side in zip(rows, checked_flags(sides, np.int8, len(rows)), strict=True):
            self._step(bars, row)
            if side in (-1, 0, 1):
                self._aim(side * self._terms.quantity_lots)
            self.end_bar()

    def drive_events(
        self,
        bars: BarColumns,
        features: FeatureColumns,
        fired: Any,
        handler: Callable[[int, Any, Any, Any], None],
    ) -> None:
        """Call the handler where something fired."""
        rows = checked(bars)
        values = named_rows(features, len(rows))
        for row, which in zip(rows, checked_flags(fired, np.uint8, len(rows)), strict=True):
            self._step(bars, row)
            if which:
                handler(which, BarView(bars, row, self._bars - 1), values(row), self)
            self.end_bar()

    def drive_bars(
        self,
        bars: BarColumns,
        features: FeatureColumns,
        on_bar: Callable[[Any, Any, Any], None],
        on_fill: Callable[[Any, Any], None] | None = None,
    ) -> None:
        """Call the handler at every bar."""
        rows = checked(bars)
        values = named_rows(features, len(rows))
        for row in rows:
            self._step(bars, row)
            if on_fill is not None:
                for fill in self.fills_after(self._told):
                    self._told = fill.id
                    on_fill(fill, self)
            on_bar(BarView(bars, row, self._bars - 1), values(row), self)
            self.end_bar()

    def fills_after(self, fill_id: int) -> tuple[Any, ...]:
        """Return later fills as values; the full desk says how."""
        raise NotImplementedError

    # --- rules -----------------------------------------------------------------------------

    def _step(self, bars: BarColumns, row: int) -> None:
        """Match one row of columns."""
        self.on_bar(
            int(bars.ts_ns[row]),
            int(bars.open_ticks[row]),
            int(bars.high_ticks[row]),
            int(bars.low_ticks[row]),
            int(bars.close_ticks[row]),
        )

    def _path(self, opened: int, high: int, low: int) -> Iterator[tuple[WorkingOrder, int]]:
        """Yield (order, price) in the order in which this bar reaches them.

        First all that the open reaches, by id; then on the way to the nearer extreme (the low
        when both are as near), then to the other, by the price reached and then by id.
        """
        for order in list(self._resting):
            if order.type == MARKET or self._reached(order, opened):
                yield order, opened
        rising = high - opened < opened - low
        for upward in (rising, not rising):
            sign = 1 if upward else -1
            met = [
                order
                for order in self._resting
                if order.works_when_rising == upward
                and (order.trigger_ticks <= high if upward else order.trigger_ticks >= low)
            ]
            for order in sorted(met, key=lambda o: (sign * o.trigger_ticks, o.id)):
                yield order, order.trigger_ticks

    def _reached(self, order: WorkingOrder, price: int) -> bool:
        """Tell whether a price is at or beyond the order's own."""
        if order.works_when_rising:
            return price >= order.trigger_ticks
        return price <= order.trigger_ticks

    def _execute(self, order: WorkingOrder, price_ticks: int) -> None:
        """Fill an order, or cancel it where the position may not become what it would."""
        if order.type != LIMIT:
            price_ticks = slipped_ticks(self._terms, order.side, price_ticks)
        reason = self._breach(self._account.position_lots + order.side * order.lots, order.side)
        settled = None
        if reason == NONE:
            settled = settle(self._terms, self._account, order.side, order.lots, price_ticks)
            reason = OVERFLOW if settled is None else NONE
        if settled is None:
            self._finish(order, CANCELLED, reason)
            return
        self._account, fee = settled
        self._fill_count += 1
        self._finish(order, FILLED, NONE)
        self._fills.append(
            (
                *(self._fill_count, order.id, order.side, order.lots, price_ticks, fee),
                *(self._last_ts_ns, self._bars - 1, self._account.position_lots),
                *(self._account.realised_nanos, self._account.cash_nanos),
            )
        )

    def _breach(self, position_lots: int, side: int) -> int:
        """Return why the position may not become this, as far as `side` moves it there."""
        if position_lots * side > 0 and abs(position_lots) > self._terms.max_position_lots:
            return MAX_POSITION
        if position_lots < 0 and side < 0 and not self._terms.allow_short:
            return SHORT_NOT_ALLOWED
        return NONE

    def _aim(self, lots: int) -> None:
        """Aim at a position: replace the target's order by one for what is missing.

        An aim that was refused at this very position is tried again only once it would pass.
        """
        if lots != self._aim_lots:
            self._aim_lots = lots
            self._signals += 1
        held = self._account.position_lots
        working = [order for order in self._resting if order.number == 0]
        if sum(order.side * order.lots for order in working) == lots - held:
            return
        missing = lots - held
        side = 1 if missing > 0 else -1
        if (
            not working
            and self._tried == (lots, held, 1)
            and self._refusal(side, abs(missing), self._last_close_ticks) != NONE
        ):
            return
        for order in working:
            self._finish(order, CANCELLED, NONE)
        refused = 0
        if missing:
            refused = int(self._submit(0, side, MARKET, abs(missing), 0, 0) != NONE)
        self._tried = (lots, held, refused)

    def _place(self, side: int, quantity: float, limit: float | None, stop: float | None) -> int:
        """Take an order of the strategy's own."""
        self._numbers += 1
        self._signals += 1
        lots = self._to_lots(quantity)
        kind = LIMIT if limit is not None else STOP if stop is not None else MARKET
        limit_ticks = 0 if limit is None else self._to_ticks(limit)
        stop_ticks = 0 if stop is None else self._to_ticks(stop)
        if lots is None or lots <= 0:
            self._add(self._numbers, side, kind, 0, 0, 0, INVALID_QUANTITY)
        elif (limit is not None and stop is not None) or limit_ticks is None or stop_ticks is None:
            self._add(self._numbers, side, kind, lots, 0, 0, INVALID_PRICE)
        else:
            self._submit(self._numbers, side, kind, lots, limit_ticks, stop_ticks)
        return self._numbers

    def _submit(
        self, number: int, side: int, kind: int, lots: int, limit_ticks: int, stop_ticks: int
    ) -> int:
        """Check an order and let it rest, or fill it now; return the reason of a refusal."""
        reason = self._refusal(side, lots, limit_ticks or stop_ticks or self._last_close_ticks)
        order = self._add(number, side, kind, lots, limit_ticks, stop_ticks, reason)
        if reason != NONE:
            return reason
        if kind == MARKET and self._terms.same_close:
            self._execute(order, self._last_close_ticks)
            return order.reason
        return NONE

    def _refusal(self, side: int, lots: int, price_ticks: int) -> int:
        """Return why an order may not be accepted. Cheap checks first."""
        terms = self._terms
        if self._bars == 0:
            return NO_MARKET
        if lots > terms.max_order_lots:
            return MAX_ORDER_SIZE
        if len(self._resting) >= terms.max_open_orders:
            return TOO_MANY_OPEN_ORDERS
        notional = price_ticks * lots * terms.tick_value_nanos
        ahead = sum(order.lots for order in self._resting if order.side == side)
        worst = self._account.position_lots + side * (ahead + lots)
        if not fits(notional, worst, self._account.cash_nanos - side * notional):
            return OVERFLOW
        if notional > terms.max_notional_nanos:
            return MAX_NOTIONAL
        return self._breach(worst, side)

    def _add(
        self,
        number: int,
        side: int,
        kind: int,
        lots: int,
        limit_ticks: int,
        stop_ticks: int,
        reason: int,
    ) -> WorkingOrder:
        """Give an order its id and keep it."""
        self._order_count += 1
        status = ACCEPTED if reason == NONE else REJECTED
        order = WorkingOrder(
            Row(
                *(self._order_count, number, side, kind, lots, status),
                *(limit_ticks, stop_ticks, self._last_ts_ns, reason),
            )
        )
        self._orders.append(order)
        if reason == NONE:
            self._resting.append(order)
        return order

    def _finish(self, order: WorkingOrder, status: int, reason: int) -> None:
        """End an order."""
        order.status, order.reason = status, reason
        self._resting.remove(order)

    def _quantity(self, lots: int) -> float:
        """Return lots as a quantity."""
        return lots * self._terms.lot_numerator / self._terms.lot_denominator

    def _to_lots(self, quantity: float) -> int | None:
        """Return whole lots, or None."""
        return whole_steps(quantity, self._terms.lot_numerator, self._terms.lot_denominator)

    def _to_ticks(self, price: float) -> int | None:
        """Return whole positive ticks, or None."""
        ticks = whole_steps(price, self._terms.tick_numerator, self._terms.tick_denominator)
        return ticks if ticks is not None and ticks > 0 else None
