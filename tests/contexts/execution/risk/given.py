"""A desk under test: an account whose policies are all waived but those that a test names."""

from __future__ import annotations

from typing import Any

from fks.contexts.execution.domain.matching.layout import Reason
from fks.contexts.execution.domain.risk.facts import FillFacts, OrderFacts, SetGate
from fks.contexts.execution.domain.risk.limits import LIMITS, Limits, parse_limits
from fks.contexts.execution.domain.risk.policies import Policies
from fks.contracts.execution import PropRules

NANOS = 1_000_000_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
START = 1_000 * MINUTE
EQUITY = 150_000 * NANOS
UNIT = 10 * NANOS  # one tick of one lot is worth 10


def limits(**given: str) -> Limits:
    """Return limits of which only the given ones are not waived."""
    return parse_limits({limit.name: "none" for limit in LIMITS} | given)


def desk(prop: PropRules | None = None, **given: str) -> Policies:
    """Return policies with one account, `a`, of 150,000."""
    policies = Policies()
    policies.open_account("a", limits(**given), prop, EQUITY, START)
    return policies


def order(name: str = "1", **given: Any) -> OrderFacts:
    """Return an order of a strategy: one lot of ES to buy at 1,000 ticks."""
    facts = {
        "account": "a",
        "strategy": "s",
        "symbol": "ES",
        "venue": "v",
        "side": 0,
        "lots": 1,
        "price_ticks": 1_000,
        "last_ticks": 1_000,
        "unit_nanos": UNIT,
        "client_order_id": name,
    }
    return OrderFacts(**(facts | given))


def fill(name: str = "1", position: int = 1, **given: Any) -> FillFacts:
    """Return a fill of one lot after which the position is `position`."""
    facts = {
        "account": "a",
        "strategy": "s",
        "symbol": "ES",
        "venue": "v",
        "side": 0,
        "lots": 1,
        "price_ticks": 1_000,
        "unit_nanos": UNIT,
        "client_order_id": name,
        "position_lots": position,
        "realised_nanos": 0,
    }
    return FillFacts(**(facts | given))


def code(policies: Policies, facts: OrderFacts, now_ns: int = START) -> Reason:
    """Return what the policies say to an order."""
    return policies.before_order(facts, now_ns).code


def place(policies: Policies, facts: OrderFacts, now_ns: int = START) -> Reason:
    """Send an order through the policies as the desk does, and return the code."""
    found = code(policies, facts, now_ns)
    policies.on_decision(facts, found, now_ns)
    return found


def gates(actions: tuple[Any, ...]) -> list[tuple[str, str, str, str]]:
    """Return the gates that actions set: scope, target, gate, code."""
    return [
        (act.scope.value, act.target, act.gate.name, act.code.name)
        for act in actions
        if isinstance(act, SetGate)
    ]
