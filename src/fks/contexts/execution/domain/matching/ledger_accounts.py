"""What the plain ledger holds: the tables, how they are set up, their marks, views and bytes.

`Ledger` in `ledger.py` adds what orders do to it; both together are one class because the
compiled twin is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from . import ledger_state
from .layout import UNLIMITED, AccountKey, InstrumentKey, Reason
from .ledger_terms import (
    ACCOUNT_RANGES,
    INSTRUMENT_RANGES,
    PARTS,
    PRICE_MOST,
    TICKS_MOST,
    Account,
    Instrument,
    Row,
    Strategy,
    allowed,
    clamp,
    fits,
    upwards,
)

__all__ = ["Accounts", "Holding", "Standing"]


class Standing(NamedTuple):
    """An account as it stands: money in nanos, within +-(2^63 - 1)."""

    cash: int
    equity: int  # cash + profit
    realised: int  # before fees
    profit: int  # marked, not realised
    fees: int
    margin_used: int  # initial margin and worst fees of positions and orders, rounded up
    gross: int  # worst case over all open orders
    net_long: int  # if all buys fill
    net_short: int  # if all sells fill
    open_lots: int
    open_orders: int
    day_nanos: int  # traded since new_day
    day_lots: int


class Holding(NamedTuple):
    """What an account has in one instrument: lots, and nanos."""

    position: int
    cost: int
    realised: int
    profit: int
    exposure: int
    gross: int
    open_buy: int
    open_sell: int
    held_buy: int
    held_sell: int
    open_orders: int


class Accounts:
    """Accounts 1 to `accounts` - 1, instruments and strategies from 0, in tables that never grow.

    Strategy 0 stands for all: its gate is the gate of everything. `int` results are `Reason`s:
    0, or CAPACITY, UNKNOWN_ACCOUNT, UNKNOWN_INSTRUMENT, INVALID_ORDER, OVERFLOW.
    """

    def __init__(self, instruments: int = 256, accounts: int = 128, strategies: int = 4096) -> None:
        """Raise ValueError for a table of no or too many places."""
        if not (0 < instruments <= 4096 and 1 < accounts <= 65536 and 0 < strategies <= 1048576):
            raise ValueError("instruments 1..4096, accounts 2..65536, strategies 1..1048576")
        self._sizes = (instruments, accounts, strategies)
        self._instruments: dict[int, Instrument] = {}
        self._accounts: dict[int, Account] = {}
        self._strategies: dict[int, Strategy] = {}

    # --- set up ----------------------------------------------------------------------------

    def configure_instrument(self, instrument: int, key: int, value: int) -> int:
        """Set a number of an instrument; UNIT_NANOS is fixed while anyone has lots in it."""
        if not 0 <= instrument < self._sizes[0]:
            return Reason.CAPACITY
        if not allowed(INSTRUMENT_RANGES, key, value):
            return Reason.INVALID_ORDER
        one = self._instruments.setdefault(instrument, Instrument())
        if key == InstrumentKey.UNIT_NANOS and value != one.unit:
            if any(row.position or row.open_buy or row.open_sell for row in self._rows(instrument)):
                return Reason.INVALID_ORDER
            if not fits(abs(one.reference or 0) * value):
                return Reason.OVERFLOW
        one.value[key] = value
        return Reason.NONE

    def configure_account(self, account: int, instrument: int, key: int, value: int) -> int:
        """Set a number of an account (of its row where the key says so), which is known then."""
        own = key in (AccountKey.MAX_ORDER_LOTS, AccountKey.MAX_POSITION_LOTS)
        if not 0 < account < self._sizes[1] or (own and not 0 <= instrument < self._sizes[0]):
            return Reason.CAPACITY
        if not allowed(ACCOUNT_RANGES, key, value):
            return Reason.INVALID_ORDER
        one = self._accounts.setdefault(account, Account())
        if key == AccountKey.MAX_ORDER_LOTS:
            self._own_row(account, instrument).max_order_lots = value
        elif key == AccountKey.MAX_POSITION_LOTS:
            self._own_row(account, instrument).max_position_lots = value
        else:
            if key == AccountKey.ORDERS_PER_SECOND:
                one.level = refit(one.level, one.value[key], value)
            one.value[key] = value
        return Reason.NONE

    def configure_strategy(self, strategy: int, key: int, value: int) -> int:
        """Set the gate or the rate of a strategy; strategy 0 has a gate only."""
        if not 0 <= strategy < self._sizes[2]:
            return Reason.CAPACITY
        rated = key == AccountKey.ORDERS_PER_SECOND and strategy != 0
        if not (key == AccountKey.GATE or rated) or not allowed(ACCOUNT_RANGES, key, value):
            return Reason.INVALID_ORDER
        one = self._strategies.setdefault(strategy, Strategy())
        if rated:
            one.level = refit(one.level, one.rate, value)
            one.rate = value
        else:
            one.gate = value
        return Reason.NONE

    def credit(self, account: int, nanos: int) -> int:
        """Add to the cash of an account, or take from it."""
        if account not in self._accounts:
            return Reason.UNKNOWN_ACCOUNT
        if not fits(self._accounts[account].cash + nanos):
            return Reason.OVERFLOW
        self._accounts[account].cash += nanos
        return Reason.NONE

    def new_day(self, account: int = 0) -> int:
        """Begin the day counters of an account, or of all (0), anew."""
        if account and account not in self._accounts:
            return Reason.UNKNOWN_ACCOUNT
        for one in [self._accounts[account]] if account else self._accounts.values():
            one.day_nanos = one.day_lots = 0
        return Reason.NONE

    def set_reference(self, instrument: int, ticks: int, now_ns: int) -> int:
        """Mark an instrument; OVERFLOW where a position could not be valued at that price."""
        if not self.known_instrument(instrument):
            return Reason.UNKNOWN_INSTRUMENT
        if abs(ticks) > TICKS_MOST:
            return Reason.INVALID_ORDER
        one = self._instruments[instrument]
        before, one.reference = one.reference, ticks
        if not fits(one.mark_nanos) or not all(row.within(one) for row in self._rows(instrument)):
            one.reference = before
            return Reason.OVERFLOW
        one.reference_ns = now_ns
        return Reason.NONE

    def set_last(self, instrument: int, ticks: int) -> None:
        """Note the price of a trade."""
        if self.known_instrument(instrument) and abs(ticks) <= PRICE_MOST:
            self._instruments[instrument].last = ticks

    # --- views -----------------------------------------------------------------------------

    def known_instrument(self, instrument: int) -> bool:
        """Tell whether an instrument has a kind."""
        return self.kind_of(instrument) != 0

    def known_account(self, account: int) -> bool:
        """Tell whether any number of an account was set."""
        return account in self._accounts

    def kind_of(self, instrument: int) -> int:
        """Return the `Kind` of an instrument."""
        return self._terms(instrument).value[InstrumentKey.KIND]

    def cash(self, account: int) -> int:
        """Return the cash of an account, nanos."""
        return self._accounts.get(account, Account()).cash

    def position(self, account: int, instrument: int) -> int:
        """Return the signed lots an account has."""
        return self._row(account, instrument).position

    def holding(self, account: int, instrument: int) -> Holding:
        """Return what an account has in an instrument."""
        one, row = self._terms(instrument), self._row(account, instrument)
        return Holding(
            row.position,
            row.cost,
            row.realised,
            row.profit(one),
            row.exposure(one),
            row.gross(one),
            row.open_buy,
            row.open_sell,
            row.held_buy,
            row.held_sell,
            row.open_orders,
        )

    def standing(self, account: int) -> Standing:
        """Return an account as it stands; zeros where it is not known."""
        one = self._accounts.get(account, Account())
        rows = [(self._terms(number), row) for number, row in one.rows.items()]
        profit = sum(row.profit(terms) for terms, row in rows)
        exposure = sum(row.exposure(terms) for terms, row in rows)
        need = sum(row.need(terms) for terms, row in rows)
        return Standing(
            one.cash,
            clamp(one.cash + profit),
            one.realised,
            clamp(profit),
            one.fees,
            clamp(upwards(need, PARTS)),
            clamp(sum(row.gross(terms) for terms, row in rows)),
            clamp(exposure + sum(row.held_buy for _, row in rows)),
            clamp(sum(row.sells(terms) for terms, row in rows) - exposure),
            sum(row.open_buy + row.open_sell for _, row in rows),
            sum(row.open_orders for _, row in rows),
            one.day_nanos,
            one.day_lots,
        )

    def maintenance(self, account: int) -> int:
        """Return the maintenance margin of an account's positions, nanos, rounded up."""
        parts = 0
        for number, row in self._accounts.get(account, Account()).rows.items():
            terms = self._terms(number)
            rate = terms.value[InstrumentKey.MAINTENANCE_MARGIN_PPB]
            parts += abs(row.exposure(terms)) * (0 if rate == UNLIMITED else rate)
        return clamp(upwards(parts, PARTS))

    # --- bytes -----------------------------------------------------------------------------

    def state(self) -> bytes:
        """Return all of it as bytes, the same for the same contents."""
        return ledger_state.pack(self._instruments, self._accounts, self._strategies)

    def restore(self, data: bytes) -> None:
        """Become what `state` returned. Raises ValueError, changing nothing, for other bytes."""
        tables = ledger_state.unpack(data, self._sizes)
        self._instruments, self._accounts, self._strategies = tables

    # --- tables ----------------------------------------------------------------------------

    def _inside(self, account: int, instrument: int) -> bool:
        return account in self._accounts and 0 <= instrument < self._sizes[0]

    def _terms(self, instrument: int) -> Instrument:
        return self._instruments.get(instrument) or Instrument()

    def _row(self, account: int, instrument: int) -> Row:
        """Return a row to read; one to write comes from `_own_row`."""
        holder = self._accounts.get(account)
        return (holder and holder.rows.get(instrument)) or Row()

    def _own_row(self, account: int, instrument: int) -> Row:
        return self._accounts[account].rows.setdefault(instrument, Row())

    def _rows(self, instrument: int) -> Iterator[Row]:
        for holder in self._accounts.values():
            if instrument in holder.rows:
                yield holder.rows[instrument]


def refit(level: int, before: int, rate: int) -> int:
    """Return what a bucket holds under a new rate: full when there was none, else not more."""
    most = 0 if rate == UNLIMITED else rate * PARTS
    return most if before in (0, UNLIMITED) else min(level, most)
