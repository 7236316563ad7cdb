"""The same risk at all times: the quantity is money over the average range."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import StrategyDesk
from fks.contracts.transformer import IndicatorSpec


class VolatilityTarget(Strategy):
    """Hold as many thousandths as risk 250 on an average range."""

    name = "volatility_target"
    summary = "Hold as many thousandths as risk 250 on an average range."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {
            "range": IndicatorSpec(kind="atr", params={"period": 30}),
            "mean": IndicatorSpec(kind="ema", params={"period": 60}),
        }

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if bar.index % 15 or not values.range > 0.0:
            return
        held = math.floor(250.0 / values.range * 100) / 100
        desk.target(held if bar.close > values.mean else -held)


CASE = Case(VolatilityTarget, markets.coin, request={"cash": 1_000_000.0})
