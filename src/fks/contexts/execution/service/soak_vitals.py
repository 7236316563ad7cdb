"""What a soak looks at: delays without end in little memory, the disk, what the process holds."""

from __future__ import annotations

import threading
import time
from array import array
from typing import NamedTuple

import psutil

from fks.contexts.execution.adapters.journal.files import OsFiles

__all__ = ["Delays", "Outcome", "Reopened", "TimedDisk", "Vitals", "vitals"]

_BINS = 1_000_000


class Delays:
    """Delays counted by the microsecond up to a second; its memory is taken when it is made."""

    def __init__(self) -> None:
        self._counts = array("Q", [1]) * _BINS
        for at in range(_BINS):
            self._counts[at] = 0
        self.count = 0
        self.most_us = 0

    def add(self, delay_ns: int) -> None:
        """Count a delay; what is longer than a second counts as one."""
        at = max(0, delay_ns // 1000)
        self.most_us = max(self.most_us, at)
        self._counts[min(at, _BINS - 1)] += 1
        self.count += 1

    def quantile_us(self, share: float) -> int:
        """Return the delay that this share of all did not exceed; 0 without any."""
        wanted, seen = share * self.count, 0
        for at, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return at
        return 0


class Vitals(NamedTuple):
    """What the process holds."""

    rss: int  # bytes
    files: int
    threads: int


def vitals() -> Vitals:
    """Return what this process holds now."""
    process = psutil.Process()
    with process.oneshot():
        return Vitals(process.memory_info().rss, process.num_fds(), process.num_threads())


class TimedDisk(OsFiles):
    """The disk of this machine, with what its syncs took."""

    def __init__(self) -> None:
        self.syncs = Delays()
        self._lock = threading.Lock()

    def sync(self, handle: int) -> None:
        """Wait for the disk."""
        began_ns = time.perf_counter_ns()
        super().sync(handle)
        taken_ns = time.perf_counter_ns() - began_ns
        with self._lock:
            self.syncs.add(taken_ns)


class Reopened(NamedTuple):
    """The journal of a soak, opened anew and replayed."""

    commands: int
    state: bytes
    checkpoints: int
    seconds: float


class Outcome(NamedTuple):
    """What a soak came to; `first` is of when it had warmed up."""

    orders: int
    seconds: float
    commits: int
    acknowledged: int  # commands, the setting up included
    state: bytes
    delays: Delays
    syncs: Delays
    first: Vitals
    last: Vitals
    again: Reopened
    facts: dict[str, str | int | float]
