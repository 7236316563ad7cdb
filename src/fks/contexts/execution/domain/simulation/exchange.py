"""The simulated exchange: what the state of the market does to own orders. Latency lies outside.

The caller has brought the market up to date at an instant with data, then calls `settle`. A
resting order fills at its own price; what takes fills at what is shown, and what it took is gone
for the next own order. Own orders do not trade with one another (`self_trades.py`).
"""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import OrderKind, SelfTrade, Tif
from fks.contexts.execution.domain.simulation.costs import impact_ticks
from fks.contexts.execution.domain.simulation.events import BUY, SELL
from fks.contexts.execution.domain.simulation.models import DataKind
from fks.contexts.execution.domain.simulation.orders import Own, ReportKind, SimOrder, Why
from fks.contexts.execution.domain.simulation.self_trades import SelfTrades

__all__ = ["Exchange"]


class Exchange(SelfTrades):
    """Own orders and the rules by which the market fills them."""

    def settle(self, ts_ns: int) -> None:
        """Fill what the state of the market reaches: crossed orders, triggers, takers."""
        if self.market.halted:
            return
        if self.shows_book:
            for side in (BUY, SELL):
                self._crossed(side, ts_ns)
        self.fire(ts_ns)
        while self.takers:
            for own in self.takers[:]:
                if own in self.takers:
                    self.take(own, ts_ns)
            if not self.fire(ts_ns) or not self.shows_book:
                break

    def check_margin(self, ts_ns: int) -> None:
        """Close the position at the market once equity is under maintenance."""
        mark = self.market.mark()
        if mark is None or not self.money.under_maintenance(mark, ts_ns):
            return
        for own in list(self.live.values()):
            self.end(own, ReportKind.CANCELLED, ts_ns, Why.LIQUIDATION)
        held = self.money.position_lots
        side = SELL if held > 0 else BUY
        self.ranks += 1
        own = Own(SimOrder(0, side, OrderKind.MARKET, abs(held)), self.ranks, ts_ns)
        self.live[0] = own
        self.tell(ReportKind.LIQUIDATED, own, ts_ns, lots=abs(held), price=mark)
        self.liquidating = True
        if self.shows_book:
            self.takers.append(own)
            self.settle(ts_ns)
        else:
            self.fill(own, own.open, mark + own.sign * self.slip_ticks(0, 0), ts_ns, maker=False)
        self.liquidating = False
        if 0 in self.live:  # no liquidity: the rest is tried again at the next data
            self.end(own, ReportKind.CANCELLED, ts_ns, Why.NO_LIQUIDITY)

    def fire(self, ts_ns: int, arrived_by_ns: int | None = None) -> bool:
        """Let triggers that hold fire, and trailing ones follow; tell whether any fired.

        With `arrived_by_ns` only those of orders that had arrived by then.
        """
        fired = []
        for own in self.live.values():
            if not own.waiting or (arrived_by_ns is not None and own.accepted_ns > arrived_by_ns):
                continue
            price = self.market.last
            if price is None:
                price = self.market.touch(own.offer.side)
            if price is None:
                continue
            if own.trailing:
                own.follow(price)
            if own.fires_at(price):
                fired.append(own)
        for own in fired:
            self.trigger(own, ts_ns)
        return bool(fired)

    def trigger(self, own: Own, ts_ns: int) -> None:
        """Let an order become what it waited to be, and meet the market."""
        own.fire()
        self.tell(ReportKind.TRIGGERED, own, ts_ns)
        self.place(own)

    def _crossed(self, side: int, ts_ns: int) -> None:
        """Fill resting orders that the other side's book has come to: they were there first."""
        other = SELL if side == BUY else BUY
        for own in self.resting[side][:]:
            for price, lots in self.market.offered(other):
                if own.limit is None or (price - own.limit) * own.sign > 0:
                    return  # no better order is behind this one
                took = self.fill(own, min(own.open, lots), own.limit, ts_ns, maker=True)
                self.market.take(other, price, took)
                if own.open == 0 or own.offer.id not in self.live:
                    break

    def take(self, own: Own, ts_ns: int) -> None:
        """Let an order take what is there; the rest rests, waits or ends by its kind."""
        if self.shows_book:
            self._take_book(own, ts_ns)
        elif not self._take_trade(own, ts_ns):
            return
        if own in self.takers:
            self.after_taking(own, ts_ns)

    def after_taking(self, own: Own, ts_ns: int) -> None:
        """Decide what becomes of the rest of an order that took what it could."""
        if own.limit is not None and not self.prevent(own, own.limit, ts_ns):
            return
        if own.offer.tif is Tif.FOK:
            self.end(own, ReportKind.CANCELLED, ts_ns, Why.NOT_FILLABLE)
        elif own.offer.tif is Tif.IOC or (own.limit is None and self.shows_book):
            self.end(own, ReportKind.CANCELLED, ts_ns, Why.NO_LIQUIDITY)
        elif own.limit is not None:
            self.takers.remove(own)
            self.rest(own)
        # a market order without a book goes on with the next trades or bar

    def lock_limit(self, own: Own, price: int) -> None:
        """Give a market-to-limit order the price that it meets first as its limit."""
        if own.offer.type is OrderKind.MARKET_TO_LIMIT and own.limit is None:
            own.limit = price

    def _take_book(self, own: Own, ts_ns: int) -> None:
        """Walk through what is shown; of quotes, go on beyond the best price at a worse one."""
        other = SELL if own.offer.side == BUY else BUY
        offered = []
        for price, lots in self.market.offered(other):
            if own.limit is not None and (price - own.limit) * own.sign > 0:
                break
            offered.append((price, lots))
        quotes = self.models.data is DataKind.QUOTES
        endless = quotes and own.limit is None and bool(offered)
        if own.offer.type is OrderKind.MARKET_TO_LIMIT and offered:
            own.limit, offered, endless = offered[0][0], offered[:1], False
        passes = own.offer.self_trade is SelfTrade.CANCEL_OLDEST
        reach = sum(lots for _, lots in offered) if passes else self.before_own(own, offered)
        if own.offer.tif is Tif.FOK and reach < own.open and not endless:
            self.end(own, ReportKind.CANCELLED, ts_ns, Why.NOT_FILLABLE)
            return
        slip = self.slip_ticks(0, 0) if quotes else 0
        for price, lots in offered:
            self.prevent(own, price, ts_ns, beyond=True)
            first = self.before_own(own, [(price, lots)])
            for part in (first, lots - first):
                if own.open == 0 or own.offer.id not in self.live:
                    return
                if part:
                    paid = self.limited(own, price + own.sign * slip)
                    took = self.fill(own, min(own.open, part), paid, ts_ns, maker=False)
                    self.market.take(other, price, took)
                if own.open:
                    self.prevent(own, price, ts_ns)
        if endless and own.open > 0 and own.offer.id in self.live:
            worse = max(self.slip_ticks(own.open, offered[-1][1]), 1)
            self.fill(own, own.open, offered[-1][0] + own.sign * worse, ts_ns, maker=False)

    def _take_trade(self, own: Own, ts_ns: int) -> bool:
        """Take from the trade at hand; tell whether there was one (else it waits)."""
        last, left = self.market.last, self.trade_lots
        if last is None or left is None:
            return False
        if own.limit is not None and (last - own.limit) * own.sign > 0:
            return True
        if not self.prevent(own, last, ts_ns):
            return True
        if own.offer.tif is Tif.FOK and left < own.open:
            self.end(own, ReportKind.CANCELLED, ts_ns, Why.NOT_FILLABLE)
            return True
        self.lock_limit(own, last)
        lots = min(own.open, left)
        if lots > 0:
            price = self.limited(own, last + own.sign * self.slip_ticks(lots, left))
            took = self.fill(own, lots, price, ts_ns, maker=False)
            self.trade_lots = left - took
        return True

    def slip_ticks(self, lots: int, volume: int) -> int:
        """Return slippage, half the spread where no quote is known, and impact."""
        fill = self.models.fill
        spread = 0 if self.shows_book else fill.half_spread_ticks
        return fill.slippage_ticks + spread + impact_ticks(self.models.impact, lots, volume)

    def limited(self, own: Own, price: int) -> int:
        """Return a price that the order's limit allows."""
        if own.limit is None:
            return price
        return min(price, own.limit) if own.offer.side == BUY else max(price, own.limit)
