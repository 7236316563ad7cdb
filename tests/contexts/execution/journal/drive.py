"""Drive a ledger through a journal as an engine would, and check what a recovery gives back."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

from fks.contexts.execution.adapters.journal.log import Journal
from fks.contexts.execution.domain.journal.kinds import COMMANDS

from .ledger import Ledger, transfer

SCALE = int(os.environ.get("FKS_TORTURE_SCALE", "10")) if os.environ.get("FKS_TORTURE") else 1
FOLDER = Path("/journal")
SMALL: dict[str, Any] = {
    "config_hash": bytes(16),
    "segment_bytes": 16_384,
    "group_bytes": 4_096,
    "reserve_bytes": 4_096,
    "checkpoint_commits": 7,
    "threads": False,
}


def commands(draw: random.Random, count: int, first: int = 1) -> list[bytes]:
    """Return transfers between few accounts; some would overdraw."""
    return [
        transfer(first + i, draw.randrange(5), draw.randrange(5), draw.randrange(400))
        for i in range(count)
    ]


class Engine:
    """A journal and its ledger; what it has acknowledged is what a client may rely on."""

    def __init__(self, files: Any, folder: Path = FOLDER, **options: Any) -> None:
        self.journal, self.recovery = Journal.open(folder, files=files, **{**SMALL, **options})
        self.ledger = Ledger()
        self.replayed = self.journal.recover(self.ledger)
        self.sent: list[bytes] = []
        self.acked: list[tuple[object, ...]] = []
        self._held: list[tuple[int, tuple[object, ...]]] = []

    def send(self, batch: list[bytes], ts_ns: int = 0, *, urgent: bool = False) -> None:
        """Take commands; their answers are held back."""
        first = self.journal.append_commands(b"".join(batch), ts_ns, urgent=urgent)
        self.sent += batch
        answers = self.ledger.apply(
            self.journal.seq, self.journal.ts_ns, COMMANDS, 1, b"".join(batch)
        )
        assert first <= self.journal.seq
        self._held.append((self.journal.seq, tuple(answers)))

    def release(self, timeout_s: float | None = None) -> None:
        """Wait for the disk, then acknowledge."""
        self.journal.wait_durable(self.journal.seq, timeout_s)
        for seq, answers in self._held:
            assert seq <= self.journal.durable_seq
            self.acked += answers
        self._held.clear()


def reference(sent: list[bytes]) -> Ledger:
    """Return the ledger that was never interrupted."""
    ledger = Ledger()
    for seq, command in enumerate(sent, 1):
        ledger.apply(seq, 0, COMMANDS, 1, command)
    return ledger


def check(engine: Engine, sent: list[bytes], acked: list[Any]) -> None:
    """Assert that nothing acknowledged is lost, nothing else is there, and retries have no effect.

    The recovered ledger must be that of a prefix of what was sent; then a client repeats all.
    """
    seen = engine.ledger.seen
    for number, answer in acked:
        assert number in seen, f"acknowledged command {number} is lost"
        assert seen[number][3] == answer
    prefix = reference(sent[: len(seen)])
    assert engine.ledger.state_hash() == prefix.state_hash(), "not the state of a prefix"
    if sent:
        engine.send(sent)
        engine.release()
        whole = reference(sent)
        assert engine.ledger.state_hash() == whole.state_hash()
        assert dict(engine.acked) == {n: v[3] for n, v in whole.seen.items()}
