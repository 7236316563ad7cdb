"""Goal D1: an engine killed at any moment has lost nothing that it acknowledged."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fks.contexts.execution.adapters.journal.files import OsFiles
from fks.contexts.execution.adapters.journal.log import Journal
from fks.contexts.execution.adapters.journal.salvage import read_records
from fks.contexts.execution.domain.journal.kinds import COMMANDS

from . import kill_child
from .drive import SCALE, reference
from .matching_flow import HashedMachine, flow

KILLS = 40 if SCALE == 1 else 200 * SCALE
LIVES = 8  # kills of one journal
CHILD = Path(kill_child.__file__)
ENOUGH = 10_000_000  # a life that is to be killed has always more to do


class Nursery:
    """The process that forks engines, and what they say."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(CHILD.parents[4])])},
        )

    def live(
        self, line: str, kill_after_s: float | None, since: str = "born"
    ) -> tuple[dict[int, int], str]:
        """Run one life; return what it acknowledged, and its state hash if it came to an end.

        The time to kill it counts from its birth, or from when it is `up`.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()
        acked: dict[int, int] = {}
        state_hash = ""
        for raw in self._process.stdout:
            word, *rest = raw.decode().rstrip("\n").split() or [""]
            if not raw.endswith(b".\n"):
                continue  # cut off by the kill
            if word == "over.":
                return acked, state_hash
            if word == "a":
                acked[int(rest[0])] = int(rest[1][:-1])
            elif word == "end":
                state_hash = rest[0][:-1]
            elif word == since and kill_after_s is not None:
                kill = (int(rest[0][:-1]), signal.SIGKILL)
                threading.Timer(kill_after_s, os.kill, kill).start()
        raise AssertionError("the nursery has ended")

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=10)


@pytest.mark.parametrize("seed", range(max(1, KILLS // LIVES)))
def test_a_killed_engine_has_lost_nothing_and_done_nothing_twice(seed: int, tmp_path: Path) -> None:
    """Lost: an order that a client saw accepted, or one that counts twice after a retry."""
    draw, nursery = random.Random(seed), Nursery()
    acked: dict[int, int] = {}
    for _ in range(LIVES):
        first = len(acked) + 1  # the client repeats everything it has no answer for
        line = f"{tmp_path / 'journal'} {seed} {first} {ENOUGH} {draw.choice((1, 3, 40))}"
        answers, ended = nursery.live(line, draw.choice((0.02, 0.15)) * draw.random())
        assert not ended
        assert all(acked.get(number, answer) == answer for number, answer in answers.items())
        acked |= answers
        assert sorted(acked) == list(range(1, len(acked) + 1)), f"seed {seed}: a gap in the answers"
    last = len(acked) + 500  # beyond whatever the killed engines had taken without an answer
    line = f"{tmp_path / 'journal'} {seed} {len(acked) + 1} {last} 10"
    answers, state_hash = nursery.live(line, None)
    nursery.close()
    acked |= answers
    whole = reference([kill_child.command(seed, number) for number in range(1, last + 1)])
    assert acked == {number: seen[3] for number, seen in whole.seen.items()}, f"seed {seed}"
    assert state_hash == whole.state_hash().hex(), f"seed {seed}"


@pytest.mark.parametrize("seed", range(max(1, KILLS // LIVES // 4)))
def test_a_killed_matching_engine_goes_on_with_the_same_books(seed: int, tmp_path: Path) -> None:
    """Lost: orders that rest for one side only, or trades that nobody can find again."""
    draw, nursery, count = random.Random(seed), Nursery(), 200_000
    acked: dict[int, int] = {}
    line = f"{tmp_path / 'journal'} {seed} 0 {count} {draw.choice((1, 7, 100))}"
    for _ in range(LIVES):
        answers, ended = nursery.live(line, 0.15 * draw.random(), "up")
        acked |= answers
        if ended:
            break
    while not acked:  # on a busy machine none of them may have come to its first sync
        acked |= nursery.live(line, 1.0, "up")[0]
    durable = max(acked, default=0)
    journal, _ = Journal.open(tmp_path / "journal", config_hash=bytes(16), reserve_bytes=0)
    machine = HashedMachine()
    journal.recover(machine)
    journal.close()
    nursery.close()
    kept = sum(
        len(record.payload) // 64
        for record in read_records(OsFiles(), tmp_path / "journal")
        if record.kind == COMMANDS
    )
    assert kept >= durable, f"seed {seed}: {durable} commands had been acknowledged"
    whole = HashedMachine()
    rows = flow(seed, count)[:kept]
    whole.engine.apply(rows, 0)
    assert machine.state_hash() == whole.state_hash(), f"seed {seed}"
