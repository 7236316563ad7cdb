"""The shipped crossover, in all three tiers, with fees and slippage."""

from __future__ import annotations

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contexts.engine.domain.strategies.sma_cross import SmaCross
from fks.contracts.execution import CostModel

CASE = Case(
    SmaCross,
    markets.trending,
    params={"fast": 10, "slow": 40, "allow_short": True},
    request={"quantity": 50.0, "costs": CostModel(fee_bps=2.5, slippage_ticks=1)},
)
