"""How long to wait before trying again, and how often.

Used by the bus for listeners that fail and by the delivery for a broker or database that is
away. A circuit breaker would add nothing there: both already try one message at a time.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

__all__ = ["Backoff"]


@dataclass(frozen=True)
class Backoff:
    """Pauses that double from `first_s` to `longest_s`, each times a random factor in [0.5, 1].

    `tries` is the budget where one is kept, the first try included.
    """

    first_s: float = 0.05
    longest_s: float = 5.0
    tries: int = 5
    # Jitter only spreads tries; it decides nothing that must be unpredictable.
    chance: random.Random = field(default_factory=random.Random, repr=False, compare=False)

    def pause_s(self, failures: int) -> float:
        """Return the pause in seconds after so many failures (at least one) in a row."""
        pause_s = min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 60))
        return pause_s * self.chance.uniform(0.5, 1.0)
