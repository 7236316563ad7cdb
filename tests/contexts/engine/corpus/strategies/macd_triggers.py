"""Python only where the histogram changes its sign: declared triggers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy, Trigger
from fks.contracts.execution import StrategyDesk
from fks.contracts.transformer import IndicatorSpec


class MacdTriggers(Strategy):
    """Long while the histogram is above zero."""

    name = "macd_triggers"
    summary = "Long while the histogram is above zero."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {"macd": IndicatorSpec(kind="macd")}

    def triggers(self) -> Sequence[Trigger]:
        """Name the conditions."""
        return (
            Trigger(kind="cross_above", left="macd_histogram", right=0.0),
            Trigger(kind="cross_below", left="macd_histogram", right=0.0),
        )

    def on_trigger(self, fired: int, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Act on what fired."""
        if fired & 1:
            desk.long()
        else:
            desk.flat()


CASE = Case(MacdTriggers, markets.trending, request={"quantity": 30.0})
