"""How an order meets the book: trades, self-trade prevention, what is left; included by
`_matching.pyx`. The rules are those of `reference_walk.py`.
"""

cdef enum:  # SelfTrade
    CANCEL_NEWEST = 0
    CANCEL_OLDEST = 1
    CANCEL_BOTH = 2
    DECREMENT = 3


cdef inline i64 limit_of(const Engine *e, u32 slot) noexcept nogil:
    """Return the worst price of a trade: of a market order, the one it is held at."""
    if e.orders[slot].type == MARKET:
        return held_of(e, slot)
    return e.orders[slot].price


cdef inline bint reaches(const Ladder *opposite, i64 limit) noexcept nogil:
    """Tell whether an order whose limit has this key on the other side may trade there."""
    return opposite.best <= limit


cdef inline u32 reducible(const Engine *e, u32 slot) noexcept nogil:
    """Return how many lots an order may trade for its REDUCE_ONLY flag."""
    if e.orders[slot].flags & REDUCE_ONLY:
        return room_of(e, &e.orders[slot])
    return active_of(e, slot)


cdef inline void lose(Engine *e, Instrument *ins, u32 slot, u32 lots) noexcept nogil:
    """Take traded lots off an order, and the order from its place where that ends it."""
    cdef Order *o = &e.orders[slot]
    cdef Ladder *l
    cdef Level *level
    cdef i64 key
    cdef u32 active
    o.open -= lots
    o.traded += lots
    if o.place != RESTING:
        return
    l = &ins.book[o.side]
    key = book_key(o)
    level = level_at(l, e.far, key)
    level.lots -= lots
    o.shown -= lots
    if o.shown:
        return
    active = active_of(e, slot) if fks_unlikely(o.marks) else o.open
    queue_off(level, e.orders, slot)
    if fks_unlikely(active):  # the hidden part of an iceberg
        o.shown = e.extras[slot].display
        if o.shown > active:
            o.shown = active
        queue_last(level, e.orders, slot)
        return
    o.place = NOWHERE
    if fks_unlikely(o.flags & MAY_END):
        ins.special[o.side] -= 1
    if level.head == 0:
        level_ends(e, l, key)


cdef bint trade(Engine *e, Instrument *ins, u32 slot, u32 other, i64 price, u32 lots,
                bint auction) noexcept nogil:
    """Trade between an order and one of the book, and whatever follows from it at once.

    False where the ledger cannot count it: the order of that account has ended instead.
    """
    cdef Order *taker = &e.orders[slot]
    cdef Order *maker = &e.orders[other]
    cdef i64 fee = 0, other_fee = 0
    cdef u32 code = fks_hash(maker.id)
    cdef int misfit
    fks_prefetch(&e.ids.buckets[code >> e.ids.shift])
    misfit = ledger_trade(
        &e.ledger, taker.instrument, lots, price, taker.account, taker.side, held_of(e, slot),
        maker.account, held_of(e, other), not auction, &fee, &other_fee)
    if fks_unlikely(misfit):
        end_order(e, slot if misfit == 1 else other, TOO_MUCH, 0, CANCELLED)
        return False
    lose(e, ins, slot, lots)
    lose(e, ins, other, lots)
    ins.last, ins.has_last = price, True
    ins.trades += 1
    ins.volume += lots
    ins.notional += <fks_wide>price * lots
    ledger_set_last(&e.ledger, taker.instrument, price)
    tell(e, TRADE, taker.side, 0, (maker.open == 0) + 2 * (taker.open == 0) + 4 * auction,
         taker.instrument, taker.account, maker.account, taker.id, price, lots, taker.open,
         maker.id, fee, other_fee)
    if fks_unlikely((taker.marks | maker.marks) & (LISTED | LEADS | REDUCES)):
        after_trade(e, slot, other, lots)
        return True
    if maker.open == 0:
        forget_code(e, other, code)
    if taker.open == 0:
        forget(e, slot)
    return True


cdef void after_trade(Engine *e, u32 slot, u32 other, u32 lots) noexcept nogil:
    """Let a trade reach the lists of both orders, and end what has nothing left to reduce."""
    cdef u32 one = other, opposite = slot
    cdef int turn
    for turn in range(2):
        if e.orders[one].place != FREE:
            spread(e, one, lots, opposite)
            if e.orders[one].open == 0 and e.orders[one].place != FREE:
                forget(e, one)
        one, opposite = slot, other
    one = other
    for turn in range(2):
        if e.orders[one].place != FREE and e.orders[one].flags & REDUCE_ONLY and (
                room_of(e, &e.orders[one]) == 0):
            end_order(e, one, REDUCED, 0, CANCELLED)
        one = slot


