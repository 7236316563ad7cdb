"""Events, written into the caller's rows or, past their end, kept; included by `_matching.pyx`."""


cdef Event *spilled(Engine *e) noexcept nogil:
    """Return a row outside of the caller's events, or NULL without memory."""
    cdef Event *grown
    if e.spill.count == e.spill.room:
        grown = <Event *>realloc(e.spill.rows, (e.spill.room * 2 + 1024) * sizeof(Event))
        if grown == NULL:
            e.failed = True
            return NULL
        e.spill.rows = grown
        e.spill.room = e.spill.room * 2 + 1024
    e.spill.count += 1
    return &e.spill.rows[e.spill.count - 1]


cdef inline void tell(Engine *e, u8 kind, u8 side, u8 reason, u8 flags, u16 instrument, u32 account,
                      u32 other_account, u64 key, i64 price, u32 quantity, u32 leaves, u64 other,
                      i64 fee, i64 other_fee) noexcept nogil:
    """Write one event."""
    cdef Event *row = e.out
    if fks_likely(row != e.end):
        e.out = row + 1
    else:
        row = spilled(e)
        if row == NULL:
            return
    fks_tell(row, kind | <u64>side << 8 | <u64>reason << 16 | <u64>flags << 24
             | <u64>instrument << 32, account | <u64>other_account << 32, key, price,
             quantity | <u64>leaves << 32, other, fee, other_fee)


cdef inline void tell_order(Engine *e, u8 kind, u8 reason, const Order *o, u32 quantity,
                            u64 other) noexcept nogil:
    """Write an event of one order."""
    tell(e, kind, o.side, reason, 0, o.instrument, o.account, 0, o.id, o.price, quantity, o.open,
         other, 0, 0)


cdef inline void refuse(Engine *e, const Command *c, u8 reason) noexcept nogil:
    """Write that a command changed nothing."""
    tell(e, REJECTED, c.side, reason, 0, c.instrument, c.account, 0, c.id, c.price, c.quantity, 0,
         0, 0, 0)


cdef inline void done(Engine *e, const Command *c, u32 quantity) noexcept nogil:
    """Write that a command was applied."""
    tell(e, DONE, 0, 0, <u8>c.kind, c.instrument, c.account, 0, c.id, c.price, quantity, 0, 0, 0, 0)
