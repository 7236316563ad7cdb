"""The rules of a prop firm's account: what is left, what is reached, passed or failed.

Shares are of the balance at which the phase began. A failed account stays failed: no re-arming
brings it back, only another phase or another account. Figures are integers in nanos.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal

import msgspec

from fks.contexts.execution.domain.matching.layout import Gate, Reason
from fks.contexts.execution.domain.risk import gates
from fks.contexts.execution.domain.risk.exposure import waiting
from fks.contexts.execution.domain.risk.facts import (
    Action,
    CancelAll,
    Flatten,
    OrderFacts,
    Pause,
    Verdict,
    Warn,
)
from fks.contexts.execution.domain.risk.state import AccountMemory, PropMemory, Remembered
from fks.contexts.execution.domain.risk.texts import amount, percent, share_of
from fks.contracts.execution import PropRules, Scope
from fks.kernel.errors import Invalid

__all__ = [
    "PHASES",
    "Firm",
    "PropProgress",
    "begun",
    "checked",
    "contracts",
    "day_ended",
    "loosened_rules",
    "parse_firms",
    "progress",
    "prop_marked",
]

PHASES = ("evaluation", "verification", "funded")
KINDS = ("static", "trailing", "end_of_day")


class PropProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How an account stands under its firm's rules, in nanos; `None` where there is no such rule.

    `verdict`: running, passed, failed; a funded account with a payout to ask for: payout.
    `left` is how far equity may fall before the account fails, `missing` what is still to be done.
    """

    firm: str
    phase: str
    verdict: str
    profit_nanos: int
    target_nanos: int | None
    floor_nanos: int | None
    left_nanos: int | None
    day_pnl_nanos: int
    day_left_nanos: int | None
    days: int
    min_days: int
    best_day_ppm: int
    payout_nanos: int
    missing: tuple[str, ...]


class Firm(msgspec.Struct, frozen=True, kw_only=True):
    """A sample of one firm's account: its rules by phase; `checked_on` is empty: not checked."""

    name: str
    account: str
    note: str
    checked_on: str = ""
    phases: tuple[PropRules, ...]


def checked(rules: PropRules) -> PropRules:
    """Return rules that make sense. Raises `Invalid` (`execution.bad_prop_rules`)."""
    wrong = ""
    shares = (
        ("profit_target", rules.profit_target),
        ("max_drawdown", rules.max_drawdown),
        ("daily_loss", rules.daily_loss),
        ("consistency", rules.consistency),
        ("payout", rules.payout),
    )
    for name, share in shares:
        if share is not None and not (share.is_finite() and 0 < share <= 1):
            wrong = f"{name} is a share above 0 and up to 1, not {share}"
    if rules.lock is not None and not (rules.lock.is_finite() and 0 <= rules.lock <= 1):
        wrong = f"lock is a share of 0 to 1, not {rules.lock}"
    if rules.phase not in PHASES:
        wrong = f"phase is {', '.join(PHASES)}, not {rules.phase!r}"
    if rules.drawdown_kind not in KINDS:
        wrong = f"drawdown_kind is {', '.join(KINDS)}, not {rules.drawdown_kind!r}"
    if rules.min_days < 0 or (rules.max_contracts is not None and not rules.max_contracts > 0):
        wrong = "min_days cannot be negative, max_contracts is above 0"
    if wrong:
        raise Invalid(f"prop rules of {rules.firm or 'the account'}: {wrong}",
                      code="execution.bad_prop_rules")  # fmt: skip
    return rules


def loosened_rules(old: PropRules | None, new: PropRules | None) -> tuple[str, ...]:
    """Return the names of the rules that let more through in `new` than in `old`, sorted.

    Another firm or phase counts, for it begins the figures anew; so does having none.
    """
    if old is None or old == new:
        return ()
    if new is None:
        return ("prop",)
    names = [name for name in ("firm", "phase", "drawdown_kind")
             if getattr(old, name) != getattr(new, name)]  # fmt: skip
    for name in ("max_drawdown", "daily_loss", "max_contracts", "consistency"):
        before, after = getattr(old, name), getattr(new, name)
        if before is not None and (after is None or after > before):
            names.append(name)
    if new.min_days < old.min_days:
        names.append("min_days")
    if new.lock is not None and (old.lock is None or new.lock < old.lock):
        names.append("lock")  # it holds the floor back from where it would rise to
    names += [name for name in ("overnight", "news", "daily_loss_soft")
              if getattr(new, name) and not getattr(old, name)]  # fmt: skip
    return tuple(sorted(names))


