"""Decisions in columns alone: buy what left the bottom, sell what left the top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.columns import BarColumns, FeatureColumns
from fks.contracts.engine import NO_OPINION, Strategy
from fks.contracts.transformer import IndicatorSpec


class StochasticColumns(Strategy):
    """Long under 20, flat over 80."""

    name = "stochastic_columns"
    summary = "Long under 20, flat over 80."

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Name what is read."""
        return {"osc": IndicatorSpec(kind="stochastic", params={"period": 10})}

    def on_batch(self, bars: BarColumns, features: FeatureColumns) -> Any:
        """Say it in columns."""
        sides = np.full(len(bars), NO_OPINION, dtype=np.int8)
        sides[features["osc"] < 20.0] = 1
        sides[features["osc"] > 80.0] = 0
        return sides


CASE = Case(StochasticColumns, markets.ranging, request={"quantity": 40.0})
