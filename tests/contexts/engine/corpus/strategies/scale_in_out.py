"""Steps of a third in and out, by how far the oscillator has gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import CostModel, StrategyDesk
from fks.contracts.transformer import IndicatorSpec


class ScaleInOut(Strategy):
    """Hold a multiple of 0.333 that follows the index of relative strength."""

    name = "scale_in_out"
    summary = "Hold a multiple of 0.333 that follows the index of relative strength."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {"rsi": IndicatorSpec(kind="rsi", params={"period": 21})}

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if values.rsi > 0.0:
            desk.target(round(0.333 * round((50.0 - values.rsi) / 5.0), 3))


CASE = Case(ScaleInOut, markets.coin, request={"costs": CostModel(fee_bps=4.0)})
