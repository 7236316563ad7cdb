"""The ledger: accounts, positions, holds and the numeric pre-trade controls, in plain Python.

The compiled twin (`ledger.h`) gives the same answers and the same bytes; this one is to be read.
The controls are in `ledger_check.py`, the bytes in `ledger_state.py`, the fields and their ranges
in `ledger_terms.py`, the reasons in `docs/explanation/risk-ledger.md`. Prices are ticks,
quantities lots, money nanos, times ns; side 0 buys, 1 sells. Bad input changes nothing.

- A held order counts in full, at its hold price, until it is filled or released. Open sells count
  at the reference where that is more: who sells at one tick sells at the market.
- Worst case of a row: `gross` = the larger of |position + open buys| and |position - open sells|,
  in money. Net of an account: long if all its buys fill, short if all its sells fill.
- Cash = credits + realised - fees. Equity = cash + marked profit. A position without a reference
  counts at its cost.
- Fees are rounded up, towards the account's cost, for each fill. The part of the average cost
  that a partial close frees is cut off towards nothing; the rest stays in the position's cost.
- Nothing here is larger than 64 bits; sums over instruments, margin and fees are (as in C) exact.
"""

from __future__ import annotations

import dataclasses

from . import ledger_check
from .layout import UNLIMITED, InstrumentKey, Reason
from .ledger_accounts import Accounts
from .ledger_check import Figure, Order
from .ledger_terms import HOLD_MOST, LOTS_MOST, ORDERS_MOST, PARTS, Account, Row, fits, upwards

__all__ = ["Ledger"]


