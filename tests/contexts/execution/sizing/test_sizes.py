"""Position sizes: each rule by hand, what bounds it, and why there is none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fks.contexts.execution.domain.sizing.sizes import (
    SizedOrder,
    SizingAccount,
    SizingInstrument,
    SizingSignal,
    checked,
    size,
)
from fks.contracts.execution import SizingMethod, SizingRule
from fks.kernel.errors import Invalid

NANOS = 1_000_000_000
GOLD = SizingInstrument(unit_nanos=10 * NANOS)  # GC: a tick of 0.10 is worth 10
D = Decimal


def sized(rule: SizingRule, instrument: SizingInstrument = GOLD, **given: Any) -> SizedOrder:
    """Return the size of a long signal in gold at 2,000.0 for an account of 150,000."""
    account = {"account": "a", "rule": rule, "equity_nanos": 150_000 * NANOS}
    for name in ("equity_nanos", "risk_cap_ppm", "room_lots"):
        if name in given:
            account[name] = given.pop(name)
    facts = {"symbol": "GC", "side": 1, "entry_ticks": 20_000} | given
    return size(
        SizingAccount(
            **({"account": "a", "rule": rule, "equity_nanos": 150_000 * NANOS} | account)
        ),
        instrument,
        SizingSignal(**facts),
    )


@pytest.mark.parametrize(("stop", "lots"), [(19_950, 3), (19_951, 3), (19_949, 2), (19_850, 1)])
def test_percent_risk_loses_at_most_its_share_at_the_stop(stop: int, lots: int) -> None:
    """Lost: a trade would risk more than the 1,500 that one per cent of 150,000 is."""
    found = sized(SizingRule(risk=D("0.01")), stop_ticks=stop)
    assert found.lots == lots and found.stop_ticks == stop
    assert found.risk_nanos == lots * (20_000 - stop) * 10 * NANOS <= 1_500 * NANOS


def test_a_stop_too_far_for_one_lot_is_a_refusal() -> None:
    """Lost: one lot would be traded because one has to trade something."""
    found = sized(SizingRule(), stop_ticks=19_849)
    assert (found.lots, found.risk_nanos) == (0, 0) and "less than one lot" in found.why


def test_without_a_stop_whole_multiples_of_the_atr_make_one_rounded_away() -> None:
    """Lost: a stop nearer than two ATRs, and so a size too large."""
    found = sized(SizingRule(atr_multiple=D(2)), atr_ticks=D("24.6"))
    assert (found.stop_ticks, found.lots) == (20_000 - 50, 3)
    short = sized(SizingRule(atr_multiple=D(2)), atr_ticks=D("24.6"), side=-1)
    assert short.stop_ticks == 20_050


@pytest.mark.parametrize(
    ("method", "given", "words"),
    [
        ("risk_percent", {}, "needs a stop loss or an ATR"),
        ("risk_percent", {"stop_ticks": 20_000}, "losing side"),
        ("risk_percent", {"stop_ticks": 20_001}, "losing side"),
        ("risk_percent", {"atr_ticks": D(0)}, "ATR is nothing"),
        ("volatility_target", {}, "needs the yearly volatility"),
        ("volatility_target", {"volatility": D("0.2"), "entry_ticks": 0}, "price above 0"),
        ("kelly", {"stop_ticks": 19_990}, "needs a win rate"),
        ("kelly", {"win_rate": D("0.6"), "payoff": D(1)}, "needs a stop loss"),
        ("kelly", {"win_rate": D("0.5"), "payoff": D(1), "stop_ticks": 19_990}, "no edge"),
        ("quality_tiers", {"confidence": D("0.59")}, "below every tier"),
        ("quality_tiers", {"confidence": D("0.6"), "regime": "volatile"}, "less than one lot"),
    ],
)
def test_what_a_rule_lacks_is_a_refusal_with_its_reason(
    method: str, given: dict[str, Any], words: str
) -> None:
    """Lost: a missing figure would become a made-up size."""
    found = sized(SizingRule(method=SizingMethod(method)), **given)
    assert found.lots == 0 and words in found.why


@pytest.mark.parametrize(("quantity", "lots"), [("3", 3), ("3.9", 3), ("0.9", 0)])
def test_a_fixed_quantity_is_cut_to_lots(quantity: str, lots: int) -> None:
    """Lost: a fraction would be rounded up to a contract."""
    rule = SizingRule(method=SizingMethod.FIXED, quantity=D(quantity))
    assert sized(rule, stop_ticks=19_990).lots == lots
    milli = SizingInstrument(unit_nanos=NANOS, lot_size=D("0.001"))
    assert sized(rule, milli).lots == int(D(quantity) * 1_000)


def test_a_volatility_target_takes_the_notional_that_swings_as_much() -> None:
    """Lost: a calm market would be held as small as a wild one."""
    rule = SizingRule(method=SizingMethod.VOLATILITY_TARGET, risk=D("0.5"))
    # 0.5 / 0.125 = 4 times 150,000 is 600,000; a lot is 200,000
    assert sized(rule, volatility=D("0.125")).lots == 3
    assert sized(rule, volatility=D("0.1251")).lots == 2


def test_a_fraction_of_kelly_is_staked_at_the_stop() -> None:
    """Lost: the growth-optimal stake would be taken for a notional, or in full."""
    rule = SizingRule(method=SizingMethod.KELLY, fraction=D("0.25"))
    # 0.55 - 0.45 / 1.5 = 0.25; a quarter of it is 6.25 % of 150,000: 9,375
    found = sized(rule, win_rate=D("0.55"), payoff=D("1.5"), stop_ticks=19_900)
    assert found.lots == 9 and found.risk_nanos == 9_000 * NANOS


@pytest.mark.parametrize(
    ("confidence", "regime", "wave", "lots"),
    [
        ("0.85", "", None, 4),
        ("0.8499", "", None, 2),
        ("0.70", "", None, 2),
        ("0.6999", "", None, 1),
        ("0.60", "", None, 1),
        ("0.9", "trend", "2.1", 4),
        ("0.9", "trend", "2", 2),  # the best tier asks for a wave above 2
        ("0.9", "volatile", None, 2),
        ("0.9", "ranging", None, 2),  # 2.8 cut to 2
        ("0.7", "volatile", None, 1),
        ("0.7", "ranging", None, 1),
    ],
)
def test_tiers_by_quality_cut_in_volatile_and_ranging_markets(
    confidence: str, regime: str, wave: str | None, lots: int
) -> None:
    """Lost: the trader's own table of contracts."""
    rule = SizingRule(method=SizingMethod.QUALITY_TIERS)
    found = sized(
        rule, confidence=D(confidence), regime=regime, wave=None if wave is None else D(wave)
    )
    assert found.lots == lots


