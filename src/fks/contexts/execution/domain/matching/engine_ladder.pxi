"""Prices of one side of one instrument, in order; included by `_matching.pyx`.

A ladder is ordered by keys, the lowest first: a price where low prices come first, minus the price
where high ones do, so both sides run the same code without asking which they are. Most levels lie
in a window of consecutive keys: an array of 16-byte levels under three bitmaps, so that the next
one is three bit scans away however far it is. Keys outside of the window are nodes of a treap (far
levels). When the market has moved out of the window, the window follows.
"""

cdef enum:
    NEAR_BOOK = 1 << 18
    NEAR_TRIGGER = 1 << 12


cdef int ladder_make(Ladder *l, u32 size) noexcept nogil:
    """Reserve a window of `size` keys, 4096 to 262144; 0 without memory."""
    l.size = size
    l.best = NO_KEY
    l.levels = <Level *>calloc(size, sizeof(Level))
    l.bits0 = <u64 *>calloc(size // 64 + 1, 8)
    l.bits1 = <u64 *>calloc(size // 4096 + 1, 8)
    return l.levels != NULL and l.bits0 != NULL and l.bits1 != NULL


cdef void ladder_free(Ladder *l) noexcept nogil:
    """Give the memory back."""
    free(l.levels)
    free(l.bits0)
    free(l.bits1)


cdef inline i64 key_of(int side, i64 price) noexcept nogil:
    """Return the key of a price to buy (0) or to sell (1), and the price of a key."""
    cdef i64 turn = side - 1
    return (price ^ turn) - turn


cdef inline u64 place_of(const Ladder *l, i64 key) noexcept nogil:
    """Return where a key is in the window, or `size` or more when it is outside."""
    return <u64>key - <u64>l.start


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


# --- far levels: a treap whose priorities are hashes of the key, so its shape is deterministic

cdef inline u32 weight(i64 key) noexcept nogil:
    """Return the priority of a key in the treap."""
    return fks_hash(<u64>key)


cdef u32 far_find(const Ladder *l, const Far *far, i64 key) noexcept nogil:
    """Return the node of a key, or 0."""
    cdef u32 at = l.root
    while at and far[at].key != key:
        at = far[at].left if key < far[at].key else far[at].right
    return at


cdef void far_link(Ladder *l, Far *far, u32 node) noexcept nogil:
    """Hang a node with its key into the treap."""
    cdef i64 key = far[node].key
    cdef u32 *link = &l.root
    cdef u32 *left = &far[node].left
    cdef u32 *right = &far[node].right
    cdef u32 at
    while link[0] and weight(far[link[0]].key) >= weight(key):
        link = &far[link[0]].left if key < far[link[0]].key else &far[link[0]].right
    at = link[0]
    link[0] = node
    while at:
        if far[at].key < key:
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
    cdef i64 key = far[node].key
    cdef u32 *link = &l.root
    cdef u32 left, right
    while link[0] != node:
        link = &far[link[0]].left if key < far[link[0]].key else &far[link[0]].right
    left, right = far[node].left, far[node].right
    while left and right:
        if weight(far[left].key) >= weight(far[right].key):
            link[0] = left
            link = &far[left].right
            left = link[0]
        else:
            link[0] = right
            link = &far[right].left
            right = link[0]
    link[0] = left if left else right
    l.far_count -= 1


cdef u32 far_beyond(const Ladder *l, const Far *far, i64 key, bint down) noexcept nogil:
    """Return the nearest far level strictly above (or below) a key, or 0."""
    cdef u32 at = l.root, found = 0
    while at:
        if (far[at].key < key) if down else (far[at].key > key):
            found = at
            at = far[at].right if down else far[at].left
        else:
            at = far[at].left if down else far[at].right
    return found


cdef i64 ladder_beyond(const Ladder *l, const Far *far, i64 key) noexcept nogil:
    """Return the key that follows another on the ladder, or NO_KEY."""
    cdef i64 found = -1, answer = NO_KEY
    cdef u64 at = place_of(l, key)
    cdef u32 node
    if l.near_count:
        if fks_likely(at < l.size):
            found = next_up(l, at + 1)
        elif key < l.start:
            found = next_up(l, 0)
        if found >= 0:
            answer = l.start + found
    if l.far_count:
        node = far_beyond(l, far, key, False)
        if node and far[node].key < answer:
            answer = far[node].key
    return answer


cdef i64 ladder_before(const Ladder *l, const Far *far, i64 key) noexcept nogil:
    """Return the key that precedes another on the ladder (which need not be on it), or -NO_KEY."""
    cdef i64 found = -1, answer = -NO_KEY
    cdef u64 at = place_of(l, key)
    cdef u32 node
    if l.near_count:
        if at < l.size:
            found = next_down(l, at - 1) if at else -1
        elif key > l.start:
            found = next_down(l, l.size - 1)
        if found >= 0:
            answer = l.start + found
    if l.far_count:
        node = far_beyond(l, far, key, True)
        if node and far[node].key > answer:
            answer = far[node].key
    return answer
