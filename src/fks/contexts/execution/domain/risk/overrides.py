"""One order past a soft limit: asked for by a person, approved by another, once, for 5 minutes.

Only limits marked soft in the table give way; the ledger's and the losses' never do.
"""

from __future__ import annotations

from fks.contexts.execution.domain.risk.facts import OrderFacts
from fks.contexts.execution.domain.risk.limit_table import LIMITS
from fks.contexts.execution.domain.risk.state import OverrideMemory, Remembered
from fks.contexts.execution.domain.risk.windows import MINUTE_NS
from fks.kernel.errors import Denied, NotFound

__all__ = ["TTL_NS", "approve", "ask", "granted", "is_soft", "still_open", "swept"]

TTL_NS = 5 * MINUTE_NS
_SOFT = frozenset(limit.name for limit in LIMITS if limit.soft)


def is_soft(name: str) -> bool:
    """Say whether two persons may let an order past this limit."""
    return name in _SOFT


def _shape(facts: OrderFacts) -> str:
    parts = (facts.account, facts.strategy, facts.symbol, str(facts.side), str(facts.lots))
    return "\x1f".join(parts)


def swept(state: Remembered, now_ns: int) -> None:
    """Forget what has expired."""
    for number in [n for n, one in state.overrides.items() if now_ns - one.asked_ns > TTL_NS]:
        del state.overrides[number]


def ask(state: Remembered, facts: OrderFacts, person: str, reason: str, now_ns: int) -> int:
    """Ask for an override of exactly this account, symbol, side and quantity; return its number.

    Raises `Denied` without a person and a reason.
    """
    if not person or len(reason.strip()) < 3:
        raise Denied("an override needs a person and a reason", code="execution.override_refused")
    swept(state, now_ns)
    number = state.next_override
    state.next_override += 1
    state.overrides[str(number)] = OverrideMemory(_shape(facts), person, now_ns, reason)
    return number


def approve(state: Remembered, number: int, person: str, now_ns: int) -> None:
    """Approve an override as a second person.

    Raises `NotFound` for one that is unknown or expired, `Denied` for the person who asked.
    """
    one = state.overrides.get(str(number))
    if one is None or now_ns - one.asked_ns > TTL_NS:
        raise NotFound(f"override {number} is not open", code="execution.override_unknown")
    if not person or person == one.asked_by:
        raise Denied(
            f"{one.asked_by} asked for override {number}; another person has to approve it",
            code="execution.override_refused",
        )
    one.approved_by = person


def still_open(state: Remembered, now_ns: int) -> list[tuple[int, OverrideMemory]]:
    """Return what is neither used nor expired, by number. Changes nothing."""
    return [
        (number, state.overrides[str(number)])
        for number in sorted(map(int, state.overrides))
        if now_ns - state.overrides[str(number)].asked_ns <= TTL_NS
    ]


def granted(state: Remembered, facts: OrderFacts, now_ns: int) -> bool:
    """Say whether an order brings an override that is its own, approved and in time."""
    one = state.overrides.get(str(facts.override)) if facts.override else None
    return (
        one is not None
        and bool(one.approved_by)
        and now_ns - one.asked_ns <= TTL_NS
        and one.shape == _shape(facts)
        and not facts.automated
    )
