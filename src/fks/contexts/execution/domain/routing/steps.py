"""The steps of a routed order: what each word of the table does to it, and the common ends."""

from __future__ import annotations

from collections.abc import Callable

from fks.contexts.execution.domain.routing.effects import (
    Ask,
    Difference,
    Effect,
    Filled,
    Heard,
    Patience,
    Question,
    Released,
    Resized,
    Revived,
    StateChanged,
)
from fks.contexts.execution.domain.routing.routed import Routed
from fks.contexts.execution.domain.routing.table import Step
from fks.contracts.execution import OrderState, VenueReportKind

__all__ = ["NEVER_ARRIVED", "SYNTHETIC", "Steps"]

NEVER_ARRIVED = "NEVER_ARRIVED"
_OF_THE_ORDER = (NEVER_ARRIVED, "NOT_SENT")  # said of the order, not of a later request about it
SYNTHETIC = "rec:"  # trade ids of fills that reconciling concluded begin with this
_PATIENCE = Patience()
_ENDS = {
    VenueReportKind.REJECTED: OrderState.REJECTED,
    VenueReportKind.CANCELLED: OrderState.CANCELLED,
    VenueReportKind.EXPIRED: OrderState.EXPIRED,
}


class Steps:
    """One routed order and what may happen to it. `Lifecycle` is its outside."""

    def __init__(self, routed: Routed, patience: Patience = _PATIENCE) -> None:
        self._it = routed
        self._patience = patience
        self._effects: list[Effect] = []
        self._now_ns = 0
        self._steps: dict[Step, Callable[[Heard], None]] = {
            Step.ACK: self._proved,
            Step.FILL: self._fill,
            Step.END: self._end_reported,
            Step.CHANGE: self._changed,
            Step.KEEP: self._kept,
            Step.STAY: self._stayed,
            Step.DOUBT: self._doubt,
            Step.ASK: lambda heard: self._ask(Question.FIND),
            Step.UNSENT: self._unsent,
            Step.REVIVE: self._revive,
            Step.WRONG: self._wrong,
        }

    # --- steps of the table ---

    def _proved(self, heard: Heard | None = None) -> None:
        """Note that the venue has, or had, the order."""
        it = self._it
        it.acked, it.unknown, it.absent, it.alerted, it.doubt_ns = True, False, False, False, 0
        if it.cancel_ns or it.changes:
            self._pace(self._now_ns + self._patience.answer_ns)

    def _fill(self, heard: Heard) -> None:
        it = self._it
        price = heard.price_ticks
        if heard.lots <= 0 or price is None or not heard.trade_id:
            self._differ("BAD_FILL", "a fill without an id, lots or a price was not counted")
            self._ask(Question.FILLS)
            return
        counted = it.trades.get(heard.trade_id)
        if counted is not None:
            if counted != (heard.lots, price):
                self._differ("FILL_CHANGED", f"fill {heard.trade_id} came again with other numbers")
            return
        if self._concluded(heard):
            it.trades[heard.trade_id] = (heard.lots, price)
            return
        late = it.over is not None
        if it.held:
            it.held, it.sent_ns = False, self._now_ns
            self._differ("FILLED_UNSENT", "an order that never left us was filled")
        it.trades[heard.trade_id] = (heard.lots, price)
        it.filled_lots += heard.lots
        it.cost_ticks += heard.lots * price
        self._effects.append(
            Filled(
                lots=heard.lots,
                price_ticks=price,
                trade_id=heard.trade_id,
                ts_ns=heard.ts_ns,
                fee_nanos=heard.fee_nanos,
                fee=heard.fee,
                fee_currency=heard.fee_currency,
                maker=heard.maker,
                late=late,
            )
        )
        self._after_fill()

    def _concluded(self, heard: Heard) -> bool:
        """Tell whether a fill is one that reconciling concluded before its report came."""
        it = self._it
        if heard.trade_id.startswith(SYNTHETIC):
            it.concluded_lots += heard.lots
            it.concluded_ns = max(it.concluded_ns, heard.ts_ns)
            return False
        if not it.concluded_lots or heard.ts_ns > it.concluded_ns:
            return False
        if heard.lots > it.concluded_lots:
            self._differ("FILL_CONFLICT", f"fill {heard.trade_id} is more than was concluded of it")
            return True
        it.concluded_lots -= heard.lots
        return True

    def _after_fill(self) -> None:
        it = self._it
        most = max(it.lots, *(lots for lots, _ in it.changes), 0)
        if it.filled_lots > most:
            self._differ("OVERFILLED", f"filled {it.filled_lots} lots of {most}")
        if it.over is OrderState.REJECTED and it.by_venue:
            self._differ("FILLED_REJECTED", "an order that the venue had rejected was filled")
            it.over = OrderState.CANCELLED
        if it.over is not None:
            if it.filled_lots >= it.lots:
                it.over = OrderState.FILLED
            elif not it.by_venue:
                self._revive()
            return
        self._proved()
        if it.filled_lots >= most:
            self._end(OrderState.FILLED, "", "", by_venue=False)
        elif it.ending is not None and it.filled_lots >= it.ending_lots:
            self._end(it.ending, it.code, it.text, by_venue=True)

    def _end_reported(self, heard: Heard) -> None:
        if heard.kind is VenueReportKind.REJECTED and self._it.filled_lots:
            self._wrong(heard)
            return
        self._end(_ENDS[heard.kind], heard.code, heard.text, by_venue=True)

    def _changed(self, heard: Heard) -> None:
        it = self._it
        if heard.ts_ns < it.changed_ns:
            return  # a repeat of an older amendment
        if it.over is not None:
            if it.by_venue or heard.lots <= it.filled_lots:
                return
            self._revive(heard)
        self._proved()
        wanted = [i for i, (lots, _) in enumerate(it.changes) if heard.lots in (0, lots)]
        lots, price = it.lots, it.price_ticks
        if wanted:
            lots, price = it.changes[wanted[0]]
            it.changes = it.changes[wanted[0] + 1 :]
        elif not heard.lots and heard.price_ticks is None:
            return  # nothing was asked, and it does not say what changed
        it.changed_ns = heard.ts_ns
        self._resize(heard.lots or lots, price if heard.price_ticks is None else heard.price_ticks)

    def _kept(self, heard: Heard) -> None:
        it = self._it
        if it.changes:
            # Which one was refused is not said: the largest of them stays exposure until asked.
            smallest = min(range(len(it.changes)), key=lambda place: it.changes[place][0])
            it.changes = it.changes[:smallest] + it.changes[smallest + 1 :]
            self._effects.append(Resized(it.lots, it.price_ticks))
        it.code, it.text = heard.code, heard.text
        self._ask(Question.FIND)
        if it.filled_lots >= max(it.lots, *(lots for lots, _ in it.changes), 0):
            self._end(OrderState.FILLED, heard.code, heard.text, by_venue=False)

    def _stayed(self, heard: Heard) -> None:
        self._it.cancel_ns = 0
        self._it.code, self._it.text = heard.code, heard.text
        self._ask(Question.FIND)

    def _doubt(self, heard: Heard | None = None) -> None:
        it = self._it
        if not it.acked:
            it.unknown = True
            it.doubt_ns = it.doubt_ns or self._now_ns
            it.code = heard.code if heard is not None else ""
            it.text = (heard.text if heard is not None else "") or "no answer came"
        it.pause_ns = 0
        self._ask(Question.FIND)

    def _unsent(self, heard: Heard) -> None:
        it = self._it
        if not it.requests or (heard.code in _OF_THE_ORDER and not it.acked):
            text = heard.text or "it never left"
            self._end(OrderState.REJECTED, heard.code or "UNSENT", text, by_venue=False)
        elif not it.acked:  # the order itself, or a later request about it: nobody can tell
            self._doubt(heard)
        else:
            it.cancel_ns, it.changes = 0, []
            self._effects.append(Resized(it.lots, it.price_ticks))
            self._ask(Question.FIND)

    def _revive(self, heard: Heard | None = None) -> None:
        """Take an order for alive that was over without the venue's own word."""
        it = self._it
        if it.by_venue:
            if heard is None:  # asked, it says so; a mere report may just be late
                self._differ("STILL_WORKING", "the venue ended the order and shows it working")
            return
        if it.held:
            self._differ("WORKS_UNSENT", "an order that never left us works at the venue")
            return
        it.over, it.code, it.text = None, "", ""
        it.cancel_ns, it.changes = 0, []
        self._proved()
        self._effects.append(Revived(it.open_lots))
        self._differ("REVIVED", "an order that was taken for over works at the venue")

    def _wrong(self, heard: Heard) -> None:
        state = self._it.state.value
        self._differ("CONTRADICTION", f"{heard.kind.value} of an order that is {state}")
        self._ask(Question.FIND)

    # --- common ends ---

    def _resize(self, lots: int, price_ticks: int | None) -> None:
        it = self._it
        it.lots, it.price_ticks = lots, price_ticks
        self._effects.append(Resized(lots, price_ticks))
        if it.filled_lots >= max(it.lots, *(n for n, _ in it.changes), 0):
            self._end(OrderState.FILLED, "", "", by_venue=False)

    def _end(self, state: OrderState, code: str, text: str, *, by_venue: bool) -> None:
        it = self._it
        lots = it.open_lots
        if it.filled_lots and state is OrderState.REJECTED:
            state = OrderState.CANCELLED
        if it.filled_lots >= it.lots and state is OrderState.CANCELLED:
            state = OrderState.FILLED  # nothing was left to cancel
        it.over, it.by_venue, it.code, it.text = state, by_venue, code, text
        it.changes, it.cancel_ns, it.unknown, it.held = [], 0, False, False
        it.ending, it.absent = None, False
        if lots:
            self._effects.append(Released(lots))

    def _differ(self, code: str, text: str) -> None:
        self._effects.append(Difference(code, f"{self._it.client_order_id}: {text}"))

    def _ask(self, question: Question) -> None:
        """Ask, and wait longer before the next time."""
        it, patience = self._it, self._patience
        if Ask(question) not in self._effects:
            self._effects.append(Ask(question))
        it.ask_ns = self._now_ns + max(it.pause_ns, patience.again_ns)
        it.pause_ns = min(2 * max(it.pause_ns, patience.again_ns), patience.longest_ns)

    def _pace(self, ask_ns: int) -> None:
        self._it.ask_ns, self._it.pause_ns = ask_ns, 0

    def _begin(self, now_ns: int) -> OrderState:
        self._effects = []
        self._now_ns = now_ns
        return self._it.state

    def _done(self, before: OrderState) -> list[Effect]:
        it = self._it
        if it.state is not before:
            self._effects.append(StateChanged(it.state, it.code, it.text))
        return self._effects
