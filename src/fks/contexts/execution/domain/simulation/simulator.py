"""Own orders against a market that does not know of them: one object for backtest and paper.

A message leaves now and arrives after the latency of its direction; messages of one direction
never overtake one another. What arrives is accepted, put in its queue or cancelled in the market
as it was at that moment; what takes, takes at the first data at or after its arrival, once that
data is in the market. So nothing ever fills at an instant without data, and a price from before
a gap is never traded behind it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

import numpy.typing as npt

from fks.contexts.execution.domain.matching.layout import Tif
from fks.contexts.execution.domain.simulation.auctions import Auctions
from fks.contexts.execution.domain.simulation.bar_path import BarPath
from fks.contexts.execution.domain.simulation.costs import Fees
from fks.contexts.execution.domain.simulation.events import BUY, LAST, SELL, SNAPSHOT
from fks.contexts.execution.domain.simulation.exchange import Exchange
from fks.contexts.execution.domain.simulation.latency import ENTRY, RESPONSE, Latency
from fks.contexts.execution.domain.simulation.models import DataKind, SimulationModels
from fks.contexts.execution.domain.simulation.money import Holding, Money, Purse
from fks.contexts.execution.domain.simulation.orders import Own, Report, ReportKind, SimOrder
from fks.contexts.execution.domain.simulation.passive import Passive
from fks.contexts.execution.domain.simulation.replica import row_bytes
from fks.contracts.values import NANOS, Instrument
from fks.kernel.errors import Invalid

__all__ = ["Facts", "Simulator", "facts_of"]

_MOST = 2**63 - 1


class Facts(NamedTuple):
    """What the simulator needs of an instrument: the worth of one tick of one lot, in nanos."""

    unit_nanos: int


def facts_of(instrument: Instrument) -> Facts:
    """Return an instrument's facts. Raises `Invalid` where its worth is no whole nanos."""
    worth = instrument.tick_size * instrument.lot_size * instrument.multiplier * NANOS
    if worth != worth.to_integral_value() or worth < 1:
        raise Invalid(
            f"{instrument.id}: a tick of a lot is worth {worth / NANOS} {instrument.currency}, "
            "not a whole number of 1e-9",
            code="execution.bad_instrument",
        )
    return Facts(int(worth))


