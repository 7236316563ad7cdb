"""Limit orders with a time to live of five bars."""

from __future__ import annotations

from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import StrategyDesk
from fks.contracts.values import Instrument


class GoodTillDate(Strategy):
    """A bid ten ticks under each tenth close, cancelled after five bars."""

    name = "good_till_date"
    summary = "A bid ten ticks under each tenth close, cancelled after five bars."

    def __init__(self, params: Any, instrument: Instrument) -> None:
        super().__init__(params, instrument)
        self._alive: dict[int, int] = {}

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        for number, until in list(self._alive.items()):
            if bar.index >= until:
                desk.cancel(number)
                del self._alive[number]
        if bar.index % 10 == 0:
            if desk.position > 20.0:
                desk.sell(20.0)
            self._alive[desk.buy(5.0, limit=round(bar.close - 1.0, 2))] = bar.index + 5


CASE = Case(GoodTillDate, markets.trending)
