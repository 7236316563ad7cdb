# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""An order book by price, in sorted arrays whose best level is the last.

Most changes are near the best price, so they are found in a few steps from the end and move few
rows. A side is sorted by a key, the price of a bid and the price's negative of an ask, so that
both sides are one code. `plain.py` is the slow twin that the property tests compare this with.
"""

import zlib

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport INT64_MIN, int32_t, int64_t
from libc.stdlib cimport free, malloc, qsort, realloc
from libc.string cimport memmove

cdef struct Level:
    int64_t price
    int64_t quantity
    int32_t price_digits
    int32_t quantity_digits

cdef struct Rest:
    int64_t quantity
    int32_t price_digits
    int32_t quantity_digits

cdef struct Side:
    int64_t* keys
    Rest* rests
    Py_ssize_t count
    Py_ssize_t room
    int64_t sign

cdef struct Placed:
    int64_t key
    Py_ssize_t number

cdef int64_t NONE = INT64_MIN  # the price of an empty side
cdef int MOST_DIGITS = 24  # after the point, as written
cdef int64_t LIMIT = 4000000000000000000
cdef int64_t[19] TENS
cdef int _power
TENS[0] = 1
for _power in range(1, 19):
    TENS[_power] = TENS[_power - 1] * 10


cdef int by_place(const void* left, const void* right) noexcept nogil:
    cdef const Placed* a = <const Placed*>left
    cdef const Placed* b = <const Placed*>right
    if a.key != b.key:
        return -1 if a.key < b.key else 1
    return -1 if a.number < b.number else 1


cdef inline Py_ssize_t place(const Side* side, int64_t key) noexcept nogil:
    """Return the first row whose key is not smaller, looking from the best one on."""
    cdef Py_ssize_t high = side.count, low, step = 1, middle
    cdef const int64_t* keys = side.keys
    if high == 0 or keys[high - 1] < key:
        return high
    high -= 1
    low = high - 1
    while low >= 0 and keys[low] >= key:
        high = low
        step *= 2
        low = low - step
    if low < 0:
        low = -1
    while high - low > 1:
        middle = (low + high) // 2
        if keys[middle] >= key:
            high = middle
        else:
            low = middle
    return high


cdef int grown(Side* side, Py_ssize_t count) except -1:
    """Make room for `count` rows."""
    cdef Py_ssize_t room = max(64, side.room)
    cdef int64_t* keys
    cdef Rest* rests
    if count <= side.room:
        return 0
    while room < count:
        room *= 2
    keys = <int64_t*>realloc(side.keys, room * sizeof(int64_t))
    if keys == NULL:
        raise MemoryError
    side.keys = keys
    rests = <Rest*>realloc(side.rests, room * sizeof(Rest))
    if rests == NULL:
        raise MemoryError
    side.rests = rests
    side.room = room
    return 0


cdef inline int put(Side* side, const Level* row, int64_t price_factor, int64_t quantity_factor) except -1:
    """Set, add or remove one level."""
    cdef int64_t key = row.price * price_factor * side.sign
    cdef Py_ssize_t at = place(side, key)
    cdef bint there = at < side.count and side.keys[at] == key
    if row.quantity == 0:
        if there:
            side.count -= 1
            memmove(side.keys + at, side.keys + at + 1, (side.count - at) * sizeof(int64_t))
            memmove(side.rests + at, side.rests + at + 1, (side.count - at) * sizeof(Rest))
        return 0
    if not there:
        if side.count == side.room:
            grown(side, side.count + 1)
        memmove(side.keys + at + 1, side.keys + at, (side.count - at) * sizeof(int64_t))
        memmove(side.rests + at + 1, side.rests + at, (side.count - at) * sizeof(Rest))
        side.count += 1
        side.keys[at] = key
    side.rests[at].quantity = row.quantity * quantity_factor
    side.rests[at].price_digits = row.price_digits
    side.rests[at].quantity_digits = row.quantity_digits
    return 0


cdef int fill(Side* side, const Level* rows, Py_ssize_t count, int64_t price_factor,
              int64_t quantity_factor) except -1:
    """Replace a side by rows in any order; of one price the last row counts."""
    cdef Placed* places
    cdef Py_ssize_t i, at
    cdef const Level* row
    side.count = 0
    if count == 0:
        return 0
    grown(side, count)
    places = <Placed*>malloc(count * sizeof(Placed))
    if places == NULL:
        raise MemoryError
    for i in range(count):
        places[i].key = rows[i].price * price_factor * side.sign
        places[i].number = i
    qsort(places, count, sizeof(Placed), by_place)
    at = 0
    for i in range(count):
        row = rows + places[i].number
        if (i + 1 < count and places[i + 1].key == places[i].key) or row.quantity == 0:
            continue
        side.keys[at] = places[i].key
        side.rests[at].quantity = row.quantity * quantity_factor
        side.rests[at].price_digits = row.price_digits
        side.rests[at].quantity_digits = row.quantity_digits
        at += 1
    side.count = at
    free(places)
    return 0


cdef int finer(Side* side, int64_t price_factor, int64_t quantity_factor) except -1:
    """Check whether all rows of a side can be in finer units."""
    cdef Py_ssize_t i
    for i in range(side.count):
        if abs(side.keys[i]) > LIMIT // price_factor or side.rests[i].quantity > LIMIT // quantity_factor:
            raise OverflowError("a level too large for such fine units")
    return 0


cdef char* written(char* at, int64_t units, int decimals, int digits, bint bare) noexcept nogil:
    """Write a number as the exchange did; `bare` without its point and zeros before it."""
    cdef char[24] reversed_
    cdef int n = 0, i, whole
    cdef int64_t value = units if units >= 0 else -units
    while decimals > digits:
        value //= 10
        decimals -= 1
    while value:
        reversed_[n] = c'0' + value % 10
        value //= 10
        n += 1
    if bare:
        for i in range(n - 1, -1, -1):
            at[0] = reversed_[i]
            at += 1
        if n:
            for i in range(digits - decimals):
                at[0] = c'0'
                at += 1
        return at
    if units < 0:
        at[0] = c'-'
        at += 1
    while n <= decimals:
        reversed_[n] = c'0'
        n += 1
    for i in range(n - 1, -1, -1):
        if i == decimals - 1:
            at[0] = c'.'
            at += 1
        at[0] = reversed_[i]
        at += 1
    if digits > decimals:
        if decimals == 0:
            at[0] = c'.'
            at += 1
        for i in range(digits - decimals):
            at[0] = c'0'
            at += 1
    return at


cdef char* plainly(char* at, int64_t units, int decimals, bint negative) noexcept nogil:
    """Write a number that is not negative as JavaScript does: shortest, below 1e-6 with an exponent."""
    cdef char[24] reversed_
    cdef int n = 0, i, exponent
    while decimals > 0 and units % 10 == 0:
        units //= 10
        decimals -= 1
    if negative:
        at[0] = c'-'
        at += 1
    while units:
        reversed_[n] = c'0' + units % 10
        units //= 10
        n += 1
    exponent = n - 1 - decimals
    if n and exponent < -6:
        for i in range(n - 1, -1, -1):
            at[0] = reversed_[i]
            at += 1
            if i == n - 1 and n > 1:
                at[0] = c'.'
                at += 1
        at[0], at[1] = c'e', c'-'
        at += 2
        if exponent <= -10:
            at[0] = c'1'
            at += 1
        at[0] = c'0' + (-exponent) % 10
        return at + 1
    while n <= decimals:
        reversed_[n] = c'0'
        n += 1
    for i in range(n - 1, -1, -1):
        if i == decimals - 1:
            at[0] = c'.'
            at += 1
        at[0] = reversed_[i]
        at += 1
    return at


cdef class Book:
    """A book; `levels` bounds each side. Prices and quantities are units of `scale`, a `Scale`."""

    cdef Side[2] sides  # bids, asks
    cdef object known_scale
    cdef int price_decimals
    cdef int quantity_decimals
    cdef Py_ssize_t levels

    def __cinit__(self, scale, Py_ssize_t levels=100_000):
        self.sides[0].sign, self.sides[1].sign = 1, -1
        self.levels = levels
        self.known_scale = scale
        self.price_decimals, self.quantity_decimals = scale

    def __dealloc__(self):
        free(self.sides[0].keys)
        free(self.sides[0].rests)
        free(self.sides[1].keys)
        free(self.sides[1].rests)

    @property
    def scale(self):
        return self.known_scale

    def clear(self):
        """Empty both sides."""
        self.sides[0].count = self.sides[1].count = 0

    cdef int factors(self, object scale, int64_t* price, int64_t* quantity) except -1:
        """Bring book and rows to the finer of both scales."""
        cdef int p = scale[0], q = scale[1]
        cdef int finer_p = max(p, self.price_decimals), finer_q = max(q, self.quantity_decimals)
        cdef int64_t own_p, own_q
        cdef Py_ssize_t i, n
        cdef Side* side
        if not (0 <= p <= 18 and 0 <= q <= 18):
            raise ValueError(f"a scale of {scale}")
        own_p = TENS[finer_p - self.price_decimals]
        own_q = TENS[finer_q - self.quantity_decimals]
        if own_p > 1 or own_q > 1:
            finer(&self.sides[0], own_p, own_q)
            finer(&self.sides[1], own_p, own_q)
            for n in range(2):
                side = &self.sides[n]
                for i in range(side.count):
                    side.keys[i] *= own_p
                    side.rests[i].quantity *= own_q
            self.price_decimals, self.quantity_decimals = finer_p, finer_q
            self.known_scale = type(self.known_scale)(finer_p, finer_q)
        elif p == finer_p and q == finer_q:
            self.known_scale = scale
        price[0] = TENS[finer_p - p]
        quantity[0] = TENS[finer_q - q]
        return 0

    cdef int check(self, bytes rows, int64_t price_factor, int64_t quantity_factor) except -1:
        cdef const Level* at = <const Level*>PyBytes_AS_STRING(rows)
        cdef Py_ssize_t i, n = PyBytes_GET_SIZE(rows) // <Py_ssize_t>sizeof(Level)
        if n * <Py_ssize_t>sizeof(Level) != PyBytes_GET_SIZE(rows):
            raise ValueError("rows of levels cut off")
        for i in range(n):
            if at[i].quantity < 0 or at[i].quantity > LIMIT // quantity_factor \
                    or abs(at[i].price) > LIMIT // price_factor \
                    or not 0 <= at[i].price_digits <= MOST_DIGITS \
                    or not 0 <= at[i].quantity_digits <= MOST_DIGITS:
                raise OverflowError("a level out of bounds")
        return 0

    cdef bint change(self, bytes bids, bytes asks, object scale, bint whole) except -1:
        cdef int64_t p = 1, q = 1
        cdef Py_ssize_t i, n, m
        cdef const Level* rows
        if scale is not self.known_scale:
            self.factors(scale, &p, &q)
        self.check(bids, p, q)
        self.check(asks, p, q)
        n = PyBytes_GET_SIZE(bids) // <Py_ssize_t>sizeof(Level)
        m = PyBytes_GET_SIZE(asks) // <Py_ssize_t>sizeof(Level)
        rows = <const Level*>PyBytes_AS_STRING(bids)
        if whole:
            fill(&self.sides[0], rows, n, p, q)
            fill(&self.sides[1], <const Level*>PyBytes_AS_STRING(asks), m, p, q)
        else:
            for i in range(n):
                put(&self.sides[0], rows + i, p, q)
            rows = <const Level*>PyBytes_AS_STRING(asks)
            for i in range(m):
                put(&self.sides[1], rows + i, p, q)
        return self.sides[0].count <= self.levels and self.sides[1].count <= self.levels

    def load(self, bytes bids, bytes asks, scale):
        """Replace all by packed rows of `LEVEL`; return whether a side is within its bound."""
        return self.change(bids, asks, scale, True)

    def apply(self, bytes bids, bytes asks, scale):
        """Set, add and remove levels; return whether the sides are within their bound."""
        return self.change(bids, asks, scale, False)

    def trim(self, Py_ssize_t depth):
        """Keep the best `depth` levels of each side."""
        cdef Side* side
        cdef Py_ssize_t over, n
        for n in range(2):
            side = &self.sides[n]
            over = side.count - depth
            if over > 0:
                side.count = depth
                memmove(side.keys, side.keys + over, depth * sizeof(int64_t))
                memmove(side.rests, side.rests + over, depth * sizeof(Rest))

    def best(self):
        """Return bid, its quantity, ask, its quantity; an empty side has `NO_PRICE` and 0."""
        cdef Py_ssize_t b = self.sides[0].count - 1, a = self.sides[1].count - 1
        return (
            self.sides[0].keys[b] if b >= 0 else NONE,
            self.sides[0].rests[b].quantity if b >= 0 else 0,
            -self.sides[1].keys[a] if a >= 0 else NONE,
            self.sides[1].rests[a].quantity if a >= 0 else 0,
        )

    def crossed(self):
        """Return whether the best bid is not below the best ask."""
        cdef Py_ssize_t b = self.sides[0].count - 1, a = self.sides[1].count - 1
        return b >= 0 and a >= 0 and self.sides[0].keys[b] >= -self.sides[1].keys[a]

    def sizes(self):
        """Return how many levels each side has."""
        return self.sides[0].count, self.sides[1].count

    def packed(self, Py_ssize_t depth):
        """Return the best levels of both sides, best first, packed as `LEVEL`."""
        return packed(&self.sides[0], depth), packed(&self.sides[1], depth)

    def checksum(self, str kind):
        """Return the CRC-32 that the exchange would send: `kraken`, `okx` or `bitfinex`."""
        cdef char[8192] text
        cdef char* at = text
        cdef Py_ssize_t i, n
        cdef Side* side
        if kind == "kraken":
            for n in range(1, -1, -1):
                side = &self.sides[n]
                for i in range(side.count - 1, max(-1, side.count - 11), -1):
                    at = self.level(at, side, i, True)
        elif kind == "okx":
            for i in range(1, 26):
                for n in range(2):
                    side = &self.sides[n]
                    if i <= side.count:
                        at = self.level(at, side, side.count - i, False)
            if at > text:
                at -= 1  # the last colon
        elif kind == "bitfinex":
            for i in range(1, 26):
                for n in range(2):
                    side = &self.sides[n]
                    if i <= side.count:
                        at = self.number(at, side.keys[side.count - i] * side.sign, self.price_decimals, False)
                        at = self.number(at, side.rests[side.count - i].quantity, self.quantity_decimals, n == 1)
            if at > text:
                at -= 1
        else:
            raise ValueError(f"no checksum {kind!r}")
        return zlib.crc32(PyBytes_FromStringAndSize(text, at - text))

    cdef char* number(self, char* at, int64_t units, int decimals, bint sold) noexcept:
        """Write a number and a colon; what is sold is negative, as is a price below 0."""
        at = plainly(at, units if units >= 0 else -units, decimals, sold or units < 0)
        at[0] = c':'
        return at + 1

    cdef char* level(self, char* at, const Side* side, Py_ssize_t i, bint bare) noexcept:
        cdef const Rest* rest = side.rests + i
        at = written(at, side.keys[i] * side.sign, self.price_decimals, rest.price_digits, bare)
        if not bare:
            at[0] = c':'
            at += 1
        at = written(at, rest.quantity, self.quantity_decimals, rest.quantity_digits, bare)
        if not bare:
            at[0] = c':'
            at += 1
        return at


cdef bytes packed(const Side* side, Py_ssize_t depth):
    cdef Py_ssize_t i, n = min(max(depth, 0), side.count)
    cdef bytes out = PyBytes_FromStringAndSize(NULL, n * sizeof(Level))
    cdef Level* row = <Level*>PyBytes_AS_STRING(out)
    for i in range(n):
        row[i].price = side.keys[side.count - 1 - i] * side.sign
        row[i].quantity = side.rests[side.count - 1 - i].quantity
        row[i].price_digits = side.rests[side.count - 1 - i].price_digits
        row[i].quantity_digits = side.rests[side.count - 1 - i].quantity_digits
    return out
