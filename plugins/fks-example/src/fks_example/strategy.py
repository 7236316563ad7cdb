"""A trend follower on the MACD histogram, in the two tiers most strategies need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
import numpy as np

from fks.contracts.columns import BarColumns, FeatureColumns
from fks.contracts.engine import Strategy
from fks.contracts.execution import StrategyDesk
from fks.contracts.transformer import IndicatorSpec


class MacdTrend(Strategy):
    """Long while the MACD line is above its signal line, flat otherwise."""

    name = "macd_trend"
    summary = "Long while the MACD is above its signal line"

    class Params(msgspec.Struct, frozen=True, kw_only=True):
        """The periods of the two averages and of the signal line, in bars."""

        fast: Annotated[int, msgspec.Meta(ge=1, le=500)] = 12
        slow: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 26
        signal: Annotated[int, msgspec.Meta(ge=1, le=500)] = 9

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Read one MACD: `macd`, `macd_signal`, `macd_histogram`."""
        p = self.params
        periods = {"fast": p.fast, "slow": p.slow, "signal": p.signal}
        return {"macd": IndicatorSpec(kind="macd", params=periods)}

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Follow the sign of the histogram; NaN in warm-up compares false."""
        if values.macd_histogram > 0.0:
            desk.long()
        elif desk.position > 0.0:
            desk.flat()

    def on_batch(self, bars: BarColumns, features: FeatureColumns) -> Any:
        """Say the same in columns."""
        return np.where(features["macd_histogram"] > 0.0, 1, 0).astype(np.int8)
