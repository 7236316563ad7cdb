"""Read the column an indicator works on, as exact ticks or as float prices.

`hl2` is the median price of a bar, `hlc3` the typical price, `ohlc4` the mean of all four. Their
ticks are sums with a divisor, so that they stay whole numbers.
"""

from __future__ import annotations

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
        self._parts = _PARTS.get(name, ())

    def ticks(self, bars: BarColumns) -> Int64:
        """Return whole ticks, to be divided by the number of prices that they add up."""
        total: Int64 = getattr(bars, f"{self._parts[0]}_ticks")
        for part in self._parts[1:]:
            total = total + getattr(bars, f"{part}_ticks")
        return np.ascontiguousarray(total)

    def scale(self, bars: BarColumns) -> tuple[int, int]:
        """Return by what to multiply and by what to divide these ticks to get prices."""
        numerator, denominator = bars.tick_size.as_integer_ratio()
        return numerator, denominator * len(self._parts)

    def floats(self, bars: BarColumns) -> Float64:
        """Return prices in currency, each rounded once, or the volume."""
        if len(self._parts) < 2:
            column: Float64 = getattr(bars, self.name)
            return np.ascontiguousarray(column)
        numerator, denominator = self.scale(bars)
        return (self.ticks(bars) * numerator) / float(denominator)
