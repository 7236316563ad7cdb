"""Rates and counts over time, in integers: windows of instants, an even bucket, a bit history.

A window of `span_ns` holds the instants later than `now - span`: what happened exactly one span
ago has left it. The bucket is the generic cell rate algorithm (ITU-T I.371, annex A).
"""

from __future__ import annotations

from fks.contexts.execution.domain.risk.state import Outcomes

__all__ = [
    "HISTORY",
    "MINUTE_NS",
    "SECOND_NS",
    "bucket_after",
    "bucket_full",
    "noted",
    "outcome",
    "recent",
]

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
HISTORY = 50
_MOST = 1023  # older instants of a window are forgotten: no count that matters is larger


def recent(times: list[int], now_ns: int, span_ns: int) -> int:
    """Return how many of the instants, oldest first, lie within the window."""
    after = now_ns - span_ns
    count = 0
    for instant in reversed(times):
        if instant <= after:
            break
        count += 1
    return count


def noted(times: list[int], now_ns: int, span_ns: int) -> int:
    """Add an instant, drop what has left the window, return how many there are."""
    count = recent(times, now_ns, span_ns)
    del times[: max(len(times) - count, len(times) - _MOST)]
    times.append(now_ns)
    return count + 1


def bucket_full(full_ns: int, now_ns: int, a_minute: int, burst: int) -> bool:
    """Say whether one more now would exceed an even rate with that burst."""
    if a_minute < 1 or burst < 1:
        return True
    return max(full_ns, now_ns) - now_ns > (burst - 1) * (MINUTE_NS // a_minute)


def bucket_after(full_ns: int, now_ns: int, a_minute: int) -> int:
    """Return when the bucket will have refilled after one more now."""
    return max(full_ns, now_ns) + MINUTE_NS // max(a_minute, 1)


def outcome(history: Outcomes, refused: bool) -> None:
    """Add an order's fate at a venue to the history of the last 50."""
    history.bits = ((history.bits << 1) | refused) & ((1 << HISTORY) - 1)
    history.count = min(history.count + 1, HISTORY)
    history.row = history.row + 1 if refused else 0
