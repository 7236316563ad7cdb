"""Wait until a level is touched, then rest a limit order beyond it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import Fill, StrategyDesk
from fks.contracts.transformer import IndicatorSpec
from fks.contracts.values import Instrument


class LimitIfTouched(Strategy):
    """Bid ten ticks under a low that was touched, for as long as it takes."""

    name = "limit_if_touched"
    summary = "Bid ten ticks under a low that was touched, for as long as it takes."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {
            "bottom": IndicatorSpec(kind="lowest", params={"period": 25, "lag": 1}, source="low")
        }

    def __init__(self, params: Any, instrument: Instrument) -> None:
        super().__init__(params, instrument)
        self._order = 0

    def on_fill(self, fill: Fill, desk: StrategyDesk) -> None:
        """Take note of a fill."""
        self._order = 0
        if fill.position > 0.0:
            desk.sell(fill.position, limit=round(fill.price + 0.35, 2))

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if not self._order and desk.position == 0.0 and bar.low <= values.bottom:
            self._order = desk.buy(15.0, limit=round(bar.low - 0.1, 2))


CASE = Case(LimitIfTouched, markets.ranging)
