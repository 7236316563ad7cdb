"""The matching engine as the journal's machine: records of raw commands, nothing else.

For benchmarks, replays and tests of the engine alone; trading accounts have a machine of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from fks.contexts.execution.domain.journal.kinds import COMMANDS
from fks.contexts.execution.domain.matching.layout import COMMAND

__all__ = ["MatchingMachine"]


class Engine(Protocol):
    """What it needs of a matching engine."""

    def apply(self, commands: npt.NDArray[np.void], ts_ns: int) -> Any:
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
        events: Sequence[object] = self.engine.apply(np.frombuffer(payload, COMMAND), ts_ns)
        return events

    def state_hash(self) -> bytes:
        """Return the hash of the engine."""
        return self.engine.state_hash()

    def snapshot(self) -> bytes:
        """Return the state of the engine."""
        return self.engine.snapshot()

    def restore(self, state: bytes) -> None:
        """Take the state of a snapshot."""
        self.engine.restore(state)
