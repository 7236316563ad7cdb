"""Limits: their texts are read exactly, loosening is seen, the ledger is told, the page is true."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from fks.contexts.execution.domain.matching.layout import UNLIMITED, AccountKey
from fks.contexts.execution.domain.risk.limits import (
    DEFAULTS,
    LIMITS,
    ledger_settings,
    limits_page,
    loosened,
    parse_limits,
    strategy_settings,
)
from fks.contexts.execution.domain.risk.symbols import listed, may_trade, root_of
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("daily_loss_warn", "0.025", 25_000),
        ("daily_loss_warn", "2.5%", 25_000),
        ("max_order_value", "1_000_000.5", 1_000_000_500_000_000),
        ("max_position@ES", "5", 5_000_000_000),
        ("loss_pause", "90", 90_000_000_000),
        ("loss_pause", "30m", 1_800_000_000_000),
        ("vix_age", "1d", 86_400_000_000_000),
        ("max_vix", "22.5", 22_500),
        ("stop_required", "off", None),
        ("stop_required", "on", 1),
        ("max_day_value", "none", None),
        ("symbols", " ES ,NQ,ES", "ES, NQ"),
        ("drawdown_kind", "static", "static"),
        ("correlation_groups", "a=X, Y; b=Z", "a=X,Y; b=Z"),
    ],
)
def test_a_text_becomes_its_integer_or_list(name: str, text: str, value: int | str | None) -> None:
    """Lost: an account would be held to another limit than the one that was written."""
    parsed = parse_limits({name: text})
    assert parsed.values[name] == value
    assert parse_limits({name: parsed.texts()[name]}).values[name] == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("daily_los", "0.02"),
        ("daily_loss_warn", "two"),
        ("daily_loss_warn", "-0.01"),
        ("daily_loss_warn", "0.00000001"),
        ("daily_loss_warn", "nan"),
        ("max_trades_day", "2.5"),
        ("max_order_value", "1e30"),
        ("stop_required", "yes"),
        ("drawdown_kind", "sliding"),
        ("correlation_groups", "ES,NQ"),
        ("max_trades_day@ES", "3"),
        ("max_position@", "3"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(name: str, text: str) -> None:
    """Lost: a slip of the pen would waive a limit."""
    with pytest.raises(Invalid) as caught:
        parse_limits({name: text})
    assert caught.value.code == "execution.bad_limit"


def test_defaults_are_the_hard_rules_of_the_owner() -> None:
    """Lost: an account that was opened without limits would have none."""
    texts = parse_limits({}).texts()
    hard = {
        "daily_loss_reduce": "0.03",
        "weekly_loss": "0.06",
        "ladder_flatten": "0.1",
        "max_position_risk": "0.05",
        "max_trade_risk": "0.01",
        "loss_pause_after": "2",
        "loss_pause": "1800",
        "loss_stop_after": "3",
        "max_trades_day": "6",
        "stop_required": "on",
        "no_averaging_down": "on",
        "max_vix": "25",
        "news_window": "1800",
        "flat_before_close": "900",
        "signal_age": "300",
        "signal_ahead": "60",
        "min_confidence": "0.6",
    }
    assert {name: texts[name] for name in hard} == hard
    assert len({limit.name for limit in LIMITS}) == len(LIMITS)


@pytest.mark.parametrize(
    ("name", "before", "after", "expected"),
    [
        ("daily_loss_halt", "0.05", "0.06", True),
        ("daily_loss_halt", "0.05", "0.04", False),
        ("daily_loss_halt", "0.05", "none", True),
        ("daily_loss_halt", "none", "0.9", False),
        ("min_confidence", "0.6", "0.5", True),
        ("min_confidence", "0.6", "0.7", False),
        ("loss_pause", "30m", "29m", True),
        ("flat_before_close", "15m", "20m", False),
        ("symbols", "ES", "ES, NQ", True),
        ("symbols", "ES, NQ", "NQ", False),
        ("drawdown_kind", "trailing", "static", True),
        ("stop_required", "on", "off", True),
        ("max_position@ES", "5", "6", True),
        ("max_position@ES", "5", "4", False),
    ],
)
def test_the_direction_that_loosens_is_known(
    name: str, before: str, after: str, expected: bool
) -> None:
    """Lost: a limit could be opened without a reason, or tightening would need one."""
    old, new = parse_limits({name: before}), parse_limits({name: after})
    assert loosened(old, new) == ((name,) if expected else ())


def test_a_first_limit_of_a_symbol_is_compared_with_that_of_all() -> None:
    """Lost: `max_position@ES` could lift what `max_position` forbids, without a reason."""
    old = parse_limits({"max_position": "5"})
    assert loosened(old, parse_limits({"max_position@ES": "6"}, old)) == ("max_position@ES",)
    assert loosened(old, parse_limits({"max_position@ES": "4"}, old)) == ()


def test_the_ledger_is_told_every_key_it_keeps() -> None:
    """Lost: a key that was never set denies every order of the account."""
    instrument = Instrument(id="BTC", tick_size=Decimal("0.5"), lot_size=Decimal("0.001"))
    told = dict(ledger_settings(DEFAULTS) + ledger_settings(DEFAULTS, instrument))
    settable = set(AccountKey) - {
        AccountKey.GATE,
        AccountKey.SELF_TRADE_GROUP,
        AccountKey.LIMITS_VERSION,
    }
    assert set(told) == settable and all(value > 0 for value in told.values())
    assert dict(strategy_settings(DEFAULTS)) == {AccountKey.ORDERS_PER_SECOND: 50}


def test_quantities_become_lots_rounded_down_and_waived_ones_unlimited() -> None:
    """Lost: rounding up would let a lot more through than the limit says."""
    instrument = Instrument(id="BTC", tick_size=Decimal("0.5"), lot_size=Decimal("0.03"))
    limits = parse_limits({"max_position@BTC": "1", "max_order_quantity": "none"})
    told = dict(ledger_settings(limits, instrument))
    assert told == {AccountKey.MAX_POSITION_LOTS: 33, AccountKey.MAX_ORDER_LOTS: UNLIMITED}
    assert dict(ledger_settings(parse_limits({"max_concentration": "25%"})))[
        AccountKey.MAX_CONCENTRATION_PPB
    ] == 250_000_000  # fmt: skip


@pytest.mark.parametrize(
    ("symbol", "root"),
    [("ESH5", "ES"), ("ES 03-25", "ES"), ("GC=F", "GC"), ("M6EZ25", "M6E"), ("BTCUSDT", "BTCUSDT"),
     ("AAPL", "AAPL"), ("NQ", "NQ"), ("6EM6", "6E")],
)  # fmt: skip
def test_roots_of_futures_are_found(symbol: str, root: str) -> None:
    """Lost: a new contract month would fall out of every list and group."""
    assert root_of(symbol) == root


def test_lists_name_ids_roots_and_starts() -> None:
    """Lost: an allow-list would let other symbols or principals in, or keep its own out."""
    assert listed("ESH5", "NQ, ES") and listed("BTCUSDT", "BTC*") and not listed("ESTX", "ES")
    assert may_trade("strategy:x", "ES", "strategy:*") and not may_trade("anna", "ES", "operator")
    assert may_trade("anna", "NQM6", "operator, anna=ES+NQ")
    assert not may_trade("anna", "GC", "operator, anna=ES+NQ") and not may_trade("", "ES", "a")


def test_the_page_of_reference_is_that_of_the_table() -> None:
    """Lost: the reference would describe limits that are not held."""
    page = (ROOT / "docs/reference/limits.md").read_text(encoding="utf-8")
    assert page == limits_page()
    assert all(f"`{limit.name}`" in page for limit in LIMITS)
