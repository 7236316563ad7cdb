"""Columns of the wrong length are the strategy's failure, not ours."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.columns import BarColumns, FeatureColumns
from fks.contracts.engine import Strategy


class BadColumns(Strategy):
    """One side too few."""

    name = "bad_columns"
    summary = "One side too few."

    def on_batch(self, bars: BarColumns, features: FeatureColumns) -> Any:
        """Say it in columns."""
        return np.ones(len(bars) - 1, dtype=np.int8)


CASE = Case(BadColumns, markets.quiet)
