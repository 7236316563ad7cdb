"""A strategy whose code fails in the middle of a run."""

from __future__ import annotations

from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import StrategyDesk


class Failing(Strategy):
    """Divide by what is zero at bar 700."""

    name = "failing"
    summary = "Divide by what is zero at bar 700."

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        desk.target(100.0 / (700 - bar.index) // 1)


CASE = Case(Failing, markets.trending)
