"""The shipped breakout on a future, long and short."""

from __future__ import annotations

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contexts.engine.domain.strategies.breakout import Breakout
from fks.contracts.execution import CostModel

CASE = Case(
    Breakout,
    markets.future,
    params={"entry": 30, "exit": 12, "allow_short": True},
    request={"quantity": 2.0, "costs": CostModel(fee_per_unit=2.1)},
)
