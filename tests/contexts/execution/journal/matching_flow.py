"""A flow of orders for the matching engine, and a machine that also hashes what it says."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from tests.contexts.execution.matching.kit import BOOK, Kind, account_rows, instrument_rows

from fks.contexts.execution.domain.journal.matched import MatchingMachine
from fks.contexts.execution.domain.matching._matching import Matcher
from fks.contexts.execution.domain.matching.layout import COMMAND, CommandKind, OrderKind

ROOM = {"instruments": 4, "accounts": 8, "orders": 1 << 17}


def prepared() -> np.ndarray:
    """Return the commands that set up an instrument and four accounts."""
    rows = instrument_rows(BOOK, Kind.BOOK)
    for account in range(1, 5):
        rows += account_rows(account)
    return np.concatenate(rows)


def orders(count: int, seed: int) -> np.ndarray:
    """Return adds (55 %), cancels (35 %) and replaces (10 %), some of what is gone by then."""
    draw = np.random.default_rng(seed)
    rows = np.zeros(count, COMMAND)
    roll = draw.random(count)
    rows["kind"] = np.where(
        roll < 0.55, CommandKind.ADD, np.where(roll < 0.9, CommandKind.CANCEL, CommandKind.REPLACE)
    )
    rows["type"] = OrderKind.LIMIT
    rows["side"] = draw.integers(0, 2, count)
    rows["account"] = draw.integers(1, 5, count)
    rows["quantity"] = draw.integers(1, 100, count)
    rows["price"] = 100_000 + draw.normal(0, 20, count).astype(np.int64) - 10 + 20 * rows["side"]
    adds = rows["kind"] == CommandKind.ADD
    ids = np.cumsum(adds)
    earlier = np.maximum(1, ids - draw.integers(0, 2_000, count))
    rows["id"] = np.where(adds, ids, earlier)
    rows["account"] = np.where(adds, rows["account"], 0)
    return rows


def flow(seed: int, count: int) -> np.ndarray:
    """Return the setup and the orders of a seed, `count` commands together."""
    setup = prepared()
    return np.concatenate([setup, orders(count, seed)])[:count]


class HashedMachine(MatchingMachine):
    """The matching engine, with a running hash of all its events."""

    def __init__(self) -> None:
        super().__init__(Matcher(**ROOM))
        self.said = hashlib.blake2b(digest_size=32)

    def apply(
        self, seq: int, ts_ns: int, kind: int, version: int, payload: bytes
    ) -> Sequence[object]:
        """Apply, and hash the events."""
        events: Any = super().apply(seq, ts_ns, kind, version, payload)
        self.said.update(events.tobytes())
        return events
