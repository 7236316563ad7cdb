"""Bids and offers on fixed rungs, each fill answered on the next rung."""

from __future__ import annotations

from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import CostModel, Fill, StrategyDesk


class Grid(Strategy):
    """Twenty rungs of 25 cents around 100."""

    name = "grid"
    summary = "Twenty rungs of 25 cents around 100."

    def on_fill(self, fill: Fill, desk: StrategyDesk) -> None:
        """Take note of a fill."""
        if fill.quantity == 3.0:
            place, away = (desk.sell, 0.25) if fill.side.value == "buy" else (desk.buy, -0.25)
            place(3.0, limit=round(fill.price + away, 2))

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if bar.index == 0:
            for rung in range(1, 11):
                desk.buy(3.0, limit=100.0 - 0.25 * rung)
                desk.sell(3.0, limit=100.0 + 0.25 * rung)


CASE = Case(Grid, markets.ranging, request={"costs": CostModel(fee_minimum=0.35)})
