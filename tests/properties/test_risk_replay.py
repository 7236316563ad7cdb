"""Risk policies over random histories: replay and restart agree, nothing opens by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.execution.domain.matching.layout import Gate, Reason
from fks.contexts.execution.domain.risk.facts import FillFacts, OrderFacts, SetGate
from fks.contexts.execution.domain.risk.limits import parse_limits
from fks.contexts.execution.domain.risk.policies import Policies
from fks.contracts.execution import PropRules, Scope
from fks.kernel.errors import FksError

NANOS = 1_000_000_000
SECOND = 1_000_000_000
EQUITY = 150_000 * NANOS
ACCOUNTS, STRATEGIES, SYMBOLS = ("a", "b"), ("", "s", "t"), ("ES", "NQ", "GC")
LIMITS = parse_limits(
    {
        "rearm_cooldown": "2",
        "automated_fills": "5",
        "rejects_in_row": "3",
        "duplicate_breaker": "2",
        "heartbeat": "5",
        "max_vix": "25",
    }
)
Event = tuple[str, int, Any]

orders = st.builds(
    lambda **facts: OrderFacts(unit_nanos=10 * NANOS, last_ticks=1_000, **facts),
    account=st.sampled_from(ACCOUNTS),
    strategy=st.sampled_from(STRATEGIES),
    symbol=st.sampled_from(SYMBOLS),
    venue=st.just("v"),
    side=st.integers(0, 1),
    lots=st.integers(1, 9),
    price_ticks=st.sampled_from([990, 1_000, 1_010]),
    stop_ticks=st.sampled_from([None, 980, 980, 1_020]),
    client_order_id=st.sampled_from("123456"),
    reduces=st.booleans(),
    trigger=st.booleans(),
    parent=st.sampled_from([""] * 9 + ["p"]),
    principal=st.sampled_from(["operator"] * 8 + ["eve"]),
)
fills = st.builds(
    lambda **facts: FillFacts(unit_nanos=10 * NANOS, venue="v", lots=1, **facts),
    account=st.sampled_from(ACCOUNTS),
    strategy=st.sampled_from(STRATEGIES),
    symbol=st.sampled_from(SYMBOLS),
    side=st.integers(0, 1),
    price_ticks=st.integers(900, 1_100),
    position_lots=st.integers(-3, 3),
    realised_nanos=st.integers(-3_000, 3_000).map(lambda amount: amount * NANOS),
    closed_nanos=st.sampled_from([None, None, -1, 0, 1]),
    client_order_id=st.sampled_from("123456"),
    automated=st.booleans(),
)
events = st.tuples(
    st.sampled_from(
        ["order"] * 4 + ["fill"] * 3 + ["mark"] * 3
        + ["reject", "accept", "day", "time", "beat", "vix", "news", "close", "gap", "done"]
        + ["rearm", "model"]
    ),
    st.integers(0, 3 * SECOND),
    st.tuples(
        orders,
        fills,
        st.sampled_from(ACCOUNTS),
        st.sampled_from(STRATEGIES),
        st.one_of(st.integers(-2, 2), st.integers(-12, 12)),
    ),
)  # fmt: skip


def opened() -> Policies:
    """Return policies with two accounts, one of a prop firm."""
    policies = Policies()
    policies.open_account("a", LIMITS, None, EQUITY, 0)
    policies.open_account("b", LIMITS, PropRules(min_days=1), EQUITY, 0)
    policies.open_parent("a", "p", "s", "ES", 0, 20)
    policies.on_market(0, vix_milli=20_000)
    return policies


def _order(policies: Policies, now: int, facts: OrderFacts) -> Any:
    verdict = policies.before_order(facts, now)
    code = verdict.code
    return verdict, policies.on_decision(facts, code, now)


def _rearm(policies: Policies, now: int, account: str, strategy: str) -> Any:
    scope, target = (Scope.STRATEGY, strategy) if strategy else (Scope.ACCOUNT, account)
    try:
        return policies.rearm(scope, target, "anna", "looked at it", now)
    except FksError as refused:
        return refused.code


def apply(policies: Policies, event: Event, now: int) -> Any:
    """Tell the policies of one event and return what they answered."""
    name, _, (order, fill, account, strategy, number) = event
    steps: dict[str, Callable[[], Any]] = {
        "order": lambda: _order(policies, now, order),
        "fill": lambda: policies.on_fill(fill, now),
        "mark": lambda: policies.on_mark(account, EQUITY + EQUITY * number // 100, now),
        "reject": lambda: policies.on_reject(account, strategy, "v", now),
        "accept": lambda: policies.on_accept(account, strategy, "v", now),
        "day": lambda: policies.on_day(account, now, new_week=number > 6),
        "time": lambda: policies.on_time(now),
        "beat": lambda: policies.heartbeat(strategy or "s", now),
        "vix": lambda: policies.on_market(now, vix_milli=25_000 + number * 500),
        "news": lambda: policies.on_market(now, news_ns=[now + number * 300 * SECOND]),
        "close": lambda: policies.on_market(
            now, closes_ns={order.symbol: now + abs(number) * 300 * SECOND}
        ),
        "gap": lambda: policies.on_gap(account, "one lot" if number > 0 else "", now),
        "done": lambda: policies.on_done(account, order.client_order_id, now),
        "rearm": lambda: _rearm(policies, now, account, strategy),
        "model": lambda: policies.on_model(strategy or "s", "drift" if number > 9 else ""),
    }
    return steps[name]()


@settings(max_examples=120, deadline=None)
@given(history=st.lists(events, max_size=80), cut=st.integers(0, 80))
def test_a_restart_in_the_middle_changes_no_answer(history: list[Event], cut: int) -> None:
    """Lost: a crash would give another decision than the one in the journal."""
    whole, parts = opened(), opened()
    now = 0
    for number, event in enumerate(history):
        now += event[1]
        if number == cut:
            fresh = Policies()
            fresh.restore(parts.state())
            parts = fresh
        assert apply(whole, event, now) == apply(parts, event, now)
        assert whole.state() == parts.state()
    assert whole.gates() == parts.gates()
    for account in ACCOUNTS:
        assert whole.uses(account, now) == parts.uses(account, now)


@settings(max_examples=120, deadline=None)
@given(history=st.lists(events, max_size=80))
def test_gates_only_close_further_but_by_a_person(history: list[Event]) -> None:
    """Lost: severity would fall because time, a price or a new day went by."""
    policies = opened()
    now, known = 0, {}
    for event in history:
        now += event[1]
        answer = apply(policies, event, now)
        found = {(gate.scope, gate.target): gate.gate for gate in policies.gates()}
        if event[0] == "rearm":
            known = found
            continue
        assert all(found.get(key, Gate.ACTIVE) >= gate for key, gate in known.items())
        acts = answer[1] if event[0] == "order" else answer
        told = {(act.scope, act.target): act.gate for act in acts or () if isinstance(act, SetGate)}
        assert told == {key: gate for key, gate in found.items() if known.get(key) != gate}
        known = found


@settings(max_examples=120, deadline=None)
@given(history=st.lists(events, max_size=60), asked=orders)
def test_asking_changes_nothing_and_caps_hold(history: list[Event], asked: OrderFacts) -> None:
    """Lost: a what-if would use up limits, or a capped order be refused by the same control."""
    policies = opened()
    now = 0
    for event in history:
        now += event[1]
        apply(policies, event, now)
    before = policies.state()
    verdict = policies.before_order(asked, now)
    policies.what_if(asked, now)
    if not verdict.passed and verdict.cap_lots:
        assert verdict.cap_lots < asked.lots
        smaller = OrderFacts(
            **{name: getattr(asked, name) for name in asked.__struct_fields__}
            | {"lots": verdict.cap_lots}
        )
        again = policies.before_order(smaller, now)
        assert again.passed or again.code is not verdict.code or again.name != verdict.name
    assert policies.state() == before


@settings(max_examples=100, deadline=None)
@given(
    sizes=st.lists(st.tuples(st.integers(1, 6), st.integers(0, 6), st.booleans()), max_size=30),
    parent=st.integers(1, 25),
)
def test_children_that_pass_never_fill_more_than_their_parent(
    sizes: list[tuple[int, int, bool]], parent: int
) -> None:
    """Lost: more would be bought than was wished, however fills and cancels fall."""
    policies = Policies()
    policies.open_account("a", parse_limits(dict.fromkeys(LIMITS.values, "none")), None, 1, 0)
    policies.open_parent("a", "p", "s", "ES", 0, parent)
    filled = 0
    for number, (lots, done, ends) in enumerate(sizes):
        name = str(number)
        facts = OrderFacts(account="a", strategy="s", symbol="ES", side=0, lots=lots, parent="p",
                           price_ticks=1, unit_nanos=1, client_order_id=name)  # fmt: skip
        if policies.before_order(facts, number).code is not Reason.NONE:
            continue
        policies.on_decision(facts, Reason.NONE, number)
        done = min(done, lots)
        if done:
            filled += done
            policies.on_fill(
                FillFacts(account="a", strategy="s", symbol="ES", side=0, lots=done, price_ticks=1,
                          unit_nanos=1, position_lots=filled, realised_nanos=0,
                          client_order_id=name),
                number,
            )  # fmt: skip
        if ends:
            policies.on_done("a", name, number)
        assert filled <= parent


@settings(max_examples=100, deadline=None)
@given(
    steps=st.lists(st.integers(0, 3 * SECOND), min_size=20, max_size=200),
    rate=st.integers(1, 60),
    burst=st.integers(1, 15),
)
def test_no_minute_takes_more_than_its_rate_and_burst(
    steps: list[int], rate: int, burst: int
) -> None:
    """Lost: the rate would hold on average and not in each minute."""
    limits = parse_limits(
        dict.fromkeys(LIMITS.values, "none")
        | {"orders_per_minute": str(rate), "orders_burst": str(burst)}
    )
    policies = Policies()
    policies.open_account("a", limits, None, 1, 0)
    now, passed = 0, []
    for number, step in enumerate(steps):
        now += step
        facts = OrderFacts(account="a", symbol="ES", side=0, lots=1, price_ticks=1, unit_nanos=1,
                           client_order_id=str(number))  # fmt: skip
        code = policies.before_order(facts, now).code
        policies.on_decision(facts, code, now)
        if code is Reason.NONE:
            passed.append(now)
    for first in range(len(passed)):
        minute = [one for one in passed[first:] if one < passed[first] + 60 * SECOND]
        assert len(minute) <= rate + burst
