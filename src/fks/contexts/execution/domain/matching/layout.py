"""The rows that go into the matching engine and come out of it, and the numbers in them.

Commands and events are 64 bytes each, little-endian: one cache line, one journal payload, one row
of a numpy structured array. Both engines, compiled and plain, speak exactly this; what each number
makes them do is written in `docs/explanation/matching.md`.
"""

from __future__ import annotations

import enum

import numpy as np

__all__ = [
    "COMMAND",
    "EVENT",
    "UNLIMITED",
    "AccountKey",
    "CommandKind",
    "EventKind",
    "Flag",
    "Gate",
    "InstrumentKey",
    "Kind",
    "OrderKind",
    "Phase",
    "Reason",
    "SelfTrade",
    "Tif",
]

UNLIMITED = 2**63 - 1  # a limit that was waived on purpose; one never set is 0 and denies

COMMAND = np.dtype(
    [
        ("kind", "u1"),  # CommandKind
        ("side", "u1"),  # 0 buy, 1 sell
        ("type", "u1"),  # OrderKind
        ("tif", "u1"),  # Tif
        ("flags", "<u2"),  # Flag, or the key of a CONFIGURE_*
        ("instrument", "<u2"),
        ("account", "<u4"),
        ("strategy", "<u4"),
        ("id", "<u8"),  # of the order, 1 .. 2**63-1, chosen by the caller
        ("price", "<i8"),  # limit in ticks; the value of a CONFIGURE_*; a price of a REFERENCE
        ("stop", "<i8"),  # trigger in ticks, or the trailing offset in ticks
        ("quantity", "<u4"),  # lots
        ("display", "<u4"),  # lots shown of an iceberg; 0 shows all
        ("expire_ns", "<i8"),  # of GTD
        ("link", "<u8"),  # the list an order belongs to; an OTO leader's own id is the list's
    ]
)
EVENT = np.dtype(
    [
        ("kind", "u1"),  # EventKind
        ("side", "u1"),  # of the order `id`
        ("reason", "u1"),  # Reason; 0 when none
        ("flags", "u1"),  # TRADE: 1 maker is done, 2 taker is done, 4 in an auction
        ("instrument", "<u2"),
        ("spare", "<u2"),
        ("account", "<u4"),  # of the order; TRADE: of the taker
        ("other_account", "<u4"),  # TRADE: of the maker
        ("id", "<u8"),  # the order; TRADE: the taker (in an auction, the buyer)
        ("price", "<i8"),  # TRADE: the price; ACCEPTED, REPLACED, TRIGGERED: the limit
        ("quantity", "<u4"),  # TRADE: lots traded; CANCELLED: lots given up; else open lots
        ("leaves", "<u4"),  # open lots of `id` after this event
        ("other", "<u8"),  # TRADE: the maker; CANCELLED by a list or self-trade: the cause
        ("fee_nanos", "<i8"),  # TRADE: the taker's fee (negative: a rebate)
        ("other_fee_nanos", "<i8"),  # TRADE: the maker's fee
    ]
)
assert COMMAND.itemsize == EVENT.itemsize == 64


class CommandKind(enum.IntEnum):
    """What a command asks."""

    ADD = 1
    CANCEL = 2
    REPLACE = 3
    CANCEL_ALL = 4  # of `account` (0: any), `instrument` (65535: any), side (2: both)
    TIME = 5  # nothing but the time that came with it
    PHASE = 6  # of the instrument; the Phase is in `type`
    REFERENCE = 7  # price = reference (mark) price of the instrument, ticks
    CONFIGURE_INSTRUMENT = 8  # flags = InstrumentKey, price = value
    CONFIGURE_ACCOUNT = 9  # flags = AccountKey, price = value; instrument where the key says so
    CONFIGURE_STRATEGY = 10  # flags = AccountKey.GATE or .ORDERS_PER_SECOND; price = value
    CREDIT = 11  # price = nanos added to the cash of `account`, or taken (negative)
    NEW_DAY = 12  # day counters of `account` (0: all) begin anew
    VENUE_FILL = 13  # of the routed order `id`: quantity at price, fee nanos in `stop`, flag MAKER
    VENUE_DONE = 14  # the routed order `id` is over at its venue: what is open is released


class Kind(enum.IntEnum):
    """How an instrument's orders meet their counterparts."""

    UNKNOWN = 0
    BOOK = 1  # matched here
    ROUTED = 2  # matched at a venue: checked, held and reported here


class OrderKind(enum.IntEnum):
    """Order types."""

    MARKET = 0
    LIMIT = 1
    STOP = 2
    STOP_LIMIT = 3
    MARKET_IF_TOUCHED = 4
    LIMIT_IF_TOUCHED = 5
    MARKET_TO_LIMIT = 6
    TRAILING_STOP = 7
    TRAILING_STOP_LIMIT = 8


class Tif(enum.IntEnum):
    """Time in force."""

    GTC = 0
    IOC = 1
    FOK = 2
    GTD = 3
    DAY = 4
    AT_OPEN = 5
    AT_CLOSE = 6


class Flag(enum.IntFlag):
    """Instructions of an order."""

    POST_ONLY = 1
    REDUCE_ONLY = 2
    OCO = 4  # any fill of one of the list cancels the others
    OUO = 8  # a fill of one reduces the others by as much
    CHILD = 16  # held until the leader (the order whose id is `link`) trades
    SELF_TRADE_LOW = 32  # two bits: SelfTrade
    SELF_TRADE_HIGH = 64
    MAKER = 128  # VENUE_FILL: it was resting


