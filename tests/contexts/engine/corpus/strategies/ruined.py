"""More debt than money: equity falls through zero and the run goes on."""

from __future__ import annotations

from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import StrategyDesk


class Ruined(Strategy):
    """Add to a loser until nothing is left."""

    name = "ruined"
    summary = "Add to a loser until nothing is left."

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if bar.index % 5 == 0:
            desk.buy(1.0)


CASE = Case(Ruined, markets.below_zero, request={"cash": 5_000.0})
