"""Triggers over columns: which of a strategy's conditions fired at which bar.

Evaluated a chunk at a time; the relation at the last bar is kept, because a cross looks one bar
back. Any chunking gives the same result (a property test).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fks.contexts.engine.domain._triggers import fire
from fks.contracts.columns import BarColumns, FeatureColumns, Float64
from fks.contracts.engine import Trigger
from fks.kernel.errors import Invalid

__all__ = ["Triggers"]

_PRICES = ("open", "high", "low", "close", "volume")
_KINDS = ("cross_above", "cross_below", "above", "below")
_MOST = 63
_NOTHING = np.empty(0)


class Triggers:
    """The conditions of one strategy, with their state between chunks."""

    def __init__(self, triggers: Sequence[Trigger], names: Sequence[str]) -> None:
        """Take the conditions; `names` are the feature columns there will be.

        Raises `Invalid` for a kind or column that does not exist, or too many conditions.
        """
        if len(triggers) > _MOST:
            raise Invalid(
                f"{len(triggers)} triggers; a strategy has {_MOST} at most",
                code="engine.too_many_triggers",
            )
        known = (*names, *_PRICES)
        for trigger in triggers:
            if trigger.kind not in _KINDS:
                raise Invalid(
                    f"no trigger kind {trigger.kind!r}; there are: {', '.join(_KINDS)}",
                    code="engine.bad_trigger",
                )
            for side in (trigger.left, trigger.right):
                if isinstance(side, str) and side not in known:
                    raise Invalid(
                        f"a trigger names {side!r}; there are: {', '.join(known)}",
                        code="engine.bad_trigger",
                    )
        self._triggers = tuple(triggers)
        self._held = [False] * len(triggers)
        # The desk's fast path takes bytes; more than eight conditions need the wide form.
        self._type: Any = np.uint8 if len(triggers) <= 8 else np.uint64

    def update(self, bars: BarColumns, features: FeatureColumns) -> npt.NDArray[Any]:
        """Return for each bar the bit set of the conditions that fired: bit k is trigger k."""
        fired = np.zeros(len(bars), dtype=self._type)
        for number, trigger in enumerate(self._triggers):
            fixed = not isinstance(trigger.right, str)
            self._held[number] = fire(
                _column(trigger.left, bars, features),
                _NOTHING if fixed else _column(str(trigger.right), bars, features),
                float(trigger.right) if fixed else 0.0,
                trigger.tolerance,
                trigger.kind.endswith("above"),
                trigger.kind.startswith("cross"),
                self._held[number],
                number,
                fired,
            )
        return fired


def _column(name: str, bars: BarColumns, features: FeatureColumns) -> Float64:
    """Return a feature, else a price column; a feature of that name goes first."""
    if name in features.names:
        return np.ascontiguousarray(features[name], dtype=np.float64)
    return np.ascontiguousarray(getattr(bars, name), dtype=np.float64)