cdef void prevent(Engine *e, u32 slot, u32 other) noexcept nogil:
    """Do what the incoming order says instead of trading with oneself."""
    cdef int mode = (e.orders[slot].flags >> 5) & 3
    cdef u64 key = e.orders[slot].id, other_key = e.orders[other].id
    cdef u32 lots, other_lots
    if mode == DECREMENT:
        lots = active_of(e, slot)
        other_lots = active_of(e, other)
        if other_lots < lots:
            lots = other_lots
        cut(e, other, lots, OWN_ORDER, key)
        if e.orders[slot].place != FREE:
            cut(e, slot, lots, OWN_ORDER, other_key)
        return
    if mode == CANCEL_OLDEST or mode == CANCEL_BOTH:
        end_order(e, other, OWN_ORDER, key, CANCELLED)
    if (mode == CANCEL_NEWEST or mode == CANCEL_BOTH) and e.orders[slot].place != FREE:
        end_order(e, slot, OWN_ORDER, other_key, CANCELLED)


cdef bint walk(Engine *e, Instrument *ins, u32 slot) noexcept nogil:
    """Match an incoming order as long as prices meet; tell whether it traded."""
    cdef Order *taker = &e.orders[slot]
    cdef Order *maker
    cdef Ladder *l = &ins.book[1 - taker.side]
    cdef i64 limit = key_of(1 - taker.side, limit_of(e, slot))
    cdef u32 group = e.groups[taker.account], other, lots, most
    cdef bint traded = False
    while taker.place != FREE and reaches(l, limit):
        lots = active_of(e, slot)
        if lots == 0:
            break
        other = level_at(l, e.far, l.best).head
        maker = &e.orders[other]
        fks_prefetch(&e.orders[maker.next])
        if fks_unlikely(group) and group == e.groups[maker.account]:
            prevent(e, slot, other)
            continue
        if fks_unlikely((taker.marks | maker.marks) & REDUCES):
            most = reducible(e, other)
            if most == 0:
                end_order(e, other, REDUCED, 0, CANCELLED)
                continue
            if most < lots:
                lots = most
            most = reducible(e, slot)
            if most == 0:
                end_order(e, slot, REDUCED, 0, CANCELLED)
                continue
            if most < lots:
                lots = most
        if maker.shown < lots:
            lots = maker.shown
        if trade(e, ins, slot, other, maker.price, lots, False):
            traded = True
    return traded


cdef inline void meet(Engine *e, Instrument *ins, u32 slot) noexcept nogil:
    """Let an order meet the book: trade, then rest or end."""
    cdef Order *o = &e.orders[slot]
    cdef bint continuous = ins.phase == CONTINUOUS, traded = False
    cdef u32 lots
    o.place = ARRIVING
    if continuous and reaches(&ins.book[1 - o.side], key_of(1 - o.side, limit_of(e, slot))):
        traded = walk(e, ins, slot)
    if o.place != FREE:
        lots = active_of(e, slot)
        if lots == 0:
            o.place = NOWHERE
        elif continuous and (o.type == MARKET or o.tif == IOC or o.tif == FOK):
            end_order(e, slot, NO_LIQUIDITY, 0, CANCELLED)
        else:
            rest(e, ins, slot, lots)
    if fks_unlikely(traded):
        collect(e, ins)


cdef bint would_cross(Engine *e, Instrument *ins, int side, i64 limit) noexcept nogil:
    """Tell whether a limit is at or through the best opposite limit price."""
    return best_limit(e, &ins.book[1 - side]) <= key_of(1 - side, limit)


cdef i64 best_limit(const Engine *e, const Ladder *l) noexcept nogil:
    """Return the best key of a side, market orders in an auction left out, or NO_KEY."""
    if l.best == MARKET_KEY:
        return ladder_beyond(l, e.far, l.best)
    return l.best


cdef bint fillable(Engine *e, Instrument *ins, int side, u32 account, u8 flags, i64 limit,
                   u32 lots) noexcept nogil:
    """Tell whether a FOK order would be filled whole: by level totals, and where orders count
    that a trade may end or that are one's own, one by one."""
    cdef Ladder *l = &ins.book[1 - side]
    cdef i64 key = l.best, missing = lots
    cdef u32 group = e.groups[account], slot
    cdef Order *o
    limit = key_of(1 - side, limit)
    while missing > 0 and key <= limit:
        missing -= <i64>level_at(l, e.far, key).lots
        key = ladder_beyond(l, e.far, key)
    if missing > 0 or (group == 0 and ins.special[1 - side] == 0):
        return missing <= 0
    missing = lots
    key = l.best
    while missing > 0 and key <= limit:
        slot = level_at(l, e.far, key).head
        while slot and missing > 0:
            o = &e.orders[slot]
            if group and group == e.groups[o.account]:
                if (flags >> 5) & 3 != CANCEL_OLDEST:
                    return False
            elif not o.flags & MAY_END:
                missing -= active_of(e, slot)
            slot = o.next
        key = ladder_beyond(l, e.far, key)
    return missing <= 0
