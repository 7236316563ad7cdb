"""Prices into trading: the bars that data publishes move collars, marks and paper venues."""

from __future__ import annotations

import time
from decimal import Decimal

import structlog

from fks.contexts.execution.domain.simulation.inputs import BarSeen
from fks.contexts.execution.domain.trading import inputs
from fks.contexts.execution.service.trading.links import Link
from fks.contexts.execution.service.trading.state import Live
from fks.contracts.data import BarClosed
from fks.contracts.execution import BookDepth, DepthLevel
from fks.contracts.values import Bar
from fks.kernel.errors import FksError

__all__ = ["Market", "length_ns"]

_log = structlog.get_logger("fks.execution")
_QUIET_NS = 200_000_000
_FRESH_NS = 60_000_000_000
_DAY_NS = 86_400_000_000_000
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def length_ns(timeframe: str) -> int:
    """Return how long a bar of a timeframe such as 5m lasts; a month counts 30 days.

    Bars closed by what was traded (`100t`, `500v`, `1000000q`) follow no clock: a nanosecond.
    """
    if timeframe.endswith(("t", "v", "q")):
        return 1
    number, unit = timeframe.rstrip("smhdwMo"), timeframe.lstrip("0123456789")
    return int(number or 1) * _UNITS_S.get(unit, 30 * 86_400) * 1_000_000_000


class Market:
    """What is known of prices, by symbol."""

    def __init__(self) -> None:
        self._live: Live | None = None
        self._links: list[Link] = []
        self._last: dict[str, tuple[int, BarClosed]] = {}
        self._skipped: dict[tuple[str, str], Decimal] = {}
        self._told_ns: dict[tuple[str, str], int] = {}

    def attach(self, live: Live, link: Link) -> None:
        """Feed an account's venue, and its marks, from now on."""
        self._live = live
        self._links.append(link)

    def detach(self) -> None:
        """Feed nobody any more."""
        self._live = None
        self._links.clear()

    def hear(self, event: BarClosed) -> None:
        """Take a closed bar: venues of our own trade through it, everything is marked by it."""
        self._last[event.instrument] = (time.monotonic_ns(), event)
        live = self._live
        if live is None:
            return
        venues = {venue for venue, symbol in live.floor.instruments if symbol == event.instrument}
        bar = Bar(event.ts_ns, event.open, event.high, event.low, event.close, event.volume)
        step_ns = length_ns(event.timeframe)
        calendars = {
            live.floor.instruments[venue, event.instrument].instrument.calendar for venue in venues
        }
        # A day's bar holds its session's auctions, where there are sessions.
        whole = step_ns >= _DAY_NS and not calendars <= {"24/7"}
        seen = BarSeen(
            symbol=event.instrument,
            bar=bar,
            end_ns=event.ts_ns + step_ns,
            opens=whole,
            closes=whole,
        )
        for link in self._links:
            if link.account.venue in venues:
                on_market = getattr(link.venue, "on_market", None)
                if on_market is not None:
                    on_market(seen)
        for venue in sorted(venues):
            self.price(venue, event.instrument, Decimal(repr(event.close)))

    def catch_up(self, symbol: str) -> None:
        """Take the last bar of a symbol that has just become known, unless it is old."""
        heard_ns, event = self._last.get(symbol, (0, None))
        if event is not None and time.monotonic_ns() - heard_ns < _FRESH_NS:
            self.hear(event)

    def price(self, venue: str, symbol: str, price: Decimal) -> None:
        """Take a price; one that comes too soon after another is left out where nobody trades."""
        live = self._live
        assert live is not None
        now_ns = live.clock.monotonic_ns()
        record = live.floor.instruments[(venue, symbol)]
        soon = now_ns - self._told_ns.get((venue, symbol), -_QUIET_NS) < _QUIET_NS
        if soon and not self._trades(record.number):
            self._skipped[(venue, symbol)] = price
            return
        self._skipped.pop((venue, symbol), None)
        self._told_ns[(venue, symbol)] = now_ns
        try:
            live.writer.put(inputs.MarketSeen(venue=venue, symbol=symbol, price=price))
        except FksError as error:
            _log.warning("price_not_journaled", symbol=symbol, error=error.message)

    def flush(self, venue: str, symbol: str) -> None:
        """Let an order that is about to come see the last price, were it left out before."""
        price = self._skipped.pop((venue, symbol), None)
        if price is not None and self._live is not None:
            self._told_ns.pop((venue, symbol), None)
            self.price(venue, symbol, price)

    def depth(self, symbol: str, levels: int) -> BookDepth | None:
        """Return the book of a symbol: the house's, else that of a venue of our own."""
        live = self._live
        if live is None:
            return None
        house = live.floor.instruments.get(("internal", symbol))
        if house is not None:
            scale = live.floor.scales[house.number]
            sides = [
                tuple(
                    DepthLevel(scale.price(int(ticks)), scale.quantity(int(lots)), int(orders))
                    for ticks, lots, orders in side
                )
                for side in live.floor.engine.depth(house.number, levels)
            ]
            return BookDepth(symbol=symbol, ts_ns=live.clock.now_ns(), bids=sides[0], asks=sides[1])
        for link in self._links:
            book = getattr(link.venue, "book", None)
            if book is not None and (link.account.venue, symbol) in live.floor.instruments:
                bids, asks = book(symbol, levels)
                return BookDepth(
                    symbol=symbol,
                    ts_ns=live.clock.now_ns(),
                    bids=tuple(DepthLevel(*level) for level in bids),
                    asks=tuple(DepthLevel(*level) for level in asks),
                )
        return None

    def _trades(self, number: int) -> bool:
        """Tell whether anybody has a position or an order in an instrument."""
        live = self._live
        assert live is not None
        if any(order.instrument == number for order in live.floor.working.values()):
            return True
        return any(
            number in account.holdings and account.holdings[number].lots
            for account in live.floor.accounts.values()
        )