def test_a_rule_of_one_tier_keeps_it_without_a_wave() -> None:
    """Lost: a trader with one tier would have none."""
    rule = SizingRule(method=SizingMethod.QUALITY_TIERS, tiers=((D("0.6"), D(1)),))
    assert sized(rule, confidence=D("0.9"), wave=D(1)).lots == 1


@pytest.mark.parametrize("method", list(SizingMethod))
def test_the_accounts_risk_cap_bounds_every_rule(method: SizingMethod) -> None:
    """Lost: only one of five rules would keep to one per cent."""
    rule = SizingRule(method=method, quantity=D(9), risk=D("0.9"), tiers=((D(0), D(9)),))
    facts = {"stop_ticks": 19_900, "volatility": D("0.1"), "win_rate": D("0.6"), "payoff": D(3)}
    assert sized(rule, **facts).lots > 1
    found = sized(rule, risk_cap_ppm=10_000, **facts)
    assert found.lots == 1 and "a trade may risk 1500.00" in found.why


def test_the_rules_most_and_the_room_left_bound_a_size() -> None:
    """Lost: a tight stop would make a size that no limit allows."""
    rule = SizingRule(most=D(5))
    assert sized(rule, stop_ticks=19_999).lots == 5
    assert sized(rule, stop_ticks=19_999, room_lots=2).lots == 2
    none = sized(rule, stop_ticks=19_999, room_lots=0)
    assert none.lots == 0 and "leave no more" in none.why


def test_an_account_without_equity_takes_nothing() -> None:
    """Lost: a negative account would buy negative risk."""
    assert sized(SizingRule(), stop_ticks=19_990, equity_nanos=0).lots == 0
    assert sized(SizingRule(), stop_ticks=19_990, equity_nanos=-NANOS).lots == 0


@pytest.mark.parametrize(
    "wrong",
    [{"risk": D(0)}, {"risk": D("1.01")}, {"fraction": D(-1)}, {"quantity": D(0)},
     {"atr_multiple": D("nan")}, {"most": D(0)}, {"tiers": ((D(2), D(1)),)},
     {"method": SizingMethod.QUALITY_TIERS, "tiers": ()}],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    """Lost: a risk of 5 instead of 0.05 would be traded."""
    assert checked(SizingRule()) == SizingRule()
    with pytest.raises(Invalid) as caught:
        checked(SizingRule(**wrong))
    assert caught.value.code == "execution.bad_sizing"
