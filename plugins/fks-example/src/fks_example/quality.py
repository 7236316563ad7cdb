"""A quality rule: bars that close exactly at a round price, which a filled-in price often is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fks.contracts.data.quality import Marked

if TYPE_CHECKING:
    from fks.contracts.columns import BarColumns
    from fks.contracts.data.quality import QualityContext

__all__ = ["RoundCloses"]


class RoundCloses:
    """Doubt bars whose close is a multiple of a thousand ticks, where more than a tenth are."""

    code = "example_round_close"
    title = "round closes"
    severity = "warning"
    weight = 0.5

    def check(self, bars: BarColumns, context: QualityContext) -> Marked | None:
        """Return these bars, or None where they are as rare as they should be."""
        rows = np.flatnonzero(bars.close_ticks % 1000 == 0)
        if len(rows) * 10 <= len(bars):
            return None
        return Marked(rows, "closes are multiples of a thousand ticks far too often")
