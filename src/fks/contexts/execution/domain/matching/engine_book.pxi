"""Orders on ladders: queue, take off, follow the market; included by `_matching.pyx`."""


cdef inline void queue_after(Level *level, Order *orders, u32 slot, u32 before) noexcept nogil:
    """Put an order behind another of a level (0: at its head); its lots are the caller's."""
    cdef u32 after = orders[before].next if before else level.head
    orders[slot].prev = before
    orders[slot].next = after
    if before:
        orders[before].next = slot
    else:
        level.head = slot
    if after:
        orders[after].prev = slot
    else:
        level.tail = slot


cdef inline void queue_last(Level *level, Order *orders, u32 slot) noexcept nogil:
    """Put an order at the end of a level; its lots are the caller's."""
    cdef u32 tail = level.tail
    orders[slot].prev = tail
    orders[slot].next = 0
    level.tail = slot
    fks_link(tail, &orders[tail].next, &level.head)[0] = slot


cdef inline void queue_off(Level *level, Order *orders, u32 slot) noexcept nogil:
    """Take an order out of a level; the level's lots are the caller's."""
    cdef u32 after = orders[slot].next, before = orders[slot].prev
    fks_link(before, &orders[before].next, &level.head)[0] = after
    fks_link(after, &orders[after].prev, &level.tail)[0] = before


cdef inline Level *level_at(const Ladder *l, Far *far, i64 key) noexcept nogil:
    """Return the level of a key that is occupied."""
    cdef u64 at = place_of(l, key)
    if fks_likely(at < l.size):
        return &l.levels[at]
    return &far[far_find(l, far, key)].level


cdef inline i64 book_key(const Order *o) noexcept nogil:
    """Return the key under which an order queues in its book: of its price, or ahead of all."""
    if fks_likely(o.type != MARKET):
        return key_of(o.side, o.price)
    return MARKET_KEY


cdef void ladder_place(Ladder *l, i64 key) noexcept nogil:
    """Put the window of a ladder without near levels around a key."""
    l.start = key - (l.size >> 1)
    l.misses = 0


cdef void far_moves(Engine *e, Ladder *l, i64 key, Level *level) noexcept nogil:
    """Make a far level of a key, with what `level` holds."""
    cdef u32 node = e.far_free
    if node:
        e.far_free = e.far[node].left
    else:
        e.far_top += 1
        node = e.far_top
    e.far[node].key = key
    e.far[node].level = level[0]
    far_link(l, e.far, node)


cdef void far_ends(Engine *e, Ladder *l, u32 node) noexcept nogil:
    """Give an empty far level back."""
    far_unlink(l, e.far, node)
    e.far[node].left = e.far_free
    e.far_free = node


cdef void ladder_follow(Engine *e, Ladder *l, i64 key) noexcept nogil:
    """Move the window so that `key` is in its middle; every level keeps its queue."""
    cdef i64 at
    cdef u32 node, following
    cdef u64 to
    at = next_up(l, 0) if l.near_count else -1
    while at >= 0:
        far_moves(e, l, l.start + at, &l.levels[at])
        memset(&l.levels[at], 0, sizeof(Level))
        clear_place(l, at)
        at = next_up(l, at + 1) if l.near_count else -1
    ladder_place(l, key)
    node = far_find(l, e.far, l.start)
    if not node:
        node = far_beyond(l, e.far, l.start, False)
    while node:
        to = place_of(l, e.far[node].key)
        if to >= l.size:
            break
        following = far_beyond(l, e.far, e.far[node].key, False)
        l.levels[to] = e.far[node].level
        mark_place(l, to)
        far_ends(e, l, node)
        node = following


cdef Level *level_far(Engine *e, Ladder *l, i64 key) noexcept nogil:
    """Return the level of a key outside of the window, made where there is none."""
    cdef Level empty
    cdef u32 node
    if key != MARKET_KEY:
        if l.near_count == 0 and l.far_count == 0:
            ladder_place(l, key)
        elif key <= l.best:
            l.misses += 1
            if l.misses > 64 + l.near_count + l.far_count:
                ladder_follow(e, l, key)
    if place_of(l, key) < l.size:
        return &l.levels[place_of(l, key)]
    node = far_find(l, e.far, key)
    if not node:
        memset(&empty, 0, sizeof(Level))
        far_moves(e, l, key, &empty)
        node = far_find(l, e.far, key)
    return &e.far[node].level


cdef inline Level *level_for(Engine *e, Ladder *l, i64 key) noexcept nogil:
    """Return the level of a key, on the ladder; the caller puts an order into it."""
    cdef u64 at = place_of(l, key)
    cdef Level *level
    if fks_likely(at < l.size):
        level = &l.levels[at]
    else:
        level = level_far(e, l, key)
        at = place_of(l, key)
    if fks_unlikely(level.head == 0):
        if at < l.size:
            mark_place(l, at)
        if key < l.best:
            l.best = key
    return level


cdef inline void ladder_append(Engine *e, Ladder *l, u32 slot, i64 key, u32 lots) noexcept nogil:
    """Put an order last in the queue of a key."""
    cdef Level *level = level_for(e, l, key)
    queue_last(level, e.orders, slot)
    level.lots += lots


cdef void level_ends(Engine *e, Ladder *l, i64 key) noexcept nogil:
    """Take a level that became empty off the ladder."""
    cdef u64 at = place_of(l, key)
    if key == l.best:
        l.best = ladder_beyond(l, e.far, key)
    if fks_likely(at < l.size):
        clear_place(l, at)
    else:
        far_ends(e, l, far_find(l, e.far, key))


cdef inline void ladder_remove(Engine *e, Ladder *l, u32 slot, i64 key, u32 lots) noexcept nogil:
    """Take an order off the queue of its key."""
    cdef Level *level = level_at(l, e.far, key)
    queue_off(level, e.orders, slot)
    level.lots -= lots
    if fks_unlikely(level.head == 0):
        level_ends(e, l, key)
