"""Accounts, limits, gates, the kill switch, and signals that wait for a person."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from fks.contexts.api.domain.trading import (
    Adopting,
    Approver,
    Arming,
    GateWish,
    KillWish,
    LimitChange,
    LimitWish,
    MarketFacts,
    NewAccount,
    OverrideWish,
    RearmWish,
    SignalVerdict,
    StrategyWord,
    plain_order,
)
from fks.contexts.api.http.inject import ApiDep, Key
from fks.contexts.api.http.orders import Before, Page
from fks.contracts.execution import (
    AccountList,
    AccountPerformance,
    AccountPositionList,
    AccountStepList,
    AdoptBalance,
    ApproveOverride,
    ArmAccount,
    AskOverride,
    Attribution,
    CheckLimits,
    CompareAccounts,
    DecideSignals,
    DecideSignalsReply,
    DecisionList,
    GetPerformance,
    GetReadiness,
    GetRiskState,
    HeldSignalList,
    KillTrading,
    LimitPreview,
    ListAccountPositions,
    ListAccounts,
    ListAccountSteps,
    ListHeldSignals,
    ListOverrides,
    ListRiskDecisions,
    OpenAccount,
    Override,
    OverrideList,
    Readiness,
    RearmTrading,
    ReportStrategy,
    RiskState,
    SetGate,
    SetLimits,
    SetMarketGate,
    SetSignalRoute,
    SignalRoute,
    TradingAccount,
)
from fks.kernel.errors import Invalid

__all__ = ["AccountController", "HeldSignalController", "RiskController"]

_END = 2**63 - 1


class AccountController(Controller):
    """Trading accounts."""

    path = "/accounts"
    tags = ("trading",)

    @get("/", summary="List accounts")
    async def list_accounts(self, api: ApiDep) -> AccountList:
        """Return all accounts as they stand."""
        return await api.ask(ListAccounts())

    @post("/", status_code=HTTP_201_CREATED, summary="Open an account")
    async def open_account(
        self, api: ApiDep, data: JSONBody[NewAccount], idempotency_key: Key = None
    ) -> TradingAccount:
        """Open an account under the owner's hard rules, or the limits given."""
        return await api.ask(
            OpenAccount(
                key=api.new_key(idempotency_key),
                id=data.id,
                mode=data.mode,
                venue=data.venue,
                currency=data.currency,
                balance=data.balance,
                name=data.name,
                limits=data.limits,
                prop=data.prop,
                sizing=data.sizing,
            )
        )

    @get("/{account:str}", summary="Get an account")
    async def account(self, api: ApiDep, account: FromPath[str]) -> TradingAccount:
        """Return how an account stands."""
        found = await api.ask(ListAccounts(account=account))
        return found.accounts[0]

    @put("/{account:str}/limits", summary="Change limits")
    async def limits(
        self,
        api: ApiDep,
        account: FromPath[str],
        data: JSONBody[LimitChange],
        idempotency_key: Key = None,
    ) -> TradingAccount:
        """Change limits as a new version; loosening one needs a reason."""
        return await api.ask(
            SetLimits(
                key=api.new_key(idempotency_key),
                account=account,
                limits=data.limits,
                reason=data.reason,
                person=data.person,
                prop=data.prop,
                sizing=data.sizing,
                expected_version=data.expected_version,
            )
        )

    @post("/{account:str}/limits/check", status_code=HTTP_200_OK, summary="Preview limits")
    async def check_limits(
        self, api: ApiDep, account: FromPath[str], data: JSONBody[LimitWish]
    ) -> LimitPreview:
        """Return what a change would do to the version in force; nothing is changed."""
        return await api.ask(CheckLimits(account=account, limits=data.limits))

    @get("/{account:str}/journal", summary="List what happened to an account")
    async def journal(
        self,
        api: ApiDep,
        account: FromPath[str],
        what: FromQuery[str] = "",
        before_seq: Before = _END,
        limit: Page = 200,
    ) -> AccountStepList:
        """Return lines of the journal, the newest first; `what=limits` are versions of limits."""
        return await api.ask(
            ListAccountSteps(account=account, what=what, before_seq=before_seq, limit=limit)
        )

    @get("/{account:str}/positions", summary="List positions")
    async def positions(self, api: ApiDep, account: FromPath[str]) -> AccountPositionList:
        """Return what an account holds, with what rests or travels."""
        return await api.ask(ListAccountPositions(account=account))

    @get("/{account:str}/performance", summary="Get performance")
    async def performance(
        self,
        api: ApiDep,
        account: FromPath[str],
        limit: Annotated[int, QueryParameter(ge=1, le=10_000)] = 1000,
    ) -> AccountPerformance:
        """Return trades, profit, drawdown and the equity of an account."""
        return await api.ask(GetPerformance(account=account, limit=limit))

    @get("/{account:str}/attribution", summary="Explain the difference to another account")
    async def attribution(
        self, api: ApiDep, account: FromPath[str], against: FromQuery[str]
    ) -> Attribution:
        """Return why two accounts that hear the same signals do not earn the same."""
        return await api.ask(CompareAccounts(account=account, against=against))

    @get("/{account:str}/readiness", summary="Check an account before live trading")
    async def readiness(self, api: ApiDep, account: FromPath[str]) -> Readiness:
        """Return what is missing before an account may be armed."""
        return await api.ask(GetReadiness(account=account))

    @post("/{account:str}/arm", status_code=HTTP_200_OK, summary="Arm a live account")
    async def arm(
        self,
        api: ApiDep,
        account: FromPath[str],
        data: JSONBody[Arming],
        idempotency_key: Key = None,
    ) -> Readiness:
        """Let a live account send for some hours; 0 disarms it."""
        key = api.new_key(idempotency_key)
        return await api.ask(
            ArmAccount(key=key, account=account, hours=data.hours, person=data.person)
        )

    @post("/{account:str}/adopt-balance", status_code=HTTP_200_OK, summary="Adopt a balance")
    async def adopt_balance(
        self,
        api: ApiDep,
        account: FromPath[str],
        data: JSONBody[Adopting],
        idempotency_key: Key = None,
    ) -> TradingAccount:
        """Take over what a venue's money differs from ours; it is asked anew first."""
        key = api.new_key(idempotency_key)
        return await api.ask(
            AdoptBalance(key=key, account=account, reason=data.reason, person=data.person)
        )


