"""What the ledger keeps of an instrument, an account, a strategy and a row, and what may be set.

A row is what one account has in one instrument. `derive` works out what follows from it; the
compiled twin keeps the same values under the same names in `ledger.h`.
"""

from __future__ import annotations

import dataclasses

from .layout import UNLIMITED, AccountKey, InstrumentKey

__all__ = [
    "ACCOUNT_RANGES",
    "HOLD_MOST",
    "INSTRUMENT_RANGES",
    "LOTS_MOST",
    "ORDERS_MOST",
    "ORDER_MOST",
    "PARTS",
    "PRICE_MOST",
    "TICKS_MOST",
    "VALUE_MOST",
    "Account",
    "Instrument",
    "Row",
    "Strategy",
    "allowed",
    "clamp",
    "fits",
    "upwards",
]

PARTS = 10**9  # rates are in parts of a billion
HOLD_MOST = 2**61 - 1  # nanos held of one side of a row
VALUE_MOST = 2**62 - 1  # nanos that a position, or the open sells at the mark, come to
LOTS_MOST = 2**40  # lots open on one side of a row; a position may have twice as many
ORDERS_MOST = 2**31 - 1  # open in a row
TICKS_MOST = 2**53  # of a price in an order, and of a reference
PRICE_MOST = 2**55  # of a price held or traded at
ORDER_MOST = 2**32 - 1  # lots of an order

Range = tuple[int, int, bool]  # lowest, highest, may be UNLIMITED

INSTRUMENT_RANGES: dict[int, Range] = {
    InstrumentKey.KIND: (1, 2, False),
    InstrumentKey.UNIT_NANOS: (0, TICKS_MOST, False),
    InstrumentKey.MIN_LOTS: (0, ORDER_MOST, False),
    InstrumentKey.MAX_LOTS: (0, UNLIMITED, True),
    InstrumentKey.MIN_TICKS: (-TICKS_MOST, TICKS_MOST, False),
    InstrumentKey.MAX_TICKS: (-TICKS_MOST, TICKS_MOST, False),
    InstrumentKey.COLLAR_TICKS: (0, TICKS_MOST, True),
    InstrumentKey.STALE_NS: (0, UNLIMITED, True),
    InstrumentKey.INITIAL_MARGIN_PPB: (0, 10**12, True),
    InstrumentKey.MAKER_FEE_PPB: (-PARTS, PARTS, False),
    InstrumentKey.TAKER_FEE_PPB: (-PARTS, PARTS, False),
    InstrumentKey.LOT_FEE_NANOS: (-(10**13), 10**13, False),
    InstrumentKey.GATE: (0, 3, False),
    InstrumentKey.RESTRICTED: (0, 1, False),
    InstrumentKey.MAINTENANCE_MARGIN_PPB: (0, 10**12, True),
}
ACCOUNT_RANGES: dict[int, Range] = {
    AccountKey.GATE: (0, 3, False),
    AccountKey.SELF_TRADE_GROUP: (0, 2**32 - 1, False),
    AccountKey.MAX_ORDER_LOTS: (0, UNLIMITED, True),
    AccountKey.MAX_ORDER_NANOS: (0, UNLIMITED, True),
    AccountKey.MAX_POSITION_LOTS: (0, UNLIMITED, True),
    AccountKey.MAX_GROSS_NANOS: (0, UNLIMITED, True),
    AccountKey.MAX_NET_NANOS: (0, UNLIMITED, True),
    AccountKey.MAX_OPEN_ORDERS: (0, UNLIMITED, True),
    AccountKey.MAX_OPEN_ORDERS_INSTRUMENT: (0, UNLIMITED, True),
    AccountKey.ORDERS_PER_SECOND: (0, 10**9, True),
    AccountKey.MAX_DAY_NANOS: (0, UNLIMITED, True),
    AccountKey.MAX_DAY_LOTS: (0, UNLIMITED, True),
    AccountKey.MAX_CONCENTRATION_PPB: (0, 10**12, True),
    AccountKey.CHECK_MARGIN: (0, 1, True),
    AccountKey.LIMITS_VERSION: (0, UNLIMITED, False),
}
# Limits of an account that deny as long as they were never set; two more lie in each row.
REQUIRED = (
    AccountKey.MAX_ORDER_NANOS,
    AccountKey.MAX_GROSS_NANOS,
    AccountKey.MAX_NET_NANOS,
    AccountKey.MAX_OPEN_ORDERS,
    AccountKey.MAX_OPEN_ORDERS_INSTRUMENT,
    AccountKey.ORDERS_PER_SECOND,
    AccountKey.MAX_DAY_NANOS,
    AccountKey.MAX_DAY_LOTS,
    AccountKey.MAX_CONCENTRATION_PPB,
    AccountKey.CHECK_MARGIN,
)


