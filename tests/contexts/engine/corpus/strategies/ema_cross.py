"""Two exponential means: long while the fast one is above, short while it is below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import StrategyDesk
from fks.contracts.transformer import IndicatorSpec


class EmaCross(Strategy):
    """Long above, short below the slow mean."""

    name = "ema_cross"
    summary = "Long above, short below the slow mean."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {
            "fast": IndicatorSpec(kind="ema", params={"period": 12}),
            "slow": IndicatorSpec(kind="ema", params={"period": 48}),
        }

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if values.fast > values.slow:
            desk.long()
        elif values.fast < values.slow:
            desk.short()


CASE = Case(EmaCross, markets.trending, request={"quantity": 100.0})
