"""Where the order of an id is, and the list of a link: hash tables; included by `_matching.pyx`.

A bucket is one cache line with seven places, compared all at once, so finding, putting and taking
out branch on nothing but luck: `over` counts the entries that found their bucket full and went on
to the next. A table is made for 2 to 4 entries a bucket; a larger one would fall out of the cache for
nothing. The tables of all sizes are reserved at the start, one behind the other, so growing
allocates nothing.
"""

cdef enum:
    LEAST_BITS = 7  # buckets of the smallest table, as a power of two


cdef int ids_make(Ids *t, u32 capacity) noexcept nogil:
    """Reserve for `capacity` ids; only what is in use is ever touched. 0 without memory."""
    t.most_bits = LEAST_BITS
    while (<u64>4 << t.most_bits) < capacity:
        t.most_bits += 1
    t.made = <Bucket *>fks_reserve(<size_t>2 << t.most_bits, sizeof(Bucket))
    t.buckets = t.made + (1 << LEAST_BITS)
    t.mask = (1 << LEAST_BITS) - 1
    t.shift = 32 - LEAST_BITS
    t.count = 0
    return t.made != NULL


cdef void ids_free(Ids *t) noexcept nogil:
    """Give the memory back."""
    fks_release(t.made, <size_t>2 << t.most_bits, sizeof(Bucket))


cdef inline u32 ids_find(const Ids *t, const Order *orders, u64 key) noexcept nogil:
    """Return the slot of a live order, or 0."""
    return ids_find_code(t, orders, key, fks_hash(key))


cdef inline u32 ids_find_code(const Ids *t, const Order *orders, u64 key, u32 code) noexcept nogil:
    """Return the slot of a live order whose hash is known, or 0."""
    cdef u32 at = code >> t.shift, lanes, slot
    while True:
        lanes = fks_lanes(&t.buckets[at], code | 1)
        while lanes:
            slot = t.buckets[at].slot[fks_lowest(lanes)]
            if fks_likely(orders[slot].id == key):
                return slot
            lanes &= lanes - 1
        if fks_likely(t.buckets[at].over == 0):
            return 0
        at = (at + 1) & t.mask


cdef inline u32 ids_guess(const Ids *t, u32 code) noexcept nogil:
    """Return the slot that a live key of that hash most likely has; some slot or 0 for others."""
    cdef u32 at = code >> t.shift
    return t.buckets[at].slot[fks_lowest(fks_lanes(&t.buckets[at], code | 1) | 64)]


cdef inline void ids_put(Ids *t, u32 code, u32 slot) noexcept nogil:
    """Put a slot under the hash of its key; there is room."""
    cdef u32 at = code >> t.shift, lane
    cdef u32 lanes = fks_lanes(&t.buckets[at], 0)
    while fks_unlikely(lanes == 0):
        t.buckets[at].over += 1
        at = (at + 1) & t.mask
        lanes = fks_lanes(&t.buckets[at], 0)
    lane = fks_lowest(lanes)
    t.buckets[at].tag[lane] = code | 1
    t.buckets[at].slot[lane] = slot
    t.count += 1


cdef inline void ids_remove(Ids *t, u32 code, u32 slot) noexcept nogil:
    """Take a slot out that is in the table under that hash."""
    cdef u32 at = code >> t.shift
    cdef u32 lanes = fks_slots(&t.buckets[at], slot)
    while fks_unlikely(lanes == 0):
        t.buckets[at].over -= 1
        at = (at + 1) & t.mask
        lanes = fks_slots(&t.buckets[at], slot)
    t.buckets[at].tag[fks_lowest(lanes)] = 0
    t.buckets[at].slot[fks_lowest(lanes)] = 0
    t.count -= 1


cdef void ids_grow(Ids *t) noexcept nogil:
    """Move to the table of the double size, which lies behind this one."""
    cdef Bucket *old = t.buckets
    cdef u32 size = t.mask + 1, at, lane, code
    t.buckets = old + size
    t.mask = size * 2 - 1
    t.shift -= 1
    t.count = 0
    for at in range(size):
        for lane in range(7):
            if old[at].tag[lane]:
                code = old[at].tag[lane]
                ids_put(t, code, old[at].slot[lane])
    memset(old, 0, size * sizeof(Bucket))


cdef inline void ids_ready(Ids *t) noexcept nogil:
    """Make room for one more."""
    if fks_unlikely(t.count >= 4 * (t.mask + 1)) and t.mask + 1 < (<u32>1 << t.most_bits):
        ids_grow(t)


cdef void ids_touch(Ids *t) noexcept nogil:
    """Touch the memory of the sizes still to come."""
    cdef size_t at = t.buckets + t.mask + 1 - t.made
    while at < <size_t>2 << t.most_bits:
        t.made[at].over = 0
        at += 16


# --- lists: the same table by link; an entry's slot is the first member ------------------------

cdef u32 links_first(const Engine *e, u64 link) noexcept nogil:
    """Return the first order of a list, or 0."""
    cdef const Ids *t = &e.links
    cdef u32 code = fks_hash(link), at = code >> t.shift, lanes, slot
    while True:
        lanes = fks_lanes(&t.buckets[at], code | 1)
        while lanes:
            slot = t.buckets[at].slot[fks_lowest(lanes)]
            if e.extras[slot].link == link:
                return slot
            lanes &= lanes - 1
        if t.buckets[at].over == 0:
            return 0
        at = (at + 1) & t.mask


cdef void list_join(Engine *e, u32 slot) noexcept nogil:
    """Enter an order at the end of its list; orders come in order of acceptance."""
    cdef Extra *x = &e.extras[slot]
    cdef u32 first = links_first(e, x.link), last
    x.list_next = 0
    if first:
        last = e.extras[first].list_prev
        e.extras[last].list_next = slot
        x.list_prev = last
        e.extras[first].list_prev = slot
    else:
        x.list_prev = slot
        ids_ready(&e.links)
        ids_put(&e.links, fks_hash(x.link), slot)
    e.orders[slot].marks |= LISTED


cdef void list_leave(Engine *e, u32 slot) noexcept nogil:
    """Take an order out of its list."""
    cdef Extra *x = &e.extras[slot]
    cdef u32 first = links_first(e, x.link), after = x.list_next
    e.orders[slot].marks &= ~LISTED
    if first == slot:
        ids_remove(&e.links, fks_hash(x.link), slot)
        if after:
            e.extras[after].list_prev = x.list_prev
            ids_put(&e.links, fks_hash(x.link), after)
        return
    e.extras[x.list_prev].list_next = after
    if after:
        e.extras[after].list_prev = x.list_prev
    else:
        e.extras[first].list_prev = x.list_prev
