"""A tenth of what the account has earned and had, in whole shares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import CostModel, Fill, StrategyDesk
from fks.contracts.transformer import IndicatorSpec
from fks.contracts.values import Instrument


class FixedFraction(Strategy):
    """Size each entry by the account, as its fills tell it."""

    name = "fixed_fraction"
    summary = "Size each entry by the account, as its fills tell it."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {"roc": IndicatorSpec(kind="roc", params={"period": 40})}

    def __init__(self, params: Any, instrument: Instrument) -> None:
        super().__init__(params, instrument)
        self._money = 100_000.0

    def on_fill(self, fill: Fill, desk: StrategyDesk) -> None:
        """Take note of a fill."""
        self._money = 100_000.0 + fill.realised_pnl

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if values.roc > 1.0 and desk.position == 0.0:
            desk.buy(float(math.floor(self._money / 10.0 / bar.close)))
        elif values.roc < 0.0:
            desk.flat()


CASE = Case(FixedFraction, markets.trending, request={"costs": CostModel(fee_bps=5.0)})
