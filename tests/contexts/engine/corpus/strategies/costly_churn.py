"""Every cost at once, by a strategy that turns around every fifth bar."""

from __future__ import annotations

from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import CostModel, StrategyDesk


class CostlyChurn(Strategy):
    """Long and short by turns."""

    name = "costly_churn"
    summary = "Long and short by turns."

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if bar.index % 10 == 0:
            desk.long()
        elif bar.index % 10 == 5:
            desk.short()


COSTS = CostModel(
    fee_bps=1.25,
    fee_per_unit=0.004,
    fee_minimum=1.5,
    slippage_ticks=1,
    slippage_bps=0.75,
    spread_ticks=3,
)
CASE = Case(CostlyChurn, markets.ranging, request={"quantity": 75.0, "costs": COSTS})
