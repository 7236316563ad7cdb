"""Rules about trading: no volume, far too much of it, prices that stand still."""

from __future__ import annotations

import numpy as np

from fks.contexts.data.domain._quality import frozen_runs, still_runs
from fks.contexts.data.domain.rules.kinds import Rule, marked_runs
from fks.contracts.columns import BarColumns
from fks.contracts.data.quality import Marked, QualityContext

__all__ = ["TRADING", "VOLUME_DEVIATIONS", "VOLUME_SAMPLE", "still_bars", "volume_limit"]

_HOUR_NS = 3_600_000_000_000
VOLUME_SAMPLE, VOLUME_DEVIATIONS = 65_536, 6.0


def still_bars(step_ns: int) -> int:
    """Return how many bars may stand still: those of an hour, at least 5, at most 120."""
    return min(max(_HOUR_NS // step_ns, 5), 120)


def stale(bars: BarColumns, context: QualityContext) -> Marked | None:
    """Return runs of bars of one price without volume: a feed that repeats its last price."""
    runs = still_runs(
        np.ascontiguousarray(bars.open),
        np.ascontiguousarray(bars.high),
        np.ascontiguousarray(bars.low),
        np.ascontiguousarray(bars.close),
        np.ascontiguousarray(bars.volume),
        still_bars(context.step_ns),
    )
    return marked_runs(runs, bars, context.step_ns, "runs of one price without volume")


def frozen(bars: BarColumns, context: QualityContext) -> Marked | None:
    """Return runs of one close for twice as long, though there was volume."""
    least = 2 * still_bars(context.step_ns)
    close, volume = np.ascontiguousarray(bars.close), np.ascontiguousarray(bars.volume)
    runs = frozen_runs(close, volume, least)
    return marked_runs(runs, bars, context.step_ns, "runs of one close though there was volume")


def zero_volume(bars: BarColumns, context: QualityContext) -> Marked | None:
    """Return bars without volume; they cost nothing where no bar has any, as of an index."""
    rows = np.flatnonzero(bars.volume == 0)
    if not len(rows):
        return None
    return Marked(rows, "bars without volume", charged=0 if len(rows) == len(bars) else -1)


def heavy_volume(bars: BarColumns, context: QualityContext) -> Marked | None:
    """Return bars whose volume's logarithm is six robust deviations above its median."""
    limit = volume_limit(bars)
    rows = np.flatnonzero(bars.volume > limit)
    if not len(rows):
        return None
    return Marked(rows, f"volume above {limit:,.6g}, six robust deviations of its logarithm")


def volume_limit(bars: BarColumns) -> float:
    """Return what volume is doubtful; infinity where fewer than 100 bars have any.

    Median and median absolute deviation are those of an even sample of at most 65,536 bars.
    """
    sample = bars.volume[:: max(1, -(-len(bars) // VOLUME_SAMPLE))]
    logs = np.log(sample[sample > 0])
    if len(logs) < 100:
        return float("inf")
    middle = float(np.median(logs))
    deviation = 1.4826 * float(np.median(np.abs(logs - middle)))
    if deviation == 0.0:
        return float("inf")
    return float(np.exp(min(middle + VOLUME_DEVIATIONS * deviation, 700.0)))


TRADING = (
    # Bars without volume cost their points once, as zero volume.
    Rule("stale_run", "stale runs", "warning", stale),
    Rule("frozen_price", "frozen prices", "warning", frozen, 1.0),
    Rule("volume_outlier", "volume outliers", "info", heavy_volume),
)
