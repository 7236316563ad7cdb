"""Losses and drawdowns: rungs that are reached at their exact share and are never climbed down.

A loss of the day or the week is measured from the equity at its start, open positions included;
the account's ladder and the trailing drawdown from the highest equity seen. What a rung closed
stays closed when the loss is made good or the day rolls: a person re-arms.
"""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import Gate, Reason
from fks.contexts.execution.domain.risk import gates
from fks.contexts.execution.domain.risk.facts import Action, CancelAll, FillFacts, Flatten, Warn
from fks.contexts.execution.domain.risk.limits import Limits
from fks.contexts.execution.domain.risk.state import (
    AccountMemory,
    Remembered,
    Results,
    StrategyMemory,
)
from fks.contexts.execution.domain.risk.texts import amount, percent, share_of
from fks.contracts.execution import Scope

__all__ = [
    "DAY",
    "LADDER",
    "WEEK",
    "drawdown_base",
    "marked",
    "reached",
    "rung_of",
    "still_lost",
    "strategy_filled",
]

DAY = ("daily_loss_warn", "daily_loss_reduce", "daily_loss_halt")
WEEK = ("weekly_loss",)
LADDER = ("ladder_warn", "ladder_reduce", "ladder_cancel", "ladder_flatten")
_RUNGS = {
    "daily_loss_warn": None,
    "daily_loss_reduce": Gate.REDUCING,
    "daily_loss_halt": Gate.HALTED,
    "weekly_loss": Gate.HALTED,
    "ladder_warn": None,
    "ladder_reduce": Gate.REDUCING,
    "ladder_cancel": Gate.HALTED,
    "ladder_flatten": Gate.KILLED,
}


def reached(loss: int, base: int, share_ppm: int | None) -> bool:
    """Say whether a loss is at least this share of a base; a waived limit is never reached."""
    return share_ppm is not None and loss > 0 and loss * 1_000_000 >= share_ppm * base


def rung_of(limits: Limits, names: tuple[str, ...], loss: int, base: int) -> int:
    """Return the highest rung that a loss has reached, 0 for none."""
    rung = 0
    if loss > 0:
        for number, name in enumerate(names, 1):
            if reached(loss, base, limits.number(name)):
                rung = number
    return rung


def drawdown_base(memory: AccountMemory) -> int:
    """Return the equity that the maximum drawdown is measured from."""
    kind = memory.limits.text("drawdown_kind") or "trailing"
    if kind == "static":
        return memory.start_nanos
    return memory.day_peak_nanos if kind == "end_of_day" else memory.peak_nanos


def marked(state: Remembered, account: str, memory: AccountMemory, now_ns: int) -> list[Action]:
    """Measure the equity of an account against all that bounds its losses."""
    equity = memory.equity_nanos
    if equity > memory.peak_nanos:
        memory.peak_nanos, memory.ladder_rung = equity, 0  # a new fall warns anew
    actions: list[Action] = []
    loss = memory.day_start_nanos - equity
    rung = rung_of(memory.limits, DAY, loss, memory.day_start_nanos)
    if rung > memory.day_rung:
        memory.day_rung = rung
        text = _lost(memory.limits, DAY[rung - 1], loss, memory.day_start_nanos, "the day's loss")
        actions += _act(state, account, memory, DAY[rung - 1], Reason.DAILY_LOSS, text, now_ns)
    loss = memory.week_start_nanos - equity
    rung = rung_of(memory.limits, WEEK, loss, memory.week_start_nanos)
    if rung > memory.week_rung:
        memory.week_rung = rung
        text = _lost(memory.limits, WEEK[0], loss, memory.week_start_nanos, "the week's loss")
        actions += _act(state, account, memory, WEEK[0], Reason.DAILY_LOSS, text, now_ns)
    loss = memory.peak_nanos - equity
    rung = rung_of(memory.limits, LADDER, loss, memory.peak_nanos)
    if rung > memory.ladder_rung:
        memory.ladder_rung = rung
        name = LADDER[rung - 1]
        text = _lost(memory.limits, name, loss, memory.peak_nanos, "the fall from the peak")
        actions += _act(state, account, memory, name, Reason.DRAWDOWN, text, now_ns)
    base = drawdown_base(memory)
    if reached(base - equity, base, memory.limits.number("max_drawdown")):
        closed = gates.closed_by(state, Scope.ACCOUNT, account, Reason.DRAWDOWN)
        if closed < Gate.HALTED:
            kind = memory.limits.text("drawdown_kind")
            what = f"the {kind} drawdown".replace("_", " ")
            text = _lost(memory.limits, "max_drawdown", base - equity, base, what)
            actions += _close(state, account, memory, Gate.HALTED, Reason.DRAWDOWN, text, now_ns)
            actions.append(CancelAll(account=account, keep_protecting=True))
    return actions


