"""More resting orders than are allowed: the twenty-sixth is refused."""

from __future__ import annotations

from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import RiskLimits, StrategyDesk


class CrowdedBook(Strategy):
    """A bid at each of many levels, thinned every fifty bars."""

    name = "crowded_book"
    summary = "A bid at each of many levels, thinned every fifty bars."

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if bar.index % 50 == 49:
            desk.cancel_all()
        else:
            desk.buy(1.0, limit=round(bar.close - 3.0, 2))


LIMITS = RiskLimits(
    max_order_quantity=None,
    max_position_quantity=None,
    max_order_notional=None,
    max_open_orders=25,
)
CASE = Case(CrowdedBook, markets.trending, request={"limits": LIMITS})
