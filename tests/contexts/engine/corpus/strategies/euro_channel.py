"""Recorded minutes of the euro future: the shipped breakout in all its tiers."""

from __future__ import annotations

from tests.contexts.engine.corpus import recorded
from tests.contexts.engine.corpus.case import Case

from fks.contexts.engine.domain.strategies.breakout import Breakout
from fks.contracts.execution import CostModel

CASE = Case(
    Breakout,
    recorded.euro_minutes,
    params={"entry": 60, "exit": 20, "allow_short": True},
    request={"costs": CostModel(fee_per_unit=2.4, spread_ticks=1)},
)
