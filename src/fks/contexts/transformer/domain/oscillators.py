"""Indicators of momentum: drawn below the price."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from fks.contexts.transformer.domain.kind import Kind, exponential_memory, new, wilder_memory
from fks.contexts.transformer.domain.parameters import Params
from fks.contexts.transformer.domain.sources import PRICES, SOURCES, Source
from fks.contracts.columns import BarColumns, Float64
from fks.contracts.transformer import IndicatorInfo

__all__ = ["Ao", "Macd", "Roc", "Rsi", "Stochastic"]


class Rsi(Kind):
    """Wilder's relative strength index."""

    info = IndicatorInfo(
        kind="rsi",
        title="Relative strength index",
        params={"period": 14},
        outputs=("value",),
        overlay=False,
        summary="Mean gain over mean gain and loss (Wilder's), 0 to 100.",
    )
    sources = PRICES

    def __init__(self, params: Params, source: str, parts: ModuleType) -> None:
        period = params.whole("period")
        self.looks_back(period + 1, wilder_memory(period) + 1)
        self._source = Source(source)
        self._strength = parts.RelativeStrength(period)

    def update(self, bars: BarColumns) -> tuple[Float64]:
        """Return the index after each bar."""
        out = new(bars)
        self._strength.update(self._source.floats(bars), out)
        return (out,)


class Macd(Kind):
    """The difference of two exponential means, and its own mean.

    The fast mean is begun late, with the values just before the slow one's first, and all three
    outputs appear together with the signal: so the values are those traders know from TA-Lib.
    """

    info = IndicatorInfo(
        kind="macd",
        title="Moving average convergence divergence",
        params={"fast": 12, "slow": 26, "signal": 9},
        outputs=("line", "signal", "histogram"),
        overlay=False,
        summary="Fast minus slow exponential mean, its mean over `signal` bars, and the rest.",
    )
    sources = PRICES

    def __init__(self, params: Params, source: str, parts: ModuleType) -> None:
        fast, slow = params.ordered("fast", "slow")
        signal = params.whole("signal")
        memory = exponential_memory(slow) + exponential_memory(signal)
        self.looks_back(slow + signal - 1, memory)
        self._source = Source(source)
        self._fast = parts.Exponential(fast, slow - fast)
        self._slow = parts.Exponential(slow, 0)
        self._signal = parts.Exponential(signal, slow - 1)

    def update(self, bars: BarColumns) -> tuple[Float64, Float64, Float64]:
        """Return line, signal and histogram after each bar."""
        prices = self._source.floats(bars)
        fast, slow, signal = new(bars), new(bars), new(bars)
        self._fast.update(prices, fast)
        self._slow.update(prices, slow)
        line = fast - slow
        self._signal.update(line, signal)
        line[np.isnan(signal)] = np.nan
        return line, signal, line - signal


class Ao(Kind):
    """The awesome oscillator: two plain means of the median price."""

    info = IndicatorInfo(
        kind="ao",
        title="Awesome oscillator",
        params={"fast": 5, "slow": 34},
        outputs=("value",),
        overlay=False,
        summary="The mean of the median price over `fast` bars less that over `slow` bars.",
    )

    def __init__(self, params: Params, source: str, parts: ModuleType) -> None:
        fast, slow = params.ordered("fast", "slow")
        self.looks_back(slow)
        self._source = Source("hl2")
        self._fast, self._slow = parts.TickMean(fast), parts.TickMean(slow)

    def update(self, bars: BarColumns) -> tuple[Float64]:
        """Return the difference after each bar."""
        fast, slow = new(bars), new(bars)
        ticks, scale = self._source.ticks(bars), self._source.scale(bars)
        self._fast.update(ticks, *scale, fast)
        self._slow.update(ticks, *scale, slow)
        return (fast - slow,)


class Roc(Kind):
    """The rate of change."""

    info = IndicatorInfo(
        kind="roc",
        title="Rate of change",
        params={"period": 10},
        outputs=("value",),
        overlay=False,
        summary="The change in percent against `period` bars ago.",
    )
    sources = SOURCES

    def __init__(self, params: Params, source: str, parts: ModuleType) -> None:
        period = params.whole("period")
        self.looks_back(period + 1)
        self._source = Source(source)
        self._change = parts.Change(period)

    def update(self, bars: BarColumns) -> tuple[Float64]:
        """Return the change after each bar; NaN against zero."""
        out = new(bars)
        self._change.update(self._source.floats(bars), out)
        return (out,)


class Stochastic(Kind):
    """Where the close lies in the range of the last bars, smoothed twice."""

    info = IndicatorInfo(
        kind="stochastic",
        title="Stochastic oscillator",
        params={"period": 14, "smooth_k": 3, "smooth_d": 3},
        outputs=("k", "d"),
        overlay=False,
        summary="Where the close lies in the range of `period` bars, 0 to 100, and its mean.",
    )

    def __init__(self, params: Params, source: str, parts: ModuleType) -> None:
        period = params.whole("period")
        smooth_k, smooth_d = params.whole("smooth_k"), params.whole("smooth_d")
        self.looks_back(period + smooth_k + smooth_d - 2)
        self._sources = Source("high"), Source("low"), Source("close")
        self._high = parts.Extremum(period, 0, 1.0)
        self._low = parts.Extremum(period, 0, -1.0)
        self._k, self._d = parts.FloatMean(smooth_k), parts.FloatMean(smooth_d)

    def update(self, bars: BarColumns) -> tuple[Float64, Float64]:
        """Return K and D after each bar; a bar range of zero counts as 0."""
        top, bottom, k, d = new(bars), new(bars), new(bars), new(bars)
        high, low, close = (source.floats(bars) for source in self._sources)
        self._high.update(high, top)
        self._low.update(low, bottom)
        span = top - bottom
        with np.errstate(divide="ignore", invalid="ignore"):
            raw = np.where(span == 0.0, 0.0, (close - bottom) / span * 100.0)
        self._k.update(raw, k)
        self._d.update(k, d)
        k[np.isnan(d)] = np.nan
        return k, d
