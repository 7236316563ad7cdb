"""The engine as bytes and back; included by `_matching.pyx`.

How they lie is written in `reference_snapshot.py`; the records below are those, field by field.
"""

ctypedef struct HeaderRecord:
    char[8] magic
    u32 version, zero
    i64 now
    u64 accepted
    u32 instruments, groups
    u64 orders

ctypedef struct InstrumentRecord:
    u16 number
    u8 kind, phase, has_last, has_reference
    u8[2] zero
    i64 last, reference, min_lots, min_ticks, max_ticks
    u64 trades, volume, notional_low
    i64 notional_high

ctypedef struct OrderRecord:
    u64 id, link, accepted, traded
    i64 price, stop, trigger, expire_ns, held_price
    u32 account, strategy, open, waiting, shown, display
    u16 instrument, flags
    u8 side, type, tif, place, has_trigger
    u8[7] zero


cdef enum:
    NOT_RESTING = -2  # instead of a phase, to `pick`


cdef void engine_free(Engine *e) noexcept nogil:
    """Give all memory back."""
    cdef u32 i
    cdef int k
    if e == NULL:
        return
    if e.instruments != NULL:
        for i in range(e.n_instruments):
            for k in range(2):
                ladder_free(&e.instruments[i].book[k])
            for k in range(4):
                ladder_free(&e.instruments[i].trigger[k])
    fks_release(e.instruments, e.n_instruments, sizeof(Instrument))
    fks_release(e.orders, e.capacity + 1, sizeof(Order))
    fks_release(e.extras, e.capacity + 1, sizeof(Extra))
    fks_release(e.far, <size_t>e.capacity + 2, sizeof(Far))
    fks_release(e.heap, e.capacity + 1, sizeof(u32))
    fks_release(e.passing, e.capacity + 1, sizeof(Passing))
    fks_release(e.picked, e.capacity + 1, sizeof(Picked))
    fks_release(e.groups, e.n_accounts, sizeof(u32))
    ids_free(&e.ids)
    ids_free(&e.links)
    free(e.spill.rows)
    ledger_destroy(&e.ledger)
    free(e)


cdef Engine *engine_make(u32 instruments, u32 accounts, u32 orders, u32 strategies) noexcept nogil:
    """Return an empty engine, or NULL without memory. What is never used is never touched."""
    cdef Engine *e = <Engine *>calloc(1, sizeof(Engine))
    cdef bint good
    if e == NULL:
        return NULL
    e.capacity, e.n_instruments, e.n_accounts = orders, instruments, accounts
    e.orders = <Order *>fks_reserve(orders + 1, sizeof(Order))
    e.extras = <Extra *>fks_reserve(orders + 1, sizeof(Extra))
    e.far = <Far *>fks_reserve(<size_t>orders + 2, sizeof(Far))
    e.heap = <u32 *>fks_reserve(orders + 1, sizeof(u32))
    e.passing = <Passing *>fks_reserve(orders + 1, sizeof(Passing))
    e.picked = <Picked *>fks_reserve(orders + 1, sizeof(Picked))
    e.instruments = <Instrument *>fks_reserve(instruments, sizeof(Instrument))
    e.groups = <u32 *>fks_reserve(accounts, sizeof(u32))
    good = ids_make(&e.ids, orders) and ids_make(&e.links, orders)
    good = good and ledger_create(&e.ledger, instruments, accounts, strategies)
    if not good or e.orders == NULL or e.extras == NULL or e.far == NULL or e.heap == NULL or (
            e.passing == NULL or e.picked == NULL or e.instruments == NULL or e.groups == NULL):
        engine_free(e)
        return NULL
    return e


# --- to bytes ---------------------------------------------------------------------------------

cdef void pack_order(const Engine *e, u32 slot, OrderRecord *row) noexcept nogil:
    """Fill the record of an order."""
    cdef const Order *o = &e.orders[slot]
    cdef const Extra *x = &e.extras[slot]
    memset(row, 0, sizeof(OrderRecord))
    row.id, row.accepted, row.traded = o.id, o.accepted, o.traded
    row.price, row.held_price = o.price, held_of(e, slot)
    row.account, row.strategy, row.open, row.shown = o.account, o.strategy, o.open, o.shown
    row.instrument, row.flags = o.instrument, o.flags
    row.side, row.type, row.tif, row.place = o.side, o.type, o.tif, o.place
    if o.marks & SECOND:
        row.link, row.stop, row.trigger, row.expire_ns = x.link, x.stop, x.trigger, x.expire_ns
        row.display, row.has_trigger = x.display, x.has_trigger
    if o.marks & WAITS:
        row.waiting = x.waiting


