"""Each control of the ledger: what just passes, and what just does not, on both ledgers."""

from __future__ import annotations

from typing import Any

import pytest

from fks.contexts.execution.domain.matching._ledger import CompiledLedger
from fks.contexts.execution.domain.matching.layout import (
    UNLIMITED,
    AccountKey,
    Flag,
    Gate,
    InstrumentKey,
    Kind,
    OrderKind,
    Reason,
)
from fks.contexts.execution.domain.matching.ledger import Ledger

NOW = 1_700_000_000_000_000_000
UNIT = 10_000_000_000  # ten units of money a tick of a lot
INSTRUMENT = {
    InstrumentKey.KIND: Kind.ROUTED,
    InstrumentKey.UNIT_NANOS: UNIT,
    InstrumentKey.MIN_LOTS: 1,
    InstrumentKey.MAX_LOTS: 1000,
    InstrumentKey.MIN_TICKS: 1,
    InstrumentKey.MAX_TICKS: 1 << 40,
    InstrumentKey.COLLAR_TICKS: 100,
    InstrumentKey.STALE_NS: 5_000_000_000,
    InstrumentKey.INITIAL_MARGIN_PPB: 100_000_000,
}
ACCOUNT = {key: UNLIMITED for key in AccountKey if 3 <= key <= AccountKey.CHECK_MARGIN}


@pytest.fixture(params=[Ledger, CompiledLedger], ids=["plain", "compiled"])
def ledger(request: pytest.FixtureRequest) -> Any:
    """Return a ledger with one account of 100,000 and one instrument at 1,000 ticks."""
    made = request.param()
    for key, value in INSTRUMENT.items():
        made.configure_instrument(0, int(key), int(value))
    made.configure_account(1, 0, int(AccountKey.GATE), 0)
    for key, value in ACCOUNT.items():
        made.configure_account(1, 0, int(key), value)
    made.credit(1, 100_000 * 10**9)
    made.set_reference(0, 1000, NOW)
    return made


def check(ledger: Any, lots: int = 1, price: int = 1000, **given: int) -> Reason:
    """Ask about a limit order to buy."""
    now, side = given.pop("now", NOW), given.pop("side", 0)
    kind, flags = given.pop("kind", OrderKind.LIMIT), given.pop("flags", 0)
    strategy = given.pop("strategy", 0)
    assert not given
    return Reason(ledger.check(now, 1, 0, strategy, side, kind, flags, price, 0, lots))


def limit(ledger: Any, key: AccountKey, value: int) -> None:
    """Set a limit of the account."""
    ledger.configure_account(1, 0, int(key), value)


@pytest.mark.parametrize(
    ("key", "value", "passes", "fails", "code"),
    [
        (AccountKey.MAX_ORDER_LOTS, 5, 5, 6, Reason.MAX_QTY),
        (AccountKey.MAX_ORDER_NANOS, 5 * 1000 * UNIT, 5, 6, Reason.MAX_NOTIONAL),
        (AccountKey.MAX_POSITION_LOTS, 7, 7, 8, Reason.POSITION_LIMIT),
        (AccountKey.MAX_GROSS_NANOS, 7 * 1000 * UNIT, 7, 8, Reason.EXPOSURE),
        (AccountKey.MAX_NET_NANOS, 7 * 1000 * UNIT, 7, 8, Reason.EXPOSURE),
        (AccountKey.MAX_DAY_NANOS, 7 * 1000 * UNIT, 7, 8, Reason.DAY_ACCUMULATED),
        (AccountKey.MAX_DAY_LOTS, 7, 7, 8, Reason.DAY_ACCUMULATED),
        # An order of 10 lots is worth 100,000: all of the equity.
        (AccountKey.MAX_CONCENTRATION_PPB, 1_000_000_000, 10, 11, Reason.CONCENTRATION),
        # A tenth of the notional is margin: 100 lots use up the equity.
        (AccountKey.CHECK_MARGIN, 1, 100, 101, Reason.BUYING_POWER),
    ],
)
def test_a_limit_passes_at_its_value_and_denies_beyond(
    ledger: Any, key: AccountKey, value: int, passes: int, fails: int, code: Reason
) -> None:
    """Lost: a limit would be off by one, or guard nothing."""
    assert check(ledger, fails) is Reason.NONE, "waived"
    limit(ledger, key, value)
    assert check(ledger, passes) is Reason.NONE
    assert check(ledger, fails) is code
    limit(ledger, key, 0)
    assert check(ledger, 1) is Reason.LIMIT_MISSING, "one that was never set denies"


def test_what_is_held_counts_until_it_is_released(ledger: Any) -> None:
    """Lost: many small orders would pass where one large one does not."""
    limit(ledger, AccountKey.MAX_POSITION_LOTS, 7)
    ledger.hold(1, 0, 0, 0, 5, 1000)
    assert (check(ledger, 2), check(ledger, 3)) == (Reason.NONE, Reason.POSITION_LIMIT)
    ledger.release(1, 0, 0, 0, 5, 1000)
    assert check(ledger, 7) is Reason.NONE


