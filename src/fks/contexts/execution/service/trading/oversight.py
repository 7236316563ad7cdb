"""Accounts, limits, gates, the kill switch and arming: what a person in charge asks for."""

from __future__ import annotations

from fks.contexts.execution.domain.risk.limits import loosened, parse_limits
from fks.contexts.execution.domain.risk.prop import checked as checked_rules
from fks.contexts.execution.domain.risk.prop import loosened_rules
from fks.contexts.execution.domain.sizing.sizes import checked as checked_sizing
from fks.contexts.execution.domain.trading import inputs
from fks.contexts.execution.domain.trading.scales import nanos_of
from fks.contexts.execution.domain.trading.showing import account_view
from fks.contexts.execution.service.trading.asking import sure
from fks.contexts.execution.service.trading.linking import Linking
from fks.contexts.execution.service.trading.readiness import readiness
from fks.contexts.execution.service.trading.state import Live
from fks.contexts.execution.service.trading.viewing import risk_state, shown_account
from fks.contracts.execution import (
    AccountMode,
    AdoptBalance,
    ApproveOverride,
    ArmAccount,
    AskOverride,
    GetReadiness,
    GetRiskState,
    KillTrading,
    OpenAccount,
    Override,
    PropRules,
    Readiness,
    RearmTrading,
    ReportStrategy,
    RiskState,
    Scope,
    SetGate,
    SetLimits,
    SetMarketGate,
    SetSignalRoute,
    SignalRoute,
    SizingRule,
    TradingAccount,
)
from fks.kernel.errors import Conflict, Denied, Invalid, NotFound, Unavailable

__all__ = ["Oversight"]

_HOUR_NS = 3_600_000_000_000


