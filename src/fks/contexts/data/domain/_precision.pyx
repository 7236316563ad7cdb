# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Whether numbers are whole at a number of decimal places, in one pass.

`precision.py` says what that means. A block is tested without a branch; only where a number of it
does not fit are its numbers looked at one by one.
"""

from libc.math cimport fabs, llrint
from libc.stdint cimport int64_t
from libc.string cimport memcmp

cdef double[10] SCALES = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]
# Adding and taking away this rounds a smaller number to a whole one, as the processor rounds.
cdef double MAGIC = 6755399441055744.0
# From here on the last bits of a number are coarser than the test.
cdef double COARSE = 1125899906842624.0
cdef double BEYOND = 1e9
# Up to here every whole number is a double.
cdef double WHOLE = 9007199254740992.0
cdef double SLACK = 4e-15
cdef Py_ssize_t BLOCK = 1024
cdef int MOST = 9


def places_of(const double[::1] values, int least):
    """Return the fewest places, not below `least`, that write all usable numbers; -1 if 9 do not.

    Usable are those of less than 1e9. A number fits where it is whole at those places or fewer.
    """
    cdef Py_ssize_t start = 0, i, end = 0, n = values.shape[0]
    cdef int places = least, found
    cdef bint odd
    cdef double scale
    with nogil:
        while end < n and places >= 0:
            start = end
            end = start + BLOCK if start + BLOCK < n else n
            scale, odd = SCALES[places], False
            for i in range(start, end):
                odd |= not whole(values[i], scale)
            if not odd:
                continue
            for i in range(start, end):
                found = needed(values[i], places)
                if found < 0:
                    places = -1
                    break
                places = found
    return places


def whole_ticks(const double[::1] prices, double denominator, double numerator,
                int64_t[::1] ticks):
    """Fill `ticks` with the nearest whole ticks of prices, for a tick of `numerator / denominator`.

    The same operations as `prices_to_ticks`, in one pass: multiplied, divided, rounded to even.
    """
    cdef Py_ssize_t i
    cdef double steps
    with nogil:
        for i in range(prices.shape[0]):
            steps = prices[i] * denominator
            if numerator != 1.0:
                steps /= numerator
            if fabs(steps) < COARSE:
                ticks[i] = <int64_t>((steps + MAGIC) - MAGIC)
            else:
                ticks[i] = llrint(steps)


def exact_ticks(const double[::1] prices, double denominator, double numerator,
                int64_t[::1] ticks):
    """Fill `ticks` as `whole_ticks` does, and tell whether they give back every bit of the prices.

    A price of ticks is `ticks * numerator / denominator`, as in the columns of contracts. Where
    the answer is False the ticks are worth nothing.
    """
    cdef Py_ssize_t start = 0, i, end = 0, n = prices.shape[0]
    cdef double[1024] back
    cdef double steps, whole_steps, scaled
    cdef bint odd = False
    with nogil:
        while end < n and not odd:
            start = end
            end = start + BLOCK if start + BLOCK < n else n
            for i in range(start, end):
                steps = prices[i] * denominator
                if numerator != 1.0:
                    steps /= numerator
                whole_steps = (steps + MAGIC) - MAGIC
                scaled = whole_steps * numerator
                # Written so that what is no number is odd; beyond, rounding is not done so.
                odd |= (not fabs(steps) < COARSE) | (not fabs(scaled) < WHOLE)
                ticks[i] = <int64_t>whole_steps
                back[i - start] = scaled / denominator
            # Bits, not numbers: a zero has two signs.
            odd |= memcmp(back, &prices[start], (end - start) * sizeof(double)) != 0
    return not odd


def absolute_sum(const double[::1] values):
    """Return the sum of the numbers without their signs."""
    cdef Py_ssize_t i = 0, n = values.shape[0]
    cdef double a = 0.0, b = 0.0, c = 0.0, d = 0.0
    with nogil:
        # Four sums: each addition waits for the one before it.
        while i + 4 <= n:
            a += fabs(values[i])
            b += fabs(values[i + 1])
            c += fabs(values[i + 2])
            d += fabs(values[i + 3])
            i += 4
        while i < n:
            a += fabs(values[i])
            i += 1
    return (a + b) + (c + d)


cdef inline bint whole(double value, double scale) noexcept nogil:
    """Tell whether a number is whole at a scale, but for the last bits; or not usable at all."""
    cdef double steps = fabs(value * scale)
    cdef double rounded = (steps + MAGIC) - MAGIC
    cdef double bound = steps if steps > 1.0 else 1.0
    # A comparison with NaN is false: what is no number is not usable, and so never odd.
    return (not fabs(steps - rounded) > bound * SLACK) | (steps >= COARSE) | (fabs(value) >= BEYOND)


cdef inline int needed(double value, int places) noexcept nogil:
    """Return the places so far, or as many more as a number needs; -1 if 9 do not write it."""
    cdef int at
    for at in range(places + 1):
        if whole(value, SCALES[at]):
            return places
    for at in range(places + 1, MOST + 1):
        if whole(value, SCALES[at]):
            return at
    return -1
