"""The technical breaker of a link: too many failures, or too slow, and it opens for a while.

It protects a venue from us and us from a venue that does not answer. It is no risk control: what
it lets through was allowed before, and cancels pass always, since they only take risk away.
"""

from __future__ import annotations

import enum
from collections import deque

import msgspec

from fks.contracts.execution import BreakerState

__all__ = ["Breaker", "BreakerTerms", "Call"]

_SECOND = 1_000_000_000


class Call(enum.Enum):
    """What is to be called: an order goes only through a closed breaker, a cancel through any."""

    ORDER = "order"
    CANCEL = "cancel"
    READ = "read"


class BreakerTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When it opens and closes: counts and nanoseconds.

    It opens at `failures` within `window_ns`, or when the 99th percentile of at least
    `least_samples` latencies of the window is above `slow_ns` (where they are few, two of them);
    for `open_ns`, twice as long each time it opens again before it was closed for `calm_ns`, up to
    `longest_ns`. Then `probes` reads may go; when all succeed it closes, when one fails it opens.
    """

    failures: int = 5
    window_ns: int = 10 * _SECOND
    slow_ns: int = 2 * _SECOND
    least_samples: int = 10
    open_ns: int = 30 * _SECOND
    longest_ns: int = 300 * _SECOND
    probes: int = 3
    calm_ns: int = 300 * _SECOND


class Breaker:
    """Closed, open or half-open. Time is given with each call and never goes back."""

    def __init__(self, venue: str, terms: BreakerTerms | None = None) -> None:
        self._venue = venue
        self._terms = BreakerTerms() if terms is None else terms
        self._failed: deque[int] = deque()
        self._latencies: deque[tuple[int, int]] = deque()
        self._state = "closed"
        self._since_ns = 0
        self._retry_ns = 0
        self._opens = 0
        self._row = 0  # times it opened in a row
        self._reason = ""
        self._out = 0  # probes on their way
        self._good = 0  # probes that came back

    def allows(self, call: Call, now_ns: int) -> bool:
        """Tell whether a call may go now; a read that may go in half-open is a probe."""
        if call is Call.CANCEL:
            return True
        if self._state == "open" and now_ns >= self._retry_ns:
            self._state, self._since_ns = "half_open", now_ns
            self._out = self._good = 0
        if self._state == "half_open":
            if now_ns - self._since_ns >= self._terms.open_ns:  # probes that nobody reported on
                self._since_ns, self._out = now_ns, 0
            if call is Call.ORDER or self._out + self._good >= self._terms.probes:
                return False
            self._out += 1
            return True
        return self._state == "closed"

    def succeeded(self, latency_ns: int, now_ns: int) -> None:
        """Take a call that was answered, a refusal included: the link works."""
        if self._state == "half_open" and self._out:
            self._out -= 1
            self._good += 1
            if latency_ns > self._terms.slow_ns:
                self._open("a probe was slow", now_ns)
            elif self._good >= self._terms.probes:
                self._close(now_ns)
        elif self._state == "closed":
            self._latencies.append((now_ns, latency_ns))
            self._forget(now_ns)
            count = len(self._latencies)
            if latency_ns > self._terms.slow_ns and count >= self._terms.least_samples:
                ordered = sorted(latency for _, latency in self._latencies)
                worst = ordered[min(-(-99 * count // 100), count - 1) - 1]  # one alone is no rule
                if worst > self._terms.slow_ns:
                    self._open(f"99 in 100 answers took up to {worst // 1_000_000} ms", now_ns)

    def failed(self, reason: str, now_ns: int) -> None:
        """Take an error of the link or a timeout."""
        self._failed.append(now_ns)
        self._forget(now_ns)
        full = self._state == "closed" and len(self._failed) >= self._terms.failures
        if full or self._state == "half_open":
            self._open(reason, now_ns)

    def abandoned(self) -> None:
        """Take a call that ended without any answer about the link (it was given up by us)."""
        if self._state == "half_open" and self._out:
            self._out -= 1

    def view(self, now_ns: int) -> BreakerState:
        """Return its state as the contract shows it."""
        self._forget(now_ns)
        return BreakerState(
            venue=self._venue,
            state=self._state,
            failures=len(self._failed),
            opens=self._opens,
            since_ts_ns=self._since_ns,
            retry_ts_ns=self._retry_ns if self._state == "open" else 0,
            reason=self._reason if self._state != "closed" else "",
        )

    def _open(self, reason: str, now_ns: int) -> None:
        calm = self._state == "closed" and now_ns - self._since_ns >= self._terms.calm_ns
        self._row = 0 if calm else self._row
        pause_ns = min(self._terms.open_ns << min(self._row, 40), self._terms.longest_ns)
        self._row += 1
        self._opens += 1
        self._state, self._since_ns, self._reason = "open", now_ns, reason
        self._retry_ns = now_ns + pause_ns
        self._latencies.clear()

    def _close(self, now_ns: int) -> None:
        self._state, self._since_ns, self._reason = "closed", now_ns, ""
        self._failed.clear()
        self._latencies.clear()

    def _forget(self, now_ns: int) -> None:
        """Drop what lies before the window."""
        start_ns = now_ns - self._terms.window_ns
        while self._failed and self._failed[0] <= start_ns:
            self._failed.popleft()
        while self._latencies and self._latencies[0][0] <= start_ns:
            self._latencies.popleft()
