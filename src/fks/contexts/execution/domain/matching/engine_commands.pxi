"""Commands, one by one and in rows; included by `_matching.pyx`.

The rules are those of `reference_orders.py`, `reference_form.py` and `reference_settings.py`. What
most commands are, limit orders that rest and plain cancels and replaces of them, takes a path of
its own: `add`, `cancel` and `replace` begin with one test for it and do the rest elsewhere.
"""

cdef enum:
    MOST_PARTS = 128  # of an iceberg

cdef extern from *:
    """
    /* kind ADD, type LIMIT, tif GTC, no flag but the self-trade mode; any side below 2 */
    #define FKS_PLAIN_MASK 0x0000ff9fffffffffull
    #define FKS_PLAIN_ADD 0x0000000000010001ull
    #define FKS_SIDE_BIT 0x0000000000000100ull
    """
    u64 FKS_PLAIN_MASK
    u64 FKS_PLAIN_ADD
    u64 FKS_SIDE_BIT


cdef inline void answer(Engine *e, const Command *c, int reason) noexcept nogil:
    """Refuse a command where there is a reason."""
    if fks_unlikely(reason):
        refuse(e, c, <u8>reason)


# --- new orders --------------------------------------------------------------------------------

cdef inline bint has_price(u8 type) noexcept nogil:
    """Tell whether a type has a limit price."""
    return type == LIMIT or type == STOP_LIMIT or type == LIMIT_IF_TOUCHED


cdef bint priced_well(const Instrument *ins, u8 type, i64 price, i64 stop) noexcept nogil:
    """Tell whether a type's limit, trigger and offsets are where they may be."""
    if type >= TRAILING_STOP:
        return 1 <= stop <= PRICE_BOUND and (
            type == TRAILING_STOP or 0 <= price <= PRICE_BOUND)
    if has_price(type) and not ins.min_ticks <= price <= ins.max_ticks:
        return False
    return type < STOP or type == MARKET_TO_LIMIT or ins.min_ticks <= stop <= ins.max_ticks


cdef bint sized_well(const Instrument *ins, u8 type, u32 quantity, u32 display) noexcept nogil:
    """Tell whether quantity and display go together."""
    if quantity == 0 or quantity < ins.min_lots or display > quantity:
        return False
    if display == 0:
        return True
    if type == MARKET or type == STOP or type == MARKET_IF_TOUCHED or type == TRAILING_STOP:
        return False
    return quantity <= <u64>MOST_PARTS * display


cdef bint well_formed(const Engine *e, const Instrument *ins, const Command *c) noexcept nogil:
    """Tell whether an ADD makes sense by itself."""
    cdef bint resting = c.tif == GTC or c.tif == GTD or c.tif == DAY
    cdef bint market = c.type == MARKET or c.type == MARKET_TO_LIMIT
    if c.id == 0 or c.id >> 63 or c.side > 1 or c.type > TRAILING_STOP_LIMIT or c.tif > AT_CLOSE:
        return False
    if not sized_well(ins, c.type, c.quantity, c.display):
        return False
    if not priced_well(ins, c.type, c.price, c.stop):
        return False
    if c.tif == GTD and (c.expire_ns <= e.now or market):
        return False
    if c.type > LIMIT and (c.tif == FOK or c.tif == AT_OPEN or c.tif == AT_CLOSE):
        return False
    if c.flags >= MAKER or (c.flags & LIST_FLAGS and (c.link == 0 or ins.kind == ROUTED)):
        return False
    if c.flags & OCO and c.flags & OUO:
        return False
    if c.flags & POST_ONLY and not (c.type == LIMIT and resting):
        return False
    return not c.flags & CHILD or (resting and not market)


cdef bint takes(const Instrument *ins, const Command *c) noexcept nogil:
    """Tell whether the phase of an instrument takes an order."""
    if ins.phase == CLOSED or ins.phase == HALTED:
        return False
    if c.tif == AT_OPEN:
        return ins.phase == OPENING
    return ins.phase == CONTINUOUS or not (
        c.tif == IOC or c.tif == FOK or c.type == MARKET_TO_LIMIT or c.flags & POST_ONLY)


