"""The book of gates: what closed them, that they only close further by themselves, how they open.

A gate keeps one cause for each control, so that a person who re-arms it is told what still holds.
Nothing here opens a gate but `reopen`, which only `Policies.rearm` calls.
"""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import Gate, Reason
from fks.contexts.execution.domain.risk.facts import Action, OrderFacts, SetGate
from fks.contexts.execution.domain.risk.state import Cause, GateMemory, Remembered
from fks.contracts.execution import Scope

__all__ = ["close", "closed_by", "cooldown", "key_of", "reopen", "scope_of", "strictest"]

_BREAK = "\x1f"  # no id holds it
_COOL_NS = 300_000_000_000  # where no account says otherwise


def key_of(scope: Scope, target: str) -> str:
    """Return how the book names a gate."""
    return f"{scope.value}{_BREAK}{target}"


def scope_of(key: str) -> tuple[Scope, str]:
    """Return whose gate a name of the book is."""
    scope, _, target = key.partition(_BREAK)
    return Scope(scope), target


def close(
    state: Remembered,
    scope: Scope,
    target: str,
    gate: Gate,
    code: Reason,
    text: str,
    now_ns: int,
    *,
    account: str = "",
    by: str = "",
) -> tuple[Action, ...]:
    """Close a gate, or close it further; nothing where it is closed as far already.

    `account` is whose event it was: its cool-down counts.
    """
    if gate is Gate.ACTIVE:
        return ()
    memory = state.gates.setdefault(key_of(scope, target), GateMemory())
    before = memory.gate
    cause = memory.causes.get(f"{code:02d}")
    if cause is None or gate > cause.gate:
        memory.causes[f"{code:02d}"] = Cause(int(gate), text, now_ns, by)
        memory.asked_by = ""
    owner = target if scope is Scope.ACCOUNT else account
    memory.cool_ns = max(memory.cool_ns, cooldown(state, owner))
    if gate <= before:
        return ()
    return (SetGate(scope, target, gate, code, text),)


def cooldown(state: Remembered, account: str = "") -> int:
    """Return the cool-down of an account, or of what reaches several: their longest."""
    if account in state.accounts:
        return state.accounts[account].limits.number("rearm_cooldown") or 0
    given = [memory.limits.number("rearm_cooldown") or 0 for memory in state.accounts.values()]
    return max(given, default=_COOL_NS)


def closed_by(state: Remembered, scope: Scope, target: str, code: Reason) -> Gate:
    """Return how far one control has closed a gate."""
    memory = state.gates.get(key_of(scope, target))
    cause = memory.causes.get(f"{code:02d}") if memory else None
    return Gate(cause.gate) if cause else Gate.ACTIVE


def reopen(state: Remembered, scope: Scope, target: str) -> None:
    """Open a gate."""
    del state.gates[key_of(scope, target)]


def strictest(state: Remembered, facts: OrderFacts) -> tuple[Gate, str]:
    """Return the strictest gate that an order meets, and why it is closed."""
    gate, text = Gate.ACTIVE, ""
    for scope, target in (
        (Scope.GLOBAL, ""),
        (Scope.ACCOUNT, facts.account),
        (Scope.STRATEGY, facts.strategy),
        (Scope.VENUE, facts.venue),
        (Scope.SYMBOL, facts.symbol),
    ):
        memory = state.gates.get(key_of(scope, target)) if state.gates else None
        if memory is None:
            continue
        for _, cause in sorted(memory.causes.items()):
            if cause.gate > gate:
                gate = Gate(cause.gate)
                text = f"{scope.value} {target}".strip() + f" is {gate.name.lower()}: {cause.text}"
    return gate, text
