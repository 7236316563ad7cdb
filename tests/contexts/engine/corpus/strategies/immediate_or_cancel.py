"""Limit orders that live for one bar: what it does not fill is cancelled."""

from __future__ import annotations

from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import StrategyDesk
from fks.contracts.values import Instrument


class ImmediateOrCancel(Strategy):
    """Ask for the next bar only, at the close of this one."""

    name = "immediate_or_cancel"
    summary = "Ask for the next bar only, at the close of this one."

    def __init__(self, params: Any, instrument: Instrument) -> None:
        super().__init__(params, instrument)
        self._order = 0

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        desk.cancel(self._order)
        side = bar.index // 40 % 2
        if side == 0 and desk.position < 5.0:
            self._order = desk.buy(1.0, limit=bar.close)
        elif side == 1 and desk.position > -5.0:
            self._order = desk.sell(1.0, limit=bar.close)


CASE = Case(ImmediateOrCancel, markets.future)
