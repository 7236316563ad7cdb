"""The same market and the same orders: backtest and paper venue have the same fills."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.execution.adapters.venues.paper import make_simulated
from fks.contexts.execution.domain.matching.layout import OrderKind
from fks.contexts.execution.domain.simulation.inputs import QuoteSeen, TradeSeen
from fks.contexts.execution.domain.simulation.models import (
    DataKind,
    FeeModel,
    FillModel,
    LatencyModel,
    SimulationModels,
)
from fks.contexts.execution.domain.simulation.orders import ReportKind, SimOrder
from fks.contexts.execution.domain.simulation.simulator import Simulator, facts_of
from fks.contracts.execution import VenueContext, VenueOrder, VenueReport, VenueReportKind
from fks.contracts.values import Instrument, OrderType, Side, TimeInForce

ES = Instrument(id="ES", tick_size=Decimal("0.25"), multiplier=Decimal(50))
STEP = 1000
DATA = st.one_of(
    st.tuples(st.just("quote"), st.integers(95, 104), st.integers(1, 20)),
    st.tuples(st.just("quote"), st.integers(95, 104), st.integers(1, 20)),
    st.tuples(st.just("trade"), st.integers(94, 106), st.integers(1, 20)),
)
ORDERS = st.one_of(
    st.tuples(st.just("limit"), st.integers(93, 107), st.integers(-9, 9).filter(bool)),
    st.tuples(st.just("market"), st.just(0), st.integers(-9, 9).filter(bool)),
)
STEPS = st.lists(st.tuples(DATA, st.none() | ORDERS), max_size=30).map(
    lambda pairs: [step for pair in pairs for step in pair if step is not None]
)


def _models(entry_ns: int, response_ns: int) -> SimulationModels:
    return SimulationModels(
        data=DataKind.QUOTES,
        latency=LatencyModel(entry_ns=entry_ns, response_ns=response_ns),
        fill=FillModel(slippage_ticks=1),
        fees=FeeModel(maker_ppb=-1000, taker_ppb=5000, per_lot_nanos=10**6),
    )


def _backtest(
    steps: list[tuple[str, int, int]], models: SimulationModels
) -> list[tuple[str, int, Decimal, Decimal, Decimal, bool]]:
    """Drive a simulator directly; return its fills in currency."""
    sim = Simulator(facts_of(ES), models, 100_000 * 10**9)
    found = []
    for number, (what, price, lots) in enumerate(steps, start=1):
        now = number * STEP
        if what == "quote":
            reports = sim.on_quote(now, price, lots, price + 1, lots)
        elif what == "trade":
            reports = sim.on_trade(now, price, lots, 2)
        else:
            kind = OrderKind.LIMIT if what == "limit" else OrderKind.MARKET
            before = (
                number - 1
            ) * STEP  # an order comes right behind a datum: its clock stands there
            sim.submit(SimOrder(number, int(lots < 0), kind, abs(lots), price), before)
            reports = sim.on_time(before)
        found += [report for report in reports if report.kind is ReportKind.FILLED]
    return [
        (
            str(report.order_id),
            report.ts_ns,
            Decimal(report.lots),
            report.price_ticks * ES.tick_size,
            Decimal(report.fee_nanos) / 10**9,
            report.maker,
        )
        for report in found
    ]


async def _paper(
    steps: list[tuple[str, int, int]], models: SimulationModels
) -> list[tuple[str, int, Decimal, Decimal, Decimal, bool]]:
    """Drive the venue by its contract; return its fills."""
    venue = make_simulated(
        VenueContext(
            account="A",
            settings={"models": msgspec.to_builtins(models)},
            instruments=(ES,),
            wall_ns=lambda: 0,
            monotonic_ns=lambda: 0,
        )
    )
    heard: list[VenueReport] = []
    await venue.connect(heard.append)
    for number, (what, ticks, lots) in enumerate(steps, start=1):
        now, price = number * STEP, ticks * ES.tick_size
        if what == "quote":
            size = Decimal(lots)
            venue.on_market(
                QuoteSeen(
                    symbol="ES",
                    ts_ns=now,
                    bid=price,
                    bid_quantity=size,
                    ask=price + ES.tick_size,
                    ask_quantity=size,
                )
            )
        elif what == "trade":
            venue.on_market(TradeSeen(symbol="ES", ts_ns=now, price=price, quantity=Decimal(lots)))
        else:
            await venue.submit(
                VenueOrder(
                    client_order_id=str(number),
                    instrument=ES,
                    side=Side.SELL if lots < 0 else Side.BUY,
                    type=OrderType.LIMIT if what == "limit" else OrderType.MARKET,
                    time_in_force=TimeInForce.GTC,
                    quantity=Decimal(abs(lots)),
                    price=price if what == "limit" else None,
                )
            )
    await venue.close()
    return [
        (r.client_order_id, r.ts_ns, r.quantity, r.price, r.fee, r.maker)
        for r in heard
        if r.kind is VenueReportKind.FILLED
    ]


@given(STEPS, st.integers(0, 2500), st.integers(0, 2500))
@settings(max_examples=100, deadline=None)
def test_backtest_and_paper_give_the_same_fills(
    steps: list[tuple[str, int, int]], entry_ns: int, response_ns: int
) -> None:
    """Order, time, quantity, price, fee and maker of every fill, whatever the latencies."""
    models = _models(entry_ns, response_ns)
    assert _backtest(steps, models) == asyncio.run(_paper(steps, models))