def begun(equity_nanos: int) -> PropMemory:
    """Return the memory of a phase that begins at this equity."""
    return PropMemory(equity_nanos, equity_nanos, equity_nanos)


def _part(whole: int, share: Decimal | None) -> int | None:
    return None if share is None else int(whole * share)


def floor_nanos(rules: PropRules, memory: PropMemory) -> int | None:
    """Return the equity at which the account fails by its drawdown."""
    room = _part(memory.start_nanos, rules.max_drawdown)
    if room is None:
        return None
    top = {
        "static": memory.start_nanos,
        "trailing": memory.peak_nanos,
        "end_of_day": memory.day_peak_nanos,
    }[rules.drawdown_kind]
    if rules.lock is None:
        return top - room
    return min(top - room, memory.start_nanos + int(memory.start_nanos * rules.lock))


def _failed(memory: AccountMemory, rules: PropRules, mine: PropMemory) -> str:
    equity, floor = memory.equity_nanos, floor_nanos(rules, mine)
    if floor is not None and equity <= floor:
        kind = rules.drawdown_kind.replace("_", " ")
        return f"equity {amount(equity)} has reached the {kind} drawdown's floor {amount(floor)}"
    return "" if rules.daily_loss_soft else _day_lost(memory, rules, mine)


def _day_lost(memory: AccountMemory, rules: PropRules, mine: PropMemory) -> str:
    daily = _part(mine.start_nanos, rules.daily_loss)
    loss = memory.day_start_nanos - memory.equity_nanos
    if daily is not None and loss >= daily:
        return f"the day's loss of {amount(loss)} has reached {amount(daily)}"
    return ""


def progress(memory: AccountMemory) -> PropProgress | None:
    """Return how an account stands under its rules; `None` where it has none."""
    rules, mine = memory.prop, memory.prop_state
    if rules is None or mine is None:
        return None
    profit = memory.equity_nanos - mine.start_nanos
    target = None if rules.phase == "funded" else _part(mine.start_nanos, rules.profit_target)
    day = memory.equity_nanos - memory.day_start_nanos
    best = max(mine.best_day_nanos, day, 0)
    best_ppm = min(share_of(best, profit), 10_000_000) if profit > 0 else 0
    days = mine.days + mine.traded
    floor = floor_nanos(rules, mine)
    daily = _part(mine.start_nanos, rules.daily_loss)
    missing = []
    if target is not None and profit < target:
        missing.append(f"{amount(target - profit)} of the profit target")
    if days < rules.min_days:
        missing.append(f"{rules.min_days - days} more trading days")
    if rules.consistency is not None and profit > 0 and best > profit * rules.consistency:
        missing.append(
            f"the best day made {percent(best_ppm)} of the profit; at most "
            f"{percent(int(rules.consistency * 1_000_000))} is allowed"
        )
    if memory.held:
        missing.append("open positions are still to be closed")
    payable = profit if rules.phase == "funded" and not missing else 0
    payout = int(max(payable, 0) * rules.payout)
    verdict = "running"
    if mine.failed:
        verdict, payout = "failed", 0
    elif rules.phase == "funded":
        verdict = "payout" if payout else "running"
    elif not missing:
        verdict = "passed"
    return PropProgress(
        firm=rules.firm,
        phase=rules.phase,
        verdict=verdict,
        profit_nanos=profit,
        target_nanos=target,
        floor_nanos=floor,
        left_nanos=None if floor is None else max(memory.equity_nanos - floor, 0),
        day_pnl_nanos=day,
        day_left_nanos=None if daily is None else max(daily + day, 0),
        days=days,
        min_days=rules.min_days,
        best_day_ppm=best_ppm,
        payout_nanos=payout,
        missing=tuple(missing),
    )


