# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Decimal text of one symbol as exact whole units, read from the bytes of a message.

A price is kept as its digits without the zeros at the end of the fraction. Units are as fine as
the finest number seen so far: a finer one makes them finer for good, and the message is read again.
Nothing passes through a float; the tests compare with `decimal`.
"""

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport INT64_MIN, int32_t, int64_t
from libc.stdlib cimport free, realloc
from cpython.unicode cimport PyUnicode_Check

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) except NULL

cdef struct Level:
    int64_t price
    int64_t quantity
    int32_t price_digits
    int32_t quantity_digits

cdef struct Number:
    int64_t units  # of 10**-decimals
    int decimals   # without the zeros at the end
    int digits     # as written

cdef int64_t LIMIT = 900000000000000000
cdef int DEEPEST = 18
cdef int MOST_DIGITS = 24
cdef int64_t[19] TENS
cdef int _power
TENS[0] = 1
for _power in range(1, 19):
    TENS[_power] = TENS[_power - 1] * 10

cdef object EMPTY = b""
cdef int64_t NO_PRICE = INT64_MIN


cdef inline bint is_space(char c) noexcept nogil:
    return c == 32 or c == 10 or c == 13 or c == 9


cdef const char* number(const char* at, const char* end, Number* out) noexcept nogil:
    """Read a JSON number, or one in quotes; return what follows it, NULL where it is none."""
    cdef int64_t units = 0
    cdef int decimals = 0, zeros = 0, digits = 0, exponent = 0, seen = 0
    cdef bint quoted = False, negative = False, down = False
    cdef int d
    if at < end and at[0] == c'"':
        quoted = True
        at += 1
    if at < end and at[0] == c'-':
        negative = True
        at += 1
    while at < end and c'0' <= at[0] <= c'9':
        if units >= LIMIT // 10:
            return NULL
        units = units * 10 + (at[0] - c'0')
        at += 1
        seen += 1
    if seen == 0:
        return NULL
    if at < end and at[0] == c'.':
        at += 1
        while at < end:
            d = at[0] - c'0'
            if d < 0 or d > 9:
                break
            digits += 1
            if d == 0:
                zeros += 1
            else:
                if digits > DEEPEST:
                    return NULL
                zeros += 1
                if units and units > LIMIT // TENS[zeros]:
                    return NULL
                units = units * TENS[zeros] + d
                decimals += zeros
                zeros = 0
            at += 1
        if digits == 0:
            return NULL
    if at < end and (at[0] == c'e' or at[0] == c'E'):
        at += 1
        if at < end and (at[0] == c'-' or at[0] == c'+'):
            down = at[0] == c'-'
            at += 1
        seen = 0
        while at < end and c'0' <= at[0] <= c'9':
            exponent = exponent * 10 + (at[0] - c'0')
            if exponent > DEEPEST:
                return NULL
            at += 1
            seen += 1
        if seen == 0:
            return NULL
        decimals += exponent if down else -exponent
        while decimals < 0 and units:
            if units > LIMIT // 10:
                return NULL
            units *= 10
            decimals += 1
        while decimals > 0 and units % 10 == 0 and units:
            units //= 10
            decimals -= 1
        digits = decimals
    if units == 0 or decimals < 0:
        decimals = 0
    if decimals > DEEPEST or digits > MOST_DIGITS:
        return NULL
    if quoted:
        if at >= end or at[0] != c'"':
            return NULL
        at += 1
    out.units = -units if negative else units
    out.decimals = decimals
    out.digits = digits if digits > 0 else 0
    return at


cdef const char* skip(const char* at, const char* end) noexcept nogil:
    """Return what follows a string, number or word; NULL where none of them is."""
    cdef const char* began = at
    if at < end and at[0] == c'"':
        at += 1
        while at < end and at[0] != c'"':
            at += 2 if at[0] == c'\\' else 1
        return at + 1 if at < end else NULL
    while at < end and at[0] != c',' and at[0] != c']' and at[0] != c'[' and at[0] != c'{' and at[0] != c'"':
        at += 1
    return at if at > began else NULL


cdef class Units:
    """The units of one symbol. `scale`, a `Scale`, says how fine they are.

    `damaged` makes the error that is raised for bytes that are not what an exchange documents.
    """

    cdef readonly object scale
    cdef object damaged
    cdef int price_decimals
    cdef int quantity_decimals
    cdef Level* bids
    cdef Level* asks
    cdef Py_ssize_t bid_count, ask_count, bid_room, ask_room

    def __init__(self, scale, damaged):
        self.damaged = damaged
        self.price_decimals, self.quantity_decimals = scale
        if not (0 <= self.price_decimals <= DEEPEST and 0 <= self.quantity_decimals <= DEEPEST):
            raise ValueError(f"a scale of {scale}")
        self.scale = scale

    def __dealloc__(self):
        free(self.bids)
        free(self.asks)

    cdef bint grow(self, int price, int quantity):
        """Make the units finer where they have to be; return whether they had."""
        if price <= self.price_decimals and quantity <= self.quantity_decimals:
            return False
        self.price_decimals = max(price, self.price_decimals)
        self.quantity_decimals = max(quantity, self.quantity_decimals)
        self.scale = type(self.scale)(self.price_decimals, self.quantity_decimals)
        return True

    cdef inline int put(self, bint bid, Number* price, Number* quantity) except -1:
        """Add a row; return 1 where the units became finer, so that all has to be read again."""
        cdef Level* row
        cdef Py_ssize_t room
        cdef int64_t many
        if price.decimals > self.price_decimals or quantity.decimals > self.quantity_decimals:
            self.grow(price.decimals, quantity.decimals)
            return 1
        if bid:
            if self.bid_count == self.bid_room:
                room = max(64, self.bid_room * 2)
                row = <Level*>realloc(self.bids, room * sizeof(Level))
                if row == NULL:
                    raise MemoryError
                self.bids, self.bid_room = row, room
            row = self.bids + self.bid_count
            self.bid_count += 1
        else:
            if self.ask_count == self.ask_room:
                room = max(64, self.ask_room * 2)
                row = <Level*>realloc(self.asks, room * sizeof(Level))
                if row == NULL:
                    raise MemoryError
                self.asks, self.ask_room = row, room
            row = self.asks + self.ask_count
            self.ask_count += 1
        row.price = self.scaled(price, self.price_decimals)
        row.quantity = self.scaled(quantity, self.quantity_decimals)
        if row.quantity < 0:
            raise self.damaged("a negative quantity")
        row.price_digits = price.digits
        row.quantity_digits = quantity.digits
        return 0

    cdef inline int64_t scaled(self, Number* number, int decimals) except? -1:
        cdef int64_t factor = TENS[decimals - number.decimals]
        if factor == 1:
            return number.units
        if number.units > LIMIT // factor or number.units < -(LIMIT // factor):
            raise self.damaged("a number too large for its decimals")
        return number.units * factor

    cdef int rows(self, object raw, int price_at, int quantity_at, int side_at, int fixed) except -1:
        """Read an array of rows; `fixed` 1 bids, 0 asks, -1 as the column `side_at` says.

        `side_at` -2: the quantity's sign says. Returns 1 where the units became finer.
        """
        cdef Py_buffer view
        cdef int got
        if PyBytes_CheckExact(raw):
            return self.scan(PyBytes_AS_STRING(raw), PyBytes_GET_SIZE(raw), price_at, quantity_at, side_at, fixed)
        PyObject_GetBuffer(raw, &view, PyBUF_SIMPLE)
        try:
            return self.scan(<const char*>view.buf, view.len, price_at, quantity_at, side_at, fixed)
        finally:
            PyBuffer_Release(&view)

    cdef int scan(self, const char* at, Py_ssize_t size, int price_at, int quantity_at, int side_at,
                  int fixed) except -1:
        cdef const char* end = at + size
        cdef Number price, quantity
        cdef int column, found, bid
        cdef int wanted = 2 if side_at < 0 else 3
        while at < end and is_space(at[0]):
            at += 1
        if at == end:
            raise self.damaged("levels are missing")
        if at[0] == c'n':  # null
            return 0
        if at[0] != c'[':
            raise self.damaged("levels are no list")
        at += 1
        while True:
            while at < end and (is_space(at[0]) or at[0] == c','):
                at += 1
            if at >= end:
                raise self.damaged("levels without an end")
            if at[0] == c']':
                return 0
            if at[0] != c'[':
                raise self.damaged("a level is no list")
            at += 1
            column, found, bid = 0, 0, fixed
            while True:
                while at < end and is_space(at[0]):
                    at += 1
                if column == price_at:
                    at = number(at, end, &price)
                    found += 1
                elif column == quantity_at:
                    at = number(at, end, &quantity)
                    found += 1
                else:
                    if column == side_at:
                        if end - at < 2 or (at[1] != c'b' and at[1] != c's' and at[1] != c'o' and at[1] != c'a'):
                            raise self.damaged("a level without a side")
                        bid = at[1] == c'b'
                        found += 1
                    at = skip(at, end)
                if at == NULL:
                    raise self.damaged("a level that is no number")
                while at < end and is_space(at[0]):
                    at += 1
                if at >= end:
                    raise self.damaged("a level without an end")
                column += 1
                if at[0] == c',':
                    at += 1
                elif at[0] == c']':
                    at += 1
                    break
                else:
                    raise self.damaged("a level of a strange form")
            if found != wanted:
                raise self.damaged("a level with too few columns")
            if side_at == -2:
                bid = quantity.units > 0
                if quantity.units < 0:
                    quantity.units = -quantity.units
            if self.put(bid, &price, &quantity):
                return 1

    cdef tuple packed(self):
        return (
            PyBytes_FromStringAndSize(<char*>self.bids, self.bid_count * sizeof(Level))
            if self.bid_count else EMPTY,
            PyBytes_FromStringAndSize(<char*>self.asks, self.ask_count * sizeof(Level))
            if self.ask_count else EMPTY,
        )

    def sides(self, bids, asks, int price_at=0, int quantity_at=1):
        """Return the rows of both sides, given as JSON arrays of arrays, packed as `LEVEL`."""
        while True:
            self.bid_count = self.ask_count = 0
            if self.rows(bids, price_at, quantity_at, -1, 1):
                continue
            if self.rows(asks, price_at, quantity_at, -1, 0):
                continue
            return self.packed()

    def mixed(self, changes, int side_at, int price_at, int quantity_at):
        """Return the rows of both sides out of one list, whose rows name their side."""
        while True:
            self.bid_count = self.ask_count = 0
            if not self.rows(changes, price_at, quantity_at, side_at, -1):
                return self.packed()

    def pairs(self, list bids, list asks):
        """Return rows, packed, of lists of pairs of text or raw JSON: price and quantity."""
        cdef Number price, quantity
        cdef bint bid, again = True
        while again:
            again = False
            self.bid_count = self.ask_count = 0
            for bid in (True, False):
                for pair in (bids if bid else asks):
                    self.text(pair[0], &price)
                    self.text(pair[1], &quantity)
                    if self.put(bid, &price, &quantity):
                        again = True
                        break
                if again:
                    break
        return self.packed()

    cdef int text(self, object given, Number* out) except -1:
        """Read one number that is text, bytes or raw JSON."""
        cdef const char* at
        cdef const char* past
        cdef Py_ssize_t size
        cdef Py_buffer view
        if PyUnicode_Check(given):
            at = PyUnicode_AsUTF8AndSize(given, &size)
            past = number(at, at + size, out)
            if past != at + size:
                past = NULL
        else:
            PyObject_GetBuffer(given, &view, PyBUF_SIMPLE)
            at = <const char*>view.buf
            past = number(at, at + view.len, out)
            if past != at + view.len:
                past = NULL
            PyBuffer_Release(&view)
        if past == NULL:
            raise self.damaged("not a number")
        return 0

    def trade(self, price, quantity):
        """Return a price and a quantity in units."""
        cdef Number first, second
        self.text(price, &first)
        self.text(quantity, &second)
        self.grow(first.decimals, second.decimals)
        return self.scaled(&first, self.price_decimals), self.scaled(&second, self.quantity_decimals)

    def quote(self, bid, bid_quantity, ask, ask_quantity):
        """Return both sides of a quote in units; a price of None or "" is an empty side."""
        cdef Number[4] read
        cdef int i
        cdef bint[2] there
        for i in range(2):
            price, quantity = (bid, bid_quantity) if i == 0 else (ask, ask_quantity)
            there[i] = price is not None and len(memory(price)) > 0
            if there[i]:
                self.text(price, &read[2 * i])
                self.text(quantity, &read[2 * i + 1])
                self.grow(read[2 * i].decimals, read[2 * i + 1].decimals)
        return (
            self.scaled(&read[0], self.price_decimals) if there[0] else NO_PRICE,
            self.scaled(&read[1], self.quantity_decimals) if there[0] else 0,
            self.scaled(&read[2], self.price_decimals) if there[1] else NO_PRICE,
            self.scaled(&read[3], self.quantity_decimals) if there[1] else 0,
        )

    def prices(self, *texts):
        """Return prices in units."""
        cdef Number read
        for text in texts:
            self.text(text, &read)
            self.grow(read.decimals, 0)
        values = []
        for text in texts:
            self.text(text, &read)
            values.append(self.scaled(&read, self.price_decimals))
        return values


cdef inline object memory(object given):
    return given if PyUnicode_Check(given) else bytes(given)
