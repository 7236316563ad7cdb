"""Questions over a FIX session, and the one or many messages that answer each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from fks.contexts.execution.adapters.venues.fix.codec import Received
from fks.kernel.errors import TimedOut, Unavailable

__all__ = ["Asking"]

Fields = Mapping[int, str]
# Kind of answer -> (tag of the question's id, tag of how many there are; 0: one).
_ANSWERS = {
    "0": (112, 0),
    "AE": (568, 748),  # TradeCaptureReport
    "AQ": (568, 748),  # its request was taken
    "AP": (710, 727),  # PositionReport
    "AO": (710, 727),
    "BA": (909, 911),  # CollateralReport
    "BG": (909, 911),
}
_ACKS = ("AQ", "AO", "BG")


class _Question:
    """A question on its way, and what answered it so far."""

    def __init__(self) -> None:
        self.answered: asyncio.Future[list[Fields]] = asyncio.Future()
        self.reports: list[Fields] = []

    def end(self) -> None:
        """Give the answers to whoever waits for them."""
        if not self.answered.done():
            self.answered.set_result(self.reports)

    def fail(self, text: str) -> None:
        """Let whoever waits know that no answer will come."""
        if not self.answered.done():
            self.answered.set_exception(Unavailable(text, code="execution.venue_unavailable"))


class Asking:
    """Sends questions and recognises their answers."""

    def __init__(
        self, send: Callable[[str, Sequence[tuple[int, str]]], int], timeout_s: float
    ) -> None:
        self._send = send
        self._timeout_s = timeout_s
        self._open: dict[str, _Question] = {}
        self._numbers: dict[int, str] = {}

    async def ask(self, kind: str, fields: Sequence[tuple[int, str]], request: str) -> list[Fields]:
        """Ask and return the answers; raises `Unavailable` or `TimedOut`."""
        question = self._open[request] = _Question()
        number = 0
        try:
            number = self._send(kind, [(tag, value) for tag, value in fields if value])
            self._numbers[number] = request
            async with asyncio.timeout(self._timeout_s):
                return await question.answered
        except TimeoutError as error:
            raise TimedOut(
                "the FIX counterparty did not answer in time", code="execution.venue_timed_out"
            ) from error
        finally:
            del self._open[request]
            self._numbers.pop(number, None)

    def took(self, received: Received) -> bool:
        """Take a message that answers a question; tell whether it did."""
        fields = received.fields
        if received.kind == "8":
            tag, count = (584, 911) if 584 in fields else (790, 0)
        elif received.kind in _ANSWERS:
            tag, count = _ANSWERS[received.kind]
        else:
            return False
        question = self._open.get(fields.get(tag, ""))
        if question is None:
            return tag != 112 and fields.get(tag, "") != ""  # an answer that nobody waits for
        total = fields.get(count, "")
        if received.kind in _ACKS or (count and total == "0"):
            if total == "0":
                question.end()
            return True
        question.reports.append(fields)
        last = fields.get(912) == "Y" or total == str(len(question.reports))
        if not count or last:
            question.end()
        return True

    def refused(self, number: int, text: str) -> bool:
        """Take the refusal of a message by its number; tell whether it was a question."""
        question = self._open.get(self._numbers.get(number, ""))
        if question is not None:
            question.fail(f"the FIX counterparty refused to answer: {text}")
        return question is not None

    def broke(self) -> None:
        """Let all who wait know that the session broke."""
        for question in self._open.values():
            question.fail("the FIX session broke")
