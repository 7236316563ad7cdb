"""More conditions than fit a byte: ten rungs of a ladder around the mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy, Trigger
from fks.contracts.execution import StrategyDesk
from fks.contracts.transformer import IndicatorSpec


class NineTriggers(Strategy):
    """Hold less the higher the rung that the price climbed over."""

    name = "nine_triggers"
    summary = "Hold less the higher the rung that the price climbed over."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {"mean": IndicatorSpec(kind="sma", params={"period": 50})}

    def triggers(self) -> Sequence[Trigger]:
        """Name the conditions."""
        return tuple(
            Trigger(kind="cross_above", left="close", right="mean", tolerance=0.2 * rung)
            for rung in range(10)
        )

    def on_trigger(self, fired: int, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Act on what fired."""
        highest = fired.bit_length() - 1
        desk.target(10.0 * (4 - highest))


CASE = Case(NineTriggers, markets.ranging)
