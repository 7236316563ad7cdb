"""Wait until a level is touched, then take the market."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import StrategyDesk
from fks.contracts.transformer import IndicatorSpec


class MarketIfTouched(Strategy):
    """Buy at the market once the week's low is touched again."""

    name = "market_if_touched"
    summary = "Buy at the market once the week's low is touched again."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {
            "bottom": IndicatorSpec(kind="lowest", params={"period": 60, "lag": 1}, source="low"),
            "mean": IndicatorSpec(kind="sma", params={"period": 60}),
        }

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if bar.low <= values.bottom and desk.position == 0.0:
            desk.buy(30.0)
        elif desk.position > 0.0 and bar.close > values.mean:
            desk.sell(30.0)


CASE = Case(MarketIfTouched, markets.ranging)
