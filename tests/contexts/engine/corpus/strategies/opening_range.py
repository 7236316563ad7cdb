"""The first half hour's range, its edges as stop orders in both directions."""

from __future__ import annotations

from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import CostModel, Fill, StrategyDesk
from fks.contracts.values import Instrument


class OpeningRange(Strategy):
    """One order on either side; the one that fills cancels the other."""

    name = "opening_range"
    summary = "One order on either side; the one that fills cancels the other."

    def __init__(self, params: Any, instrument: Instrument) -> None:
        super().__init__(params, instrument)
        self._high = self._low = 0.0

    def on_fill(self, fill: Fill, desk: StrategyDesk) -> None:
        """Take note of a fill."""
        if fill.position != 0.0:
            desk.cancel_all()

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        minute = bar.ts_ns // 60_000_000_000 % 1440 - 870
        if minute == 0:
            self._high, self._low = bar.high, bar.low
        elif minute <= 25:
            self._high, self._low = max(self._high, bar.high), min(self._low, bar.low)
        elif minute == 30:
            desk.buy(25.0, stop=self._high)
            desk.sell(25.0, stop=self._low)
        elif minute == 380:
            desk.cancel_all()
            desk.flat()


CASE = Case(OpeningRange, markets.sessions, request={"costs": CostModel(slippage_ticks=1)})
