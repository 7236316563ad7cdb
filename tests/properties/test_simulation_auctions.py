"""Auctions and own orders that meet, drawn at random: nothing fills out of nothing."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.execution.domain.matching.layout import OrderKind, SelfTrade, Tif
from fks.contexts.execution.domain.simulation.auctions import CLOSES, OPENS
from fks.contexts.execution.domain.simulation.events import BUY, SELL
from fks.contexts.execution.domain.simulation.models import (
    DataKind,
    FillModel,
    LatencyModel,
    SimulationModels,
)
from fks.contexts.execution.domain.simulation.orders import AUCTIONS, Report, ReportKind, SimOrder
from fks.contexts.execution.domain.simulation.simulator import Facts, Simulator

STEP = 10
LOTS = st.integers(1, 12)
PRICES = st.integers(95, 105)


class Datum(NamedTuple):
    """A bar (open, high, low, close), a trade, a best quote, a level, or an auction's print."""

    prices: tuple[int, int, int, int]
    lots: int
    flags: int
    auction: bool


class Send(NamedTuple):
    """An own order, or where `cancel` the cancel of the one before."""

    side: int
    type: OrderKind
    tif: Tif
    price: int
    lots: int
    cancel: bool


DATA = st.builds(
    lambda drawn, lots, flags, auction: Datum(
        (drawn[0], max(drawn), min(drawn), drawn[1]), lots, flags, auction
    ),
    st.tuples(PRICES, PRICES, PRICES, PRICES),
    LOTS,
    st.sampled_from([0, 0, OPENS, CLOSES, OPENS | CLOSES]),
    st.booleans(),
)
ORDERS = st.builds(
    Send,
    st.sampled_from([BUY, SELL]),
    st.sampled_from([OrderKind.LIMIT, OrderKind.LIMIT, OrderKind.MARKET, OrderKind.STOP]),
    st.sampled_from([Tif.GTC, Tif.IOC, Tif.FOK, Tif.DAY, Tif.AT_OPEN, Tif.AT_CLOSE]),
    PRICES,
    LOTS,
    st.sampled_from([False, False, False, True]),
)
STREAMS = st.lists(st.one_of(DATA, ORDERS), min_size=3, max_size=50)
LATENCIES = st.builds(LatencyModel, entry_ns=st.integers(0, 25), response_ns=st.integers(0, 25))
KINDS = pytest.mark.parametrize(
    "kind", [DataKind.BARS, DataKind.TRADES, DataKind.QUOTES, DataKind.DEPTH]
)


class _Run:
    """A stream that was run: what was said, when there was data, and what each print was."""

    def __init__(
        self, kind: DataKind, stream: list[Any], latency: LatencyModel, mode: SelfTrade | None
    ) -> None:
        models = SimulationModels(
            data=kind, latency=latency, fill=FillModel(participation_ppm=1_000_000)
        )
        self.simulator = Simulator(Facts(1), models, 10**9)
        self.reports: list[Report] = []
        self.instants: set[int] = set()
        self.prints: dict[tuple[int, Tif], tuple[int, int]] = {}
        self.sent: dict[int, SimOrder] = {}
        self.locked = False
        for number, what in enumerate(stream):
            now = (number + 1) * 2 * STEP
            if isinstance(what, Send):
                self._send(number, what, now, mode)
            else:
                self.reports.extend(self._feed(kind, what, now))
                self.locked = self.locked or self._is_locked()
        self.reports.extend(self.simulator.on_time(10**9))

    def _send(self, number: int, what: Send, now: int, mode: SelfTrade | None) -> None:
        if what.cancel and self.sent:
            self.simulator.cancel(max(self.sent), now)
            return
        stop = what.price if what.type is OrderKind.STOP else 0
        order = SimOrder(
            number, what.side, what.type, what.lots, what.price, stop, what.tif, self_trade=mode
        )
        self.sent[number] = order
        self.simulator.submit(order, now)

    def _feed(self, kind: DataKind, what: Datum, now: int) -> tuple[Report, ...]:
        opened, high, low, close = what.prices
        self.instants.add(now)
        if kind is DataKind.BARS:
            self.instants.add(now + STEP)
            if what.flags & OPENS:
                self.prints[now, Tif.AT_OPEN] = opened, what.lots
            if what.flags & CLOSES:
                self.prints[now + STEP, Tif.AT_CLOSE] = close, what.lots
            return self.simulator.on_bar(now, now + STEP, what.prices, what.lots, what.flags)
        if what.auction and what.flags in (OPENS, CLOSES):
            tif = Tif.AT_CLOSE if what.flags == CLOSES else Tif.AT_OPEN
            self.prints[now, tif] = opened, what.lots
            closing = what.flags == CLOSES
            return self.simulator.on_auction(now, opened, what.lots, closing=closing)
        if kind is DataKind.TRADES or what.auction:
            return self.simulator.on_trade(now, opened, what.lots)
        if kind is DataKind.QUOTES:
            return self.simulator.on_quote(now, low - 1, what.lots, high + 1, what.lots)
        levels = [(BUY, low - 1, what.lots), (SELL, high + 1, what.lots)]
        return self.simulator.on_depth(now, levels, snapshot=True)

    def _is_locked(self) -> bool:
        bids, asks = self.simulator._exchange.resting
        limits = [own.limit for own in (*bids[:1], *asks[:1])]
        return len(limits) == 2 and limits[0] >= limits[1]

    def fills(self) -> list[Report]:
        """Return the fills."""
        return [report for report in self.reports if report.kind is ReportKind.FILLED]