class Ledger(Accounts):
    """Accounts with orders: what is checked, held, released and filled.

    `int` results are `Reason`s; where one is not 0 nothing changed.
    """

    # --- orders ----------------------------------------------------------------------------

    def check(
        self,
        now_ns: int,
        account: int,
        instrument: int,
        strategy: int,
        side: int,
        kind: int,
        flags: int,
        price: int,
        stop: int,
        lots: int,
        old_lots: int = 0,
        old_price: int = 0,
    ) -> int:
        """Return NONE or the Reason of the first control that denies; take an order of the rate.

        `old_lots` and `old_price`: the hold that a replacement gives back; 0 lots for a new order.
        """
        taken = None
        if self.known_instrument(instrument) and account in self._accounts:
            taken = ledger_check.take(self, account, strategy, now_ns)
        order = Order(
            now_ns, account, instrument, strategy, side, kind, flags, price, stop, lots,
            old_lots, old_price,
        )  # fmt: skip
        denied = (one for one in ledger_check.figures(self, order, taken) if not one.passes)
        return next((one.reason for one in denied), Reason.NONE)

    def what_if(
        self,
        now_ns: int,
        account: int,
        instrument: int,
        strategy: int,
        side: int,
        kind: int,
        flags: int,
        price: int,
        stop: int,
        lots: int,
        old_lots: int = 0,
        old_price: int = 0,
    ) -> list[Figure]:
        """Return every control in order with its figure and its limit; change nothing.

        The list ends where the next figures would mean nothing: unknown, malformed, a limit never
        set, or a product too large.
        """
        order = Order(
            now_ns, account, instrument, strategy, side, kind, flags, price, stop, lots,
            old_lots, old_price,
        )  # fmt: skip
        return list(ledger_check.figures(self, order, None))

    def use(self, account: int, instrument: int) -> list[Figure]:
        """Return what an account uses now of each limit; empty where either is not known."""
        return ledger_check.use(self, account, instrument)

    def hold_price(self, instrument: int, side: int, kind: int, price: int, stop: int) -> int:
        """Return the price to hold an order at, of a market order the furthest it may trade at."""
        if not self.known_instrument(instrument):
            return price
        return ledger_check.hold_price(self._terms(instrument), side, kind, price, stop)

    def hold(
        self, account: int, instrument: int, strategy: int, side: int, lots: int, price: int
    ) -> int:
        """Count an order as exposure, unchecked but for OVERFLOW."""
        if not self._inside(account, instrument):
            return Reason.UNKNOWN_ACCOUNT
        one, row = self._terms(instrument), self._own_row(account, instrument)
        worth = one.worth(lots, price) if 0 <= lots <= LOTS_MOST else None
        if worth is None or worth > HOLD_MOST:
            return Reason.OVERFLOW
        before = (row.open_buy, row.held_buy) if side == 0 else (row.open_sell, row.held_sell)
        row.put(side, before[0] + lots, before[1] + worth)
        if not row.takes(one, side):
            row.put(side, *before)
            return Reason.OVERFLOW
        return Reason.NONE

    def release(
        self, account: int, instrument: int, strategy: int, side: int, lots: int, price: int
    ) -> None:
        """Give a hold, or a part of it, back; what was never held is not given."""
        if self._inside(account, instrument) and lots >= 0:
            self._own_row(account, instrument).release(self._terms(instrument), side, lots, price)

    def opened(self, account: int, instrument: int, delta: int) -> None:
        """Count open orders up or down, never below nothing."""
        if self._inside(account, instrument):
            row = self._own_row(account, instrument)
            row.open_orders = max(0, min(ORDERS_MOST, row.open_orders + delta))

    # --- fills -----------------------------------------------------------------------------

    def fee(self, instrument: int, lots: int, price: int, maker: bool) -> int:
        """Return the fee of a fill, nanos (negative: a rebate), rounded up.

        Raises OverflowError where 64 bits do not hold it or there is no such instrument.
        """
        one = self._terms(instrument)
        worth = one.worth(lots, price)
        if not 0 <= instrument < self._sizes[0] or lots < 0 or worth is None:
            raise OverflowError("the fee of that fill does not fit 64 bits")
        rate = one.value[InstrumentKey.MAKER_FEE_PPB if maker else InstrumentKey.TAKER_FEE_PPB]
        lot_fee = one.value[InstrumentKey.LOT_FEE_NANOS] * lots
        whole = worth // PARTS * rate
        fee = lot_fee + upwards(worth * rate, PARTS)
        if not fits(lot_fee) or not fits(lot_fee + whole) or not fits(fee):
            raise OverflowError("the fee of that fill does not fit 64 bits")
        return fee

    def fill(
        self,
        account: int,
        instrument: int,
        side: int,
        lots: int,
        price: int,
        held_price: int,
        maker: bool,
    ) -> int:
        """Settle a fill of held lots at the instrument's fee, which is returned.

        Raises OverflowError where a sum would not fit 64 bits; then nothing changed.
        """
        fee = self.fee(instrument, lots, price, maker)
        self.settle(account, instrument, side, lots, price, held_price, fee)
        return fee

    def settle(
        self,
        account: int,
        instrument: int,
        side: int,
        lots: int,
        price: int,
        held_price: int,
        fee: int,
    ) -> None:
        """Settle a fill at a fee that is known, as a venue reports it; errors as `fill`."""
        one, worth = self._terms(instrument), None
        if self._inside(account, instrument) and 0 <= lots <= LOTS_MOST:
            worth = one.worth(lots, price)
        if worth is None:
            raise OverflowError("that fill does not fit the ledger")
        holder, old = self._accounts[account], self._row(account, instrument)
        row = Row(*(getattr(old, name) for name in Row.__slots__))
        row.release(one, side, lots, held_price)
        sign, size = (1 if side == 0 else -1), abs(row.position)
        closing = min(size, lots) if row.position * sign < 0 else 0
        notional, closed = price * lots * one.unit, price * closing * one.unit
        freed = abs(row.cost) * closing // size if closing else 0
        freed = row.cost if closing and closing == size else freed if row.cost >= 0 else -freed
        gained = -sign * closed - freed
        row.cost += sign * (notional - closed) - freed
        row.position += sign * lots
        row.realised += gained
        cash, fees = holder.cash + gained, holder.fees + fee
        sums = (row.realised, holder.realised + gained, cash, cash - fee, fees)
        days = (holder.day_nanos + worth, holder.day_lots + lots)
        sizes_fit = abs(row.cost) <= UNLIMITED and abs(gained) <= UNLIMITED
        if not sizes_fit or not all(map(fits, sums + days)) or not row.within(one):
            raise OverflowError("that fill does not fit the ledger")
        holder.rows[instrument] = row
        holder.realised, holder.cash, holder.fees = sums[1], sums[3], fees
        holder.day_nanos, holder.day_lots = days

    def trade(
        self,
        instrument: int,
        lots: int,
        price: int,
        account: int,
        side: int,
        held_price: int,
        other: int,
        other_held_price: int,
        maker: bool = True,
    ) -> tuple[int, int, int]:
        """Settle both fills of a trade, or none; `side` is the taker's, `account` too.

        Returns:
            (0, the taker's fee, the maker's fee), or (1, 0, 0) where the taker's fill does not
            fit, (2, 0, 0) where the maker's does not.
        """
        if not self.known_account(account):
            return 1, 0, 0
        before = self.kept(account)
        try:
            fee = self.fill(account, instrument, side, lots, price, held_price, False)
        except OverflowError:
            return 1, 0, 0
        try:
            place = (other, instrument, 1 - side, lots, price, other_held_price)
            return 0, fee, self.fill(*place, maker)
        except OverflowError:
            self.put_back(account, before)
            return 2, 0, 0

    def kept(self, account: int) -> Account:
        """Return an account as it is before fills, for `put_back`."""
        return dataclasses.replace(self._accounts[account], rows=dict(self._accounts[account].rows))

    def put_back(self, account: int, before: Account) -> None:
        """Undo the fills of an account since `kept`; nothing else may have happened to it."""
        self._accounts[account] = before
