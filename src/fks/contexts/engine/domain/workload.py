"""The workload that backtest engines are compared by, and its result by the obvious loop.

Seeded one-minute bars; long while the mean of the last 10 closes is above that of the last 30,
flat otherwise; 10 units, 0.1 % of notional a fill, marked at the close. For a million bars of
seed 42 the answer is known to the cent, so that speed is only compared between equal results.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from fks.contracts.columns import BarColumns, Float64, prices_to_ticks
from fks.contracts.values import Instrument

__all__ = [
    "CASH",
    "FAST",
    "FEE",
    "INSTRUMENT",
    "KNOWN",
    "QUANTITY",
    "SLOW",
    "THRESHOLD",
    "bare_loop",
    "generate",
]

CASH, QUANTITY, FEE, FAST, SLOW, THRESHOLD = 100_000_000.0, 10.0, 0.001, 10, 30, 1e-4
KNOWN = {"next_open": (89_871_729.01, 39_171), "same_close": (89_867_642.89, 39_171)}
"""Final equity and fills of a million bars of seed 42, by fill rule."""

INSTRUMENT = Instrument(id="BENCH", tick_size=Decimal("0.01"), description="benchmark, synthetic")
_START_NS = 1_577_836_800_000_000_000
_MINUTE_NS = 60_000_000_000


def generate(n: int, seed: int = 42) -> BarColumns:
    """Return `n` synthetic one-minute bars, the same for a seed everywhere."""
    draw = np.random.default_rng(seed)
    close = np.round(30_000.0 * np.exp(np.cumsum(draw.normal(0, 5e-4, n))), 2)
    opened = np.empty(n)
    opened[0] = 30_000.0
    opened[1:] = np.round(close[:-1] * (1 + draw.normal(0, 5e-5, n - 1)), 2)
    high = np.round(np.maximum(opened, close) * (1 + np.abs(draw.normal(0, 2e-4, n))), 2)
    low = np.round(np.minimum(opened, close) * (1 - np.abs(draw.normal(0, 2e-4, n))), 2)
    volume = np.round(draw.lognormal(2, 1, n), 4) + 100.0
    tick = INSTRUMENT.tick_size
    return BarColumns(
        ts_ns=_START_NS + np.arange(n, dtype=np.int64) * _MINUTE_NS,
        open_ticks=prices_to_ticks(opened, tick),
        high_ticks=prices_to_ticks(high, tick),
        low_ticks=prices_to_ticks(low, tick),
        close_ticks=prices_to_ticks(close, tick),
        volume=volume,
        tick_size=tick,
    )


def bare_loop(
    opens: Float64 | list[float],
    closes: Float64 | list[float],
    *,
    fast: int = FAST,
    slow: int = SLOW,
    same_close: bool = False,
) -> tuple[float, int]:
    """Return (final equity, fills) by a loop without engine, order or record.

    Given lists it is what a person would write in plain Python for speed; it is a reference of
    benchmarks and tests.
    """
    cash, held, want, fills = CASH, 0.0, False, 0
    fast_sum = slow_sum = 0.0
    for i, close in enumerate(closes):
        if not same_close and want != (held > 0):
            cash += QUANTITY * opens[i] * ((-1 - FEE) if want else (1 - FEE))
            held, fills = (QUANTITY if want else 0.0), fills + 1
        fast_sum += close - (closes[i - fast] if i >= fast else 0.0)
        slow_sum += close - (closes[i - slow] if i >= slow else 0.0)
        if i >= slow - 1:
            want = fast_sum / fast - slow_sum / slow > THRESHOLD
        if same_close and want != (held > 0):
            cash += QUANTITY * close * ((-1 - FEE) if want else (1 - FEE))
            held, fills = (QUANTITY if want else 0.0), fills + 1
    return cash + held * closes[-1], fills
