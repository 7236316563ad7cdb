"""Long series made short enough to draw, without losing what the eye looks for."""

from __future__ import annotations

import numpy as np

from fks.contracts.columns import Float64, Int64

__all__ = ["keep_extremes"]


def keep_extremes(values: Float64, points: int) -> Int64:
    """Return the rows to draw, in order, at most `points` of them.

    The series is cut into equal stretches; the first, last, lowest and highest of each stay, so
    no spike is lost. A series that is short enough stays whole.
    """
    assert points >= 4, "a stretch needs four points"
    total = len(values)
    if total <= points:
        return np.arange(total, dtype=np.int64)
    bounds = np.linspace(0, total, points // 4 + 1).astype(np.int64)
    rows = []
    for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        stretch = values[start:stop]
        rows += [start, start + int(stretch.argmin()), start + int(stretch.argmax()), stop - 1]
    return np.unique(np.array(rows, dtype=np.int64))
