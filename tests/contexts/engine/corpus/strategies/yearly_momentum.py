"""A year's momentum on the shipped index, looked at once in 21 days."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import recorded
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import CostModel, StrategyDesk
from fks.contracts.transformer import IndicatorSpec


class YearlyMomentum(Strategy):
    """Long where the last 252 days rose, else out."""

    name = "yearly_momentum"
    summary = "Long where the last 252 days rose, else out."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {"roc": IndicatorSpec(kind="roc", params={"period": 252})}

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if bar.index % 21 == 0:
            if values.roc > 0.0:
                desk.long()
            else:
                desk.flat()


CASE = Case(YearlyMomentum, recorded.nasdaq_daily, request={"costs": CostModel(fee_bps=3.0)})
