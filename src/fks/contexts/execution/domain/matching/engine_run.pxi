"""Settings, time, and rows of commands; included by `_matching.pyx`."""

cdef enum:  # the keys that say how orders are matched; the others are the ledger's
    KEY_KIND = 1
    KEY_GROUP = 2
    KEY_MIN_LOTS = 3
    KEY_MIN_TICKS = 5
    KEY_MAX_TICKS = 6
    BEYOND = 12  # commands ahead whose id is hashed and its bucket fetched
    NEARER = 7  # ... whose order is looked up and fetched
    NEAREST = 3  # ... whose neighbours in the queue are fetched
    RING = 16  # a power of two above BEYOND
    CACHED = 16384  # live orders that the cache holds anyway


cdef bint ladders_make(Instrument *ins) noexcept nogil:
    """Make the ladders of an instrument that gets its kind; False without memory."""
    cdef int k
    cdef bint good = True
    for k in range(2):
        good = good and ladder_make(&ins.book[k], NEAR_BOOK)
    for k in range(4):
        good = good and ladder_make(&ins.trigger[k], NEAR_TRIGGER)
    ins.made = True
    ins.phase = CONTINUOUS
    ins.followed[0], ins.followed[1] = INT64_MAX, INT64_MIN
    return good


cdef int configure_instrument(Engine *e, const Command *c) noexcept nogil:
    """Set a number of an instrument; its kind comes first."""
    cdef Instrument *ins
    cdef int reason
    if c.instrument >= e.n_instruments:
        return CAPACITY
    ins = &e.instruments[c.instrument]
    if ins.kind == 0 and c.flags != KEY_KIND:
        return UNKNOWN_INSTRUMENT
    if c.flags == KEY_KIND:
        if not (c.price == BOOK or c.price == ROUTED) or (ins.live and ins.kind != c.price):
            return INVALID
    elif c.flags == KEY_MIN_LOTS:
        if c.price < 0 or c.price > UINT32_MAX:
            return INVALID
    elif c.flags == KEY_MIN_TICKS or c.flags == KEY_MAX_TICKS:
        if c.price < -PRICE_BOUND or c.price > PRICE_BOUND:
            return INVALID
    reason = ledger_configure_instrument(&e.ledger, c.instrument, c.flags, c.price)
    if reason:
        return reason
    if c.flags == KEY_KIND:
        if not ins.made and not ladders_make(ins):
            e.failed = True
        ins.kind = <u8>c.price
    elif c.flags == KEY_MIN_LOTS:
        ins.min_lots = c.price
    elif c.flags == KEY_MIN_TICKS:
        ins.min_ticks = c.price
    elif c.flags == KEY_MAX_TICKS:
        ins.max_ticks = c.price
    ins.followed[0], ins.followed[1] = INT64_MAX, INT64_MIN
    return 0


cdef int configure_account(Engine *e, const Command *c) noexcept nogil:
    """Set a number of an account."""
    cdef int reason
    if c.account == 0 or c.account >= e.n_accounts:
        return CAPACITY
    if c.flags == KEY_GROUP and (c.price < 0 or c.price > UINT32_MAX):
        return INVALID
    reason = ledger_configure_account(&e.ledger, c.account, c.instrument, c.flags, c.price)
    if reason == 0 and c.flags == KEY_GROUP:
        e.groups[c.account] = <u32>c.price
    return reason


cdef int set_reference(Engine *e, const Command *c) noexcept nogil:
    """Set the reference price of an instrument."""
    cdef int reason
    if c.instrument >= e.n_instruments or e.instruments[c.instrument].kind == 0:
        return UNKNOWN_INSTRUMENT
    if c.price < -PRICE_BOUND or c.price > PRICE_BOUND:
        return INVALID
    reason = ledger_set_reference(&e.ledger, c.instrument, c.price, e.now)
    if reason == 0:
        e.instruments[c.instrument].reference = c.price
        e.instruments[c.instrument].has_reference = True
    return reason


cdef int configured(Engine *e, const Command *c) noexcept nogil:
    """Apply a command that sets something; return 0, or why it was not applied."""
    if c.kind == TIME:
        return 0
    if c.kind == CONFIGURE_INSTRUMENT:
        return configure_instrument(e, c)
    if c.kind == CONFIGURE_ACCOUNT:
        return configure_account(e, c)
    if c.kind == CONFIGURE_STRATEGY:
        return ledger_configure_strategy(&e.ledger, c.strategy, c.flags, c.price)
    if c.kind == CREDIT:
        return ledger_credit(&e.ledger, c.account, c.price)
    if c.kind == NEW_DAY:
        return ledger_new_day(&e.ledger, c.account)
    if c.kind == REFERENCE:
        return set_reference(e, c)
    return INVALID