cdef bint list_takes(const Engine *e, const Command *c, u32 leader) noexcept nogil:
    """Tell whether an order may join the list it names."""
    cdef u32 one
    if not c.flags & LIST_FLAGS:
        return True
    if c.flags & CHILD:
        if leader == 0 or e.orders[leader].flags & CHILD:
            return False
        if e.orders[leader].account != c.account or e.orders[leader].instrument != c.instrument:
            return False
    one = links_first(e, c.link)  # the others agree with each other
    while one:
        if e.orders[one].account != c.account or e.orders[one].instrument != c.instrument:
            return False
        one = e.extras[one].list_next
    return True


cdef int add_any(Engine *e, const Command *c) noexcept nogil:
    """Take a new order of any kind; 0, or why not."""
    cdef Instrument *ins
    cdef Order draft
    cdef u32 leader = 0, lots = c.quantity, most
    cdef i64 held, stop = c.stop if is_triggered(c.type) else 0
    cdef u8 type = c.type
    cdef i64 price = c.price if has_price(type) or type == TRAILING_STOP_LIMIT else 0
    cdef int reason
    if c.instrument >= e.n_instruments or e.instruments[c.instrument].kind == 0:
        return UNKNOWN_INSTRUMENT
    ins = &e.instruments[c.instrument]
    if not ledger_known_account(&e.ledger, c.account):
        return UNKNOWN_ACCOUNT
    if not well_formed(e, ins, c):
        return INVALID
    if ids_find(&e.ids, e.orders, c.id):
        return DUPLICATE_ID
    if not takes(ins, c):
        return WRONG_PHASE
    if c.flags & CHILD:
        leader = ids_find(&e.ids, e.orders, c.link)
    if not list_takes(e, c, leader):
        return LINKED
    if c.flags & REDUCE_ONLY and not c.flags & CHILD:
        draft.account, draft.instrument, draft.side = c.account, c.instrument, c.side
        most = room_of(e, &draft)
        if most == 0:
            return REDUCED
        if most < lots:
            lots = most
    if e.live >= e.capacity:
        return CAPACITY
    if type == MARKET_TO_LIMIT and ins.kind == BOOK:
        price = best_limit(e, &ins.book[1 - c.side])
        if price == NO_KEY:
            return NO_LIQUIDITY
        price = key_of(1 - c.side, price)
        type = LIMIT
    reason = ledger_check(&e.ledger, e.now, c.account, c.instrument, c.strategy, c.side, type,
                          c.flags, price, stop, lots, 0, 0)
    if reason:
        return reason
    held = ledger_hold_price(&e.ledger, c.instrument, c.side, type, price, stop)
    if ins.kind == BOOK and ins.phase == CONTINUOUS:
        if c.flags & POST_ONLY:
            if not c.flags & CHILD and would_cross(e, ins, c.side, price):
                return WOULD_CROSS
        elif c.tif == FOK and not fillable(e, ins, c.side, c.account, <u8>c.flags,
                                           held if type == MARKET else price, lots):
            return NOT_FILLABLE
    reason = ledger_hold(&e.ledger, c.account, c.instrument, c.strategy, c.side, lots, held)
    if reason:
        return reason
    accept(e, c, ins, type, price, stop, lots, held, leader)
    return 0


