"""Phases of an instrument and the uncrossing of its auctions; included by `_matching.pyx`.

The rules are those of `reference_auction.py`; the price is found in one pass over both sides.
"""

ctypedef struct Candidate:
    i64 price, demand, supply


cdef i64 next_above(const Engine *e, const Ladder *l, int side, i64 price) noexcept nogil:
    """Return the lowest limit price of a side above another, NO_KEY without one."""
    cdef i64 key
    if side:
        return ladder_beyond(l, e.far, price)
    key = ladder_before(l, e.far, -price)
    return -key if key > MARKET_KEY else NO_KEY


cdef inline u64 lots_at(const Engine *e, const Ladder *l, i64 key) noexcept nogil:
    """Return the active lots of a key, 0 where nothing is."""
    cdef u64 at = place_of(l, key)
    cdef u32 node
    if at < l.size:
        return l.levels[at].lots
    node = far_find(l, e.far, key)
    return e.far[node].level.lots if node else 0


cdef inline bint better(const Candidate *one, const Candidate *other, bint *tied) noexcept nogil:
    """Compare the lots that trade, then the surplus; both are at prices of the book."""
    cdef i64 most = one.demand if one.demand < one.supply else one.supply
    cdef i64 other_most = other.demand if other.demand < other.supply else other.supply
    cdef i64 surplus = one.demand - one.supply, other_surplus = other.demand - other.supply
    if surplus < 0:
        surplus = -surplus
    if other_surplus < 0:
        other_surplus = -other_surplus
    tied[0] = most == other_most and surplus == other_surplus
    return most > other_most or (most == other_most and surplus < other_surplus)


cdef bint uncrossing_price(Engine *e, Instrument *ins, bint marked, i64 reference,
                           i64 *price) noexcept nogil:
    """Set the price at which the most lots trade; tell whether any would.

    One pass upwards over the limit prices of both sides keeps the best price found, the lowest and
    the highest of those that tie with it, the nearest to the reference, and on which side each of
    them leaves a surplus.
    """
    cdef Ladder *buys = &ins.book[0]
    cdef Ladder *sells = &ins.book[1]
    cdef Candidate here, best
    cdef i64 at, other, lowest = 0, highest = 0, nearest = 0
    cdef bint tied = False, found = False, all_buy = True, all_sell = True
    cdef u64 distance = 0, away
    if buys.best == NO_KEY or sells.best == NO_KEY:
        return False
    here.demand, here.supply = lots_at(e, buys, MARKET_KEY), lots_at(e, sells, MARKET_KEY)
    at = next_above(e, buys, 0, MARKET_KEY)
    other = next_above(e, sells, 1, MARKET_KEY)
    if at == NO_KEY and other == NO_KEY:
        price[0] = reference
        return marked
    while at != NO_KEY:
        here.demand += lots_at(e, buys, -at)
        at = next_above(e, buys, 0, at)
    at = next_above(e, buys, 0, MARKET_KEY)
    if other < at:
        at = other
    while at != NO_KEY:
        here.price = at
        here.supply += lots_at(e, sells, at)
        if not found or better(&here, &best, &tied):
            best, found, tied = here, True, True
            all_buy = all_sell = True
            lowest = nearest = at
            distance = UINT64_MAX
        if tied:
            highest = at
            all_buy = all_buy and here.demand > here.supply
            all_sell = all_sell and here.demand < here.supply
            away = <u64>(at - reference) if at > reference else <u64>(reference - at)
            if away < distance:
                distance, nearest = away, at
        here.demand -= lots_at(e, buys, -at)
        other = next_above(e, sells, 1, at)
        at = next_above(e, buys, 0, at)
        if other < at:
            at = other
    if best.demand == 0 or best.supply == 0:
        return False
    price[0] = nearest if marked else lowest
    if all_buy:
        price[0] = highest
    elif all_sell:
        price[0] = lowest
    return True


cdef u32 eligible(Engine *e, Instrument *ins, int side, i64 price) noexcept nogil:
    """Return the first order of a side that trades at a price, or 0."""
    cdef Ladder *l = &ins.book[side]
    if l.best > key_of(side, price):
        return 0
    return level_at(l, e.far, l.best).head


cdef void pair(Engine *e, Instrument *ins, i64 price) noexcept nogil:
    """Trade buys with sells at one price until one side has none left."""
    cdef u32 buy, sell, lots, most
    while True:
        buy = eligible(e, ins, 0, price)
        sell = eligible(e, ins, 1, price)
        if buy == 0 or sell == 0:
            return
        most = reducible(e, sell)
        lots = reducible(e, buy)
        if most == 0:
            end_order(e, sell, REDUCED, 0, CANCELLED)
            continue
        if lots == 0:
            end_order(e, buy, REDUCED, 0, CANCELLED)
            continue
        if most < lots:
            lots = most
        if e.orders[buy].shown < lots:
            lots = e.orders[buy].shown
        if e.orders[sell].shown < lots:
            lots = e.orders[sell].shown
        trade(e, ins, buy, sell, price, lots, True)


