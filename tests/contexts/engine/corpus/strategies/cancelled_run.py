"""A run that is told to stop after its first stretch of bars."""

from __future__ import annotations

from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import StrategyDesk


class CancelledRun(Strategy):
    """Always long."""

    name = "cancelled_run"
    summary = "Always long."

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        desk.long()


CASE = Case(CancelledRun, lambda: markets.trending(8, 5_000), stop_after=4_096)
