"""How trades and changes of the book reach orders that rest: the queue.

Of a trade's lots the first ones go to strangers ahead, the next ones to own orders in turn, and
no lot goes to two of them. What strangers give up without a trade moves an own order only by the
queue model, or exactly where the feed names each order.
"""

from __future__ import annotations

from fks.contexts.execution.domain.simulation.events import BUY, SELL, L3Kind
from fks.contexts.execution.domain.simulation.exchange import Exchange
from fks.contexts.execution.domain.simulation.models import DataKind, QueueKind
from fks.contexts.execution.domain.simulation.orders import Own
from fks.contexts.execution.domain.simulation.queueing import MILLI, after_cancel
from fks.contexts.execution.domain.simulation.recorded import Outcome, Resting

__all__ = ["Passive"]

_PPM = 1_000_000


class Passive:
    """The queues of one exchange's resting own orders."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._market = exchange.market
        self._queue = exchange.models.queue
        self._fill = exchange.models.fill
        by_order = exchange.models.data is DataKind.ORDERS
        self._exact = by_order and self._queue.kind is QueueKind.FIFO
        self._traded: dict[tuple[int, int], int] = {}  # told by trades, not yet by the book

    # --- trades ----------------------------------------------------------------------------

    def trade(self, ts_ns: int, price: int, lots: int, aggressor: int) -> None:
        """Let a trade print reach own orders on the side that it hit (2: not known, both)."""
        share = (
            lots * self._fill.participation_ppm // _PPM if self._fill.participation_ppm else lots
        )
        used = 0
        for side in (SELL, BUY):
            if aggressor in (2, 1 - side):
                used += self._reach(side, ts_ns, price, lots - used, share - used)
                at = (side, price)
                if self._exchange.shows_book and self._market.book.lots_at(*at):
                    self._traded[at] = self._traded.get(at, 0) + lots
        self._market.last = price
        self._exchange.trade_lots = max(share - used, 0)

    def _reach(self, side: int, ts_ns: int, price: int, lots: int, share: int) -> int:
        """Fill own orders of a side from a trade at a price; return how many lots they took."""
        used = 0
        for own in self._exchange.resting[side][:]:
            assert own.limit is not None
            beyond = (own.limit - price) * own.sign
            if beyond < 0:
                break
            if beyond == 0 and self._exchange.shows_book:
                reach = self._shown(own, self._pass_queue(own, lots) - used, lots)
            elif beyond >= (1 if self._exchange.shows_book else self._fill.penetration_ticks):
                reach = lots - used
                own.ahead = None if own.ahead is None else 0
            else:
                continue
            reach = min(reach, share - used, own.open)
            if reach > 0:
                used += self._exchange.fill(own, reach, own.limit, ts_ns, maker=True)
        return used

    def _shown(self, own: Own, reach: int, lots: int) -> int:
        """Cut what reaches an iceberg to its shown part and what is left behind the whole level."""
        if reach <= own.shown or own.limit is None:
            return reach
        level = self._market.book.lots_at(own.offer.side, own.limit)
        return min(reach, own.shown + max(lots - level - own.shown, 0))

    def _pass_queue(self, own: Own, lots: int) -> int:
        """Let traded lots pass the strangers ahead of an order; return what reaches it."""
        if self._queue.kind is QueueKind.FRONT:
            return lots
        if own.ahead is None:
            assert own.limit is not None
            own.ahead = self._market.book.lots_at(own.offer.side, own.limit) * MILLI
        reach = max(lots * MILLI - own.ahead, 0) // MILLI
        own.ahead = max(own.ahead - lots * MILLI, 0)
        return reach

    # --- books by price --------------------------------------------------------------------

    def level(self, side: int, price: int, lots: int) -> None:
        """Set a level's lots: what went without a trade was given up."""
        before = self._market.book.lots_at(side, price)
        traded = min(self._traded.pop((side, price), 0), before)
        self._market.book.seed(side, price, lots)
        self._market.level_set(side, price)
        self._given_up(side, price, before - traded, before - traded - lots)
        self._appeared(side, price, lots)

    def quote(self, side: int, price: int, lots: int) -> None:
        """Set the best price of a side, the only one that is shown."""
        best = self._market.book.best(side)
        if best is not None and best != price:
            self._traded.pop((side, best), None)
            self._market.book.seed(side, best, 0)
            if (best > price) == (side == BUY):  # it went: an own order there is alone
                self._market.level_set(side, best)
                for own in self._at(side, best):
                    own.ahead = 0
        if lots > 0:
            self.level(side, price, lots)
        elif best is not None:
            self.level(side, best, 0)

    def _given_up(self, side: int, price: int, level: int, gone: int) -> None:
        """Move own orders at a price up by the model, after strangers gave lots up."""
        if gone <= 0:
            return
        for own in self._at(side, price):
            if own.ahead is not None:
                own.ahead = after_cancel(self._queue, own.ahead, level * MILLI, gone * MILLI)

    def _appeared(self, side: int, price: int, lots: int) -> None:
        """Give own orders at a level that was out of sight their place: at its end."""
        for own in self._at(side, price):
            if own.ahead is None:
                own.ahead = lots * MILLI
            own.ahead = min(own.ahead, lots * MILLI)

    # --- books by order --------------------------------------------------------------------

    def row(self, ts_ns: int, kind: int, side: int, order_id: int, price: int, lots: int) -> None:
        """Take a row of a feed by order in."""
        book = self._market.book
        if kind in (L3Kind.TRADE, L3Kind.HALT, L3Kind.RESUME):
            if kind != L3Kind.TRADE:
                self._market.halted = kind == L3Kind.HALT
            return
        if kind == L3Kind.HIDDEN:
            self._hidden(ts_ns, side, price, lots)
            return
        if kind == L3Kind.CLEAR:
            self._cleared(side)
            return
        resting = book.order(order_id)
        if kind in (L3Kind.EXECUTE, L3Kind.FILL):
            self._market.last = price
            self._traded_by_order(ts_ns, kind, side, price, lots, resting)
            if kind == L3Kind.FILL:
                return
        before = book.lots_at(side, price)
        outcome = book.apply(kind, side, order_id, price, lots)
        if resting is not None:
            self._shrunk(resting, book.order(order_id), kind)
            self._market.level_set(resting.side, resting.price)
        elif outcome == Outcome.STRANGER and kind == L3Kind.CANCEL:
            gone = before - book.lots_at(side, price)
            if self._exact:  # strangers without ids stand ahead of everybody
                self._passed(side, price, gone)
            else:
                self._given_up(side, price, before, gone)
            self._market.level_set(side, price)

    def end_event(self) -> None:
        """Note that the feed's event is whole: places that were forgotten are taken anew."""
        self._traded.clear()
        for side in (BUY, SELL):
            for own in self._exchange.resting[side]:
                if own.ahead is None and own.limit is not None:
                    own.mark = self._market.book.rank()
                    own.ahead = self._market.book.lots_at(side, own.limit) * MILLI

    def _traded_by_order(
        self, ts_ns: int, kind: int, side: int, price: int, lots: int, resting: Resting | None
    ) -> None:
        """Let the execution of a stranger's order reach own orders that stand before it."""
        used = 0
        rank = 0 if resting is None else resting.rank
        if resting is not None:
            price = resting.price  # where it rested is where its place is
        for own in self._exchange.resting[side][:]:
            assert own.limit is not None
            beyond = (own.limit - price) * own.sign
            if beyond < 0:
                break
            if beyond > 0:
                reach = lots
            elif self._exact:
                reach = min(lots, own.shown + used) if rank > own.mark else 0
            else:
                reach = min(self._pass_queue(own, lots), own.shown + used)
            reach = min(reach - used, own.open)
            if reach > 0:
                used += self._exchange.fill(own, reach, own.limit, ts_ns, maker=True)
        if self._exact and kind == L3Kind.EXECUTE:
            for own in self._at(side, price):
                if own.ahead is not None and rank <= own.mark:
                    own.ahead = max(own.ahead - lots * MILLI, 0)
        elif not self._exact and kind == L3Kind.FILL:
            self._traded[side, price] = self._traded.get((side, price), 0) + lots

    def _shrunk(self, was: Resting, now: Resting | None, kind: int) -> None:
        """Account for what an order of the feed lost at its old place, without a trade."""
        kept = now is not None and now.rank == was.rank
        gone = was.lots - now.lots if now is not None and kept else was.lots
        if gone <= 0 or kind == L3Kind.EXECUTE:
            return
        side, price = was.side, was.price
        if self._exact:
            for own in self._at(side, price):
                if own.ahead is not None and was.rank <= own.mark:
                    own.ahead = max(own.ahead - gone * MILLI, 0)
            return
        traded = min(self._traded.get((side, price), 0), gone)
        if traded:
            self._traded[side, price] -= traded
        after = self._market.book.lots_at(side, price)
        self._given_up(side, price, after + gone - traded, gone - traded)

    def _hidden(self, ts_ns: int, aggressor: int, price: int, lots: int) -> None:
        """Let a trade with an order that nobody saw reach own orders: shown ones go first."""
        self._market.last = price
        used = 0
        side = 1 - aggressor
        for own in self._exchange.resting[side][:]:
            assert own.limit is not None
            beyond = (own.limit - price) * own.sign
            if beyond < 0 or (beyond == 0 and own.ahead != 0):
                break
            reach = min(lots - used, own.open)
            if reach > 0:
                used += self._exchange.fill(own, reach, own.limit, ts_ns, maker=True)

    def _passed(self, side: int, price: int, gone: int) -> None:
        for own in self._at(side, price):
            if own.ahead is not None:
                own.ahead = max(own.ahead - gone * MILLI, 0)

    def _cleared(self, side: int) -> None:
        """Forget the strangers; own orders get their places anew, at the end."""
        book = self._market.book
        book.clear(side)
        self._traded.clear()
        self._market.forget_taken(None if side == 2 else side)
        for which in (BUY, SELL) if side == 2 else (side,):
            for own in self._exchange.resting[which]:
                own.ahead = None

    def _at(self, side: int, price: int) -> list[Own]:
        """Return own orders resting at a price."""
        return [own for own in self._exchange.resting[side] if own.limit == price]
