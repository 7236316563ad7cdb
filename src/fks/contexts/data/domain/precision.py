"""How fine prices are: the decimal places that write all of them exactly.

Files of some vendors hold prices that once were 32-bit floats (135.44 as 135.44000244140625).
They are recognised and read as the decimals they were. Prices with more digits than a desk can
account for (adjusted for splits, averaged) are rounded, and the report says how many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fks.contexts.data.domain._precision import places_of
from fks.contracts.columns import Float64

__all__ = ["MAX_PLACES", "Precision", "off_grid", "precision_of"]

MAX_PLACES = 9
_SIGNIFICANT = 9
_BEYOND = 1e9


class Precision(NamedTuple):
    """Decimal places, and whether they write every price exactly (or it has to be rounded)."""

    places: int
    exact: bool


def precision_of(columns: Sequence[Float64]) -> Precision:
    """Return the fewest places that write all finite prices of some columns, 9 at most.

    Where none do, it is enough places for nine significant digits of the largest price.
    """
    places = 0
    for column in columns:
        places = places_of(np.ascontiguousarray(column), places)
        if places < 0:
            return _rounded(np.concatenate([_usable(one) for one in columns]))
    return Precision(places, True)


def _usable(prices: Float64) -> Float64:
    """Return the prices that can be prices at all."""
    with np.errstate(invalid="ignore"):
        return prices[np.abs(prices) < _BEYOND]


def _rounded(prices: Float64) -> Precision:
    """Return the places to round to: those of 32-bit floats, or as many as make nine digits."""
    single = prices.astype(np.float32)
    if np.array_equal(single.astype(np.float64), prices):
        for places in range(MAX_PLACES):
            if np.array_equal(np.round(prices, places).astype(np.float32), single):
                return Precision(places, False)
    whole = len(str(int(np.abs(prices).max())))
    return Precision(max(0, min(MAX_PLACES, _SIGNIFICANT - whole)), False)


def off_grid(steps: Float64) -> npt.NDArray[np.bool_]:
    """Tell which numbers of steps are not whole, but for the last bits of their computation."""
    return np.asarray(np.abs(steps - np.rint(steps)) > np.maximum(np.abs(steps), 1.0) * 4e-15)
