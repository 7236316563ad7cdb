"""What is traded at the local exchange, and how its decimals become the engine's integers."""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec

__all__ = ["Listing", "Market", "plain"]

_EIGHT = Decimal("0.00000001")


class Market(enum.Enum):
    """Which of Binance's interfaces an exchange speaks."""

    SPOT = "spot"
    USDM = "usdm"


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A symbol with its filters; fees are shares of the notional, `leverage` counts for USDM."""

    symbol: str
    base: str
    quote: str
    tick: Decimal
    lot: Decimal
    min_notional: Decimal = Decimal(5)
    max_lots: int = 4_000_000_000
    max_ticks: int = 1 << 40
    maker_fee: Decimal = Decimal("0.0002")
    taker_fee: Decimal = Decimal("0.0005")
    leverage: int = 20

    def ticks(self, price: Decimal) -> int | None:
        """Return a price in ticks, None where it is off the grid or out of range."""
        return _steps(price, self.tick, self.max_ticks)

    def lots(self, quantity: Decimal) -> int | None:
        """Return a quantity in lots, None where it is off the grid or out of range."""
        return _steps(quantity, self.lot, self.max_lots)

    def price(self, ticks: int) -> Decimal:
        """Return a price."""
        return ticks * self.tick

    def quantity(self, lots: int) -> Decimal:
        """Return a quantity."""
        return lots * self.lot


def _steps(value: Decimal, step: Decimal, most: int) -> int | None:
    count, rest = divmod(value, step)
    return None if rest or not 0 < count <= most else int(count)


def plain(value: Decimal) -> str:
    """Return a decimal as Binance writes it: eight places, no exponent."""
    return f"{value.quantize(_EIGHT):f}"
