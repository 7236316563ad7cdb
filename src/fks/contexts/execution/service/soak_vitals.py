"""What a soak looks at: delays without end in little memory, and what the process holds."""

from __future__ import annotations

from array import array
from typing import NamedTuple

import psutil

__all__ = ["Delays", "Vitals", "vitals"]

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
