"""Recorded days of SPY: buy after three falling closes, sell after a rising one."""

from __future__ import annotations

from typing import Any

from tests.contexts.engine.corpus import recorded
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import StrategyDesk
from fks.contracts.values import Instrument


class SpyTurnaround(Strategy):
    """A strategy with no indicator, that remembers."""

    name = "spy_turnaround"
    summary = "A strategy with no indicator, that remembers."

    def __init__(self, params: Any, instrument: Instrument) -> None:
        super().__init__(params, instrument)
        self._last, self._down = 0.0, 0

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        self._down = self._down + 1 if bar.close < self._last else 0
        self._last = bar.close
        if self._down >= 3:
            desk.long()
        elif self._down == 0:
            desk.flat()


CASE = Case(SpyTurnaround, recorded.spy_daily, request={"quantity": 100.0})
