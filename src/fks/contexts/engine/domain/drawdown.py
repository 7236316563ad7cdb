"""Find the stretches in which an account stood below its earlier peak.

Drawdowns are measured at every bar, not on daily values, and the starting cash counts as the
first peak: an account that only ever lost has a drawdown from its first bar on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fks.contracts.columns import Float64, Int64

__all__ = ["DAY_NS", "Drawdown", "drawdown_series", "drawdowns"]

DAY_NS = 86_400_000_000_000


@dataclass(frozen=True, slots=True)
class Drawdown:
    """One stretch below a peak. `fraction` (of the peak) and `amount` are below zero.

    `recovered_ts_ns` is None where the account was still below the peak at its last bar, and
    `end_ts_ns` then is that bar.
    """

    peak_ts_ns: int
    trough_ts_ns: int
    end_ts_ns: int
    recovered_ts_ns: int | None
    fraction: float
    amount: float

    @property
    def underwater_days(self) -> float:
        """Return how long it lasted from the peak to the recovery, or to the last bar."""
        return (self.end_ts_ns - self.peak_ts_ns) / DAY_NS

    @property
    def recovery_days(self) -> float | None:
        """Return how long the way back from the trough took; None where there was none."""
        if self.recovered_ts_ns is None:
            return None
        return (self.recovered_ts_ns - self.trough_ts_ns) / DAY_NS


def drawdown_series(equity: Float64, cash: float) -> Float64:
    """Return the drawdown after each bar as a fraction of the running peak, zero or negative."""
    peak = np.maximum(np.maximum.accumulate(equity), cash)
    return equity / peak - 1.0


def drawdowns(
    ts_ns: Int64, equity: Float64, cash: float, *, deepest: int | None = None
) -> tuple[Drawdown, ...]:
    """Return the drawdowns in time order, or the `deepest` so many, the deepest first.

    `equity` is in currency after each bar, `cash` what the account began with (above zero).
    """
    peak = np.maximum(np.maximum.accumulate(equity), cash)
    below = np.concatenate(([False], equity < peak, [False]))
    edges = np.flatnonzero(below[1:] != below[:-1])
    first, last = edges[::2], edges[1::2]
    if len(first) == 0:
        return ()
    order = np.arange(len(first))
    if deepest is not None:
        # From each start on, `reduceat` runs to the next: what lies between is no drawdown.
        depth = np.minimum.reduceat(equity / peak, first)
        order = np.argsort(depth, kind="stable")[:deepest]
    return tuple(
        _drawdown(ts_ns, equity, float(peak[first[k]]), int(first[k]), int(last[k])) for k in order
    )


def _drawdown(ts_ns: Int64, equity: Float64, peak: float, first: int, last: int) -> Drawdown:
    """Describe the drawdown of the bars `[first, last)`."""
    trough = first + int(np.argmin(equity[first:last]))
    recovered = int(ts_ns[last]) if last < len(ts_ns) else None
    return Drawdown(
        peak_ts_ns=int(ts_ns[max(first - 1, 0)]),
        trough_ts_ns=int(ts_ns[trough]),
        end_ts_ns=int(ts_ns[-1]) if recovered is None else recovered,
        recovered_ts_ns=recovered,
        fraction=float(equity[trough]) / peak - 1.0,
        amount=float(equity[trough]) - peak,
    )
