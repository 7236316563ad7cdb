"""The same signals where shorts are not allowed: each is refused once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import RiskLimits, StrategyDesk
from fks.contracts.transformer import IndicatorSpec


class ShortsRefused(Strategy):
    """Long above the mean; what is meant to be short stays out."""

    name = "shorts_refused"
    summary = "Long above the mean; what is meant to be short stays out."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {"mean": IndicatorSpec(kind="ema", params={"period": 25})}

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if bar.close > values.mean:
            desk.long()
        elif bar.close < values.mean:
            desk.short()


LIMITS = RiskLimits(
    max_order_quantity=None,
    max_position_quantity=None,
    max_order_notional=None,
    allow_short=False,
)
CASE = Case(ShortsRefused, markets.trending, request={"quantity": 10.0, "limits": LIMITS})
