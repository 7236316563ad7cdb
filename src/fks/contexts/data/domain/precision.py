"""How fine prices are: the decimal places that write all of them exactly.

Files of some vendors hold prices that once were 32-bit floats (135.44 as 135.44000244140625).
They are recognised and read as the decimals they were. Prices with more digits than a desk can
account for (adjusted for splits, averaged) are rounded, and the report says how many.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fks.contracts.columns import Float64

__all__ = ["MAX_PLACES", "Precision", "precision_of"]

MAX_PLACES = 9
_SIGNIFICANT = 9


class Precision(NamedTuple):
    """Decimal places, and whether they write every price exactly (or it has to be rounded)."""

    places: int
    exact: bool


def precision_of(prices: Float64) -> Precision:
    """Return the fewest places that write all finite prices, 9 at most.

    Where none do, it is enough places for nine significant digits of the largest price.
    """
    left = prices[np.isfinite(prices) & (np.abs(prices) < 1e9)]
    if len(left) == 0:
        return Precision(0, True)
    found = _places(left)
    if found is not None:
        return Precision(found, True)
    single = left.astype(np.float32)
    if np.array_equal(single.astype(np.float64), left):
        for places in range(MAX_PLACES):
            if np.array_equal(np.round(left, places).astype(np.float32), single):
                return Precision(places, False)
    whole = len(str(int(np.abs(left).max())))
    return Precision(max(0, min(MAX_PLACES, _SIGNIFICANT - whole)), False)


def _places(left: Float64) -> int | None:
    """Return the fewest places that write all prices, None if nine do not."""
    for places in range(MAX_PLACES + 1):
        left = left[off_grid(left * 10.0**places)]
        if len(left) == 0:
            return places
    return None


def off_grid(steps: Float64) -> npt.NDArray[np.bool_]:
    """Tell which numbers of steps are not whole, beyond what their 53 bits can tell."""
    return np.asarray(np.abs(steps - np.rint(steps)) > np.maximum(np.abs(steps), 1.0) * 2e-11)
