"""A stop that follows the highest close and never goes back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import CostModel, StrategyDesk
from fks.contracts.transformer import IndicatorSpec
from fks.contracts.values import Instrument


class TrailingStop(Strategy):
    """Leave two ranges under the best close since the entry."""

    name = "trailing_stop"
    summary = "Leave two ranges under the best close since the entry."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {
            "mean": IndicatorSpec(kind="wma", params={"period": 30}),
            "range": IndicatorSpec(kind="atr", params={"period": 14}),
        }

    def __init__(self, params: Any, instrument: Instrument) -> None:
        super().__init__(params, instrument)
        self._stop = 0
        self._at = 0.0

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if desk.position == 0.0:
            self._stop, self._at = 0, 0.0
            if bar.close > values.mean:
                desk.buy(10.0)
            return
        wanted = math.floor((bar.close - 2.0 * values.range) * 100) / 100
        if wanted > self._at:
            desk.cancel(self._stop)
            self._stop, self._at = desk.sell(10.0, stop=wanted), wanted


CASE = Case(TrailingStop, markets.trending, request={"costs": CostModel(slippage_bps=1.0)})
