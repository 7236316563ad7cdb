"""What the compiled code of this folder calls of the ledger; included, never imported.

The ledger itself is C (`ledger.h`, `ledger_check.h`, `ledger_state.h`): its products need 128
bits, which Cython has no name for, and inlined into the engine's loop a check costs a few ns. All
of it runs without the GIL and never raises. Where an `int` comes back it is a `Reason`, 0 when
done; anything else left the ledger as it was (but for the rate buckets that a check takes from).
`ledger_trade` says which party's fill does not fit, 1 the taker's, 2 the maker's. `ledger.py` is the twin to read.
"""

from libc.stddef cimport size_t
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

cdef extern from "ledger_check.h" nogil:
    cdef enum:
        LEDGER_FIGURES

    ctypedef struct LedgerInstrument:
        int64_t reference, last
        int32_t has_reference, has_last

    ctypedef struct Ledger:
        LedgerInstrument *instrument
        uint32_t instruments, accounts, strategies, top

    ctypedef struct LedgerRow:
        int64_t open[2]
        int64_t held[2]
        int64_t worth[2]
        int64_t position, exposure, cost, realised, open_orders

    ctypedef struct LedgerStanding:
        int64_t cash, equity, realised, profit, fees, margin_used, gross, net_long, net_short
        int64_t open_lots, open_orders, day_nanos, day_lots

    ctypedef struct LedgerFigure:
        int64_t used, limit
        int32_t reason, passes

    ctypedef struct LedgerOrder:
        int64_t now, price, stop, lots, old_lots, old_price
        uint32_t account, instrument, strategy
        int side, kind, flags

    int ledger_create(Ledger *L, uint32_t instruments, uint32_t accounts, uint32_t strategies)
    void ledger_destroy(Ledger *L)
    bint ledger_known_account(const Ledger *L, uint32_t account)
    bint ledger_known_instrument(const Ledger *L, uint32_t instrument)
    int ledger_kind_of(const Ledger *L, uint32_t instrument)
    LedgerRow *ledger_row(const Ledger *L, uint32_t account, uint32_t instrument)
    int64_t ledger_cash(const Ledger *L, uint32_t account)
    int64_t ledger_profit(const LedgerInstrument *i, const LedgerRow *r)
    int64_t ledger_gross(const LedgerRow *r, const int64_t *worth)
    int64_t ledger_position(const Ledger *L, uint32_t account, uint32_t instrument)

    int ledger_check(Ledger *L, int64_t now_ns, uint32_t account, uint32_t instrument,
                     uint32_t strategy, int side, int kind, int flags, int64_t price, int64_t stop,
                     int64_t lots, int64_t old_lots, int64_t old_price)
    void ledger_standing(Ledger *L, uint32_t account, LedgerStanding *out)
    int64_t ledger_maintenance(const Ledger *L, uint32_t account)
    int ledger_use(Ledger *L, uint32_t account, uint32_t instrument, LedgerFigure *out)
    int ledger_what_if(Ledger *L, const LedgerOrder *order, LedgerFigure *out)
    int ledger_enter(Ledger *L, int64_t now_ns, uint32_t account, uint32_t instrument,
                     uint32_t strategy, int side, int flags, int64_t price, int64_t lots)
    void ledger_leave(Ledger *L, uint32_t account, uint32_t instrument, uint32_t strategy,
                      int side, int64_t lots, int64_t price)
    int64_t ledger_hold_price(const Ledger *L, uint32_t instrument, int side, int kind,
                              int64_t price, int64_t stop)
    int ledger_hold(Ledger *L, uint32_t account, uint32_t instrument, uint32_t strategy, int side,
                    int64_t lots, int64_t price)
    void ledger_release(Ledger *L, uint32_t account, uint32_t instrument, uint32_t strategy,
                        int side, int64_t lots, int64_t price)
    void ledger_opened(Ledger *L, uint32_t account, uint32_t instrument, int64_t delta)
    int ledger_fill(Ledger *L, uint32_t account, uint32_t instrument, int side, int64_t lots,
                    int64_t price, int64_t held_price, int maker, int64_t *fee)
    int ledger_settle(Ledger *L, uint32_t account, uint32_t instrument, int side, int64_t lots,
                      int64_t price, int64_t held_price, int64_t fee)
    int ledger_trade(Ledger *L, uint32_t instrument, int64_t lots, int64_t price, uint32_t account,
                     int side, int64_t held_price, uint32_t other, int64_t other_held_price,
                     int maker, int64_t *fee, int64_t *other_fee)
    int ledger_credit(Ledger *L, uint32_t account, int64_t nanos)
    int ledger_new_day(Ledger *L, uint32_t account)
    int ledger_set_reference(Ledger *L, uint32_t instrument, int64_t ticks, int64_t now_ns)
    void ledger_set_last(Ledger *L, uint32_t instrument, int64_t ticks)

cdef extern from "ledger_state.h" nogil:
    int ledger_configure_instrument(Ledger *L, uint32_t instrument, int key, int64_t value)
    int ledger_configure_account(Ledger *L, uint32_t account, uint32_t instrument, int key,
                                 int64_t value)
    int ledger_configure_strategy(Ledger *L, uint32_t strategy, int key, int64_t value)
    size_t ledger_state(const Ledger *L, uint8_t *out, size_t room)
    int ledger_restore(Ledger *L, const uint8_t *data, size_t size)