class RiskController(Controller):
    """Limits in use, gates, breakers, the kill switch, and what the controls decided."""

    path = "/risk"
    tags = ("trading",)

    @get("/", summary="Get the state of risk")
    async def state(self, api: ApiDep, account: FromQuery[str] = "") -> RiskState:
        """Return every limit's use, closed gates, breakers, routes and latencies."""
        return await api.ask(GetRiskState(account=account))

    @post("/kill", status_code=HTTP_200_OK, summary="Kill switch")
    async def kill(
        self, api: ApiDep, data: JSONBody[KillWish], idempotency_key: Key = None
    ) -> RiskState:
        """Let nothing new leave, cancel all that works."""
        if data.flatten and data.confirm_flatten != "FLATTEN":
            raise Invalid(
                "closing positions needs confirm_flatten to be FLATTEN", code="api.not_confirmed"
            )
        return await api.ask(
            KillTrading(
                key=api.new_key(idempotency_key),
                scope=data.scope,
                target=data.target,
                reason=data.reason,
                flatten=data.flatten,
                person=data.person,
            )
        )

    @post("/rearm", status_code=HTTP_200_OK, summary="Re-arm")
    async def rearm(
        self, api: ApiDep, data: JSONBody[RearmWish], idempotency_key: Key = None
    ) -> RiskState:
        """Open a gate, or let trading go on after a kill."""
        return await api.ask(
            RearmTrading(
                key=api.new_key(idempotency_key),
                scope=data.scope,
                target=data.target,
                reason=data.reason,
                person=data.person,
            )
        )

    @post("/gates", status_code=HTTP_200_OK, summary="Close a gate")
    async def gate(
        self, api: ApiDep, data: JSONBody[GateWish], idempotency_key: Key = None
    ) -> RiskState:
        """Halt, or let only reductions pass, by hand."""
        return await api.ask(
            SetGate(
                key=api.new_key(idempotency_key),
                scope=data.scope,
                target=data.target,
                gate=data.gate,
                reason=data.reason,
                person=data.person,
            )
        )

    @post("/market", status_code=HTTP_200_OK, summary="Feed the market gates")
    async def market(
        self, api: ApiDep, data: JSONBody[MarketFacts], idempotency_key: Key = None
    ) -> RiskState:
        """Tell the VIX and the times of high-impact news."""
        news = None if data.news_ts_ns is None else tuple(data.news_ts_ns)
        key = api.new_key(idempotency_key)
        return await api.ask(
            SetMarketGate(key=key, vix=data.vix, news_ts_ns=news, closes_ts_ns=data.closes_ts_ns)
        )

    @post("/strategies", status_code=HTTP_200_OK, summary="Tell of a strategy")
    async def strategy(
        self, api: ApiDep, data: JSONBody[StrategyWord], idempotency_key: Key = None
    ) -> RiskState:
        """Say that a strategy is alive, stops, or has a doubtful model."""
        return await api.ask(
            ReportStrategy(
                key=api.new_key(idempotency_key),
                strategy_id=data.strategy_id,
                alive=data.alive,
                alarm=data.alarm,
            )
        )

    @get("/overrides", summary="List overrides")
    async def overrides(self, api: ApiDep, account: FromQuery[str] = "") -> OverrideList:
        """Return overrides that are neither used nor expired."""
        return await api.ask(ListOverrides(account=account))

    @post("/overrides", status_code=HTTP_201_CREATED, summary="Ask for an override")
    async def ask_override(
        self, api: ApiDep, data: JSONBody[OverrideWish], idempotency_key: Key = None
    ) -> Override:
        """Ask for an order to pass a soft limit once; a second person has to approve."""
        key = api.new_key(idempotency_key)
        request = plain_order(data.order, key, given=False)
        return await api.ask(
            AskOverride(key=key, request=request, reason=data.reason, person=data.person)
        )

    @post("/overrides/{number:int}/approve", status_code=HTTP_200_OK, summary="Approve an override")
    async def approve_override(
        self,
        api: ApiDep,
        number: FromPath[int],
        data: JSONBody[Approver],
        idempotency_key: Key = None,
    ) -> Override:
        """Approve an override that somebody else asked for."""
        key = api.new_key(idempotency_key)
        return await api.ask(ApproveOverride(key=key, number=number, person=data.person))

    @get("/decisions", summary="List decisions of the controls")
    async def decisions(
        self,
        api: ApiDep,
        account: FromQuery[str] = "",
        refused: FromQuery[bool] = False,
        before_seq: Before = _END,
        limit: Page = 200,
    ) -> DecisionList:
        """Return the audit records, the newest first."""
        return await api.ask(
            ListRiskDecisions(account=account, refused=refused, before_seq=before_seq, limit=limit)
        )

    @put("/routes", summary="Route a strategy's signals to an account")
    async def route(
        self, api: ApiDep, data: JSONBody[SignalRoute], idempotency_key: Key = None
    ) -> SignalRoute:
        """Let an account hear a strategy, with or without a person's approval."""
        return await api.ask(SetSignalRoute(key=api.new_key(idempotency_key), route=data))


class HeldSignalController(Controller):
    """Signals that wait for a person."""

    path = "/approvals"
    tags = ("trading",)

    @get("/", summary="List signals that wait")
    async def held(
        self, api: ApiDep, waiting: FromQuery[bool] = True, limit: Page = 200
    ) -> HeldSignalList:
        """Return signals that wait for a decision."""
        return await api.ask(ListHeldSignals(waiting=waiting, limit=limit))

    @post("/decide", status_code=HTTP_200_OK, summary="Approve or reject")
    async def decide(
        self, api: ApiDep, data: JSONBody[SignalVerdict], idempotency_key: Key = None
    ) -> DecideSignalsReply:
        """Approve or reject one, some or all."""
        return await api.ask(
            DecideSignals(
                key=api.new_key(idempotency_key),
                approve=data.approve,
                ids=tuple(data.ids),
                person=data.person,
                note=data.note,
            )
        )
