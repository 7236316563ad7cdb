"""Only ever short: sell what rose too far, buy it back at the mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import StrategyDesk
from fks.contracts.transformer import IndicatorSpec


class ShortFade(Strategy):
    """Sell two deviations above the mean."""

    name = "short_fade"
    summary = "Sell two deviations above the mean."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {
            "mean": IndicatorSpec(kind="sma", params={"period": 30}),
            "noise": IndicatorSpec(kind="stddev", params={"period": 30}),
        }

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if bar.close > values.mean + 2.0 * values.noise:
            desk.short()
        elif bar.close < values.mean:
            desk.flat()


CASE = Case(ShortFade, markets.ranging, request={"quantity": 60.0})
