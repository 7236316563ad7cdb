"""What the plain desk shows a strategy, and how it reads the numbers a strategy gives."""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from fks.contracts.columns import BarColumns, FeatureColumns

__all__ = ["BarView", "checked", "checked_flags", "named_rows", "whole_steps"]

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


def checked(bars: BarColumns) -> range:
    """Return the rows of bars. Raises ValueError where a column has another length."""
    names = ("ts_ns", "open_ticks", "high_ticks", "low_ticks", "close_ticks", "volume")
    for name in names:
        _check_length(getattr(bars, name), len(bars))
    return range(len(bars))


def checked_flags(flags: Any, kind: type[np.integer[Any]], rows: int) -> list[int]:
    """Return one small number a bar. Raises ValueError for another type or length."""
    made = np.asarray(flags)
    if not np.can_cast(made.dtype, kind):
        raise ValueError(f"{np.dtype(kind)} is needed, not {made.dtype}")
    _check_length(made, rows)
    return [int(flag) for flag in made]


def named_rows(features: FeatureColumns, rows: int) -> Callable[[int], Any]:
    """Return a function giving the named tuple of a row. Raises ValueError as `checked` does."""
    kind = _value_type(tuple(features.names))
    columns = features.columns
    for column in columns:
        _check_length(column, rows)
    return lambda row: kind(*(float(column[row]) for column in columns))


def _check_length(column: Any, rows: int) -> None:
    """Refuse a column that has not one value a bar."""
    if np.shape(column) != (rows,):
        raise ValueError(f"a column of shape {np.shape(column)} beside {rows} bars")


@cache
def _value_type(names: tuple[str, ...]) -> Any:
    """Return the named tuple of these features."""
    made: Any = namedtuple  # the names come from plugins: no checker can know them
    return made("Values", names)
