"""An order's life: its slot, its hold, its end and its list; included by `_matching.pyx`.

The rules are those of `reference_links.py`. A slot is not used again before the next command, so
whoever holds a slot may ask whether its order still lives (`place` is not FREE).
"""

cdef enum:
    MAY_END = OCO | OUO | REDUCE_ONLY  # flags of resting orders that a FOK must not count on


cdef inline u32 slot_take(Engine *e) noexcept nogil:
    """Return the slot used last, so that it is still in the cache."""
    cdef u32 slot = e.free
    if slot:
        e.free = e.orders[slot].next
    else:
        e.top += 1
        slot = e.top
    e.live += 1
    return slot


cdef inline Extra *second_line(Engine *e, u32 slot) noexcept nogil:
    """Return an order's second line, cleared when it had none."""
    if not e.orders[slot].marks & SECOND:
        e.orders[slot].marks |= SECOND
        memset(&e.extras[slot], 0, sizeof(Extra))
    return &e.extras[slot]


cdef inline u32 active_of(const Engine *e, u32 slot) noexcept nogil:
    """Return the lots that may trade now."""
    cdef u32 lots = e.orders[slot].open
    if e.orders[slot].marks & WAITS:
        lots -= e.extras[slot].waiting
    return lots


cdef inline i64 held_of(const Engine *e, u32 slot) noexcept nogil:
    """Return the price at which the ledger holds an order."""
    if e.orders[slot].marks & HELD:
        return e.extras[slot].held_price
    return e.orders[slot].price


cdef void set_held(Engine *e, u32 slot, i64 price) noexcept nogil:
    """Note at which price the ledger holds an order."""
    if price == e.orders[slot].price:
        e.orders[slot].marks &= ~HELD
    else:
        second_line(e, slot).held_price = price
        e.orders[slot].marks |= HELD


cdef inline void let_go(Engine *e, u32 slot, u32 lots) noexcept nogil:
    """Release lots in the ledger."""
    cdef Order *o = &e.orders[slot]
    ledger_release(&e.ledger, o.account, o.instrument, o.strategy, o.side, lots, held_of(e, slot))


cdef int hold_anew(Engine *e, u32 slot, u32 lots, i64 price) noexcept nogil:
    """Hold `lots` at `price` instead of what is held for an order; 0, or why nothing changed.

    The caller notes the new price by `set_held`.
    """
    cdef Order *o = &e.orders[slot]
    cdef i64 before = held_of(e, slot)
    cdef int reason
    ledger_release(&e.ledger, o.account, o.instrument, o.strategy, o.side, o.open, before)
    reason = ledger_hold(&e.ledger, o.account, o.instrument, o.strategy, o.side, lots, price)
    if fks_unlikely(reason):
        ledger_hold(&e.ledger, o.account, o.instrument, o.strategy, o.side, o.open, before)
    return reason


cdef u32 room_of(const Engine *e, const Order *o) noexcept nogil:
    """Return how many lots would still reduce the position of an order's account."""
    cdef i64 position = ledger_position(&e.ledger, o.account, o.instrument)
    if o.side == 0:
        position = -position
    if position <= 0:
        return 0
    return <u32>position if position < UINT32_MAX else UINT32_MAX


# --- what expires: a heap by time and acceptance ----------------------------------------------

cdef inline bint sooner(const Engine *e, u32 one, u32 other) noexcept nogil:
    """Tell whether an order expires before another."""
    if e.extras[one].expire_ns != e.extras[other].expire_ns:
        return e.extras[one].expire_ns < e.extras[other].expire_ns
    return e.orders[one].accepted < e.orders[other].accepted


cdef void heap_sift(Engine *e, u32 at, u32 slot) noexcept nogil:
    """Put an order at a free place of the heap and let it rise or sink to where it belongs."""
    cdef u32 to
    while at and sooner(e, slot, e.heap[(at - 1) >> 1]):
        to = (at - 1) >> 1
        e.heap[at] = e.heap[to]
        e.extras[e.heap[at]].heap_at = at
        at = to
    while True:
        to = 2 * at + 1
        if to >= e.timed:
            break
        if to + 1 < e.timed and sooner(e, e.heap[to + 1], e.heap[to]):
            to += 1
        if not sooner(e, e.heap[to], slot):
            break
        e.heap[at] = e.heap[to]
        e.extras[e.heap[at]].heap_at = at
        at = to
    e.heap[at] = slot
    e.extras[slot].heap_at = at


cdef void heap_join(Engine *e, u32 slot) noexcept nogil:
    """Let an order expire at its time."""
    e.orders[slot].marks |= TIMED
    e.timed += 1
    heap_sift(e, e.timed - 1, slot)


cdef void heap_leave(Engine *e, u32 slot) noexcept nogil:
    """Let an order not expire any more."""
    cdef u32 at = e.extras[slot].heap_at
    e.orders[slot].marks &= ~TIMED
    e.timed -= 1
    if at != e.timed:
        heap_sift(e, at, e.heap[e.timed])


# --- leaving a place, and the end -------------------------------------------------------------

cdef inline void rest(Engine *e, Instrument *ins, u32 slot, u32 lots) noexcept nogil:
    """Put an order with that many active lots into the book."""
    cdef Order *o = &e.orders[slot]
    o.place = RESTING
    o.shown = lots
    if fks_unlikely(o.marks):
        if o.marks & HIDES and e.extras[slot].display < lots:
            o.shown = e.extras[slot].display
        if o.flags & MAY_END:
            ins.special[o.side] += 1
    ladder_append(e, &ins.book[o.side], slot, book_key(o), lots)


