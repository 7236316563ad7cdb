# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The desk, compiled: whole numbers in C, Python only where a strategy's handler is.

The rules are those of `reference.py`, which is the one to read; a contract suite and a shared
state hash hold both together. Nothing here imports FKS: `desks.py` turns rows into values.
Functions that run without the GIL report by code: 0 is good, `NO_MEMORY` and `TOO_MUCH` are
raised by the caller as MemoryError and OverflowError.
"""

import functools
from collections import namedtuple

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from libc.math cimport fabs, isfinite, rint
from libc.stdint cimport int8_t, int64_t, uint8_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memmove

import numpy as np

cdef extern from "account.h":
    ctypedef struct fks_costs:
        int64_t tick_value, fee_rate, fee_per_lot, fee_minimum, slip_ticks, slip_rate

    ctypedef struct fks_account:
        int64_t cash, position, cost, realised

    int64_t fks_product(int64_t a, int64_t b, int64_t c, int *ok) nogil
    int64_t fks_slipped(const fks_costs *k, int64_t side, int64_t price) nogil
    int fks_settle(const fks_costs *k, fks_account *a, int64_t side, int64_t lots, int64_t price,
                   int64_t *fee_out) nogil
    int fks_value(const fks_costs *k, const fks_account *a, int64_t price, int64_t *out) nogil
    Py_ssize_t fks_mark_sides(const fks_costs *k, const fks_account *a, int8_t wanted,
                              const int8_t *sides, const int64_t *close, Py_ssize_t rows,
                              int64_t *out) nogil
    Py_ssize_t fks_mark_quiet(const fks_costs *k, const fks_account *a, const uint8_t *flags,
                              const int64_t *close, Py_ssize_t rows, int64_t *out) nogil
    int fks_rising(int64_t opened, int64_t high, int64_t low) nogil

cdef extern from "Python.h":
    ctypedef struct PyTypeObject:
        pass
    object PyType_GenericAlloc(PyTypeObject *kind, Py_ssize_t size)
    void PyTuple_SET_ITEM(object tuple, Py_ssize_t index, void *item)
    void *PyFloat_FromDouble(double value)

cdef enum:
    MARKET = 0
    LIMIT = 1
    STOP = 2

cdef enum:
    ACCEPTED = 0
    FILLED = 1
    CANCELLED = 2
    REJECTED = 3

cdef enum:
    NONE = 0
    MAX_ORDER_SIZE = 1
    MAX_POSITION = 2
    MAX_NOTIONAL = 3
    SHORT_NOT_ALLOWED = 4
    INVALID_QUANTITY = 5
    INVALID_PRICE = 6
    NO_MARKET = 7
    OVERFLOW = 8
    TOO_MANY_OPEN_ORDERS = 9

cdef enum:
    GOOD = 0
    NO_MEMORY = 1
    TOO_MUCH = 2

cdef enum:
    ORDER_FIELDS = 10
    FILL_FIELDS = 11
    SCALARS = 18

cdef int64_t INT64_MOST = 0x7FFFFFFFFFFFFFFF

cdef struct order_t:
    int64_t id, number, side, type, lots, status, limit_ticks, stop_ticks, created_ts_ns, reason

cdef struct fill_t:
    int64_t id, order_id, side, lots, price_ticks, fee, ts_ns, bar_index, position, realised, cash


cdef int grow(void **data, Py_ssize_t *room, Py_ssize_t wanted, size_t size) noexcept nogil:
    """Make room for `wanted` items, doubling."""
    cdef Py_ssize_t more = room[0] * 2 if room[0] else 64
    cdef void *moved
    if wanted <= room[0]:
        return GOOD
    if more < wanted:
        more = wanted
    moved = realloc(data[0], <size_t>more * size)
    if moved == NULL:
        return NO_MEMORY
    data[0] = moved
    room[0] = more
    return GOOD


include "desk_views.pxi"


cdef class Core:
    """The rules of the desk; see `reference.ReferenceCore`, method by method."""

    cdef fks_costs _costs
    cdef fks_account _account
    cdef int64_t _quantity_lots, _max_order, _max_position, _max_notional, _max_open
    cdef int64_t _last_close, _last_ts, _bars, _recorded_before, _position_before
    cdef int64_t _view, _aim_lots, _tried_aim, _tried_position, _tried_refused, _refused_bits
    cdef int64_t _order_count, _fill_count, _numbers, _signals
    cdef int64_t _told  # the last fill the strategy of drive_bars was told of
    cdef bint _same_close, _allow_short
    cdef double _lot_numerator, _lot_denominator, _tick_numerator, _tick_denominator
    cdef order_t *_orders
    cdef fill_t *_fills
    cdef int64_t *_equity
    cdef Py_ssize_t *_resting
    cdef Py_ssize_t _n_orders, _n_fills, _n_marks, _n_resting
    cdef Py_ssize_t _room_orders, _room_fills, _room_equity, _room_resting

    def __cinit__(self, terms):
        self._costs.tick_value = terms.tick_value_nanos
        self._costs.fee_rate = terms.fee_rate_e9
        self._costs.fee_per_lot = terms.fee_per_lot_nanos
        self._costs.fee_minimum = terms.fee_minimum_nanos
        self._costs.slip_ticks = terms.slippage_ticks
        self._costs.slip_rate = terms.slippage_rate_e9
        self._account.cash = terms.cash_nanos
        self._quantity_lots = terms.quantity_lots
        self._max_order = terms.max_order_lots
        self._max_position = terms.max_position_lots
        self._max_notional = terms.max_notional_nanos
        self._max_open = terms.max_open_orders
        self._same_close = terms.same_close
        self._allow_short = terms.allow_short
        self._lot_numerator = terms.lot_numerator
        self._lot_denominator = terms.lot_denominator
        self._tick_numerator = terms.tick_numerator
        self._tick_denominator = terms.tick_denominator

    def __dealloc__(self):
        free(self._orders)
        free(self._fills)
        free(self._equity)
        free(self._resting)

    # --- what a strategy calls ---------------------------------------------------------------

    @property
    def position(self):
        """Return the signed quantity held when the bar closed."""
        return self._view * self._lot_numerator / self._lot_denominator

    @property
    def signals(self):
        """Return how many decisions counted."""
        return self._signals

    def long(self, double strength=1.0):
        """Aim at the configured quantity."""
        self._raise(self._aim(self._quantity_lots))

    def short(self, double strength=1.0):
        """Aim at minus the configured quantity."""
        self._raise(self._aim(-self._quantity_lots))

    def flat(self, double strength=1.0):
        """Aim at nothing."""
        self._raise(self._aim(0))

    def target(self, double quantity, double strength=1.0):
        """Aim at a signed quantity; one that is no whole number of lots is refused once."""
        cdef int64_t lots = 0, bits = 0
        if steps(quantity, self._lot_numerator, self._lot_denominator, &lots):
            self._refused_bits = 0
            self._raise(self._aim(lots))
            return
        memcpy(&bits, &quantity, sizeof(bits))
        if bits != self._refused_bits:
            self._refused_bits = bits
            self._signals += 1
            self._raise(self._add(0, 1 if quantity > 0 else -1, MARKET, 0, 0, 0, INVALID_QUANTITY))

    def buy(self, double quantity, *, limit=None, stop=None):
        """Place an order to buy; return its number."""
        return self._place(1, quantity, limit, stop)

    def sell(self, double quantity, *, limit=None, stop=None):
        """Place an order to sell; return its number."""
        return self._place(-1, quantity, limit, stop)

    def cancel(self, int64_t number):
        """Cancel the resting order of that number."""
        cdef Py_ssize_t place = self._n_resting - 1
        while place >= 0 and number > 0:
            if self._orders[self._resting[place]].number == number:
                self._finish(place, CANCELLED, NONE)
            place -= 1

    def cancel_all(self):
        """Cancel all that rests."""
        while self._n_resting:
            self._finish(self._n_resting - 1, CANCELLED, NONE)

    # --- bars --------------------------------------------------------------------------------

    def on_bar(self, int64_t ts_ns, int64_t open_ticks, int64_t high_ticks, int64_t low_ticks,
               int64_t close_ticks):
        """Match what rests, mark at the close."""
        self._raise(self._on_bar(ts_ns, open_ticks, high_ticks, low_ticks, close_ticks))

    def end_bar(self):
        """Record the bar."""
        self._raise(self._end_bar())

    def drive_targets(self, bars, sides):
        """Aim at a side a bar; no Python in the loop."""
        cdef Bar bar = self._cursor(bars)
        cdef Py_ssize_t row = 0, quiet, rows = bar._rows
        cdef const int8_t *aims = <const int8_t *>column(sides, np.int8, rows, bar._held)
        cdef const int64_t *ts = bar._ts
        cdef const int64_t *close = bar._close
        cdef int code = GOOD
        cdef int8_t side
        self._raise(self._reserve(rows))
        with nogil:
            while row < rows:
                if self._n_resting == 0 and self._has_aim(&side):
                    quiet = fks_mark_sides(&self._costs, &self._account, side, &aims[row],
                                           &close[row], rows - row, &self._equity[self._n_marks])
                    if quiet:
                        self._passed(ts[row + quiet - 1], close[row + quiet - 1], quiet)
                        row += quiet
                        continue
                code = self._on_row(bar, row)
                if code != GOOD:
                    break
                side = aims[row]
                if -1 <= side <= 1:
                    code = self._aim(side * self._quantity_lots)
                    if code != GOOD:
                        break
                code = self._end_bar()
                if code != GOOD:
                    break
                row += 1
        self._raise(code)

    def drive_events(self, bars, features, fired, handler):
        """Call the handler where something fired; no Python at the other bars."""
        cdef Bar bar = self._cursor(bars)
        cdef Py_ssize_t row = 0, quiet, rows = bar._rows
        cdef const uint8_t *hits = <const uint8_t *>column(fired, np.uint8, rows, bar._held)
        cdef const int64_t *ts = bar._ts
        cdef const int64_t *close = bar._close
        cdef Values values = Values(features, rows)
        cdef int code = GOOD
        self._raise(self._reserve(rows))
        while row < rows:
            with nogil:
                while row < rows:
                    if self._n_resting == 0:
                        quiet = fks_mark_quiet(&self._costs, &self._account, &hits[row],
                                               &close[row], rows - row,
                                               &self._equity[self._n_marks])
                        if quiet:
                            self._passed(ts[row + quiet - 1], close[row + quiet - 1], quiet)
                            row += quiet
                            continue
                    code = self._on_row(bar, row)
                    if code != GOOD or hits[row]:
                        break
                    code = self._end_bar()
                    if code != GOOD:
                        break
                    row += 1
            self._raise(code)
            if row < rows:
                bar._row, bar._index = row, self._bars - 1
                handler(hits[row], bar, values.at(row), self)
                self._raise(self._end_bar())
                row += 1
                self._raise(self._reserve(rows - row))

    def drive_bars(self, bars, features, on_bar, on_fill=None):
        """Call the handler at every bar."""
        cdef Bar bar = self._cursor(bars)
        cdef Py_ssize_t row, rows = bar._rows
        cdef Values values = Values(features, rows)
        self._raise(self._reserve(rows))
        for row in range(rows):
            self._raise(self._on_row(bar, row))
            if on_fill is not None and self._fill_count != self._told:
                for fill in self.fills_after(self._told):
                    self._told = fill.id
                    on_fill(fill, self)
            bar._row, bar._index = row, self._bars - 1
            on_bar(bar, values.at(row), self)
            self._raise(self._end_bar())

    cdef Bar _cursor(self, object bars):
        """Return a view that the driving loop moves from row to row."""
        cdef Bar bar = Bar(bars)
        bar._numerator, bar._denominator = self._tick_numerator, self._tick_denominator
        return bar

    def overflow(self):
        """Return the error of an account that is worth more than int64 holds."""
        return OverflowError("the account is worth more than 9.22 billion")

    cdef object _raise(self, int code):
        """Raise what a code stands for."""
        if code == NO_MEMORY:
            raise MemoryError("the desk's records do not fit into memory")
        if code == TOO_MUCH:
            raise self.overflow()

    # --- the record --------------------------------------------------------------------------

    @property
    def order_count(self):
        """Return the newest order's id."""
        return self._order_count

    @property
    def fill_count(self):
        """Return the newest fill's id."""
        return self._fill_count

    @property
    def open_count(self):
        """Return how many orders rest."""
        return self._n_resting

    def order_rows(self, int64_t after):
        """Return orders with a greater id."""
        cdef Py_ssize_t start = self._n_orders
        while start > 0 and self._orders[start - 1].id > after:
            start -= 1
        return [order_row(&self._orders[k]) for k in range(start, self._n_orders)]

    def open_rows(self):
        """Return resting orders."""
        return [order_row(&self._orders[self._resting[k]]) for k in range(self._n_resting)]

    def fill_rows(self, int64_t after):
        """Return fills with a greater id."""
        cdef Py_ssize_t kept = min(max(self._fill_count - after, 0), self._n_fills)
        return [fill_row(&self._fills[k]) for k in range(self._n_fills - kept, self._n_fills)]

    def order_table(self):
        """Return all orders: int64 of shape (n, 10)."""
        return copied(self._orders, self._n_orders * ORDER_FIELDS).reshape(-1, ORDER_FIELDS)

    def fill_table(self):
        """Return all fills: int64 of shape (n, 11)."""
        return copied(self._fills, self._n_fills * FILL_FIELDS).reshape(-1, FILL_FIELDS)

    def equity_nanos(self):
        """Return the equity after each bar."""
        return copied(self._equity, self._n_marks)

    def position_lots(self):
        """Return the position after each bar: what its last fill left."""
        made = np.empty(self._n_marks, dtype=np.int64)
        cdef int64_t[::1] view = made
        cdef int64_t held = self._position_before
        cdef Py_ssize_t mark, fill = 0
        for mark in range(self._n_marks):
            while (fill < self._n_fills
                   and self._fills[fill].bar_index <= self._recorded_before + mark):
                held = self._fills[fill].position
                fill += 1
            view[mark] = held
        return made

    def scalars(self):
        """Return account and counters, in the order of `state.Scalars`."""
        return (
            self._account.cash, self._account.position, self._account.cost,
            self._account.realised, self._last_close, self._last_ts, self._bars,
            self._recorded_before + self._n_marks, self._view, self._aim_lots, self._tried_aim,
            self._tried_position, self._tried_refused, self._refused_bits, self._order_count,
            self._fill_count, self._numbers, self._signals,
        )

    def load(self, scalars, resting):
        """Take over a state; the record begins anew with what rests."""
        cdef order_t *order
        if len(scalars) != SCALARS:
            raise ValueError(f"a state has {SCALARS} scalars")
        rows = list(resting)
        self._raise(grow(<void **>&self._orders, &self._room_orders, len(rows), sizeof(order_t)))
        self._raise(grow(<void **>&self._resting, &self._room_resting, len(rows), sizeof(Py_ssize_t)))
        (
            self._account.cash, self._account.position, self._account.cost,
            self._account.realised, self._last_close, self._last_ts, self._bars,
            self._recorded_before, self._view, self._aim_lots, self._tried_aim,
            self._tried_position, self._tried_refused, self._refused_bits, self._order_count,
            self._fill_count, self._numbers, self._signals,
        ) = scalars
        self._told = self._fill_count
        self._position_before = self._account.position
        self._n_orders = self._n_resting = self._n_fills = self._n_marks = 0
        for row in rows:
            order = &self._orders[self._n_orders]
            (
                order.id, order.number, order.side, order.type, order.lots, order.status,
                order.limit_ticks, order.stop_ticks, order.created_ts_ns, order.reason,
            ) = row
            self._resting[self._n_resting] = self._n_orders
            self._n_orders += 1
            self._n_resting += 1

    # --- rules -------------------------------------------------------------------------------

    cdef int _reserve(self, Py_ssize_t rows) noexcept nogil:
        """Make room for the marks of further bars."""
        cdef Py_ssize_t wanted = self._n_marks + rows
        return grow(<void **>&self._equity, &self._room_equity, wanted, sizeof(int64_t))

    cdef inline int _end_bar(self) noexcept nogil:
        """Record the equity; the position follows from the fills."""
        if self._n_marks >= self._room_equity and self._reserve(1):
            return NO_MEMORY
        if not fks_value(&self._costs, &self._account, self._last_close,
                         &self._equity[self._n_marks]):
            return TOO_MUCH
        self._n_marks += 1
        return GOOD

    cdef inline bint _has_aim(self, int8_t *side) noexcept nogil:
        """Tell whether the position is the one aimed at, and in `side` which side that is."""
        cdef int64_t held = self._account.position
        side[0] = 0 if held == 0 else (1 if held > 0 else -1)
        return held == self._aim_lots and held == side[0] * self._quantity_lots

    cdef inline void _passed(self, int64_t ts, int64_t close, Py_ssize_t bars) noexcept nogil:
        """Note bars that only marked the account, the last of them at `ts` and `close`."""
        self._last_ts, self._last_close = ts, close
        self._bars += bars
        self._n_marks += bars
        self._view = self._account.position

    cdef inline int _on_row(self, Bar bar, Py_ssize_t row) noexcept nogil:
        """Match one row of columns."""
        return self._on_bar(bar._ts[row], bar._open[row], bar._high[row], bar._low[row],
                            bar._close[row])

    cdef inline int _on_bar(self, int64_t ts, int64_t opened, int64_t high, int64_t low,
                            int64_t close) noexcept nogil:
        """Match what rests, mark at the close."""
        cdef int code = GOOD
        self._last_ts = ts
        self._bars += 1
        if self._n_resting:
            code = self._match(opened, high, low)
        self._last_close = close
        self._view = self._account.position
        return code

    cdef int _match(self, int64_t opened, int64_t high, int64_t low) noexcept nogil:
        """Fill what the bar reaches: at the open by id, then along the path to both extremes."""
        cdef Py_ssize_t place = 0
        cdef order_t *order
        cdef bint rising = fks_rising(opened, high, low)
        cdef int code
        while place < self._n_resting:
            order = &self._orders[self._resting[place]]
            if order.type == MARKET or reached(order, opened):
                code = self._execute(place, opened)
                if code != GOOD:
                    return code
            else:
                place += 1
        code = self._leg(rising, high if rising else low)
        if code == GOOD:
            code = self._leg(not rising, low if rising else high)
        return code

    cdef int _leg(self, bint upward, int64_t end) noexcept nogil:
        """Fill what is met on the way to `end`, by the price reached and then by id."""
        cdef Py_ssize_t place, best
        cdef int64_t price, best_price
        cdef order_t *order
        cdef int code
        while self._n_resting:
            best, best_price = -1, 0
            for place in range(self._n_resting):
                order = &self._orders[self._resting[place]]
                if rises(order) != upward:
                    continue
                price = trigger(order)
                if (price > end) if upward else (price < end):
                    continue
                if best < 0 or (price < best_price if upward else price > best_price):
                    best, best_price = place, price
            if best < 0:
                return GOOD
            code = self._execute(best, best_price)
            if code != GOOD:
                return code
        return GOOD

    cdef int _execute(self, Py_ssize_t place, int64_t price) noexcept nogil:
        """Fill a resting order, or cancel it with the reason why the fill may not be."""
        cdef order_t *order = &self._orders[self._resting[place]]
        cdef fill_t *fill
        cdef int64_t fee = 0, reason
        if order.type != LIMIT:
            price = fks_slipped(&self._costs, order.side, price)
        reason = self._breach(self._account.position + order.side * order.lots, order.side)
        if reason == NONE:
            if grow(<void **>&self._fills, &self._room_fills, self._n_fills + 1, sizeof(fill_t)):
                return NO_MEMORY
            if not fks_settle(&self._costs, &self._account, order.side, order.lots, price, &fee):
                reason = OVERFLOW
        if reason != NONE:
            self._finish(place, CANCELLED, reason)
            return GOOD
        self._fill_count += 1
        fill = &self._fills[self._n_fills]
        fill.id, fill.order_id, fill.side = self._fill_count, order.id, order.side
        fill.lots, fill.price_ticks, fill.fee = order.lots, price, fee
        fill.ts_ns, fill.bar_index = self._last_ts, self._bars - 1
        fill.position, fill.realised = self._account.position, self._account.realised
        fill.cash = self._account.cash
        self._n_fills += 1
        self._finish(place, FILLED, NONE)
        return GOOD

    cdef inline int64_t _breach(self, int64_t position, int64_t side) noexcept nogil:
        """Return why the position may not become this, as far as `side` moves it there."""
        cdef int64_t size = -position if position < 0 else position
        if (position > 0) == (side > 0) and size > self._max_position:
            return MAX_POSITION
        if position < 0 and side < 0 and not self._allow_short:
            return SHORT_NOT_ALLOWED
        return NONE

    cdef inline int _aim(self, int64_t lots) noexcept nogil:
        """Aim at a position: replace the target's order by one for what is missing."""
        cdef int64_t held = self._account.position
        if lots != self._aim_lots:
            self._aim_lots = lots
            self._signals += 1
        elif lots == held and self._n_resting == 0:
            return GOOD
        return self._reaim(lots, held)

    cdef int _reaim(self, int64_t lots, int64_t held) noexcept nogil:
        """Place the order for what is missing, unless one works or would be refused again."""
        cdef int64_t working = 0, missing = lots - held, count = 0, side
        cdef Py_ssize_t place
        cdef order_t *order
        cdef int code
        for place in range(self._n_resting):
            order = &self._orders[self._resting[place]]
            if order.number == 0:
                working += order.side * order.lots
                count += 1
        if working == missing:
            return GOOD
        side = 1 if missing > 0 else -1
        if (count == 0 and self._tried_refused and self._tried_aim == lots
                and self._tried_position == held
                and self._refusal(side, side * missing, self._last_close) != NONE):
            return GOOD
        place = 0
        while place < self._n_resting:
            if self._orders[self._resting[place]].number == 0:
                self._finish(place, CANCELLED, NONE)
            else:
                place += 1
        self._tried_refused = 0
        if missing:
            code = self._submit(0, side, MARKET, side * missing, 0, 0)
            if code != GOOD:
                return code
            self._tried_refused = self._orders[self._n_orders - 1].reason != NONE
        self._tried_aim, self._tried_position = lots, held
        return GOOD

    cdef object _place(self, int64_t side, double quantity, object limit, object stop):
        """Take an order of the strategy's own."""
        cdef int64_t lots = 0, limit_ticks = 0, stop_ticks = 0
        cdef int64_t kind = LIMIT if limit is not None else STOP if stop is not None else MARKET
        cdef bint good = limit is None or stop is None
        if limit is not None:
            good = self._ticks(limit, &limit_ticks) and good
        if stop is not None:
            good = self._ticks(stop, &stop_ticks) and good
        self._numbers += 1
        self._signals += 1
        if not steps(quantity, self._lot_numerator, self._lot_denominator, &lots) or lots <= 0:
            self._raise(self._add(self._numbers, side, kind, 0, 0, 0, INVALID_QUANTITY))
        elif not good:
            self._raise(self._add(self._numbers, side, kind, lots, 0, 0, INVALID_PRICE))
        else:
            self._raise(self._submit(self._numbers, side, kind, lots, limit_ticks, stop_ticks))
        return self._numbers

    cdef bint _ticks(self, double price, int64_t *ticks) except *:
        """Set whole positive ticks; tell whether the price is that."""
        return (
            steps(price, self._tick_numerator, self._tick_denominator, ticks) and ticks[0] > 0
        )

    cdef int _submit(self, int64_t number, int64_t side, int64_t kind, int64_t lots,
                     int64_t limit_ticks, int64_t stop_ticks) noexcept nogil:
        """Check an order and let it rest, or fill it now."""
        cdef int64_t price = limit_ticks if limit_ticks else stop_ticks
        cdef int64_t reason = self._refusal(side, lots, price if price else self._last_close)
        cdef int code = self._add(number, side, kind, lots, limit_ticks, stop_ticks, reason)
        if code == GOOD and reason == NONE and kind == MARKET and self._same_close:
            return self._execute(self._n_resting - 1, self._last_close)
        return code

    cdef int64_t _refusal(self, int64_t side, int64_t lots, int64_t price) noexcept nogil:
        """Return why an order may not be accepted. Cheap checks first."""
        cdef int64_t notional, worst, ahead = lots
        cdef Py_ssize_t place
        cdef order_t *order
        cdef int ok = 1
        if self._bars == 0:
            return NO_MARKET
        if lots > self._max_order:
            return MAX_ORDER_SIZE
        if self._n_resting >= self._max_open:
            return TOO_MANY_OPEN_ORDERS
        notional = fks_product(price, lots, self._costs.tick_value, &ok)
        for place in range(self._n_resting):
            order = &self._orders[self._resting[place]]
            if order.side == side:
                ahead = total(ahead, order.lots, &ok)
        worst = total(self._account.position, side * ahead, &ok)
        total(self._account.cash, -side * notional, &ok)
        if not ok:
            return OVERFLOW
        if notional > self._max_notional:
            return MAX_NOTIONAL
        return self._breach(worst, side)

    cdef int _add(self, int64_t number, int64_t side, int64_t kind, int64_t lots,
                  int64_t limit_ticks, int64_t stop_ticks, int64_t reason) noexcept nogil:
        """Number an order and keep it."""
        cdef order_t *order
        if grow(<void **>&self._orders, &self._room_orders, self._n_orders + 1, sizeof(order_t)):
            return NO_MEMORY
        if grow(<void **>&self._resting, &self._room_resting, self._n_resting + 1,
                sizeof(Py_ssize_t)):
            return NO_MEMORY
        self._order_count += 1
        order = &self._orders[self._n_orders]
        order.id, order.number, order.side, order.type = self._order_count, number, side, kind
        order.lots, order.status = lots, ACCEPTED if reason == NONE else REJECTED
        order.limit_ticks, order.stop_ticks = limit_ticks, stop_ticks
        order.created_ts_ns, order.reason = self._last_ts, reason
        if reason == NONE:
            self._resting[self._n_resting] = self._n_orders
            self._n_resting += 1
        self._n_orders += 1
        return GOOD

    cdef void _finish(self, Py_ssize_t place, int64_t status, int64_t reason) noexcept nogil:
        """End the resting order at a place; the others keep their order."""
        cdef order_t *order = &self._orders[self._resting[place]]
        order.status, order.reason = status, reason
        self._n_resting -= 1
        memmove(&self._resting[place], &self._resting[place + 1],
                <size_t>(self._n_resting - place) * sizeof(Py_ssize_t))


