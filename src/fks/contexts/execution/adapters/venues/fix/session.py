"""The session layer of FIX 4.4: numbers, gaps, heartbeats, log on and off. Bytes in, bytes out.

No socket and no clock of its own. A gap in what comes in is asked for; a request to send again
what went out is answered by a gap fill, also for orders: one that the counterparty never got must
not arrive minutes later. What became of it is found by asking for its status.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import msgspec

from fks.contexts.execution.adapters.venues.fix.codec import Codec, Received
from fks.contexts.execution.adapters.venues.fix.numbers import Numbers

__all__ = ["Dropped", "Session", "SessionTerms"]

_SECOND = 1_000_000_000
Fields = Sequence[tuple[int, str]]


class SessionTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Heartbeat in seconds, whether numbers begin anew at each log-on, and who logs on."""

    heartbeat_s: float = 30.0
    reset: bool = False
    username: str = ""
    password: str = ""


class Dropped(Exception):
    """The connection has to be closed. `refused`: the counterparty does not let us in."""

    def __init__(self, reason: str, *, refused: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused


class Session:
    """One side of a session, the one that connects."""

    def __init__(
        self,
        codec: Codec,
        numbers: Numbers,
        terms: SessionTerms,
        wall_ns: Callable[[], int],
        on_message: Callable[[Received], None],
    ) -> None:
        self._codec = codec
        self._numbers = numbers
        self._terms = terms
        self._wall_ns = wall_ns
        self._on_message = on_message
        self._write: Callable[[bytes], None] = lambda data: None
        self._asked_from = 0  # of the gap that was asked for and is not filled yet
        self._asked_ns = 0
        self._asked_seq = 0  # the number that the request for it bore
        self._sent_ns = self._heard_ns = 0
        self._tested_ns = 0
        self._leaving = False
        self.up = False

    # --- out ---

    def begin(self, write: Callable[[bytes], None], now_ns: int) -> None:
        """Log on over a new connection."""
        self._write = write
        self._asked_from = self._tested_ns = 0
        self._sent_ns = self._heard_ns = now_ns
        self._leaving = self.up = False
        if self._terms.reset:
            self._numbers.reset()
        fields = [(98, "0"), (108, str(math.ceil(self._terms.heartbeat_s)))]
        fields += [(141, "Y")] if self._terms.reset else []
        fields += [(553, self._terms.username)] if self._terms.username else []
        fields += [(554, self._terms.password)] if self._terms.password else []
        self.send("A", fields, now_ns)

    def send(self, kind: str, fields: Fields, now_ns: int) -> int:
        """Send a message under the next number, which is returned."""
        seq = self._numbers.take()
        self._sent_ns = now_ns
        self._write(self._codec.encode(kind, seq, fields, self._wall_ns()))
        return seq

    def log_out(self, text: str, now_ns: int) -> None:
        """Say goodbye."""
        self._leaving = True
        self.send("5", [(58, text)] if text else [], now_ns)

    def tick(self, now_ns: int) -> None:
        """Send a heartbeat, or test one that is silent. Raises `Dropped` when it stays silent."""
        beat_ns = int(self._terms.heartbeat_s * _SECOND)
        if now_ns - self._sent_ns >= beat_ns:
            self.send("0", [], now_ns)
        silent_ns = now_ns - self._heard_ns
        if self._tested_ns and now_ns - self._tested_ns >= beat_ns:
            raise Dropped("no answer to a test request")
        if not self._tested_ns and 5 * silent_ns >= 6 * beat_ns:
            if not self.up:
                raise Dropped("no answer to the log-on")
            self._tested_ns = now_ns
            self.send("1", [(112, f"test-{self._numbers.next}")], now_ns)

    # --- in ---

    def feed(self, data: bytes, now_ns: int) -> None:
        """Take bytes. Raises `Dropped` when the session cannot go on."""
        for received in self._codec.feed(data):
            self._heard_ns, self._tested_ns = now_ns, 0
            if isinstance(received, Received):
                self._take(received, now_ns)

    def _take(self, received: Received, now_ns: int) -> None:
        wrong = self._codec.mistaken(received)
        if wrong:
            self._drop(wrong, now_ns)
        if not self.up and received.kind not in ("A", "5"):
            self._drop("the first message was no Logon", now_ns)
        if received.kind == "5":
            self._logged_out(received, now_ns)
        if received.kind == "A":
            self._logged_on(received, now_ns)
            return
        if received.kind == "4" and not received.flag(123):
            self._reset_to(received, now_ns)
            return
        if received.seq > self._numbers.expected:
            if received.kind == "2":  # answered at once, or both sides would wait
                self._resend(received, now_ns)
            self._ask_from(self._numbers.expected, now_ns)
            return
        if received.seq < self._numbers.expected:
            if not received.flag(43):
                self._too_low(received, now_ns)
            return  # it was taken in before
        self._in_turn(received, now_ns)

    def _in_turn(self, received: Received, now_ns: int) -> None:
        """Take the message that was expected."""
        if received.kind == "4":
            self._reset_to(received, now_ns)
            return
        self._numbers.expect(received.seq + 1)
        if received.kind == "1":
            self.send("0", [(112, received.fields.get(112, ""))], now_ns)
        elif received.kind == "2":
            self._resend(received, now_ns)
        elif received.kind != "0" or 112 in received.fields:
            self._on_message(received)

    def _logged_on(self, received: Received, now_ns: int) -> None:
        if received.flag(141):
            self._numbers.expect(1)
        if received.seq < self._numbers.expected and not received.flag(43):
            self._too_low(received, now_ns)
        self.up = True
        if received.seq > self._numbers.expected:
            self._ask_from(self._numbers.expected, now_ns)
        elif received.seq == self._numbers.expected:
            self._numbers.expect(received.seq + 1)
        self._on_message(received)

    def _logged_out(self, received: Received, now_ns: int) -> None:
        if received.seq == self._numbers.expected:
            self._numbers.expect(received.seq + 1)
        refused = not self.up
        if not self._leaving and self.up:
            self.log_out("", now_ns)
        self.up = False
        raise Dropped(received.fields.get(58) or "logged out", refused=refused)

    def _reset_to(self, received: Received, now_ns: int) -> None:
        """Go on at another number: a gap fill, or a reset."""
        text = received.fields.get(36, "")
        if not text.isdigit() or int(text) < self._numbers.expected:
            wrong = f"NewSeqNo {text} is below the expected {self._numbers.expected}"
            self.send("3", [(45, str(received.seq)), (371, "36"), (373, "5"), (58, wrong)], now_ns)
            return
        self._numbers.expect(int(text))

    def _resend(self, received: Received, now_ns: int) -> None:
        """Answer a resend request: there is nothing to send again."""
        first, last = received.fields.get(7, ""), received.fields.get(16, "0")
        if not (first.isdigit() and last.isdigit()):
            wrong = [(45, str(received.seq)), (371, "7"), (373, "6")]
            self.send("3", wrong, now_ns)
            return
        after = min(int(last) + 1, self._numbers.next) if int(last) else self._numbers.next
        fields = [(43, "Y"), (123, "Y"), (36, str(max(after, int(first) + 1)))]
        self._sent_ns = now_ns
        self._write(self._codec.encode("4", int(first), fields, self._wall_ns()))
        if self._asked_from == self._numbers.expected and self._asked_seq >= int(first):
            # Our own request lay in the gap that was just filled: it may not have been served.
            self._asked_from = 0
            self._ask_from(self._numbers.expected, now_ns)

    def _ask_from(self, number: int, now_ns: int) -> None:
        """Ask for what is missed, once until it came or the time of a heartbeat is over."""
        waited_ns = now_ns - self._asked_ns
        if self._asked_from != number or waited_ns >= self._terms.heartbeat_s * _SECOND:
            self._asked_from, self._asked_ns = number, now_ns
            self._asked_seq = self.send("2", [(7, str(number)), (16, "0")], now_ns)

    def _too_low(self, received: Received, now_ns: int) -> None:
        expected = self._numbers.expected
        self._drop(f"MsgSeqNum too low, expecting {expected} but received {received.seq}", now_ns)

    def _drop(self, reason: str, now_ns: int) -> None:
        self.log_out(reason, now_ns)
        self.up = False
        raise Dropped(reason)
