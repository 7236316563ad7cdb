"""The exact way between decimals at an edge and the integers that are stored.

A float that stands for a whole number of ticks, lots or nanos comes back bit for bit: the way
leads over its shortest decimal, not over a float product.
"""

from __future__ import annotations

import math
from decimal import Decimal

from fks.contracts.values import Instrument

__all__ = ["Scale"]

_NANO = Decimal("1e-9")
_MOST = 2**63 - 1


class Scale:
    """The scale of one instrument: ticks, lots, and nanos of its currency."""

    def __init__(self, instrument: Instrument) -> None:
        self._tick = instrument.tick_size
        self._lot = instrument.lot_size
        self.multiplier = float(instrument.multiplier)

    def to_ticks(self, price: float) -> int:
        """Return a price in ticks."""
        return _units(price, self._tick)

    def to_price(self, ticks: int) -> float:
        """Return ticks as a price."""
        return float(self._tick * ticks)

    def to_lots(self, quantity: float) -> int:
        """Return a quantity in lots."""
        return _units(quantity, self._lot)

    def to_quantity(self, lots: int) -> float:
        """Return lots as a quantity."""
        return float(self._lot * lots)

    @staticmethod
    def to_nanos(money: float) -> int:
        """Return an amount in nanos."""
        return _units(money, _NANO)

    @staticmethod
    def to_money(nanos: int) -> float:
        """Return nanos as an amount."""
        return float(_NANO * nanos)


def _units(value: float, unit: Decimal) -> int:
    """Return the nearest whole number of units.

    Only the record of a refused order can hold a value that is none (its quantity or price was
    the reason): not-a-number becomes 0, what is too large the largest number there is.
    """
    if math.isnan(value):
        return 0
    if math.isinf(value):
        return _MOST if value > 0 else -_MOST
    units = int((Decimal(repr(value)) / unit).to_integral_value())
    return max(-_MOST, min(_MOST, units))
