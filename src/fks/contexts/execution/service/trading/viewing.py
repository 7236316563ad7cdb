"""What the risk page shows: every limit's use, gates, breakers, routes, latencies."""

from __future__ import annotations

from decimal import Decimal

from fks.contexts.execution.service.trading.state import Live
from fks.contracts.execution import Gate, GateState, LimitUse, RiskState, Scope

__all__ = ["risk_state"]


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
    return found