class Simulator:
    """A simulated venue for one account in one instrument; those of one `purse` share its money.

    Times are UTC ns and never run back (an earlier one is taken as the latest seen). Every method
    that lets time pass returns the reports that their owner has heard of by then, in the order in
    which they are heard. `volume_nanos` is what was traded in the thirty days before.
    """

    def __init__(
        self,
        facts: Facts,
        models: SimulationModels,
        cash_nanos: int = 0,
        volume_nanos: int = 0,
        purse: Purse | None = None,
    ) -> None:
        self.models = models
        self._facts = facts
        self._money = Money(cash_nanos, facts.unit_nanos, models.margin, models.settlement)
        self._exchange = Exchange(models, self._money, Fees(models.fees, volume_nanos))
        if purse is not None:
            purse.join(self._money, self._exchange.market.mark)
        self._passive = Passive(self._exchange)
        self._bars = BarPath(self._exchange)
        self._auctions = Auctions(self._exchange)
        self._latency = Latency(models.latency)
        self._requests: list[tuple[int, int, Callable[[int], None]]] = []
        self._outbox: list[tuple[int, int, Report]] = []
        self._sent = self._told = 0
        self._last_arrival = self._last_heard = -_MOST
        self._now = -_MOST
        self._whole = True  # the feed's event at hand has ended

    # --- requests --------------------------------------------------------------------------

    def submit(self, order: SimOrder, now_ns: int) -> None:
        """Send an order."""
        self._send(partial(self._exchange.accept, order), now_ns)

    def cancel(self, order_id: int, now_ns: int) -> None:
        """Send a cancel."""
        self._send(partial(self._exchange.cancel, order_id), now_ns)

    def amend(self, order_id: int, lots: int, price_ticks: int | None, now_ns: int) -> None:
        """Send a new total quantity and, where not None, a new limit."""
        self._send(partial(self._exchange.replace, order_id, lots, price_ticks), now_ns)

    def prime(self, order: SimOrder, filled_lots: int, now_ns: int) -> None:
        """Put a working order back after a restart: no latency, no report, last in its queue."""
        self._advance(now_ns)
        self._exchange.restore(order, filled_lots, self._now)

    def prime_position(self, lots: int, cost_nanos: int, cash_nanos: int) -> None:
        """Put position, its signed cost and the account's cash back after a restart."""
        self._money.position_lots = lots
        self._money.cost_nanos = cost_nanos
        self._money.cash_nanos = self._money.start_nanos = cash_nanos

    # --- data ------------------------------------------------------------------------------

    def on_bar(
        self,
        ts_ns: int,
        end_ns: int,
        ohlc_ticks: tuple[int, int, int, int],
        volume_lots: int,
        flags: int = 0,
    ) -> tuple[Report, ...]:
        """Take a closed bar in. Only orders that had arrived when it opened meet it.

        `flags`: `OPENS` where its open, `CLOSES` where its close is the price of an auction.
        """
        self._advance(ts_ns)
        if self.models.data is DataKind.BARS:
            self._bars.walk(self._now, max(end_ns, self._now), ohlc_ticks, volume_lots, flags)
            self._exchange.check_margin(max(end_ns, self._now))
        self._collect()
        return self.on_time(end_ns)

    def on_trade(
        self, ts_ns: int, price_ticks: int, lots: int, aggressor: int = 2
    ) -> tuple[Report, ...]:
        """Take a trade in; `aggressor` is 0 a buyer, 1 a seller, 2 not known.

        By-order feeds tell trades in their own rows; bars hold theirs already.
        """
        self._advance(ts_ns)
        if self.models.data not in (DataKind.BARS, DataKind.ORDERS):
            self._passive.trade(self._now, price_ticks, lots, aggressor)
            self._settle()
            self._exchange.trade_lots = None
        return self._heard()

    def on_auction(
        self, ts_ns: int, price_ticks: int, lots: int, *, closing: bool
    ) -> tuple[Report, ...]:
        """Take the print of an opening or closing auction in; bars hold theirs already."""
        self._advance(ts_ns)
        if self.models.data is not DataKind.BARS:
            tif = Tif.AT_CLOSE if closing else Tif.AT_OPEN
            self._auctions.printed(tif, price_ticks, lots, self._now)
            self._settle()
            self._exchange.trade_lots = None
        return self._heard()

    def on_quote(
        self, ts_ns: int, bid_ticks: int, bid_lots: int, ask_ticks: int, ask_lots: int
    ) -> tuple[Report, ...]:
        """Take the best bid and ask in; a side with no lots is empty."""
        self._advance(ts_ns)
        if self.models.data is DataKind.QUOTES:
            self._passive.quote(BUY, bid_ticks, bid_lots)
            self._passive.quote(SELL, ask_ticks, ask_lots)
            self._settle()
        return self._heard()

    def on_depth(
        self, ts_ns: int, levels: Iterable[tuple[int, int, int]], *, snapshot: bool = False
    ) -> tuple[Report, ...]:
        """Take levels (side, price, lots now; 0 removes) in; a snapshot removes all others."""
        self._advance(ts_ns)
        if self.models.data is DataKind.DEPTH:
            told = list(levels)
            if snapshot:
                kept = {(side, price) for side, price, _ in told}
                book = self._exchange.market.book
                for side in (BUY, SELL):
                    shown = [level.price for level in book.depth(side, _MOST)]
                    told += [(side, price, 0) for price in shown if (side, price) not in kept]
            for side, price, lots in told:
                self._passive.level(side, price, lots)
            self._settle()
        return self._heard()

    def on_l3(
        self,
        ts_ns: int,
        kind: int,
        side: int,
        order_id: int,
        price_ticks: int,
        lots: int,
        flags: int = LAST,
    ) -> tuple[Report, ...]:
        """Take a row of a feed by order in; own orders meet the book when the event is whole."""
        self._advance(ts_ns)
        if self.models.data is DataKind.ORDERS:
            self._passive.row(self._now, kind, side, order_id, price_ticks, lots)
            self._whole = bool(flags & LAST)
            if flags & LAST:
                self._passive.end_event()
                if not flags & SNAPSHOT or self._exchange.live:
                    self._settle()
        return self._heard()

    def on_rows(self, events: npt.NDArray[Any]) -> tuple[Report, ...]:
        """Take many rows of `L3_EVENT` in; those that no own order could feel go by compiled."""
        found: list[Report] = []
        at, raw = 0, row_bytes(events)
        while at < len(events):
            if self._whole and self.models.data is DataKind.ORDERS:
                at = self._skim(events, raw, at)
                if at == len(events):
                    break
            ts_ns, order_id, price, lots, kind, side, flags = events[at].item()
            found.extend(self.on_l3(ts_ns, kind, side, order_id, price, lots, flags))
            at += 1
        return tuple(found)

    def _skim(self, events: npt.NDArray[Any], raw: npt.NDArray[Any], at: int) -> int:
        """Take rows in up to the next one that could matter to own orders; return its place."""
        exchange = self._exchange
        held = self.models.margin.initial_ppb and self._money.position_lots
        if exchange.takers or held or not exchange.market.untaken:
            return at
        bands = [_MOST, -_MOST, _MOST, -_MOST]
        for side in (BUY, SELL):
            resting = exchange.resting[side]
            if any(own.ahead is None for own in resting):
                return at
            if resting:
                limits = [own.limit for own in resting if own.limit is not None]
                bands[2 * side : 2 * side + 2] = min(limits), max(limits)
        if exchange.market.last is None and any(own.waiting for own in exchange.live.values()):
            return at
        due = self.next_due_ns
        after, last = exchange.market.book.advance(
            raw, at, _MOST if due is None else due, not exchange.live, *bands
        )
        if last is not None:
            exchange.market.last = last
        if after > at:
            self._advance(int(events["ts_ns"][after - 1]))
        return after

    def on_time(self, now_ns: int) -> tuple[Report, ...]:
        """Let time pass without data: messages arrive, orders expire, nothing fills."""
        self._advance(now_ns)
        return self._heard()

    def on_funding(self, ts_ns: int, rate_ppb: int, mark_ticks: int) -> tuple[Report, ...]:
        """Book a funding payment; a positive rate is paid by who is long."""
        self._advance(ts_ns)
        if self.models.funding and self._money.position_lots:
            paid = self._money.fund(rate_ppb, mark_ticks)
            self._book(ReportKind.FUNDING, mark_ticks, paid)
        return self._heard()

    def on_settlement(self, ts_ns: int, price_ticks: int) -> tuple[Report, ...]:
        """Turn the open profit at a settlement price into cash."""
        self._advance(ts_ns)
        if self._money.position_lots:
            self._book(ReportKind.SETTLED, price_ticks, -self._money.settle(price_ticks))
        return self._heard()

    def on_rate(self, ts_ns: int, rate_ppb: int) -> None:
        """Take in what one unit of the instrument's currency is worth in the account's."""
        self._advance(ts_ns)
        self._money.rate_ppb = rate_ppb

    def on_day_end(self, ts_ns: int) -> tuple[Report, ...]:
        """Expire the orders that live for the day."""
        self._advance(ts_ns)
        self._exchange.end_day(self._now)
        return self._heard()

    # --- questions -------------------------------------------------------------------------

    @property
    def next_due_ns(self) -> int | None:
        """Return when time alone will next do something: an arrival, a report, an expiry."""
        dues = [own.offer.expire_ns for own in self._exchange.live.values() if own.offer.expire_ns]
        dues += [self._requests[0][0]] if self._requests else []
        dues += [self._outbox[0][0]] if self._outbox else []
        return min(dues, default=None)

    def holding(self) -> Holding:
        """Return cash, position and what was paid."""
        return self._money.holding()

    def average_ticks(self) -> tuple[int, Decimal]:
        """Return the position and its average price in ticks (0 when flat)."""
        lots = self._money.position_lots
        if lots == 0:
            return 0, Decimal(0)
        return lots, Decimal(self._money.cost_nanos) / (lots * self._facts.unit_nanos)

    def equity_nanos(self) -> int | None:
        """Return cash and open profit; None before the first price."""
        mark = self._exchange.market.mark()
        return None if mark is None else self._money.equity_nanos(mark)

    def working(self) -> tuple[Own, ...]:
        """Return the live orders, in order of acceptance."""
        return tuple(self._exchange.live.values())

    def queued(self) -> Iterator[tuple[Own, int]]:
        """Yield the orders that rest at a level the data shows, with strangers' lots there."""
        book = self._exchange.market.book
        for side in (BUY, SELL):
            for own in self._exchange.resting[side]:
                if own.ahead is not None and own.limit is not None:
                    yield own, book.lots_at(side, own.limit)

    def touch(self, side: int) -> int | None:
        """Return the price that an order of a side would take at; the last trade without a book."""
        market = self._exchange.market
        return market.touch(side) if self._exchange.shows_book else market.last

    # --- time ------------------------------------------------------------------------------

    def _send(self, request: Callable[[int], None], now_ns: int) -> None:
        self._sent += 1
        sent_ns = max(now_ns, self._now)
        arrival = sent_ns + self._latency.delay_ns(ENTRY, sent_ns, self._sent)
        self._last_arrival = max(arrival, self._last_arrival)
        heapq.heappush(self._requests, (self._last_arrival, self._sent, request))

    def _advance(self, ts_ns: int) -> None:
        """Let all that arrives by an instant arrive, each at its own time."""
        ts_ns = max(ts_ns, self._now)
        while self._requests and self._requests[0][0] <= ts_ns:
            arrival, _, request = heapq.heappop(self._requests)
            self._exchange.expire(arrival)
            request(arrival)
        self._exchange.expire(ts_ns)
        self._now = ts_ns
        self._collect()

    def _settle(self) -> None:
        self._exchange.settle(self._now)
        self._exchange.check_margin(self._now)

    def _collect(self) -> None:
        """Send what happened on its way back."""
        for report in self._exchange.reports:
            self._told += 1
            heard = report.ts_ns + self._latency.delay_ns(RESPONSE, report.ts_ns, self._told)
            self._last_heard = max(heard, self._last_heard)
            told = report._replace(heard_ns=self._last_heard)
            heapq.heappush(self._outbox, (self._last_heard, self._told, told))
        self._exchange.reports.clear()

    def _heard(self) -> tuple[Report, ...]:
        """Return what has come back by now."""
        self._collect()
        found = []
        while self._outbox and self._outbox[0][0] <= self._now:
            found.append(heapq.heappop(self._outbox)[2])
        return tuple(found)

    def _book(self, kind: ReportKind, price_ticks: int, paid_nanos: int) -> None:
        """Report money that moved without a trade."""
        lots = self._money.position_lots
        side = BUY if lots > 0 else SELL
        self._exchange.reports.append(
            Report(
                kind,
                0,
                self._now,
                self._now,
                side=side,
                lots=abs(lots),
                price_ticks=price_ticks,
                fee_nanos=paid_nanos,
            )
        )