def _lost(limits: Limits, name: str, loss: int, base: int, what: str) -> str:
    limit = limits.number(name) or 0
    return (
        f"{what} of {amount(loss)} is {percent(share_of(loss, base))} of {amount(base)}; "
        f"{name} is {percent(limit)}"
    )


def _close(
    state: Remembered,
    account: str,
    memory: AccountMemory,
    gate: Gate,
    code: Reason,
    text: str,
    now_ns: int,
) -> tuple[Action, ...]:
    return gates.close(state, Scope.ACCOUNT, account, gate, code, text, now_ns)


def _act(
    state: Remembered,
    account: str,
    memory: AccountMemory,
    name: str,
    code: Reason,
    text: str,
    now_ns: int,
) -> list[Action]:
    """Do what a rung says: warn, reduce only, cancel, or flatten under the kill switch."""
    gate = _RUNGS[name]
    if gate is None:
        return [Warn(Scope.ACCOUNT, account, code, text)]
    actions = list(_close(state, account, memory, gate, code, text, now_ns))
    if gate >= Gate.HALTED:
        actions.append(CancelAll(account=account, keep_protecting=gate is Gate.HALTED))
    if gate is Gate.KILLED:
        actions.append(Flatten(account, code, text))
    return actions


def strategy_filled(
    state: Remembered,
    sender: StrategyMemory,
    memory: AccountMemory,
    facts: FillFacts,
    now_ns: int,
) -> list[Action]:
    """Measure what a strategy has realised in an account against the account's equity."""
    results = sender.results.setdefault(facts.account, Results())
    results.day_nanos += facts.realised_nanos
    results.total_nanos += facts.realised_nanos
    results.peak_nanos = max(results.peak_nanos, results.total_nanos)
    actions: list[Action] = []
    limits, target = memory.limits, facts.strategy
    rung = rung_of(limits, DAY, -results.day_nanos, memory.day_start_nanos)
    if rung > results.rung:
        results.rung = rung
        name = DAY[rung - 1]
        what = f"{target} has realised in {facts.account} a day's loss"
        text = _lost(limits, name, -results.day_nanos, memory.day_start_nanos, what)
        gate = _RUNGS[name]
        if gate is None:
            actions.append(Warn(Scope.STRATEGY, target, Reason.DAILY_LOSS, text))
        else:
            actions += gates.close(
                state,
                Scope.STRATEGY,
                target,
                gate,
                Reason.DAILY_LOSS,
                text,
                now_ns,
                account=facts.account,
            )
        if gate is Gate.HALTED:
            actions.append(CancelAll(strategy=target, keep_protecting=True))
    loss = results.peak_nanos - results.total_nanos
    base = memory.start_nanos
    if reached(loss, base, limits.number("max_drawdown")) and not gates.closed_by(
        state, Scope.STRATEGY, target, Reason.DRAWDOWN
    ):
        what = f"{target} has realised in {facts.account} a drawdown"
        text = _lost(limits, "max_drawdown", loss, base, what)
        actions += gates.close(
            state,
            Scope.STRATEGY,
            target,
            Gate.HALTED,
            Reason.DRAWDOWN,
            text,
            now_ns,
            account=facts.account,
        )
        actions.append(CancelAll(strategy=target, keep_protecting=True))
    return actions


def still_lost(memory: AccountMemory) -> str:
    """Return why the losses of an account forbid its re-arming now; empty when they do not."""
    limits, equity = memory.limits, memory.equity_nanos
    if rung_of(limits, DAY, memory.day_start_nanos - equity, memory.day_start_nanos) > 1:
        return "the day's loss is still beyond its limit; re-arm on the next trading day"
    if rung_of(limits, WEEK, memory.week_start_nanos - equity, memory.week_start_nanos):
        return "the week's loss is still beyond its limit; re-arm in the next trading week"
    return ""
