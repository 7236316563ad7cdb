"""The account behind simulated fills: position, cost, cash, margin, settlement, currency.

`cash = start + realised profit - fees - funding`, in the account's currency; the position's cost is
kept in the instrument's. Equity is cash plus the open profit at the mark.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from fks.contexts.execution.domain.simulation.models import MarginModel, SettlementModel

__all__ = ["Holding", "Money", "Purse"]

_E9 = 10**9


class Holding(NamedTuple):
    """How an account stands; nanos of the account's currency, lots signed."""

    cash_nanos: int
    position_lots: int
    realised_nanos: int
    fees_nanos: int
    funding_nanos: int


class Elsewhere(NamedTuple):
    """What the other instruments of an account add: nanos of the account's currency."""

    gain_nanos: int = 0
    initial_nanos: int = 0
    maintenance_nanos: int = 0
    unsettled_nanos: int = 0


class Purse:
    """The money that the instruments of one account share: each counts with its last mark.

    Each instrument begins with the whole cash and books its own changes; margin is asked for all
    positions together, of the cash and the gains of all. Orders in one instrument hold nothing
    of it in another.
    """

    def __init__(self) -> None:
        self._members: list[tuple[Money, Callable[[], int | None]]] = []

    def join(self, money: Money, mark: Callable[[], int | None]) -> None:
        """Let an instrument share, with what tells its mark in ticks (None: not known yet)."""
        self._members.append((money, mark))
        money.purse = self

    def elsewhere(self, money: Money, ts_ns: int) -> Elsewhere:
        """Return what the instruments other than this one add."""
        parts = [one.part(mark(), ts_ns) for one, mark in self._members if one is not money]
        return Elsewhere(*(sum(column) for column in zip(*parts, strict=True)))


