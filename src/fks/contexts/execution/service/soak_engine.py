"""An open loop of durable orders through the engine with its journal.

Orders are sent when they are due, whatever became of those before; a delay is counted from the
time an order was due until all of it is applied and durable, so that a pause is counted in every
order that it held up. What an order caused leaves only then.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fks.contexts.execution.adapters.journal.log import Journal
from fks.contexts.execution.domain.journal.failures import JournalFailed
from fks.contexts.execution.domain.journal.matched import MatchingMachine
from fks.contexts.execution.domain.matching import workload
from fks.contexts.execution.domain.matching._matching import Matcher
from fks.contexts.execution.domain.matching.layout import EVENT
from fks.contexts.execution.domain.steady import SteadyFlow
from fks.contexts.execution.service.bench_journaled import CONFIG, SMALL
from fks.contexts.execution.service.soak_vitals import (
    Delays,
    Outcome,
    Reopened,
    TimedDisk,
    Vitals,
    vitals,
)

__all__ = ["RESTING", "Soak", "matcher", "reopened", "soaked"]

Rows = npt.NDArray[Any]
RESTING = 10_000
_SECOND_NS = 1_000_000_000
_A_CALL = 64  # orders at most in one call: what is overdue is sent in several


def matcher() -> Matcher:
    """Return an engine with room for a soak's book."""
    return Matcher(instruments=4, accounts=workload.ACCOUNTS + 1, orders=1 << 16)


class Counting(MatchingMachine):
    """The engine as a machine that counts the commands it is given."""

    def __init__(self, engine: Matcher) -> None:
        super().__init__(engine)
        self.commands = 0

    def apply(self, seq: int, ts_ns: int, kind: int, version: int, payload: bytes) -> Any:
        """Apply a record and count its commands."""
        self.commands += len(payload) // 64
        return super().apply(seq, ts_ns, kind, version, payload)


