"""What an account holds and has working, and the rules on what adds to it.

An order counts in full from the moment it is taken until it is filled or over: what was sent and
not answered is exposure. A position counts at the price of its last fill.
"""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import Reason
from fks.contexts.execution.domain.risk.facts import BUY, FillFacts, OrderFacts, Verdict
from fks.contexts.execution.domain.risk.state import AccountMemory, Held, Remembered, Working
from fks.contexts.execution.domain.risk.symbols import groups_of, root_of
from fks.contexts.execution.domain.risk.texts import amount, percent
from fks.contexts.execution.domain.risk.windows import SECOND_NS, noted, recent

__all__ = [
    "averaging_down",
    "correlation",
    "filled",
    "group_uses",
    "over",
    "parent_child",
    "taken",
    "trade_risk",
    "waiting",
]


def taken(memory: AccountMemory, facts: OrderFacts, now_ns: int) -> None:
    """Hold an order that was accepted, or the new whole of one that was amended."""
    risk = 0 if facts.stop_ticks is None else abs(facts.price_ticks - facts.stop_ticks)
    old = memory.working.get(facts.client_order_id)
    if old is not None and facts.stop_ticks is None:
        risk = old.risk_ticks
    memory.working[facts.client_order_id] = Working(
        symbol=facts.symbol,
        side=facts.side,
        lots=facts.lots,
        price_ticks=facts.price_ticks,
        unit_nanos=facts.unit_nanos,
        trigger=facts.trigger,
        risk_ticks=risk,
        entry=not facts.reduces,
        contract_ppm=facts.contract_ppm,
        parent=facts.parent,
        strategy=facts.strategy,
    )
    parent = memory.parents.get(facts.parent)
    if parent is not None and not facts.amends:
        noted(parent.sent, now_ns, SECOND_NS)


def over(memory: AccountMemory, client_order_id: str) -> None:
    """Release what is left of an order that is final."""
    memory.working.pop(client_order_id, None)


