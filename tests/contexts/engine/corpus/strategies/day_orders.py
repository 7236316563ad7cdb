"""Orders for the session: cancelled, and the position closed, in its last half hour."""

from __future__ import annotations

from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import CostModel, StrategyDesk
from fks.contracts.values import Instrument


class DayOrders(Strategy):
    """Fade the first hour's move with a limit order, flat overnight."""

    name = "day_orders"
    summary = "Fade the first hour's move with a limit order, flat overnight."

    def __init__(self, params: Any, instrument: Instrument) -> None:
        super().__init__(params, instrument)
        self._opened = 0.0

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        minute = bar.ts_ns // 60_000_000_000 % 1440 - 870
        if minute == 0:
            self._opened = bar.open
        elif minute == 60 and bar.close != self._opened:
            away = 0.25 if bar.close < self._opened else -0.25
            place = desk.buy if away > 0 else desk.sell
            place(20.0, limit=round(bar.close - away, 2))
        elif minute == 365:
            desk.cancel_all()
            desk.flat()


CASE = Case(DayOrders, markets.sessions, request={"costs": CostModel(fee_per_unit=0.005)})