cdef void accept(Engine *e, const Command *c, Instrument *ins, u8 type, i64 price, i64 stop,
                 u32 lots, i64 held, u32 leader) noexcept nogil:
    """Tell of an order that is held, and put it where it belongs."""
    cdef u32 slot = slot_take(e)
    cdef Order *o = &e.orders[slot]
    cdef Extra *x
    ids_ready(&e.ids)
    ids_put(&e.ids, fks_hash(c.id), slot)
    e.accepted += 1
    ins.live += 1
    o.id, o.price, o.open, o.shown, o.traded = c.id, price, lots, 0, 0
    o.account, o.strategy, o.instrument = c.account, c.strategy, c.instrument
    o.side, o.type, o.tif, o.flags = c.side, type, c.tif, <u8>c.flags
    o.place, o.marks, o.accepted = ARRIVING, 0, e.accepted
    set_held(e, slot, held)
    if c.flags & LIST_FLAGS or is_triggered(type) or c.tif == GTD or c.display:
        x = second_line(e, slot)
        x.stop, x.display = stop, c.display
        x.expire_ns = c.expire_ns if c.tif == GTD else 0
        if c.display:
            o.marks |= HIDES
        if c.flags & LIST_FLAGS:
            x.link = c.link
            list_join(e, slot)
    if c.flags & REDUCE_ONLY:
        o.marks |= REDUCES
    ledger_opened(&e.ledger, c.account, c.instrument, 1)
    tell_order(e, SENT if ins.kind == ROUTED else ACCEPTED, 0, o, lots, 0)
    if c.flags & CHILD:
        second_line(e, leader)
        e.orders[leader].marks |= LEADS
        o.marks |= WAITS
        e.extras[slot].waiting = lots - <u32>(
            lots if e.orders[leader].traded > lots else e.orders[leader].traded)
    if ins.kind == ROUTED:
        o.place = AWAY
        return
    if c.tif == GTD:
        heap_join(e, slot)
    if active_of(e, slot) == 0:
        o.place = NOWHERE
    elif is_triggered(type):
        arm(e, ins, slot)
    elif c.tif == AT_CLOSE and ins.phase != CLOSING:
        o.place = FOR_CLOSE
    elif c.flags & CHILD and c.flags & POST_ONLY and ins.phase == CONTINUOUS and (
            would_cross(e, ins, o.side, price)):
        end_order(e, slot, WOULD_CROSS, 0, CANCELLED)
    else:
        meet(e, ins, slot)


cdef inline void add(Engine *e, const Command *c, u32 code) noexcept nogil:
    """Take a new order: here what most are, a limit order without more that rests or trades."""
    cdef u64 head = fks_head(c)
    cdef u32 slot
    cdef Instrument *ins
    cdef Order *o
    cdef int reason
    if fks_unlikely((head & FKS_PLAIN_MASK & ~FKS_SIDE_BIT) != FKS_PLAIN_ADD or c.display != 0
                    or c.instrument >= e.n_instruments):
        answer(e, c, add_any(e, c))
        return
    ins = &e.instruments[c.instrument]
    if fks_unlikely(
            ins.kind != BOOK or ins.phase != CONTINUOUS or c.id - 1 >= <u64>INT64_MAX
            or c.quantity == 0 or c.quantity < ins.min_lots or c.price < ins.min_ticks
            or c.price > ins.max_ticks or e.live >= e.capacity
            or not ledger_known_account(&e.ledger, c.account)):
        answer(e, c, add_any(e, c))
        return
    ids_ready(&e.ids)
    if fks_unlikely(ids_find_code(&e.ids, e.orders, c.id, code)):
        refuse(e, c, DUPLICATE_ID)
        return
    reason = ledger_enter(&e.ledger, e.now, c.account, c.instrument, c.strategy, c.side, c.flags,
                          c.price, c.quantity)
    if fks_unlikely(reason):
        refuse(e, c, reason)
        return
    slot = slot_take(e)
    ids_put(&e.ids, code, slot)
    o = &e.orders[slot]
    e.accepted += 1
    ins.live += 1
    o.id, o.price, o.open, o.traded = c.id, c.price, c.quantity, 0
    o.account, o.strategy, o.instrument = c.account, c.strategy, c.instrument
    o.side, o.type, o.tif, o.flags = c.side, LIMIT, GTC, <u8>c.flags
    o.marks, o.accepted = 0, e.accepted
    tell_order(e, ACCEPTED, 0, o, c.quantity, 0)
    if fks_unlikely(reaches(&ins.book[1 - c.side], key_of(1 - c.side, c.price))):
        meet(e, ins, slot)
        return
    o.place, o.shown = RESTING, c.quantity
    ladder_append(e, &ins.book[c.side], slot, key_of(c.side, c.price), c.quantity)


