"""Limit orders at the bands, moved with them at every bar."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import StrategyDesk
from fks.contracts.transformer import IndicatorSpec


class BollingerLimits(Strategy):
    """Rest a bid at the lower band and an offer at the upper one."""

    name = "bollinger_limits"
    summary = "Rest a bid at the lower band and an offer at the upper one."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {"band": IndicatorSpec(kind="bollinger", params={"period": 20, "deviations": 1.5})}

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Whole ticks outwards; NaN in warm-up compares false."""
        desk.cancel_all()
        if not values.band > 0.0:
            return
        if desk.position <= 0.0:
            desk.buy(25.0, limit=math.floor(values.band_lower * 100) / 100)
        if desk.position >= 0.0:
            desk.sell(25.0, limit=math.ceil(values.band * 100) / 100)


CASE = Case(BollingerLimits, markets.ranging)
