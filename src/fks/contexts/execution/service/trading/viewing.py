"""What the risk page shows: every limit's use, gates, breakers, routes, latencies."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from fks.contexts.execution.domain.matching.layout import UNLIMITED, Reason
from fks.contexts.execution.domain.trading.scales import money
from fks.contexts.execution.domain.trading.showing import account_view
from fks.contexts.execution.domain.trading.state import AccountRecord
from fks.contexts.execution.service.trading.state import Live
from fks.contracts.execution import (
    Gate,
    GateState,
    LimitUse,
    PropState,
    RiskState,
    Scope,
    TradingAccount,
)

__all__ = ["risk_state", "shown_account"]


def shown_account(live: Live, account: AccountRecord) -> TradingAccount:
    """Return an account as it stands, with its last comparison."""
    link = live.links.get(account.id)
    view = account_view(live.floor, account)
    return view if link is None else msgspec.structs.replace(view, comparison=link.compared)


def risk_state(live: Live, account: str) -> RiskState:
    """Return the state of risk of one account, or of all."""
    floor = live.floor
    now_ns = live.clock.monotonic_ns()
    names = [account] if account else sorted(floor.accounts)
    gate = floor.gates.get(("global", ""))
    killed = live.switch.down or (gate is not None and gate[0] == "killed")
    reason = gate[2] if gate is not None else live.switch.reason
    seen: dict[str, Live] = {}
    breakers = []
    for link in live.links.values():
        if link.account.venue not in seen:
            seen[link.account.venue] = live
            breakers.append(link.breaker.view(now_ns))
    return RiskState(
        killed=killed,
        kill_reason=reason if killed else "",
        gates=_gates(live),
        breakers=tuple(breakers),
        limits=tuple(use for name in names for use in _uses(live, name)),
        routes=tuple(floor.routes[key] for key in sorted(floor.routes)),
        durable=live.durable != "unsafe-backtest",
        latency_us=live.latencies.percentiles_us(),
        props=tuple(_prop(live, name) for name in names if floor.accounts[name].prop is not None),
        vix=None if floor.vix_milli is None else floor.vix_milli / 1000,
    )


def _gates(live: Live) -> tuple[GateState, ...]:
    return tuple(
        GateState(
            scope=Scope(scope),
            target=target,
            gate=Gate(gate),
            code=code,
            reason=reason,
            since_ts_ns=since_ns,
            until_ts_ns=until_ns,
        )
        for (scope, target), (gate, code, reason, since_ns, until_ns) in sorted(
            live.floor.gates.items()
        )
    )


def _uses(live: Live, account: str) -> list[LimitUse]:
    """Return every limit of an account: the policies' and the ledger's."""
    floor = live.floor
    found = []
    for use in floor.policies.uses(account, max(floor.now_ns, live.clock.now_ns())):
        share = 0.0 if not use.limit else use.used / use.limit
        found.append(
            LimitUse(
                account=account,
                code=use.code.name,
                name=use.name,
                scope=use.scope,
                used=Decimal(use.used),
                limit=None if use.limit is None else Decimal(use.limit),
                share=share,
            )
        )
    return found + _engine_uses(live, account)


def _engine_uses(live: Live, account: str) -> list[LimitUse]:
    """Return what is used of the engine's limits: of the account, and of each symbol it trades."""
    floor = live.floor
    record = floor.accounts[account]
    found = []
    for number in sorted(record.holdings):
        symbol = floor.by_number[number].instrument.id
        for reason, used, limit, _ in floor.engine.use(record.number, number):
            found.append(
                LimitUse(
                    account=account,
                    code=Reason(reason).name,
                    name=Reason(reason).name.lower(),
                    scope=symbol,
                    used=Decimal(used),
                    limit=None if limit == UNLIMITED else Decimal(limit),
                    share=0.0 if limit in (0, UNLIMITED) else used / limit,
                )
            )
    return found


def _prop(live: Live, account: str) -> PropState:
    """Return how an account stands under its firm's rules."""
    progress = live.floor.policies.prop_progress(account)
    assert progress is not None
    return PropState(
        account=account,
        firm=progress.firm,
        phase=progress.phase,
        verdict=progress.verdict,
        profit=money(progress.profit_nanos),
        target=None if progress.target_nanos is None else money(progress.target_nanos),
        left=None if progress.left_nanos is None else money(progress.left_nanos),
        missing=progress.missing,
    )