# --- changing and ending orders ---------------------------------------------------------------

cdef inline u32 owned(Engine *e, const Command *c, u32 code, u32 guess) noexcept nogil:
    """Return the live order that a command may touch, or 0."""
    cdef u32 slot = guess
    if fks_unlikely(e.orders[slot].id != c.id or e.orders[slot].place == FREE):
        slot = ids_find_code(&e.ids, e.orders, c.id, code)
    if slot and c.account and e.orders[slot].account != c.account:
        return 0
    return slot


cdef void ask_venue(Engine *e, const Order *o) noexcept nogil:
    """Say that the venue of a routed order may be asked to cancel it."""
    tell(e, DONE, o.side, 0, CANCEL, o.instrument, o.account, 0, o.id, o.price, o.open, o.open, 0,
         0, 0)


cdef inline void cancel(Engine *e, const Command *c, u32 code, u32 guess) noexcept nogil:
    """End an order because its owner asks."""
    cdef u32 slot = owned(e, c, code, guess)
    cdef Order *o = &e.orders[slot]
    cdef u32 lots
    if fks_unlikely(slot == 0):
        refuse(e, c, UNKNOWN_ORDER)
    elif fks_likely(o.marks == 0 and o.place == RESTING):
        lots = o.open
        ladder_remove(e, &e.instruments[o.instrument].book[o.side], slot, book_key(o), lots)
        ledger_leave(&e.ledger, o.account, o.instrument, o.strategy, o.side, lots, o.price)
        o.open = 0
        tell_order(e, CANCELLED, REQUESTED, o, lots, 0)
        ids_remove(&e.ids, code, slot)
        e.instruments[o.instrument].live -= 1
        slot_give(e, slot)
    elif o.place == AWAY:
        ask_venue(e, o)
    else:
        end_order(e, slot, REQUESTED, 0, CANCELLED)


cdef int cancel_all(Engine *e, const Command *c) noexcept nogil:
    """End all orders that a filter names."""
    cdef Py_ssize_t i, n
    cdef u32 slot
    if c.side > 2:
        return INVALID
    n = pick(e, c.instrument, c.account, c.side, -1)
    for i in range(n):
        slot = e.picked[i].slot
        if e.orders[slot].place == AWAY:
            ask_venue(e, &e.orders[slot])
        elif e.orders[slot].place != FREE:
            end_order(e, slot, REQUESTED, 0, CANCELLED)
    done(e, c, <u32>n)
    return 0


cdef int replace_any(Engine *e, const Command *c, u32 slot) noexcept nogil:
    """Change a live order of any kind; 0, or why nothing changed."""
    cdef Order *o = &e.orders[slot]
    cdef Instrument *ins = &e.instruments[o.instrument]
    cdef u32 lots = c.quantity, most
    cdef i64 price = o.price, old_stop = 0, stop
    cdef bint same
    cdef int reason
    if ins.phase == CLOSED or ins.phase == HALTED:
        return WRONG_PHASE
    if not sized_well(ins, o.type, c.quantity, c.display) or (
            not priced_well(ins, o.type, c.price, c.stop)):
        return INVALID
    if o.flags & REDUCE_ONLY and not o.flags & CHILD:
        most = room_of(e, o)
        if most == 0:
            return REDUCED
        if most < lots:
            lots = most
    if o.marks & SECOND:
        old_stop = e.extras[slot].stop
    stop = c.stop if is_triggered(o.type) else old_stop
    if has_price(o.type) or o.type == TRAILING_STOP_LIMIT:
        price = c.price
    reason = ledger_check(&e.ledger, e.now, o.account, o.instrument, o.strategy, o.side, o.type,
                          o.flags, price, stop, lots, o.open, held_of(e, slot))
    if reason == 0 and o.place == RESTING and o.flags & POST_ONLY and ins.phase == CONTINUOUS:
        same = price == o.price and stop == old_stop and lots <= o.open and (
            c.display == (e.extras[slot].display if o.marks & SECOND else 0))
        if not same and would_cross(e, ins, o.side, price):
            reason = WOULD_CROSS
    if reason == 0:
        reason = rewrite(e, ins, slot, price, stop, old_stop, lots, c.display)
    return reason


