# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# distutils: extra_compile_args = -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math
"""The arithmetic of the indicators, compiled: state objects fed with chunks of any size.

Every loop depends on the bars seen so far and never on where a chunk ends, so the values are the
same bit for bit in a backtest of 4096 bars a chunk and live, bar by bar. What is summed over a
window of prices is summed as integer ticks and therefore exact; what is summed over a window of
floats is added afresh from two block sums, never subtracted from, so nothing drifts. Contraction
of multiply and add is off, so `reference` gives the same bits on every machine.
"""

from libc.math cimport NAN, fabs, sqrt
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport calloc, free

cdef extern from *:
    """
    typedef __int128 fks_int128;
    """
    ctypedef long long fks_int128  # 128 bits in C; declared so that Cython converts by a cast

cdef int64_t DAY_NS = 86_400_000_000_000
cdef int64_t LARGEST = 1LL << 62
cdef int64_t NO_SESSION = -(1LL << 62)


cdef class _Ring:
    """A fixed number of zeroed 8-byte cells."""

    cdef void* cells

    def __cinit__(self, Py_ssize_t size):
        self.cells = calloc(size, 8)
        if self.cells == NULL:
            raise MemoryError("no memory for an indicator's window")

    def __dealloc__(self):
        free(self.cells)


cdef int64_t _limit(int64_t weights):
    """Return the power of two up to which ticks, times all weights, stay within 62 bits."""
    cdef int64_t limit = 1
    while limit <= LARGEST // weights // 2:
        limit *= 2
    return limit


cdef int _check(const int64_t* x, Py_ssize_t n, int64_t limit) except -1:
    """Refuse ticks whose exact sums could overflow; two instructions a tick."""
    cdef Py_ssize_t i
    cdef uint64_t bits = 0
    for i in range(n):
        bits |= <uint64_t>x[i] + <uint64_t>limit
    if bits >= 2 * <uint64_t>limit:
        raise OverflowError(f"prices beyond {limit} ticks are too large for this period")
    return 0


cdef class TickMean:
    """The mean of the last `period` ticks, exact before its one rounding."""

    cdef Py_ssize_t period, seen, at
    cdef int64_t total, limit
    cdef _Ring ring

    def __init__(self, Py_ssize_t period):
        self.period = period
        self.seen = self.at = 0
        self.total = 0
        self.limit = _limit(period)
        self.ring = _Ring(period)

    def update(self, const int64_t[::1] ticks, double numerator, double denominator,
               double[::1] out):
        """Write the mean times `numerator` over `denominator` after each of the ticks."""
        cdef Py_ssize_t i, n = ticks.shape[0]
        cdef double down = denominator * self.period
        if n == 0:
            return
        _check(&ticks[0], n, self.limit)
        with nogil:
            self._run(&ticks[0], n, &out[0])
            for i in range(n):
                out[i] = out[i] * numerator / down

    cdef void _run(self, const int64_t* x, Py_ssize_t n, double* out) noexcept nogil:
        """Write the sums; beyond the first window the ticks themselves serve as the ring."""
        cdef int64_t* ring = <int64_t*>self.ring.cells
        cdef Py_ssize_t i, period = self.period, first = n if n < period else period
        cdef int64_t total = self.total
        for i in range(first):
            total += x[i] - ring[self.at]
            ring[self.at] = x[i]
            self.at += 1
            if self.at == period:
                self.at = 0
            self.seen += 1
            out[i] = <double>total if self.seen >= period else NAN
        if n > period:
            for i in range(period, n):
                total += x[i] - x[i - period]
                out[i] = <double>total
            self.seen += n - period
            self.at = 0
            for i in range(period):
                ring[i] = x[n - period + i]
        self.total = total


