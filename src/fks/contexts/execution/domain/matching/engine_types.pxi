"""What the compiled matching engine holds, as plain C; included by `_matching.pyx`.

One order is one cache line, and all that a limit order needs is in it; what only triggers, lists,
icebergs and time limits need lies in a second line of the same slot, which is not touched without
one of the `marks`. Slot 0, level 0 of the far levels and instrument slots never configured mean
"none", so zeroed memory is an empty engine.
"""

ctypedef uint8_t u8
ctypedef uint16_t u16
ctypedef uint32_t u32
ctypedef uint64_t u64
ctypedef int64_t i64

cdef enum:  # CommandKind
    ADD = 1
    CANCEL = 2
    REPLACE = 3
    CANCEL_ALL = 4
    TIME = 5
    PHASE = 6
    REFERENCE = 7
    CONFIGURE_INSTRUMENT = 8
    CONFIGURE_ACCOUNT = 9
    CONFIGURE_STRATEGY = 10
    CREDIT = 11
    NEW_DAY = 12
    VENUE_FILL = 13
    VENUE_DONE = 14

cdef enum:  # Kind
    BOOK = 1
    ROUTED = 2

cdef enum:  # OrderKind
    MARKET = 0
    LIMIT = 1
    STOP = 2
    STOP_LIMIT = 3
    MARKET_IF_TOUCHED = 4
    LIMIT_IF_TOUCHED = 5
    MARKET_TO_LIMIT = 6
    TRAILING_STOP = 7
    TRAILING_STOP_LIMIT = 8

cdef enum:  # Tif
    GTC = 0
    IOC = 1
    FOK = 2
    GTD = 3
    DAY = 4
    AT_OPEN = 5
    AT_CLOSE = 6

cdef enum:  # Flag
    POST_ONLY = 1
    REDUCE_ONLY = 2
    OCO = 4
    OUO = 8
    CHILD = 16
    SELF_TRADE = 96
    MAKER = 128

cdef enum:  # Phase
    CLOSED = 0
    OPENING = 1
    CONTINUOUS = 2
    CLOSING = 3
    HALTED = 4

cdef enum:  # EventKind
    ACCEPTED = 1
    REJECTED = 2
    TRADE = 3
    CANCELLED = 4
    REPLACED = 5
    TRIGGERED = 6
    EXPIRED = 7
    PHASED = 8
    SENT = 9  # ROUTED in layout.py
    RESTATED = 10
    VENUE_TRADE = 11
    DONE = 12

cdef enum:  # Reason
    INVALID = 4
    DUPLICATE_ID = 5
    OWN_ORDER = 18
    UNKNOWN_ORDER = 40
    UNKNOWN_INSTRUMENT = 41
    UNKNOWN_ACCOUNT = 42
    NO_LIQUIDITY = 44
    NOT_FILLABLE = 45
    WOULD_CROSS = 46
    WRONG_PHASE = 47
    REDUCED = 48
    LINKED = 49
    REQUESTED = 50
    SESSION_END = 51
    TIME_OVER = 52
    CAPACITY = 53
    TOO_MUCH = 54

cdef enum:  # Place of reference_state.py, the same numbers
    ARRIVING = 0
    RESTING = 1
    WAITING = 2  # for its trigger
    FIRED = 3
    NOWHERE = 4  # a child without active lots
    FOR_CLOSE = 5
    AWAY = 6  # routed
    FREE = 7  # no order

cdef enum:  # marks: an order with none of them never touches its second line
    SECOND = 1  # it has a second line
    REDUCES = 2
    LISTED = 4  # in the list of its link
    LEADS = 8  # had children
    TIMED = 16  # in the heap of expiry
    HELD = 32  # held at the price of the second line
    HIDES = 64  # display is not 0
    WAITS = 128  # may have waiting lots

cdef enum:
    LIST_FLAGS = OCO | OUO | CHILD

ctypedef struct Command:
    u8 kind, side, type, tif
    u16 flags, instrument
    u32 account, strategy
    u64 id
    i64 price, stop
    u32 quantity, display
    i64 expire_ns
    u64 link

ctypedef struct Event:
    u8 kind, side, reason, flags
    u16 instrument, spare
    u32 account, other_account
    u64 id
    i64 price
    u32 quantity, leaves
    u64 other
    i64 fee_nanos, other_fee_nanos

ctypedef struct Ids:
    Bucket *made  # all tables; that of n buckets begins at bucket n
    Bucket *buckets  # the one in use
    u32 shift  # 32 - log2(buckets)
    u32 mask
    u32 count
    u32 most_bits

ctypedef struct Order:
    u32 next, prev  # slots; of a free slot: the next free one
    u32 open, shown  # lots
    u64 id
    i64 price  # the limit; 0 without one
    u32 account, strategy
    u16 instrument
    u8 side, type, tif, flags, place, marks
    u64 accepted  # order of acceptance
    u64 traded

ctypedef struct Level:
    u32 head, tail
    u64 lots

ctypedef struct Far:
    Level level
    i64 key
    u32 left, right

ctypedef struct Ladder:
    Level *levels
    u64 *bits0
    u64 *bits1
    u64 bits2
    i64 start  # key of levels[0]
    i64 best  # the lowest key, the next to trade or to fire; NO_KEY when empty
    u32 size
    u32 root  # of the far levels
    u32 near_count, far_count
    u32 misses  # inserts before all others outside of the window since it was placed

ctypedef struct Instrument:
    u8 kind, phase
    bint has_last, has_reference, made  # made: its ladders are
    i64 last, reference  # prices of the last trade, of the mark
    i64 min_lots, min_ticks, max_ticks
    u64 trades, volume
    u32 live
    u32 waiting  # orders at a trigger
    u32 special[2]  # resting orders of a side that a trade may end: OCO, OUO, REDUCE_ONLY
    u32 trailing[2]  # first trailing order of a side that waits at a trigger
    u32 trailing_last[2]
    i64 followed[2]  # the most favourable last trade that all trailing triggers of a side know
    fks_wide notional
    Ladder book[2]  # buy, sell
    Ladder trigger[4]  # buy stop, buy touched, sell stop, sell touched: as they fire

ctypedef struct Extra:
    i64 stop, trigger  # the trailing offset or the trigger as sent; where it fires
    i64 expire_ns, held_price
    u64 link
    u32 list_next, list_prev  # of one link, by acceptance; the first one's prev is the last
    u32 trail_next, trail_prev
    u32 heap_at, display
    u32 waiting
    u32 passing  # of a leader: 1 + its place among those to be passed on
    bint has_trigger

ctypedef struct Picked:
    u64 accepted
    u32 slot

ctypedef struct Spill:
    Event *rows
    size_t count, room

ctypedef struct Passing:
    u64 leader
    u64 lots
    u32 slot
    bint over

ctypedef struct Engine:
    Event *out
    Event *end
    i64 now
    Order *orders
    Extra *extras
    Far *far
    Instrument *instruments
    Ids ids
    u32 free, top, live, capacity  # slots
    u32 n_instruments, n_accounts
    bint pending  # leaders or fired orders wait to be settled
    u32 timed  # orders in the heap
    u32 *heap
    u32 far_free, far_top
    u64 accepted
    u32 *groups  # of accounts, for self-trade prevention
    Level fired
    Passing *passing
    u32 passing_first, passing_count
    Ids links  # first member by link
    Picked *picked
    Spill spill  # events that the caller had no room for
    bint failed  # no memory for them, or for a ladder
    Ledger ledger