class Soak:
    """One engine, its journal and its load."""

    def __init__(self, folder: Path, seed: int = 1, *, small: bool = False) -> None:
        self.delays = Delays()
        self.disk = TimedDisk()
        self.acknowledged = 0  # commands, the setting up included
        self.commits = 0
        self.failure: JournalFailed | None = None
        self.first: Vitals | None = None  # after warming up
        self._lock = threading.Lock()  # of the two below, and of the delays
        self._applied: deque[tuple[int, int, int, Rows]] = deque()
        self._told: deque[Rows] = deque()
        self._began_ns, self._every_ns = 0, 1.0
        self._room = np.zeros(_A_CALL * 64, EVENT)
        self.matcher = matcher()
        self.matcher.warm()
        self._flow = SteadyFlow(seed, RESTING)
        self.journal, _ = Journal.open(
            folder,
            config_hash=CONFIG,
            files=self.disk,
            on_durable=self._durable,
            on_failure=self._failed,
            **(SMALL if small else {}),
        )
        self.journal.recover(MatchingMachine(self.matcher))
        for rows in (workload.opening(), self._flow.filling()):
            for at in range(0, len(rows), _A_CALL):
                self._send(rows[at : at + _A_CALL], -1)
        self._settle()
        while not self.journal.prepared and self.failure is None:
            time.sleep(0.01)
        self.disk.syncs = Delays()

    def run(self, rate: float, seconds: float) -> tuple[int, float]:
        """Send `rate` orders a second for so long; return how many, and the seconds it took."""
        total, sent = int(rate * seconds), 0
        chunk, ahead = self._flow.rows(1), self._flow.rows(1)[:0]
        size = max(64, int(rate / 20))
        warm_ns = int(min(300.0, seconds / 6) * _SECOND_NS)
        commits = self.commits
        self._every_ns = _SECOND_NS / rate
        self._began_ns = began_ns = time.perf_counter_ns()
        while sent < total and self.failure is None:
            now_ns = time.perf_counter_ns() - began_ns
            due = min(total, int(now_ns / self._every_ns) + 1)
            if due > sent:
                if not len(chunk):
                    chunk = ahead if len(ahead) else self._flow.rows(size)
                    ahead = ahead[:0]
                rows = chunk[: min(due - sent, _A_CALL)]
                chunk = chunk[len(rows) :]
                self._send(rows, sent)
                sent += len(rows)
            elif not len(ahead):
                self._hear()
                ahead = self._flow.rows(size)
                if self.first is None and now_ns >= warm_ns:
                    self.first = vitals()
            else:
                time.sleep(max(0.0, sent * self._every_ns - now_ns) / _SECOND_NS)
        self._settle()
        taken = (time.perf_counter_ns() - began_ns) / _SECOND_NS
        self.commits -= commits
        return sent, taken

    def close(self) -> None:
        """Close the journal."""
        self.journal.close()

    def _send(self, rows: Rows, first: int) -> None:
        """Journal and apply orders; `first` is the number of the first one, -1 before the soak."""
        self.journal.append_commands(rows, time.time_ns())
        last = self.journal.seq
        done, written = self.matcher.apply_into(rows, self.journal.ts_ns, self._room)
        assert done == len(rows), "64 events have room for each order"
        with self._lock:
            self._applied.append((last, first, len(rows), self._room[:written].copy()))
        self._release(self.journal.durable_seq)

    def _release(self, durable: int) -> None:
        """Acknowledge what is applied and durable; called in both threads."""
        with self._lock:
            applied, now_ns = self._applied, time.perf_counter_ns() - self._began_ns
            while applied and applied[0][0] <= durable:
                _, first, count, events = applied.popleft()
                self._told.append(events)
                self.acknowledged += count
                if first >= 0:
                    for number in range(first, first + count):
                        self.delays.add(int(now_ns - number * self._every_ns))

    def _hear(self) -> None:
        """Let the clients hear what has left."""
        while self._told:
            self._flow.hear(self._told.popleft())

    def _settle(self) -> None:
        """Wait until everything is durable, and let it leave."""
        self.journal.wait_durable(self.journal.seq)
        self._release(self.journal.durable_seq)
        self._hear()

    def _durable(self, seq: int) -> None:
        """Take the news of the log thread."""
        self.commits += 1
        self._release(seq)

    def _failed(self, error: JournalFailed) -> None:
        """Take the news that the disk has failed."""
        self.failure = error


def soaked(folder: Path, rate: float, seconds: float, *, small: bool = False) -> Outcome:
    """Soak an engine, close its journal, open it again and replay it.

    Raises `JournalFailed` where the disk fails, `JournalCorrupt` and `JournalDiverged`.
    """
    soak = Soak(folder, small=small)
    try:
        orders, taken = soak.run(rate, seconds)
        last, seq = vitals(), soak.journal.seq
    finally:
        soak.close()
    return Outcome(
        orders=orders,
        seconds=taken,
        commits=soak.commits,
        acknowledged=soak.acknowledged,
        state=soak.matcher.state_hash(),
        delays=soak.delays,
        syncs=soak.disk.syncs,
        first=soak.first or last,
        last=last,
        again=reopened(folder, seq),
        facts={"live": soak.matcher.live()},
    )


def reopened(folder: Path, known_durable: int) -> Reopened:
    """Open the journal again, as after a crash, and replay it into a new engine.

    Raises `JournalCorrupt` where a record that was acknowledged is not there, `JournalDiverged`
    where a state that was noted on the way is another.
    """
    machine, began_s = Counting(matcher()), time.perf_counter()
    journal, _ = Journal.open(folder, config_hash=CONFIG, known_durable=known_durable, **SMALL)
    try:
        done = journal.recover(machine)
    finally:
        journal.close()
    taken_s = time.perf_counter() - began_s
    return Reopened(machine.commands, done.state_hash, done.checkpoints, taken_s)
