"""Read the column an indicator works on, as exact ticks or as float prices.

`hl2` is the median price of a bar, `hlc3` the typical price, `ohlc4` the mean of all four. Their
ticks are sums with a divisor, so that they stay whole numbers.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from fks.contracts.columns import BarColumns, Float64, Int64

__all__ = ["PRICES", "SOURCES", "Source"]

_PARTS = {
    "open": ("open",),
    "high": ("high",),
    "low": ("low",),
    "close": ("close",),
    "hl2": ("high", "low"),
    "hlc3": ("high", "low", "close"),
    "ohlc4": ("open", "high", "low", "close"),
}
PRICES = tuple(_PARTS)
SOURCES = (*PRICES, "volume")


class Source:
    """One source by name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._ticks = tuple(f"{part}_ticks" for part in _PARTS.get(name, ()))
        self._tick_size: Decimal | None = None
        self._scale = (1, 1)

    def ticks(self, bars: BarColumns) -> Int64:
        """Return whole ticks, to be divided by the number of prices that they add up."""
        total: Int64 = getattr(bars, self._ticks[0])
        for part in self._ticks[1:]:
            total = total + getattr(bars, part)
        return np.ascontiguousarray(total)

    def scale(self, bars: BarColumns) -> tuple[int, int]:
        """Return by what to multiply and by what to divide these ticks to get prices."""
        if bars.tick_size is not self._tick_size:  # a new object a run, not a chunk
            numerator, denominator = bars.tick_size.as_integer_ratio()
            self._tick_size = bars.tick_size
            self._scale = numerator, denominator * len(self._ticks)
        return self._scale

    def floats(self, bars: BarColumns) -> Float64:
        """Return prices in currency, each rounded once, or the volume."""
        if len(self._ticks) < 2:
            column: Float64 = getattr(bars, self.name)
            return np.ascontiguousarray(column)
        numerator, denominator = self.scale(bars)
        return (self.ticks(bars) * numerator) / float(denominator)
