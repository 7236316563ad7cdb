"""How much of each limit is used: the rows of the risk page that the policies know."""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import Reason
from fks.contexts.execution.domain.risk.entries import trades_used
from fks.contexts.execution.domain.risk.exposure import group_uses, waiting
from fks.contexts.execution.domain.risk.facts import Use
from fks.contexts.execution.domain.risk.losses import drawdown_base
from fks.contexts.execution.domain.risk.prop import progress
from fks.contexts.execution.domain.risk.state import AccountMemory, Remembered
from fks.contexts.execution.domain.risk.texts import share_of
from fks.contexts.execution.domain.risk.windows import HISTORY, MINUTE_NS, recent

__all__ = ["uses"]


def uses(state: Remembered, account: str, memory: AccountMemory, now_ns: int) -> tuple[Use, ...]:
    """Return the rows of an account, in the order of their codes."""
    rows = [
        *_losses(memory),
        *_entries(state, memory, now_ns),
        *_conduct(state, account, memory, now_ns),
        *_prop(memory),
    ]
    return tuple(sorted(rows, key=lambda row: (row.code, row.name, row.scope)))


def _row(memory: AccountMemory, code: Reason, name: str, used: int, scope: str = "account") -> Use:
    return Use(code=code, name=name, scope=scope, used=used, limit=memory.limits.number(name))


def _losses(memory: AccountMemory) -> list[Use]:
    equity = memory.equity_nanos
    day = share_of(max(memory.day_start_nanos - equity, 0), memory.day_start_nanos)
    week = share_of(max(memory.week_start_nanos - equity, 0), memory.week_start_nanos)
    fall = share_of(max(memory.peak_nanos - equity, 0), memory.peak_nanos)
    base = drawdown_base(memory)
    return [
        _row(memory, Reason.DAILY_LOSS, "daily_loss_warn", day),
        _row(memory, Reason.DAILY_LOSS, "daily_loss_reduce", day),
        _row(memory, Reason.DAILY_LOSS, "daily_loss_halt", day),
        _row(memory, Reason.DAILY_LOSS, "weekly_loss", week),
        _row(memory, Reason.DRAWDOWN, "ladder_warn", fall),
        _row(memory, Reason.DRAWDOWN, "ladder_reduce", fall),
        _row(memory, Reason.DRAWDOWN, "ladder_cancel", fall),
        _row(memory, Reason.DRAWDOWN, "ladder_flatten", fall),
        _row(memory, Reason.DRAWDOWN, "max_drawdown", share_of(max(base - equity, 0), base)),
    ]


def _entries(state: Remembered, memory: AccountMemory, now_ns: int) -> list[Use]:
    losses = memory.losses_in_row
    rows = [
        _row(memory, Reason.LOSING_STREAK, "loss_pause_after", losses),
        _row(memory, Reason.LOSING_STREAK, "loss_stop_after", losses),
        _row(memory, Reason.TRADES_A_DAY, "max_trades_day", trades_used(memory)),
        _row(memory, Reason.VIX_GATE, "max_vix", state.vix_milli or 0),
        _row(
            memory,
            Reason.VIX_GATE,
            "vix_age",
            now_ns - state.vix_ns if state.vix_milli is not None else 0,
        ),
    ]
    for name, used in sorted(group_uses(memory, None).items()):
        rows.append(_row(memory, Reason.CORRELATION, "max_correlated_exposure", used, name))
    risks = {symbol: held.risk_nanos for symbol, held in memory.held.items()}
    for order in waiting(memory, None):
        risk = order.lots * order.risk_ticks * order.unit_nanos
        risks[order.symbol] = risks.get(order.symbol, 0) + risk
    for symbol, risk in sorted(risks.items()):
        share = share_of(risk, memory.equity_nanos)
        rows.append(_row(memory, Reason.TRADE_RISK, "max_position_risk", share, symbol))
    return rows


def _conduct(state: Remembered, account: str, memory: AccountMemory, now_ns: int) -> list[Use]:
    burst = memory.limits.number("orders_burst")
    a_minute = memory.limits.number("orders_per_minute")
    queued = 0
    if a_minute:
        queued = -(-max(memory.rate_ns - now_ns, 0) // (MINUTE_NS // a_minute))
    rows = [
        Use(
            code=Reason.MSG_RATE,
            name="orders_per_minute",
            scope="account",
            used=queued,
            limit=None if a_minute is None else (a_minute if burst is None else burst),
        )
    ]
    working = {order.strategy for order in memory.working.values()}
    for name, sender in sorted(state.strategies.items()):
        own = name == f"\x1f{account}"
        if not own and (
            name.startswith("\x1f") or (account not in sender.results and name not in working)
        ):
            continue
        scope = "account" if own else name
        refused = sender.outcomes.bits.bit_count() * 1_000_000 // HISTORY
        count = recent(sender.fills, now_ns, MINUTE_NS)
        again = recent(sender.duplicates, now_ns, MINUTE_NS)
        row = sender.outcomes.row
        rows += [
            _row(memory, Reason.DUPLICATE_PATTERN, "duplicate_breaker", again, scope),
            _row(memory, Reason.EXEC_THROTTLE, "automated_fills", count, scope),
            _row(memory, Reason.REJECT_STORM, "rejects_in_row", row, scope),
            _row(memory, Reason.REJECT_STORM, "reject_share", refused, scope),
        ]
        if sender.beat_ns:
            rows.append(_row(memory, Reason.DEAD_MAN, "heartbeat", now_ns - sender.beat_ns, scope))
    for name, parent in sorted(memory.parents.items()):
        used = parent.filled_lots + sum(
            order.lots for order in memory.working.values() if order.parent == name
        )
        rows.append(
            Use(
                code=Reason.PARENT_CHILD,
                name="parent_lots",
                scope=name,
                used=used,
                limit=parent.lots,
            )
        )
    return rows


def _prop(memory: AccountMemory) -> list[Use]:
    now, rules, mine = progress(memory), memory.prop, memory.prop_state
    if now is None or rules is None or mine is None:
        return []

    def row(name: str, used: int, limit: int | None) -> Use:
        scope = f"{rules.firm} {rules.phase}".strip() if rules else ""
        return Use(code=Reason.PROP_RULE, name=name, scope=scope, used=used, limit=limit)

    rows = [row("profit_target", now.profit_nanos, now.target_nanos)]
    if now.left_nanos is not None and rules.max_drawdown is not None:
        room = int(mine.start_nanos * rules.max_drawdown)
        rows.append(row("drawdown", room - now.left_nanos, room))
    if now.day_left_nanos is not None and rules.daily_loss is not None:
        room = int(mine.start_nanos * rules.daily_loss)
        rows.append(row("daily_loss", room - min(now.day_left_nanos, room), room))
    if rules.min_days:
        rows.append(row("trading_days", now.days, rules.min_days))
    if rules.consistency is not None:
        rows.append(row("best_day", now.best_day_ppm, int(rules.consistency * 1_000_000)))
    if rules.max_contracts is not None:
        used = sum(abs(held.lots) * held.contract_ppm for held in memory.held.values())
        used += sum(order.lots * order.contract_ppm for order in waiting(memory, None))
        rows.append(row("contracts", used, int(rules.max_contracts * 1_000_000)))
    return rows
