"""Draw the distributions of a run: daily returns, and each trade's profit by its worst moment."""

from __future__ import annotations

import numpy as np

from fks.contexts.engine.domain.sheet_axes import Frame, ladder, span
from fks.contexts.engine.domain.sheet_format import brief, count, percent
from fks.contexts.engine.domain.trades import TradeColumns
from fks.contracts.columns import Float64, Int64
from fks.contracts.values import NANOS

__all__ = ["DOTS", "return_histogram", "trade_scatter"]

DOTS = 1_500
MOST_BINS = 60
WIDTH, HEIGHT, LEFT = 540, 230, 56


def return_histogram(returns: Float64) -> str:
    """Draw how often the account won and lost how much in a day; empty for fewer than two."""
    if len(returns) < 2 or not np.all(np.isfinite(returns)):
        return ""
    counts, edges = np.histogram(returns, bins=_edges(returns))
    frame = Frame(
        x_low=float(edges[0]),
        x_high=float(edges[-1]),
        y_low=0.0,
        y_high=float(counts.max()) * 1.06,
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
    )
    marks = [value for value in ladder(0.0, frame.y_high, 4) if value == int(value)]
    parts = [frame.rows(marks, count)]
    tops, lefts, base = frame.y(counts), frame.x(edges), float(frame.y(0.0))
    for k in np.flatnonzero(counts).tolist():
        kind = "long" if edges[k] + edges[k + 1] > 0 else "short"
        wide = max(float(lefts[k + 1] - lefts[k]) - 1.0, 0.8)
        parts.append(
            f'<rect class="{kind}" x="{lefts[k]:.1f}" y="{tops[k]:.1f}" '
            f'width="{wide:.1f}" height="{base - tops[k]:.1f}"/>'
        )
    mean = float(frame.x(np.mean(returns)))
    parts.append(f'<line class="mean" x1="{mean:.1f}" x2="{mean:.1f}" y1="8" y2="{base:.1f}"/>')
    steps = ladder(float(edges[0]), float(edges[-1]), 6)
    places = 0 if len(steps) > 1 and steps[1] - steps[0] >= 0.01 else 2
    parts.append(frame.columns([(value, percent(value, places)) for value in steps]))
    return frame.svg("Distribution of daily returns", "".join(parts))


def _edges(returns: Float64) -> Float64:
    """Return the bin edges, zero among them, so that no bin mixes gains and losses."""
    low, high = min(float(returns.min()), 0.0), max(float(returns.max()), 0.0)
    if high <= low:
        low, high = -0.01, 0.01
    quarter, rest = np.percentile(returns, [25, 75])
    width = max(2.0 * float(rest - quarter) * len(returns) ** (-1 / 3), (high - low) / MOST_BINS)
    first, last = int(np.floor(low / width)), int(np.ceil(high / width))
    edges: Float64 = np.arange(first, last + 1) * width
    return edges


def trade_scatter(trades: TradeColumns, *, best: bool = False) -> str:
    """Draw each trade's profit over its worst (or best) moment; empty without trades.

    With very many trades every so-manieth is drawn, and the extremes always.
    """
    if len(trades) == 0:
        return ""
    far = (trades.mfe_nanos if best else -trades.mae_nanos) / NANOS
    pnl = trades.pnl_nanos / NANOS
    rows = _some(far, pnl)
    # One disaster must not press all other trades into a corner: the axis ends near the 99.5th
    # percentile and what lies beyond is drawn at its edge.
    x_high = float(np.percentile(far, 99.5)) * 1.1 or 1.0
    low, high = span(*(float(edge) for edge in np.percentile(pnl, [0.25, 99.75])), room=0.06)
    low, high = min(low, 0.0), max(high, 0.0)
    frame = Frame(
        x_low=0.0, x_high=x_high, y_low=low, y_high=high, width=WIDTH, height=HEIGHT, left=LEFT
    )
    parts = [frame.rows(ladder(low, high), brief)]
    xs = frame.x(np.minimum(far[rows], x_high)).tolist()
    ys = frame.y(np.clip(pnl[rows], low, high)).tolist()
    for x, y, won in zip(xs, ys, (pnl[rows] > 0).tolist(), strict=True):
        kind = "long" if won else "short"
        parts.append(f'<circle class="dot {kind}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>')
    parts.append(frame.columns([(value, brief(value)) for value in ladder(0.0, x_high)]))
    return frame.svg(
        f"Profit of each trade over its {'best' if best else 'worst'} moment", "".join(parts)
    )


def _some(far: Float64, pnl: Float64) -> Int64:
    """Return the rows to draw."""
    if len(pnl) <= DOTS:
        return np.arange(len(pnl))
    extremes = [pnl.argmin(), pnl.argmax(), far.argmax()]
    spread = np.linspace(0, len(pnl) - 1, DOTS - len(extremes)).astype(np.int64)
    return np.unique(np.concatenate((spread, np.array(extremes, np.int64))))
