"""Compare the compiled indicators with their plain twins where they run, not only where built.

A compiler that contracts or reorders float operations would break the promise that a backtest
and a paper session see the same bits; this finds it on the user's own machine in milliseconds.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from fks.contexts.transformer.domain.catalogue import BUILT_IN, Catalogue
from fks.contracts.columns import BarColumns
from fks.contracts.transformer import IndicatorSpec

__all__ = ["differing_kinds"]

COUNT = 80  # bars: beyond the longest default warm-up


def differing_kinds() -> tuple[str, ...]:
    """Return the built-in kinds whose compiled values are not those of the twin, bit for bit."""
    bars = _bars()
    catalogue = Catalogue(BUILT_IN)
    differing = []
    for info in catalogue.infos:
        specs = {"x": IndicatorSpec(kind=info.kind)}
        compiled = catalogue.make(specs).update(bars)
        plain = catalogue.make(specs, compiled=False).update(bars)
        pairs = zip(compiled.columns, plain.columns, strict=True)
        if not all(np.array_equal(left, right, equal_nan=True) for left, right in pairs):
            differing.append(info.kind)
    return tuple(differing)


def _bars() -> BarColumns:
    """Return bars that rise, fall and rest, made without randomness."""
    step = np.arange(COUNT, dtype=np.int64)
    close = 5_000 + (step * 37) % 101 - (step * step) % 43
    return BarColumns(
        ts_ns=step * 3_600_000_000_000,
        open_ticks=close - step % 5,
        high_ticks=close + 3 + step % 7,
        low_ticks=close - 6 - step % 4,
        close_ticks=close,
        volume=1.1 + (step * 29 % 17) / 3.0,
        tick_size=Decimal("0.1"),
    )
