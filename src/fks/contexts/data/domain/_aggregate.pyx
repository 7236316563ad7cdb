# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Bars of bars, in one pass over the columns.

Prices are ticks and volumes whole units, so sums are exact and bars of bars of bars are the bars
of the bars. `resampling.py` says what the spans are and checks the arguments.
"""

from libc.stdint cimport int64_t

cdef extern from "<math.h>" nogil:
    long long llrint(double x)


# Adding and taking away this rounds a smaller number to a whole one, ties to the even one.
cdef double MAGIC = 6755399441055744.0
cdef double MOST_ROUNDED = 1125899906842624.0


cdef inline int64_t units_of(double amount) noexcept nogil:
    """Return the nearest whole number, as `llrint` does, without a call where it is not huge."""
    if -MOST_ROUNDED < amount < MOST_ROUNDED:
        return <int64_t>((amount + MAGIC) - MAGIC)
    return llrint(amount)


def by_step(const int64_t[::1] ts_ns, int64_t step_ns, int64_t origin_ns,
            const int64_t[::1] opens, const int64_t[::1] highs, const int64_t[::1] lows,
            const int64_t[::1] closes, const double[::1] volume, double scale,
            int64_t[::1] out_ts, int64_t[::1] out_open, int64_t[::1] out_high,
            int64_t[::1] out_low, int64_t[::1] out_close, int64_t[::1] out_units,
            int64_t[::1] out_rows):
    """Fill the outputs with one bar for each span of `step_ns` that holds rows; return how many.

    Spans begin at `origin_ns` plus whole steps. Times are sorted. `scale` makes whole
    units of volumes.
    """
    cdef Py_ssize_t i = 0, first, n = ts_ns.shape[0], k = 0
    cdef int64_t end, past, high, low, units
    with nogil:
        while i < n:
            first = i
            past = (ts_ns[i] - origin_ns) % step_ns
            if past < 0:
                past += step_ns
            end = ts_ns[i] - past + step_ns
            high, low, units = highs[i], lows[i], units_of(volume[i] * scale)
            i += 1
            while i < n and ts_ns[i] < end:
                high = highs[i] if highs[i] > high else high
                low = lows[i] if lows[i] < low else low
                units += units_of(volume[i] * scale)
                i += 1
            out_ts[k], out_open[k], out_high[k], out_low[k] = end - step_ns, opens[first], high, low
            out_close[k], out_units[k], out_rows[k] = closes[i - 1], units, i - first
            k += 1
    return k


def by_spans(const int64_t[::1] ts_ns, const int64_t[::1] begins, const int64_t[::1] ends,
             const int64_t[::1] stamps,
             const int64_t[::1] opens, const int64_t[::1] highs, const int64_t[::1] lows,
             const int64_t[::1] closes, const double[::1] volume, double scale,
             int64_t[::1] out_ts, int64_t[::1] out_open, int64_t[::1] out_high,
             int64_t[::1] out_low, int64_t[::1] out_close, int64_t[::1] out_units,
             int64_t[::1] out_rows):
    """Likewise for the spans `[begins, ends)`, sorted and apart, stamped as given.

    Returns how many bars, and how many rows lay in no span.
    """
    cdef Py_ssize_t i, n = ts_ns.shape[0], span = 0, spans = begins.shape[0], k = -1
    cdef Py_ssize_t filled = -1, outside = 0
    with nogil:
        for i in range(n):
            while span < spans and ts_ns[i] >= ends[span]:
                span += 1
            if span == spans or ts_ns[i] < begins[span]:
                outside += 1
            elif filled != span:
                filled = span
                k += 1
                out_ts[k] = stamps[span]
                begin(k, i, opens, highs, lows, closes, units_of(volume[i] * scale), out_open, out_high, out_low,
                      out_close, out_units, out_rows)
            else:
                add(k, i, highs, lows, closes, units_of(volume[i] * scale), out_high, out_low, out_close, out_units,
                    out_rows)
    return k + 1, outside


cdef inline void begin(Py_ssize_t k, Py_ssize_t i, const int64_t[::1] opens,
                       const int64_t[::1] highs, const int64_t[::1] lows,
                       const int64_t[::1] closes, int64_t units,
                       int64_t[::1] out_open, int64_t[::1] out_high, int64_t[::1] out_low,
                       int64_t[::1] out_close, int64_t[::1] out_units,
                       int64_t[::1] out_rows) noexcept nogil:
    """Let a bar begin with a row."""
    out_open[k], out_high[k], out_low[k], out_close[k] = opens[i], highs[i], lows[i], closes[i]
    out_units[k], out_rows[k] = units, 1


cdef inline void add(Py_ssize_t k, Py_ssize_t i, const int64_t[::1] highs,
                     const int64_t[::1] lows, const int64_t[::1] closes,
                     int64_t units, int64_t[::1] out_high, int64_t[::1] out_low,
                     int64_t[::1] out_close, int64_t[::1] out_units,
                     int64_t[::1] out_rows) noexcept nogil:
    """Take another row into a bar."""
    if highs[i] > out_high[k]:
        out_high[k] = highs[i]
    if lows[i] < out_low[k]:
        out_low[k] = lows[i]
    out_close[k] = closes[i]
    out_units[k] += units
    out_rows[k] += 1