cdef u64 uncross(Engine *e, Instrument *ins, i64 *first) noexcept nogil:
    """Trade all that crosses; set the first price of it, return the lots."""
    cdef u64 before = ins.volume, traded
    cdef bint marked = ins.has_reference or ins.has_last
    cdef i64 reference = ins.reference if ins.has_reference else ins.last
    cdef i64 price = 0
    first[0] = 0
    while uncrossing_price(e, ins, marked, reference, &price):
        traded = ins.volume
        pair(e, ins, price)
        if traded == before and ins.volume > before:
            first[0] = price
    return ins.volume - before


cdef u8 stays(const Order *o, int phase) noexcept nogil:
    """Return why an order cannot stay in a phase that begins, 0 if it can."""
    if o.place == AWAY:
        return 0
    if phase == CLOSING:
        return SESSION_END if o.tif == AT_OPEN else 0
    if phase != CONTINUOUS and phase != CLOSED:
        return 0
    if o.tif == AT_OPEN or (o.tif == AT_CLOSE and (o.place == RESTING or phase == CLOSED)):
        return SESSION_END
    if o.tif == DAY and phase == CLOSED:
        return SESSION_END
    if o.type == MARKET and o.place == RESTING:
        return NO_LIQUIDITY
    return 0


cdef void enter_phase(Engine *e, Instrument *ins, u16 number, u8 phase) noexcept nogil:
    """Move an instrument to a phase: uncross, end what cannot stay, let in what waited."""
    cdef i64 price = 0
    cdef u64 lots = 0
    cdef Py_ssize_t i, n
    cdef u32 slot
    ins.phase = phase
    if phase == CONTINUOUS or phase == CLOSED:
        lots = uncross(e, ins, &price)
    n = pick(e, number, 0, 2, phase)
    for i in range(n):
        slot = e.picked[i].slot
        if e.orders[slot].place != FREE and stays(&e.orders[slot], phase):
            end_order(e, slot, stays(&e.orders[slot], phase), 0, CANCELLED)
    if phase == CLOSING:
        for i in range(n):
            slot = e.picked[i].slot
            if e.orders[slot].place == FOR_CLOSE:
                meet(e, ins, slot)
    tell(e, PHASED, 0, 0, phase, number, 0, 0, 0, price,
         UINT32_MAX if lots > UINT32_MAX else <u32>lots, 0, lots, 0, 0)
    collect(e, ins)


# --- orders in order of acceptance ------------------------------------------------------------

cdef void sort_picked(Picked *rows, Py_ssize_t n) noexcept nogil:
    """Sort by acceptance: a heap, in place."""
    cdef Py_ssize_t end = n, root = n // 2, at, to
    cdef Picked row
    while end > 1:
        if root:
            root -= 1
            row = rows[root]
        else:
            end -= 1
            row = rows[end]
            rows[end] = rows[0]
        at = root
        while True:
            to = 2 * at + 1
            if to >= end:
                break
            if to + 1 < end and rows[to + 1].accepted > rows[to].accepted:
                to += 1
            if rows[to].accepted <= row.accepted:
                break
            rows[at] = rows[to]
            at = to
        rows[at] = row


cdef Py_ssize_t pick(Engine *e, u32 instrument, u32 account, u8 side, int phase) noexcept nogil:
    """Pick live orders of an instrument (65535: any), an account (0: any), a side (2: both) and,
    with a phase, only those that its beginning may concern; return how many. No phase: -1."""
    cdef u32 slot
    cdef Py_ssize_t n = 0
    cdef Order *o
    cdef bint sorted = True
    for slot in range(1, e.top + 1):
        o = &e.orders[slot]
        if o.place == FREE or (instrument != 65535 and o.instrument != instrument):
            continue
        if (account and o.account != account) or (side != 2 and o.side != side):
            continue
        if phase >= 0 and o.tif < DAY and o.type != MARKET:
            continue
        if phase == NOT_RESTING and o.place == RESTING:
            continue
        e.picked[n].slot, e.picked[n].accepted = slot, o.accepted
        sorted = sorted and (n == 0 or e.picked[n - 1].accepted < o.accepted)
        n += 1
    if not sorted:
        sort_picked(e.picked, n)
    return n