@KINDS
@given(stream=STREAMS, latency=LATENCIES, mode=st.sampled_from([None, *SelfTrade]))
@settings(max_examples=150, deadline=None)
def test_an_order_never_fills_at_an_instant_without_data(
    kind: DataKind, stream: list[Any], latency: LatencyModel, mode: SelfTrade | None
) -> None:
    """A fill between data has a price that nobody said, whatever the models promise."""
    run = _Run(kind, stream, latency, mode)
    arrived = {r.order_id: r.ts_ns for r in run.reports if r.kind is ReportKind.ACCEPTED}
    for fill in run.fills():
        assert fill.ts_ns in run.instants
        assert fill.ts_ns >= arrived[fill.order_id]


@KINDS
@given(stream=STREAMS, latency=LATENCIES)
@settings(max_examples=150, deadline=None)
def test_orders_for_an_auction_trade_in_it_alone_and_at_its_price(
    kind: DataKind, stream: list[Any], latency: LatencyModel
) -> None:
    """More lots than were printed, another price or another time are an auction that never was."""
    run = _Run(kind, stream, latency, None)
    taken: dict[tuple[int, Tif], int] = {}
    for fill in run.fills():
        order = run.sent[fill.order_id]
        if order.tif not in AUCTIONS:
            continue
        at = fill.ts_ns, order.tif
        price, lots = run.prints[at]
        assert fill.price_ticks == price
        if order.type is OrderKind.LIMIT:
            assert (order.price - price) * (1 if order.side == BUY else -1) >= 1
        taken[at] = taken.get(at, 0) + fill.lots
        assert taken[at] <= lots
    ended = {r.order_id for r in run.reports if r.leaves == 0 and r.kind is not ReportKind.ACCEPTED}
    for number, order in run.sent.items():
        if order.tif in AUCTIONS and number not in ended:
            working = {own.offer.id for own in run.simulator.working()}
            ended_now = [r for r in run.reports if r.order_id == number]
            assert number in working or ended_now[-1].kind is ReportKind.REJECTED


@KINDS
@given(stream=STREAMS, latency=LATENCIES, at=st.integers(1, 49))
@settings(max_examples=100, deadline=None)
def test_what_comes_later_changes_nothing_before(
    kind: DataKind, stream: list[Any], latency: LatencyModel, at: int
) -> None:
    """A simulator that looks ahead gives a strategy the close before it is printed."""
    short = _Run(kind, stream[:at], latency, None)
    whole = _Run(kind, stream, latency, None)
    until = at * 2 * STEP + STEP
    early = [r for r in whole.reports if r.ts_ns <= until]
    assert [r for r in short.reports if r.ts_ns <= until] == early


@KINDS
@given(stream=STREAMS, latency=LATENCIES, mode=st.sampled_from(list(SelfTrade)))
@settings(max_examples=150, deadline=None)
def test_with_a_mode_own_orders_never_rest_against_one_another(
    kind: DataKind, stream: list[Any], latency: LatencyModel, mode: SelfTrade
) -> None:
    """A bid at or over one's own offer is a trade with oneself that waits to happen."""
    assert not _Run(kind, stream, latency, mode).locked
