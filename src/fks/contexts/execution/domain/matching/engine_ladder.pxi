"""Prices of one side of one instrument, in order; included by `_matching.pyx`.

Most levels lie in a window of consecutive prices: an array of 16-byte levels under three bitmaps,
so that the next price is three bit scans away however far it is. Prices outside of the window are
nodes of a treap (far levels). When the market has moved out of the window, the window follows.
"""

cdef enum:
    NEAR_BOOK = 1 << 18
    NEAR_TRIGGER = 1 << 12


cdef int ladder_make(Ladder *l, u32 size, bint falling) noexcept nogil:
    """Reserve a window of `size` prices, 4096 to 262144; 0 without memory."""
    l.size = size
    l.falling = falling
    l.none = INT64_MIN if falling else INT64_MAX
    l.best = l.none
    l.levels = <Level *>calloc(size, sizeof(Level))
    l.bits0 = <u64 *>calloc(size // 64 + 1, 8)
    l.bits1 = <u64 *>calloc(size // 4096 + 1, 8)
    return l.levels != NULL and l.bits0 != NULL and l.bits1 != NULL


cdef void ladder_free(Ladder *l) noexcept nogil:
    """Give the memory back."""
    free(l.levels)
    free(l.bits0)
    free(l.bits1)


cdef inline bint ahead(const Ladder *l, i64 price, i64 other) noexcept nogil:
    """Tell whether a price comes before another on this ladder."""
    return price > other if l.falling else price < other


cdef inline u64 place_of(const Ladder *l, i64 price) noexcept nogil:
    """Return where a price is in the window, or `size` or more when it is outside."""
    return <u64>price - <u64>l.start


cdef inline i64 next_up(const Ladder *l, u64 at) noexcept nogil:
    """Return the first occupied place from `at` upwards, or -1."""
    cdef u64 word = at >> 6, bits
    if at >= l.size:
        return -1
    bits = l.bits0[word] >> (at & 63)
    if bits:
        return at + fks_lowest(bits)
    word += 1
    if word >= l.size >> 6:
        return -1
    bits = l.bits1[word >> 6] >> (word & 63)
    if bits:
        word += fks_lowest(bits)
        return (word << 6) + fks_lowest(l.bits0[word])
    word = (word >> 6) + 1
    if word >= l.size >> 12:
        return -1
    bits = l.bits2 >> word
    if not bits:
        return -1
    word += fks_lowest(bits)
    word = (word << 6) + fks_lowest(l.bits1[word])
    return (word << 6) + fks_lowest(l.bits0[word])


cdef inline i64 next_down(const Ladder *l, u64 at) noexcept nogil:
    """Return the first occupied place from `at` downwards, or -1; `at` is within the window."""
    cdef u64 word = at >> 6, bits
    bits = l.bits0[word] << (63 - (at & 63))
    if bits:
        return at - (63 - fks_highest(bits))
    if word == 0:
        return -1
    word -= 1
    bits = l.bits1[word >> 6] << (63 - (word & 63))
    if bits:
        word -= 63 - fks_highest(bits)
        return (word << 6) + fks_highest(l.bits0[word])
    word >>= 6
    if word == 0:
        return -1
    word -= 1
    bits = l.bits2 << (63 - word)
    if not bits:
        return -1
    word -= 63 - fks_highest(bits)
    word = (word << 6) + fks_highest(l.bits1[word])
    return (word << 6) + fks_highest(l.bits0[word])


cdef inline void mark_place(Ladder *l, u64 at) noexcept nogil:
    """Set the bits above an occupied place."""
    l.bits0[at >> 6] |= <u64>1 << (at & 63)
    l.bits1[at >> 12] |= <u64>1 << ((at >> 6) & 63)
    l.bits2 |= <u64>1 << (at >> 12)
    l.near_count += 1


cdef inline void clear_place(Ladder *l, u64 at) noexcept nogil:
    """Clear the bits above a place that became empty."""
    l.near_count -= 1
    l.bits0[at >> 6] &= ~(<u64>1 << (at & 63))
    if l.bits0[at >> 6] == 0:
        l.bits1[at >> 12] &= ~(<u64>1 << ((at >> 6) & 63))
        if l.bits1[at >> 12] == 0:
            l.bits2 &= ~(<u64>1 << (at >> 12))


# --- far levels: a treap whose priorities are hashes of the price, so its shape is deterministic

cdef inline u32 weight(i64 price) noexcept nogil:
    """Return the priority of a price in the treap."""
    return fks_hash(<u64>price)


cdef u32 far_find(const Ladder *l, const Far *far, i64 price) noexcept nogil:
    """Return the node of a price, or 0."""
    cdef u32 at = l.root
    while at and far[at].price != price:
        at = far[at].left if price < far[at].price else far[at].right
    return at


cdef void far_link(Ladder *l, Far *far, u32 node) noexcept nogil:
    """Hang a node with its price into the treap."""
    cdef i64 price = far[node].price
    cdef u32 *link = &l.root
    cdef u32 *left = &far[node].left
    cdef u32 *right = &far[node].right
    cdef u32 at
    while link[0] and weight(far[link[0]].price) >= weight(price):
        link = &far[link[0]].left if price < far[link[0]].price else &far[link[0]].right
    at = link[0]
    link[0] = node
    while at:
        if far[at].price < price:
            left[0] = at
            left = &far[at].right
            at = left[0]
        else:
            right[0] = at
            right = &far[at].left
            at = right[0]
    left[0] = 0
    right[0] = 0
    l.far_count += 1


cdef void far_unlink(Ladder *l, Far *far, u32 node) noexcept nogil:
    """Take a node out of the treap."""
    cdef i64 price = far[node].price
    cdef u32 *link = &l.root
    cdef u32 left, right
    while link[0] != node:
        link = &far[link[0]].left if price < far[link[0]].price else &far[link[0]].right
    left, right = far[node].left, far[node].right
    while left and right:
        if weight(far[left].price) >= weight(far[right].price):
            link[0] = left
            link = &far[left].right
            left = link[0]
        else:
            link[0] = right
            link = &far[right].left
            right = link[0]
    link[0] = left if left else right
    l.far_count -= 1


cdef u32 far_beyond(const Ladder *l, const Far *far, i64 price, bint falling) noexcept nogil:
    """Return the nearest far level strictly behind a price in that direction, or 0."""
    cdef u32 at = l.root, found = 0
    while at:
        if (far[at].price < price) if falling else (far[at].price > price):
            found = at
            at = far[at].right if falling else far[at].left
        else:
            at = far[at].left if falling else far[at].right
    return found


cdef i64 ladder_beyond(const Ladder *l, const Far *far, i64 price) noexcept nogil:
    """Return the price that follows `price` on the ladder, or `none`."""
    cdef i64 found = -1, answer = l.none
    cdef u64 at = place_of(l, price)
    cdef u32 node
    if l.near_count:
        if l.falling:
            if at < l.size:
                found = next_down(l, at - 1) if at else -1
            elif price > l.start:
                found = next_down(l, l.size - 1)
        elif at < l.size:
            found = next_up(l, at + 1)
        elif price < l.start:
            found = next_up(l, 0)
        if found >= 0:
            answer = l.start + found
    if l.far_count:
        node = far_beyond(l, far, price, l.falling)
        if node and (found < 0 or ahead(l, far[node].price, answer)):
            answer = far[node].price
    return answer
