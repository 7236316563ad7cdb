"""How much a provider lets through in a minute, counted by weight, in any window of 60 seconds."""

from __future__ import annotations

from collections import deque

__all__ = ["WINDOW_S", "WeightWindow"]

WINDOW_S = 60.0


class WeightWindow:
    """The weight used in the last 60 seconds. Times are seconds of a monotonic clock."""

    def __init__(self, limit: int) -> None:
        assert limit > 0, "a provider lets something through"
        self.limit = limit
        self._taken: deque[tuple[float, int]] = deque()
        self._used = 0

    def used(self, now_s: float) -> int:
        """Return the weight used in the window that ends now."""
        while self._taken and self._taken[0][0] <= now_s - WINDOW_S:
            self._used -= self._taken.popleft()[1]
        return self._used

    def wait_s(self, now_s: float, weight: int) -> float:
        """Return how long to wait until a request of this weight fits; 0 when it does now.

        One that weighs more than the limit fits when nothing else was asked.
        """
        excess = self.used(now_s) + min(weight, self.limit) - self.limit
        for at_s, taken in self._taken:
            if excess <= 0:
                return 0.0
            excess -= taken
            if excess <= 0:
                return at_s + WINDOW_S - now_s
        return 0.0

    def take(self, now_s: float, weight: int) -> None:
        """Count a request."""
        self._taken.append((now_s, weight))
        self._used += weight

    def believe(self, now_s: float, told: int) -> None:
        """Count what the provider says was used, where that is more than we know of."""
        missing = min(told, 10 * self.limit) - self.used(now_s)
        if missing > 0:
            self.take(now_s, missing)
