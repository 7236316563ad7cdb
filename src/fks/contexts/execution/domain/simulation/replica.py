"""The compiled replica of a recorded book, dressed in the values of its plain twin."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fks.contexts.execution.domain.simulation._replay import ROW_BYTES, Replica
from fks.contexts.execution.domain.simulation.events import L3_EVENT
from fks.contexts.execution.domain.simulation.recorded import Level, Outcome, Resting

__all__ = ["ReplayBook", "row_bytes"]

assert L3_EVENT.itemsize == ROW_BYTES
_OUTCOMES = tuple(Outcome)


class ReplayBook:
    """What `RecordedBook` is, compiled."""

    def __init__(self) -> None:
        self._core = Replica()
        self.clear = self._core.clear
        self.seed = self._core.seed
        self.best = self._core.best
        self.worst = self._core.worst
        self.rank = self._core.rank
        self.lots_at = self._core.lots_at
        self.queue = self._core.queue
        self.crossed = self._core.crossed
        self.advance = self._core.advance

    def __len__(self) -> int:
        """Return the number of orders with an id."""
        return len(self._core)

    def apply(self, kind: int, side: int, order_id: int, price: int, lots: int) -> Outcome:
        """Take one row in, and say how it fitted."""
        return _OUTCOMES[self._core.apply(kind, side, order_id, price, lots)]

    def apply_rows(self, events: npt.NDArray[Any]) -> None:
        """Take many rows of `L3_EVENT` in."""
        self._core.apply_bytes(row_bytes(events))

    def depth(self, side: int, levels: int) -> tuple[Level, ...]:
        """Return the best levels, the best one first."""
        return tuple(map(Level._make, self._core.depth(side, levels)))

    def order(self, order_id: int) -> Resting | None:
        """Return an order."""
        found = self._core.order(order_id)
        return None if found is None else Resting._make(found)


def row_bytes(events: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Return rows of `L3_EVENT` as the bytes that the compiled replica reads."""
    return np.ascontiguousarray(events, L3_EVENT).reshape(-1).view(np.uint8)
