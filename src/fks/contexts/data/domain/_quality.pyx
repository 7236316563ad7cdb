# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""What a rule of quality looks for in every bar, in one pass each and without copies.

The rules in `rules/` say what the numbers mean; a slow plain reference of each is in the tests.
"""

from libc.stdint cimport int64_t
from libc.math cimport fabs

cdef enum:
    WINDOW = 30
    VALUES = 2 * WINDOW + 2
    LEAST_VALUES = 20


def still_runs(const double[::1] opens, const double[::1] highs, const double[::1] lows,
               const double[::1] closes, const double[::1] volume, Py_ssize_t least):
    """Return runs `(begin, end)` of at least `least` bars of one price and without volume."""
    cdef Py_ssize_t i, n = closes.shape[0], begin = -1
    found = []
    for i in range(n):
        if (volume[i] == 0.0 and highs[i] == lows[i] and opens[i] == closes[i]
                and highs[i] == closes[i]):
            if begin >= 0 and closes[i] == closes[begin]:
                continue
            if begin >= 0 and i - begin >= least:
                found.append((begin, i))
            begin = i
        elif begin >= 0:
            if i - begin >= least:
                found.append((begin, i))
            begin = -1
    if begin >= 0 and n - begin >= least:
        found.append((begin, n))
    return found


def frozen_runs(const double[::1] closes, const double[::1] volume, Py_ssize_t least):
    """Return runs of equal closes in which at least `least` bars had volume."""
    cdef Py_ssize_t i = 0, j, n = closes.shape[0], begin, end, traded
    found = []
    # A run that long holds a multiple of `least`: only those are looked at, and what is about them.
    while i < n:
        begin, end = i, i + 1
        while begin > 0 and closes[begin - 1] == closes[i]:
            begin -= 1
        while end < n and closes[end] == closes[i]:
            end += 1
        if end - begin >= least:
            traded = 0
            for j in range(begin, end):
                if volume[j] > 0.0:
                    traded += 1
            if traded >= least:
                found.append((begin, end))
        i = (end + least - 1) // least * least
    return found


def off_grid(const int64_t[::1] ts_ns, int64_t grid_ns, int64_t phase_ns):
    """Return the bars that do not lie at `phase_ns` past multiples of `grid_ns`."""
    cdef Py_ssize_t i, n = ts_ns.shape[0]
    cdef int64_t past = 0
    found = []
    for i in range(n):
        # A bar one grid step after the last one lies as that one did: no division.
        if i == 0 or ts_ns[i] - ts_ns[i - 1] != grid_ns:
            past = (ts_ns[i] - phase_ns) % grid_ns
        if past != 0:
            found.append(i)
    return found


def spikes(const double[::1] highs, const double[::1] lows, const double[::1] closes,
           double floor_price, double floor_share, double wick, double reverts, double far):
    """Return `(long wicks, bad prints)`: bars that leave both neighbours and are back at once.

    A bar's reach is how far it goes beyond both neighbours. It must be more than `wick` times the
    ranges of both neighbours, and more than `wick` times the local true range: the median plus
    three robust deviations (MAD) of the true ranges of 30 bars on each side, their ninth decile
    where half of them do not move, at least `floor_price` and `floor_share` of the price. It is a
    bad print where the close itself is `reverts` local ranges beyond both neighbours, or the reach
    is `far` of them.
    """
    cdef Py_ssize_t i, n = closes.shape[0]
    cdef double above, below, reach, wide, least, local, out
    wicks, bad = [], []
    for i in range(1, n - 1):
        # One branch that is hardly ever taken: this line is all that most bars cost.
        above = larger(highs[i - 1], highs[i + 1])
        below = -larger(-lows[i - 1], -lows[i + 1])
        reach = larger(highs[i] - above, below - lows[i])
        wide = larger(highs[i - 1] - lows[i - 1], highs[i + 1] - lows[i + 1])
        least = larger(floor_price, floor_share * closes[i])
        if reach <= wick * larger(wide, least):
            continue
        local = local_range(highs, lows, closes, i)
        if local < 0.0:
            continue
        local = larger(local, least)
        if reach <= wick * local:
            continue
        out = larger(closes[i] - above, below - closes[i])
        if out > reverts * local or reach > far * local:
            bad.append(i)
        else:
            wicks.append(i)
    return wicks, bad


cdef inline double larger(double a, double b) noexcept:
    """Return the larger number."""
    return a if a > b else b


cdef double local_range(const double[::1] highs, const double[::1] lows,
                        const double[::1] closes, Py_ssize_t i) noexcept:
    """Return the local true range about bar `i`, or -1 where too few bars surround it."""
    cdef double[VALUES] values
    cdef double[VALUES] apart
    cdef Py_ssize_t j, k, count = 0, n = closes.shape[0]
    cdef double top, bottom, middle
    for j in range(i - WINDOW if i > WINDOW else 1, i + WINDOW + 2 if i + WINDOW + 2 < n else n):
        if j == i or j == i + 1:
            continue
        top = highs[j] if highs[j] > closes[j - 1] else closes[j - 1]
        bottom = lows[j] if lows[j] < closes[j - 1] else closes[j - 1]
        insert(values, count, top - bottom)
        count += 1
    if count < LEAST_VALUES:
        return -1.0
    middle = values[count // 2]
    if middle <= 0.0:
        return values[count * 9 // 10]
    for k in range(count):
        insert(apart, k, fabs(values[k] - middle))
    return middle + 3 * 1.4826 * apart[count // 2]


cdef inline void insert(double* values, Py_ssize_t count, double value) noexcept:
    """Put a value in its place among `count` sorted ones."""
    cdef Py_ssize_t k = count
    while k > 0 and values[k - 1] > value:
        values[k] = values[k - 1]
        k -= 1
    values[k] = value
