"""Run engines that are made to be killed: one line on stdin starts one in a forked process.

`<folder> <seed> <first> <last> <batch> [mirror]` sends the commands first..last of a seed to a
ledger; with first 0 orders up to last to the matching engine, from the first that is not in its
journal; with mirror 1 a mirror follows, with 2 it is in step. What is durable is acknowledged on
stdout as `a <id> <answer>.`; a life that comes to its end says its state hash.
"""

from __future__ import annotations

import importlib.util
import os
import random
import sys
from collections import deque
from pathlib import Path
from typing import Any

from fks.contexts.execution.adapters.journal.log import Journal
from fks.contexts.execution.domain.journal.kinds import COMMANDS

spec = importlib.util.spec_from_file_location("ledger", Path(__file__).with_name("ledger.py"))
assert spec is not None and spec.loader is not None
ledger: Any = importlib.util.module_from_spec(spec)
spec.loader.exec_module(ledger)


def command(seed: int, number: int) -> bytes:
    """Return the command of a number, the same in every life."""
    draw = random.Random(seed * 1_000_003 + number)
    return ledger.transfer(number, draw.randrange(6), draw.randrange(6), draw.randrange(300))


def say(text: str) -> None:
    """Write to the test at once."""
    os.write(1, text.encode())


class Orders:
    """The matching engine, which counts what it was told; command n is row n of a flow."""

    def __init__(self, seed: int, last: int) -> None:
        from tests.contexts.execution.journal.matching_flow import HashedMachine, flow

        self._machine = HashedMachine()
        self.rows = flow(seed, last).tobytes()
        self.count = 0
        self.state_hash, self.snapshot = self._machine.state_hash, self._machine.snapshot
        self.restore = self._machine.restore

    def apply(self, seq: int, ts_ns: int, kind: int, version: int, payload: bytes) -> Any:
        """Apply, and return (number, 0) for each command."""
        before = self.count
        self._machine.apply(seq, ts_ns, kind, version, payload)
        self.count += len(payload) // 64
        return [(number, 0) for number in range(before + 1, self.count + 1)]


def live(folder: Path, seed: int, first: int, last: int, batch: int, mirror: int = 0) -> None:
    """Send commands as fast as the journal takes them; acknowledge what is durable."""
    held: deque[tuple[int, str]] = deque()

    def acknowledge(durable: int) -> None:
        out = []
        while held and held[0][0] <= durable:
            out.append(held.popleft()[1])
        if out:
            say("".join(out))

    journal, recovery = Journal.open(
        folder,
        config_hash=bytes(16),
        segment_bytes=65_536,
        group_bytes=8_192,
        reserve_bytes=16_384,
        checkpoint_commits=20,
        on_durable=acknowledge,
        mirror=folder.parent / "mirror" if mirror else None,
        mirror_in_step=mirror == 2,
    )
    books = ledger.Ledger() if first else Orders(seed, last)
    replayed = journal.recover(books)
    say(f"up {os.getpid()}.\n")
    assert replayed.seq == recovery.seq
    number = first or books.count + 1
    while number <= last:
        upto = min(number + batch, last + 1)
        if first:
            rows = b"".join(command(seed, n) for n in range(number, upto))
        else:
            rows = books.rows[(number - 1) * 64 : (upto - 1) * 64]
        seq = journal.append_commands(rows, 0)
        answers = books.apply(journal.seq, journal.ts_ns, COMMANDS, 1, rows)
        assert seq <= journal.seq
        held.append((journal.seq, "".join(f"a {n} {answer}.\n" for n, answer in answers)))
        number += batch
    journal.wait_durable(journal.seq)
    journal.close()
    acknowledge(journal.durable_seq)
    say(f"end {books.state_hash().hex()}.\n")


def main() -> None:
    """Fork a life for each line, and tell when it is over."""
    for line in sys.stdin:
        folder, *numbers = line.split()
        if numbers[1] == "0":
            from tests.contexts.execution.journal import matching_flow

            assert matching_flow.ROOM  # loaded once, for all lives
        child = os.fork()
        if child == 0:
            say(f"born {os.getpid()}.\n")
            live(Path(folder), *map(int, numbers))
            os._exit(0)
        os.waitpid(child, 0)
        say("\nover.\n")


if __name__ == "__main__":
    main()