cdef int rewrite(Engine *e, Instrument *ins, u32 slot, i64 price, i64 stop, i64 old_stop,
                  u32 lots, u32 display) noexcept nogil:
    """Make a live order what a replace asks, let it meet the book where it lost its place; 0, or
    why nothing changed."""
    cdef Order *o = &e.orders[slot]
    cdef u8 place = o.place
    cdef u32 before = active_of(e, slot), active
    cdef i64 held = ledger_hold_price(&e.ledger, o.instrument, o.side, o.type, price, stop)
    cdef i64 old_held = held_of(e, slot)
    cdef u32 old_display = e.extras[slot].display if o.marks & SECOND else 0
    cdef bint keeps
    cdef int reason
    if place == AWAY:
        if lots < o.open:
            lots = o.open
        if held < old_held:
            held = old_held
    reason = hold_anew(e, slot, lots, held)
    if reason:
        return reason
    keeps = place == RESTING and price == o.price and lots <= o.open and display == old_display
    if (place == RESTING and not keeps) or place == WAITING:
        take_out(e, slot, before)
    if stop != old_stop:
        e.extras[slot].has_trigger = False
        e.extras[slot].trigger = 0
        e.extras[slot].stop = stop
    active = lots
    if o.flags & CHILD and before < lots:
        active = before
    if keeps:
        level_at(&ins.book[o.side], e.far, book_key(o)).lots -= before - active
    o.price, o.open = price, lots
    set_held(e, slot, held)
    if display != old_display:
        second_line(e, slot).display = display
        o.marks &= ~HIDES
        if display:
            o.marks |= HIDES
    if o.marks & WAITS:
        e.extras[slot].waiting = lots - active
    if o.shown > active:
        o.shown = active
    tell_order(e, REPLACED, 0, o, lots, 0)
    if place == WAITING:
        arm(e, ins, slot)
    elif place == RESTING and not keeps:
        meet(e, ins, slot)
    return 0


cdef inline void replace(Engine *e, const Command *c, u32 code, u32 guess) noexcept nogil:
    """Change an order: here what most are, a resting limit order without more."""
    cdef u32 slot = owned(e, c, code, guess), lots = c.quantity, open
    cdef Order *o = &e.orders[slot]
    cdef Instrument *ins
    cdef Ladder *l
    cdef int reason
    if fks_unlikely(slot == 0):
        refuse(e, c, UNKNOWN_ORDER)
        return
    ins = &e.instruments[o.instrument]
    if fks_unlikely(
            o.marks != 0 or o.place != RESTING or o.type != LIMIT or ins.phase != CONTINUOUS
            or o.flags & POST_ONLY or c.display or lots == 0 or lots < ins.min_lots
            or c.price < ins.min_ticks or c.price > ins.max_ticks):
        answer(e, c, replace_any(e, c, slot))
        return
    open = o.open
    reason = ledger_check(&e.ledger, e.now, o.account, o.instrument, o.strategy, o.side, LIMIT,
                          o.flags, c.price, 0, lots, open, o.price)
    if fks_likely(reason == 0):
        reason = hold_anew(e, slot, lots, c.price)
    if fks_unlikely(reason):
        refuse(e, c, reason)
        return
    l = &ins.book[o.side]
    if c.price == o.price and lots <= open:
        level_at(l, e.far, key_of(o.side, o.price)).lots -= open - lots
        o.open = lots
        o.shown = lots
        tell_order(e, REPLACED, 0, o, lots, 0)
        return
    ladder_remove(e, l, slot, key_of(o.side, o.price), open)
    o.price, o.open, o.shown = c.price, lots, lots
    tell_order(e, REPLACED, 0, o, lots, 0)
    if fks_unlikely(reaches(&ins.book[1 - o.side], key_of(1 - o.side, c.price)) or o.tif != GTC):
        meet(e, ins, slot)
        return
    ladder_append(e, l, slot, key_of(o.side, c.price), lots)


