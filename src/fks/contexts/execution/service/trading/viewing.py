"""What the risk page shows: every limit's use, gates, breakers, routes, latencies."""

from __future__ import annotations

import msgspec

from fks.contexts.execution.domain.simulation.models import (
    SimulationModels,
    model_hash,
    not_modelled,
)
from fks.contexts.execution.domain.trading.figures import limit_uses
from fks.contexts.execution.domain.trading.scales import money
from fks.contexts.execution.domain.trading.showing import account_view
from fks.contexts.execution.domain.trading.state import AccountRecord
from fks.contexts.execution.service.trading.state import Live
from fks.contracts.execution import (
    Gate,
    GateState,
    PropState,
    RiskState,
    Scope,
    TradingAccount,
)

__all__ = ["risk_state", "shown_account"]


def shown_account(live: Live, account: AccountRecord) -> TradingAccount:
    """Return an account as it stands, with its last comparison and the models of its fills."""
    link = live.links.get(account.id)
    view = account_view(live.floor, account)
    if link is None:
        return view
    view = msgspec.structs.replace(view, comparison=link.compared)
    models = getattr(link.venue, "models", None)
    if not isinstance(models, SimulationModels):
        return view
    return msgspec.structs.replace(
        view, model_hash=model_hash(models), not_modelled=not_modelled(models)
    )


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
        limits=tuple(
            use
            for name in names
            for use in limit_uses(
                floor, floor.accounts[name], max(floor.now_ns, live.clock.now_ns())
            )
        ),
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
        floor=None if progress.floor_nanos is None else money(progress.floor_nanos),
        day_left=None if progress.day_left_nanos is None else money(progress.day_left_nanos),
        days=progress.days,
        payout=money(progress.payout_nanos),
    )
