"""Recorded minutes of a coin: bids under the market, offers over it, by fills alone."""

from __future__ import annotations

from typing import Any

from tests.contexts.engine.corpus import recorded
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import CostModel, Fill, StrategyDesk


class CoinScalper(Strategy):
    """Bid five ticks under each close; offer what was bought ten ticks higher."""

    name = "coin_scalper"
    summary = "Bid five ticks under each close; offer what was bought ten ticks higher."

    def on_fill(self, fill: Fill, desk: StrategyDesk) -> None:
        """Take note of a fill."""
        if fill.side.value == "buy":
            desk.sell(fill.quantity, limit=round(fill.price + 0.01, 3))

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if bar.index % 4 == 0 and desk.position < 500.0:
            desk.buy(25.0, limit=round(bar.close - 0.005, 3))
        elif bar.index % 480 == 479:
            desk.cancel_all()
            desk.flat()


CASE = Case(CoinScalper, recorded.coin_minutes, request={"costs": CostModel(fee_bps=2.0)})
