"""Funding payments out of a recording.

Most exchanges tell, every second, the rate as it stands for the next payment: that is no payment,
and changes until it is one. A payment is the last rate that was told for a time, once rates for a
later time are told. What an exchange tells of payments that were is taken as it is.
"""

from __future__ import annotations

from datetime import UTC, datetime

from fks.contexts.data.adapters.formats.depth_rows import Fundings
from fks.contracts.data.streams import FundingUpdate

__all__ = ["Payments"]

_LATEST_NS = 60 * 10**9


class Payments:
    """The payments of the one symbol that is read, by the time at which they were due."""

    def __init__(self, rows: Fundings) -> None:
        self._rows = rows
        self._next: FundingUpdate | None = None
        self._paid_ns = 0

    def take(self, row: int, update: FundingUpdate) -> None:
        """Take what is told of a payment. One that is told twice is one."""
        if not 0 < update.due_ns < 1 << 63:
            self._rows.refuse(row, "a payment without a time", "")
            return
        if update.settled:
            self._pay(row, update)
            return
        before, self._next = self._next, update
        if before is None or update.due_ns <= before.due_ns:
            return
        early_ns = before.due_ns - before.received_ns
        if early_ns > _LATEST_NS:
            told = f"the last rate was told {early_ns // 10**9:,} s before it was paid"
            self._rows.refuse(row, told, before.rate)
        else:
            self._pay(row, before)

    def refusal(self, name: str) -> str:
        """Return why there are no payments; empty where no rate was told."""
        if self._next is None:
            return ""
        due = datetime.fromtimestamp(self._next.due_ns // 10**9, UTC).isoformat()
        return (
            f"{name} tells the rate of {self._next.symbol} that is paid at {due}, after the "
            "recording ends: no payment is in it"
        )

    def _pay(self, row: int, update: FundingUpdate) -> None:
        if update.due_ns > self._paid_ns:
            self._paid_ns = update.due_ns
            self._rows.add(row, update.due_ns, update.rate, update.mark)
