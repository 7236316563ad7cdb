"""Indicators of volume: drawn below the price."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from fks.contexts.transformer.domain.kind import Kind, new
from fks.contexts.transformer.domain.parameters import Params
from fks.contexts.transformer.domain.sources import Source
from fks.contracts.columns import BarColumns, Float64
from fks.contracts.transformer import IndicatorInfo

__all__ = ["Obv", "VolumeRatio"]


class VolumeRatio(Kind):
    """A bar's volume beside what is usual."""

    info = IndicatorInfo(
        kind="volume_ratio",
        title="Volume ratio",
        params={"period": 20},
        outputs=("value",),
        overlay=False,
        summary="The volume over its mean of the last `period` bars, this bar included.",
    )

    def __init__(self, params: Params, source: str, parts: ModuleType) -> None:
        period = params.whole("period")
        self.looks_back(period)
        self._source = Source("volume")
        self._mean = parts.FloatMean(period)

    def update(self, bars: BarColumns) -> tuple[Float64]:
        """Return the ratio after each bar; NaN where nothing was traded in the window."""
        volume, mean = self._source.floats(bars), new(bars)
        self._mean.update(volume, mean)
        out = np.full(len(bars), np.nan)
        np.divide(volume, mean, out=out, where=mean > 0)
        return (out,)


class Obv(Kind):
    """On-balance volume. Its level depends on where it began and means nothing, its turns do."""

    info = IndicatorInfo(
        kind="obv",
        title="On-balance volume",
        params={},
        outputs=("value",),
        overlay=False,
        summary="Volume added where the close rose and taken off where it fell, "
        "from the first bar given on.",
    )

    def __init__(self, params: Params, source: str, parts: ModuleType) -> None:
        self.looks_back(1)
        self._sources = Source("close"), Source("volume")
        self._balance = parts.Balance()

    def update(self, bars: BarColumns) -> tuple[Float64]:
        """Return the balance after each bar."""
        out = new(bars)
        close, volume = (source.floats(bars) for source in self._sources)
        self._balance.update(close, volume, out)
        return (out,)
