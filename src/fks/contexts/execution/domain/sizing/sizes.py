"""Position sizes by five rules, in exact fractions, rounded down to whole lots.

Nothing is ever rounded up: a size of nothing is a refusal that says why. Whatever the rule, the
loss at the stop stays within the account's risk cap, and the size within its own `most` and the
room that is left. Sources: percent risk and ATR stops, Tharp (1998); volatility targets, Harvey
et al. (2018); the growth-optimal share, Kelly (1956), for two outcomes.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import msgspec

from fks.contexts.execution.domain.risk.texts import amount
from fks.contracts.execution import SizingMethod, SizingRule
from fks.kernel.errors import Invalid

__all__ = ["CUTS", "SizedOrder", "SizingAccount", "SizingInstrument", "SizingSignal", "checked",
           "size"]  # fmt: skip

CUTS = {"volatile": Fraction(1, 2), "ranging": Fraction(7, 10)}
WAVE_OF_BEST_TIER = Decimal(2)


class SizingSignal(msgspec.Struct, frozen=True, kw_only=True):
    """A signal with what is known of its market.

    `side` is 1 to buy, -1 to sell. `stop_ticks` is its own stop; without one `atr_ticks` times
    the rule's multiple makes it. `volatility` is the yearly standard deviation of returns as a
    share, `payoff` the average win over the average loss. `wave` is the wave ratio where it was
    measured.
    """

    symbol: str
    side: int
    entry_ticks: int
    stop_ticks: int | None = None
    atr_ticks: Decimal | None = None
    volatility: Decimal | None = None
    win_rate: Decimal | None = None
    payoff: Decimal | None = None
    confidence: Decimal = Decimal(1)
    wave: Decimal | None = None
    regime: str = ""


class SizingInstrument(msgspec.Struct, frozen=True, kw_only=True):
    """What a lot is: `unit_nanos` the worth of one tick of it, `lot_size` in units."""

    unit_nanos: int
    lot_size: Decimal = Decimal(1)


class SizingAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The account that is sized for.

    `risk_cap_ppm` is the largest share of equity, in millionths, that one trade may lose at its
    stop; `room_lots` what its limits leave; `None` where neither bounds it here.
    """

    account: str
    rule: SizingRule
    equity_nanos: int
    risk_cap_ppm: int | None = None
    room_lots: int | None = None


class SizedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A size: `lots` 0 is a refusal. `risk_nanos` is lost at `stop_ticks`; 0 without a stop."""

    lots: int
    risk_nanos: int
    stop_ticks: int | None
    why: str


class _NoSize(Exception):
    """There is no size; the text says why."""


def checked(rule: SizingRule) -> SizingRule:
    """Return a rule that makes sense. Raises `Invalid` (`execution.bad_sizing`)."""
    wrong = ""
    positive = [("quantity", rule.quantity), ("atr_multiple", rule.atr_multiple)]
    positive += [("most", rule.most)] if rule.most is not None else []
    for name, value in positive:
        if not value.is_finite() or value <= 0:
            wrong = f"{name} is above 0, not {value}"
    for name, share in (("risk", rule.risk), ("fraction", rule.fraction)):
        if not share.is_finite() or not 0 < share <= 1:
            wrong = f"{name} is a share above 0 and up to 1, not {share}"
    for least, contracts in rule.tiers:
        if not (least.is_finite() and 0 <= least <= 1 and contracts.is_finite() and contracts > 0):
            wrong = f"a tier is a confidence of 0 to 1 and contracts above 0, not {least}"
    if rule.method is SizingMethod.QUALITY_TIERS and not rule.tiers:
        wrong = "quality_tiers needs tiers"
    if wrong:
        raise Invalid(f"sizing rule: {wrong}", code="execution.bad_sizing")
    return rule


def size(account: SizingAccount, instrument: SizingInstrument, signal: SizingSignal) -> SizedOrder:
    """Return how many lots a signal becomes in an account, and why."""
    try:
        distance = _distance(account.rule, signal)
        lots, why = _METHODS[account.rule.method](account, instrument, signal, distance)
        lots, why = _bounded(account, instrument, distance, lots, why)
    except _NoSize as none:
        return SizedOrder(lots=0, risk_nanos=0, stop_ticks=None, why=str(none))
    if distance is None:
        return SizedOrder(lots=lots, risk_nanos=0, stop_ticks=None, why=why)
    return SizedOrder(
        lots=lots,
        risk_nanos=lots * distance * instrument.unit_nanos,
        stop_ticks=signal.entry_ticks - signal.side * distance,
        why=why,
    )


def _distance(rule: SizingRule, signal: SizingSignal) -> int | None:
    """Return the ticks to the stop: the signal's, or whole ATR multiples rounded away."""
    if signal.stop_ticks is not None:
        distance = signal.side * (signal.entry_ticks - signal.stop_ticks)
        if distance <= 0:
            raise _NoSize(
                f"the stop at {signal.stop_ticks} ticks is not on the losing side of the entry at "
                f"{signal.entry_ticks}"
            )
        return distance
    if signal.atr_ticks is None:
        return None
    exact = Fraction(rule.atr_multiple) * Fraction(signal.atr_ticks)
    if exact <= 0:
        raise _NoSize("the ATR is nothing: the market has not moved")
    return -int(-exact // 1)


def _fixed(
    account: SizingAccount,
    instrument: SizingInstrument,
    signal: SizingSignal,
    distance: int | None,
) -> tuple[int, str]:
    quantity = account.rule.quantity
    return _lots(quantity, instrument), f"fixed quantity {quantity}"


def _lots(quantity: Decimal | Fraction, instrument: SizingInstrument) -> int:
    return int(Fraction(quantity) / Fraction(instrument.lot_size))


def _for_budget(
    account: SizingAccount, instrument: SizingInstrument, distance: int | None, share: Fraction
) -> tuple[int, int]:
    """Return the lots that lose at most this share of equity at the stop, and the budget."""
    if distance is None:
        raise _NoSize(f"{account.rule.method.value} needs a stop loss or an ATR")
    budget = int(max(account.equity_nanos, 0) * share)
    return budget // (distance * instrument.unit_nanos), budget


def _risk_percent(
    account: SizingAccount,
    instrument: SizingInstrument,
    signal: SizingSignal,
    distance: int | None,
) -> tuple[int, str]:
    lots, budget = _for_budget(account, instrument, distance, Fraction(account.rule.risk))
    return lots, (
        f"{amount(budget)} ({account.rule.risk:%} of {amount(account.equity_nanos)}) over "
        f"{distance} ticks to the stop"
    )


def _volatility_target(
    account: SizingAccount,
    instrument: SizingInstrument,
    signal: SizingSignal,
    distance: int | None,
) -> tuple[int, str]:
    volatility = signal.volatility
    if volatility is None or volatility <= 0:
        raise _NoSize("volatility_target needs the yearly volatility")
    if signal.entry_ticks <= 0:
        raise _NoSize("volatility_target needs a price above 0")
    share = Fraction(account.rule.risk) / Fraction(volatility)
    worth = max(account.equity_nanos, 0) * share
    return int(worth / (signal.entry_ticks * instrument.unit_nanos)), (
        f"notional {amount(int(worth))}: yearly {account.rule.risk:%} of "
        f"{amount(account.equity_nanos)} at a volatility of {volatility:%}"
    )


def _kelly(
    account: SizingAccount,
    instrument: SizingInstrument,
    signal: SizingSignal,
    distance: int | None,
) -> tuple[int, str]:
    if signal.win_rate is None or signal.payoff is None or signal.payoff <= 0:
        raise _NoSize("kelly needs a win rate and a payoff")
    wins, payoff = Fraction(signal.win_rate), Fraction(signal.payoff)
    edge = wins - (1 - wins) / payoff
    if edge <= 0:
        raise _NoSize(
            f"a win rate of {signal.win_rate:%} at a payoff of {signal.payoff} has no edge"
        )
    share = min(edge * Fraction(account.rule.fraction), Fraction(1))
    lots, budget = _for_budget(account, instrument, distance, share)
    return lots, (
        f"{amount(budget)}: {account.rule.fraction} of the Kelly share {float(edge):.4f}, over "
        f"{distance} ticks to the stop"
    )


def _quality_tiers(
    account: SizingAccount,
    instrument: SizingInstrument,
    signal: SizingSignal,
    distance: int | None,
) -> tuple[int, str]:
    tiers = sorted(account.rule.tiers, reverse=True)
    weak = signal.wave is not None and signal.wave <= WAVE_OF_BEST_TIER
    offered = tiers[1:] if weak and len(tiers) > 1 else tiers
    contracts = next((many for least, many in offered if signal.confidence >= least), None)
    if contracts is None:
        raise _NoSize(f"quality {signal.confidence} is below every tier")
    cut = CUTS.get(signal.regime, Fraction(1))
    lots = _lots(Fraction(contracts) * cut, instrument)
    why = f"{contracts} contracts for a quality of {signal.confidence}"
    if cut != 1:
        why += f", {float(cut - 1):+.0%} in a {signal.regime} market"
    if not lots:
        raise _NoSize(f"{why}: less than one lot")
    return lots, why


def _bounded(
    account: SizingAccount,
    instrument: SizingInstrument,
    distance: int | None,
    lots: int,
    why: str,
) -> tuple[int, str]:
    """Bound a size by the account's risk cap, its rule's most, and the room that is left."""
    bounds: list[tuple[int, str]] = []
    if account.risk_cap_ppm is not None and distance is not None:
        cap = max(account.equity_nanos, 0) * account.risk_cap_ppm // 1_000_000
        most = cap // (distance * instrument.unit_nanos)
        bounds.append((most, f"a trade may risk {amount(cap)}"))
    if account.rule.most is not None:
        most = _lots(account.rule.most, instrument)
        bounds.append((most, f"the rule allows {account.rule.most} at most"))
    if account.room_lots is not None:
        bounds.append((account.room_lots, "the account's limits leave no more"))
    for most, text in bounds:
        if lots > most:
            lots, why = max(most, 0), f"{why}; {text}"
    if lots <= 0:
        raise _NoSize(f"{why}: less than one lot")
    return lots, why


_METHODS = {
    SizingMethod.FIXED: _fixed,
    SizingMethod.RISK_PERCENT: _risk_percent,
    SizingMethod.VOLATILITY_TARGET: _volatility_target,
    SizingMethod.KELLY: _kelly,
    SizingMethod.QUALITY_TIERS: _quality_tiers,
}
