"""Sizes for any market and account: never more risk than allowed, and monotone in what matters."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.execution.domain.sizing.sizes import (
    SizingAccount,
    SizingInstrument,
    SizingSignal,
    size,
)
from fks.contracts.execution import SizingMethod, SizingRule


def shares(low: str, high: str) -> st.SearchStrategy[Decimal]:
    """Return shares with four digits."""
    return st.decimals(Decimal(low), Decimal(high), places=4)


rules = st.builds(
    SizingRule,
    method=st.sampled_from(SizingMethod),
    quantity=st.decimals("0.001", "500", places=3),
    risk=shares("0.0001", "1"),
    atr_multiple=shares("0.1", "5"),
    fraction=shares("0.01", "1"),
    most=st.none() | st.decimals("0.001", "500", places=3),
)
accounts = st.builds(
    SizingAccount,
    account=st.just("a"),
    rule=rules,
    equity_nanos=st.integers(-(10**12), 10**16),
    risk_cap_ppm=st.none() | st.integers(0, 1_000_000),
    room_lots=st.none() | st.integers(-5, 10_000),
)
instruments = st.builds(
    SizingInstrument,
    unit_nanos=st.integers(1, 10**12),
    lot_size=st.sampled_from([Decimal(1), Decimal("0.001"), Decimal("0.03"), Decimal(100)]),
)
signals = st.builds(
    SizingSignal,
    symbol=st.just("X"),
    side=st.sampled_from([1, -1]),
    entry_ticks=st.integers(-1_000, 10**7),
    stop_ticks=st.none() | st.integers(-1_000, 10**7),
    atr_ticks=st.none() | shares("0", "5000"),
    volatility=st.none() | shares("0", "3"),
    win_rate=st.none() | shares("0", "1"),
    payoff=st.none() | shares("0", "10"),
    confidence=shares("0", "1"),
    wave=st.none() | shares("0", "5"),
    regime=st.sampled_from(["", "trend", "volatile", "ranging"]),
)


@settings(max_examples=400, deadline=None)
@given(account=accounts, instrument=instruments, signal=signals)
def test_no_size_risks_more_than_is_allowed(
    account: SizingAccount, instrument: SizingInstrument, signal: SizingSignal
) -> None:
    """Lost: some corner of some rule would lose more than the account may."""
    found = size(account, instrument, signal)
    assert found.lots >= 0 and found.why
    if not found.lots:
        assert found.risk_nanos == 0
        return
    if found.stop_ticks is not None:
        distance = (signal.entry_ticks - found.stop_ticks) * signal.side
        assert distance > 0
        assert found.risk_nanos == found.lots * distance * instrument.unit_nanos
        if account.risk_cap_ppm is not None:
            assert found.risk_nanos * 1_000_000 <= account.risk_cap_ppm * account.equity_nanos
        if account.rule.method is SizingMethod.RISK_PERCENT:
            assert found.risk_nanos <= account.equity_nanos * account.rule.risk
    if account.rule.most is not None:
        assert found.lots * instrument.lot_size <= account.rule.most
    if account.room_lots is not None:
        assert found.lots <= account.room_lots


@settings(max_examples=400, deadline=None)
@given(
    account=accounts,
    instrument=instruments,
    signal=signals,
    more=st.integers(0, 10**15),
    farther=st.integers(0, 1_000),
    surer=shares("0", "0.5"),
    wilder=shares("0", "1"),
)
def test_sizes_grow_with_money_and_quality_and_shrink_with_distance_and_volatility(
    account: SizingAccount,
    instrument: SizingInstrument,
    signal: SizingSignal,
    more: int,
    farther: int,
    surer: Decimal,
    wilder: Decimal,
) -> None:
    """Lost: a richer account would trade less, or a wilder market more."""
    lots = size(account, instrument, signal).lots
    richer = msgspec.structs.replace(account, equity_nanos=account.equity_nanos + more)
    assert size(richer, instrument, signal).lots >= lots
    better = msgspec.structs.replace(signal, confidence=signal.confidence + surer)
    assert size(account, instrument, better).lots >= lots
    if signal.volatility is not None and signal.volatility > 0:
        wild = msgspec.structs.replace(signal, volatility=signal.volatility + wilder)
        assert size(account, instrument, wild).lots <= lots
    if signal.stop_ticks is not None and signal.side * (signal.entry_ticks - signal.stop_ticks) > 0:
        far = msgspec.structs.replace(signal, stop_ticks=signal.stop_ticks - signal.side * farther)
        assert size(account, instrument, far).lots <= lots
    for cap in (account.room_lots, account.risk_cap_ppm):
        if cap is not None:
            free = msgspec.structs.replace(account, room_lots=None, risk_cap_ppm=None)
            assert size(free, instrument, signal).lots >= lots


@settings(max_examples=100, deadline=None)
@given(account=accounts, instrument=instruments, signal=signals)
def test_equal_facts_give_equal_sizes(
    account: SizingAccount, instrument: SizingInstrument, signal: SizingSignal
) -> None:
    """Lost: a replay would size a signal otherwise than the day itself."""
    assert size(account, instrument, signal) == size(account, instrument, signal)
