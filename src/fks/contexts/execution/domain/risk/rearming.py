"""How a person opens a gate again: after a cool-down, with a reason, once its cause is gone.

Neither a restart nor a new day opens one. After a kill in live two persons have to.
"""

from __future__ import annotations

import msgspec

from fks.contexts.execution.domain.matching.layout import Gate, Reason
from fks.contexts.execution.domain.risk import gates
from fks.contexts.execution.domain.risk.facts import Action, SetGate, Warn
from fks.contexts.execution.domain.risk.losses import DAY, rung_of, still_lost
from fks.contexts.execution.domain.risk.state import Outcomes, Remembered
from fks.contexts.execution.domain.risk.texts import span
from fks.contexts.execution.domain.risk.windows import MINUTE_NS
from fks.contracts.execution import Scope
from fks.kernel.errors import Conflict, Denied

__all__ = ["ClosedGate", "closed_gates", "rearm"]

SECOND_PERSON_NS = 5 * MINUTE_NS


class ClosedGate(msgspec.Struct, frozen=True):
    """A gate that is not active; `armable_ns` is when its cool-down ends."""

    scope: Scope
    target: str
    gate: Gate
    code: Reason
    text: str
    since_ns: int
    armable_ns: int


def closed_gates(state: Remembered) -> tuple[ClosedGate, ...]:
    """Return the closed gates, by scope and target, each with its strictest cause."""
    found = []
    for key, memory in sorted(state.gates.items()):
        scope, target = gates.scope_of(key)
        code, cause = max(
            memory.causes.items(), key=lambda one: (one[1].gate, one[1].since_ns, one[0])
        )
        since = memory.since_ns
        found.append(
            ClosedGate(
                scope,
                target,
                Gate(cause.gate),
                Reason(int(code)),
                cause.text,
                since,
                since + memory.cool_ns,
            )
        )
    return tuple(found)


def rearm(
    state: Remembered,
    scope: Scope,
    target: str,
    person: str,
    reason: str,
    now_ns: int,
    *,
    live: bool,
) -> tuple[Action, ...]:
    """Open a gate, or take the first of two persons' words.

    Raises `Denied` without a person or a reason, and `Conflict` where nothing is closed, the
    cool-down runs, or the cause still holds; nothing is changed then.
    """
    if not person or len(reason.strip()) < 3:
        raise Denied("re-arming needs a person and a reason", code="execution.rearm_refused")
    memory = state.gates.get(gates.key_of(scope, target))
    name = f"{scope.value} {target}".strip()
    if memory is None:
        raise Conflict(f"{name} is not closed", code="execution.not_closed")
    waits = memory.since_ns + memory.cool_ns - now_ns
    if waits > 0:
        raise Conflict(
            f"{name} may be re-armed in {span(waits)}: {closed_text(state, scope, target)}",
            code="execution.rearm_cooling",
        )
    causes = {Reason(int(code)) for code in memory.causes}
    holds = _still(state, scope, target, causes)
    if holds:
        raise Conflict(f"{name} cannot be re-armed: {holds}", code="execution.rearm_refused")
    if (
        live
        and memory.gate == Gate.KILLED
        and (memory.asked_by in ("", person) or now_ns - memory.asked_ns > SECOND_PERSON_NS)
    ):
        memory.asked_by, memory.asked_ns = person, now_ns
        text = f"{person} re-arms {name}; a second person has to within {span(SECOND_PERSON_NS)}"
        return (Warn(scope, target, Reason.TRADING_STATE, text),)
    _acknowledge(state, scope, target, causes)
    gates.reopen(state, scope, target)
    text = f"re-armed by {person}: {reason}"
    return (SetGate(scope, target, Gate.ACTIVE, Reason.NONE, text),)


def closed_text(state: Remembered, scope: Scope, target: str) -> str:
    """Return why a gate is closed, all causes."""
    causes = state.gates[gates.key_of(scope, target)].causes
    return "; ".join(cause.text for _, cause in sorted(causes.items()))


def _still(state: Remembered, scope: Scope, target: str, causes: set[Reason]) -> str:
    """Return why a cause still holds; empty when none does."""
    if scope is Scope.ACCOUNT and target in state.accounts:
        memory = state.accounts[target]
        if memory.gap:
            return memory.gap
        if memory.prop_state is not None and memory.prop_state.failed:
            return memory.prop_state.failed
        return still_lost(memory) if Reason.DAILY_LOSS in causes else ""
    if scope is Scope.STRATEGY and target in state.strategies:
        sender = state.strategies[target]
        if Reason.DEAD_MAN in causes and sender.silent:
            return "the strategy is still silent"
        for account, results in sorted(sender.results.items()):
            at = state.accounts[account]
            if Reason.DAILY_LOSS in causes and (
                rung_of(at.limits, DAY, -results.day_nanos, at.day_start_nanos) > 1
            ):
                return f"its day's loss in {account} is beyond its limit until the next day"
    return ""


def _acknowledge(state: Remembered, scope: Scope, target: str, causes: set[Reason]) -> None:
    """Measure anew from here on what a person has seen."""
    if scope is Scope.ACCOUNT and target in state.accounts:
        memory = state.accounts[target]
        if Reason.DRAWDOWN in causes:
            memory.peak_nanos = memory.day_peak_nanos = memory.start_nanos = memory.equity_nanos
            memory.ladder_rung = 0
        if Reason.DAILY_LOSS in causes:
            loss = memory.day_start_nanos - memory.equity_nanos
            memory.day_rung = rung_of(memory.limits, DAY, loss, memory.day_start_nanos)
            memory.week_rung = 0
    key = target if scope is Scope.STRATEGY else f"\x1f{target}"
    sender = state.strategies.get(key) if scope in (Scope.STRATEGY, Scope.ACCOUNT) else None
    if sender is None:
        return
    if Reason.EXEC_THROTTLE in causes:
        sender.fills.clear()
    if Reason.DUPLICATE_PATTERN in causes:
        sender.duplicates.clear()
    if Reason.MSG_RATE in causes:
        sender.rate_since_ns = sender.rate_last_ns = 0
    if Reason.REJECT_STORM in causes:
        sender.outcomes = Outcomes()
    for account, results in sender.results.items():
        if Reason.DRAWDOWN in causes:
            results.peak_nanos = results.total_nanos
        if Reason.DAILY_LOSS in causes:
            at = state.accounts[account]
            results.rung = rung_of(at.limits, DAY, -results.day_nanos, at.day_start_nanos)
