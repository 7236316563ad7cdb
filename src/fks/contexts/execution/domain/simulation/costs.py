"""What a fill costs: fees by tier, slippage and impact. Rounding is against the trader."""

from __future__ import annotations

from collections import deque
from math import isqrt

from fks.contexts.execution.domain.simulation.models import FeeModel, ImpactKind, ImpactModel

__all__ = ["Fees", "impact_ticks"]

_E9 = 10**9
_DAY_NS = 86_400 * _E9
_DAYS = 30
_MILLI = 1000


def impact_ticks(model: ImpactModel, lots: int, volume: int) -> int:
    """Return the ticks by which `lots` taken at once move their own price, rounded up.

    `volume` stands in where the model names none of its own. Square root: Almgren and others,
    "Direct estimation of equity market impact" (2005), with exponent one half.
    """
    volume = model.volume_lots or volume
    if model.kind is ImpactKind.NONE or lots <= 0 or volume <= 0:
        return 0
    if model.kind is ImpactKind.LINEAR:
        return -(-model.coefficient_milliticks * lots // (volume * _MILLI))
    square = -(-(model.coefficient_milliticks**2) * lots // volume)
    root = isqrt(square)
    return -(-(root + (root * root < square)) // _MILLI)


class Fees:
    """Fees of one account on one instrument, with the volume of thirty days that picks the tier."""

    def __init__(self, model: FeeModel, volume_nanos: int = 0) -> None:
        self._model = model
        self._days: deque[tuple[int, int]] = deque()
        self._before = volume_nanos  # traded before the simulation: counts for thirty days
        self._first_day: int | None = None
        self._sum = 0

    def fee_nanos(self, ts_ns: int, notional_nanos: int, lots: int, maker: bool) -> int:
        """Return the fee of a fill and count its volume (it decides from the next fill on)."""
        notional_nanos = abs(notional_nanos)
        model = self._model
        rate = model.maker_ppb if maker else model.taker_ppb
        if model.tiers:
            volume = self.volume_nanos(ts_ns)
            for tier in model.tiers:
                if volume >= tier.volume_nanos:
                    rate = tier.maker_ppb if maker else tier.taker_ppb
            day = ts_ns // _DAY_NS
            if self._days and self._days[-1][0] == day:
                self._days[-1] = (day, self._days[-1][1] + notional_nanos)
            else:
                self._days.append((day, notional_nanos))
            self._sum += notional_nanos
        share = -(-notional_nanos * rate // _E9)
        total = share + lots * model.per_lot_nanos
        return max(total, model.minimum_nanos) if rate >= 0 else total

    def volume_nanos(self, ts_ns: int) -> int:
        """Return the notional of the thirty UTC days up to and including this one."""
        day = ts_ns // _DAY_NS
        if self._first_day is None:
            self._first_day = day
        while self._days and self._days[0][0] <= day - _DAYS:
            self._sum -= self._days.popleft()[1]
        before = self._before if day < self._first_day + _DAYS else 0
        return self._sum + before
