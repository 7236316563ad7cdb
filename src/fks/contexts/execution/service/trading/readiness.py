"""The check list before an account may trade live."""

from __future__ import annotations

from fks.contexts.execution.domain.trading.state import AccountRecord
from fks.contexts.execution.service.trading.state import Live
from fks.contracts.execution import Readiness, ReadinessCheck

__all__ = ["readiness"]

_STALE_NS = 60_000_000_000
_MOST_SKEW_NS = 2_000_000_000


def readiness(live: Live, account: AccountRecord) -> Readiness:
    """Return every point with what was found."""
    floor, now_ns = live.floor, live.clock.now_ns()
    link = live.links.get(account.id)
    fresh = [
        record.instrument.id
        for record in floor.instruments.values()
        if record.venue == account.venue and now_ns - record.last_ts_ns < _STALE_NS
    ]
    gate = floor.gate_of(account)
    skew_ns = None if link is None else link.clock_offset_ns
    points = (
        ("data fresh", bool(fresh), f"prices of the last minute: {', '.join(fresh) or 'none'}"),
        (
            "strategy validated",
            any(r.account == account.id and r.enabled for r in floor.routes.values()),
            "a strategy's signals are routed to the account",
        ),
        ("limits set", bool(account.limits), f"version {account.limits_version}, set by hand"),
        (
            "venue connected",
            link is not None and link.connected,
            account.venue if link is not None else "not linked",
        ),
        (
            "venue reconciled",
            link is not None and link.reconciled and not account.gap,
            account.gap or "orders, fills, positions and money agree",
        ),
        (
            "clock in step",
            skew_ns is not None and abs(skew_ns) <= _MOST_SKEW_NS,
            "not measured yet" if skew_ns is None else f"{skew_ns / 1e6:.0f} ms apart",
        ),
        ("gates open", gate == 0 and not live.switch.down, "active" if not gate else "closed"),
        ("journal durable", live.durable != "unsafe-backtest", live.durable),
    )
    checks = tuple(ReadinessCheck(name=n, passed=bool(p), detail=d) for n, p, d in points)
    return Readiness(
        account=account.id,
        ready=all(check.passed for check in checks),
        armed_until_ts_ns=account.armed_until_ns,
        checks=checks,
    )