cdef inline int64_t total(int64_t a, int64_t b, int *ok) noexcept nogil:
    """Return a + b, or clear `ok` where int64 does not hold it."""
    if (b > 0 and a > INT64_MOST - b) or (b < 0 and a < -INT64_MOST - b):
        ok[0] = 0
        return 0
    return a + b


cdef inline bint rises(order_t *order) noexcept nogil:
    """Tell whether a rising price reaches it: selling at a limit or buying at a stop."""
    return (order.type == LIMIT) == (order.side < 0)


cdef inline int64_t trigger(order_t *order) noexcept nogil:
    """Return the price at which something happens to it."""
    return order.limit_ticks if order.type == LIMIT else order.stop_ticks


cdef inline bint reached(order_t *order, int64_t price) noexcept nogil:
    """Tell whether a price is at or beyond the order's own."""
    return price >= trigger(order) if rises(order) else price <= trigger(order)


cdef bint steps(double value, double numerator, double denominator, int64_t *out):
    """Set how many steps a value is; tell whether it is a whole number of them (to 1e-9)."""
    cdef double exact = value * denominator / numerator
    cdef double nearest = rint(exact)
    if not isfinite(exact) or fabs(exact) > 9007199254740992.0:
        return False
    if fabs(exact - nearest) > 1e-9 * max(fabs(nearest), 1.0):
        return False
    out[0] = <int64_t>nearest
    return True


cdef tuple order_row(order_t *o):
    """Return an order as a tuple, in the order of `state.Row`."""
    return (o.id, o.number, o.side, o.type, o.lots, o.status, o.limit_ticks, o.stop_ticks,
            o.created_ts_ns, o.reason)


cdef tuple fill_row(fill_t *f):
    """Return a fill as a tuple."""
    return (f.id, f.order_id, f.side, f.lots, f.price_ticks, f.fee, f.ts_ns, f.bar_index,
            f.position, f.realised, f.cash)


cdef object copied(void *data, Py_ssize_t count):
    """Return int64 values as an array of their own."""
    made = np.empty(count, dtype=np.int64)
    cdef int64_t[::1] view = made
    if count:
        memcpy(&view[0], data, <size_t>count * sizeof(int64_t))
    return made
