"""Bars in bulk: the columns in which contexts meet.

Compiled code of one context never imports that of another; they hand each other these columns.
Prices are int64 ticks first (exact, what the desk trades on) and float64 prices on demand (what
indicators read). A price column is `ticks * numerator / denominator` of the tick size, which
rounds once, so the float is the one a decimal parser would give.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property

import numpy as np
import numpy.typing as npt

__all__ = ["BarColumns", "FeatureColumns", "Float64", "Int64", "prices_to_ticks"]

_CHUNK = 1 << 15

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


class BarColumns:
    """A run of closed bars of one instrument in time order; all arrays have shape (n,).

    `ts_ns` is each bar's open in UTC nanoseconds, `volume` float64 in units of the instrument.
    The arrays are read-only by agreement. Slices share memory.
    """

    def __init__(
        self,
        *,
        ts_ns: Int64,
        open_ticks: Int64,
        high_ticks: Int64,
        low_ticks: Int64,
        close_ticks: Int64,
        volume: Float64,
        tick_size: Decimal,
    ) -> None:
        self.ts_ns = ts_ns
        self.open_ticks = open_ticks
        self.high_ticks = high_ticks
        self.low_ticks = low_ticks
        self.close_ticks = close_ticks
        self.volume = volume
        self.tick_size = tick_size

    def __len__(self) -> int:
        return len(self.ts_ns)

    def __getitem__(self, part: slice) -> BarColumns:
        """Return the bars of a slice, sharing memory with this run (and its cached prices)."""
        cut = BarColumns(
            ts_ns=self.ts_ns[part],
            open_ticks=self.open_ticks[part],
            high_ticks=self.high_ticks[part],
            low_ticks=self.low_ticks[part],
            close_ticks=self.close_ticks[part],
            volume=self.volume[part],
            tick_size=self.tick_size,
        )
        for name in ("open", "high", "low", "close"):
            if name in self.__dict__:
                cut.__dict__[name] = self.__dict__[name][part]
        return cut

    @cached_property
    def open(self) -> Float64:
        """Return opening prices."""
        return _prices(self.open_ticks, self.tick_size)

    @cached_property
    def high(self) -> Float64:
        """Return highest prices."""
        return _prices(self.high_ticks, self.tick_size)

    @cached_property
    def low(self) -> Float64:
        """Return lowest prices."""
        return _prices(self.low_ticks, self.tick_size)

    @cached_property
    def close(self) -> Float64:
        """Return closing prices."""
        return _prices(self.close_ticks, self.tick_size)


class FeatureColumns:
    """Indicator values beside bars: one float64 column of shape (n,) a name, NaN in warm-up."""

    def __init__(self, names: tuple[str, ...], columns: tuple[Float64, ...]) -> None:
        assert len(names) == len(columns)
        self.names = names
        self.columns = columns

    def __getitem__(self, name: str) -> Float64:
        """Return the column of that name; KeyError names what there is."""
        try:
            return self.columns[self.names.index(name)]
        except ValueError:
            raise KeyError(f"no feature {name!r}; there are {', '.join(self.names)}") from None


def _prices(ticks: Int64, tick_size: Decimal) -> Float64:
    """Return float prices, each correctly rounded once."""
    numerator, denominator = tick_size.as_integer_ratio()
    return (ticks * numerator) / float(denominator)


def prices_to_ticks(prices: Float64, tick_size: Decimal) -> Int64:
    """Return the nearest whole ticks; whether they are exact is the caller's question."""
    numerator, denominator = tick_size.as_integer_ratio()
    ticks = np.empty(len(prices), dtype=np.int64)
    scratch = np.empty(min(len(prices), _CHUNK))
    # In pieces that stay in the cache: whole columns would go through memory four times.
    for start in range(0, len(prices), _CHUNK):
        part = prices[start : start + _CHUNK]
        steps = np.multiply(part, denominator, out=scratch[: len(part)])
        if numerator != 1:
            np.divide(steps, numerator, out=steps)
        np.rint(steps, out=steps)
        ticks[start : start + len(part)] = steps
    return ticks
