"""The shipped breakout that protects each entry by a stop order."""

from __future__ import annotations

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contexts.engine.domain.strategies.breakout import BreakoutStop
from fks.contracts.execution import CostModel

CASE = Case(
    BreakoutStop,
    markets.gaps,
    params={"entry": 15, "exit": 8, "atr": 10, "stop_ranges": 1.5},
    request={"quantity": 10.0, "costs": CostModel(spread_ticks=3)},
)
