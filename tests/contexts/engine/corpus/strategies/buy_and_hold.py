"""The plainest of all, on the shipped index: what it gives is what the index gave."""

from __future__ import annotations

from typing import Any

from tests.contexts.engine.corpus import recorded
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import StrategyDesk


class BuyAndHold(Strategy):
    """Buy once."""

    name = "buy_and_hold"
    summary = "Buy once."

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        desk.long()


CASE = Case(BuyAndHold, recorded.sp500_daily, request={"quantity": 10.0})