class Money:
    """One account in one instrument. Times never run back."""

    def __init__(
        self, cash_nanos: int, unit_nanos: int, margin: MarginModel, settlement: SettlementModel
    ) -> None:
        self.cash_nanos = self.start_nanos = cash_nanos
        self.purse: Purse | None = None
        self.position_lots = 0
        self.cost_nanos = 0  # signed, instrument's currency
        self.realised_nanos = 0
        self.fees_nanos = 0
        self.funding_nanos = 0
        self.rate_ppb = _E9  # account's currency for one of the instrument's
        self._unit = unit_nanos
        self._margin = margin
        self._settlement = settlement
        self._unsettled: deque[tuple[int, int]] = deque()

    def holding(self) -> Holding:
        """Return how it stands."""
        return Holding(
            self.cash_nanos,
            self.position_lots,
            self.realised_nanos,
            self.fees_nanos,
            self.funding_nanos,
        )

    def notional_nanos(self, lots: int, price_ticks: int) -> int:
        """Return what lots are worth in the instrument's currency."""
        return lots * price_ticks * self._unit

    def fill(self, sign: int, lots: int, price_ticks: int, fee_nanos: int, ts_ns: int) -> int:
        """Book a fill; return its fee in the account's currency.

        What closes takes its share of the cost, rounded toward zero; what opens adds to it.
        """
        change = sign * lots
        held = self.position_lots
        closing = min(abs(held), lots) if held * sign < 0 else 0
        realised = 0
        if closing:
            share = abs(self.cost_nanos) * closing // abs(held)
            cost = share if self.cost_nanos > 0 else -share
            realised = self.notional_nanos(-sign * closing, price_ticks) - cost
            self.cost_nanos -= cost
        self.cost_nanos += self.notional_nanos(sign * (lots - closing), price_ticks)
        self.position_lots = held + change
        gain, fee = self.converted(realised), self._paid(fee_nanos)
        self.realised_nanos += gain
        self.fees_nanos += fee
        self.cash_nanos += gain - fee
        if self._settlement.delay_ns and closing:
            proceeds = self.converted(self.notional_nanos(closing, price_ticks))
            self._unsettled.append((ts_ns + self._settlement.delay_ns, abs(proceeds)))
        return fee

    def fund(self, rate_ppb: int, mark_ticks: int) -> int:
        """Book a funding payment at a rate; return what was paid (negative: received)."""
        value = self.notional_nanos(self.position_lots, mark_ticks)
        paid = self._paid(-(-value * rate_ppb // _E9))
        self.funding_nanos += paid
        self.cash_nanos -= paid
        return paid

    def settle(self, price_ticks: int) -> int:
        """Turn the open profit at a settlement price into cash; return it."""
        value = self.notional_nanos(self.position_lots, price_ticks)
        gain = self.converted(value - self.cost_nanos)
        self.cost_nanos = value
        self.realised_nanos += gain
        self.cash_nanos += gain
        return gain

    def equity_nanos(self, mark_ticks: int) -> int:
        """Return cash and open profit at a mark."""
        value = self.notional_nanos(self.position_lots, mark_ticks)
        return self.cash_nanos + self.converted(value - self.cost_nanos)

    def allows(self, sign: int, lots: int, price_ticks: int, mark_ticks: int, ts_ns: int) -> bool:
        """Tell whether initial margin covers the position that a fill of all lots would make.

        What only reduces the position is always allowed.
        """
        margin = self._margin
        after = self.position_lots + sign * lots
        if not margin.initial_ppb or abs(after) < abs(self.position_lots):
            return True
        needed = self._margin_nanos(self.notional_nanos(after, price_ticks), margin.initial_ppb)
        beside = self._elsewhere(ts_ns)
        has = self.equity_nanos(mark_ticks) + beside.gain_nanos
        bound = self.unsettled_nanos(ts_ns) + beside.unsettled_nanos
        return needed + beside.initial_nanos <= has - bound

    def unsettled_nanos(self, ts_ns: int) -> int:
        """Return what closed positions brought and cannot be used yet."""
        while self._unsettled and self._unsettled[0][0] <= ts_ns:
            self._unsettled.popleft()
        return sum(amount for _, amount in self._unsettled)

    def under_maintenance(self, mark_ticks: int, ts_ns: int) -> bool:
        """Tell whether the account's equity at the mark is below its maintenance margin."""
        margin = self._margin
        if not margin.initial_ppb or not self.position_lots:
            return False
        worth = self.notional_nanos(self.position_lots, mark_ticks)
        beside = self._elsewhere(ts_ns)
        needed = self._margin_nanos(worth, margin.maintenance_ppb) + beside.maintenance_nanos
        return self.equity_nanos(mark_ticks) + beside.gain_nanos < needed

    def part(self, mark_ticks: int | None, ts_ns: int) -> Elsewhere:
        """Return what this instrument adds to its account; without a mark it stands at cost."""
        worth = self.cost_nanos
        if mark_ticks is not None:
            worth = self.notional_nanos(self.position_lots, mark_ticks)
        return Elsewhere(
            self.cash_nanos - self.start_nanos + self.converted(worth - self.cost_nanos),
            self._margin_nanos(worth, self._margin.initial_ppb),
            self._margin_nanos(worth, self._margin.maintenance_ppb),
            self.unsettled_nanos(ts_ns),
        )

    def _elsewhere(self, ts_ns: int) -> Elsewhere:
        return Elsewhere() if self.purse is None else self.purse.elsewhere(self, ts_ns)

    def _margin_nanos(self, worth_nanos: int, rate_ppb: int) -> int:
        """Return the margin of a position that is worth so much."""
        return self.converted(-(-abs(worth_nanos) * rate_ppb // _E9))

    def converted(self, nanos: int) -> int:
        """Return an amount of the instrument's currency in the account's, rounded down."""
        return nanos * self.rate_ppb // _E9 if self._settlement.convert else nanos

    def _paid(self, nanos: int) -> int:
        """Convert what is paid: rounded up."""
        return -self.converted(-nanos)