cdef void take_out(Engine *e, u32 slot, u32 lots) noexcept nogil:
    """Take an order from wherever it is; `lots` are its active ones, as its level counts them."""
    cdef Order *o = &e.orders[slot]
    cdef Instrument *ins = &e.instruments[o.instrument]
    if o.place == RESTING:
        if o.flags & MAY_END:
            ins.special[o.side] -= 1
        ladder_remove(e, &ins.book[o.side], slot, book_key(o), lots)
    elif o.place == WAITING:
        trigger_leave(e, ins, slot)
    elif o.place == FIRED:
        queue_off(&e.fired, e.orders, slot)
    o.place = ARRIVING
    o.shown = 0


cdef bint has_children(const Engine *e, u64 leader) noexcept nogil:
    """Tell whether an order has live children."""
    cdef u32 one = links_first(e, leader)
    while one:
        if e.orders[one].flags & CHILD:
            return True
        one = e.extras[one].list_next
    return False


cdef void pass_later(Engine *e, u32 slot, u32 lots, bint over) noexcept nogil:
    """Note what a leader will have to pass on to its children."""
    cdef Extra *x = second_line(e, slot)
    cdef Passing *news
    cdef u32 at
    if x.passing == 0:
        at = e.passing_first + e.passing_count
        if at > e.capacity:
            at -= e.capacity + 1
        e.passing_count += 1
        x.passing = at + 1
        news = &e.passing[at]
        news.leader, news.lots, news.slot, news.over = e.orders[slot].id, 0, slot, False
    news = &e.passing[x.passing - 1]
    news.lots += lots
    news.over = news.over or over
    e.pending = True


cdef inline void slot_give(Engine *e, u32 slot) noexcept nogil:
    """Give the slot of an order back."""
    e.orders[slot].place = FREE
    e.orders[slot].next = e.free
    e.free = slot
    e.live -= 1


cdef void forget(Engine *e, u32 slot) noexcept nogil:
    """Drop an order that has no open lots any more and is nowhere."""
    forget_code(e, slot, fks_hash(e.orders[slot].id))


cdef inline void forget_code(Engine *e, u32 slot, u32 code) noexcept nogil:
    """Drop an order, its id's hash being known."""
    cdef Order *o = &e.orders[slot]
    ids_remove(&e.ids, code, slot)
    e.instruments[o.instrument].live -= 1
    ledger_opened(&e.ledger, o.account, o.instrument, -1)
    if fks_unlikely(o.marks):
        if o.marks & TIMED:
            heap_leave(e, slot)
        if o.marks & LISTED:
            list_leave(e, slot)
        if o.marks & LEADS and has_children(e, o.id):
            pass_later(e, slot, 0, True)
    slot_give(e, slot)


cdef void end_siblings(Engine *e, u64 link, u8 flag, u64 cause, u32 spared) noexcept nogil:
    """Cancel the orders of a list that carry a flag."""
    cdef u32 one = links_first(e, link), following
    while one:
        following = e.extras[one].list_next
        if e.orders[one].flags & flag and one != spared and e.orders[one].id != cause:
            end_order(e, one, LINKED, cause, CANCELLED)
        one = following


cdef void end_order(Engine *e, u32 slot, u8 reason, u64 other, u8 kind) noexcept nogil:
    """End an order with what is open of it, and its siblings with it."""
    cdef Order *o = &e.orders[slot]
    cdef u8 flags = o.flags
    cdef u64 link = e.extras[slot].link if o.marks & LISTED else 0
    cdef u64 key = o.id
    cdef u32 lots = o.open
    take_out(e, slot, active_of(e, slot))
    let_go(e, slot, lots)
    o.open = 0
    o.marks &= ~WAITS
    tell_order(e, kind, reason, o, lots, other)
    forget(e, slot)
    if reason == LINKED or not flags & (OCO | OUO):
        return
    end_siblings(e, link, flags & (OCO | OUO), key, 0)


cdef void cut(Engine *e, u32 slot, u32 lots, u8 reason, u64 other) noexcept nogil:
    """Take lots off an order without a trade, active ones first; without any left it ends."""
    cdef Order *o = &e.orders[slot]
    cdef u32 before, active
    cdef Ladder *l
    if lots >= o.open:
        end_order(e, slot, reason, other, CANCELLED)
        return
    let_go(e, slot, lots)
    before = active_of(e, slot)
    active = before - lots if before > lots else 0
    if active == 0 and (o.place == RESTING or o.place == WAITING):
        take_out(e, slot, before)
        o.place = NOWHERE
    elif o.place == RESTING:
        l = &e.instruments[o.instrument].book[o.side]
        level_at(l, e.far, book_key(o)).lots -= before - active
        if o.shown > active:
            o.shown = active
    o.open -= lots
    if o.marks & WAITS:
        e.extras[slot].waiting = o.open - active
    tell_order(e, RESTATED, reason, o, o.open, other)


cdef void spread(Engine *e, u32 slot, u32 lots, u32 opposite) noexcept nogil:
    """Pass a trade of an order on to its children (later) and its siblings (at once)."""
    cdef Order *o = &e.orders[slot]
    cdef u32 one, following
    if o.marks & LEADS and has_children(e, o.id):
        pass_later(e, slot, lots, False)
    if not o.marks & LISTED:
        return
    if o.flags & OCO:
        end_siblings(e, e.extras[slot].link, OCO, o.id, opposite)
    elif o.flags & OUO:
        one = links_first(e, e.extras[slot].link)
        while one:
            following = e.extras[one].list_next
            if e.orders[one].flags & OUO and one != opposite and one != slot:
                cut(e, one, lots, LINKED, o.id)
            one = following