class Oversight:
    """What is above orders."""

    def __init__(self, live: Live, linking: Linking) -> None:
        self._live = live
        self._linking = linking

    async def open_account(self, wish: OpenAccount) -> TradingAccount:
        """Open an account. The same wish again returns it; another one under its id conflicts."""
        live = self._live
        known = live.floor.accounts.get(wish.id)
        if known is not None:
            if (known.mode, known.venue, known.start_nanos) != (
                wish.mode.value,
                wish.venue,
                nanos_of(wish.balance),
            ):
                raise Conflict(
                    f"there is an account {wish.id} already, another one",
                    code="execution.account_exists",
                )
            return account_view(live.floor, known)
        spec = live.specs.get(wish.venue)
        if spec is None and wish.venue != "internal":
            raise NotFound(
                f"no venue {wish.venue}; there are: internal, {', '.join(sorted(live.specs))}",
                code="execution.no_venue",
            )
        if wish.mode is AccountMode.LIVE and (spec is None or not spec.live):
            raise Invalid(
                f"{wish.venue} is not a venue for live accounts", code="execution.bad_account"
            )
        if wish.mode is not AccountMode.LIVE and spec is not None and spec.live:
            raise Invalid(
                f"orders at {wish.venue} are real: its accounts are of mode live",
                code="execution.bad_account",
            )
        if nanos_of(wish.balance) <= 0:
            raise Invalid("an account opens with a balance above 0", code="execution.bad_account")
        parse_limits(wish.limits)
        _sensible(wish.prop, wish.sizing)
        capabilities = self._linking.capabilities(wish.id, wish.venue)
        await live.writer.take(
            inputs.AccountOpened(
                account=wish,
                amends=capabilities is None or capabilities.amend,
                dedups=capabilities is not None and sure(capabilities),
            )
        )
        await self._linking.link(wish.id)
        return account_view(live.floor, live.floor.accounts[wish.id])

    async def adopt_balance(self, wish: AdoptBalance) -> TradingAccount:
        """Take over a difference of money with the venue, for a person's reason."""
        live = self._live
        account = live.account(wish.account)
        reconciling = live.reconciling.get(account.id)
        if reconciling is None:
            raise Conflict(
                f"{account.id} has no venue to be compared with", code="execution.not_linked"
            )
        await reconciling.adopt(wish.person, wish.reason)
        return shown_account(live, account)

    async def set_limits(self, wish: SetLimits) -> TradingAccount:
        """Change limits as a new version; loosening needs a reason."""
        live = self._live
        account = live.account(wish.account)
        if wish.expected_version not in (0, account.limits_version):
            raise Conflict(
                f"{account.id} has limits of version {account.limits_version} meanwhile, not "
                f"{wish.expected_version}: look at them again",
                code="execution.limits_changed",
            )
        old = parse_limits(account.limits)
        new = parse_limits(wish.limits, old)
        _sensible(wish.prop, wish.sizing)
        loose = loosened(old, new)
        if wish.prop is not None:
            loose += loosened_rules(account.prop, wish.prop)
        if loose and len(wish.reason.strip()) < 3:
            raise Invalid(
                f"this loosens {', '.join(loose)}: give a reason", code="execution.needs_reason"
            )
        await live.writer.take(inputs.LimitsSet(change=wish))
        return account_view(live.floor, account)

    async def set_route(self, wish: SetSignalRoute) -> SignalRoute:
        """Route a strategy's signals to an account."""
        self._live.account(wish.route.account)
        await self._live.writer.take(inputs.RouteSet(route=wish.route))
        return wish.route

    async def set_gate(self, wish: SetGate) -> RiskState:
        """Close a gate by hand."""
        self._known(wish.scope, wish.target)
        if wish.gate.value in ("active", "killed"):
            raise Invalid(
                "a gate is closed to reducing or halted; rearm opens it, kill kills",
                code="execution.bad_gate",
            )
        await self._live.writer.take(
            inputs.GateSet(
                scope=wish.scope.value,
                target=wish.target,
                gate=wish.gate.value,
                code="TRADING_STATE",
                reason=wish.reason,
                person=wish.person,
            )
        )
        return risk_state(self._live, "")

    async def kill(self, wish: KillTrading) -> RiskState:
        """Let the kill switch fall. The lock file comes first: it works without the journal."""
        self._known(wish.scope, wish.target)
        live = self._live
        killed = inputs.Killed(
            scope=wish.scope.value,
            target=wish.target,
            reason=wish.reason,
            flatten=wish.flatten,
            person=wish.person,
        )
        if wish.scope is Scope.GLOBAL and not wish.flatten:
            live.switch.drop(wish.reason)
        try:
            await live.writer.take(killed, urgent=True)
        except Unavailable:
            live.switch.drop(wish.reason)
            raise
        if wish.scope is Scope.GLOBAL:
            live.kill_when_flat = wish.reason if wish.flatten else ""
        return risk_state(live, "")

    async def rearm(self, wish: RearmTrading) -> RiskState:
        """Open a gate. Raises `Conflict` where the policies do not let it open yet."""
        live = self._live
        key = (wish.scope.value, wish.target)
        if key not in live.floor.gates and not (wish.scope is Scope.GLOBAL and live.switch.down):
            raise Conflict(f"{' '.join(key).strip()} is not closed", code="execution.not_closed")
        behind = [link.account.id for link in live.links.values() if not link.reconciled]
        if wish.scope is Scope.GLOBAL and behind:
            raise Conflict(
                f"{behind[0]} is not reconciled with its venue yet",
                code="execution.not_reconciled",
            )
        refused = await live.writer.take(
            inputs.Rearmed(
                scope=wish.scope.value, target=wish.target, reason=wish.reason, person=wish.person
            )
        )
        if refused:
            raise Conflict(refused, code="execution.rearm_refused")
        if wish.scope is Scope.GLOBAL:
            live.switch.lift()
        return risk_state(live, "")

    async def market(self, wish: SetMarketGate) -> RiskState:
        """Feed the gates of VIX and news."""
        milli = None if wish.vix is None else round(wish.vix * 1000)
        await self._live.writer.take(
            inputs.MarketGateSet(
                vix_milli=milli,
                news_ts_ns=wish.news_ts_ns,
                closes_ts_ns=None if wish.closes_ts_ns is None else dict(wish.closes_ts_ns),
            )
        )
        return risk_state(self._live, "")

    async def strategy(self, wish: ReportStrategy) -> RiskState:
        """Take word of a strategy."""
        await self._live.writer.take(
            inputs.StrategySeen(strategy=wish.strategy_id, alive=wish.alive, alarm=wish.alarm)
        )
        return risk_state(self._live, "")

    async def ask_override(self, wish: AskOverride) -> Override:
        """Ask for an order to pass a soft limit once."""
        self._live.account(wish.request.account)
        number = await self._live.writer.take(
            inputs.OverrideAsked(request=wish.request, person=wish.person, reason=wish.reason)
        )
        return Override(number=number, approved=False)

    async def approve_override(self, wish: ApproveOverride) -> Override:
        """Approve an override as a second person."""
        refused = await self._live.writer.take(
            inputs.OverrideApproved(number=wish.number, person=wish.person)
        )
        if refused:
            raise Denied(refused, code="execution.override_refused")
        return Override(number=wish.number, approved=True)

    async def risk(self, wish: GetRiskState) -> RiskState:
        """Return the state of risk."""
        if wish.account:
            self._live.account(wish.account)
        return risk_state(self._live, wish.account)

    async def readiness(self, wish: GetReadiness) -> Readiness:
        """Return the check list of an account."""
        return readiness(self._live, self._live.account(wish.account))

    async def arm(self, wish: ArmAccount) -> Readiness:
        """Arm a live account. Raises `Conflict` while its check list has open points."""
        live = self._live
        account = live.account(wish.account)
        if account.mode != AccountMode.LIVE.value:
            raise Invalid(f"{account.id} is no live account", code="execution.not_live")
        listed = readiness(live, account)
        missing = [check.name for check in listed.checks if not check.passed]
        if wish.hours and missing:
            raise Conflict(
                f"{account.id} is not ready: {', '.join(missing)}", code="execution.not_ready"
            )
        until = live.clock.now_ns() + round(wish.hours * _HOUR_NS) if wish.hours else 0
        await live.writer.take(
            inputs.AccountArmed(account=account.id, until_ts_ns=until, person=wish.person)
        )
        return readiness(live, account)

    def _known(self, scope: Scope, target: str) -> None:
        """Refuse a target that is not there: a kill that reaches nothing would deceive."""
        live = self._live
        if scope is Scope.GLOBAL and target:
            raise Invalid("the global scope has no target", code="execution.bad_scope")
        names = {
            Scope.ACCOUNT: set(live.floor.accounts),
            Scope.VENUE: {account.venue for account in live.floor.accounts.values()},
            Scope.SYMBOL: {symbol for _, symbol in live.floor.instruments},
        }.get(scope)
        if names is not None and target not in names:
            raise NotFound(
                f"no {scope.value} {target or '(empty)'}; there are: "
                f"{', '.join(sorted(names)) or 'none'}",
                code="execution.no_target",
            )
        if scope is Scope.STRATEGY and not target:
            raise Invalid("name the strategy", code="execution.bad_scope")


def _sensible(rules: PropRules | None, sizing: SizingRule | None) -> None:
    """Refuse rules that make no sense before they are journaled. Raises `Invalid`."""
    if rules is not None:
        checked_rules(rules)
    if sizing is not None:
        checked_sizing(sizing)
