"""Who may trade what, and how orders are sent: permissions, duplicates, rates, storms, silence.

Repetition is judged by strategy; orders of no strategy are judged by their account instead.
"""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import Gate, Reason
from fks.contexts.execution.domain.risk import gates
from fks.contexts.execution.domain.risk.facts import (
    Action,
    FillFacts,
    OrderFacts,
    TripBreaker,
    Verdict,
)
from fks.contexts.execution.domain.risk.state import (
    AccountMemory,
    Outcomes,
    Remembered,
    StrategyMemory,
)
from fks.contexts.execution.domain.risk.symbols import listed, may_trade
from fks.contexts.execution.domain.risk.texts import percent, span
from fks.contexts.execution.domain.risk.windows import (
    HISTORY,
    MINUTE_NS,
    SECOND_NS,
    bucket_after,
    bucket_full,
    noted,
    outcome,
    recent,
)
from fks.contracts.execution import Scope

__all__ = [
    "attempted",
    "authorized",
    "automated_fill",
    "duplicates",
    "halt",
    "minute_rate",
    "models",
    "silent",
    "strategy_of",
    "tradable",
    "venue_said",
]

_PATTERNS = 64  # forgotten patterns are swept when there are more


def strategy_of(state: Remembered, strategy: str, account: str) -> StrategyMemory:
    """Return the memory of a strategy, or of the orders of an account that have none."""
    return state.strategies.setdefault(strategy or f"\x1f{account}", StrategyMemory())


def halt(
    state: Remembered,
    strategy: str,
    account: str,
    gate: Gate,
    code: Reason,
    text: str,
    now_ns: int,
) -> tuple[Action, ...]:
    """Close the gate of a strategy, or of the account where there is none."""
    scope, target = (Scope.STRATEGY, strategy) if strategy else (Scope.ACCOUNT, account)
    return gates.close(state, scope, target, gate, code, text, now_ns, account=account)


def authorized(
    state: Remembered, memory: AccountMemory, facts: OrderFacts, now_ns: int
) -> Verdict | None:
    """Let only those trade the account who are listed, and what is listed for them."""
    listed_ones = memory.limits.text("principals")
    if listed_ones is None or may_trade(facts.principal, facts.symbol, listed_ones):
        return None
    return Verdict(
        code=Reason.NOT_AUTHORIZED,
        name="principals",
        text=f"{facts.principal or 'nobody'} may not trade {facts.symbol} in {facts.account}",
    )


def tradable(
    state: Remembered, memory: AccountMemory, facts: OrderFacts, now_ns: int
) -> Verdict | None:
    """Let only listed symbols be entered; what is held may be closed."""
    symbols = memory.limits.text("symbols")
    if symbols is None or facts.reduces or listed(facts.symbol, symbols):
        return None
    text = f"{facts.symbol} is not on the account's list of symbols"
    return Verdict(code=Reason.RESTRICTED, name="symbols", text=text)


def _pattern(facts: OrderFacts) -> str:
    trigger = "t" if facts.trigger else ""
    return "\x1f".join(
        (facts.account, facts.symbol, f"{facts.side}:{facts.lots}:{facts.price_ticks}{trigger}")
    )


def duplicates(
    state: Remembered, memory: AccountMemory, facts: OrderFacts, now_ns: int
) -> Verdict | None:
    """Refuse the same order again and again under new ids."""
    most = memory.limits.number("duplicate_orders")
    if most is None or facts.amends:
        return None
    sender = state.strategies.get(facts.strategy or f"\x1f{facts.account}")
    times = sender.orders.get(_pattern(facts), []) if sender else []
    count = recent(times, now_ns, SECOND_NS)
    if count < most:
        return None
    return Verdict(
        code=Reason.DUPLICATE_PATTERN,
        name="duplicate_orders",
        text=f"{count + 1} equal orders within a second; the limit is {most}",
    )


def minute_rate(
    state: Remembered, memory: AccountMemory, facts: OrderFacts, now_ns: int
) -> Verdict | None:
    """Bound the orders of a minute that bring new risk."""
    a_minute = memory.limits.number("orders_per_minute")
    if a_minute is None or facts.reduces:
        return None
    burst = memory.limits.number("orders_burst")
    if not bucket_full(memory.rate_ns, now_ns, a_minute, a_minute if burst is None else burst):
        return None
    return Verdict(
        code=Reason.MSG_RATE,
        name="orders_per_minute",
        text=f"more than {a_minute} orders a minute (at most {burst} at once)",
    )


def models(
    state: Remembered, memory: AccountMemory, facts: OrderFacts, now_ns: int
) -> Verdict | None:
    """Refuse new risk on a signal that is old, from the future, unsure, or of a doubted model."""
    if facts.reduces:
        return None
    text, name, limits = "", "", memory.limits
    sender = state.strategies.get(facts.strategy) if facts.strategy else None
    if sender is not None and sender.alarm:
        text = f"model of {facts.strategy}: {sender.alarm}"
    elif facts.signal_ts_ns:
        age = now_ns - facts.signal_ts_ns
        oldest, ahead = limits.number("signal_age"), limits.number("signal_ahead")
        least = limits.number("min_confidence")
        if oldest is not None and age > oldest:
            name, text = "signal_age", f"the signal is {span(age)} old; the limit is {span(oldest)}"
        elif ahead is not None and -age > ahead:
            name = "signal_ahead"
            text = f"the signal is {span(-age)} ahead of time; the limit is {span(ahead)}"
        elif least is not None and facts.confidence_ppm < least:
            name = "min_confidence"
            text = f"confidence {percent(facts.confidence_ppm)} is below {percent(least)}"
    return Verdict(code=Reason.MODEL_STALE, name=name, text=text) if text else None


