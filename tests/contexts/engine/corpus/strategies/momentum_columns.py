"""Rate of change in columns and bar by bar: both decide alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.columns import BarColumns, FeatureColumns
from fks.contracts.engine import NO_OPINION, Strategy
from fks.contracts.execution import StrategyDesk
from fks.contracts.transformer import IndicatorSpec


class MomentumColumns(Strategy):
    """Long after a rise of two percent, short after such a fall."""

    name = "momentum_columns"
    summary = "Long after a rise of two percent, short after such a fall."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {"roc": IndicatorSpec(kind="roc", params={"period": 20})}

    def on_batch(self, bars: BarColumns, features: FeatureColumns) -> Any:
        """Say it in columns."""
        roc = features["roc"]
        return np.where(roc > 2.0, 1, np.where(roc < -2.0, -1, NO_OPINION)).astype(np.int8)

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close."""
        if values.roc > 2.0:
            desk.long()
        elif values.roc < -2.0:
            desk.short()


CASE = Case(MomentumColumns, markets.gaps, request={"quantity": 10.0})
