"""A period of the bars, on a coarser grid of lots than the instrument's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import StrategyDesk
from fks.contracts.transformer import IndicatorSpec


class PartOfTheBars(Strategy):
    """Long over the mean of ten closes."""

    name = "part_of_the_bars"
    summary = "Long over the mean of ten closes."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {"mean": IndicatorSpec(kind="sma", params={"period": 10})}

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if bar.close > values.mean:
            desk.long()
        elif bar.close < values.mean:
            desk.flat()


DAY_NS = 86_400_000_000_000
CASE = Case(
    PartOfTheBars,
    markets.trending,
    request={
        "from_ts_ns": markets.BEGIN_NS + 10 * DAY_NS,
        "to_ts_ns": markets.BEGIN_NS + 40 * DAY_NS,
        "tick_size": "0.005",
        "lot_size": "10",
        "multiplier": "2",
        "quantity": 30.0,
    },
)
