"""The book of a recording, followed while its changes become rows.

It tells which changes came before any snapshot, where the book broke by its exchange's rule, and
which levels left a book of a fixed depth: an exchange does not tell of those, so that without a row
for each they would stay in the book for ever.
"""

from __future__ import annotations

from bisect import bisect_left, insort

import numpy as np

from fks.contexts.data.adapters.formats.recorded_updates import Fallen
from fks.contexts.data.domain.books.outcomes import Outcome
from fks.contexts.data.domain.books.sync import BookSync
from fks.contracts.data.streams import LEVEL, NO_ID, BookRule, DepthUpdate

__all__ = ["FollowedBook"]

_FINEST = 18
_NONE: Fallen = ((), ())


class FollowedBook:
    """The book of the one symbol that is read."""

    def __init__(self, rule: BookRule) -> None:
        self._rule = rule
        self._sync = BookSync(rule)
        self._begun = self._broken = False
        self._last_id = NO_ID
        self._early = self._breaks = 0
        self._first_break = ""
        self._sides: tuple[list[int], list[int]] = ([], [])

    def connected(self) -> None:
        """Begin anew: the connection is another one."""
        self._sync.lost()
        self._begun = self._broken = False
        self._last_id = NO_ID

    def take(self, row: int, update: DepthUpdate) -> Fallen | None:
        """Return the prices that leave the book with an update; None where it has no beginning."""
        if self._rule.snapshot == "page":
            self._link(row, update)
            return _NONE
        if update.snapshot:
            self._begun, self._broken = True, False
        if not self._begun:
            self._early += 1
            return None
        if not self._broken:
            outcome = self._sync.take(update)
            if outcome.resync:
                self._broken = True
                self._break(row, _said(outcome))
        return self._cut(update) if update.depth else _NONE

    def notes(self) -> list[str]:
        """Return what has to be said of the book."""
        notes = []
        if self._rule.snapshot == "page":
            notes.append("snapshots of the books were asked for apart, and are in the .http file")
        if self._early:
            notes.append(f"{self._early} changes came before a snapshot, and are left out")
        if self._breaks:
            times = "once" if self._breaks == 1 else f"{self._breaks} times"
            notes.append(f"the book broke {times}, first in {self._first_break}")
        return notes

    def refusal(self, name: str, symbol: str | None) -> str:
        """Return why there are no rows; empty where the book is not the reason."""
        if not self._early:
            return ""
        return (
            f"{name} has {self._early} changes of the book of {symbol} and no snapshot that they "
            "begin from; its trades or quotes can be read with --kind"
        )

    def _break(self, row: int, why: str) -> None:
        self._breaks += 1
        self._first_break = self._first_break or f"line {row}: {why}"

    def _link(self, row: int, update: DepthUpdate) -> None:
        """Look at the ids alone, where the snapshot is not in the recording."""
        before = update.first_id - 1 if self._rule.link == "contiguous" else update.previous_id
        if self._last_id != NO_ID and self._rule.link in ("contiguous", "previous"):
            if before > self._last_id:
                self._break(row, f"changes from {self._last_id} to {before} are missing")
            elif before < self._last_id:
                return
        self._last_id = max(self._last_id, update.last_id)

    def _cut(self, update: DepthUpdate) -> Fallen:
        """Keep the depth's best levels of each side, and return the prices of the others."""
        factor = int(10 ** (_FINEST - update.scale.price))
        fallen: tuple[list[str], list[str]] = ([], [])
        for number, (packed, sign) in enumerate(((update.bids, -1), (update.asks, 1))):
            side = self._sides[number]
            if update.snapshot:
                side.clear()
            for level in np.frombuffer(packed, LEVEL):
                key = sign * int(level["price"]) * factor
                place = bisect_left(side, key)
                there = place < len(side) and side[place] == key
                if int(level["quantity"]) == 0:
                    if there:
                        del side[place]
                elif not there:
                    insort(side, key)
            fallen[number].extend(f"{sign * key}e-{_FINEST}" for key in side[update.depth :])
            del side[update.depth :]
        return fallen


def _said(outcome: Outcome) -> str:
    """Return an outcome as words."""
    fields = ", ".join(f"{name} {getattr(outcome, name)}" for name in outcome.__struct_fields__)
    return f"{type(outcome).__name__} ({fields})"