def attempted(
    state: Remembered, memory: AccountMemory, facts: OrderFacts, code: Reason, now_ns: int
) -> list[Action]:
    """Count an order that was decided on; repetition becomes a gate."""
    sender = strategy_of(state, facts.strategy, facts.account)
    actions: list[Action] = []
    if not facts.amends:
        noted(sender.orders.setdefault(_pattern(facts), []), now_ns, SECOND_NS)
        if len(sender.orders) > _PATTERNS:
            sender.orders = {
                name: times
                for name, times in sender.orders.items()
                if recent(times, now_ns, SECOND_NS)
            }
    a_minute = memory.limits.number("orders_per_minute")
    if code is Reason.NONE and a_minute is not None and not facts.reduces:
        memory.rate_ns = bucket_after(memory.rate_ns, now_ns, a_minute)
    if code is Reason.DUPLICATE_PATTERN:
        count = noted(sender.duplicates, now_ns, MINUTE_NS)
        most = memory.limits.number("duplicate_breaker")
        if most is not None and count >= most:
            text = f"{count} duplicate orders were refused within a minute"
            actions += halt(state, facts.strategy, facts.account, Gate.HALTED, code, text, now_ns)
    if code is Reason.MSG_RATE:
        actions += _rate_refused(state, memory, facts, sender, now_ns)
    return actions


def _rate_refused(
    state: Remembered,
    memory: AccountMemory,
    facts: OrderFacts,
    sender: StrategyMemory,
    now_ns: int,
) -> tuple[Action, ...]:
    """Halt the sender when it keeps running into the rate, with no pause of over a second."""
    if not sender.rate_last_ns or now_ns - sender.rate_last_ns > SECOND_NS:
        sender.rate_since_ns = now_ns
    sender.rate_last_ns = now_ns
    longest = memory.limits.number("rate_breaker")
    if longest is None or now_ns - sender.rate_since_ns < longest:
        return ()
    text = f"orders were refused for their rate for {span(now_ns - sender.rate_since_ns)}"
    return halt(state, facts.strategy, facts.account, Gate.HALTED, Reason.MSG_RATE, text, now_ns)


def automated_fill(
    state: Remembered, memory: AccountMemory, facts: FillFacts, now_ns: int
) -> tuple[Action, ...]:
    """Disable a sender whose automated fills run on without a person's look."""
    if not facts.automated:
        return ()
    sender = strategy_of(state, facts.strategy, facts.account)
    count = noted(sender.fills, now_ns, MINUTE_NS)
    most = memory.limits.number("automated_fills")
    if most is None or count < most:
        return ()
    text = f"{count} automated fills within a minute and no review"
    return halt(
        state, facts.strategy, facts.account, Gate.HALTED, Reason.EXEC_THROTTLE, text, now_ns
    )


def venue_said(
    state: Remembered, account: str, strategy: str, venue: str, now_ns: int, refused: bool
) -> list[Action]:
    """Count what a venue made of an order; a storm of refusals stops sender and venue."""
    memory = state.accounts.get(account)
    if memory is None:
        return []
    sender = strategy_of(state, strategy, account)
    at_venue = state.venues.setdefault(venue, Outcomes())
    outcome(sender.outcomes, refused)
    outcome(at_venue, refused)
    if not refused:
        return []
    actions: list[Action] = []
    text = _storm(memory, sender.outcomes)
    if text:
        what = f"{text} at {venue}"
        actions += halt(state, strategy, account, Gate.HALTED, Reason.REJECT_STORM, what, now_ns)
    text = _storm(memory, at_venue)
    if text:
        actions.append(TripBreaker(venue, Reason.REJECT_STORM, text))
        state.venues[venue] = Outcomes()  # the breaker probes; it counts anew
    return actions


def _storm(memory: AccountMemory, history: Outcomes) -> str:
    row = memory.limits.number("rejects_in_row")
    if row is not None and history.row >= row:
        return f"{history.row} orders in a row were refused"
    share = memory.limits.number("reject_share")
    refused = history.bits.bit_count()
    if share is not None and history.count == HISTORY and refused * 1_000_000 > share * HISTORY:
        return f"{refused} of the last {HISTORY} orders were refused"
    return ""


def silent(state: Remembered, now_ns: int) -> list[Action]:
    """Let strategies that fell silent only reduce; the strictest account's limit counts."""
    limits = [memory.limits.number("heartbeat") for memory in state.accounts.values()]
    longest = min((limit for limit in limits if limit is not None), default=None)
    if longest is None:
        return []
    actions: list[Action] = []
    for name, sender in sorted(state.strategies.items()):
        if sender.beat_ns and not sender.silent and now_ns - sender.beat_ns > longest:
            sender.silent = True
            text = f"no heartbeat for {span(now_ns - sender.beat_ns)}; the limit is {span(longest)}"
            actions += gates.close(
                state, Scope.STRATEGY, name, Gate.REDUCING, Reason.DEAD_MAN, text, now_ns
            )
    return actions
