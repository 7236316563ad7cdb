"""Time as a dependency: code that needs the time is handed a clock.

All times are UTC nanoseconds since the epoch. `monotonic_ns` never goes back and serves for
durations and time-outs; `now_ns` is the wall clock and serves for stamps.
"""

from __future__ import annotations

import time
from typing import Protocol

__all__ = ["Clock", "ManualClock", "SystemClock"]


class Clock(Protocol):
    """Tell the time."""

    def now_ns(self) -> int:
        """Return the wall clock in UTC nanoseconds since the epoch."""
        ...

    def monotonic_ns(self) -> int:
        """Return a reading in nanoseconds that never goes back."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now_ns(self) -> int:
        """Return the wall clock in UTC nanoseconds since the epoch."""
        return time.time_ns()

    def monotonic_ns(self) -> int:
        """Return the machine's monotonic reading in nanoseconds."""
        return time.monotonic_ns()


class ManualClock:
    """A clock that moves only when told to, for tests and simulation."""

    def __init__(self, start_ns: int = 1_700_000_000_000_000_000) -> None:
        self._now_ns = start_ns

    def now_ns(self) -> int:
        """Return the set time."""
        return self._now_ns

    def monotonic_ns(self) -> int:
        """Return the set time; it moves only forward."""
        return self._now_ns

    def advance_ns(self, step_ns: int) -> None:
        """Move forward by `step_ns`, which must not be negative."""
        if step_ns < 0:
            raise ValueError(f"a clock cannot go back ({step_ns} ns)")
        self._now_ns += step_ns
