"""Measured latencies, as percentiles over the last thousands: figures, never constants."""

from __future__ import annotations

from collections import deque

__all__ = ["Latencies"]

_KEPT = 4096


class Latencies:
    """The last durations of each kind, in nanoseconds."""

    def __init__(self) -> None:
        self._kept: dict[str, deque[int]] = {}

    def note(self, kind: str, spent_ns: int) -> None:
        """Keep a duration."""
        self._kept.setdefault(kind, deque(maxlen=_KEPT)).append(spent_ns)

    def percentiles_us(self) -> dict[str, float]:
        """Return p50, p99 and p99.9 of each kind, in microseconds, and how many were measured."""
        found: dict[str, float] = {}
        for kind, durations in sorted(self._kept.items()):
            ordered = sorted(durations)
            last = len(ordered) - 1
            for name, share in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999)):
                found[f"{kind}_{name}"] = ordered[round(last * share)] / 1e3
            found[f"{kind}_count"] = float(len(ordered))
        return found
