"""The venue's account of a simulation: the ledger's arithmetic, kept by the venue."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.execution.domain.matching.layout import AccountKey, InstrumentKey, Kind
from fks.contexts.execution.domain.matching.ledger import Ledger
from fks.contexts.execution.domain.simulation.costs import Fees, impact_ticks
from fks.contexts.execution.domain.simulation.models import (
    FeeModel,
    FeeTier,
    ImpactKind,
    ImpactModel,
    MarginModel,
    SettlementModel,
)
from fks.contexts.execution.domain.simulation.money import Money

DAY = 86_400 * 10**9
FILLS = st.lists(
    st.tuples(st.sampled_from([0, 1]), st.integers(1, 50), st.integers(-200, 5000), st.booleans()),
    max_size=30,
)
RATES = st.integers(-300_000, 1_000_000)


@given(FILLS, st.integers(1, 10**9), RATES, RATES, st.integers(0, 10**9))
@settings(max_examples=200, deadline=None)
def test_fills_are_booked_as_the_ledger_books_them(
    fills: list[tuple[int, int, int, bool]], unit: int, maker: int, taker: int, per_lot: int
) -> None:
    """Position, cost, cash, fees and realised profit are the ledger's, to the nano."""
    ledger = Ledger(instruments=2, accounts=2)
    values = {
        InstrumentKey.KIND: Kind.ROUTED,
        InstrumentKey.UNIT_NANOS: unit,
        InstrumentKey.MAKER_FEE_PPB: maker,
        InstrumentKey.TAKER_FEE_PPB: taker,
        InstrumentKey.LOT_FEE_NANOS: per_lot,
    }
    for key, value in values.items():
        assert ledger.configure_instrument(0, key, value) == 0
    assert ledger.configure_account(1, 0, AccountKey.CHECK_MARGIN, 1) == 0
    ledger.credit(1, 10**15)
    money = Money(10**15, unit, MarginModel(), SettlementModel())
    fees = Fees(FeeModel(maker_ppb=maker, taker_ppb=taker, per_lot_nanos=per_lot))
    for side, lots, price, made in fills:
        ledger.hold(1, 0, 0, side, lots, price)
        told = ledger.fill(1, 0, side, lots, price, price, made)
        fee = fees.fee_nanos(0, money.notional_nanos(lots, price), lots, made)
        assert money.fill(1 - 2 * side, lots, price, fee, 0) == told
    standing = ledger.holding(1, 0)
    assert money.position_lots == ledger.position(1, 0)
    assert money.cash_nanos == ledger.cash(1)
    assert money.realised_nanos == standing.realised
    assert money.cost_nanos == standing.cost


@given(FILLS, st.integers(1, 5000), st.integers(1, 2 * 10**9))
@settings(max_examples=100, deadline=None)
def test_settlement_moves_profit_to_cash_and_equity_nowhere(
    fills: list[tuple[int, int, int, bool]], price: int, rate: int
) -> None:
    """At the settlement price equity is what it was; what is open after it is worth nothing yet."""
    money = Money(10**12, 1000, MarginModel(), SettlementModel(convert=True))
    money.rate_ppb = rate
    for side, lots, paid, _ in fills:
        money.fill(1 - 2 * side, lots, paid, 0, 0)
    before = money.equity_nanos(price)
    money.settle(price)
    assert money.equity_nanos(price) == before == money.cash_nanos


@given(st.integers(-100, 100), st.integers(-(10**6), 10**6), st.integers(1, 5000))
def test_funding_is_paid_by_one_side_and_received_by_the_other(
    lots: int, rate: int, mark: int
) -> None:
    """What a long pays a short receives, up to the nano that rounding leaves with the venue."""
    paid = []
    for sign in (1, -1):
        money = Money(0, 1000, MarginModel(), SettlementModel())
        if lots:
            money.fill(sign if lots > 0 else -sign, abs(lots), mark, 0, 0)
        paid.append(money.fund(rate, mark))
        assert money.cash_nanos == -paid[-1] == -money.funding_nanos
    assert 0 <= sum(paid) <= 1


def test_a_tier_is_reached_by_thirty_days_of_volume_and_lost_after_them() -> None:
    """The rate of a fill is that of the volume before it; old days fall out, old volume too."""
    tiers = (FeeTier(0, 100, 200), FeeTier(1000, 50, 100))
    fees = Fees(FeeModel(tiers=tiers))
    one = 10**9
    assert fees.fee_nanos(0, one, 1, maker=False) == 200
    assert fees.fee_nanos(1, one, 1, maker=False) == 100
    assert fees.fee_nanos(29 * DAY, one, 1, maker=True) == 50
    assert fees.volume_nanos(30 * DAY) == one
    assert fees.volume_nanos(59 * DAY) == 0
    assert fees.fee_nanos(60 * DAY, one, 1, maker=True) == 100
    seeded = Fees(FeeModel(tiers=tiers), volume_nanos=1000)
    assert seeded.fee_nanos(0, one, 1, maker=False) == 100
    assert seeded.fee_nanos(31 * DAY, 10, 1, maker=False) == 1  # 0.000001 is rounded up


def test_the_least_fee_holds_where_a_fee_is_paid_and_not_where_it_is_a_rebate() -> None:
    """A minimum lifts small fees; a rebate stays one."""
    fees = Fees(FeeModel(maker_ppb=-100, taker_ppb=100, minimum_nanos=5000))
    assert fees.fee_nanos(0, 10**9, 1, maker=False) == 5000
    assert fees.fee_nanos(0, 10**12, 1, maker=False) == 100_000
    assert fees.fee_nanos(0, 10**12, 1, maker=True) == -100_000


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(1, 10**6))
def test_impact_grows_with_size_as_its_law_says(lots: int, more: int, volume: int) -> None:
    """Never less for more lots; four times the lots is twice the root's ticks, up to rounding."""
    linear = ImpactModel(kind=ImpactKind.LINEAR, coefficient_milliticks=10_000, volume_lots=volume)
    root = ImpactModel(
        kind=ImpactKind.SQUARE_ROOT, coefficient_milliticks=10_000, volume_lots=volume
    )
    for model in (linear, root):
        assert impact_ticks(model, lots, 0) <= impact_ticks(model, lots + more, 0)
    assert impact_ticks(linear, lots, 0) == -(-10 * lots // volume)
    assert abs(impact_ticks(root, 4 * lots, 0) - 2 * impact_ticks(root, lots, 0)) <= 2
    exact = impact_ticks(root, lots, 0)
    assert max(exact - 1, 0) ** 2 * volume <= 100 * lots <= exact**2 * volume + volume