cdef class TickDeviation:
    """Mean and population deviation of the last `period` ticks, exact before the square root."""

    cdef Py_ssize_t period, seen, at
    cdef int64_t total, limit
    cdef fks_int128 squares
    cdef _Ring ring

    def __init__(self, Py_ssize_t period):
        self.period = period
        self.seen = self.at = 0
        self.total = 0
        self.squares = 0
        self.limit = _limit(period)
        self.ring = _Ring(period)

    def update(self, const int64_t[::1] ticks, double numerator, double denominator,
               double[::1] mean, double[::1] deviation):
        """Write both, times `numerator` over `denominator`, after each of the ticks."""
        cdef Py_ssize_t i, n = ticks.shape[0], period = self.period
        cdef int64_t* ring = <int64_t*>self.ring.cells
        cdef int64_t x, old
        cdef fks_int128 spread
        cdef double down = denominator * period
        if n == 0:
            return
        _check(&ticks[0], n, self.limit)
        with nogil:
            for i in range(n):
                x = ticks[i]
                old = ring[self.at]
                ring[self.at] = x
                self.at += 1
                if self.at == period:
                    self.at = 0
                self.total += x - old
                self.squares += <fks_int128>x * x - <fks_int128>old * old
                self.seen += 1
                if self.seen < period:
                    mean[i] = deviation[i] = NAN
                    continue
                spread = self.squares * period - <fks_int128>self.total * self.total
                mean[i] = <double>self.total * numerator / down
                deviation[i] = sqrt(<double>spread) * numerator / down