cdef void pack_instrument(const Instrument *ins, u16 number, InstrumentRecord *row) noexcept nogil:
    """Fill the record of an instrument."""
    memset(row, 0, sizeof(InstrumentRecord))
    row.number, row.kind, row.phase = number, ins.kind, ins.phase
    row.has_last, row.has_reference = ins.has_last, ins.has_reference
    row.last, row.reference = ins.last, ins.reference
    row.min_lots, row.min_ticks, row.max_ticks = ins.min_lots, ins.min_ticks, ins.max_ticks
    row.trades, row.volume = ins.trades, ins.volume
    row.notional_low = <u64>ins.notional
    row.notional_high = <i64>(ins.notional >> 64)


cdef u8 *write_book(const Engine *e, const Ladder *l, u8 *at) noexcept nogil:
    """Write the orders of one side in price-time order; return where they end."""
    cdef OrderRecord row
    cdef i64 key = l.best
    cdef u32 slot
    while key != NO_KEY:
        slot = level_at(l, e.far, key).head
        while slot:
            pack_order(e, slot, &row)
            memcpy(at, &row, sizeof(row))
            at += sizeof(row)
            slot = e.orders[slot].next
        key = ladder_beyond(l, e.far, key)
    return at


cdef size_t engine_size(const Engine *e, HeaderRecord *head) noexcept nogil:
    """Return the bytes of a snapshot without the ledger's, and fill its header."""
    cdef u32 i
    memset(head, 0, sizeof(HeaderRecord))
    memcpy(head.magic, b"FKSMATCH", 8)
    head.version, head.now, head.accepted, head.orders = 1, e.now, e.accepted, e.live
    for i in range(e.n_instruments):
        head.instruments += e.instruments[i].kind != 0
    for i in range(e.n_accounts):
        head.groups += e.groups[i] != 0
    return (sizeof(HeaderRecord) + head.instruments * sizeof(InstrumentRecord) + head.groups * 8
            + head.orders * sizeof(OrderRecord) + 8)


cdef void engine_write(Engine *e, const HeaderRecord *head, u8 *at, u64 ledger_bytes) noexcept nogil:
    """Write a snapshot of that size."""
    cdef InstrumentRecord one
    cdef OrderRecord row
    cdef Instrument *ins
    cdef u32 i
    cdef u32[2] pair_of
    cdef Py_ssize_t k, n = pick(e, 65535, 0, 2, NOT_RESTING)
    memcpy(at, head, sizeof(HeaderRecord))
    at += sizeof(HeaderRecord)
    for i in range(e.n_instruments):
        if e.instruments[i].kind:
            pack_instrument(&e.instruments[i], <u16>i, &one)
            memcpy(at, &one, sizeof(one))
            at += sizeof(one)
    for i in range(e.n_accounts):
        if e.groups[i]:
            pair_of[0], pair_of[1] = i, e.groups[i]
            memcpy(at, pair_of, 8)
            at += 8
    for i in range(e.n_instruments):
        ins = &e.instruments[i]
        if ins.live == 0:
            continue
        at = write_book(e, &ins.book[0], at)
        at = write_book(e, &ins.book[1], at)
        for k in range(n):
            if e.orders[e.picked[k].slot].instrument == i:
                pack_order(e, e.picked[k].slot, &row)
                memcpy(at, &row, sizeof(row))
                at += sizeof(row)
    memcpy(at, &ledger_bytes, 8)
    ledger_state(&e.ledger, at + 8, ledger_bytes)


# --- and back ---------------------------------------------------------------------------------

cdef bint sound(const Engine *e, const OrderRecord *row) noexcept nogil:
    """Tell whether a record is one that this engine could have written."""
    cdef i64 far = PRICE_BOUND
    if row.id == 0 or row.id >> 63 or row.instrument >= e.n_instruments or row.side > 1:
        return False
    if e.instruments[row.instrument].kind == 0 or row.account >= e.n_accounts:
        return False
    if row.type > TRAILING_STOP_LIMIT or row.tif > AT_CLOSE or row.flags >= MAKER:
        return False
    if row.open == 0 or row.waiting > row.open or row.accepted > e.accepted:
        return False
    if row.price > far or row.price < -far or row.trigger > far or row.trigger < -far:
        return False
    if row.flags & LIST_FLAGS and row.link == 0:
        return False
    if row.place == RESTING:
        return 0 < row.shown <= row.open - row.waiting and not is_triggered(row.type)
    if row.place == WAITING:
        return is_triggered(row.type)
    return row.shown == 0 and (
        row.place == NOWHERE or row.place == FOR_CLOSE or row.place == AWAY)


