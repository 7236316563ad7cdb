"""Draw the time series of a run: equity, drawdown, rolling Sharpe and position."""

from __future__ import annotations

import math

import numpy as np

from fks.contexts.engine.domain.drawdown import drawdown_series
from fks.contexts.engine.domain.returns import DailyReturns
from fks.contexts.engine.domain.sheet_axes import (
    BROAD,
    Frame,
    Label,
    area,
    ladder,
    line,
    moments_between,
    span,
)
from fks.contexts.engine.domain.sheet_format import brief, percent, ratio
from fks.contexts.engine.domain.thinning import keep_extremes
from fks.contracts.columns import Float64, Int64

__all__ = [
    "POINTS",
    "equity_chart",
    "held_beside",
    "position_chart",
    "rolling_sharpe_chart",
    "rolling_window",
    "underwater_chart",
]

POINTS = 1_500  # of a line: more than a screen has, and the page stays small
STRETCHES = 600
FEWEST_DAYS = 30


def equity_chart(ts_ns: Int64, equity: Float64, close: Float64, cash: float) -> str:
    """Draw the account and, beside it, the same cash held in the instrument."""
    rows = keep_extremes(equity, POINTS)
    low, high = span(float(min(equity.min(), cash)), float(max(equity.max(), cash)))
    held = held_beside(equity, close, cash)
    if held is not None:
        low, high = span(min(low, float(held.min())), max(high, float(held.max())), room=0.0)
    frame = Frame(x_low=float(ts_ns[0]), x_high=float(ts_ns[-1]), y_low=low, y_high=high)
    base = float(np.clip(cash, low, high))
    body = frame.rows(ladder(low, high), brief) + _times(frame, ts_ns)
    if held is not None:
        kept = keep_extremes(held, POINTS)
        body += f'<path class="stroke other" d="{line(frame, ts_ns[kept], held[kept])}"/>'
    x, y = ts_ns[rows].astype(np.float64), equity[rows]
    body += f'<path class="wash" d="{area(frame, x, y, base)}"/>'
    body += f'<path class="stroke" d="{line(frame, x, y)}"/>'
    return frame.svg("Equity over time", body)


def held_beside(equity: Float64, close: Float64, cash: float) -> Float64 | None:
    """Return the same cash held in the instrument, unless it would dwarf the account's curve."""
    if close[0] <= 0:
        return None
    held = cash * close / close[0]
    room = max(float(equity.max()), cash) - min(float(equity.min()), cash)
    return held if float(held.max() - held.min()) <= 4 * room else None


def underwater_chart(ts_ns: Int64, equity: Float64, cash: float) -> str:
    """Draw how far the account stood below its peak."""
    fall = drawdown_series(equity, cash)
    rows = keep_extremes(fall, POINTS)
    low = min(float(fall.min()) * 1.06, -1e-4)
    frame = Frame(x_low=float(ts_ns[0]), x_high=float(ts_ns[-1]), y_low=low, y_high=0.0, height=170)
    body = frame.rows(ladder(low, 0.0, 4), _percent_label(low)) + _times(frame, ts_ns)
    x, y = ts_ns[rows].astype(np.float64), fall[rows]
    body += f'<path class="fall" d="{area(frame, x, y, 0.0)}"/>'
    body += f'<path class="stroke down-stroke" d="{line(frame, x, y)}"/>'
    return frame.svg("Drawdown from the peak over time", body)


def rolling_window(days: int) -> int:
    """Return over how many returns the rolling Sharpe ratio is taken; 0 for too few days."""
    return 0 if days < FEWEST_DAYS else min(126, max(20, days // 4))


def rolling_sharpe_chart(ts_ns: Int64, daily: DailyReturns) -> str:
    """Draw the Sharpe ratio of the last days, a year's scale; empty for too few days."""
    window = rolling_window(len(daily.returns))
    if window == 0 or not np.all(np.isfinite(daily.returns)):
        return ""
    windows = np.lib.stride_tricks.sliding_window_view(daily.returns, window)
    spread = windows.std(axis=1, ddof=1)
    steady = spread > 1e-12
    values = np.zeros(len(windows))
    values[steady] = windows.mean(axis=1)[steady] / spread[steady]
    values *= math.sqrt(daily.periods_per_year)
    times = ts_ns[daily.last[window - 1 :]]
    rows = keep_extremes(values, POINTS)
    low, high = span(min(float(values.min()), 0.0), max(float(values.max()), 0.0))
    frame = Frame(
        x_low=float(times[0]),
        x_high=float(times[-1]),
        y_low=low,
        y_high=high,
        width=540,
        height=230,
        left=46,
    )
    body = frame.rows(ladder(low, high), _ratio_label) + _times(frame, times)
    body += f'<path class="stroke" d="{line(frame, times[rows], values[rows])}"/>'
    return frame.svg(f"Sharpe ratio over {window} days", body)


def position_chart(ts_ns: Int64, position: Float64) -> str:
    """Draw what was held: the largest long and short position of each stretch of bars."""
    edges = np.unique(np.linspace(0, len(position), min(STRETCHES, len(position)) + 1).astype(int))
    starts = edges[:-1]
    most = np.maximum(np.maximum.reduceat(position, starts), 0.0)
    least = np.minimum(np.minimum.reduceat(position, starts), 0.0)
    low, high = float(least.min()), float(max(most.max(), 0.0))
    low, high = (low, high) if high > low else (-1.0, 1.0)
    frame = Frame(
        x_low=0.0, x_high=float(len(position)), y_low=low, y_high=high, height=110, bottom=26
    )
    body = frame.rows(sorted({low, 0.0, high}), brief)
    for name, values in (("long", most), ("short", least)):
        x = np.repeat(edges.astype(np.float64), 2)[1:-1]
        body += f'<path class="{name}" d="{area(frame, x, np.repeat(values, 2), 0.0)}"/>'
    # The strip counts bars, not time, so that nights and weekends take no room.
    labels = moments_between(int(ts_ns[0]), int(ts_ns[-1]))
    places = [(float(np.searchsorted(ts_ns, int(at))), label) for at, label in labels]
    return frame.svg("Position over time", body + frame.columns(places))


def _times(frame: Frame, ts_ns: Int64) -> str:
    """Return the labels of the time axis, fewer on a narrow chart."""
    labels = moments_between(int(ts_ns[0]), int(ts_ns[-1]))
    return frame.columns(labels if frame.width > BROAD else labels[:: 1 + len(labels) // 5])


def _ratio_label(value: float) -> str:
    """Return a ratio with one decimal."""
    return ratio(value)[:-1]


def _percent_label(low: float) -> Label:
    """Return percentages with as many decimals as the depth needs."""
    places = 0 if low < -0.05 else 1 if low < -0.005 else 2
    return lambda value: percent(value, places)
