"""What is known of one routed order; written out and read back as it is."""

from __future__ import annotations

import msgspec

from fks.contracts.execution import OrderState

__all__ = ["FINAL", "Routed"]

FINAL = frozenset(
    (OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED, OrderState.EXPIRED)
)


class Routed(msgspec.Struct, kw_only=True):
    """An order on its way to, at, or back from a venue; lots, ticks and nanoseconds.

    `over` is set once it ended, `by_venue` when the venue said so (else we concluded it, by what
    was filled or for want of any trace).
    `changes` are amendments asked and not answered, oldest first, `changed_ns` the venue's time of
    the last one that was made. `trades` are the fills counted:
    id -> (lots, ticks); of these reconciling concluded `concluded_lots`, none later than
    `concluded_ns`, whose own report may still come. `requests` counts what was sent after the
    order itself; `moved_ns` is when anything was last sent or heard. `ending` is an end that the
    venue told while fills (up to `ending_lots`) are still to come. `absent`: the venue said after
    the settle time that it never had it.
    """

    client_order_id: str
    lots: int
    price_ticks: int | None = None
    held: bool = False
    sent_ns: int = 0
    acked: bool = False
    unknown: bool = False
    over: OrderState | None = None
    by_venue: bool = False
    cancel_ns: int = 0
    changes: list[tuple[int, int | None]] = []
    change_ns: int = 0
    changed_ns: int = 0
    requests: int = 0
    moved_ns: int = 0
    filled_lots: int = 0
    cost_ticks: int = 0
    trades: dict[str, tuple[int, int]] = {}
    concluded_lots: int = 0
    concluded_ns: int = 0
    venue_order_id: str = ""
    ending: OrderState | None = None
    ending_lots: int = 0
    absent: bool = False
    doubt_ns: int = 0
    alerted: bool = False
    ask_ns: int = 0
    pause_ns: int = 0
    code: str = ""
    text: str = ""

    @property
    def state(self) -> OrderState:
        """Return where the order stands, in the words of the contract."""
        if self.over is not None:
            return self.over
        if self.held:
            return OrderState.HELD
        if self.unknown:
            return OrderState.UNKNOWN
        if self.cancel_ns:
            return OrderState.PENDING_CANCEL
        if self.changes:
            return OrderState.PENDING_REPLACE
        if self.filled_lots:
            return OrderState.PARTIALLY_FILLED
        return OrderState.NEW if self.acked else OrderState.PENDING_NEW

    @property
    def open_lots(self) -> int:
        """Return the most lots that may still be filled: what counts as exposure."""
        if self.over is not None:
            return 0
        return max(0, max(self.lots, *(lots for lots, _ in self.changes), 0) - self.filled_lots)
