"""What follows from a command once its own order is done: leaders pass on, triggers fire;
included by `_matching.pyx`. The rules are those of `reference_settle.py`.
"""


cdef void settle(Engine *e) noexcept nogil:
    """Work off what is left: leaders first, then fired orders, until nothing is."""
    cdef Passing news
    cdef u32 slot
    e.pending = False
    while e.passing_count or e.fired.head:
        if e.passing_count:
            news = e.passing[e.passing_first]
            if not news.over:
                e.extras[news.slot].passing = 0
            e.passing_count -= 1
            e.passing_first += 1
            if e.passing_first > e.capacity or e.passing_count == 0:
                e.passing_first = 0
            pass_on(e, &news)
        else:
            slot = e.fired.head
            queue_off(&e.fired, e.orders, slot)
            fire(e, slot)
        e.pending = False


cdef void pass_on(Engine *e, const Passing *news) noexcept nogil:
    """Give a leader's trades to its children, and its end."""
    cdef u32 slot, following, lots
    cdef Py_ssize_t i, n = 0
    slot = links_first(e, news.leader)
    while slot and news.lots:
        if e.orders[slot].flags & CHILD:
            e.picked[n].slot = slot
            n += 1
        slot = e.extras[slot].list_next
    for i in range(n):
        slot = e.picked[i].slot
        if e.orders[slot].place != FREE and e.orders[slot].marks & WAITS:
            lots = e.extras[slot].waiting
            grow(e, slot, lots if lots < news.lots else <u32>news.lots, news.leader)
    if not news.over:
        return
    slot = links_first(e, news.leader)
    while slot:
        following = e.extras[slot].list_next
        if e.orders[slot].flags & CHILD:
            release_child(e, slot, news.leader)
        slot = following


cdef void grow(Engine *e, u32 slot, u32 lots, u64 leader) noexcept nogil:
    """Make waiting lots of a child active."""
    cdef Order *o = &e.orders[slot]
    cdef Instrument *ins = &e.instruments[o.instrument]
    cdef u32 before = active_of(e, slot)
    if lots == 0:
        return
    e.extras[slot].waiting -= lots
    tell_order(e, RESTATED, LINKED, o, before + lots, leader)
    if o.place == WAITING or o.place == FIRED:
        return
    take_out(e, slot, before)
    if is_triggered(o.type):
        arm(e, ins, slot)
    elif o.flags & POST_ONLY and ins.phase == CONTINUOUS and (
            would_cross(e, ins, o.side, o.price)):
        end_order(e, slot, WOULD_CROSS, 0, CANCELLED)
    else:
        meet(e, ins, slot)


cdef void release_child(Engine *e, u32 slot, u64 leader) noexcept nogil:
    """Make a child whose leader is over an ordinary order, without the lots that waited."""
    cdef Order *o = &e.orders[slot]
    cdef Extra *x = &e.extras[slot]
    cdef u32 waited = x.waiting if o.marks & WAITS else 0
    if waited == o.open:
        end_order(e, slot, LINKED, leader, CANCELLED)
        return
    if waited:
        let_go(e, slot, waited)
        o.open -= waited
        x.waiting = 0
        tell_order(e, RESTATED, LINKED, o, o.open, leader)
    o.flags &= ~CHILD
    o.marks &= ~WAITS
    if not o.flags & LIST_FLAGS:
        list_leave(e, slot)
        x.link = 0


cdef inline bint is_triggered(u8 type) noexcept nogil:
    """Tell whether a type waits for a trigger."""
    return type >= STOP and type != MARKET_TO_LIMIT


cdef void fire(Engine *e, u32 slot) noexcept nogil:
    """Turn a fired order into the market or limit order it waited to be."""
    cdef Order *o = &e.orders[slot]
    cdef Extra *x = &e.extras[slot]
    cdef Instrument *ins = &e.instruments[o.instrument]
    cdef i64 price = o.price, held
    cdef u8 type = LIMIT
    cdef int reason
    if o.type == STOP or o.type == MARKET_IF_TOUCHED or o.type == TRAILING_STOP:
        type = MARKET
    elif o.type == TRAILING_STOP_LIMIT:
        price = within(ins, x.trigger - price if o.side else x.trigger + price)
    held = held_of(e, slot)
    o.type, o.price = type, price
    set_held(e, slot, held)
    x.stop = x.trigger = 0
    x.has_trigger = False
    held = ledger_hold_price(&e.ledger, o.instrument, o.side, type, price, 0)
    reason = hold_anew(e, slot, o.open, held)
    if reason:
        end_order(e, slot, reason, 0, CANCELLED)
        return
    set_held(e, slot, held)
    tell_order(e, TRIGGERED, 0, o, o.open, 0)
    meet(e, ins, slot)
