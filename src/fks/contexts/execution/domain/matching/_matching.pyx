# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The matching engine, compiled: integers in C, no Python while it matches.

The rules are those of `reference.py` and the files beside it, which are the ones to read; a contract
suite and a shared state hash hold both together. Its parts, in this order: `ledger.pxi` (limits
and positions), `engine_types` (what it holds), `engine_ids`, `engine_ladder` and `engine_book` (the
tables), `engine_events`, `engine_orders`, `engine_triggers`, `engine_walk`, `engine_settle`,
`engine_auction`, `engine_commands` and `engine_run` (the rules), `engine_state` (the snapshot).
Here is what Python calls. Functions without the GIL report by code and never raise.
"""

import hashlib
import importlib

from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport (
    INT64_MAX,
    INT64_MIN,
    UINT32_MAX,
    UINT64_MAX,
    int64_t,
    uint8_t,
    uint16_t,
    uint32_t,
    uint64_t,
)
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcmp, memcpy, memmove, memset

import numpy as np

cdef extern from "intrinsics.h" nogil:
    ctypedef long long fks_wide
    const int64_t PRICE_BOUND "FKS_PRICE_BOUND"
    const int64_t MARKET_KEY "FKS_MARKET_KEY"
    const int64_t NO_KEY "FKS_NO_KEY"
    bint fks_likely(bint)
    bint fks_unlikely(bint)
    void fks_prefetch(const void *)
    unsigned int fks_lowest(uint64_t)
    unsigned int fks_highest(uint64_t)
    uint32_t fks_hash(uint64_t)
    uint64_t fks_head(const void *)
    uint64_t fks_ticks()
    ctypedef struct Bucket "fks_bucket":
        uint32_t tag[7]
        uint32_t over
        uint32_t slot[7]
    uint32_t fks_lanes(const Bucket *, uint32_t tag)
    uint32_t fks_slots(const Bucket *, uint32_t slot)
    uint32_t *fks_link(uint32_t slot, uint32_t *inside, uint32_t *outside)
    void fks_tell(void *row, uint64_t head, uint64_t accounts, uint64_t key, int64_t price,
                  uint64_t lots, uint64_t other, int64_t fee, int64_t other_fee)
    void *fks_reserve(size_t, size_t)
    void fks_release(void *, size_t, size_t)

include "ledger.pxi"

include "engine_types.pxi"
include "engine_ids.pxi"
include "engine_ladder.pxi"
include "engine_book.pxi"
include "engine_events.pxi"
include "engine_orders.pxi"
include "engine_triggers.pxi"
include "engine_walk.pxi"
include "engine_settle.pxi"
include "engine_auction.pxi"
include "engine_commands.pxi"
include "engine_run.pxi"
include "engine_state.pxi"

# The rows of layout.py; a test compares them.
EVENT = np.dtype(
    [
        ("kind", "u1"), ("side", "u1"), ("reason", "u1"), ("flags", "u1"), ("instrument", "<u2"),
        ("spare", "<u2"), ("account", "<u4"), ("other_account", "<u4"), ("id", "<u8"),
        ("price", "<i8"), ("quantity", "<u4"), ("leaves", "<u4"), ("other", "<u8"),
        ("fee_nanos", "<i8"), ("other_fee_nanos", "<i8"),
    ]
)
cdef object INT64 = np.dtype(np.int64)
cdef type ARRAY = np.ndarray
cdef enum:
    SINGLE = 64  # events of a single call that need no memory


cdef class Matcher:
    """A matching engine over rows of COMMAND and EVENT; see `docs/explanation/matching.md`.

    Args:
        instruments: how many instruments there may be; they are numbered from 0.
        accounts: how many accounts there may be, 0 included, which is none.
        orders: how many orders may be live at once, below 2**31.
        strategies: how many strategies may have limits of their own.

    Raises:
        ValueError: a size that is none.
        MemoryError: not enough memory; also when a command's events do not fit into it, after
            which the engine is not to be used any more.
    """

    cdef Engine *_engine
    cdef Spill _unread, _kept
    cdef Event _rows[SINGLE]
    cdef Py_ssize_t _written
    cdef bint _busy
    cdef object _all
    cdef tuple _sizes

    def __cinit__(self, long long instruments=64, long long accounts=1024,
                  long long orders=1 << 20, long long strategies=4096):
        if not (0 < instruments <= 4096 and 1 < accounts <= 65536 and 0 < orders < 1 << 31
                and 0 < strategies <= 1 << 20):
            raise ValueError(
                "instruments 1..4096, accounts 2..65536, orders 1..2**31-1, strategies 1..2**20"
            )
        self._sizes = (instruments, accounts, orders, strategies)
        self._engine = engine_make(<u32>instruments, <u32>accounts, <u32>orders, <u32>strategies)
        if self._engine == NULL:
            raise MemoryError("no memory for a matching engine of that size")

    def __dealloc__(self):
        if self._engine != NULL:
            self._engine.spill.rows = NULL
            engine_free(self._engine)
        free(self._unread.rows)
        free(self._kept.rows)

    # --- commands ------------------------------------------------------------------------------

    def apply(self, commands, ts_ns):
        """Apply rows of COMMAND in order; return all their events.

        Args:
            commands: structured array of COMMAND, one dimension.
            ts_ns: UTC ns, one for each command or one for all.
        """
        rows = len(commands)
        room = np.empty(2 * rows + 16, dtype=EVENT)
        _, written = self._run(commands, ts_ns, room, None, True)
        self._all = room[:written]
        if self._kept.count:
            self._all = np.concatenate([self._all, events_of(&self._kept)])
        self._written = -1
        return self._all

    def apply_into(self, commands, ts_ns, events_out, offsets_out=None):
        """Apply commands as long as there is room for their events, without allocating.

        A command that was begun is done; those of its events that found no room are written first
        by the next call, which may come with no commands.

        Args:
            commands: structured array of COMMAND or its bytes.
            ts_ns: UTC ns, one for each command or one for all.
            events_out: structured array of EVENT to write into.
            offsets_out: int64, one for each command: the events written up to its last one.

        Returns:
            (commands done, events written).
        """
        return self._run(commands, ts_ns, events_out, offsets_out, False)

    def measure(self, commands, ts_ns, events_out, ticks_out):
        """Apply commands as `apply_into` does, one by one, and keep the time of each.

        Args:
            commands, ts_ns, events_out: as `apply_into` takes them.
            ticks_out: int64, one for each command: ticks of the processor's clock.

        Returns:
            (commands done, events written).
        """
        return self._run(commands, ts_ns, events_out, ticks_out, False, True)

    cdef tuple _run(self, object commands, object ts_ns, object events, object offsets, bint all,
                    bint timed=False):
        """Run over buffers, without the GIL."""
        cdef Py_buffer views[4]
        cdef int held = 0
        cdef Engine *e = self._engine
        cdef Py_ssize_t n, done, step = 0
        cdef i64 one = 0
        cdef const i64 *ts = &one
        cdef i64 *to = NULL
        cdef Event *start
        cdef Spill *spill = &self._kept if all else &self._unread
        if self._busy:
            raise RuntimeError("the engine is at work in another thread")
        try:
            PyObject_GetBuffer(commands, &views[held], PyBUF_SIMPLE)
            held += 1
            PyObject_GetBuffer(events, &views[held], PyBUF_WRITABLE)
            held += 1
            n = views[0].len // <Py_ssize_t>sizeof(Command)
            if isinstance(ts_ns, ARRAY):
                PyObject_GetBuffer(ts_ns, &views[held], PyBUF_SIMPLE)
                held += 1
                ts, step = <const i64 *>views[held - 1].buf, 1
                if (ts_ns.dtype is not INT64 and ts_ns.dtype != INT64) or views[held - 1].len != 8 * n:
                    raise ValueError("ts_ns: one int64 for each command, or one number")
            else:
                one = ts_ns
            if offsets is not None:
                PyObject_GetBuffer(offsets, &views[held], PyBUF_WRITABLE)
                held += 1
                to = <i64 *>views[held - 1].buf
                if (offsets.dtype is not INT64 and offsets.dtype != INT64) or views[held - 1].len < 8 * n:
                    raise ValueError("offsets_out, ticks_out: at least one int64 for each command")
            if views[0].len % 64 or views[1].len % 64 or (<size_t>views[0].buf) % 8 or (
                    <size_t>views[1].buf) % 8:
                raise ValueError("rows of COMMAND and EVENT, 64 bytes each, aligned to 8")
            start = <Event *>views[1].buf
            if all:
                spill.count = 0
            e.spill = spill[0]
            e.out = start
            e.end = start + views[1].len // <Py_ssize_t>sizeof(Event)
            self._busy = True
            with nogil:
                if timed:
                    done = run_timed(e, <const Command *>views[0].buf, ts, step, n, to)
                else:
                    done = run(e, <const Command *>views[0].buf, ts, step, n, to, all)
            spill[0] = e.spill
            self._busy = False
            if e.failed:
                raise MemoryError("no memory for the events of a command")
            return done, e.out - start
        finally:
            while held:
                held -= 1
                PyBuffer_Release(&views[held])

    cdef Py_ssize_t _one(self, const Command *c, i64 ts) except -1:
        """Apply one command; return how many events it gave."""
        cdef Engine *e = self._engine
        if self._busy:
            raise RuntimeError("the engine is at work in another thread")
        self._kept.count = 0
        e.spill = self._kept
        e.out = self._rows
        e.end = self._rows + SINGLE
        single(e, c, ts)
        self._kept = e.spill
        self._written = e.out - self._rows
        if e.failed:
            raise MemoryError("no memory for the events of a command")
        return self._written + <Py_ssize_t>self._kept.count

    def add(self, u16 instrument, u32 account, u64 id, u8 side, u8 kind, u8 tif, u16 flags,
            i64 price, u32 quantity, *, i64 ts_ns, i64 stop=0, u32 display=0, i64 expire_ns=0,
            u64 link=0, u32 strategy=0):
        """Ask for a new order; return the number of events (`last_events`)."""
        cdef Command c
        c.kind, c.side, c.type, c.tif, c.flags, c.instrument = ADD, side, kind, tif, flags, instrument
        c.account, c.strategy, c.id, c.price, c.stop = account, strategy, id, price, stop
        c.quantity, c.display, c.expire_ns, c.link = quantity, display, expire_ns, link
        return self._one(&c, ts_ns)

    def limit(self, u16 instrument, u32 account, u64 id, u8 side, i64 price, u32 quantity,
              i64 ts_ns, /):
        """Ask for a limit order, good till cancelled, in as few arguments as there can be."""
        cdef Command c
        memset(&c, 0, sizeof(c))
        c.kind, c.side, c.type, c.instrument = ADD, side, LIMIT, instrument
        c.account, c.id, c.price, c.quantity = account, id, price, quantity
        return self._one(&c, ts_ns)

    def cancel(self, u64 id, i64 ts_ns, u32 account=0):
        """Ask to end an order; return the number of events."""
        cdef Command c
        memset(&c, 0, sizeof(c))
        c.kind, c.account, c.id = CANCEL, account, id
        return self._one(&c, ts_ns)

    def replace(self, u64 id, i64 price, u32 quantity, i64 ts_ns, u32 account=0, i64 stop=0,
                u32 display=0):
        """Ask to change an order; return the number of events."""
        cdef Command c
        memset(&c, 0, sizeof(c))
        c.kind, c.account, c.id, c.price, c.stop = REPLACE, account, id, price, stop
        c.quantity, c.display = quantity, display
        return self._one(&c, ts_ns)

    def last_events(self):
        """Return the events of the last call but `apply_into`, rows of EVENT."""
        cdef Spill own
        if self._written < 0:
            return self._all
        own.rows, own.count = self._rows, self._written
        if self._kept.count == 0:
            return events_of(&own)
        return np.concatenate([events_of(&own), events_of(&self._kept)])

    # --- what it knows -------------------------------------------------------------------------

    cdef Instrument *_instrument(self, long long number) except NULL:
        """Return an instrument that has a kind."""
        if not 0 <= number < self._engine.n_instruments or (
                self._engine.instruments[number].kind == 0):
            raise KeyError(number)
        return &self._engine.instruments[number]

    def depth(self, instrument, Py_ssize_t levels):
        """Return the buys and the sells: int64 rows of (price, lots shown, orders), best first."""
        cdef Instrument *ins = self._instrument(instrument)
        return side_of(self._engine, ins, 0, levels), side_of(self._engine, ins, 1, levels)

    def best(self, instrument, int side):
        """Return the best limit price of a side, ticks; None without one."""
        cdef i64 key = best_limit(self._engine, &self._instrument(instrument).book[side & 1])
        return None if key == NO_KEY else key_of(side & 1, key)

    def order(self, u64 id):
        """Return what is known of a live order."""
        cdef u32 slot = ids_find(&self._engine.ids, self._engine.orders, id)
        cdef OrderRecord row
        cdef dict known
        if slot == 0:
            return None
        pack_order(self._engine, slot, &row)
        known = row
        del known["zero"]
        return known

    def open_ids(self, instrument):
        """Return the ids in the book, buys and sells, in price-time order."""
        cdef Instrument *ins = self._instrument(instrument)
        return ids_of(self._engine, &ins.book[0]), ids_of(self._engine, &ins.book[1])

    def position(self, u32 account, u32 instrument):
        """Return an account's position in lots."""
        return ledger_position(&self._engine.ledger, account, instrument)

    def cash(self, u32 account):
        """Return an account's cash in nanos."""
        return ledger_cash(&self._engine.ledger, account)

    def what_if(self, i64 now_ns, u32 account, u32 instrument, u32 strategy, int side, int kind,
                int flags, i64 price, i64 stop, i64 lots):
        """Return what every control says to an order, changing nothing: (reason, used, limit,
        passes) each."""
        cdef LedgerFigure figures[LEDGER_FIGURES]
        cdef LedgerOrder order
        order.now, order.account, order.instrument = now_ns, account, instrument
        order.strategy, order.side, order.kind, order.flags = strategy, side, kind, flags
        order.price, order.stop, order.lots = price, stop, lots
        order.old_lots, order.old_price = 0, 0
        cdef int n = ledger_what_if(&self._engine.ledger, &order, figures)
        return [(figures[i].reason, figures[i].used, figures[i].limit, bool(figures[i].passes))
                for i in range(n)]

    def use(self, u32 account, u32 instrument):
        """Return what an account uses of each limit, likewise."""
        cdef LedgerFigure figures[LEDGER_FIGURES]
        cdef int n = ledger_use(&self._engine.ledger, account, instrument, figures)
        return [(figures[i].reason, figures[i].used, figures[i].limit, bool(figures[i].passes))
                for i in range(n)]

    def facts(self, instrument):
        """Return trades, lots traded, and the sum of price times lots."""
        cdef Instrument *ins = self._instrument(instrument)
        high, low = <i64>(ins.notional >> 64), <u64>ins.notional
        return ins.trades, ins.volume, (high << 64) + low

    def live(self):
        """Return how many orders are live."""
        return self._engine.live

    def warm(self):
        """Touch the memory of the orders, so that none is fetched while matching."""
        cdef Engine *e = self._engine
        cdef size_t i
        with nogil:
            for i in range(e.top + 1, <size_t>e.capacity + 1):
                e.orders[i].id = 0
                e.orders[i].place = FREE
            ids_touch(&e.ids)

    # --- as bytes ------------------------------------------------------------------------------

    def snapshot(self):
        """Return the canonical bytes of the state; `reference_snapshot` says how they lie."""
        return bytes_of(self._engine)

    def restore(self, bytes data):
        """Become what a snapshot says.

        Raises:
            Invalid: not a snapshot of an engine of this size, or cut short; the engine stays as it
                was.
        """
        cdef Engine *fresh
        cdef u32 instruments, accounts, orders, strategies
        cdef bint good
        instruments, accounts, orders, strategies = self._sizes
        if self._busy:
            raise RuntimeError("the engine is at work in another thread")
        fresh = engine_make(instruments, accounts, orders, strategies)
        if fresh == NULL:
            raise MemoryError("no memory for a second matching engine")
        good = engine_read(fresh, <const u8 *>PyBytes_AS_STRING(data), len(data))
        if not good or bytes_of(fresh) != data:
            engine_free(fresh)
            raise unreadable("not a matching snapshot of version 1 that fits this engine")
        self._engine.spill.rows = NULL
        engine_free(self._engine)
        self._engine = fresh
        self._unread.count = 0

    def state_hash(self):
        """Return 32 bytes of BLAKE2b over the snapshot."""
        return hashlib.blake2b(self.snapshot(), digest_size=32).digest()


