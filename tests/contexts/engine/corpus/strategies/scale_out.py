"""Four units in, one out at each of four prices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import Fill, StrategyDesk
from fks.contracts.transformer import IndicatorSpec


class ScaleOut(Strategy):
    """Buy four on strength; offer one each 15, 30, 45 and 60 ticks higher."""

    name = "scale_out"
    summary = "Buy four on strength; offer one each 15, 30, 45 and 60 ticks higher."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {"surge": IndicatorSpec(kind="volume_ratio", params={"period": 20})}

    def on_fill(self, fill: Fill, desk: StrategyDesk) -> None:
        """Take note of a fill."""
        if fill.quantity == 4.0:
            for rung in range(1, 5):
                desk.sell(1.0, limit=round(fill.price + 3.75 * rung, 2))

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if desk.position == 0.0 and values.surge > 1.6:
            desk.buy(4.0)
        elif bar.index % 200 == 199:
            desk.cancel_all()
            desk.flat()


CASE = Case(ScaleOut, markets.future)
