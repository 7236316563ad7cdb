"""Where the order of an id is, and the list of a link: tables with linear probing; included by `_matching.pyx`.

An entry is 8 bytes, the 32-bit hash and the slot, so that eight neighbours share a cache line and
moving entries needs nothing but the table. It holds 2 to 4 times the live orders: a larger one
would fall out of the cache for nothing. The tables of all sizes are
reserved at the start, one behind the other, so growing allocates nothing.
"""


cdef int ids_make(Ids *t, u32 capacity) noexcept nogil:
    """Reserve for `capacity` ids; only what is in use is ever touched. 0 without memory."""
    t.most_bits = 10
    while (<u64>1 << t.most_bits) < <u64>capacity * 2:
        t.most_bits += 1
    t.made = <Entry *>fks_reserve(<size_t>2 << t.most_bits, sizeof(Entry))
    t.entries = t.made + 1024
    t.mask = 1023
    t.shift = 22
    t.count = 0
    return t.made != NULL


cdef void ids_free(Ids *t) noexcept nogil:
    """Give the memory back."""
    fks_release(t.made, <size_t>2 << t.most_bits, sizeof(Entry))


cdef inline u32 ids_place(const Ids *t, const Order *orders, u32 code, u64 key) noexcept nogil:
    """Return where the id is in the table, or where it would be put (an entry of slot 0)."""
    cdef u32 at = code >> t.shift
    while t.entries[at].slot:
        if t.entries[at].hash == code and orders[t.entries[at].slot].id == key:
            break
        at = (at + 1) & t.mask
    return at


cdef inline u32 ids_find(const Ids *t, const Order *orders, u64 key) noexcept nogil:
    """Return the slot of a live order, or 0."""
    return t.entries[ids_place(t, orders, fks_hash(key), key)].slot


cdef inline void ids_remove_at(Ids *t, u32 at) noexcept nogil:
    """Empty a place and close the gap."""
    cdef u32 probe = at, home
    t.count -= 1
    while True:
        probe = (probe + 1) & t.mask
        if t.entries[probe].slot == 0:
            break
        home = t.entries[probe].hash >> t.shift
        if ((probe - home) & t.mask) >= ((probe - at) & t.mask):
            t.entries[at] = t.entries[probe]
            at = probe
    t.entries[at].slot = 0
    t.entries[at].hash = 0


cdef inline void ids_remove(Ids *t, u32 slot, u64 key) noexcept nogil:
    """Take a live id out."""
    cdef u32 at = fks_hash(key) >> t.shift
    while t.entries[at].slot != slot:
        at = (at + 1) & t.mask
    ids_remove_at(t, at)


cdef void ids_grow(Ids *t) noexcept nogil:
    """Move to the table of the double size, which lies behind this one."""
    cdef Entry *old = t.entries
    cdef u32 size = t.mask + 1, at, to
    t.entries = old + size
    t.mask = size * 2 - 1
    t.shift -= 1
    for at in range(size):
        if old[at].slot:
            to = old[at].hash >> t.shift
            while t.entries[to].slot:
                to = (to + 1) & t.mask
            t.entries[to] = old[at]
    memset(old, 0, size * sizeof(Entry))


cdef inline void ids_put(Ids *t, u32 at, u32 code, u32 slot) noexcept nogil:
    """Put an id where `ids_place` said."""
    t.entries[at].hash = code
    t.entries[at].slot = slot
    t.count += 1


cdef inline void ids_ready(Ids *t) noexcept nogil:
    """Make room for one more."""
    if fks_unlikely(t.count * 2 > t.mask) and t.mask + 1 < (<u32>1 << t.most_bits):
        ids_grow(t)


# --- lists: the same table by link; an entry's slot is the first member ------------------------

cdef u32 links_place(const Engine *e, u64 link) noexcept nogil:
    """Return where a link is in its table, or where it would be put."""
    cdef u32 code = fks_hash(link), at = code >> e.links.shift
    while e.links.entries[at].slot:
        if e.links.entries[at].hash == code and (
                e.extras[e.links.entries[at].slot].link == link):
            break
        at = (at + 1) & e.links.mask
    return at


cdef inline u32 links_first(const Engine *e, u64 link) noexcept nogil:
    """Return the first order of a list, or 0."""
    return e.links.entries[links_place(e, link)].slot


cdef void list_join(Engine *e, u32 slot) noexcept nogil:
    """Enter an order at the end of its list; orders come in order of acceptance."""
    cdef Extra *x = &e.extras[slot]
    cdef u32 at, first, last
    ids_ready(&e.links)
    at = links_place(e, x.link)
    first = e.links.entries[at].slot
    x.list_next = 0
    if first:
        last = e.extras[first].list_prev
        e.extras[last].list_next = slot
        x.list_prev = last
        e.extras[first].list_prev = slot
    else:
        x.list_prev = slot
        ids_put(&e.links, at, fks_hash(x.link), slot)
    e.orders[slot].marks |= LISTED


cdef void list_leave(Engine *e, u32 slot) noexcept nogil:
    """Take an order out of its list."""
    cdef Extra *x = &e.extras[slot]
    cdef u32 at = links_place(e, x.link), first = e.links.entries[at].slot
    cdef u32 after = x.list_next
    e.orders[slot].marks &= ~LISTED
    if first == slot:
        if after:
            e.extras[after].list_prev = x.list_prev
            e.links.entries[at].slot = after
        else:
            ids_remove_at(&e.links, at)
        return
    e.extras[x.list_prev].list_next = after
    if after:
        e.extras[after].list_prev = x.list_prev
    else:
        e.extras[first].list_prev = x.list_prev


cdef void ids_touch(Ids *t) noexcept nogil:
    """Touch the memory of the sizes still to come."""
    cdef size_t at
    for at in range(<size_t>2 << t.most_bits):
        if at & 511 == 0 and t.made[at].slot == 0:
            t.made[at].hash = 0
