"""Twice as much after each loss, until the limit of the position refuses it."""

from __future__ import annotations

from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import Fill, RiskLimits, StrategyDesk
from fks.contracts.values import Instrument


class DoublingDown(Strategy):
    """Hold for eight bars; double after a loss, begin anew after a win."""

    name = "doubling_down"
    summary = "Hold for eight bars; double after a loss, begin anew after a win."

    def __init__(self, params: Any, instrument: Instrument) -> None:
        super().__init__(params, instrument)
        self._size, self._before = 1.0, 0.0

    def on_fill(self, fill: Fill, desk: StrategyDesk) -> None:
        """Take note of a fill."""
        if fill.position == 0.0:
            lost = fill.realised_pnl < self._before
            self._size = self._size * 2.0 if lost else 1.0
            self._before = fill.realised_pnl

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if bar.index % 16 == 0:
            desk.target(self._size)
        elif bar.index % 16 == 8:
            desk.flat()


LIMITS = RiskLimits(max_order_quantity=16.0, max_position_quantity=16.0, max_order_notional=None)
CASE = Case(DoublingDown, markets.gaps, request={"limits": LIMITS})
