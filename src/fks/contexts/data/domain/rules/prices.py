"""Rules about prices: jumps, bad prints, long wicks, prices that cannot be, a tick that changes."""

from __future__ import annotations

import numpy as np

from fks.contexts.data.domain._quality import spikes
from fks.contexts.data.domain.rules.kinds import MOST_EXAMPLES, Rule, iso
from fks.contexts.data.domain.validation import outlier_rows
from fks.contracts.columns import BarColumns, Int64, prices_to_ticks
from fks.contracts.data.quality import Marked, QualityContext

__all__ = ["BLOCKS", "BLOCK_BARS", "LEAST_PRICES", "PRICES", "WICK", "tick_drift"]

WICK, REVERTS, FAR = 3.0, 3.0, 8.0
FLOOR_TICKS, FLOOR_SHARE = 2.0, 1e-4
BLOCKS, BLOCK_BARS, LEAST_PRICES = 64, 500, 30


def outliers(bars: BarColumns, context: QualityContext) -> Marked | None:
    """Return bars whose return lies beyond five standard deviations."""
    rows = outlier_rows(bars.close)
    return Marked(rows, "returns beyond five standard deviations") if len(rows) else None


def not_positive(bars: BarColumns, context: QualityContext) -> Marked | None:
    """Return bars with a price that cannot be: import refuses them, other sources may not."""
    return None if context.below_zero else _at_or_below_zero(bars)


def below_zero(bars: BarColumns, context: QualityContext) -> Marked | None:
    """Return bars with a price of zero or below, where such a price can be."""
    return _at_or_below_zero(bars) if context.below_zero else None


def _at_or_below_zero(bars: BarColumns) -> Marked | None:
    """Return bars with a price of zero or below."""
    columns = (bars.open, bars.high, bars.low, bars.close)
    if all(column.min(initial=1.0) > 0 for column in columns):
        return None
    bad = [column <= 0 for column in columns]
    return Marked(np.flatnonzero(bad[0] | bad[1] | bad[2] | bad[3]), "prices of zero or below")


def bad_prints(bars: BarColumns, context: QualityContext) -> Marked | None:
    """Return bars that leave both neighbours far beyond the local range and are back at once."""
    rows = _spikes(bars)[1]
    return Marked(_array(rows), "bars far beyond both neighbours, back at once") if rows else None


def long_wicks(bars: BarColumns, context: QualityContext) -> Marked | None:
    """Return bars whose wick, not their close, reaches beyond both neighbours."""
    rows = _spikes(bars)[0]
    return Marked(_array(rows), "wicks beyond three local ranges") if rows else None


def _spikes(bars: BarColumns) -> tuple[list[int], list[int]]:
    """Return wicks and bad prints."""
    floor = FLOOR_TICKS * float(bars.tick_size)
    high, low = np.ascontiguousarray(bars.high), np.ascontiguousarray(bars.low)
    close = np.ascontiguousarray(bars.close)
    return spikes(high, low, close, floor, FLOOR_SHARE, WICK, REVERTS, FAR)


def tick_drift(bars: BarColumns, context: QualityContext) -> Marked | None:
    """Return bars from which on prices are multiples of another number of ticks.

    The bars are parted into at most 64 blocks of at least 500 bars; a block's step is the greatest
    common divisor of the differences between the closes of its first 500 bars, known where at
    least thirty of them differ.
    """
    blocks = min(BLOCKS, len(bars) // BLOCK_BARS)
    if blocks < 2:
        return None
    before, rows, told = 0, [], []
    for k in range(blocks):
        begin = k * len(bars) // blocks
        closes = prices_to_ticks(bars.close[begin : begin + BLOCK_BARS], bars.tick_size)
        values = np.unique(closes)
        if len(values) < LEAST_PRICES:
            continue
        step = int(np.gcd.reduce(np.diff(values)))
        if before and step != before:
            rows.append(begin)
            told.append(f"{iso(int(bars.ts_ns[begin]))}: {before} to {step} ticks")
        before = step
    if not rows:
        return None
    message = "the step between prices changes, seen from blocks of bars on"
    return Marked(_array(rows), message, examples=tuple(told[:MOST_EXAMPLES]))


def _array(rows: list[int]) -> Int64:
    """Return row numbers as an array."""
    return np.array(rows, dtype=np.int64)


PRICES = (
    Rule("bad_print", "bad prints", "warning", bad_prints, 1.0),
    Rule("price_not_positive", "prices not positive", "error", not_positive, 1.0),
    Rule("price_below_zero", "prices of zero or below", "info", below_zero),
    Rule("long_wick", "long wicks", "info", long_wicks),
    Rule("tick_drift", "tick size changes", "info", tick_drift),
)
