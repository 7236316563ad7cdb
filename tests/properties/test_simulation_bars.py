"""Properties of fills on bars: the same path as the desk's, the bar's prices, the bar's volume."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.execution.domain.desks import DeskMaker
from fks.contexts.execution.domain.matching.layout import OrderKind
from fks.contexts.execution.domain.simulation.models import FillModel, SimulationModels
from fks.contexts.execution.domain.simulation.orders import Report, ReportKind, SimOrder
from fks.contexts.execution.domain.simulation.simulator import Facts, Simulator
from fks.contracts.execution import CostModel, DeskConfig, RiskLimits
from fks.contracts.values import FillRule, Instrument

MINUTE = 60


class Wish(NamedTuple):
    """An order placed at a bar's close."""

    side: int
    type: OrderKind
    price: int
    lots: int


PRICES = st.lists(st.integers(90, 110), min_size=4, max_size=4)
BARS = st.tuples(PRICES, st.integers(0, 40)).map(
    lambda drawn: (drawn[0][0], max(drawn[0]), min(drawn[0]), drawn[0][3], drawn[1])
)
WISHES = st.lists(
    st.builds(
        Wish,
        st.sampled_from([0, 1]),
        st.sampled_from([OrderKind.MARKET, OrderKind.LIMIT, OrderKind.LIMIT, OrderKind.STOP]),
        st.integers(88, 112),
        st.integers(1, 9),
    ),
    max_size=3,
)
DAYS = st.lists(st.tuples(BARS, WISHES), min_size=1, max_size=25)


def _simulated(
    days: list[tuple[tuple[int, int, int, int, int], list[Wish]]], fill: FillModel
) -> list[Report]:
    """Return the fills of a simulator over bars, orders numbered as they are placed."""
    sim = Simulator(Facts(1), SimulationModels(fill=fill))
    found: list[Report] = []
    number = 0
    for index, ((opened, high, low, close, volume), wishes) in enumerate(days):
        start, end = index * MINUTE, index * MINUTE + MINUTE - 1
        found.extend(sim.on_bar(start, end, (opened, high, low, close), volume))
        for wish in wishes:
            number += 1
            price = wish.price if wish.type is OrderKind.LIMIT else 0
            stop = wish.price if wish.type is OrderKind.STOP else 0
            sim.submit(SimOrder(number, wish.side, wish.type, wish.lots, price, stop), end)
    return [report for report in found if report.kind is ReportKind.FILLED]


@given(DAYS)
@settings(max_examples=300, deadline=None)
def test_on_bars_the_simulator_fills_as_the_desk_does(
    days: list[tuple[tuple[int, int, int, int, int], list[Wish]]],
) -> None:
    """Touch fills, no limit of volume: order, price and lots of each fill are the desk's."""
    instrument = Instrument(id="T", tick_size=Decimal(1))
    desk = DeskMaker().make(
        DeskConfig(
            instrument=instrument,
            cash=1e6,
            quantity=1,
            fill_rule=FillRule.NEXT_OPEN,
            costs=CostModel(),
            limits=RiskLimits(
                max_order_quantity=None, max_position_quantity=None, max_order_notional=None
            ),
        ),
        compiled=False,
    )
    for index, ((opened, high, low, close, _), wishes) in enumerate(days):
        desk.on_bar(index * MINUTE, opened, high, low, close)
        for wish in wishes:
            limit = float(wish.price) if wish.type is OrderKind.LIMIT else None
            stop = float(wish.price) if wish.type is OrderKind.STOP else None
            place = desk.sell if wish.side else desk.buy
            place(float(wish.lots), limit=limit, stop=stop)
        desk.end_bar()
    expected = [
        (fill.order_id, int(fill.price), int(fill.quantity)) for fill in desk.fills_after(0)
    ]
    fills = _simulated(days, FillModel(participation_ppm=0, penetration_ticks=0))
    assert [(f.order_id, f.price_ticks, f.lots) for f in fills] == expected


@given(DAYS, st.integers(0, 1_000_000), st.integers(0, 3), st.integers(0, 2))
@settings(max_examples=300, deadline=None)
def test_fills_stay_within_the_bar_its_volume_and_the_penetration_asked_for(
    days: list[tuple[tuple[int, int, int, int, int], list[Wish]]],
    participation: int,
    penetration: int,
    slippage: int,
) -> None:
    """A bar gives no more than its share; limits fill only after the market went far enough."""
    model = FillModel(
        participation_ppm=participation, penetration_ticks=penetration, slippage_ticks=slippage
    )
    wishes = [(index, wish) for index, (_, placed) in enumerate(days) for wish in placed]
    had = dict.fromkeys(range(len(days)), 0)
    lots = dict.fromkeys(range(1, len(wishes) + 1), 0)
    for fill in _simulated(days, model):
        placed, wish = wishes[fill.order_id - 1]
        index = fill.ts_ns // MINUTE
        _, high, low, _, _ = days[index][0]
        assert index > placed
        assert low - slippage <= fill.price_ticks <= high + slippage
        lots[fill.order_id] += fill.lots
        had[index] += fill.lots
        if wish.type is OrderKind.LIMIT:
            sign = 1 - 2 * fill.side
            assert (wish.price - fill.price_ticks) * sign >= 0
    assert all(lots[number] <= wish.lots for number, (_, wish) in enumerate(wishes, start=1))
    if participation:
        for index, ((*_, volume), _) in enumerate(days):
            assert had[index] <= volume * participation // 1_000_000
