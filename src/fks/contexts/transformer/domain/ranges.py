"""Indicators of range and spread: channels over the price, widths below it."""

from __future__ import annotations

from types import ModuleType

from fks.contexts.transformer.domain.kind import Kind, new, wilder_memory
from fks.contexts.transformer.domain.parameters import LONGEST, Params
from fks.contexts.transformer.domain.sources import PRICES, SOURCES, Source
from fks.contracts.columns import BarColumns, Float64
from fks.contracts.transformer import IndicatorInfo

__all__ = ["Atr", "Donchian", "Highest", "Lowest", "Stddev"]


class Atr(Kind):
    """Wilder's average true range."""

    info = IndicatorInfo(
        kind="atr",
        title="Average true range",
        params={"period": 14},
        outputs=("value",),
        overlay=False,
        summary="Wilder's mean of the range of a bar, gaps included, in price units.",
    )

    def __init__(self, params: Params, source: str, parts: ModuleType) -> None:
        period = params.whole("period")
        self.looks_back(period + 1, wilder_memory(period) + 1)
        self._sources = Source("high"), Source("low"), Source("close")
        self._range = parts.TrueRange(period)

    def update(self, bars: BarColumns) -> tuple[Float64]:
        """Return the range after each bar."""
        out = new(bars)
        self._range.update(*(source.floats(bars) for source in self._sources), out)
        return (out,)


class Stddev(Kind):
    """The population standard deviation."""

    info = IndicatorInfo(
        kind="stddev",
        title="Standard deviation",
        params={"period": 20},
        outputs=("value",),
        overlay=False,
        summary="The standard deviation (of the population) of the last `period` prices.",
    )
    sources = PRICES

    def __init__(self, params: Params, source: str, parts: ModuleType) -> None:
        period = params.whole("period")
        self.looks_back(period)
        self._source = Source(source)
        self._spread = parts.TickDeviation(period)

    def update(self, bars: BarColumns) -> tuple[Float64]:
        """Return the deviation after each bar."""
        mean, out = new(bars), new(bars)
        self._spread.update(self._source.ticks(bars), *self._source.scale(bars), mean, out)
        return (out,)


class Donchian(Kind):
    """The channel of the highest high and the lowest low, by default without the bar itself."""

    info = IndicatorInfo(
        kind="donchian",
        title="Donchian channel",
        params={"period": 20, "lag": 1},
        outputs=("upper", "lower"),
        overlay=True,
        summary="Highest high and lowest low of `period` bars ending `lag` bars ago; "
        "lag 1 leaves the bar itself out, so that it can break the channel.",
    )

    def __init__(self, params: Params, source: str, parts: ModuleType) -> None:
        period, lag = params.whole("period"), params.whole("lag", 0, LONGEST)
        self.looks_back(period + lag)
        self._sources = Source("high"), Source("low")
        self._high = parts.Extremum(period, lag, 1.0)
        self._low = parts.Extremum(period, lag, -1.0)

    def update(self, bars: BarColumns) -> tuple[Float64, Float64]:
        """Return the upper and the lower edge after each bar."""
        upper, lower = new(bars), new(bars)
        self._high.update(self._sources[0].floats(bars), upper)
        self._low.update(self._sources[1].floats(bars), lower)
        return upper, lower


class Highest(Kind):
    """The highest value of a window."""

    info = IndicatorInfo(
        kind="highest",
        title="Highest value",
        params={"period": 20, "lag": 0},
        outputs=("value",),
        overlay=True,
        summary="The highest of `period` values ending `lag` bars ago.",
    )
    sources = SOURCES
    sign = 1.0

    def __init__(self, params: Params, source: str, parts: ModuleType) -> None:
        period, lag = params.whole("period"), params.whole("lag", 0, LONGEST)
        self.looks_back(period + lag)
        self._source = Source(source)
        self._extremum = parts.Extremum(period, lag, self.sign)

    def update(self, bars: BarColumns) -> tuple[Float64]:
        """Return the extremum after each bar."""
        out = new(bars)
        self._extremum.update(self._source.floats(bars), out)
        return (out,)


class Lowest(Highest):
    """The lowest value of a window."""

    info = IndicatorInfo(
        kind="lowest",
        title="Lowest value",
        params={"period": 20, "lag": 0},
        outputs=("value",),
        overlay=True,
        summary="The lowest of `period` values ending `lag` bars ago.",
    )
    sign = -1.0
