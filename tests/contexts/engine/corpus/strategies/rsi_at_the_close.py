"""The shipped reversion, filled at the close of the bar that decides."""

from __future__ import annotations

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contexts.engine.domain.strategies.rsi_reversion import RsiReversion
from fks.contracts.values import FillRule

CASE = Case(
    RsiReversion,
    markets.ranging,
    params={"period": 9, "lower": 30.0, "upper": 60.0},
    request={"quantity": 100.0, "fill_rule": FillRule.SAME_CLOSE},
)