cdef void control(Engine *e, const Command *c) noexcept nogil:
    """Take a command that most are not."""
    cdef int reason
    if c.kind == PHASE:
        if c.instrument >= e.n_instruments or e.instruments[c.instrument].kind == 0:
            refuse(e, c, UNKNOWN_INSTRUMENT)
        elif c.type > HALTED:
            refuse(e, c, INVALID)
        else:
            enter_phase(e, &e.instruments[c.instrument], c.instrument, c.type)
    elif c.kind == CANCEL_ALL:
        answer(e, c, cancel_all(e, c))
    elif c.kind == VENUE_FILL:
        answer(e, c, venue_fill(e, c))
    elif c.kind == VENUE_DONE:
        answer(e, c, venue_done(e, c))
    else:
        reason = configured(e, c)
        if reason:
            refuse(e, c, <u8>reason)
        else:
            done(e, c, 0)


cdef void expire_due(Engine *e) noexcept nogil:
    """End the orders whose time has run out."""
    while e.timed and e.extras[e.heap[0]].expire_ns <= e.now:
        end_order(e, e.heap[0], TIME_OVER, 0, EXPIRED)
    settle(e)


cdef inline void step(Engine *e, const Command *c, i64 ts, u32 code, u32 guess) noexcept nogil:
    """Apply one command and all that follows from it; `code` is the hash of its id, and `guess` the
    slot of its order, or any other."""
    if ts > e.now:
        e.now = ts
    if fks_unlikely(e.timed) and e.extras[e.heap[0]].expire_ns <= e.now:
        expire_due(e)
    if c.kind == ADD:
        add(e, c, code)
    elif c.kind == CANCEL:
        cancel(e, c, code, guess)
    elif c.kind == REPLACE:
        replace(e, c, code, guess)
    else:
        control(e, c)
    if fks_unlikely(e.pending):
        settle(e)


cdef void single(Engine *e, const Command *c, i64 ts) noexcept nogil:
    """Apply one command that came alone."""
    step(e, c, ts, fks_hash(c.id), 0)


cdef inline void touch_level(const Engine *e, const Command *c, bint tail) noexcept nogil:
    """Fetch the level that a limit order will join, or the last order there."""
    cdef const Ladder *l
    cdef u64 at
    if c.side > 1 or c.instrument >= e.n_instruments:
        return
    l = &e.instruments[c.instrument].book[c.side]
    at = place_of(l, key_of(c.side, c.price))
    if at < l.size:
        if tail:
            fks_prefetch(&e.orders[l.levels[at].tail])
        else:
            fks_prefetch(&l.levels[at])


cdef void flush(Engine *e) noexcept nogil:
    """Write events that found no room before, as many as there is room for now."""
    cdef size_t n = e.end - e.out
    if n > e.spill.count:
        n = e.spill.count
    memcpy(e.out, e.spill.rows, n * sizeof(Event))
    e.out += n
    e.spill.count -= n
    memmove(e.spill.rows, e.spill.rows + n, e.spill.count * sizeof(Event))


cdef Py_ssize_t run(Engine *e, const Command *c, const i64 *ts, Py_ssize_t ts_step, Py_ssize_t n,
                    i64 *offsets, bint all) noexcept nogil:
    """Apply commands as long as there is room for their events, or all; return how many were."""
    cdef Event *start = e.out
    cdef Py_ssize_t i = 0, j, last = n - 1
    cdef u32[RING] codes
    cdef u32[RING] guesses
    cdef const Order *o
    if e.spill.count:
        flush(e)
    for j in range(BEYOND if n > BEYOND else n):
        codes[j] = fks_hash(c[j].id)
        guesses[j] = 0
    while i < n and (e.out != e.end or all) and not e.failed:
        j = i + BEYOND if i + BEYOND < last else last
        codes[j & (RING - 1)] = fks_hash(c[j].id)
        fks_prefetch(&e.ids.buckets[codes[j & (RING - 1)] >> e.ids.shift])
        j = i + NEARER if i + NEARER < last else last
        guesses[j & (RING - 1)] = ids_guess(&e.ids, codes[j & (RING - 1)])
        fks_prefetch(&e.orders[guesses[j & (RING - 1)]])
        if e.live > CACHED:
            if c[j].kind != CANCEL:
                touch_level(e, c + j, False)
            j = i + NEAREST if i + NEAREST < last else last
            o = &e.orders[guesses[j & (RING - 1)]]
            fks_prefetch(&e.orders[o.next])
            fks_prefetch(&e.orders[o.prev])
            if c[j].kind != CANCEL:
                touch_level(e, c + j, True)
        step(e, c + i, ts[i * ts_step], codes[i & (RING - 1)], guesses[i & (RING - 1)])
        if offsets:
            offsets[i] = e.out - start
        i += 1
    return i


cdef Py_ssize_t run_timed(Engine *e, const Command *c, const i64 *ts, Py_ssize_t ts_step,
                          Py_ssize_t n, i64 *ticks) noexcept nogil:
    """Apply commands one by one, each as if it had come alone, and keep the time of each."""
    cdef Py_ssize_t i = 0
    cdef u64 before
    if e.spill.count:
        flush(e)
    while i < n and e.out != e.end and not e.failed:
        before = fks_ticks()
        single(e, c + i, ts[i * ts_step])
        if ticks:
            ticks[i] = fks_ticks() - before
        i += 1
    return i
