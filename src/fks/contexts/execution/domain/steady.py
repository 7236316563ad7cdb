"""Orders without end around a book that stays as large as it is, for soaks of the engine.

55 % are new, 35 % cancel and 10 % replace a live order, drawn from one PCG64. Most new orders rest
on their side of a fixed price; the others trade at once, the more the fuller the book is. What is
live is known from events only, as a client knows it, so a cancel may come too late.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fks.contexts.execution.domain.matching.layout import (
    COMMAND,
    CommandKind,
    EventKind,
    OrderKind,
    Tif,
)
from fks.contexts.execution.domain.matching.workload import ACCOUNTS, MIDDLE

__all__ = ["SteadyFlow"]

Rows = npt.NDArray[np.void]
_NEW, _CANCELLED = 0.55, 0.90  # cumulative shares; the rest is replaced
_TAKERS = 10 / 55  # of the new orders, where the book is as large as wanted
_MAKER_DONE, _TAKER_DONE = 1, 2


class SteadyFlow:
    """Rows of COMMAND for instrument 0; the side of an order is the last bit of its id."""

    def __init__(self, seed: int, resting: int) -> None:
        self._draw = np.random.Generator(np.random.PCG64(seed))
        self._resting = resting
        self._live: list[int] = []
        self._at: dict[int, int] = {}  # id -> place in the list
        self._sides = [0, 0]
        self._drawn = 0

    @property
    def live(self) -> int:
        """Return how many orders are live as far as is known."""
        return len(self._live)

    def filling(self) -> Rows:
        """Return the orders that fill the book."""
        return self._new(self._resting, np.zeros(self._resting, np.bool_))

    def rows(self, count: int) -> Rows:
        """Return the next commands."""
        draw, live = self._draw, self._live
        what = draw.random(count)
        new = what < _NEW if live else np.ones(count, np.bool_)
        takers = draw.random(count) < min(0.9, _TAKERS * len(live) / self._resting)
        made = self._new(count, takers)
        known = np.flatnonzero(~new)
        if len(known):
            old = made[known]
            places = draw.integers(0, len(live), len(known)).tolist()
            old["id"] = [live[place] for place in places]
            cancelled = what[known] < _CANCELLED
            old["kind"] = np.where(cancelled, CommandKind.CANCEL, CommandKind.REPLACE)
            old["side"], old["tif"], old["account"] = old["id"] & 1, Tif.GTC, 0
            old["price"] = self._prices(old["side"])
            made[known] = old
        return made

    def hear(self, events: Rows) -> None:
        """Learn what is live from events, in their order."""
        accepted, trade = EventKind.ACCEPTED, EventKind.TRADE
        over = (EventKind.CANCELLED, EventKind.EXPIRED)
        kinds, flags, ids, others = (events[n].tolist() for n in ("kind", "flags", "id", "other"))
        for kind, flag, key, other in zip(kinds, flags, ids, others, strict=True):
            if kind == accepted:
                self._at[key] = len(self._live)
                self._live.append(key)
                self._sides[key & 1] += 1
            elif kind == trade:
                if flag & _MAKER_DONE:
                    self._forget(other)
                if flag & _TAKER_DONE:
                    self._forget(key)
            elif kind in over:
                self._forget(key)

    def _forget(self, key: int) -> None:
        """Take an order out; the last of the live ones takes its place."""
        at = self._at.pop(key, None)
        if at is None:
            return
        last = self._live.pop()
        if last != key:
            self._live[at] = last
            self._at[last] = at
        self._sides[key & 1] -= 1

    def _new(self, count: int, takers: npt.NDArray[np.bool_]) -> Rows:
        """Return new orders; takers meet the fuller side more often, and never rest."""
        draw, made = self._draw, np.zeros(count, COMMAND)
        buys, sells = self._sides
        meets_buy = draw.random(count) * (buys + sells) < buys
        side = np.where(takers, meets_buy, draw.integers(0, 2, count)).astype(np.int64)
        numbers: npt.NDArray[Any] = np.arange(self._drawn + 1, self._drawn + count + 1)
        self._drawn += count
        made["kind"], made["type"], made["side"] = CommandKind.ADD, OrderKind.LIMIT, side
        made["id"] = numbers * 2 + side
        made["account"] = 1 + numbers % ACCOUNTS
        made["quantity"] = draw.integers(1, 101, count)
        made["price"] = np.where(takers, MIDDLE + 500 - 1000 * side, self._prices(side))
        made["tif"] = np.where(takers, Tif.IOC, Tif.GTC)
        return made

    def _prices(self, side: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Return prices that do not meet the other side."""
        away = self._draw.geometric(1 / 40, len(side))
        return np.where(side == 1, MIDDLE + away, MIDDLE - away)
