"""What the plain desk shows a strategy, and how it reads the numbers a strategy gives."""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Callable
from typing import Any

from fks.contracts.columns import BarColumns, FeatureColumns

__all__ = ["BarView", "named_rows", "whole_steps"]

_LARGEST = 2.0**53


class BarView:
    """What a strategy sees of a bar."""

    def __init__(self, bars: BarColumns, row: int, index: int) -> None:
        self.ts_ns = int(bars.ts_ns[row])
        self.open = float(bars.open[row])
        self.high = float(bars.high[row])
        self.low = float(bars.low[row])
        self.close = float(bars.close[row])
        self.volume = float(bars.volume[row])
        self.index = index


def whole_steps(value: float, numerator: int, denominator: int) -> int | None:
    """Return how many steps a value is, if it is a whole number of them within 1e-9 of it."""
    steps = value * float(denominator) / float(numerator)
    if not math.isfinite(steps) or abs(steps) > _LARGEST:
        return None
    nearest = float(round(steps))
    if abs(steps - nearest) > 1e-9 * max(abs(nearest), 1.0):
        return None
    return int(nearest)


def named_rows(features: FeatureColumns) -> Callable[[int], Any]:
    """Return a function giving the named tuple of a row."""
    kind = namedtuple("Values", features.names)  # type: ignore[misc]  # names are the caller's
    columns = features.columns
    return lambda row: kind(*(float(column[row]) for column in columns))
