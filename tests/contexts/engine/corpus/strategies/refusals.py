"""Orders that cannot be: no quantity, no tick, both prices, too large, too dear."""

from __future__ import annotations

from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import RiskLimits, StrategyDesk


class Refusals(Strategy):
    """Ask for what is refused, and once in a while for what is not."""

    name = "refusals"
    summary = "Ask for what is refused, and once in a while for what is not."

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        wish = bar.index % 9
        if wish == 0:
            desk.buy(0.0)
        elif wish == 1:
            desk.buy(1.5)
        elif wish == 2:
            desk.sell(1.0, limit=round(bar.close, 2) + 0.003)
        elif wish == 3:
            desk.buy(1.0, limit=90.0, stop=110.0)
        elif wish == 4:
            desk.buy(500.0)
        elif wish == 5:
            desk.sell(1.0, stop=-1.0)
        elif wish == 6:
            desk.target(0.25)
        elif wish == 7:
            desk.cancel(10_000)
        else:
            desk.target(float(bar.index // 9 % 3))


LIMITS = RiskLimits(
    max_order_quantity=400.0, max_position_quantity=None, max_order_notional=20_000.0
)
CASE = Case(Refusals, markets.ranging, request={"limits": LIMITS})
