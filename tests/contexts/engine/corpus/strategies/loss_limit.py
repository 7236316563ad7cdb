"""Trade until so much is lost, then never again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import Fill, StrategyDesk
from fks.contracts.transformer import IndicatorSpec
from fks.contracts.values import Instrument


class LossLimit(Strategy):
    """Follow the mean; stop for good after a loss of 300."""

    name = "loss_limit"
    summary = "Follow the mean; stop for good after a loss of 300."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {"mean": IndicatorSpec(kind="sma", params={"period": 5})}

    def __init__(self, params: Any, instrument: Instrument) -> None:
        super().__init__(params, instrument)
        self._over = False

    def on_fill(self, fill: Fill, desk: StrategyDesk) -> None:
        """Take note of a fill."""
        self._over = self._over or fill.realised_pnl < -300.0

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if self._over:
            desk.flat()
        elif bar.close > values.mean:
            desk.long()
        else:
            desk.short()


CASE = Case(LossLimit, markets.ranging, request={"quantity": 20.0})
