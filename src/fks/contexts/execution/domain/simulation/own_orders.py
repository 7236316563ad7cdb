"""The live own orders of a simulation: requests, places, bookings and reports.

How the market reaches them is the business of `exchange.py`, `passive.py` and `bar_path.py`.
"""

from __future__ import annotations

from bisect import insort

from fks.contexts.execution.domain.matching.layout import OrderKind, Tif
from fks.contexts.execution.domain.simulation.costs import Fees
from fks.contexts.execution.domain.simulation.events import BUY, SELL
from fks.contexts.execution.domain.simulation.market import Market
from fks.contexts.execution.domain.simulation.models import DataKind, SimulationModels
from fks.contexts.execution.domain.simulation.money import Money
from fks.contexts.execution.domain.simulation.orders import (
    AUCTIONS,
    Own,
    Report,
    ReportKind,
    SimOrder,
    Why,
)
from fks.contexts.execution.domain.simulation.queueing import MILLI

__all__ = ["OwnOrders"]

_BY_PRICE = frozenset({DataKind.QUOTES, DataKind.DEPTH, DataKind.ORDERS})
_MOST_LOTS = 2**53
_MOST_TICKS = 2**53


class OwnOrders:
    """The live own orders of one account in one instrument."""

    def __init__(self, models: SimulationModels, money: Money, fees: Fees) -> None:
        self.models = models
        self.money = money
        self.fees = fees
        self.market = Market(whole=models.data is DataKind.ORDERS)
        self.reports: list[Report] = []
        self.live: dict[int, Own] = {}
        self.resting: tuple[list[Own], list[Own]] = ([], [])
        self.takers: list[Own] = []  # to meet the market at the next data
        self.shows_book = models.data in _BY_PRICE
        self.trade_lots: int | None = None  # left of the trade at hand, where there is no book
        self.ranks = 0
        self._trades = 0
        self.liquidating = False

    # --- requests --------------------------------------------------------------------------

    def accept(self, offer: SimOrder, ts_ns: int) -> None:
        """Take an order in: it rests, waits for its trigger, or takes at the next data."""
        why = self._refusal(offer, ts_ns)
        own = Own(offer, self.ranks, ts_ns)
        if why is not Why.NONE:
            self.tell(ReportKind.REJECTED, own, ts_ns, why=why)
            return
        self.tell(ReportKind.ACCEPTED, own, ts_ns)
        self._admit(own)

    def restore(self, offer: SimOrder, filled_lots: int, ts_ns: int) -> None:
        """Put a working order back without asking whether it may be there; it was accepted once."""
        own = Own(offer, self.ranks, ts_ns)
        own.filled = filled_lots
        own.open = offer.lots - filled_lots
        own.shown = min(own.shown, own.open)
        if own.open > 0 and offer.id not in self.live:
            self._admit(own)

    def _admit(self, own: Own) -> None:
        """Let an order live."""
        self.ranks += 1
        own.rank = self.ranks
        self.live[own.offer.id] = own
        if not own.waiting:
            self.place(own)
        elif own.trailing and self.market.last is not None:
            own.follow(self.market.last)

    def cancel(self, order_id: int, ts_ns: int) -> None:
        """End an order at its owner's wish."""
        own = self.live.get(order_id)
        if own is None:
            self._refuse(ReportKind.CANCEL_REJECTED, order_id, ts_ns, Why.UNKNOWN)
            return
        self.end(own, ReportKind.CANCELLED, ts_ns, Why.REQUESTED)

    def replace(self, order_id: int, lots: int, price: int | None, ts_ns: int) -> None:
        """Give an order another total quantity and limit.

        It keeps its place only at the same price with no more lots. A quantity at or under what
        was filled ends it.
        """
        own = self.live.get(order_id)
        if own is None or not 0 < lots <= _MOST_LOTS:
            why = Why.UNKNOWN if own is None else Why.INVALID
            self._refuse(ReportKind.REPLACE_REJECTED, order_id, ts_ns, why)
            return
        left = lots - own.filled
        if left <= 0:
            self.end(own, ReportKind.CANCELLED, ts_ns, Why.REQUESTED)
            return
        moved = price is not None and own.limit is not None and price != own.limit
        resting = own in self.resting[own.offer.side]
        if own.offer.post_only and moved and self.crosses(own.offer.side, price):
            self._refuse(ReportKind.REPLACE_REJECTED, order_id, ts_ns, Why.WOULD_CROSS)
            return
        loses_place = moved or left > own.open
        own.open = left
        own.shown = (
            min(own.shown, left) if not loses_place else min(own.offer.display or left, left)
        )
        if moved:
            self.leave(own)
            own.limit = price
        self.tell(ReportKind.REPLACED, own, ts_ns)
        if resting and loses_place:
            self.leave(own)
            self.ranks += 1
            own.rank = self.ranks
            self.place(own)
        elif moved and not own.waiting:
            self.place(own)

    def expire(self, ts_ns: int) -> None:
        """End what has reached its time."""
        due = [own for own in self.live.values() if 0 < own.offer.expire_ns <= ts_ns]
        for own in sorted(due, key=lambda own: (own.offer.expire_ns, own.rank)):
            self.end(own, ReportKind.EXPIRED, own.offer.expire_ns)

    def end_day(self, ts_ns: int) -> None:
        """End what lives for the day."""
        for own in [own for own in self.live.values() if own.offer.tif is Tif.DAY]:
            self.end(own, ReportKind.EXPIRED, ts_ns)

    def _refusal(self, offer: SimOrder, ts_ns: int) -> Why:
        """Return why an order is refused."""
        sizes = 0 < offer.lots <= _MOST_LOTS and 0 <= offer.display <= offer.lots
        if not sizes or offer.side not in (BUY, SELL) or _not_for_auctions(offer):
            return Why.INVALID
        if 0 < offer.expire_ns <= ts_ns:
            return Why.INVALID
        if max(abs(offer.price), abs(offer.stop)) > _MOST_TICKS or _lacks_trigger(offer):
            return Why.INVALID
        if offer.id in self.live:
            return Why.DUPLICATE
        if self.market.halted and offer.tif not in AUCTIONS:
            return Why.HALTED
        sign = 1 if offer.side == BUY else -1
        if offer.reduce_only and self.money.position_lots * sign >= 0:
            return Why.REDUCE_ONLY
        if offer.post_only and self.crosses(offer.side, offer.price):
            return Why.WOULD_CROSS
        mark = self.market.mark()
        price = offer.price if offer.type is OrderKind.LIMIT else mark
        if mark is not None and price is not None:
            lots = offer.lots + sum(
                own.open for own in self.live.values() if own.offer.side == offer.side
            )
            if not self.money.allows(sign, lots, price, mark, ts_ns):
                return Why.MARGIN
        return Why.NONE

    # --- places ----------------------------------------------------------------------------

    def place(self, own: Own) -> None:
        """Let an order rest, or meet the market at the next data where it can take at once.

        One for an auction does neither: it waits for the print.
        """
        if own.offer.tif in AUCTIONS:
            return
        side = own.offer.side
        at_once = own.limit is None or own.offer.tif in (Tif.IOC, Tif.FOK)
        if at_once or self.crosses(side, own.limit) or self._meets_own(own):
            self.takers.append(own)
            return
        self.rest(own)

    def met(self, own: Own) -> Own | None:
        """Return the first order of its owner that one with a mode would meet at some price."""
        others = self.resting[SELL if own.offer.side == BUY else BUY]
        return others[0] if others and own.offer.self_trade is not None else None

    def _meets_own(self, own: Own) -> bool:
        """Tell whether a limit reaches an order of its owner that rests."""
        other = self.met(own)
        if other is None or other.limit is None or own.limit is None:
            return False
        return (own.limit - other.limit) * own.sign >= 0

    def rest(self, own: Own) -> None:
        """Put an order at the end of the queue at its price."""
        assert own.limit is not None
        side = own.offer.side
        own.mark = self.market.book.rank()
        if self.shows_book:
            lots = self.market.visible_lots(side, own.limit)
            own.ahead = None if lots is None else lots * MILLI
        insort(self.resting[side], own, key=_priority)

    def leave(self, own: Own) -> None:
        """Take an order from wherever it stands, keeping it live."""
        for place in (self.resting[own.offer.side], self.takers):
            if own in place:
                place.remove(own)

    def end(self, own: Own, kind: ReportKind, ts_ns: int, why: Why = Why.NONE) -> None:
        """End an order with a report of the lots given up."""
        self.leave(own)
        del self.live[own.offer.id]
        lots, own.open = own.open, 0
        self.tell(kind, own, ts_ns, lots=lots, why=why)

    def crosses(self, side: int, price: int | None) -> bool:
        """Tell whether a limit can take from what is shown, or from the last trade without it."""
        if price is None:
            return True
        touch = self.market.touch(side) if self.shows_book else self.market.last
        if touch is None:
            return False
        if not self.shows_book:  # equal to the last trade may be either side: it rests
            return price > touch if side == BUY else price < touch
        return price >= touch if side == BUY else price <= touch

    # --- fills -----------------------------------------------------------------------------

    def fill(self, own: Own, lots: int, price: int, ts_ns: int, maker: bool) -> int:
        """Fill lots of an order at a price; return how many it were (reduce-only cuts them)."""
        money = self.money
        if own.offer.reduce_only:
            room = -money.position_lots * own.sign
            if room <= 0:
                self.end(own, ReportKind.CANCELLED, ts_ns, Why.REDUCE_ONLY)
                return 0
            lots = min(lots, room)
        notional = money.notional_nanos(lots, price)
        fee = self.fees.fee_nanos(ts_ns, notional, lots, maker)
        if self.liquidating:
            fee += -(-abs(notional) * self.models.margin.liquidation_fee_ppb // 10**9)
        fee = money.fill(own.sign, lots, price, fee, ts_ns)
        own.open -= lots
        own.filled += lots
        self._trades += 1
        self.tell(ReportKind.FILLED, own, ts_ns, lots=lots, price=price, maker=maker, fee=fee)
        if own.open == 0:
            self.leave(own)
            del self.live[own.offer.id]
            return lots
        own.shown = max(own.shown - lots, 0)
        if own.shown == 0:  # the next part of an iceberg goes to the end
            own.shown = min(own.offer.display or own.open, own.open)
            if own in self.resting[own.offer.side]:
                self.leave(own)
                self.ranks += 1
                own.rank = self.ranks
                self.rest(own)
        return lots

    # --- reports ---------------------------------------------------------------------------

    def tell(
        self,
        kind: ReportKind,
        own: Own,
        ts_ns: int,
        *,
        lots: int | None = None,
        price: int | None = None,
        maker: bool = False,
        fee: int = 0,
        why: Why = Why.NONE,
    ) -> None:
        """Put a report down."""
        self.reports.append(
            Report(
                kind=kind,
                order_id=own.offer.id,
                ts_ns=ts_ns,
                heard_ns=ts_ns,
                side=own.offer.side,
                lots=own.open if lots is None else lots,
                price_ticks=(own.limit or 0) if price is None else price,
                leaves=own.open,
                maker=maker,
                fee_nanos=fee,
                trade_id=self._trades if kind is ReportKind.FILLED else 0,
                why=why,
            )
        )

    def _refuse(self, kind: ReportKind, order_id: int, ts_ns: int, why: Why) -> None:
        """Put down the refusal of a request."""
        self.reports.append(Report(kind, order_id, ts_ns, ts_ns, why=why))


def _priority(own: Own) -> tuple[int, int]:
    """Return what orders are sorted by: the better price, then the earlier arrival."""
    assert own.limit is not None
    return (-own.limit * own.sign, own.rank)


def _not_for_auctions(offer: SimOrder) -> bool:
    """Tell whether an order for an auction asks for what no auction has."""
    plain = offer.type in (OrderKind.MARKET, OrderKind.LIMIT)
    return offer.tif in AUCTIONS and (not plain or offer.post_only or offer.display > 0)


def _lacks_trigger(offer: SimOrder) -> bool:
    """Tell whether a trailing offset is missing."""
    trailing = offer.type in (OrderKind.TRAILING_STOP, OrderKind.TRAILING_STOP_LIMIT)
    return trailing and offer.stop <= 0
