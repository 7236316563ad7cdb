"""Bars for the indicator tests: seeded random walks on a tick grid."""

from decimal import Decimal

import numpy as np

from fks.contracts.columns import BarColumns

MINUTE_NS = 60_000_000_000
START_NS = 1_577_836_800_000_000_000


def make_bars(
    count: int, seed: int = 0, *, tick_size: str = "0.25", step_ns: int = 7 * MINUTE_NS
) -> BarColumns:
    """Return a random walk with gaps in price, quiet stretches and bars without volume."""
    r = np.random.default_rng(seed)
    moves = r.integers(-12, 13, count) * (r.random(count) < 0.8)
    close = 40_000 + np.cumsum(moves)
    open_ = close - r.integers(-5, 6, count)
    high = np.maximum(open_, close) + r.integers(0, 8, count)
    low = np.minimum(open_, close) - r.integers(0, 8, count)
    volume = np.round(r.lognormal(3, 1, count), 4) * (r.random(count) < 0.95)
    return BarColumns(
        ts_ns=START_NS + np.arange(count, dtype=np.int64) * step_ns,
        open_ticks=open_,
        high_ticks=high,
        low_ticks=low,
        close_ticks=close,
        volume=volume,
        tick_size=Decimal(tick_size),
    )


def changed_after(bars: BarColumns, row: int, seed: int = 1) -> BarColumns:
    """Return the bars with everything after `row` replaced by quite another market."""
    other = make_bars(len(bars), seed)
    columns = {}
    for name in ("open_ticks", "high_ticks", "low_ticks", "close_ticks", "volume"):
        mixed = getattr(bars, name).copy()
        mixed[row + 1 :] = getattr(other, name)[row + 1 :] * 3 + 7
        columns[name] = mixed
    return BarColumns(ts_ns=bars.ts_ns, tick_size=bars.tick_size, **columns)
