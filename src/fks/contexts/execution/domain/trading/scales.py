"""Exact ways between the decimals of requests and the integers of the machine."""

from __future__ import annotations

from decimal import Decimal

from fks.contracts.values import NANOS, Instrument
from fks.kernel.errors import Invalid

__all__ = ["ExactScale", "money", "nanos_of"]

_NANOS = Decimal(NANOS)
_MOST_LOTS = 0xFFFFFFFF


def nanos_of(amount: Decimal) -> int:
    """Return an amount in nanos, rounded down. Raises `Invalid` beyond 64 bits."""
    if not amount.is_finite() or abs(amount) >= Decimal(9_000_000_000):
        raise Invalid(f"an amount of {amount} is beyond 9 billion", code="execution.bad_amount")
    return int((amount * _NANOS).to_integral_value(rounding="ROUND_FLOOR"))


def money(nanos: int) -> Decimal:
    """Return nanos as an amount."""
    return (Decimal(nanos) / _NANOS).normalize() + 0


class ExactScale:
    """Ticks, lots and nanos of one instrument; what does not fit exactly is refused."""

    def __init__(self, instrument: Instrument) -> None:
        self._id = instrument.id
        self._tick = instrument.tick_size
        self.lot = instrument.lot_size
        unit = instrument.tick_size * instrument.lot_size * instrument.multiplier * _NANOS
        if unit != unit.to_integral_value() or not 1 <= unit <= 10**15:
            raise Invalid(
                f"one tick of one lot of {instrument.id} is worth {unit} nanos; it must be a whole "
                "number from 1 to 1e15: choose a larger lot",
                code="execution.bad_instrument",
            )
        self.unit_nanos = int(unit)

    def lots(self, quantity: Decimal) -> int:
        """Return a quantity in lots. Raises `Invalid` where it is not a whole, positive number."""
        lots = quantity / self.lot if quantity.is_finite() else Decimal(0)
        if lots != lots.to_integral_value() or not 1 <= lots <= _MOST_LOTS:
            raise Invalid(
                f"quantity {quantity} of {self._id} is not a multiple of {self.lot} from "
                f"{self.lot} to {self.lot * _MOST_LOTS}",
                code="execution.bad_quantity",
            )
        return int(lots)

    def ticks(self, price: Decimal, what: str = "price") -> int:
        """Return a price in ticks. Raises `Invalid` where it lies between two of them."""
        ticks = price / self._tick if price.is_finite() else Decimal("0.5")
        if ticks != ticks.to_integral_value() or abs(ticks) > 2**53:
            raise Invalid(
                f"{what} {price} of {self._id} is not a multiple of its tick {self._tick}",
                code="execution.bad_price",
            )
        return int(ticks)

    def nearest_ticks(self, price: Decimal) -> int:
        """Return a price in ticks, rounded to the nearest: for market data, never for orders."""
        return int((price / self._tick).to_integral_value())

    def in_ticks(self, distance: Decimal) -> Decimal:
        """Return a distance between prices in ticks, whole or not."""
        return distance / self._tick

    def quantity(self, lots: int) -> Decimal:
        """Return lots as a quantity."""
        return self.lot * lots

    def price(self, ticks: int) -> Decimal:
        """Return ticks as a price."""
        return self._tick * ticks

    def average_of_nanos(self, cost_nanos: int, lots: int) -> Decimal:
        """Return the average price of `lots` that cost so many nanos in all."""
        if not lots:
            return Decimal(0)
        return round(self._tick * cost_nanos / (lots * self.unit_nanos), 9).normalize() + 0

    def average(self, cost_ticks: int, lots: int) -> Decimal:
        """Return the average of `lots` that cost `cost_ticks` (ticks times lots) in all."""
        if not lots:
            return Decimal(0)
        exact = self._tick * cost_ticks / lots
        return round(exact, 9).normalize() + 0