class SelfTrade(enum.IntEnum):
    """What happens instead of a trade with oneself (flags bits 5 and 6 of the incoming order)."""

    CANCEL_NEWEST = 0
    CANCEL_OLDEST = 1
    CANCEL_BOTH = 2
    DECREMENT = 3


class Phase(enum.IntEnum):
    """The trading phase of an instrument."""

    CLOSED = 0
    OPENING_AUCTION = 1
    CONTINUOUS = 2
    CLOSING_AUCTION = 3
    HALTED = 4


class Gate(enum.IntEnum):
    """What an account, a strategy, an instrument or all may do; the strictest one counts."""

    ACTIVE = 0
    REDUCING = 1
    HALTED = 2
    KILLED = 3


class InstrumentKey(enum.IntEnum):
    """Numbers of an instrument."""

    KIND = 1
    UNIT_NANOS = 2  # worth of one tick of one lot
    MIN_LOTS = 3
    MAX_LOTS = 4  # of one order (control 07)
    MIN_TICKS = 5
    MAX_TICKS = 6
    COLLAR_TICKS = 7  # control 09: furthest aggressive limit from the reference
    STALE_NS = 8  # control 10: oldest reference for an aggressive order
    INITIAL_MARGIN_PPB = 9  # of notional; 1e9 is cash in full
    MAKER_FEE_PPB = 10
    TAKER_FEE_PPB = 11
    LOT_FEE_NANOS = 12
    GATE = 13
    RESTRICTED = 14  # control 03
    MAINTENANCE_MARGIN_PPB = 15


class AccountKey(enum.IntEnum):
    """Numbers of an account; those marked (i) are kept for each instrument."""

    GATE = 1
    SELF_TRADE_GROUP = 2  # 0: none
    MAX_ORDER_LOTS = 3  # (i) control 07
    MAX_ORDER_NANOS = 4  # control 08
    MAX_POSITION_LOTS = 5  # (i) control 13
    MAX_GROSS_NANOS = 6  # control 12
    MAX_NET_NANOS = 7  # control 12
    MAX_OPEN_ORDERS = 8  # control 15
    MAX_OPEN_ORDERS_INSTRUMENT = 9  # control 15
    ORDERS_PER_SECOND = 10  # control 16, new and replace; a bucket of one second's worth
    MAX_DAY_NANOS = 11  # control 19
    MAX_DAY_LOTS = 12  # control 19
    MAX_CONCENTRATION_PPB = 13  # control 14: share of equity in one instrument
    CHECK_MARGIN = 14  # control 11: 1 on, UNLIMITED waived
    LIMITS_VERSION = 15  # a number that each decision of this account carries


class EventKind(enum.IntEnum):
    """What happened."""

    ACCEPTED = 1  # resting, held, or routed; also before the trades of an incoming order
    REJECTED = 2
    TRADE = 3
    CANCELLED = 4
    REPLACED = 5
    TRIGGERED = 6
    EXPIRED = 7
    PHASE = 8  # `price` the uncrossing price, `quantity` its volume, where there was an auction
    ROUTED = 9  # passed all checks and is held: to be sent to its venue
    RESTATED = 10  # open or active lots changed by a list, open lots by self-trade prevention
    VENUE_TRADE = 11
    DONE = 12  # any other command was applied; a CANCEL of a routed order may be passed on


class Reason(enum.IntEnum):
    """Why something was refused or ended; 1 to 28 are the pre-trade controls."""

    NONE = 0
    TRADING_STATE = 1
    NOT_AUTHORIZED = 2
    RESTRICTED = 3
    INVALID_ORDER = 4
    DUPLICATE_ID = 5
    DUPLICATE_PATTERN = 6
    MAX_QTY = 7
    MAX_NOTIONAL = 8
    PRICE_COLLAR = 9
    STALE_REFERENCE = 10
    BUYING_POWER = 11
    EXPOSURE = 12
    POSITION_LIMIT = 13
    CONCENTRATION = 14
    OPEN_ORDERS = 15
    MSG_RATE = 16
    EXEC_THROTTLE = 17
    SELF_TRADE = 18
    DAY_ACCUMULATED = 19
    DAILY_LOSS = 20
    DRAWDOWN = 21
    REJECT_STORM = 22
    PARENT_CHILD = 23
    RECON_GAP = 24
    JOURNAL_UNAVAILABLE = 25
    MODEL_STALE = 26
    LIVE_NOT_ARMED = 27
    OVERRIDE = 28
    LOSING_STREAK = 29  # 29 to 39: an account's own rules (domain.risk), never the engine's
    TRADES_A_DAY = 30
    VIX_GATE = 31
    NEWS_GATE = 32
    NEAR_CLOSE = 33
    STOP_REQUIRED = 34
    AVERAGING_DOWN = 35
    CORRELATION = 36
    PROP_RULE = 37
    DEAD_MAN = 38
    TRADE_RISK = 39
    UNKNOWN_ORDER = 40
    UNKNOWN_INSTRUMENT = 41
    UNKNOWN_ACCOUNT = 42
    LIMIT_MISSING = 43
    NO_LIQUIDITY = 44  # market, market-to-limit, IOC: nothing (more) to trade with
    NOT_FILLABLE = 45  # FOK
    WOULD_CROSS = 46  # post-only
    WRONG_PHASE = 47
    REDUCE_ONLY = 48
    LINKED = 49  # ended by another order of its list
    REQUESTED = 50  # by its owner
    SESSION_END = 51
    EXPIRED = 52
    CAPACITY = 53  # a table of the engine is full
    OVERFLOW = 54  # a product does not fit 64 bits
