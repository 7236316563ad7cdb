"""Back to the session's average price by volume, flat overnight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import StrategyDesk
from fks.contracts.transformer import IndicatorSpec


class VwapFade(Strategy):
    """Buy half a percent under it, sell half a percent over it."""

    name = "vwap_fade"
    summary = "Buy half a percent under it, sell half a percent over it."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {"vwap": IndicatorSpec(kind="vwap", params={"session_offset_min": 870})}

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        minute = bar.ts_ns // 60_000_000_000 % 1440 - 870
        away = bar.close / values.vwap - 1.0
        if minute >= 380:
            desk.flat()
        elif away < -0.005:
            desk.long()
        elif away > 0.005:
            desk.short()
        elif desk.position * away > 0.0:
            desk.flat()


CASE = Case(VwapFade, markets.sessions, request={"quantity": 40.0})
