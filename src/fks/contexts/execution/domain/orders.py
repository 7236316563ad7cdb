"""An order of the plain desk while it works, and the codes both desks use for orders."""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "ACCEPTED",
    "CANCELLED",
    "FILLED",
    "INVALID_PRICE",
    "INVALID_QUANTITY",
    "LIMIT",
    "MARKET",
    "MAX_NOTIONAL",
    "MAX_ORDER_SIZE",
    "MAX_POSITION",
    "NONE",
    "NO_MARKET",
    "OVERFLOW",
    "REJECTED",
    "SHORT_NOT_ALLOWED",
    "STOP",
    "TOO_MANY_OPEN_ORDERS",
    "Row",
    "WorkingOrder",
]

MARKET, LIMIT, STOP = 0, 1, 2
ACCEPTED, FILLED, CANCELLED, REJECTED = 0, 1, 2, 3
(
    NONE,
    MAX_ORDER_SIZE,
    MAX_POSITION,
    MAX_NOTIONAL,
    SHORT_NOT_ALLOWED,
    INVALID_QUANTITY,
    INVALID_PRICE,
    NO_MARKET,
    OVERFLOW,
    TOO_MANY_OPEN_ORDERS,
) = range(10)


class Row(NamedTuple):
    """An order in whole numbers; `side` is 1 or -1, `number` 0 for a target's own order."""

    id: int
    number: int
    side: int
    type: int
    lots: int
    status: int
    limit_ticks: int
    stop_ticks: int
    created_ts_ns: int
    reason: int


class WorkingOrder:
    """An order that changes while it rests."""

    def __init__(self, row: Row) -> None:
        (
            self.id,
            self.number,
            self.side,
            self.type,
            self.lots,
            self.status,
            self.limit_ticks,
            self.stop_ticks,
            self.created_ts_ns,
            self.reason,
        ) = row

    def row(self) -> Row:
        """Return it as it stands."""
        return Row(**self.__dict__)

    @property
    def trigger_ticks(self) -> int:
        """Return the price at which something happens to it."""
        return self.limit_ticks if self.type == LIMIT else self.stop_ticks

    @property
    def works_when_rising(self) -> bool:
        """Tell whether a rising price reaches it: selling at a limit or buying at a stop."""
        return (self.type == LIMIT) == (self.side < 0)
