# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Whether a table has nothing to part: every check of `validation.py` in one pass.

Nearly every file is of this kind. At the first block with a row that any rule could refuse, move
or doubt it ends, and the rules themselves, which give each row its reason, read the table again.
"""

from libc.math cimport fabs
from libc.stdint cimport int64_t

# Adding and taking away this rounds a smaller number to a whole one, as the processor rounds.
cdef double MAGIC = 6755399441055744.0
cdef double MOST_STEPS = 1125899906842624.0
cdef double LARGEST = 1.7976931348623157e308
cdef Py_ssize_t BLOCK = 1024


def snap(const int64_t[::1] ts_ns, const double[::1] opens, const double[::1] highs,
         const double[::1] lows, const double[::1] closes, const double[::1] volume,
         double numerator, double denominator, int64_t earliest_ns, int64_t latest_ns,
         bint rounding, double[:, ::1] snapped):
    """Put prices on ticks of `numerator / denominator` and return how many rows that changed.

    -1 where a row is not a bar above zero in its place: then `snapped`, open to close, means
    nothing. Without `rounding` a row that would change is such a row.
    """
    cdef Py_ssize_t start, end = 0, i, n = ts_ns.shape[0], changed = 0
    cdef bint odd = n > 0 and not (earliest_ns <= ts_ns[0] and ts_ns[n - 1] <= latest_ns)
    with nogil:
        while end < n and not odd:
            start = end
            end = start + BLOCK if start + BLOCK < n else n
            # Sorted without repeats, so that the first and the last tell the range of all.
            for i in range(start if start > 0 else 1, end):
                odd |= ts_ns[i] <= ts_ns[i - 1]
            for i in range(start, end):
                odd |= not ((highs[i] >= opens[i]) & (highs[i] >= closes[i])
                            & (lows[i] <= opens[i]) & (lows[i] <= closes[i])
                            & (lows[i] > 0.0) & (volume[i] >= 0.0) & (volume[i] <= LARGEST))
            odd |= column(opens, start, end, numerator, denominator, snapped[0])
            odd |= column(highs, start, end, numerator, denominator, snapped[1])
            odd |= column(lows, start, end, numerator, denominator, snapped[2])
            odd |= column(closes, start, end, numerator, denominator, snapped[3])
            if not odd:
                changed += moved(opens, highs, lows, closes, start, end, numerator, denominator)
                odd = changed > 0 and not rounding
    return -1 if odd else changed


cdef inline bint column(const double[::1] prices, Py_ssize_t start, Py_ssize_t end,
                        double numerator, double denominator, double[::1] snapped) noexcept nogil:
    """Put a block of prices on ticks; tell whether one is no tick above zero, or too large."""
    cdef Py_ssize_t i
    cdef double steps, whole
    cdef bint odd = False
    for i in range(start, end):
        steps = prices[i] * denominator / numerator
        whole = (steps + MAGIC) - MAGIC
        snapped[i] = whole * numerator / denominator
        # A comparison with NaN is false: what is no number is odd.
        odd |= not ((whole > 0.0) & (steps < MOST_STEPS))
    return odd


cdef inline bint off(double price, double numerator, double denominator) noexcept nogil:
    """Tell whether a price is visibly beside its tick."""
    cdef double steps = price * denominator / numerator
    cdef double apart = fabs(steps - ((steps + MAGIC) - MAGIC))
    return (apart > 1e-6) & (apart > fabs(steps) * 1e-12)


cdef inline Py_ssize_t moved(const double[::1] opens, const double[::1] highs,
                             const double[::1] lows, const double[::1] closes, Py_ssize_t start,
                             Py_ssize_t end, double numerator, double denominator) noexcept nogil:
    """Count the rows of a block that have a price visibly beside its tick."""
    cdef Py_ssize_t i, count = 0
    for i in range(start, end):
        count += (off(opens[i], numerator, denominator) | off(highs[i], numerator, denominator)
                  | off(lows[i], numerator, denominator) | off(closes[i], numerator, denominator))
    return count
