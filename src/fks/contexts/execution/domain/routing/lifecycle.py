"""The state machine of one order at a venue: reports in, effects out, nothing lost or doubled.

The order is sent once. Whatever comes back, early, late, twice or never, has a meaning in `TABLE`;
an order of which nothing is proved stays exposure until the venue proves it. Time is told.
"""

from __future__ import annotations

import msgspec

from fks.contexts.execution.domain.routing.effects import Effect, Found, Heard, Question
from fks.contexts.execution.domain.routing.routed import FINAL, Routed
from fks.contexts.execution.domain.routing.steps import NEVER_ARRIVED, Steps
from fks.contexts.execution.domain.routing.table import TABLE, Step
from fks.contracts.execution import OrderState

__all__ = ["Lifecycle"]


class Lifecycle(Steps):
    """One routed order. Every method returns the effects, in order; none sends anything."""

    @property
    def state(self) -> OrderState:
        """Return where the order stands."""
        return self._it.state

    @property
    def open_lots(self) -> int:
        """Return the lots that count as exposure."""
        return self._it.open_lots

    @property
    def record(self) -> Routed:
        """Return a copy of all that is known; `Lifecycle(record)` goes on from it."""
        return msgspec.convert(msgspec.to_builtins(self._it), Routed)

    # --- what we do ---

    def sent(self, now_ns: int) -> list[Effect]:
        """Say that the order leaves now. It leaves once, so twice is a bug."""
        assert not self._it.sent_ns and self._it.over is None, "an order is sent once"
        before = self._begin(now_ns)
        self._it.held, self._it.sent_ns = False, now_ns
        return self._done(before)

    def cancel_asked(self, now_ns: int) -> list[Effect]:
        """Say that a cancel leaves now; for an order that is over, nothing follows."""
        before = self._begin(now_ns)
        if self._it.over is None:
            assert self._it.sent_ns, "what was never sent is not cancelled at a venue"
            self._it.cancel_ns = self._it.moved_ns = now_ns
            self._it.requests += 1
            self._pace(now_ns + self._patience.answer_ns)
        return self._done(before)

    def change_asked(self, lots: int, price_ticks: int | None, now_ns: int) -> list[Effect]:
        """Say that an amendment to `lots` in all leaves now; the larger one is exposure."""
        before = self._begin(now_ns)
        if self._it.over is None:
            assert self._it.sent_ns and lots > 0, "what was never sent is not amended at a venue"
            self._it.changes = [*self._it.changes, (lots, price_ticks)]
            self._it.change_ns = self._it.moved_ns = now_ns
            self._it.requests += 1
            self._pace(now_ns + self._patience.answer_ns)
        return self._done(before)

    def declare_over(self, text: str, now_ns: int) -> list[Effect]:
        """Let a person end an order of which no proof can be had; late word revives it."""
        before = self._begin(now_ns)
        if self._it.over is None:
            self._end(OrderState.CANCELLED, "BY_HAND", text, by_venue=False)
        return self._done(before)

    # --- what we hear ---

    def hear(self, heard: Heard, now_ns: int) -> list[Effect]:
        """Take a report of the venue, whatever it is and whenever it comes."""
        before = self._begin(now_ns)
        step = TABLE[(before, heard.kind)]
        if step is not Step.IGNORE:
            self._it.moved_ns = now_ns
            if heard.venue_order_id and not self._it.venue_order_id:
                self._it.venue_order_id = heard.venue_order_id
            self._steps[step](heard)
        return self._done(before)

    def found(self, status: Found, asked_ns: int, now_ns: int) -> list[Effect]:
        """Take the venue's answer to `find`, asked at `asked_ns`.

        What we heard since then may be newer than the answer, so an answer "it works" that was
        asked before proves that the venue has the order, and nothing else.
        """
        before = self._begin(now_ns)
        it = self._it
        it.venue_order_id = it.venue_order_id or status.venue_order_id
        fresh = asked_ns > it.moved_ns
        if it.over is None and not it.held:
            self._proved()
            if status.filled_lots > it.filled_lots:
                self._ask(Question.FILLS)
            if status.state in FINAL:
                self._ending(status)
            elif fresh:
                self._still_working(status)
        elif status.state in FINAL:
            if status.filled_lots > it.filled_lots:
                self._ask(Question.FILLS)
        elif fresh or not it.by_venue:
            self._revive()
            if it.over is None and fresh:
                self._still_working(status)
        return self._done(before)

    def absent(self, asked_ns: int, now_ns: int, *, sure: bool) -> list[Effect]:
        """Take the answer that the venue never had the order, asked at `asked_ns`.

        It is believed only from a venue that is `sure` (it keeps its history and refuses a used
        id), after the settle time, and once the fills were looked through (`fills_checked`).
        """
        before = self._begin(now_ns)
        it = self._it
        if it.over is None and (it.acked or it.filled_lots):
            self._differ("VANISHED", "the venue acknowledged the order and no longer knows it")
        elif it.unknown and sure and asked_ns - it.sent_ns >= self._patience.settle_ns:
            it.absent = True
            self._ask(Question.FILLS)
        return self._done(before)

    def fills_checked(self, now_ns: int, *, complete: bool = True) -> list[Effect]:
        """Say that all fills which the venue's history has were heard.

        `complete` is false where it keeps none: what lacks is then concluded by reconciling.
        """
        before = self._begin(now_ns)
        it = self._it
        if it.over is None and it.ending is not None and it.filled_lots < it.ending_lots:
            lacking = it.ending_lots - it.filled_lots
            if complete:
                text = f"the venue filled {lacking} lots that no fill accounts for"
                self._differ("FILLS_MISSING", text)
        elif it.unknown and it.absent:
            text = "the venue never had it: asked, and its history looked through"
            self._end(OrderState.REJECTED, NEVER_ARRIVED, text, by_venue=False)
        return self._done(before)

    def tick(self, now_ns: int) -> list[Effect]:
        """Let time pass: silence becomes doubt, doubt asks again, and is told in the end."""
        before = self._begin(now_ns)
        it, patience = self._it, self._patience
        # No word at all, a cancel on top of it or not: nothing proves that it ever arrived.
        silent = it.sent_ns and not (it.acked or it.filled_lots or it.unknown or it.held)
        if it.over is None and silent:
            if now_ns - it.sent_ns >= patience.answer_ns:
                self._doubt()
        elif it.over is None and (it.unknown or it.cancel_ns or it.changes or it.ending):
            if now_ns >= it.ask_ns:
                self._ask(Question.FIND)
            if it.unknown and not it.alerted and now_ns - it.doubt_ns >= patience.alert_ns:
                it.alerted = True
                self._differ("STILL_UNKNOWN", "nothing proves yet what became of the order")
        return self._done(before)

    # --- answers ---

    def _ending(self, status: Found) -> None:
        it = self._it
        if status.filled_lots < it.filled_lots:
            told, ours = status.filled_lots, it.filled_lots
            self._differ("LESS_FILLED", f"the venue says {told} lots were filled, we heard {ours}")
        it.ending, it.ending_lots = status.state, status.filled_lots
        if it.filled_lots >= status.filled_lots:
            self._end(status.state, it.code, it.text, by_venue=True)

    def _still_working(self, status: Found) -> None:
        it, patience = self._it, self._patience
        now = (status.lots, status.price_ticks)
        if now in it.changes:
            it.changes = it.changes[it.changes.index(now) + 1 :]
            self._resize(*now)
        elif it.changes and self._now_ns - it.change_ns >= patience.settle_ns:
            it.changes = []  # the request was lost; should it still arrive, its report counts
            self._resize(*now)
        elif not it.changes and now != (it.lots, it.price_ticks):
            self._resize(*now)
        if it.cancel_ns and self._now_ns - it.cancel_ns >= patience.answer_ns:
            it.cancel_ns = self._now_ns
            self._ask(Question.CANCEL)