def allowed(ranges: dict[int, Range], key: int, value: int) -> bool:
    """Tell whether a key is one of the table's and the value one it may have."""
    if key not in ranges:
        return False
    low, high, waivable = ranges[key]
    return low <= value <= high or (waivable and value == UNLIMITED)


def fits(value: int) -> bool:
    """Tell whether 64 bits hold it."""
    return -(2**63) <= value < 2**63


def clamp(value: int) -> int:
    """Return the nearest number within +-(2^63 - 1)."""
    return max(-UNLIMITED, min(UNLIMITED, value))


def upwards(value: int, by: int) -> int:
    """Return value / by, rounded up."""
    return -(-value // by)


@dataclasses.dataclass(slots=True)
class Instrument:
    """The numbers of an instrument (by `InstrumentKey`, 0 where never set) and its marks."""

    value: list[int] = dataclasses.field(default_factory=lambda: [0] * 16)
    reference: int | None = None  # ticks
    reference_ns: int = 0
    last: int | None = None  # ticks

    @property
    def unit(self) -> int:
        """Return the worth of one tick of one lot, nanos."""
        return self.value[InstrumentKey.UNIT_NANOS]

    @property
    def anchor(self) -> int | None:
        """Return what prices are measured by: the reference, else the last trade."""
        return self.last if self.reference is None else self.reference

    @property
    def mark_nanos(self) -> int:
        """Return the size of one lot at the reference, nanos; 0 without one."""
        return abs(self.reference or 0) * self.unit

    @property
    def margin(self) -> int:
        """Return the initial margin in parts of a billion; 0 where waived."""
        rate = self.value[InstrumentKey.INITIAL_MARGIN_PPB]
        return 0 if rate == UNLIMITED else rate

    def missing(self) -> int:
        """Return how many limits were never set, the margin not counted."""
        keys = (
            InstrumentKey.UNIT_NANOS,
            InstrumentKey.MAX_LOTS,
            InstrumentKey.COLLAR_TICKS,
            InstrumentKey.STALE_NS,
        )
        return sum(not self.value[key] for key in keys)

    def worth(self, lots: int, price: int) -> int | None:
        """Return |price| * lots * unit in nanos, None where a step does not fit 64 bits."""
        steps = abs(price) * lots
        if abs(price) > PRICE_MOST or not fits(steps) or not fits(steps * self.unit):
            return None
        return steps * self.unit

    def need(self, gross: int, held: int, lots: int) -> int:
        """Return margin and worst fees in parts of a billion of a nano."""
        fee = max(
            0, self.value[InstrumentKey.MAKER_FEE_PPB], self.value[InstrumentKey.TAKER_FEE_PPB]
        )
        lot_fee = max(0, self.value[InstrumentKey.LOT_FEE_NANOS]) * PARTS
        return gross * self.margin + held * fee + lots * lot_fee


@dataclasses.dataclass(slots=True)
class Row:
    """What one account has in one instrument."""

    max_order_lots: int = 0
    max_position_lots: int = 0
    position: int = 0  # lots, signed
    cost: int = 0  # nanos paid for the position (signed as it is), at average cost
    realised: int = 0  # nanos, before fees
    open_buy: int = 0  # lots
    open_sell: int = 0
    held_buy: int = 0  # nanos at the prices held
    held_sell: int = 0
    open_orders: int = 0

    def exposure(self, instrument: Instrument) -> int:
        """Return the signed size of the position: at the reference, without one at its cost."""
        if instrument.reference is not None:
            return self.position * instrument.mark_nanos
        return -abs(self.cost) if self.position < 0 else abs(self.cost)

    def profit(self, instrument: Instrument) -> int:
        """Return what the position gained and did not realise; 0 without a reference."""
        if instrument.reference is None:
            return 0
        return self.position * instrument.reference * instrument.unit - self.cost

    def sells(self, instrument: Instrument) -> int:
        """Return what the open sells come to: at their prices, or at the reference if more."""
        return max(self.held_sell, self.open_sell * instrument.mark_nanos)

    def gross(self, instrument: Instrument) -> int:
        """Return the exposure after the worse of: all buys filled, all sells filled."""
        exposure = self.exposure(instrument)
        return max(exposure + self.held_buy, self.sells(instrument) - exposure)

    def need(self, instrument: Instrument) -> int:
        """Return margin and worst fees of the row, in parts of a billion of a nano."""
        return instrument.need(
            self.gross(instrument),
            self.held_buy + self.sells(instrument),
            self.open_buy + self.open_sell,
        )

    def within(self, instrument: Instrument) -> bool:
        """Tell whether all that follows from the position and the mark is small enough."""
        return (
            abs(self.exposure(instrument)) <= VALUE_MOST
            and self.open_sell * instrument.mark_nanos <= VALUE_MOST
            and abs(self.position) <= 2 * LOTS_MOST
            and fits(self.profit(instrument))
        )

    def takes(self, instrument: Instrument, side: int) -> bool:
        """Tell whether what is held of a side is small enough for an order to be added."""
        if side == 0:
            return self.open_buy <= LOTS_MOST and self.held_buy <= HOLD_MOST
        marked = self.open_sell * instrument.mark_nanos
        return self.open_sell <= LOTS_MOST and max(self.held_sell, marked) <= HOLD_MOST

    def release(self, instrument: Instrument, side: int, lots: int, price: int) -> None:
        """Give back a hold; never less than nothing is left, and nothing where no lot is open."""
        open_lots, held = (
            (self.open_buy, self.held_buy) if side == 0 else (self.open_sell, self.held_sell)
        )
        worth = instrument.worth(lots, price)
        left = max(0, open_lots - lots)
        held = 0 if left == 0 or worth is None else max(0, held - worth)
        self.put(side, left, held)

    def put(self, side: int, lots: int, held: int) -> None:
        """Set the open lots of a side and what is held for them."""
        if side == 0:
            self.open_buy, self.held_buy = lots, held
        else:
            self.open_sell, self.held_sell = lots, held


@dataclasses.dataclass(slots=True)
class Strategy:
    """The gate of a strategy and, where it has one, its own rate."""

    gate: int = 0
    rate: int = 0
    level: int = 0  # of the bucket, parts of a billion of an order
    level_ns: int = 0


@dataclasses.dataclass(slots=True)
class Account:
    """Numbers (by `AccountKey`), money, day counters, rate bucket and rows of an account."""

    value: list[int] = dataclasses.field(default_factory=lambda: [0] * 16)
    cash: int = 0  # nanos: credits + realised - fees
    fees: int = 0
    realised: int = 0
    day_nanos: int = 0
    day_lots: int = 0
    level: int = 0
    level_ns: int = 0
    rows: dict[int, Row] = dataclasses.field(default_factory=dict)

    def missing(self) -> int:
        """Return how many limits were never set."""
        return sum(not self.value[key] for key in REQUIRED)
