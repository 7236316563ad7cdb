"""Stop orders above the channel; up to four units, each half a range above the last."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import CostModel, Fill, StrategyDesk
from fks.contracts.transformer import IndicatorSpec
from fks.contracts.values import Instrument


class TurtlePyramid(Strategy):
    """Add to what works, leave all at once under the short channel."""

    name = "turtle_pyramid"
    summary = "Add to what works, leave all at once under the short channel."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {
            "top": IndicatorSpec(kind="highest", params={"period": 20}, source="high"),
            "bottom": IndicatorSpec(kind="lowest", params={"period": 10, "lag": 1}, source="low"),
            "range": IndicatorSpec(kind="atr", params={"period": 20}),
        }

    def __init__(self, params: Any, instrument: Instrument) -> None:
        super().__init__(params, instrument)
        self._last = 0.0

    def on_fill(self, fill: Fill, desk: StrategyDesk) -> None:
        """Take note of a fill."""
        self._last = fill.price

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        desk.cancel_all()
        if not values.range > 0.0:
            return
        if desk.position > 0.0 and bar.close < values.bottom:
            desk.flat()
            return
        if desk.position < 4.0:
            trigger = values.top if desk.position == 0.0 else self._last + values.range / 2
            trigger = max(trigger, bar.close)
            desk.buy(1.0, stop=math.ceil(trigger * 4) / 4)


CASE = Case(TurtlePyramid, markets.future, request={"costs": CostModel(slippage_ticks=2)})
