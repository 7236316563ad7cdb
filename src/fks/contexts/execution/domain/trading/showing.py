"""Accounts as the contract shows them."""

from __future__ import annotations

from fks.contexts.execution.domain.trading.floor import Floor
from fks.contexts.execution.domain.trading.scales import money
from fks.contexts.execution.domain.trading.state import AccountRecord
from fks.contracts.execution import AccountMode, Gate, TradingAccount

__all__ = ["account_view"]

_GATES = (Gate.ACTIVE, Gate.REDUCING, Gate.HALTED, Gate.KILLED)


def account_view(floor: Floor, account: AccountRecord) -> TradingAccount:
    """Return an account as it stands."""
    equity = floor.marked_nanos(account)
    gate = _GATES[floor.gate_of(account)]
    reasons = [
        floor.gates[key][2]
        for key in (("global", ""), ("venue", account.venue), ("account", account.id))
        if key in floor.gates
    ]
    return TradingAccount(
        id=account.id,
        mode=AccountMode(account.mode),
        venue=account.venue,
        currency=account.currency,
        balance=money(account.cash_nanos),
        equity=money(equity),
        margin_used=money(floor.margin_nanos(account)),
        day_pnl=money(equity - account.day_start_nanos),
        week_pnl=money(equity - account.week_start_nanos),
        drawdown=money(account.peak_nanos - equity),
        peak_equity=money(account.peak_nanos),
        gate=gate,
        gate_reason="; ".join(reasons),
        limits_version=account.limits_version,
        armed_until_ts_ns=account.armed_until_ns,
        open_orders=floor.working.count(account.id),
        trades_today=account.trades_today,
        losses_in_row=account.losses_in_row,
        paused_until_ts_ns=account.paused_until_ns,
        prop=account.prop,
        sizing=account.sizing,
        limits=dict(account.limits),
        name=account.name,
    )
