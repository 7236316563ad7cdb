# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The compiled ledger as a class, for margin accounts, for the contract suite, and timed alone.

The rules are those of `ledger.py`, the code is `ledger.h`; the matching engine has the same code
inside its loop and does not come through here. Numbers that no row can hold (an account beyond 32
bits) raise OverflowError before they reach the ledger.
"""

from libc.stdint cimport int64_t, uint32_t, uint8_t
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec

include "ledger.pxi"


cdef inline int64_t clock_ns() noexcept nogil:
    """Return a time that only grows."""
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return now.tv_sec * 1000000000 + now.tv_nsec


cdef class CompiledLedger:
    """As `ledger.Ledger`, call for call. Not to be used by two threads at once."""

    cdef Ledger _ledger

    def __cinit__(self, uint32_t instruments=256, uint32_t accounts=128, uint32_t strategies=4096):
        if not ledger_create(&self._ledger, instruments, accounts, strategies):
            raise ValueError("instruments 1..4096, accounts 2..65536, strategies 1..1048576")

    def __dealloc__(self):
        ledger_destroy(&self._ledger)

    def configure_instrument(self, uint32_t instrument, int key, int64_t value):
        """Set a number of an instrument."""
        return ledger_configure_instrument(&self._ledger, instrument, key, value)

    def configure_account(self, uint32_t account, uint32_t instrument, int key, int64_t value):
        """Set a number of an account or of its row."""
        return ledger_configure_account(&self._ledger, account, instrument, key, value)

    def configure_strategy(self, uint32_t strategy, int key, int64_t value):
        """Set the gate or the rate of a strategy."""
        return ledger_configure_strategy(&self._ledger, strategy, key, value)

    def credit(self, uint32_t account, int64_t nanos):
        """Add to the cash of an account."""
        return ledger_credit(&self._ledger, account, nanos)

    def new_day(self, uint32_t account=0):
        """Begin day counters anew."""
        return ledger_new_day(&self._ledger, account)

    def set_reference(self, uint32_t instrument, int64_t ticks, int64_t now_ns):
        """Mark an instrument."""
        return ledger_set_reference(&self._ledger, instrument, ticks, now_ns)

    def set_last(self, uint32_t instrument, int64_t ticks):
        """Note the price of a trade."""
        ledger_set_last(&self._ledger, instrument, ticks)

    def check(self, int64_t now_ns, uint32_t account, uint32_t instrument, uint32_t strategy,
              int side, int kind, int flags, int64_t price, int64_t stop, int64_t lots,
              int64_t old_lots=0, int64_t old_price=0):
        """Return the first Reason that denies, or 0; take an order of the rate."""
        return ledger_check(&self._ledger, now_ns, account, instrument, strategy, side, kind, flags,
                            price, stop, lots, old_lots, old_price)

    def what_if(self, int64_t now_ns, uint32_t account, uint32_t instrument, uint32_t strategy,
                int side, int kind, int flags, int64_t price, int64_t stop, int64_t lots,
                int64_t old_lots=0, int64_t old_price=0):
        """Return every control as (reason, used, limit, passes)."""
        cdef LedgerFigure figures[LEDGER_FIGURES]
        cdef LedgerOrder order
        order.now, order.account, order.instrument = now_ns, account, instrument
        order.strategy, order.side, order.kind, order.flags = strategy, side, kind, flags
        order.price, order.stop, order.lots = price, stop, lots
        order.old_lots, order.old_price = old_lots, old_price
        return listed(figures, ledger_what_if(&self._ledger, &order, figures))

    def use(self, uint32_t account, uint32_t instrument):
        """Return what an account uses now of each limit, likewise."""
        cdef LedgerFigure figures[LEDGER_FIGURES]
        return listed(figures, ledger_use(&self._ledger, account, instrument, figures))

    def hold_price(self, uint32_t instrument, int side, int kind, int64_t price, int64_t stop):
        """Return the price to hold an order at."""
        return ledger_hold_price(&self._ledger, instrument, side, kind, price, stop)

    def hold(self, uint32_t account, uint32_t instrument, uint32_t strategy, int side,
             int64_t lots, int64_t price):
        """Count an order as exposure."""
        return ledger_hold(&self._ledger, account, instrument, strategy, side, lots, price)

    def release(self, uint32_t account, uint32_t instrument, uint32_t strategy, int side,
                int64_t lots, int64_t price):
        """Give a hold back."""
        ledger_release(&self._ledger, account, instrument, strategy, side, lots, price)

    def opened(self, uint32_t account, uint32_t instrument, int64_t delta):
        """Count open orders."""
        ledger_opened(&self._ledger, account, instrument, delta)

    def fill(self, uint32_t account, uint32_t instrument, int side, int64_t lots, int64_t price,
             int64_t held_price, bint maker):
        """Settle a fill of held lots; return its fee."""
        cdef int64_t fee
        if ledger_fill(&self._ledger, account, instrument, side, lots, price, held_price, maker,
                       &fee):
            raise OverflowError("that fill does not fit the ledger")
        return fee

    def settle(self, uint32_t account, uint32_t instrument, int side, int64_t lots, int64_t price,
               int64_t held_price, int64_t fee):
        """Settle a fill at a fee that is known."""
        if ledger_settle(&self._ledger, account, instrument, side, lots, price, held_price, fee):
            raise OverflowError("that fill does not fit the ledger")

    def trade(self, uint32_t instrument, int64_t lots, int64_t price, uint32_t account, int side,
              int64_t held_price, uint32_t other, int64_t other_held_price, bint maker=True):
        """Settle both sides of a trade or none; return (0, fee, fee) or (1 or 2, 0, 0)."""
        cdef int64_t fee = 0, other_fee = 0
        cdef int why = ledger_trade(&self._ledger, instrument, lots, price, account, side,
                                    held_price, other, other_held_price, maker, &fee, &other_fee)
        if why:
            return (why, 0, 0)
        return (0, fee, other_fee)

    def known_account(self, uint32_t account):
        """Tell whether any number of an account was set."""
        return bool(ledger_known_account(&self._ledger, account))

    def known_instrument(self, uint32_t instrument):
        """Tell whether an instrument has a kind."""
        return bool(ledger_known_instrument(&self._ledger, instrument))

    def kind_of(self, uint32_t instrument):
        """Return the Kind of an instrument."""
        return ledger_kind_of(&self._ledger, instrument)

    def cash(self, uint32_t account):
        """Return the cash of an account."""
        return ledger_cash(&self._ledger, account)

    def position(self, uint32_t account, uint32_t instrument):
        """Return the signed lots an account has."""
        return ledger_position(&self._ledger, account, instrument)

    def holding(self, uint32_t account, uint32_t instrument):
        """Return what an account has in an instrument, as the fields of Holding."""
        cdef LedgerRow *r
        if not ledger_known_account(&self._ledger, account) or (
                instrument >= self._ledger.instruments):
            return (0,) * 11
        r = ledger_row(&self._ledger, account, instrument)
        return (r.position, r.cost, r.realised,
                ledger_profit(&self._ledger.instrument[instrument], r), r.exposure,
                ledger_gross(r, r.worth), r.open[0], r.open[1], r.held[0], r.held[1],
                r.open_orders)

    def standing(self, uint32_t account):
        """Return an account as it stands, as the fields of Standing."""
        cdef LedgerStanding z
        ledger_standing(&self._ledger, account, &z)
        return (z.cash, z.equity, z.realised, z.profit, z.fees, z.margin_used, z.gross, z.net_long,
                z.net_short, z.open_lots, z.open_orders, z.day_nanos, z.day_lots)

    def maintenance(self, uint32_t account):
        """Return the maintenance margin of an account's positions."""
        return ledger_maintenance(&self._ledger, account)

    def state(self):
        """Return all of it as bytes."""
        cdef size_t size = ledger_state(&self._ledger, NULL, 0)
        data = bytearray(size)
        cdef uint8_t[::1] view = data
        ledger_state(&self._ledger, &view[0], size)
        return bytes(data)

    def restore(self, const uint8_t[::1] data):
        """Become what `state` returned, or raise ValueError."""
        cdef const uint8_t *at = &data[0] if data.shape[0] else NULL
        if at == NULL or ledger_restore(&self._ledger, at, data.shape[0]):
            raise ValueError("the bytes of the ledger are damaged, or too many for its tables")

    def time_orders(self, int64_t count, uint32_t account, uint32_t instrument, int64_t price,
                    int64_t now_ns):
        """Check, hold and release `count` limit orders in a loop of C; return the ns it took.

        Prices, sides and lots vary from order to order. Raises ValueError where one is denied.
        """
        cdef int64_t k, lots, at, began, denied = 0
        cdef uint32_t dice = 1
        cdef int side
        with nogil:
            began = clock_ns()
            for k in range(count):
                dice = dice * 1664525 + 1013904223
                side = dice >> 31
                lots = 1 + ((dice >> 8) & 7)
                at = price + ((dice >> 16) & 15) - 8
                denied |= ledger_check(&self._ledger, now_ns + k, account, instrument, 0, side, 1,
                                       0, at, 0, lots, 0, 0)
                denied |= ledger_hold(&self._ledger, account, instrument, 0, side, lots, at)
                ledger_release(&self._ledger, account, instrument, 0, side, lots, at)
            began = clock_ns() - began
        if denied:
            raise ValueError("an order was denied")
        return began


cdef list listed(const LedgerFigure *figures, int count):
    """Return figures as tuples."""
    cdef int k
    return [(figures[k].reason, figures[k].used, figures[k].limit, bool(figures[k].passes))
            for k in range(count)]
