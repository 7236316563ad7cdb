"""An entry with a target and a stop of which one cancels the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import CostModel, Fill, StrategyDesk
from fks.contracts.transformer import IndicatorSpec
from fks.contracts.values import Instrument


class Bracket(Strategy):
    """Buy a dip; take a profit of 60 cents or lose 40."""

    name = "bracket"
    summary = "Buy a dip; take a profit of 60 cents or lose 40."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {"rsi": IndicatorSpec(kind="rsi", params={"period": 7})}

    def __init__(self, params: Any, instrument: Instrument) -> None:
        super().__init__(params, instrument)
        self._entry = self._target = self._stop = 0

    def on_fill(self, fill: Fill, desk: StrategyDesk) -> None:
        """Place both exits behind an entry; the exit that filled leaves the other to cancel."""
        if fill.position > 0.0:
            self._target = desk.sell(fill.quantity, limit=round(fill.price + 0.6, 2))
            self._stop = desk.sell(fill.quantity, stop=round(fill.price - 0.4, 2))
        else:
            desk.cancel(self._target)
            desk.cancel(self._stop)
            self._entry = 0

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if not self._entry and values.rsi < 30.0:
            self._entry = desk.buy(20.0)


CASE = Case(Bracket, markets.ranging, request={"costs": CostModel(fee_bps=1.0)})
