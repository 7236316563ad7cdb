"""What happens instead of a trade with oneself, where an order says so.

The incoming order's mode decides, as in the matching engine. Without a mode own orders pass one
another: the recorded market does not know of any of them.
"""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import SelfTrade, Tif
from fks.contexts.execution.domain.simulation.orders import Own, ReportKind, Why
from fks.contexts.execution.domain.simulation.own_orders import OwnOrders
from fks.contexts.execution.domain.simulation.queueing import MILLI

__all__ = ["SelfTrades"]


class SelfTrades(OwnOrders):
    """Own orders that may meet one another."""

    def prevent(self, own: Own, price: int, ts_ns: int, *, beyond: bool = False) -> bool:
        """Settle what an order meets of its owner's up to a price; tell whether it is still live.

        `beyond` leaves out the orders at the price itself.
        """
        while own.offer.id in self.live and (maker := self.met(own)) is not None:
            assert maker.limit is not None
            reach = (price - maker.limit) * own.sign
            if reach < 0 or (beyond and reach == 0):
                break
            self._instead(own, maker, ts_ns)
        return own.offer.id in self.live

    def before_own(self, own: Own, levels: list[tuple[int, int]]) -> int:
        """Return how many of the lots at these levels stand before the first own order."""
        maker = self.met(own)
        if maker is None or maker.limit is None:
            return sum(lots for _, lots in levels)
        reach = 0
        for price, lots in levels:
            away = (maker.limit - price) * own.sign
            if away < 0:
                break
            reach += lots if away > 0 or maker.ahead is None else min(lots, maker.ahead // MILLI)
        return reach

    def _instead(self, own: Own, maker: Own, ts_ns: int) -> None:
        """Do what the incoming order says."""
        mode = own.offer.self_trade
        if own.offer.tif is Tif.FOK and mode is not SelfTrade.CANCEL_OLDEST:
            self.end(own, ReportKind.CANCELLED, ts_ns, Why.NOT_FILLABLE)
            return
        if mode is SelfTrade.DECREMENT:
            lots = min(own.open, maker.open)
            self._cut(maker, lots, ts_ns)
            self._cut(own, lots, ts_ns)
            return
        if mode in (SelfTrade.CANCEL_OLDEST, SelfTrade.CANCEL_BOTH):
            self.end(maker, ReportKind.CANCELLED, ts_ns, Why.SELF_TRADE)
        if mode in (SelfTrade.CANCEL_NEWEST, SelfTrade.CANCEL_BOTH):
            self.end(own, ReportKind.CANCELLED, ts_ns, Why.SELF_TRADE)

    def _cut(self, own: Own, lots: int, ts_ns: int) -> None:
        """Take lots off an order that are not traded; it keeps its place."""
        if lots == own.open:
            self.end(own, ReportKind.CANCELLED, ts_ns, Why.SELF_TRADE)
            return
        own.open -= lots
        own.shown = min(own.shown, own.open)
        self.tell(ReportKind.REPLACED, own, ts_ns, why=Why.SELF_TRADE)
