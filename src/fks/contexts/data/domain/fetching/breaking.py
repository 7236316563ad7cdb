"""A circuit breaker, and a budget for trying again: a provider in trouble gets less load."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Breaker", "Budget"]

_FAILURES, _OPEN_S, _SUCCESSES = 5, 30.0, 2
_FLOOR_TENTHS, _MOST_TENTHS = 30, 100


@dataclass
class Breaker:
    """Closed; open after five failures in a row, for 30 s; then half open until two successes.

    Half open, one request at a time is let through. Every request that began ends in `succeeded`,
    `failed`, `open` or `released`. Times are seconds of a monotonic clock.
    """

    failures: int = 0
    until_s: float = 0.0
    opened: bool = False
    _successes: int = 0
    _trying: bool = field(default=False, repr=False)

    def state(self, now_s: float) -> str:
        """Return `closed`, `open` or `half_open`."""
        if not self.opened:
            return "closed"
        return "open" if now_s < self.until_s else "half_open"

    def wait_s(self, now_s: float) -> float:
        """Return how long nobody may ask; 0 when a request may go now."""
        state = self.state(now_s)
        if state == "open":
            return self.until_s - now_s
        return 1.0 if state == "half_open" and self._trying else 0.0

    def began(self, now_s: float) -> None:
        """Note that a request is sent now."""
        self._trying = self.state(now_s) == "half_open"

    def succeeded(self) -> None:
        """Count an answer."""
        self._trying = False
        self.failures = 0
        if self.opened:
            self._successes += 1
            if self._successes >= _SUCCESSES:
                self.opened, self._successes = False, 0

    def failed(self, now_s: float) -> None:
        """Count a failure."""
        self.failures += 1
        if self.opened or self.failures >= _FAILURES:
            self.open(now_s, _OPEN_S)
        self._trying = False

    def released(self) -> None:
        """Forget a request that says nothing of the provider (it was cancelled, or never left)."""
        self._trying = False

    def open(self, now_s: float, for_s: float) -> None:
        """Leave the provider alone for a time: it said so, or failed too often."""
        self._trying = False
        self.opened, self._successes = True, 0
        self.until_s = max(self.until_s, now_s + for_s)


@dataclass
class Budget:
    """Tries beyond the first: a tenth of the calls, three to begin with, ten in reserve at most."""

    calls: int = 0
    retries: int = 0
    _tenths: int = _FLOOR_TENTHS

    def called(self) -> None:
        """Count a call; it earns a tenth of a try."""
        self.calls += 1
        self._tenths = min(self._tenths + 1, _MOST_TENTHS)

    def may_retry(self) -> bool:
        """Tell whether one more try is in the budget."""
        return self._tenths >= 10

    def retried(self) -> None:
        """Spend a try."""
        assert self.may_retry(), "one asks first"
        self.retries += 1
        self._tenths -= 10
