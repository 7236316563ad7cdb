"""A small real machine for the journal: accounts, transfers, and each transfer once.

A command is 64 bytes: id, from, to, amount, padding. An id that was seen before gets the answer of
the first time (or MISMATCH for another request), so a client may repeat what was not acknowledged.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence

COMMAND = struct.Struct("<QIIq40x")
DONE, TOO_LITTLE, MISMATCH = 1, 2, 3
START = 1_000

_ACCOUNT = struct.Struct("<Iq")
_SEEN = struct.Struct("<QIIqB")


def transfer(number: int, source: int, target: int, amount: int) -> bytes:
    """Return a command."""
    return COMMAND.pack(number, source, target, amount)


class Ledger:
    """Balances of accounts that begin with 1,000 each; none goes below zero."""

    def __init__(self) -> None:
        self.balances: dict[int, int] = {}
        self.seen: dict[int, tuple[int, int, int, int]] = {}
        self.applied = 0
        self.last = (0, 0)

    def apply(
        self, seq: int, ts_ns: int, kind: int, version: int, payload: bytes
    ) -> Sequence[object]:
        """Return (id, answer) for each command."""
        assert seq > self.last[0] and ts_ns >= self.last[1]
        self.last = (seq, ts_ns)
        out = []
        for at in range(0, len(payload), COMMAND.size):
            number, source, target, amount = COMMAND.unpack_from(payload, at)
            out.append((number, self._transfer(number, source, target, amount)))
        return out

    def _transfer(self, number: int, source: int, target: int, amount: int) -> int:
        known = self.seen.get(number)
        if known is not None:
            return known[3] if known[:3] == (source, target, amount) else MISMATCH
        held = self.balances.get(source, START)
        answer = DONE if 0 <= amount <= held else TOO_LITTLE
        if answer == DONE:
            self.balances[source] = held - amount
            self.balances[target] = self.balances.get(target, START) + amount
            self.applied += 1
        self.seen[number] = (source, target, amount, answer)
        return answer

    def snapshot(self) -> bytes:
        """Return counts, accounts and ids in order."""
        parts = [
            struct.pack("<QQQQQ", len(self.balances), len(self.seen), self.applied, *self.last)
        ]
        parts += [_ACCOUNT.pack(*item) for item in sorted(self.balances.items())]
        parts += [_SEEN.pack(key, *value) for key, value in sorted(self.seen.items())]
        return b"".join(parts)

    def restore(self, state: bytes) -> None:
        """Take the state of a snapshot."""
        accounts, seen, self.applied, *last = struct.unpack_from("<QQQQQ", state)
        self.last = (last[0], last[1])
        at = 40 + accounts * _ACCOUNT.size
        self.balances = dict(_ACCOUNT.iter_unpack(state[40:at]))
        self.seen = {row[0]: row[1:] for row in _SEEN.iter_unpack(state[at:])}
        assert len(self.seen) == seen

    def state_hash(self) -> bytes:
        """Return the hash of the books; when commands came is no part of it."""
        state = self.snapshot()
        return hashlib.blake2b(state[:24] + state[40:], digest_size=32).digest()
