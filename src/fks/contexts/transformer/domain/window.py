"""Turn a window of bars as it crosses the bus into columns, and values back into rows."""

from __future__ import annotations

import numpy as np

from fks.contracts.columns import BarColumns, Float64, prices_to_ticks
from fks.contracts.data import BarWindow

__all__ = ["bar_columns", "rows"]


def bar_columns(*windows: BarWindow) -> BarColumns:
    """Return the bars of windows of one dataset that follow one another."""
    tick_size = windows[0].instrument.tick_size

    def prices(name: str) -> Float64:
        return np.concatenate([np.array(getattr(part, name), np.float64) for part in windows])

    return BarColumns(
        ts_ns=np.concatenate([np.array(part.ts_ns, np.int64) for part in windows]),
        open_ticks=prices_to_ticks(prices("open"), tick_size),
        high_ticks=prices_to_ticks(prices("high"), tick_size),
        low_ticks=prices_to_ticks(prices("low"), tick_size),
        close_ticks=prices_to_ticks(prices("close"), tick_size),
        volume=prices("volume"),
        tick_size=tick_size,
    )


def rows(column: Float64) -> tuple[float | None, ...]:
    """Return the values with None where there is no number."""
    return tuple(None if value != value else value for value in column.tolist())
