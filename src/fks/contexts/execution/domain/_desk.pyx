# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The desk, compiled: whole numbers in C, Python only where a strategy's handler is.

The rules are those of `reference.py`, which is the one to read; a contract suite and a shared
state hash hold both together. It has four parts: `desk_record.pxi` (what a desk holds),
`desk_views.pxi` (what a strategy is shown), `desk_rules.pxi` (matching, risk, money, without
Python) and this one (what is called from Python, and the loops over bars). Nothing here imports FKS: `desks.py` turns rows into values.
Functions that run without the GIL report by code: 0 is good, `NO_MEMORY` and `TOO_MUCH` are
raised by the caller as MemoryError and OverflowError.
"""

import functools
from collections import namedtuple

cimport cython
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

include "desk_record.pxi"
include "desk_views.pxi"
include "desk_rules.pxi"


cdef class Core(Rules):
    """What a strategy and the driving of bars call; see `reference.ReferenceCore`."""

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
