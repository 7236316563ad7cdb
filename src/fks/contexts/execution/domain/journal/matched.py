"""The matching engine as the journal's machine: records of raw commands, nothing else.

For benchmarks, replays and tests of the engine alone; trading accounts have a machine of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from fks.contexts.execution.domain.journal.kinds import COMMANDS
from fks.contexts.execution.domain.matching.layout import COMMAND

__all__ = ["MatchingMachine"]


class Engine(Protocol):
    """What it needs of a matching engine."""

    def apply(self, commands: np.ndarray, ts_ns: int) -> Sequence[object]:
        """Apply rows of COMMAND; return their events."""

    def snapshot(self) -> bytes:
        """Return the state."""

    def restore(self, data: bytes) -> None:
        """Take a state."""

    def state_hash(self) -> bytes:
        """Return 32 bytes over the state."""


class MatchingMachine:
    """A matching engine that takes its commands from records."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def apply(
        self, seq: int, ts_ns: int, kind: int, version: int, payload: bytes
    ) -> Sequence[object]:
        """Apply the commands of a record; return the rows of their events."""
        assert kind == COMMANDS and version == 1, "a journal of commands holds nothing else"
        return self.engine.apply(np.frombuffer(payload, COMMAND), ts_ns)

    def state_hash(self) -> bytes:
        """Return the hash of the engine."""
        return self.engine.state_hash()

    def snapshot(self) -> bytes:
        """Return the state of the engine."""
        return self.engine.snapshot()

    def restore(self, state: bytes) -> None:
        """Take the state of a snapshot."""
        self.engine.restore(state)
