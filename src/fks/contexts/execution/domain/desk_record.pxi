"""The record of the compiled desk: what it holds, and how it is read; part of `_desk.pyx`."""

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
    FILL_FIELDS = 12
    SCALARS = 18

cdef int64_t INT64_MOST = 0x7FFFFFFFFFFFFFFF

cdef struct order_t:
    int64_t id, number, side, type, lots, status, limit_ticks, stop_ticks, created_ts_ns, reason

cdef struct fill_t:
    int64_t id, order_id, side, lots, price_ticks, fee, ts_ns, bar_index, position, realised, cash
    int64_t mark  # how many bars were recorded before it


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


cdef class Record:
    """Account, counters, orders and fills in C arrays; see `reference_record.ReferenceRecord`."""

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
        """Return all fills: int64 of shape (n, 11); the desk's own mark stays here."""
        return copied(self._fills, self._n_fills * FILL_FIELDS).reshape(-1, FILL_FIELDS)[:, :-1]

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
            while fill < self._n_fills and self._fills[fill].mark <= mark:
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
        self._raise(grow(<void **>&self._resting, &self._room_resting, len(rows),
                         sizeof(Py_ssize_t)))
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

    cdef int _reserve(self, Py_ssize_t rows) noexcept nogil:
        """Make room for the marks of further bars."""
        cdef Py_ssize_t wanted = self._n_marks + rows
        return grow(<void **>&self._equity, &self._room_equity, wanted, sizeof(int64_t))

    def overflow(self):
        """Return the error of an account that is worth more than int64 holds."""
        return OverflowError("the account is worth more than 9.22 billion")

    cdef object _raise(self, int code):
        """Raise what a code stands for."""
        if code == NO_MEMORY:
            raise MemoryError("the desk's records do not fit into memory")
        if code == TOO_MUCH:
            raise self.overflow()


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
