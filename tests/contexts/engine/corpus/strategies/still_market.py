"""Nothing moves and nothing trades: no statistic may divide by zero."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import StrategyDesk
from fks.contracts.transformer import IndicatorSpec


class StillMarket(Strategy):
    """Wait for a move that never comes."""

    name = "still_market"
    summary = "Wait for a move that never comes."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {
            "rsi": IndicatorSpec(kind="rsi"),
            "band": IndicatorSpec(kind="bollinger"),
            "surge": IndicatorSpec(kind="volume_ratio"),
        }

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if bar.close > values.band or values.rsi > 70.0:
            desk.long()


CASE = Case(StillMarket, markets.quiet)
