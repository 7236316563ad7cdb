"""Auctions: one price for all, of which nothing is known before it is printed.

The print is data: the open of a session's first bar, the close of its last one, or a print that a
feed tells. Orders for an auction wait for it, never rest, and end with it. A print says nothing of
the strangers at its own price, so a limit must be better than it to be sure of a fill.
"""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import Tif
from fks.contexts.execution.domain.simulation.exchange import Exchange
from fks.contexts.execution.domain.simulation.orders import Own, ReportKind, Why

__all__ = ["CLOSES", "OPENS", "Auctions"]

OPENS = 1  # flag of a bar: its open is the price of the opening auction
CLOSES = 2  # flag of a bar: its close is the price of the closing auction

_PPM = 1_000_000


class Auctions:
    """The uncrossing of one exchange's own orders at printed prices."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._fill = exchange.models.fill

    def uncross(
        self, tif: Tif, price: int, ts_ns: int, left: int | None, arrived_by_ns: int
    ) -> int | None:
        """Fill what waited for this auction, end the rest; return the lots left of the print.

        Orders that arrived later wait for the next one. `left` None is no limit of volume.
        """
        waiting = [
            own
            for own in self._exchange.live.values()
            if own.offer.tif is tif and own.accepted_ns <= arrived_by_ns
        ]
        for own in sorted(waiting, key=lambda own: _priority(own, price)):
            if self._inside(own, price):
                left = self._give(own, price, ts_ns, left, maker=False)
            if own.offer.id in self._exchange.live:
                why = Why.NO_LIQUIDITY if self._inside(own, price) else Why.NOT_FILLABLE
                self._exchange.end(own, ReportKind.CANCELLED, ts_ns, why)
        return left

    def printed(self, tif: Tif, price: int, lots: int, ts_ns: int) -> None:
        """Take the print of an auction in that a feed tells, between its other data.

        Resting orders beyond the price trade in it too, at the one price that it has.
        """
        exchange = self._exchange
        share = self._fill.participation_ppm
        left = self.uncross(tif, price, ts_ns, lots * share // _PPM if share else lots, ts_ns)
        for side in (0, 1):
            for own in exchange.resting[side][:]:
                if self._inside(own, price):
                    left = self._give(own, price, ts_ns, left, maker=True)
        exchange.market.last = price
        exchange.trade_lots = left

    def _inside(self, own: Own, price: int) -> bool:
        """Tell whether a price is surely within an order's limit."""
        if own.limit is None:
            return True
        return (own.limit - price) * own.sign >= max(self._fill.penetration_ticks, 1)

    def _give(
        self, own: Own, price: int, ts_ns: int, left: int | None, *, maker: bool
    ) -> int | None:
        """Fill as many lots as are left of the print; return how many are left then."""
        lots = own.open if left is None else min(own.open, left)
        if lots <= 0:
            return left
        took = self._exchange.fill(own, lots, price, ts_ns, maker=maker)
        return None if left is None else left - took


def _priority(own: Own, price: int) -> tuple[int, int]:
    """Return what orders of an auction are sorted by: without a limit, the better one, arrival."""
    if own.limit is None:
        return (0, own.rank)
    return (1 + max(2**60 - (own.limit - price) * own.sign, 0), own.rank)