cdef bint put_back(Engine *e, const OrderRecord *row) noexcept nogil:
    """Put an order where it was; its list, trigger and time follow when all are there."""
    cdef u32 slot, lots = row.open - row.waiting
    cdef Order *o
    cdef Extra *x
    cdef Instrument *ins
    if e.live >= e.capacity or not sound(e, row):
        return False
    ids_ready(&e.ids)
    if ids_find(&e.ids, e.orders, row.id):
        return False
    slot = slot_take(e)
    ids_put(&e.ids, fks_hash(row.id), slot)
    o = &e.orders[slot]
    ins = &e.instruments[row.instrument]
    ins.live += 1
    o.id, o.price, o.open, o.shown, o.traded = row.id, row.price, row.open, row.shown, row.traded
    o.account, o.strategy, o.instrument = row.account, row.strategy, row.instrument
    o.side, o.type, o.tif, o.flags = row.side, row.type, row.tif, <u8>row.flags
    o.place, o.marks, o.accepted = row.place, 0, row.accepted
    if row.flags & REDUCE_ONLY:
        o.marks |= REDUCES
    if row.flags & LIST_FLAGS or is_triggered(row.type) or row.tif == GTD or row.display or (
            row.waiting):
        x = second_line(e, slot)
        x.link, x.stop, x.trigger, x.expire_ns = row.link, row.stop, row.trigger, row.expire_ns
        x.display, x.has_trigger, x.waiting = row.display, row.has_trigger != 0, row.waiting
        if row.display:
            o.marks |= HIDES
        if row.flags & CHILD or row.waiting:
            o.marks |= WAITS
    set_held(e, slot, row.held_price)
    if row.place == RESTING:
        rest(e, ins, slot, lots)
        o.shown = row.shown
    return True


cdef void join_again(Engine *e, u32 slot) noexcept nogil:
    """Enter an order that was put back into its list, its trigger's queue and the heap."""
    cdef Order *o = &e.orders[slot]
    cdef Extra *x = &e.extras[slot]
    cdef Instrument *ins = &e.instruments[o.instrument]
    cdef u32 leader
    if o.flags & LIST_FLAGS:
        list_join(e, slot)
        leader = ids_find(&e.ids, e.orders, x.link) if o.flags & CHILD else 0
        if leader:
            second_line(e, leader)
            e.orders[leader].marks |= LEADS
    if o.place == WAITING:
        wait_at(e, ins, slot)
    if o.tif == GTD and o.place != AWAY:
        heap_join(e, slot)


cdef bint engine_read(Engine *e, const u8 *data, size_t size) noexcept nogil:
    """Fill an empty engine from a snapshot; False where it is none of this engine's."""
    cdef HeaderRecord head
    cdef InstrumentRecord one
    cdef OrderRecord row
    cdef Instrument *ins
    cdef u32 i
    cdef u32[2] pair_of
    cdef u64 k, ledger_bytes
    cdef Py_ssize_t j, n
    cdef const u8 *at = data + sizeof(head)
    if size < sizeof(head):
        return False
    memcpy(&head, data, sizeof(head))
    if memcmp(head.magic, b"FKSMATCH", 8) or head.version != 1 or head.orders > e.capacity:
        return False
    if head.instruments > e.n_instruments or head.groups > e.n_accounts:
        return False
    k = (sizeof(head) + head.instruments * sizeof(one) + head.groups * 8
         + head.orders * sizeof(row))
    if size < k + 8:
        return False
    memcpy(&ledger_bytes, data + k, 8)
    if ledger_bytes != size - k - 8 or ledger_restore(&e.ledger, data + k + 8, ledger_bytes):
        return False
    e.now, e.accepted = head.now, head.accepted
    for i in range(head.instruments):
        memcpy(&one, at, sizeof(one))
        at += sizeof(one)
        if one.number >= e.n_instruments or one.kind < BOOK or one.kind > ROUTED or (
                one.phase > HALTED or e.instruments[one.number].made):
            return False
        ins = &e.instruments[one.number]
        if not ladders_make(ins):
            e.failed = True
            return False
        ins.kind, ins.phase, ins.has_last = one.kind, one.phase, one.has_last != 0
        ins.has_reference, ins.last, ins.reference = one.has_reference, one.last, one.reference
        ins.min_lots, ins.min_ticks, ins.max_ticks = one.min_lots, one.min_ticks, one.max_ticks
        ins.trades, ins.volume = one.trades, one.volume
        # A product, not a shift: the high half may be negative.
        ins.notional = (<fks_wide>one.notional_high * <fks_wide>(<u64>1 << 32)
                        * <fks_wide>(<u64>1 << 32) + one.notional_low)
    for i in range(head.groups):
        memcpy(pair_of, at, 8)
        at += 8
        if pair_of[0] >= e.n_accounts:
            return False
        e.groups[pair_of[0]] = pair_of[1]
    for k in range(head.orders):
        memcpy(&row, at, sizeof(row))
        at += sizeof(row)
        if not put_back(e, &row):
            return False
    n = pick(e, 65535, 0, 2, -1)
    for j in range(n):
        join_again(e, e.picked[j].slot)
    return True