def prop_marked(
    state: Remembered, account: str, memory: AccountMemory, now_ns: int
) -> list[Action]:
    """Measure an account against its firm's rules: fail it for good, or say that it has passed."""
    rules, mine = memory.prop, memory.prop_state
    if rules is None or mine is None or mine.failed:
        return []
    mine.peak_nanos = max(mine.peak_nanos, memory.equity_nanos)
    text = _failed(memory, rules, mine)
    if text:
        mine.failed, mine.failed_ns = text, now_ns
        what = f"{rules.firm or 'prop'} {rules.phase} failed: {text}"
        return [
            *gates.close(
                state, Scope.ACCOUNT, account, Gate.REDUCING, Reason.PROP_RULE, what, now_ns,
            ),
            CancelAll(account=account),
            Flatten(account, Reason.PROP_RULE, what),
        ]  # fmt: skip
    text = _day_lost(memory, rules, mine) if rules.daily_loss_soft else ""
    if text and not mine.day_over:
        mine.day_over = True
        return [
            Pause(account, 0, Reason.PROP_RULE, text),
            CancelAll(account=account),
            Flatten(account, Reason.PROP_RULE, text),
        ]
    if not mine.passed_ns and rules.phase != "funded":
        now = progress(memory)
        if now is not None and now.verdict == "passed":
            mine.passed_ns = now_ns
            what = f"{rules.firm or 'prop'} {rules.phase} passed with {amount(now.profit_nanos)}"
            return [Warn(Scope.ACCOUNT, account, Reason.PROP_RULE, what)]
    return []


def day_ended(memory: AccountMemory) -> None:
    """Take the ended day into the figures of the phase."""
    mine = memory.prop_state
    if mine is None:
        return
    mine.day_peak_nanos = max(mine.day_peak_nanos, memory.equity_nanos)
    mine.best_day_nanos = max(mine.best_day_nanos, memory.equity_nanos - memory.day_start_nanos)
    mine.days += mine.traded
    mine.traded = mine.day_over = False


def contracts(
    state: Remembered, memory: AccountMemory, facts: OrderFacts, now_ns: int
) -> Verdict | None:
    """Enter nothing in a failed account, nor more contracts than its firm allows."""
    rules, mine = memory.prop, memory.prop_state
    if rules is None or mine is None or facts.reduces:
        return None
    if mine.failed:
        return Verdict(code=Reason.PROP_RULE, text=f"the account has failed: {mine.failed}")
    if mine.day_over:
        return Verdict(code=Reason.PROP_RULE, text="the firm's daily loss has ended the day")
    if rules.max_contracts is None:
        return None
    most = int(rules.max_contracts * 1_000_000)
    used = sum(abs(held.lots) * held.contract_ppm for held in memory.held.values())
    used += sum(order.lots * order.contract_ppm for order in waiting(memory, facts))
    if used + facts.lots * facts.contract_ppm <= most:
        return None
    return Verdict(
        code=Reason.PROP_RULE,
        text=f"{used / 1_000_000:g} contracts are held or wait; {rules.firm or 'the firm'} allows "
        f"{rules.max_contracts}",
        cap_lots=max(0, most - used) // facts.contract_ppm,
    )


def parse_firms(text: str) -> tuple[Firm, ...]:
    """Return the firms of a TOML document; "none" stands for no such rule.

    Raises `Invalid` (`execution.bad_prop_rules`) where a rule cannot be read.
    """
    try:
        given = tomllib.loads(text, parse_float=Decimal)
        for firm in given.get("firm", []):
            firm["phases"] = [
                {"firm": firm.get("name", "")}
                | {name: None if value == "none" else value for name, value in rules.items()}
                for rules in firm.get("phases", [])
            ]
        firms = msgspec.convert(given.get("firm", []), tuple[Firm, ...], strict=False)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Invalid(f"sample of prop firms: {error}", code="execution.bad_prop_rules") from None
    for firm in firms:
        for rules in firm.phases:
            checked(rules)
    return firms
