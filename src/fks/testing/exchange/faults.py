"""What goes wrong at the local exchange, by script or by seed.

A fault of a request meets the next request that fits; a fault of the stream meets what is said of
the next order, or the stream itself. `clear` ends all of them and lets go what hangs.
"""

from __future__ import annotations

import asyncio
import enum
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["Fault", "Faults"]

T = TypeVar("T")


class Fault(enum.Enum):
    """One kind of trouble."""

    LOST_REQUEST = "lost_request"  # not processed, the connection is cut
    LATE_REQUEST = "late_request"  # processed only after `late_s`, its clock checked then
    LOST_ACK = "lost_ack"  # processed, the connection is cut
    NO_ANSWER = "no_answer"  # processed, nobody answers before `clear`
    LATE_ACK = "late_ack"  # processed, answered after `late_s`
    SERVER_ERROR = "server_error"  # processed, answered 503 or -1007: status unknown
    SERVER_ERROR_UNDONE = "server_error_undone"  # not processed, answered alike
    MALFORMED = "malformed"  # processed, the answer's JSON is cut
    REFUSED = "refused"  # refused with -2010
    RATE_LIMITED = "rate_limited"  # 429 with Retry-After
    BANNED = "banned"  # 418 with Retry-After
    DUPLICATE_FILL = "duplicate_fill"  # from now on every event of a trade is sent twice
    FILL_BEFORE_ACK = "fill_before_ack"  # the events of the next order are sent backwards
    MALFORMED_EVENT = "malformed_event"  # an unreadable message goes before the next event
    CUT = "cut"  # all streams are cut now
    SILENCE = "silence"  # all open streams go silent now: no events, no pongs
    KEY_EXPIRED = "key_expired"  # all subscriptions end now, as they do when a key expires


ON_STREAM = frozenset(
    {
        Fault.DUPLICATE_FILL,
        Fault.FILL_BEFORE_ACK,
        Fault.MALFORMED_EVENT,
        Fault.CUT,
        Fault.SILENCE,
        Fault.KEY_EXPIRED,
    }
)


@dataclass
class _Scripted:
    fault: Fault
    method: str
    path: str
    times: int


class Faults:
    """The script and the dice. `skew_ms` is how far the exchange's clock is ahead."""

    def __init__(self, late_s: float = 0.3) -> None:
        self.late_s = late_s
        self.skew_ms = 0
        self.retry_after_s = 1
        self.released = asyncio.Event()
        self.doubling = False
        self._script: list[_Scripted] = []
        self._chances: Mapping[Fault, float] = {}
        self._methods: tuple[str, ...] = ()
        self._dice = random.Random()  # noqa: S311  # a seed makes a failure repeatable

    def script(self, fault: Fault, *, method: str = "", path: str = "", times: int = 1) -> None:
        """Let the next `times` requests (of a method, with a path that ends so) meet a fault."""
        if fault is Fault.DUPLICATE_FILL:
            self.doubling = True
        else:
            self._script.append(_Scripted(fault, method, path, times))

    def at_random(
        self,
        seed: int,
        chances: Mapping[Fault, float],
        methods: tuple[str, ...] = ("POST", "PUT", "DELETE"),
    ) -> None:
        """Let each request of these methods meet a fault with its probability."""
        self._dice.seed(seed)
        self._chances, self._methods = dict(chances), methods

    def clear(self) -> None:
        """End all faults; what hangs is let go."""
        self._script.clear()
        self._chances = {}
        self.doubling = False
        self.skew_ms = 0
        self.released.set()
        self.released = asyncio.Event()

    def of_request(self, method: str, path: str) -> Fault | None:
        """Return the fault that a request meets."""
        for one in self._script:
            fits = one.method in ("", method) and path.endswith(one.path)
            if one.fault not in ON_STREAM and fits:
                return self._use(one)
        if method in self._methods:
            for fault, chance in self._chances.items():
                if fault not in ON_STREAM and self._dice.random() < chance:
                    return fault
        return None

    def on_stream(self, fault: Fault) -> bool:
        """Tell whether what is said now meets a fault of the stream."""
        for one in self._script:
            if one.fault is fault:
                self._use(one)
                return True
        chance = self._chances.get(fault, 0.0)
        if fault is Fault.DUPLICATE_FILL and self.doubling:
            return True
        return chance > 0 and self._dice.random() < chance

    def chosen(self, ways: Sequence[T]) -> T:
        """Return one of several ways to go wrong."""
        return self._dice.choice(ways)

    def _use(self, one: _Scripted) -> Fault:
        one.times -= 1
        if one.times <= 0:
            self._script.remove(one)
        return one.fault
