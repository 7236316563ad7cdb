"""Prices below zero are prices: held from above to below and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import CostModel, StrategyDesk
from fks.contracts.transformer import IndicatorSpec


class ThroughZero(Strategy):
    """Short while it falls, long while it rises."""

    name = "through_zero"
    summary = "Short while it falls, long while it rises."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {"mean": IndicatorSpec(kind="wma", params={"period": 40})}

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if bar.close < values.mean:
            desk.short()
        elif bar.close > values.mean:
            desk.long()


CASE = Case(ThroughZero, markets.below_zero, request={"costs": CostModel(spread_ticks=2)})
