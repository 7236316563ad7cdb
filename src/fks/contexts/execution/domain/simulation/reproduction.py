"""What a recording proves about the book: its own levels come out again, and it is consistent.

`reproduce` compares with levels that the provider recorded beside its messages; `inspect` checks
what must hold in any feed by order. Both count what is outside what the messages can tell.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from fks.contexts.execution.domain.simulation.events import BUY, LAST, SELL, L3Kind
from fks.contexts.execution.domain.simulation.recorded import Level, Outcome

__all__ = ["Book", "Inspection", "Reproduction", "inspect", "reproduce"]

_TOLD = 20  # differences that are spelt out


class Book(Protocol):
    """What both replicas offer."""

    def apply(self, kind: int, side: int, order_id: int, price: int, lots: int) -> int:
        """Take one row in; the answer is an `Outcome`."""
        ...

    def seed(self, side: int, price: int, lots: int) -> None:
        """Set a level to lots without ids."""
        ...

    def best(self, side: int) -> int | None:
        """Return the best price of a side."""
        ...

    def lots_at(self, side: int, price: int) -> int:
        """Return the lots at a price."""
        ...

    def depth(self, side: int, levels: int) -> tuple[Level, ...]:
        """Return the best levels, the best one first."""
        ...

    def queue(self, side: int, price: int) -> tuple[tuple[int, int], ...]:
        """Return (id, lots) at a price in time priority."""
        ...

    def crossed(self) -> bool:
        """Tell whether bid and ask overlap."""
        ...


class Reproduction(NamedTuple):
    """How far a replay gave the recorded levels again.

    `equal` of `rows` were the recorded ones level by level. What the messages cannot tell was
    taken from the recorded rows and is counted: levels `seeded` before the first message, levels
    `revealed` when a better one went (nothing was known of them), levels `corrected` (seen before,
    changed while they were out of sight), levels `vanished` (the same, gone). `strangers` are
    messages about orders older than the recording, `hidden` executions that no level shows,
    `halts` rows without an order, `unknown` messages that fitted nothing.
    """

    rows: int
    equal: int
    seeded: int
    revealed: int
    corrected: int
    vanished: int
    strangers: int
    hidden: int
    halts: int
    unknown: int
    differences: tuple[str, ...]


class Inspection(NamedTuple):
    """What a feed by order looked like from its replica.

    `checked` looks at the book (after rows flagged LAST that are not part of a snapshot's middle)
    found it `crossed` so often; of `fills`, `out_of_turn` met an order that was not the first of
    its side's best price.
    """

    rows: int
    checked: int
    crossed: int
    fills: int
    out_of_turn: int
    unknown: int
    duplicates: int
    overdrawn: int
    orders_left: int


def reproduce(
    events: npt.NDArray[Any], recorded: npt.NDArray[np.int64], book: Book
) -> Reproduction:
    """Replay messages and compare with the recorded rows, one by one.

    `recorded` is int64[rows, levels, 4] (ask price, ask lots, bid price, bid lots), row k after
    message k. A level may be taken from it only if it lies deeper than the deepest one shown a
    row earlier: every other level has to come out of the messages alone. Raises ValueError when
    the two differ in length.
    """
    if len(events) != len(recorded):
        raise ValueError(f"{len(events)} messages do not go with {len(recorded)} rows")
    counts = dict.fromkeys(
        ("equal", "seeded", "revealed", "corrected", "vanished", "strangers", "unknown"), 0
    )
    differences: list[str] = []
    shown: list[list[tuple[int, int]]] = [[], []]
    for number, event in enumerate(events.tolist()):
        _, order_id, price, lots, kind, side, _ = event
        row = [_recorded_side(recorded[number], which) for which in (BUY, SELL)]
        if number == 0:
            counts["seeded"] += _seed(book, row, kind, side, price, lots)
        outcome = book.apply(kind, side, order_id, price, lots)
        counts["strangers"] += outcome == Outcome.STRANGER
        counts["unknown"] += outcome not in (Outcome.APPLIED, Outcome.NO_EFFECT, Outcome.STRANGER)
        if number:
            for which in (BUY, SELL):
                if len(shown[which]) == recorded.shape[1]:
                    _reveal(book, which, shown[which][-1][0], row[which], counts)
        found = [_own_side(book, which, recorded.shape[1]) for which in (BUY, SELL)]
        if found == row:
            counts["equal"] += 1
        elif len(differences) < _TOLD:
            differences.append(f"row {number}: {found} where {row} was recorded")
        shown = row
    kinds = events["kind"]
    return Reproduction(
        rows=len(events),
        hidden=int((kinds == L3Kind.HIDDEN).sum()),
        halts=int(((kinds == L3Kind.HALT) | (kinds == L3Kind.RESUME)).sum()),
        differences=tuple(differences),
        **counts,
    )


def inspect(events: npt.NDArray[Any], book: Book) -> Inspection:
    """Replay a feed by order and look at the book whenever the feed says that it is whole."""
    checked = crossed = fills = out_of_turn = unknown = duplicates = overdrawn = orders = 0
    taken: dict[int, int] = {}
    for _, order_id, price, lots, kind, side, flags in events.tolist():
        if kind in (L3Kind.FILL, L3Kind.EXECUTE):
            fills += 1
            out_of_turn += _first(book, side, taken) != order_id
            taken[order_id] = taken.get(order_id, 0) + lots
        outcome = book.apply(kind, side, order_id, price, lots)
        unknown += outcome in (Outcome.UNKNOWN_ID, Outcome.STRANGER)
        duplicates += outcome == Outcome.DUPLICATE_ID
        overdrawn += outcome == Outcome.OVERDRAWN
        if kind == L3Kind.EXECUTE:
            taken.clear()
        if flags & LAST:
            taken.clear()
            checked += 1
            crossed += book.crossed()
    for side in (BUY, SELL):
        orders += sum(level.orders for level in book.depth(side, 2**31 - 1))
    return Inspection(
        rows=len(events),
        checked=checked,
        crossed=crossed,
        fills=fills,
        out_of_turn=out_of_turn,
        unknown=unknown,
        duplicates=duplicates,
        overdrawn=overdrawn,
        orders_left=orders,
    )


def _seed(
    book: Book, row: list[list[tuple[int, int]]], kind: int, side: int, price: int, lots: int
) -> int:
    """Put the book into the state before the first message: the first row with it undone."""
    wanted: list[dict[int, int]] = [dict(levels) for levels in row]
    if kind == L3Kind.ADD:
        wanted[side][price] = wanted[side].get(price, lots) - lots
    elif kind in (L3Kind.CANCEL, L3Kind.EXECUTE):
        wanted[side][price] = wanted[side].get(price, 0) + lots
    for which in (BUY, SELL):
        for at, size in wanted[which].items():
            book.seed(which, at, size)
    return sum(size > 0 for levels in wanted for size in levels.values())


def _reveal(
    book: Book, side: int, horizon: int, row: list[tuple[int, int]], counts: dict[str, int]
) -> None:
    """Take from a recorded row what lies deeper than the row before could show."""
    recorded = {price: lots for price, lots in row if _deeper(side, price, horizon)}
    for price, lots in recorded.items():
        known = book.lots_at(side, price)
        if known != lots:
            counts["corrected" if known else "revealed"] += 1
            book.seed(side, price, lots)
    deepest = row[-1][0] if row else horizon
    for level in book.depth(side, len(row) + 1):
        out = _deeper(side, level.price, horizon) and not _deeper(side, level.price, deepest)
        if out and level.price not in recorded:
            counts["vanished"] += 1
            book.seed(side, level.price, 0)


def _deeper(side: int, price: int, than: int) -> bool:
    """Tell whether a price is worse than another on its side."""
    return price < than if side == BUY else price > than


def _recorded_side(row: npt.NDArray[np.int64], side: int) -> list[tuple[int, int]]:
    """Return the levels of one side of a recorded row."""
    at = 2 if side == BUY else 0
    return [(level[at], level[at + 1]) for level in row.tolist() if level[at + 1] > 0]


def _own_side(book: Book, side: int, levels: int) -> list[tuple[int, int]]:
    """Return the levels of one side of the replica."""
    return [(level.price, level.lots) for level in book.depth(side, levels)]


def _first(book: Book, side: int, taken: dict[int, int]) -> int:
    """Return the id whose turn it is, given the lots that this event has taken already."""
    for level in book.depth(side, 1 + len(taken)):
        for order_id, lots in book.queue(side, level.price):
            if lots > taken.get(order_id, 0):
                return order_id
    return 0
