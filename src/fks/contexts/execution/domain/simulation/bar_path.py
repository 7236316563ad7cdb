"""Bars: the price walks from the open to the nearer extreme, to the other, and to the close.

An order that was there before the bar began meets the open first; whatever the open is beyond
fills at the open. On the way the price meets each order at its own. Traded volume limits what all
own orders together get of a bar; what is left over waits for the next bar.
"""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import Tif
from fks.contexts.execution.domain.simulation.auctions import CLOSES, OPENS, Auctions
from fks.contexts.execution.domain.simulation.exchange import Exchange
from fks.contexts.execution.domain.simulation.orders import Own

__all__ = ["BarPath"]

_PPM = 1_000_000


class BarPath:
    """The walk of one exchange's orders through bars."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._auctions = Auctions(exchange)
        self._fill = exchange.models.fill
        self._left: int | None = None  # lots of this bar that own orders may still have
        self._volume = 0
        self._opened_ns = 0
        self._gapped: dict[int, int] = {}  # orders that the open was beyond, but not far enough

    def walk(
        self,
        ts_ns: int,
        end_ns: int,
        prices: tuple[int, int, int, int],
        volume: int,
        flags: int = 0,
    ) -> None:
        """Take a bar (open, high, low, close) in. Fills at the open are at its beginning, all
        others at its end, when it is known. `flags` name the auctions that it holds.
        """
        opened, high, low, close = prices
        share = self._fill.participation_ppm
        self._opened_ns = ts_ns
        self._left = volume * share // _PPM if share else None
        self._volume = volume
        if flags & OPENS:
            self._left = self._auctions.uncross(Tif.AT_OPEN, opened, ts_ns, self._left, ts_ns)
        self._meet(opened, ts_ns)
        nearer, farther = (low, high) if opened - low <= high - opened else (high, low)
        at = opened
        for to in (nearer, farther, close):
            self._sweep(at, to, end_ns)
            at = to
        if flags & CLOSES:
            self._left = self._auctions.uncross(Tif.AT_CLOSE, close, end_ns, self._left, ts_ns)
        self._exchange.market.last = close

    def _meet(self, price: int, ts_ns: int) -> None:
        """Execute everything that a price is at or beyond, at that price."""
        exchange = self._exchange
        exchange.market.last = price
        exchange.fire(ts_ns, self._opened_ns)
        self._gapped = {
            own.offer.id: price
            for side in (0, 1)
            for own in exchange.resting[side]
            if own.limit is not None and (own.limit - price) * own.sign > 0
        }
        met = [*exchange.takers, *exchange.resting[0], *exchange.resting[1]]
        for own in sorted(met, key=lambda own: own.rank):
            if own in exchange.takers:
                self._take(own, price, ts_ns)
            elif self._there(own) and self._beyond(own, price):
                self._give(own, price, ts_ns, maker=True)

    def _sweep(self, start: int, end: int, ts_ns: int) -> None:
        """Walk from one price to another, meeting orders in the order in which they are reached."""
        exchange = self._exchange
        direction = 1 if end >= start else -1
        at = start
        tried: set[int] = set()
        while True:
            met = [
                (reach * direction, own.rank, reach, own)
                for own in exchange.live.values()
                if own.offer.id not in tried and self._there(own)
                for reach in (self._reached(own, direction),)
                if reach is not None and (reach - at) * direction >= 0
            ]
            met = [found for found in met if (end - found[2]) * direction >= 0]
            if not met:
                break
            _, _, at, own = min(met, key=lambda found: found[:2])
            exchange.market.last = at
            if not own.waiting:
                tried.add(own.offer.id)
                assert own.limit is not None
                price = self._gapped.get(own.offer.id, own.limit)
                self._give(own, price, ts_ns, maker=True)
                continue
            exchange.trigger(own, ts_ns)
            self._take(own, at, ts_ns)
        exchange.market.last = end
        exchange.fire(ts_ns, self._opened_ns)  # trailing triggers follow to the end of the walk

    def _reached(self, own: Own, direction: int) -> int | None:
        """Return the price at which a walk in a direction meets an order."""
        if own.waiting:
            if own.trigger is None:
                return None
            towards = -own.sign if own.touched else own.sign
            return own.trigger if towards == direction else None
        if own.limit is None or own not in self._exchange.resting[own.offer.side]:
            return None
        return (
            own.limit - own.sign * self._fill.penetration_ticks if own.sign != direction else None
        )

    def _take(self, own: Own, price: int, ts_ns: int) -> None:
        """Fill an order that takes, at a price moved against it."""
        if own not in self._exchange.takers or not self._there(own):
            return
        if own.limit is not None and (price - own.limit) * own.sign > 0:
            self._exchange.after_taking(own, ts_ns)
            return
        if not self._exchange.prevent(own, price, ts_ns):
            return
        slip = self._exchange.slip_ticks(own.open, self._volume)
        paid = self._exchange.limited(own, price + own.sign * slip)
        self._exchange.lock_limit(own, price)
        self._give(own, paid, ts_ns, maker=False)
        if own.offer.id in self._exchange.live:
            self._exchange.after_taking(own, ts_ns)

    def _give(self, own: Own, price: int, ts_ns: int, *, maker: bool) -> None:
        """Fill as many lots as the bar's volume has left."""
        lots = own.open if self._left is None else min(own.open, self._left)
        if own.offer.tif.name == "FOK" and lots < own.open:
            return
        if lots > 0:
            took = self._exchange.fill(own, lots, price, ts_ns, maker=maker)
            if self._left is not None:
                self._left -= took

    def _there(self, own: Own) -> bool:
        """Tell whether an order had arrived when the bar opened."""
        return own.accepted_ns <= self._opened_ns

    def _beyond(self, own: Own, price: int) -> bool:
        """Tell whether a price is far enough beyond an order's limit to fill it."""
        if own.limit is None:
            return False
        return (own.limit - price) * own.sign >= self._fill.penetration_ticks