# --- what a venue reports ---------------------------------------------------------------------

cdef u32 routed(Engine *e, u64 key) noexcept nogil:
    """Return the live routed order that a venue reports on, or 0."""
    cdef u32 slot = ids_find(&e.ids, e.orders, key)
    return slot if slot and e.orders[slot].place == AWAY else 0


cdef int stranger_fill(Engine *e, const Command *c) noexcept nogil:
    """Count a fill whose order is not live here: it is over, or was placed elsewhere."""
    if c.account == 0 or c.side > 1 or ids_find(&e.ids, e.orders, c.id):
        return UNKNOWN_ORDER
    if not (ledger_known_account(&e.ledger, c.account)
            and ledger_known_instrument(&e.ledger, c.instrument)):
        return UNKNOWN_ORDER
    if ledger_kind_of(&e.ledger, c.instrument) != ROUTED:
        return UNKNOWN_ORDER
    if c.quantity == 0 or c.price > PRICE_BOUND or c.price < -PRICE_BOUND:
        return INVALID
    if ledger_hold(&e.ledger, c.account, c.instrument, c.strategy, c.side, c.quantity, c.price):
        return TOO_MUCH
    if ledger_settle(&e.ledger, c.account, c.instrument, c.side, c.quantity, c.price, c.price,
                     c.stop):
        ledger_release(&e.ledger, c.account, c.instrument, c.strategy, c.side, c.quantity, c.price)
        return TOO_MUCH
    tell(e, VENUE_TRADE, c.side, 0, 2, c.instrument, c.account, 0, c.id, c.price, c.quantity, 0, 0,
         c.stop, 0)
    return 0


cdef int venue_fill(Engine *e, const Command *c) noexcept nogil:
    """Count a fill that a venue reports, more than was asked for too."""
    cdef u32 slot = routed(e, c.id)
    cdef Order *o = &e.orders[slot]
    cdef u32 excess
    cdef i64 held
    if slot == 0:
        return stranger_fill(e, c)
    held = held_of(e, slot)
    if c.quantity == 0 or c.price > PRICE_BOUND or c.price < -PRICE_BOUND:
        return INVALID
    excess = c.quantity - o.open if c.quantity > o.open else 0
    if ledger_hold(&e.ledger, o.account, o.instrument, o.strategy, o.side, excess, held):
        return TOO_MUCH
    if ledger_settle(&e.ledger, o.account, o.instrument, o.side, c.quantity, c.price, held,
                     c.stop):
        ledger_release(&e.ledger, o.account, o.instrument, o.strategy, o.side, excess, held)
        return TOO_MUCH
    o.open += excess
    o.open -= c.quantity
    o.traded += c.quantity
    tell(e, VENUE_TRADE, o.side, 0, 2 if o.open == 0 else 0, o.instrument, o.account, 0, o.id,
         c.price, c.quantity, o.open, 0, c.stop, 0)
    if o.open == 0:
        forget(e, slot)
    return 0


cdef int venue_done(Engine *e, const Command *c) noexcept nogil:
    """End a routed order that its venue says is over."""
    cdef u32 slot = routed(e, c.id)
    if slot == 0:
        return UNKNOWN_ORDER
    end_order(e, slot, REQUESTED, 0, CANCELLED)
    return 0
