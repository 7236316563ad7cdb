"""Follow volume: on-balance volume over its past, confirmed by the awesome oscillator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import StrategyDesk
from fks.contracts.transformer import IndicatorSpec
from fks.contracts.values import Instrument


class VolumeSurge(Strategy):
    """Long while volume flows in and the oscillator is above zero."""

    name = "volume_surge"
    summary = "Long while volume flows in and the oscillator is above zero."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {
            "flow": IndicatorSpec(kind="obv"),
            "push": IndicatorSpec(kind="ao"),
        }

    def __init__(self, params: Any, instrument: Instrument) -> None:
        super().__init__(params, instrument)
        self._mean = 0.0

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        self._mean += (values.flow - self._mean) / 50.0
        if values.flow > self._mean and values.push > 0.0:
            desk.long()
        elif values.flow < self._mean and values.push < 0.0:
            desk.short()


CASE = Case(VolumeSurge, markets.coin, request={"quantity": 0.5})
