"""The rules of the simulator, one case each: order types, latency, money, what is not modelled."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fks.contexts.execution.domain.matching.layout import OrderKind, Tif
from fks.contexts.execution.domain.simulation.events import BUY, SELL, L3Kind
from fks.contexts.execution.domain.simulation.latency import ENTRY, RESPONSE, Latency
from fks.contexts.execution.domain.simulation.models import (
    DataKind,
    FeeModel,
    FillModel,
    ImpactKind,
    ImpactModel,
    LatencyKind,
    LatencyModel,
    LatencyPoint,
    MarginModel,
    QueueKind,
    QueueModel,
    SettlementModel,
    SimulationModels,
    model_hash,
    not_modelled,
)
from fks.contexts.execution.domain.simulation.orders import Report, ReportKind, SimOrder, Why
from fks.contexts.execution.domain.simulation.simulator import Facts, Simulator

UNIT = 10**9  # a tick of a lot is worth one


def _sim(data: DataKind = DataKind.DEPTH, cash: int = 10**15, **models: Any) -> Simulator:
    return Simulator(Facts(UNIT), SimulationModels(data=data, **models), cash)


def _depth(sim: Simulator, ts_ns: int, bid: int = 99, ask: int = 101) -> tuple[Report, ...]:
    levels = [(BUY, bid, 10), (BUY, bid - 1, 10), (SELL, ask, 10), (SELL, ask + 1, 10)]
    return sim.on_depth(ts_ns, levels, snapshot=True)


def _fills(reports: tuple[Report, ...]) -> list[tuple[int, int, int]]:
    return [(r.order_id, r.lots, r.price_ticks) for r in reports if r.kind is ReportKind.FILLED]


def _kinds(reports: tuple[Report, ...]) -> list[ReportKind]:
    return [report.kind for report in reports]


def test_each_direction_has_its_latency_and_messages_never_overtake() -> None:
    """Entry delays what happens, response what is heard; a later, faster message waits."""
    points = (LatencyPoint(0, 100, 30), LatencyPoint(100, 0, 30))
    sim = _sim(latency=LatencyModel(kind=LatencyKind.SERIES, points=points))
    _depth(sim, 0)
    sim.submit(SimOrder(1, BUY, OrderKind.LIMIT, 1, price=99), 10)  # arrives at 100
    sim.cancel(1, 50)  # under way for 50 only: arrives at 100 too, behind it
    assert sim.on_time(129) == ()
    heard = sim.on_time(130)
    assert [(r.kind, r.ts_ns, r.heard_ns) for r in heard] == [
        (ReportKind.ACCEPTED, 100, 130),
        (ReportKind.CANCELLED, 100, 130),
    ]


def test_latency_models_give_what_they_were_given() -> None:
    """Constants are constant, series lie on the line between points, draws within quantiles."""
    assert Latency(LatencyModel(entry_ns=5, response_ns=7)).delay_ns(RESPONSE, 0, 1) == 7
    points = (LatencyPoint(10, 100, 0), LatencyPoint(20, 200, 50))
    series = Latency(LatencyModel(kind=LatencyKind.SERIES, points=points, extra_ns=1))
    assert [series.delay_ns(ENTRY, at, 1) for at in (0, 10, 15, 20, 99)] == [
        101,
        101,
        151,
        201,
        201,
    ]
    drawn = Latency(
        LatencyModel(kind=LatencyKind.QUANTILES, entry_quantiles_ns=(10, 20, 90), seed=1)
    )
    delays = [drawn.delay_ns(ENTRY, 0, number) for number in range(500)]
    assert 10 <= min(delays) <= 12 and 80 <= max(delays) <= 90
    assert abs(sum(delay <= 20 for delay in delays) - 250) <= 40
    assert delays == [drawn.delay_ns(ENTRY, 0, number) for number in range(500)]


def test_a_price_from_before_a_gap_is_never_traded_behind_it() -> None:
    """A market order sent into a pause takes the first new price, at its time."""
    sim = _sim(DataKind.QUOTES, latency=LatencyModel(entry_ns=1))
    sim.on_quote(0, 99, 10, 100, 10)
    sim.submit(SimOrder(1, BUY, OrderKind.MARKET, 2), 10)
    assert _kinds(sim.on_time(10**9)) == [ReportKind.ACCEPTED]
    assert _fills(sim.on_quote(2 * 10**9, 119, 10, 120, 10)) == [(1, 2, 120)]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (SimOrder(1, BUY, OrderKind.MARKET, 25), [(1, 10, 101), (1, 10, 102)]),
        (SimOrder(1, BUY, OrderKind.LIMIT, 25, price=101, tif=Tif.IOC), [(1, 10, 101)]),
        (
            SimOrder(1, BUY, OrderKind.LIMIT, 20, price=102, tif=Tif.FOK),
            [(1, 10, 101), (1, 10, 102)],
        ),
        (SimOrder(1, BUY, OrderKind.LIMIT, 21, price=102, tif=Tif.FOK), []),
        (SimOrder(1, BUY, OrderKind.MARKET_TO_LIMIT, 12), [(1, 10, 101)]),
        (SimOrder(1, BUY, OrderKind.STOP, 3, stop=101), [(1, 3, 101)]),
        (SimOrder(1, BUY, OrderKind.STOP_LIMIT, 3, price=101, stop=100), [(1, 3, 101)]),
        (SimOrder(1, BUY, OrderKind.MARKET_IF_TOUCHED, 3, stop=101), [(1, 3, 101)]),
        (SimOrder(1, BUY, OrderKind.LIMIT_IF_TOUCHED, 3, price=99, stop=101), []),
        (SimOrder(1, BUY, OrderKind.STOP, 3, stop=102), []),
    ],
)
def test_order_types_take_what_a_recorded_depth_shows(
    order: SimOrder, expected: list[tuple[int, int, int]]
) -> None:
    """Walks through levels, kills what cannot be filled, waits for triggers."""
    sim = _sim()
    _depth(sim, 1)
    sim.submit(order, 2)
    assert _fills(_depth(sim, 3)) == expected


def test_a_trailing_stop_follows_and_fires_on_the_way_back() -> None:
    """A sell with an offset of three: trades at 100, 108, 106 leave it, 105 fires it."""
    sim = _sim(DataKind.TRADES)
    sim.on_trade(1, 100, 5)
    sim.submit(SimOrder(1, SELL, OrderKind.TRAILING_STOP, 2, stop=3), 2)
    for ts_ns, price in ((3, 108), (4, 106)):
        assert _fills(sim.on_trade(ts_ns, price, 5)) == []
    assert _fills(sim.on_trade(5, 105, 1)) == [(1, 1, 105)]
    assert _fills(sim.on_trade(6, 103, 9)) == [(1, 1, 103)]  # the trade before had one lot


def test_a_bar_that_opens_beyond_a_limit_never_fills_it_worse_than_its_open() -> None:
    """Buy at 102, five ticks of penetration asked for: opened at 100, filled on the way to 97."""
    sim = _sim(DataKind.BARS, fill=FillModel(penetration_ticks=5))
    sim.on_bar(0, 59, (104, 104, 103, 103), 100)
    sim.submit(SimOrder(1, BUY, OrderKind.LIMIT, 3, price=102), 59)
    assert _fills(sim.on_bar(60, 119, (100, 101, 98, 99), 100)) == []
    assert _fills(sim.on_bar(120, 179, (100, 101, 97, 99), 100)) == [(1, 3, 100)]


def test_an_iceberg_goes_to_the_end_with_each_part() -> None:
    """Ten ahead, five of twelve shown: fifteen lots bring five, the next part queues again."""
    sim = _sim()
    _depth(sim, 1)
    sim.submit(SimOrder(1, BUY, OrderKind.LIMIT, 12, price=99, display=5), 2)
    assert _fills(sim.on_trade(3, 99, 15, SELL)) == [(1, 5, 99)]
    assert _fills(sim.on_trade(4, 99, 9, SELL)) == []


@pytest.mark.parametrize(("lots", "filled"), [(16, 5), (23, 5), (25, 7), (500, 12)])
def test_the_hidden_part_of_an_iceberg_stands_behind_the_whole_level(
    lots: int, filled: int
) -> None:
    """Ten ahead, five shown, eight behind: only from the twenty-fourth lot on it gets more."""
    sim = _sim()
    _depth(sim, 1)
    sim.submit(SimOrder(1, BUY, OrderKind.LIMIT, 12, price=99, display=5), 2)
    sim.on_depth(3, [(BUY, 99, 18)])
    assert _fills(sim.on_trade(4, 99, lots, SELL)) == [(1, filled, 99)]


def test_post_only_reduce_only_and_halts_are_obeyed() -> None:
    """Would cross: refused. Nothing to reduce: refused. Reduces: cut to the position."""
    sim = _sim(DataKind.ORDERS, queue=QueueModel(kind=QueueKind.FIFO))
    sim.on_l3(1, L3Kind.ADD, SELL, 9, 101, 10)
    sim.on_l3(1, L3Kind.ADD, BUY, 8, 99, 10)
    sim.submit(SimOrder(1, BUY, OrderKind.LIMIT, 1, price=101, post_only=True), 2)
    sim.submit(SimOrder(2, BUY, OrderKind.MARKET, 1, reduce_only=True), 2)
    sim.submit(SimOrder(3, BUY, OrderKind.MARKET, 4), 2)
    reports = sim.on_l3(3, L3Kind.ADD, BUY, 7, 98, 1)
    assert [r.why for r in reports[:2]] == [Why.WOULD_CROSS, Why.REDUCE_ONLY]
    sim.submit(SimOrder(4, SELL, OrderKind.MARKET, 9, reduce_only=True), 4)
    reports = sim.on_l3(5, L3Kind.ADD, BUY, 6, 97, 1)
    assert _fills(reports) == [(4, 4, 99)]
    assert sim.holding().position_lots == 0
    sim.on_l3(6, L3Kind.HALT, 2, 0, 0, 0)
    sim.submit(SimOrder(5, BUY, OrderKind.MARKET, 1), 7)
    assert [r.why for r in sim.on_time(8)] == [Why.HALTED]


def test_on_quotes_an_order_larger_than_the_touch_pays_its_impact() -> None:
    """The first ten lots at the ask and slippage, the rest by the square root beyond it."""
    impact = ImpactModel(kind=ImpactKind.SQUARE_ROOT, coefficient_milliticks=2000, volume_lots=10)
    sim = _sim(DataKind.QUOTES, impact=impact, fill=FillModel(slippage_ticks=1))
    sim.on_quote(1, 99, 10, 100, 10)
    sim.submit(SimOrder(1, BUY, OrderKind.MARKET, 50), 2)
    assert _fills(sim.on_quote(3, 99, 10, 100, 10)) == [(1, 10, 101), (1, 40, 105)]


def test_what_was_taken_stays_taken_until_the_level_shrinks() -> None:
    """Two orders of eight against ten shown: the second gets two, and again after new lots."""
    sim = _sim()
    _depth(sim, 1)
    sim.submit(SimOrder(1, BUY, OrderKind.LIMIT, 8, price=101, tif=Tif.IOC), 2)
    sim.submit(SimOrder(2, BUY, OrderKind.LIMIT, 8, price=101, tif=Tif.IOC), 2)
    assert _fills(_depth(sim, 3)) == [(1, 8, 101), (2, 2, 101)]
    sim.submit(SimOrder(3, BUY, OrderKind.LIMIT, 8, price=101, tif=Tif.IOC), 4)
    assert _fills(sim.on_depth(5, [(SELL, 101, 13)])) == [(3, 3, 101)]


def test_margin_refuses_and_liquidates() -> None:
    """Ten percent initial, five maintenance: too much is refused, a fall closes the position."""
    margin = MarginModel(initial_ppb=10**8, maintenance_ppb=5 * 10**7, liquidation_fee_ppb=10**7)
    sim = _sim(cash=100 * UNIT, margin=margin)
    _depth(sim, 1, bid=99, ask=101)
    sim.submit(SimOrder(1, BUY, OrderKind.MARKET, 11), 2)
    sim.submit(SimOrder(2, BUY, OrderKind.MARKET, 9), 2)
    assert [r.why for r in sim.on_time(2) if r.kind is ReportKind.REJECTED] == [Why.MARGIN]
    assert _fills(_depth(sim, 3)) == [(2, 9, 101)]
    sim.submit(SimOrder(3, SELL, OrderKind.LIMIT, 9, price=150), 4)
    reports = _depth(sim, 5, bid=93, ask=95)
    assert ReportKind.LIQUIDATED in _kinds(reports)
    assert _fills(reports) == [(0, 9, 93)]
    assert (ReportKind.CANCELLED, 3) in [(r.kind, r.order_id) for r in reports]
    held = sim.holding()
    assert held.position_lots == 0
    assert held.fees_nanos == 9 * 93 * 10**7
    assert held.cash_nanos == 100 * UNIT - 8 * 9 * UNIT - held.fees_nanos


def test_sales_settle_late_and_profit_is_converted() -> None:
    """Cash accounts wait for their money; a yen's profit arrives in dollars at the day's rate."""
    sim = _sim(
        cash=1000 * UNIT,
        margin=MarginModel(initial_ppb=10**9),
        settlement=SettlementModel(delay_ns=100, convert=True),
    )
    sim.on_rate(0, 500_000_000)
    _depth(sim, 1)
    for number, side in ((1, BUY), (2, SELL)):
        sim.submit(SimOrder(number, side, OrderKind.MARKET, 10), number * 2)
        _depth(sim, number * 2 + 1)
    assert sim.holding().cash_nanos == 1000 * UNIT - 10 * UNIT  # 20 lost, at a half
    sim.submit(SimOrder(3, BUY, OrderKind.LIMIT, 12, price=90), 10)
    assert [r.why for r in sim.on_time(10)] == [Why.MARGIN]
    sim.submit(SimOrder(4, BUY, OrderKind.LIMIT, 12, price=90), 200)
    assert _kinds(sim.on_time(200)) == [ReportKind.ACCEPTED]


def test_orders_expire_at_their_time_and_day_orders_with_the_day() -> None:
    """An expiry needs no data, and bears its own time."""
    sim = _sim()
    _depth(sim, 1)
    sim.submit(SimOrder(1, BUY, OrderKind.LIMIT, 1, price=90, tif=Tif.GTD, expire_ns=50), 2)
    sim.submit(SimOrder(2, BUY, OrderKind.LIMIT, 1, price=90, tif=Tif.DAY), 2)
    sim.on_time(3)
    assert sim.next_due_ns == 50
    assert [(r.order_id, r.ts_ns) for r in sim.on_time(70)] == [(1, 50)]
    assert [(r.order_id, r.kind) for r in sim.on_day_end(80)] == [(2, ReportKind.EXPIRED)]


def test_models_have_one_hash_and_name_what_they_leave_out() -> None:
    """Equal models, equal hash, through JSON; what is switched on leaves the list."""
    plain = SimulationModels()
    copied = msgspec.json.decode(msgspec.json.encode(plain), type=SimulationModels)
    assert model_hash(plain) == model_hash(copied)
    full = SimulationModels(
        data=DataKind.ORDERS,
        queue=QueueModel(kind=QueueKind.FIFO),
        latency=LatencyModel(entry_ns=1),
        fees=FeeModel(taker_ppb=1),
        margin=MarginModel(initial_ppb=1),
        settlement=SettlementModel(delay_ns=1, convert=True),
        funding=True,
    )
    assert model_hash(full) != model_hash(plain)
    assert not_modelled(full) == (
        "lasting market impact, and the reactions of others to own orders",
        "auctions: what own orders would do to their price",
    )
    left_out = not_modelled(plain)
    assert {"order latency", "fees", "bid and ask", "price path within a bar"} <= set(left_out)
