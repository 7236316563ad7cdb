"""Seeded synthetic bars: a geometric random walk on whole ticks, for tests and trials.

What it makes is always labelled synthetic. The same seed gives the same bars on every machine
that has the same numpy bit generator (PCG64).
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from fks.contexts.data.domain.timeframes import DAY_NS
from fks.contracts.columns import BarColumns, Int64

__all__ = ["random_walk"]

_YEAR_NS = 365.25 * DAY_NS


def random_walk(
    ts_ns: Int64,
    step_ns: int,
    *,
    seed: int | tuple[int, ...],
    start_price: float,
    annual_volatility: float,
    tick_size: Decimal,
) -> BarColumns:
    """Return bars at `ts_ns` whose highs and lows enclose open and close, in whole ticks."""
    rng = np.random.default_rng(seed)
    count = len(ts_ns)
    sigma = annual_volatility * np.sqrt(step_ns / _YEAR_NS)
    close = start_price * np.exp(np.cumsum(rng.normal(-(sigma**2) / 2, sigma, count)))
    ticks = np.maximum(np.rint(close / float(tick_size)).astype(np.int64), 1)
    first = max(round(start_price / float(tick_size)), 1)
    opened = np.concatenate((np.array([first], dtype=np.int64), ticks[:-1]))[:count]
    reach = np.rint(np.abs(rng.normal(0, sigma / 2, (2, count))) * ticks).astype(np.int64)
    return BarColumns(
        ts_ns=ts_ns,
        open_ticks=opened,
        high_ticks=np.maximum(opened, ticks) + reach[0],
        low_ticks=np.maximum(np.minimum(opened, ticks) - reach[1], 1),
        close_ticks=ticks,
        volume=np.rint(rng.lognormal(6, 1, count)),
        tick_size=tick_size,
    )