cdef class TickWeightedMean:
    """The mean of the last `period` ticks weighted 1 for the oldest to `period` for the newest."""

    cdef Py_ssize_t period, seen, at
    cdef int64_t total, weighted, limit
    cdef _Ring ring

    def __init__(self, Py_ssize_t period):
        self.period = period
        self.seen = self.at = 0
        self.total = self.weighted = 0
        self.limit = _limit(period * (period + 1) // 2)
        self.ring = _Ring(period)

    def update(self, const int64_t[::1] ticks, double numerator, double denominator,
               double[::1] out):
        """Write the mean times `numerator` over `denominator` after each of the ticks."""
        cdef Py_ssize_t i, n = ticks.shape[0], period = self.period
        cdef int64_t* ring = <int64_t*>self.ring.cells
        cdef int64_t x
        cdef double down = denominator * (period * (period + 1) // 2)
        if n == 0:
            return
        _check(&ticks[0], n, self.limit)
        with nogil:
            for i in range(n):
                x = ticks[i]
                self.weighted += period * x - self.total
                self.total += x - ring[self.at]
                ring[self.at] = x
                self.at += 1
                if self.at == period:
                    self.at = 0
                self.seen += 1
                out[i] = <double>self.weighted * numerator / down if self.seen >= period else NAN


cdef class FloatMean:
    """The mean of the last `period` floats, from the tail of one block and the head of the next.

    A NaN makes only the windows that hold it NaN.
    """

    cdef Py_ssize_t period, seen, at
    cdef double head
    cdef _Ring block, tails

    def __init__(self, Py_ssize_t period):
        self.period = period
        self.seen = self.at = 0
        self.head = 0.0
        self.block = _Ring(period)
        self.tails = _Ring(period + 1)

    def update(self, const double[::1] values, double[::1] out):
        """Write the mean after each of the values."""
        cdef Py_ssize_t i, j, n = values.shape[0], period = self.period
        cdef Py_ssize_t at = self.at, seen = self.seen
        cdef double* block = <double*>self.block.cells
        cdef double* tails = <double*>self.tails.cells
        cdef double head = self.head
        with nogil:
            for i in range(n):
                block[at] = values[i]
                head += values[i]
                at += 1
                seen += 1
                out[i] = (tails[at] + head) / period if seen >= period else NAN
                if at == period:
                    for j in range(period - 1, 0, -1):
                        tails[j] = block[j] + tails[j + 1]
                    at = 0
                    head = 0.0
        self.at, self.seen, self.head = at, seen, head


cdef class Extremum:
    """The highest (`sign` 1) or lowest (`sign` -1) of `period` values, ending `lag` bars ago."""

    cdef Py_ssize_t period, lag, seen, at, late
    cdef double sign, head
    cdef _Ring block, tails, delay

    def __init__(self, Py_ssize_t period, Py_ssize_t lag, double sign):
        self.period, self.lag, self.sign = period, lag, sign
        self.seen = self.at = self.late = 0
        self.head = 0.0
        self.block = _Ring(period)
        self.tails = _Ring(period + 1)
        self.delay = _Ring(lag + 1)

    def update(self, const double[::1] values, double[::1] out):
        """Write the extremum after each of the values."""
        cdef Py_ssize_t i, j, n = values.shape[0], period = self.period, lag = self.lag
        cdef Py_ssize_t at = self.at, seen = self.seen, late = self.late
        cdef double* block = <double*>self.block.cells
        cdef double* tails = <double*>self.tails.cells
        cdef double* delay = <double*>self.delay.cells
        cdef double x, found, head = self.head, sign = self.sign
        with nogil:
            for i in range(n):
                x = values[i] * sign
                block[at] = x
                head = x if at == 0 or x > head else head
                at += 1
                seen += 1
                found = head
                if at == period:
                    tails[period - 1] = block[period - 1]
                    for j in range(period - 2, 0, -1):
                        tails[j] = block[j] if block[j] > tails[j + 1] else tails[j + 1]
                    at = 0
                elif seen > period and tails[at] > found:
                    found = tails[at]
                delay[late] = found * sign
                late = late + 1 if late < lag else 0
                out[i] = delay[late] if seen >= period + lag else NAN
        self.at, self.seen, self.late, self.head = at, seen, late, head


cdef class Exponential:
    """The exponential mean, begun with the plain mean of `period` values after the first `skip`."""

    cdef Py_ssize_t period, skip, seen
    cdef double value

    def __init__(self, Py_ssize_t period, Py_ssize_t skip):
        self.period, self.skip = period, skip
        self.seen = 0
        self.value = 0.0

    def update(self, const double[::1] values, double[::1] out):
        """Write the mean after each of the values."""
        cdef Py_ssize_t i, n = values.shape[0], first = self.skip + self.period
        cdef double value = self.value, weight = 2.0 / (self.period + 1)
        with nogil:
            for i in range(n):
                self.seen += 1
                if self.seen > first:
                    value = (values[i] - value) * weight + value
                    out[i] = value
                    continue
                if self.seen > self.skip:
                    value += values[i]
                if self.seen == first:
                    value = value / self.period
                out[i] = value if self.seen == first else NAN
        self.value = value


cdef class RelativeStrength:
    """Wilder's RSI: 100 times the mean gain over the mean gain and loss together."""

    cdef Py_ssize_t period, seen
    cdef double last, gain, loss

    def __init__(self, Py_ssize_t period):
        self.period = period
        self.seen = 0
        self.last = self.gain = self.loss = 0.0

    def update(self, const double[::1] values, double[::1] out):
        """Write the index after each of the values; 0 where nothing ever moved."""
        cdef Py_ssize_t i, n = values.shape[0], period = self.period
        cdef double gain = self.gain, loss = self.loss, last = self.last
        cdef double step, up, down, weight = 1.0 / period
        with nogil:
            for i in range(n):
                step = values[i] - last
                last = values[i]
                self.seen += 1
                if self.seen == 1:
                    out[i] = NAN
                    continue
                up = step if step > 0 else 0.0
                down = -step if step < 0 else 0.0
                if self.seen > period + 1:
                    gain += (up - gain) * weight
                    loss += (down - loss) * weight
                else:
                    gain += up
                    loss += down
                    if self.seen <= period:
                        out[i] = NAN
                        continue
                    gain /= period
                    loss /= period
                out[i] = 100.0 * (gain / (gain + loss)) if gain + loss > 0 else 0.0
        self.gain, self.loss, self.last = gain, loss, last


cdef class TrueRange:
    """Wilder's average true range."""

    cdef Py_ssize_t period, seen
    cdef double last, value

    def __init__(self, Py_ssize_t period):
        self.period = period
        self.seen = 0
        self.last = self.value = 0.0

    def update(self, const double[::1] high, const double[::1] low, const double[::1] close,
               double[::1] out):
        """Write the average after each bar; the first true range needs the close before it."""
        cdef Py_ssize_t i, n = close.shape[0], period = self.period
        cdef double value = self.value, last = self.last, span, weight = 1.0 / period
        with nogil:
            for i in range(n):
                self.seen += 1
                span = high[i] - low[i]
                if fabs(high[i] - last) > span:
                    span = fabs(high[i] - last)
                if fabs(low[i] - last) > span:
                    span = fabs(low[i] - last)
                last = close[i]
                if self.seen > period + 1:
                    value += (span - value) * weight
                    out[i] = value
                    continue
                if self.seen > 1:
                    value += span
                if self.seen == period + 1:
                    value /= period
                out[i] = value if self.seen == period + 1 else NAN
        self.value, self.last = value, last


cdef class Change:
    """The change in percent against the value `period` bars ago."""

    cdef Py_ssize_t period, seen, at
    cdef _Ring ring

    def __init__(self, Py_ssize_t period):
        self.period = period
        self.seen = self.at = 0
        self.ring = _Ring(period)

    def update(self, const double[::1] values, double[::1] out):
        """Write the change after each of the values; NaN against zero."""
        cdef Py_ssize_t i, n = values.shape[0], period = self.period
        cdef double* ring = <double*>self.ring.cells
        cdef double old
        with nogil:
            for i in range(n):
                old = ring[self.at]
                ring[self.at] = values[i]
                self.at += 1
                if self.at == period:
                    self.at = 0
                self.seen += 1
                out[i] = (values[i] / old - 1.0) * 100.0 if self.seen > period and old != 0 else NAN


cdef class SessionMean:
    """The mean of a price weighted by volume since its session's start (VWAP)."""

    cdef int64_t offset_ns, session
    cdef double worth, worth_rest, size, size_rest

    def __init__(self, int64_t offset_ns):
        self.offset_ns = offset_ns
        self.session = NO_SESSION
        self.worth = self.worth_rest = self.size = self.size_rest = 0.0

    def update(self, const int64_t[::1] ts_ns, const double[::1] price, const double[::1] volume,
               double[::1] out):
        """Write the mean after each bar; NaN until something traded in the session."""
        cdef Py_ssize_t i, n = ts_ns.shape[0]
        cdef int64_t since, number, session = self.session, offset_ns = self.offset_ns
        cdef double traded
        cdef double worth = self.worth, worth_rest = self.worth_rest
        cdef double size = self.size, size_rest = self.size_rest
        with nogil:
            for i in range(n):
                since = ts_ns[i] - offset_ns
                number = since // DAY_NS
                if since < number * DAY_NS:  # C divides towards zero, sessions count downwards
                    number -= 1
                if number != session:
                    session = number
                    worth = worth_rest = size = size_rest = 0.0
                _add(&worth, &worth_rest, price[i] * volume[i])
                _add(&size, &size_rest, volume[i])
                traded = size + size_rest
                out[i] = (worth + worth_rest) / traded if traded > 0 else NAN
        self.session = session
        self.worth, self.worth_rest, self.size, self.size_rest = worth, worth_rest, size, size_rest


cdef class Balance:
    """On-balance volume: volume added where the close rose, taken off where it fell."""

    cdef bint begun
    cdef double last, total, rest

    def __init__(self):
        self.begun = False
        self.last = self.total = self.rest = 0.0

    def update(self, const double[::1] close, const double[::1] volume, double[::1] out):
        """Write the balance after each bar; the first bar's volume begins it."""
        cdef Py_ssize_t i, n = close.shape[0]
        cdef bint begun = self.begun
        cdef double last = self.last, total = self.total, rest = self.rest
        with nogil:
            for i in range(n):
                if not begun or close[i] > last:
                    _add(&total, &rest, volume[i])
                elif close[i] < last:
                    _add(&total, &rest, -volume[i])
                begun = True
                last = close[i]
                out[i] = total + rest
        self.begun, self.last, self.total, self.rest = begun, last, total, rest


cdef inline void _add(double* total, double* rest, double value) noexcept nogil:
    """Add a value and keep what rounding lost (Neumaier's compensated sum)."""
    cdef double new = total[0] + value
    if fabs(total[0]) >= fabs(value):
        rest[0] += (total[0] - new) + value
    else:
        rest[0] += (value - new) + total[0]
    total[0] = new