def filled(memory: AccountMemory, facts: FillFacts) -> bool:
    """Move a fill from what works to what is held; say whether it opened a position."""
    order = memory.working.get(facts.client_order_id)
    if order is not None:
        order.lots -= facts.lots
        if order.parent in memory.parents:
            memory.parents[order.parent].filled_lots += facts.lots
        if order.lots <= 0:
            del memory.working[facts.client_order_id]
    before = memory.held.get(facts.symbol)
    lots_before = before.lots if before else 0
    now = facts.position_lots
    if now == 0:
        memory.held.pop(facts.symbol, None)
        return False
    lot_risk = order.risk_ticks * facts.unit_nanos if order else 0
    if before is None or (lots_before > 0) != (now > 0):
        opened, risk = True, abs(now) * lot_risk
    elif abs(now) >= abs(lots_before):
        opened, risk = False, before.risk_nanos + (abs(now) - abs(lots_before)) * lot_risk
    else:
        opened, risk = False, -(-before.risk_nanos * abs(now) // abs(lots_before))
    contract = order.contract_ppm if order else (before.contract_ppm if before else 1_000_000)
    memory.held[facts.symbol] = Held(now, facts.price_ticks, facts.unit_nanos, risk, contract)
    return opened


def waiting(memory: AccountMemory, facts: OrderFacts | None) -> list[Working]:
    """Return the working entries, less the old form of an order that is amended."""
    own = facts.client_order_id if facts is not None and facts.amends else ""
    return [order for name, order in memory.working.items() if order.entry and name != own]


def group_uses(memory: AccountMemory, facts: OrderFacts | None) -> dict[str, int]:
    """Return the notional within each group, that of an order about to be taken left out."""
    sums: dict[str, int] = {}
    others = waiting(memory, facts)
    for name, members in groups_of(memory.limits.text("correlation_groups") or ""):
        total = 0
        for symbol, held in memory.held.items():
            if symbol in members or root_of(symbol) in members:
                total += abs(held.lots * held.price_ticks) * held.unit_nanos
        for order in others:
            if order.symbol in members or root_of(order.symbol) in members:
                total += order.lots * abs(order.price_ticks) * order.unit_nanos
        sums[name] = total
    return sums


def correlation(
    state: Remembered, memory: AccountMemory, facts: OrderFacts, now_ns: int
) -> Verdict | None:
    """Keep the summed exposure of symbols that move together below its cap."""
    cap = memory.limits.number("max_correlated_exposure")
    text = memory.limits.text("correlation_groups")
    if cap is None or text is None or facts.reduces:
        return None
    root = root_of(facts.symbol)
    names = [
        name for name, members in groups_of(text) if facts.symbol in members or root in members
    ]
    if not names:
        return None
    sums = group_uses(memory, facts)
    each = abs(facts.price_ticks) * facts.unit_nanos
    for name in names:
        if sums[name] + facts.notional_nanos > cap:
            return Verdict(
                code=Reason.CORRELATION,
                name="max_correlated_exposure",
                text=f"group {name} holds {amount(sums[name])}; {amount(facts.notional_nanos)} "
                f"more would exceed {amount(cap)}",
                cap_lots=max(0, (cap - sums[name]) // each) if each else 0,
            )
    return None


def trade_risk(
    state: Remembered, memory: AccountMemory, facts: OrderFacts, now_ns: int
) -> Verdict | None:
    """Bound what an entry, and a position with its entries, lose at their stops."""
    if facts.reduces or facts.stop_ticks is None:
        return None
    equity = max(memory.equity_nanos, 0)
    each = facts.risk_nanos // facts.lots if facts.lots else 0
    share = memory.limits.number("max_trade_risk")
    if share is not None and facts.risk_nanos * 1_000_000 > share * equity:
        return Verdict(
            code=Reason.TRADE_RISK,
            name="max_trade_risk",
            text=f"the stop risks {amount(facts.risk_nanos)}; {percent(share)} of "
            f"{amount(equity)} is {amount(share * equity // 1_000_000)}",
            cap_lots=share * equity // 1_000_000 // each if each else 0,
        )
    share = memory.limits.number("max_position_risk")
    if share is None:
        return None
    held = memory.held.get(facts.symbol)
    used = held.risk_nanos if held else 0
    used += sum(
        order.lots * order.risk_ticks * order.unit_nanos
        for order in waiting(memory, facts)
        if order.symbol == facts.symbol
    )
    if (used + facts.risk_nanos) * 1_000_000 > share * equity:
        allowed = share * equity // 1_000_000
        return Verdict(
            code=Reason.TRADE_RISK,
            name="max_position_risk",
            text=f"{facts.symbol} risks {amount(used)} at its stops and would risk "
            f"{amount(used + facts.risk_nanos)}; the limit is {amount(allowed)}",
            cap_lots=max(0, allowed - used) // each if each else 0,
        )
    return None


def averaging_down(
    state: Remembered, memory: AccountMemory, facts: OrderFacts, now_ns: int
) -> Verdict | None:
    """Add to a position, or to an entry that works, only at a price that is better for it."""
    if facts.reduces or memory.limits.number("no_averaging_down") is None:
        return None
    sign = 1 if facts.side == BUY else -1
    price, last = sign * facts.price_ticks, sign * (facts.last_ticks or facts.price_ticks)
    rests = not facts.trigger and price < last
    worst = price if facts.trigger else min(price, last)
    # both sides carry the order's sign and the position's size: worst < cost / lots, exactly
    if facts.position_lots * sign > 0 and worst * abs(facts.position_lots) < facts.cost_ticks:
        return _averages(facts, "the position's average")
    for order in waiting(memory, facts):
        if order.symbol != facts.symbol or (order.side == BUY) != (sign > 0):
            continue
        other = sign * order.price_ticks
        later_lower = price < other and (rests or not order.trigger)
        other_later = price > other and not order.trigger and other < last
        if later_lower or other_later:
            return _averages(facts, f"a working entry at {order.price_ticks} ticks")
    return None


def _averages(facts: OrderFacts, what: str) -> Verdict:
    side = "below" if facts.side == BUY else "above"
    return Verdict(
        code=Reason.AVERAGING_DOWN,
        name="no_averaging_down",
        text=f"{facts.symbol} at {facts.price_ticks} ticks would add {side} {what}",
    )


def parent_child(
    state: Remembered, memory: AccountMemory, facts: OrderFacts, now_ns: int
) -> Verdict | None:
    """Never let the children of an order add up to more than it."""
    if not facts.parent:
        return None
    parent = memory.parents.get(facts.parent)
    if parent is None or (parent.symbol, parent.side) != (facts.symbol, facts.side):
        text = f"no order {facts.parent} is open that this could be a child of"
        return Verdict(code=Reason.PARENT_CHILD, text=text)
    own = facts.client_order_id if facts.amends else ""
    used = parent.filled_lots + sum(
        order.lots
        for name, order in memory.working.items()
        if order.parent == facts.parent and name != own
    )
    if used + facts.lots > parent.lots:
        return Verdict(
            code=Reason.PARENT_CHILD,
            text=f"children of {facts.parent} hold {used} of {parent.lots} lots; {facts.lots} more "
            "would exceed it",
            cap_lots=max(0, parent.lots - used),
        )
    most = memory.limits.number("child_orders_per_second")
    if most is not None and not facts.amends and recent(parent.sent, now_ns, SECOND_NS) >= most:
        return Verdict(
            code=Reason.PARENT_CHILD,
            name="child_orders_per_second",
            text=f"{most} children of {facts.parent} went within this second",
        )
    return None
