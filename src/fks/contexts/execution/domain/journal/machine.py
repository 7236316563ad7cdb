"""What the journal drives: any state machine that is nothing but its commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

__all__ = ["Machine"]


class Machine(Protocol):
    """A deterministic state machine with one writer.

    Equal records in equal order give equal outputs, equal hashes and equal snapshots, on every
    machine and in every process: no clock, no randomness, no floats, no order of sets.
    """

    def apply(
        self, seq: int, ts_ns: int, kind: int, version: int, payload: bytes
    ) -> Sequence[object]:
        """Take one record and return what it caused.

        While the journal is replayed the outputs are dropped; while it is written they may leave
        only when `seq` is durable. `ts_ns` never goes back. A record of several commands is one
        call. Bad commands are answered, not raised.
        """

    def state_hash(self) -> bytes:
        """Return 32 bytes of BLAKE2b over the canonical state."""

    def snapshot(self) -> bytes:
        """Return the whole state, in canonical form."""

    def restore(self, state: bytes) -> None:
        """Take the state of a snapshot; afterwards the hash equals that of its maker."""