def test_an_instrument_bounds_lots_collar_and_age(ledger: Any) -> None:
    """Lost: an order far from the market, or against an old price, would leave."""
    assert (check(ledger, 1000), check(ledger, 1001)) == (Reason.NONE, Reason.MAX_QTY)
    assert (check(ledger, 1, 1100), check(ledger, 1, 1101)) == (Reason.NONE, Reason.PRICE_COLLAR)
    late = NOW + 5_000_000_000
    assert check(ledger, 1, 1000, now=late) is Reason.NONE
    assert check(ledger, 1, 1000, now=late + 1) is Reason.STALE_REFERENCE
    assert check(ledger, 1, 999, now=late + 1) is Reason.NONE, "it waits below the market"
    ledger.configure_instrument(0, int(InstrumentKey.RESTRICTED), 1)
    assert check(ledger) is Reason.RESTRICTED


def test_open_orders_and_orders_a_second_are_counted(ledger: Any) -> None:
    """Lost: a runaway strategy would not be stopped by numbers."""
    limit(ledger, AccountKey.MAX_OPEN_ORDERS, 2)
    for _ in range(2):
        assert check(ledger) is Reason.NONE
        ledger.opened(1, 0, 1)
    assert check(ledger) is Reason.OPEN_ORDERS
    ledger.opened(1, 0, -1)
    assert check(ledger) is Reason.NONE
    limit(ledger, AccountKey.MAX_OPEN_ORDERS, UNLIMITED)
    limit(ledger, AccountKey.ORDERS_PER_SECOND, 3)
    assert [check(ledger) for _ in range(4)] == [Reason.NONE] * 3 + [Reason.MSG_RATE]
    assert check(ledger, now=NOW + 333_333_332) is Reason.MSG_RATE
    assert check(ledger, now=NOW + 333_333_334) is Reason.NONE


@pytest.mark.parametrize("where", ["account", "strategy", "instrument"])
def test_gates_deny_and_reducing_lets_the_position_fall(ledger: Any, where: str) -> None:
    """Lost: a halted account could trade, or a reducing one could not get out."""
    ledger.hold(1, 0, 0, 0, 2, 1000)
    ledger.fill(1, 0, 0, 2, 1000, 1000, False)

    def gate(value: Gate) -> None:
        if where == "account":
            limit(ledger, AccountKey.GATE, int(value))
        elif where == "strategy":
            ledger.configure_strategy(3, int(AccountKey.GATE), int(value))
        else:
            ledger.configure_instrument(0, int(InstrumentKey.GATE), int(value))

    strategy = 3 if where == "strategy" else 0
    gate(Gate.REDUCING)
    assert check(ledger, 1, strategy=strategy) is Reason.TRADING_STATE
    assert check(ledger, 2, side=1, strategy=strategy) is Reason.NONE
    assert check(ledger, 3, side=1, strategy=strategy) is Reason.TRADING_STATE, "it would turn"
    ledger.hold(1, 0, 0, 1, 1, 1000)
    assert check(ledger, 2, side=1, strategy=strategy) is Reason.TRADING_STATE, "one is on its way"
    for value in (Gate.HALTED, Gate.KILLED):
        gate(value)
        assert check(ledger, 1, side=1, strategy=strategy) is Reason.TRADING_STATE
    assert check(ledger, 1, side=1, strategy=strategy, flags=int(Flag.REDUCE_ONLY)) is (
        Reason.TRADING_STATE
    )


def test_a_product_that_does_not_fit_is_refused_not_wrapped(ledger: Any) -> None:
    """Lost: a huge order would look like a small one."""
    ledger.configure_instrument(0, int(InstrumentKey.MAX_LOTS), 0xFFFFFFFF)
    ledger.configure_instrument(0, int(InstrumentKey.COLLAR_TICKS), UNLIMITED)
    assert check(ledger, 0xFFFFFFFF, 1 << 39) is Reason.OVERFLOW


def test_what_if_shows_every_control_and_counts_nothing(ledger: Any) -> None:
    """Lost: looking would use the rate up, or hide the second reason behind the first."""
    limit(ledger, AccountKey.ORDERS_PER_SECOND, 1)
    limit(ledger, AccountKey.MAX_ORDER_LOTS, 1)
    limit(ledger, AccountKey.MAX_POSITION_LOTS, 1)
    for _ in range(3):
        lines = ledger.what_if(NOW, 1, 0, 0, 0, OrderKind.LIMIT, 0, 1000, 0, 2)
        failed = {Reason(line[0]) for line in lines if not line[3]}
        assert failed == {Reason.MAX_QTY, Reason.POSITION_LIMIT}
    assert check(ledger) is Reason.NONE
