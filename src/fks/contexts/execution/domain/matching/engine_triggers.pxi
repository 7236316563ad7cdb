"""Which waiting orders fire, and in which order; included by `_matching.pyx`.

The rules are those of `reference_triggers.py`. Four ladders, in the order in which they fire, hold
the triggers by price; a level's queue is by acceptance. Trailing orders are in a list of their
side too, which is walked only when the last trade is better for them than any they know.
"""


cdef inline bint trails(const Order *o) noexcept nogil:
    """Tell whether a trigger follows the market."""
    return o.type >= TRAILING_STOP


cdef inline Ladder *trigger_ladder(Instrument *ins, const Order *o) noexcept nogil:
    """Return the ladder of an order's trigger."""
    return &ins.trigger[2 * o.side + (o.type == MARKET_IF_TOUCHED or o.type == LIMIT_IF_TOUCHED)]


cdef inline int trigger_side(const Order *o) noexcept nogil:
    """Return 1 where the lowest trigger is the first to fire, 0 where the highest is."""
    return (o.side == 0) != (o.type == MARKET_IF_TOUCHED or o.type == LIMIT_IF_TOUCHED)


cdef inline i64 within(const Instrument *ins, i64 price) noexcept nogil:
    """Return the price, brought within the instrument's range."""
    if price > ins.max_ticks:
        price = ins.max_ticks
    return price if price > ins.min_ticks else ins.min_ticks


cdef void trigger_join(Engine *e, Instrument *ins, u32 slot) noexcept nogil:
    """Put an order with a trigger on its ladder, by acceptance within its level."""
    cdef Ladder *l = trigger_ladder(ins, &e.orders[slot])
    cdef Level *level = level_for(
        e, l, key_of(trigger_side(&e.orders[slot]), e.extras[slot].trigger))
    cdef u32 before = level.tail
    while before and e.orders[before].accepted > e.orders[slot].accepted:
        before = e.orders[before].prev
    queue_after(level, e.orders, slot, before)


cdef void trigger_leave(Engine *e, Instrument *ins, u32 slot) noexcept nogil:
    """Take an order that waits for its trigger away."""
    cdef Order *o = &e.orders[slot]
    cdef Extra *x = &e.extras[slot]
    ins.waiting -= 1
    if x.has_trigger:
        ladder_remove(e, trigger_ladder(ins, o), slot, key_of(trigger_side(o), x.trigger), 0)
    if not trails(o):
        return
    if x.trail_prev:
        e.extras[x.trail_prev].trail_next = x.trail_next
    else:
        ins.trailing[o.side] = x.trail_next
    if x.trail_next:
        e.extras[x.trail_next].trail_prev = x.trail_prev
    else:
        ins.trailing_last[o.side] = x.trail_prev


cdef bint follow(Instrument *ins, const Order *o, Extra *x) noexcept nogil:
    """Move a trailing trigger after the last trade, in its favour only; tell whether it moved."""
    cdef i64 moved
    if not ins.has_last:
        return False
    moved = within(ins, ins.last - x.stop if o.side else ins.last + x.stop)
    if x.has_trigger and (x.trigger >= moved if o.side else x.trigger <= moved):
        return False
    x.trigger = moved
    x.has_trigger = True
    return True


cdef inline void fired(Engine *e, u32 slot) noexcept nogil:
    """Put an order behind the fired ones."""
    e.orders[slot].place = FIRED
    queue_after(&e.fired, e.orders, slot, e.fired.tail)
    e.pending = True


cdef void arm(Engine *e, Instrument *ins, u32 slot) noexcept nogil:
    """Let an order wait for its trigger; one that holds already fires at once."""
    cdef Order *o = &e.orders[slot]
    cdef Extra *x = second_line(e, slot)
    cdef bint trailing = trails(o), known = False
    if not trailing:
        x.trigger = x.stop
        x.has_trigger = True
    if ins.phase == CONTINUOUS:
        if trailing:
            follow(ins, o, x)
            known = ins.has_last
        if ins.has_last and x.has_trigger and (
                key_of(trigger_side(o), x.trigger) <= key_of(trigger_side(o), ins.last)):
            fired(e, slot)
            return
    if trailing:
        if not known:
            ins.followed[o.side] = INT64_MIN if o.side else INT64_MAX
        elif ins.trailing[o.side] == 0 or (
                (ins.last < ins.followed[o.side]) if o.side else
                (ins.last > ins.followed[o.side])):
            ins.followed[o.side] = ins.last
    wait_at(e, ins, slot)


cdef void wait_at(Engine *e, Instrument *ins, u32 slot) noexcept nogil:
    """Put an order where it waits for its trigger."""
    cdef Order *o = &e.orders[slot]
    cdef Extra *x = &e.extras[slot]
    o.place = WAITING
    ins.waiting += 1
    if x.has_trigger:
        trigger_join(e, ins, slot)
    if not trails(o):
        return
    x.trail_next = 0
    x.trail_prev = ins.trailing_last[o.side]
    if x.trail_prev:
        e.extras[x.trail_prev].trail_next = slot
    else:
        ins.trailing[o.side] = slot
    ins.trailing_last[o.side] = slot


cdef void follow_all(Engine *e, Instrument *ins, int side) noexcept nogil:
    """Move the trailing triggers of a side after the last trade."""
    cdef u32 slot = ins.trailing[side]
    cdef Extra *x
    cdef i64 before
    cdef bint had
    if slot == 0 or ((ins.last <= ins.followed[side]) if side else (ins.last >= ins.followed[side])):
        return
    ins.followed[side] = ins.last
    while slot:
        x = &e.extras[slot]
        before, had = x.trigger, x.has_trigger
        if follow(ins, &e.orders[slot], x):
            if had:
                ladder_remove(e, trigger_ladder(ins, &e.orders[slot]), slot,
                              key_of(1 - side, before), 0)
            trigger_join(e, ins, slot)
        slot = x.trail_next


cdef void collect_fired(Engine *e, Instrument *ins) noexcept nogil:
    """Move trailing triggers, then put all orders whose trigger holds behind the fired ones."""
    cdef Ladder *l
    cdef int k
    cdef u32 slot
    cdef i64 last
    if ins.phase != CONTINUOUS or not ins.has_last:
        return
    follow_all(e, ins, 0)
    follow_all(e, ins, 1)
    for k in range(4):
        l = &ins.trigger[k]
        last = key_of(k == 0 or k == 3, ins.last)
        while l.best <= last:
            slot = level_at(l, e.far, l.best).head
            trigger_leave(e, ins, slot)
            fired(e, slot)


cdef inline void collect(Engine *e, Instrument *ins) noexcept nogil:
    """Look at the triggers where there are any."""
    if fks_unlikely(ins.waiting):
        collect_fired(e, ins)