cdef object unreadable(str message):
    """Return the failure of a snapshot: FKS's own, looked up when there is one."""
    errors = importlib.import_module("fks.kernel.errors")
    return errors.Invalid(message, code="execution.snapshot_unreadable")


cdef bytes bytes_of(Engine *e):
    """Return the canonical bytes of an engine."""
    cdef HeaderRecord head
    cdef size_t size = engine_size(e, &head)
    cdef size_t more = ledger_state(&e.ledger, NULL, 0)
    cdef bytes data = PyBytes_FromStringAndSize(NULL, size + more)
    engine_write(e, &head, <u8 *>PyBytes_AS_STRING(data), more)
    return data


cdef object events_of(const Spill *rows):
    """Return a copy of events as rows of EVENT."""
    made = np.empty(rows.count, dtype=EVENT)
    cdef Py_buffer view
    if rows.count:
        PyObject_GetBuffer(made, &view, PyBUF_WRITABLE)
        memcpy(view.buf, rows.rows, rows.count * sizeof(Event))
        PyBuffer_Release(&view)
    return made


cdef object side_of(Engine *e, Instrument *ins, int side, Py_ssize_t levels):
    """Return rows of (price, lots shown, orders) of a side."""
    cdef Ladder *l = &ins.book[side]
    cdef i64 key = best_limit(e, l)
    cdef u32 slot
    cdef u64 shown, orders
    rows = []
    while key != NO_KEY and len(rows) < levels:
        shown = orders = 0
        slot = level_at(l, e.far, key).head
        while slot:
            shown += e.orders[slot].shown
            orders += 1
            slot = e.orders[slot].next
        rows.append((key_of(side, key), shown, orders))
        key = ladder_beyond(l, e.far, key)
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


cdef list ids_of(Engine *e, Ladder *l):
    """Return the ids of a side in price-time order."""
    cdef i64 key = l.best
    cdef u32 slot
    found = []
    while key != NO_KEY:
        slot = level_at(l, e.far, key).head
        while slot:
            found.append(e.orders[slot].id)
            slot = e.orders[slot].next
        key = ladder_beyond(l, e.far, key)
    return found
