"""What is known of the market at an instant: a book by order or by price, and the last trade.

Lots that own orders took stay *taken*: a recorded level goes on showing them, but they are not
there for the next own order, until the level itself shrinks below.
"""

from __future__ import annotations

from collections.abc import Iterator

from fks.contexts.execution.domain.simulation.events import BUY, SELL
from fks.contexts.execution.domain.simulation.replica import ReplayBook

__all__ = ["Market"]

_STEP = 8


class Market:
    """The state that the data describes. `whole` says that a level not shown does not exist."""

    def __init__(self, whole: bool) -> None:
        self.book = ReplayBook()
        self.last: int | None = None
        self.halted = False
        self._whole = whole
        self._taken: dict[tuple[int, int], int] = {}

    def best(self, side: int) -> int | None:
        """Return the best price of a side that has lots left."""
        for price, _ in self.offered(side):
            return price
        return None

    def offered(self, side: int) -> Iterator[tuple[int, int]]:
        """Yield (price, lots) from the best level on, without what own orders took."""
        shown, seen = _STEP, 0
        while True:
            levels = self.book.depth(side, shown)
            for level in levels[seen:]:
                lots = level.lots - self._taken.get((side, level.price), 0)
                if lots > 0:
                    yield level.price, lots
            if len(levels) < shown:
                return
            seen, shown = shown, shown * 4

    def take(self, side: int, price: int, lots: int) -> None:
        """Count lots as taken by an own order."""
        at = (side, price)
        self._taken[at] = self._taken.get(at, 0) + lots

    @property
    def untaken(self) -> bool:
        """Tell whether nothing is counted as taken."""
        return not self._taken

    def level_set(self, side: int, price: int) -> None:
        """Forget what was taken beyond what a level shows now."""
        at = (side, price)
        if at in self._taken:
            left = min(self._taken[at], self.book.lots_at(side, price))
            if left > 0:
                self._taken[at] = left
            else:
                del self._taken[at]

    def forget_taken(self, side: int | None = None) -> None:
        """Forget all that was taken, or that of one side: its levels are told anew."""
        for at in [at for at in self._taken if side is None or at[0] == side]:
            self.level_set(*at)

    def visible_lots(self, side: int, price: int) -> int | None:
        """Return strangers' lots at a price; None where the data cannot know."""
        lots = self.book.lots_at(side, price)
        if lots or self._whole:
            return lots
        best = self.book.best(side)
        if best is None:
            return None
        if (price > best) if side == BUY else (price < best):
            return 0  # better than anything shown
        worst = self.book.worst(side)
        inside = worst is not None and (price > worst if side == BUY else price < worst)
        return 0 if inside else None

    def touch(self, side: int) -> int | None:
        """Return the price against which an order of `side` is taken or triggered."""
        return self.best(SELL if side == BUY else BUY)

    def mark(self) -> int | None:
        """Return the price that open profit is counted at: last trade, or the middle."""
        if self.last is not None:
            return self.last
        bid, ask = self.book.best(BUY), self.book.best(SELL)
        if bid is not None and ask is not None:
            return (bid + ask) // 2
        return bid if bid is not None else ask
