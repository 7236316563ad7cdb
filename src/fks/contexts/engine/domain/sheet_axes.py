"""Scales and axes of the tear sheet's charts: where a value lies, and which labels stand beside.

Charts are drawn in a fixed grid of units that the page scales to its width, so coordinates are
short and the same everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fks.contexts.engine.domain.drawdown import DAY_NS
from fks.contexts.engine.domain.sheet_format import text
from fks.contracts.columns import Float64

__all__ = ["BROAD", "Frame", "Label", "area", "ladder", "line", "moments_between", "span"]

Label = Callable[[float], str]
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
HOURS = (1, 2, 3, 6, 12)
DAYS = (1, 2, 4, 7, 14, 28)
MONTHS = (1, 2, 3, 6)
MOST_LABELS = 9
BROAD = 800  # units: a chart wider than this spans the page, and scrolls on a phone


@dataclass(frozen=True, slots=True)
class Frame:
    """A chart's size and the values at its edges."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float
    width: int = 1120
    height: int = 280
    left: int = 62
    right: int = 12
    top: int = 8
    bottom: int = 26

    def x(self, values: npt.ArrayLike) -> Float64:
        """Return the horizontal places of values."""
        room = self.width - self.left - self.right
        share = (np.asarray(values, np.float64) - self.x_low) / ((self.x_high - self.x_low) or 1.0)
        return self.left + room * share

    def y(self, values: npt.ArrayLike) -> Float64:
        """Return the vertical places of values."""
        room = self.height - self.top - self.bottom
        share = (np.asarray(values, np.float64) - self.y_low) / ((self.y_high - self.y_low) or 1.0)
        return self.height - self.bottom - room * share

    def svg(self, name: str, body: str) -> str:
        """Return the chart as one image with a name for those who cannot see it."""
        kind = "broad" if self.width > BROAD else "small"
        return (
            f'<div class="{kind}"><svg viewBox="0 0 {self.width} {self.height}" role="img" '
            f'aria-label="{text(name)}">{body}</svg></div>'
        )

    def rows(self, values: list[float], label: Label) -> str:
        """Return horizontal grid lines with their labels."""
        parts = []
        for value in values:
            y = float(self.y(value))
            parts.append(
                f'<line class="{"zero" if value == 0 else "grid"}" x1="{self.left}" '
                f'x2="{self.width - self.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
                f'<text x="{self.left - 8}" y="{y + 4:.1f}" text-anchor="end">'
                f"{text(label(value))}</text>"
            )
        return "".join(parts)

    def columns(self, values: list[tuple[float, str]]) -> str:
        """Return labels along the lower edge."""
        y = self.height - 7
        parts = []
        for value, label in values:
            x = min(float(self.x(value)), self.width - self.right - 3.2 * len(label))
            parts.append(f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{text(label)}</text>')
        return "".join(parts)


def line(frame: Frame, x: npt.ArrayLike, y: npt.ArrayLike) -> str:
    """Return the path through points."""
    pairs = zip(frame.x(x).tolist(), frame.y(y).tolist(), strict=True)
    return "M" + "L".join(f"{a:.1f},{b:.1f}" for a, b in pairs)


def area(frame: Frame, x: Float64, y: Float64, base: float) -> str:
    """Return the closed path between points and a level."""
    level = float(frame.y(base))
    left, right = float(frame.x(x[0])), float(frame.x(x[-1]))
    return f"{line(frame, x, y)}L{right:.1f},{level:.1f}L{left:.1f},{level:.1f}Z"


def span(low: float, high: float, *, room: float = 0.04) -> tuple[float, float]:
    """Return the edges of a scale with a little room, never of zero width."""
    width = high - low
    if width <= 0:
        width = abs(high) * 0.02 or 1.0
        return low - width, high + width
    return low - width * room, high + width * room


def ladder(low: float, high: float, most: int = 5) -> list[float]:
    """Return round values between two edges, about `most` of them."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in STEPS if power * factor >= rough * 0.999)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(k * step, 12) + 0.0 for k in range(first, last + 1)]


def moments_between(low_ns: int, high_ns: int) -> list[tuple[float, str]]:
    """Return round moments between two times with their labels, at most nine."""
    days = (high_ns - low_ns) / DAY_NS
    if days > 365 * 3:
        years = max(1, math.ceil(days / 365.25 / MOST_LABELS))
        return _calendar(low_ns, high_ns, "Y", years, "%Y")
    if days > 120:
        wanted = days / 30.44 / MOST_LABELS
        return _calendar(low_ns, high_ns, "M", _at_least(MONTHS, wanted), "%b %Y")
    if days > 4:
        return _calendar(low_ns, high_ns, "D", _at_least(DAYS, days / MOST_LABELS), "%d %b")
    wanted = days * 24 / MOST_LABELS
    return _calendar(low_ns, high_ns, "h", _at_least(HOURS, wanted), "%d %b %H:%M")


def _at_least(steps: tuple[int, ...], wanted: float) -> int:
    """Return the smallest step that is enough, or the largest there is."""
    return next((step for step in steps if step >= wanted), steps[-1])


def _calendar(
    low_ns: int, high_ns: int, unit: str, step: int, form: str
) -> list[tuple[float, str]]:
    """Return the moments at whole calendar units that are multiples of `step`."""
    edges = np.array([low_ns, high_ns], "datetime64[ns]").astype(f"datetime64[{unit}]")
    first, last = edges.astype(np.int64).tolist()
    counts = np.arange(-(-first // step) * step, last + 1, step, dtype=np.int64)
    moments = counts.astype(f"datetime64[{unit}]")
    times_ns = moments.astype("datetime64[ns]").astype(np.int64).tolist()
    names = [moment.strftime(form) for moment in moments.astype("datetime64[s]").tolist()]
    return [
        (float(ts_ns), name)
        for ts_ns, name in zip(times_ns, names, strict=True)
        if low_ns <= ts_ns <= high_ns
    ]
