"""Indicators that smooth: drawn over the price."""

from __future__ import annotations

from types import ModuleType

from fks.contexts.transformer.domain.kind import Kind, exponential_memory, new
from fks.contexts.transformer.domain.parameters import Params
from fks.contexts.transformer.domain.sources import PRICES, SOURCES, Source
from fks.contracts.columns import BarColumns, Float64
from fks.contracts.transformer import IndicatorInfo

__all__ = ["Bollinger", "Ema", "Sma", "Vwap", "Wma"]

MINUTE_NS = 60_000_000_000
DAY_NS = 86_400_000_000_000


class Sma(Kind):
    """The plain mean: of ticks exactly, of volume from block sums."""

    info = IndicatorInfo(
        kind="sma",
        title="Simple moving average",
        params={"period": 20},
        outputs=("mean",),
        overlay=True,
        summary="The mean of the last `period` values.",
    )
    sources = SOURCES

    def __init__(self, params: Params, source: str, parts: ModuleType) -> None:
        period = params.whole("period")
        self.looks_back(period)
        self._source = Source(source)
        self._of_floats = parts.FloatMean(period) if source == "volume" else None
        self._of_ticks = parts.TickMean(period)

    def update(self, bars: BarColumns) -> tuple[Float64]:
        """Return the mean after each bar."""
        out = new(bars)
        if self._of_floats is not None:
            self._of_floats.update(self._source.floats(bars), out)
        else:
            self._of_ticks.update(self._source.ticks(bars), *self._source.scale(bars), out)
        return (out,)


class Ema(Kind):
    """The exponential mean, begun with the plain mean of its first `period` values."""

    info = IndicatorInfo(
        kind="ema",
        title="Exponential moving average",
        params={"period": 20},
        outputs=("mean",),
        overlay=True,
        summary="A mean in which each bar weighs 2 / (period + 1) and older ones fade.",
    )
    sources = SOURCES

    def __init__(self, params: Params, source: str, parts: ModuleType) -> None:
        period = params.whole("period")
        self.looks_back(period, exponential_memory(period))
        self._source = Source(source)
        self._mean = parts.Exponential(period, 0)

    def update(self, bars: BarColumns) -> tuple[Float64]:
        """Return the mean after each bar."""
        out = new(bars)
        self._mean.update(self._source.floats(bars), out)
        return (out,)


class Wma(Kind):
    """The linearly weighted mean."""

    info = IndicatorInfo(
        kind="wma",
        title="Weighted moving average",
        params={"period": 20},
        outputs=("mean",),
        overlay=True,
        summary="The mean of the last `period` prices, the newest weighing most.",
    )
    sources = PRICES

    def __init__(self, params: Params, source: str, parts: ModuleType) -> None:
        period = params.whole("period")
        self.looks_back(period)
        self._source = Source(source)
        self._mean = parts.TickWeightedMean(period)

    def update(self, bars: BarColumns) -> tuple[Float64]:
        """Return the mean after each bar."""
        out = new(bars)
        self._mean.update(self._source.ticks(bars), *self._source.scale(bars), out)
        return (out,)


class Bollinger(Kind):
    """Mean and bands at a multiple of the population deviation."""

    info = IndicatorInfo(
        kind="bollinger",
        title="Bollinger bands",
        params={"period": 20, "deviations": 2.0},
        outputs=("upper", "middle", "lower"),
        overlay=True,
        summary="The mean of `period` prices, and `deviations` standard deviations around it.",
    )
    sources = PRICES

    def __init__(self, params: Params, source: str, parts: ModuleType) -> None:
        period = params.whole("period")
        self.looks_back(period)
        self._source = Source(source)
        self._width = params.decimal("deviations", 0.001, 100.0)
        self._spread = parts.TickDeviation(period)

    def update(self, bars: BarColumns) -> tuple[Float64, Float64, Float64]:
        """Return upper band, mean and lower band after each bar."""
        middle, deviation = new(bars), new(bars)
        self._spread.update(self._source.ticks(bars), *self._source.scale(bars), middle, deviation)
        deviation *= self._width
        return middle + deviation, middle, middle - deviation


class Vwap(Kind):
    """The volume-weighted mean of the typical price since the session began.

    A session is 24 hours from `session_offset_min` minutes after midnight UTC. Zero suits what
    trades around the clock, and stocks, whose hours lie within a UTC day. CME futures take 1320
    (22:00 UTC) all year: in winter they open at 23:00, after an hour in which nothing trades.
    """

    info = IndicatorInfo(
        kind="vwap",
        title="Volume-weighted average price",
        params={"session_offset_min": 0},
        outputs=("mean",),
        overlay=True,
        summary="The mean price weighted by volume since the session began, "
        "`session_offset_min` minutes after midnight UTC.",
    )

    def __init__(self, params: Params, source: str, parts: ModuleType) -> None:
        offset_min = params.whole("session_offset_min", -1439, 1439)
        self.looks_back(1)
        self.memory_ns = DAY_NS
        self._source = Source("hlc3")
        self._volume = Source("volume")
        self._mean = parts.SessionMean(offset_min * MINUTE_NS)

    def update(self, bars: BarColumns) -> tuple[Float64]:
        """Return the mean after each bar; NaN until something traded in the session."""
        out = new(bars)
        self._mean.update(bars.ts_ns, self._source.floats(bars), self._volume.floats(bars), out)
        return (out,)
