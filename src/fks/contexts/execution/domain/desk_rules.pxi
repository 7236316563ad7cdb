"""The rules of the compiled desk, without Python; part of `_desk.pyx`.

Methods are final, so that the compiler may join them into the loops that call them.
"""


cdef class Rules(Record):
    """Match, check and settle; see `reference.ReferenceCore`, method by method."""

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

    @cython.final
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

    @cython.final
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

    @cython.final
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
        fill.cash, fill.mark = self._account.cash, self._n_marks
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

    @cython.final
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

    @cython.final
    cdef int _submit(self, int64_t number, int64_t side, int64_t kind, int64_t lots,
                     int64_t limit_ticks, int64_t stop_ticks) noexcept nogil:
        """Check an order and let it rest, or fill it now."""
        cdef int64_t price = limit_ticks if limit_ticks else stop_ticks
        cdef int64_t reason = self._refusal(side, lots, price if price else self._last_close)
        cdef int code = self._add(number, side, kind, lots, limit_ticks, stop_ticks, reason)
        if code == GOOD and reason == NONE and kind == MARKET and self._same_close:
            return self._execute(self._n_resting - 1, self._last_close)
        return code

    @cython.final
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

    @cython.final
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

    @cython.final
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
