"""The compiled replica of a recorded book; `recorded.py` is its plain twin and says what it means.

Orders are nodes in one array, strung to a queue per price; prices are one sorted array per side
with the best one last, since nearly all that happens is near its end; ids are found in an open
hash table. Nothing is allocated while there is room. In one file because the levels, the queues
and the table of ids are one structure, whose parts call one another in the loop.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, memmove, memset

cdef enum:
    ADD = 1
    CANCEL = 2
    MODIFY = 3
    EXECUTE = 4
    FILL = 5
    TRADE = 6
    CLEAR = 7
    HIDDEN = 10
    APPLIED = 0
    NO_EFFECT = 1
    STRANGER = 2
    UNKNOWN_ID = 3
    DUPLICATE_ID = 4
    OVERDRAWN = 5
    FAILED = 255
    NEAR = 8

cdef struct Node:
    uint64_t id
    int64_t price
    int64_t lots
    int64_t rank
    int32_t before
    int32_t behind
    int32_t side

cdef struct Queue:
    int64_t key  # the price, negated for sells: greater is better
    int64_t lots
    int64_t strangers
    int32_t first
    int32_t last
    int32_t orders

cdef struct Side:
    Queue* queues
    int32_t count
    int32_t room

cdef packed struct Row:
    int64_t ts_ns
    uint64_t id
    int64_t price
    int64_t lots
    uint8_t kind
    uint8_t side
    uint8_t flags

ROW_BYTES = sizeof(Row)


cdef inline int64_t key_of(int side, int64_t price) noexcept nogil:
    return price if side == 0 else -price


cdef inline uint64_t scattered(uint64_t id) noexcept nogil:
    id = (id ^ (id >> 32)) * 0x9E3779B97F4A7C15ULL
    return id ^ (id >> 29)


cdef int checked(int side, int sides=2) except -1:
    if not 0 <= side < sides:
        raise ValueError(f"{side} is no side")
    return 0


cdef class Replica:
    """A replica of both sides, by order."""

    cdef Node* nodes
    cdef int32_t room
    cdef int32_t used  # nodes ever taken
    cdef int32_t spare  # head of the given-back ones, strung by `behind`
    cdef int32_t* table  # node + 1, or 0
    cdef uint64_t mask
    cdef int64_t live
    cdef int64_t ranks
    cdef Side sides[2]

    def __cinit__(self):
        self.room = 1024
        self.mask = 4095
        self.spare = -1
        self.nodes = <Node*>malloc(self.room * sizeof(Node))
        self.table = <int32_t*>malloc((self.mask + 1) * sizeof(int32_t))
        cdef int side
        for side in range(2):
            self.sides[side].room = 256
            self.sides[side].queues = <Queue*>malloc(256 * sizeof(Queue))
        if not (self.nodes and self.table and self.sides[0].queues and self.sides[1].queues):
            raise MemoryError
        memset(self.table, 0, (self.mask + 1) * sizeof(int32_t))

    def __dealloc__(self):
        free(self.nodes)
        free(self.table)
        free(self.sides[0].queues)
        free(self.sides[1].queues)

    def __len__(self):
        return self.live

    # --- rows ------------------------------------------------------------------------------

    def apply(self, int kind, int side, uint64_t order_id, int64_t price, int64_t lots):
        """Take one row in, and say how it fitted."""
        checked(side, 3)
        cdef int outcome = self._apply(kind, side, order_id, price, lots)
        if outcome == FAILED:
            raise MemoryError
        return outcome

    def apply_bytes(self, const uint8_t[::1] raw):
        """Take many rows in."""
        cdef Py_ssize_t at, count = raw.shape[0] // sizeof(Row)
        cdef Row row
        cdef bint failed = False
        with nogil:
            for at in range(count):
                memcpy(&row, &raw[at * sizeof(Row)], sizeof(Row))
                if row.side > 2:
                    row.side = 2
                if self._apply(row.kind, row.side, row.id, row.price, row.lots) == FAILED:
                    failed = True
                    break
        if failed:
            raise MemoryError

    def advance(
        self,
        const uint8_t[::1] raw,
        Py_ssize_t start,
        int64_t until_ns,
        bint alone,
        int64_t buy_low,
        int64_t buy_high,
        int64_t sell_low,
        int64_t sell_high,
    ):
        """Take rows in as long as no own order could feel them.

        Own orders rest from `buy_low` to `buy_high` and `sell_low` to `sell_high`; `alone` says
        that there are none. Stops before the first row at or after `until_ns`, one that trades
        (unless alone), clears or halts, one in those bands, and one that would cross an own order.

        Returns:
            (index of the first row not taken, price of the last trade taken or None).
        """
        cdef Py_ssize_t at = start, count = raw.shape[0] // sizeof(Row)
        cdef Row row
        cdef bint traded = False, failed = False
        cdef int64_t last = 0, place
        cdef Node* node
        with nogil:
            while at < count:
                memcpy(&row, &raw[at * sizeof(Row)], sizeof(Row))
                if row.ts_ns >= until_ns or row.side > 2:
                    break
                if row.kind == EXECUTE or row.kind == FILL or row.kind == HIDDEN:
                    if not alone:
                        break
                    traded, last = True, row.price
                elif row.kind == TRADE:
                    at += 1
                    continue
                elif row.kind != ADD and row.kind != CANCEL and row.kind != MODIFY:
                    break
                if not alone:
                    if row.side == 0:
                        if buy_low <= row.price <= buy_high or row.price >= sell_low:
                            break
                    elif sell_low <= row.price <= sell_high or row.price <= buy_high:
                        break
                    place = self._place(row.id) if row.kind != ADD else -1
                    if place >= 0:
                        node = &self.nodes[self.table[place] - 1]
                        if node.side == 0 and buy_low <= node.price <= buy_high:
                            break
                        if node.side == 1 and sell_low <= node.price <= sell_high:
                            break
                if self._apply(row.kind, row.side, row.id, row.price, row.lots) == FAILED:
                    failed = True
                    break
                at += 1
        if failed:
            raise MemoryError
        return at, last if traded else None

    def clear(self, int side=2):
        """Take everything away, or everything of one side."""
        self._clear(side)

    def seed(self, int side, int64_t price, int64_t lots):
        """Set a level to strangers only; orders with an id there are forgotten."""
        checked(side)
        cdef int32_t at = self._find(side, key_of(side, price))
        if at >= 0:
            self._empty(side, at)
            self._drop(side, at)
        if lots > 0:
            at = self._level(side, key_of(side, price))
            if at < 0:
                raise MemoryError
            self.sides[side].queues[at].strangers = lots
            self.sides[side].queues[at].lots = lots

    # --- what it holds ---------------------------------------------------------------------

    def best(self, int side):
        """Return the best price of a side."""
        checked(side)
        cdef Side* book = &self.sides[side]
        return key_of(side, book.queues[book.count - 1].key) if book.count else None

    def worst(self, int side):
        """Return the deepest price of a side."""
        checked(side)
        cdef Side* book = &self.sides[side]
        return key_of(side, book.queues[0].key) if book.count else None

    def rank(self):
        """Return the rank that was given last."""
        return self.ranks

    def lots_at(self, int side, int64_t price):
        """Return the lots at a price."""
        checked(side)
        cdef int32_t at = self._find(side, key_of(side, price))
        return self.sides[side].queues[at].lots if at >= 0 else 0

    def depth(self, int side, int64_t levels):
        """Return the best levels, the best one first."""
        checked(side)
        cdef Side* book = &self.sides[side]
        cdef int64_t number
        found = []
        for number in range(min(levels, book.count)):
            queue = book.queues[book.count - 1 - number]
            found.append((key_of(side, queue.key), queue.lots, queue.orders))
        return tuple(found)

    def order(self, uint64_t order_id):
        """Return an order."""
        cdef int64_t place = self._place(order_id)
        if place < 0:
            return None
        node = self.nodes[self.table[place] - 1]
        return node.side, node.price, node.lots, node.rank

    def queue(self, int side, int64_t price):
        """Return (id, lots) at a price in time priority; strangers first, as id 0."""
        checked(side)
        cdef int32_t at = self._find(side, key_of(side, price))
        if at < 0:
            return ()
        cdef Queue level = self.sides[side].queues[at]
        found = [(0, level.strangers)] if level.strangers else []
        cdef int32_t node = level.first
        while node >= 0:
            found.append((self.nodes[node].id, self.nodes[node].lots))
            node = self.nodes[node].behind
        return tuple(found)

    def crossed(self):
        """Tell whether the best bid is at or above the best ask."""
        cdef Side* bids = &self.sides[0]
        cdef Side* asks = &self.sides[1]
        if not bids.count or not asks.count:
            return False
        return bids.queues[bids.count - 1].key >= -asks.queues[asks.count - 1].key

    # --- rules -----------------------------------------------------------------------------

    cdef int _apply(
        self, int kind, int side, uint64_t id, int64_t price, int64_t lots
    ) noexcept nogil:
        if lots < 0 or (side > 1 and kind == ADD):
            return UNKNOWN_ID
        if kind == ADD:
            return self._add(side, id, price, lots)
        if kind == CANCEL or kind == EXECUTE:
            return self._reduce(side, id, price, lots)
        if kind == MODIFY:
            return self._modify(side, id, price, lots)
        if kind == CLEAR:
            self._clear(side)
            return APPLIED
        return NO_EFFECT

    cdef int _add(self, int side, uint64_t id, int64_t price, int64_t lots) noexcept nogil:
        cdef int32_t at
        cdef int64_t place
        cdef int outcome = APPLIED
        if id == 0 and lots == 0:
            return APPLIED
        if id == 0:
            at = self._level(side, key_of(side, price))
            if at < 0:
                return FAILED
            self.sides[side].queues[at].strangers += lots
            self.sides[side].queues[at].lots += lots
            return APPLIED
        place = self._place(id)
        if place >= 0:
            self._take_out(place)
            outcome = DUPLICATE_ID
        if lots > 0 and not self._join(side, id, price, lots):
            return FAILED
        return outcome

    cdef int _reduce(self, int side, uint64_t id, int64_t price, int64_t lots) noexcept nogil:
        cdef int64_t place = self._place(id)
        cdef Node* node
        cdef int outcome
        if place < 0:
            return self._reduce_strangers(side, price, lots)
        node = &self.nodes[self.table[place] - 1]
        if lots >= node.lots:
            outcome = APPLIED if lots == node.lots else OVERDRAWN
            self._take_out(place)
            return outcome
        node.lots -= lots
        self.sides[node.side].queues[self._find(node.side, key_of(node.side, node.price))].lots -= lots
        return APPLIED

    cdef int _modify(self, int side, uint64_t id, int64_t price, int64_t lots) noexcept nogil:
        cdef int64_t place = self._place(id)
        cdef Node* node
        if place < 0 and side > 1:
            return UNKNOWN_ID
        if place < 0:
            return FAILED if self._add(side, id, price, lots) == FAILED else UNKNOWN_ID
        node = &self.nodes[self.table[place] - 1]
        side = node.side
        if node.price == price and 0 < lots <= node.lots:
            return self._reduce(side, id, price, node.lots - lots)
        self._take_out(place)
        return FAILED if self._add(side, id, price, lots) == FAILED else APPLIED

    cdef int _reduce_strangers(self, int side, int64_t price, int64_t lots) noexcept nogil:
        cdef int32_t at
        cdef Queue* queue
        cdef int64_t gone
        if side > 1:
            return UNKNOWN_ID
        at = self._find(side, key_of(side, price))
        if at < 0 or self.sides[side].queues[at].strangers == 0:
            return UNKNOWN_ID
        queue = &self.sides[side].queues[at]
        gone = min(lots, queue.strangers)
        queue.strangers -= gone
        queue.lots -= gone
        if queue.lots == 0:
            self._drop(side, at)
        return STRANGER if gone == lots else OVERDRAWN

    cdef void _clear(self, int side) noexcept nogil:
        cdef int which
        cdef int32_t at
        for which in range(2):
            if side == 2 or side == which:
                for at in range(self.sides[which].count):
                    self._empty(which, at)
                self.sides[which].count = 0

    # --- places ----------------------------------------------------------------------------

    cdef bint _join(self, int side, uint64_t id, int64_t price, int64_t lots) noexcept nogil:
        """Put an order at the end of its queue; False when there is no memory."""
        cdef int32_t at = self._level(side, key_of(side, price))
        cdef int32_t number = self._node() if at >= 0 else -1
        cdef Node* node
        cdef Queue* queue
        cdef uint64_t place
        if number < 0:
            return False
        queue = &self.sides[side].queues[at]
        self.ranks += 1
        node = &self.nodes[number]
        node.id, node.price, node.lots = id, price, lots
        node.rank, node.side = self.ranks, side
        node.before, node.behind = queue.last, -1
        if queue.last >= 0:
            self.nodes[queue.last].behind = number
        else:
            queue.first = number
        queue.last = number
        queue.orders += 1
        queue.lots += lots
        place = scattered(id) & self.mask
        while self.table[place]:
            place = (place + 1) & self.mask
        self.table[place] = number + 1
        self.live += 1
        return True

    cdef void _take_out(self, int64_t place) noexcept nogil:
        cdef int32_t number = self.table[place] - 1
        cdef Node* node = &self.nodes[number]
        cdef int32_t at = self._find(node.side, key_of(node.side, node.price))
        cdef Queue* queue = &self.sides[node.side].queues[at]
        if node.before >= 0:
            self.nodes[node.before].behind = node.behind
        else:
            queue.first = node.behind
        if node.behind >= 0:
            self.nodes[node.behind].before = node.before
        else:
            queue.last = node.before
        queue.orders -= 1
        queue.lots -= node.lots
        if queue.lots == 0:
            self._drop(node.side, at)
        self._forget(place)

    cdef void _empty(self, int side, int32_t at) noexcept nogil:
        """Forget the orders of a level; the level itself stays."""
        cdef int32_t node = self.sides[side].queues[at].first
        cdef int32_t behind
        while node >= 0:
            behind = self.nodes[node].behind
            self._forget(self._place(self.nodes[node].id))
            node = behind

    cdef void _forget(self, int64_t place) noexcept nogil:
        """Take an order from the table, closing the gap, and give its node back."""
        cdef uint64_t hole = place, at = place, home
        cdef int32_t number = self.table[place] - 1
        self.nodes[number].behind = self.spare
        self.spare = number
        self.live -= 1
        while True:
            at = (at + 1) & self.mask
            if not self.table[at]:
                break
            home = scattered(self.nodes[self.table[at] - 1].id) & self.mask
            if ((at - home) & self.mask) >= ((at - hole) & self.mask):
                self.table[hole] = self.table[at]
                hole = at
        self.table[hole] = 0

    cdef int64_t _place(self, uint64_t id) noexcept nogil:
        """Return where the table holds an id, or -1."""
        cdef uint64_t at = scattered(id) & self.mask
        while self.table[at]:
            if self.nodes[self.table[at] - 1].id == id:
                return at
            at = (at + 1) & self.mask
        return -1

    cdef int32_t _node(self) noexcept nogil:
        """Return a free node, or -1 when there is no memory; the table grows with the nodes."""
        cdef int32_t number = self.spare
        cdef Node* nodes
        cdef int32_t* table
        cdef uint64_t place
        if number >= 0:
            self.spare = self.nodes[number].behind
            return number
        if self.used == self.room:
            if self.room >= 1 << 29:
                return -1
            nodes = <Node*>realloc(self.nodes, 2 * <size_t>self.room * sizeof(Node))
            if nodes == NULL:
                return -1
            self.nodes = nodes
            table = <int32_t*>malloc(2 * (self.mask + 1) * sizeof(int32_t))
            if table == NULL:
                return -1
            free(self.table)
            self.table = table
            self.room *= 2
            self.mask = 2 * self.mask + 1
            memset(table, 0, (self.mask + 1) * sizeof(int32_t))
            for number in range(self.used):  # none is free: all are live
                place = scattered(self.nodes[number].id) & self.mask
                while table[place]:
                    place = (place + 1) & self.mask
                table[place] = number + 1
        self.used += 1
        return self.used - 1

    cdef int32_t _lower(self, Side* book, int64_t key) noexcept nogil:
        """Return the first place whose key is at least this one, from the best end."""
        cdef int32_t low = 0, high = book.count, middle
        while high > 0 and book.count - high < NEAR:
            if book.queues[high - 1].key < key:
                return high
            high -= 1
        while low < high:
            middle = (low + high) >> 1
            if book.queues[middle].key < key:
                low = middle + 1
            else:
                high = middle
        return low

    cdef int32_t _find(self, int side, int64_t key) noexcept nogil:
        """Return the place of a level, or -1."""
        cdef Side* book = &self.sides[side]
        cdef int32_t at = self._lower(book, key)
        return at if at < book.count and book.queues[at].key == key else -1

    cdef int32_t _level(self, int side, int64_t key) noexcept nogil:
        """Return the place of a level, made where there is none; -1 when there is no memory."""
        cdef Side* book = &self.sides[side]
        cdef int32_t at = self._lower(book, key)
        cdef Queue* queues
        if at < book.count and book.queues[at].key == key:
            return at
        if book.count == book.room:
            queues = <Queue*>realloc(book.queues, 2 * <size_t>book.room * sizeof(Queue))
            if queues == NULL:
                return -1
            book.queues = queues
            book.room *= 2
        memmove(&book.queues[at + 1], &book.queues[at], (book.count - at) * sizeof(Queue))
        book.count += 1
        book.queues[at].key = key
        book.queues[at].lots = book.queues[at].strangers = 0
        book.queues[at].first = book.queues[at].last = -1
        book.queues[at].orders = 0
        return at

    cdef void _drop(self, int side, int32_t at) noexcept nogil:
        cdef Side* book = &self.sides[side]
        book.count -= 1
        memmove(&book.queues[at], &book.queues[at + 1], (book.count - at) * sizeof(Queue))
