# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Rows of plain numbers out of delimited text, without a detour over texts.

Plain is: so many cells in every line, no quotes, the time a whole number, the other wanted cells
decimals of at most 19 digits without an exponent. One of at most 53 bits is one division of two
exact numbers, and so the number that every correct reader gives; a longer one is divided with
64 bits, and read by the C library where that rounding could have been a second one. Anything else
ends it: whoever asked reads the file again in the general way, and refuses there what is to be
refused.
"""

from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport strtod

cdef extern from *:
    """
    #include <float.h>
    #include <stdint.h>
    #include <string.h>

    /* Whether steps / 10**places (at most 22) rounds to the same double through 64 bits; if so, it. */
    static inline int long_quotient(uint64_t steps, int places, const double *powers, double *found)
    {
    #if LDBL_MANT_DIG == 64 && defined(__x86_64__)
        long double quotient = (long double)steps / (long double)powers[places];
        uint64_t bits;
        memcpy(&bits, &quotient, sizeof bits);
        bits &= 0x7FF;
        if (bits >= 0x3FF && bits <= 0x401)
            return 0; /* next to the middle between two doubles */
        *found = (double)quotient;
        return 1;
    #else
        (void)steps; (void)places; (void)powers; (void)found;
        return 0;
    #endif
    }
    """
    int long_quotient(uint64_t steps, int places, const double* powers, double* found) nogil

cdef double[23] POWERS = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
]
cdef uint64_t MOST_EXACT = 1 << 53
cdef int MOST_PLACES = 22
cdef int MOST_DIGITS = 19


def parse(const unsigned char[::1] data, Py_ssize_t end, unsigned char delimiter,
          const int64_t[::1] places, uint64_t[::1] times, double[:, ::1] numbers):
    """Read whole lines from `data[:end]` and return how many; -1 where one is not plain.

    `places` says of each cell of a line where it goes: 0 is the time, k > 0 is row k - 1 of
    `numbers`, -1 is nobody's. The last line may lack its end. Outputs must have room for all.
    """
    cdef Py_ssize_t at = 0, rows = 0
    cdef const unsigned char* text = &data[0] if end else NULL
    with nogil:
        while at < end:
            at = line(text, at, end, delimiter, places, rows, times, numbers)
            if at < 0:
                break
            rows += 1
    return rows if at >= 0 else -1


cdef Py_ssize_t line(const unsigned char* text, Py_ssize_t at, Py_ssize_t end,
                     unsigned char delimiter, const int64_t[::1] places, Py_ssize_t row,
                     uint64_t[::1] times, double[:, ::1] numbers) noexcept nogil:
    """Read a line and return where the next begins; -1 where it is not plain."""
    cdef Py_ssize_t cell, last = places.shape[0] - 1, begun
    cdef int64_t place
    cdef unsigned char sign
    for cell in range(last + 1):
        place, begun = places[cell], at
        if place < 0:
            while at < end and text[at] != delimiter and text[at] > 13 and text[at] != 34:
                at += 1
            # A tab or another sign below 14 may be the delimiter, the end of a line, or odd.
        elif place == 0:
            times[row] = 0
            while at < end and 48 <= text[at] <= 57:
                times[row] = times[row] * 10 + (text[at] - 48)
                at += 1
            if not 0 < at - begun <= MOST_DIGITS:
                return -1
        else:
            at = decimal(text, at, end, &numbers[place - 1, row])
            if at < 0:
                return -1
        if cell < last:
            if at >= end or text[at] != delimiter:
                return -1
            at += 1
    if at < end and text[at] == 13:
        at += 1
        if at >= end:
            return -1
    if at >= end:
        return at
    return at + 1 if text[at] == 10 else -1


cdef Py_ssize_t decimal(const unsigned char* text, Py_ssize_t at, Py_ssize_t end,
                        double* found) noexcept nogil:
    """Read a decimal and return where it ends; -1 where it is none, or not exact."""
    cdef bint negative = at < end and text[at] == 45
    cdef uint64_t steps = 0
    cdef Py_ssize_t begun, point = 0
    cdef char* stopped
    at += negative
    begun = at
    while at < end and 48 <= text[at] <= 57:
        steps = steps * 10 + (text[at] - 48)
        at += 1
    if at == begun or at - begun > MOST_DIGITS:
        return -1
    if at < end and text[at] == 46:
        at += 1
        point = at
        while at < end and 48 <= text[at] <= 57:
            steps = steps * 10 + (text[at] - 48)
            at += 1
        if at == point or at - begun - 1 > MOST_DIGITS:
            return -1
        point = at - point
    if point > MOST_PLACES:
        return -1
    if steps <= MOST_EXACT:
        found[0] = <double>steps / POWERS[point]
    elif not long_quotient(steps, <int>point, &POWERS[0], found):
        # It stops at the delimiter, or at another decimal point than that of this locale.
        found[0] = strtod(<const char*>&text[begun], &stopped)
        if stopped != <char*>&text[at]:
            return -1
    if negative:
        found[0] = -found[0]
    return at
