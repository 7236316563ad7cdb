"""A stop whose market order would be too dear: once it is passed, a limit order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import StrategyDesk
from fks.contracts.transformer import IndicatorSpec
from fks.contracts.values import Instrument


class StopLimit(Strategy):
    """Bid at the broken high, not above; give up after six bars."""

    name = "stop_limit"
    summary = "Bid at the broken high, not above; give up after six bars."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {"top": IndicatorSpec(kind="highest", params={"period": 30, "lag": 1})}

    def __init__(self, params: Any, instrument: Instrument) -> None:
        super().__init__(params, instrument)
        self._order = self._age = 0

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        self._age += 1
        if desk.position > 0.0:
            if self._age > 20:
                desk.flat()
        elif self._order and self._age > 6:
            desk.cancel(self._order)
            self._order = 0
        elif bar.close > values.top:
            desk.cancel(self._order)
            self._order, self._age = desk.buy(10.0, limit=round(values.top, 2)), 0


CASE = Case(StopLimit, markets.gaps)
