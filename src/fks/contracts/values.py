"""Values that several contexts speak of: instruments, bars, sides, order words.

Prices and quantities at an edge are decimals; inside the desk they are integer ticks and lots.
Money inside the desk is in nanos: 1e-9 of a unit of the account's currency.
"""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec

__all__ = [
    "NANOS",
    "Bar",
    "FillRule",
    "Instrument",
    "OrderType",
    "PositionSide",
    "Side",
    "TimeInForce",
]

NANOS = 1_000_000_000


class Side(enum.Enum):
    """The direction of an order or a fill."""

    BUY = "buy"
    SELL = "sell"


class PositionSide(enum.Enum):
    """The direction of a position or a signal."""

    LONG = "long"
    SHORT = "short"
    FLAT = "flat"


class OrderType(enum.Enum):
    """How an order meets the market."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    MARKET_IF_TOUCHED = "market_if_touched"
    LIMIT_IF_TOUCHED = "limit_if_touched"
    MARKET_TO_LIMIT = "market_to_limit"
    TRAILING_STOP = "trailing_stop"
    TRAILING_STOP_LIMIT = "trailing_stop_limit"


class TimeInForce(enum.Enum):
    """How long an order lives."""

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    GTD = "gtd"
    DAY = "day"
    AT_OPEN = "at_open"
    AT_CLOSE = "at_close"


class FillRule(enum.Enum):
    """When a market order decided at the close of a bar is filled."""

    NEXT_OPEN = "next_open"
    SAME_CLOSE = "same_close"


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """What is traded. `calendar` names the session calendar ("24/7", "XNYS", "CMES", ...).

    One tick of one lot is worth `tick_size * lot_size * multiplier` in `currency`.
    """

    id: str
    tick_size: Decimal
    lot_size: Decimal = Decimal(1)
    multiplier: Decimal = Decimal(1)
    currency: str = "USD"
    venue: str = "SIM"
    calendar: str = "24/7"
    description: str = ""


class Bar(msgspec.Struct, frozen=True, array_like=True):
    """One closed bar; `ts_ns` is its open in UTC nanoseconds, prices are in currency units."""

    ts_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float
