"""Trading accounts, their limits, gates and switches, and what may be asked of them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

import msgspec

from fks.contracts.execution.orders import OrderRequest
from fks.contracts.values import Side
from fks.kernel.messages import Command, Event, Query

__all__ = [
    "AccountChanged",
    "AccountComparison",
    "AccountList",
    "AccountMode",
    "AccountPerformance",
    "AccountStep",
    "AccountStepList",
    "AdoptBalance",
    "ApproveOverride",
    "ArmAccount",
    "AskOverride",
    "AttributedSignal",
    "Attribution",
    "BreakerState",
    "CheckLimits",
    "CompareAccounts",
    "ComparedBalance",
    "DecisionList",
    "Gate",
    "GateChanged",
    "GateState",
    "GetPerformance",
    "GetReadiness",
    "GetRiskState",
    "KillTrading",
    "LimitDifference",
    "LimitPreview",
    "LimitUse",
    "ListAccountSteps",
    "ListAccounts",
    "ListOverrides",
    "ListRiskDecisions",
    "OpenAccount",
    "OrderDecided",
    "Override",
    "OverrideList",
    "PerformancePoint",
    "PropRules",
    "PropState",
    "Readiness",
    "ReadinessCheck",
    "RearmTrading",
    "ReportStrategy",
    "RiskDecision",
    "RiskState",
    "Scope",
    "SetGate",
    "SetLimits",
    "SetMarketGate",
    "SetSignalRoute",
    "SignalRoute",
    "SizingMethod",
    "SizingRule",
    "TradingAccount",
]

Id = Annotated[
    str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*$")
]
Why = Annotated[str, msgspec.Meta(min_length=3, max_length=200)]


class AccountMode(enum.Enum):
    """Where the orders of an account go: nowhere real, or to a venue with money."""

    SIMULATED = "simulated"
    PAPER = "paper"
    LIVE = "live"


class Gate(enum.Enum):
    """What may be done: all, only what reduces, nothing new, nothing until re-armed."""

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"
    KILLED = "killed"


class Scope(enum.Enum):
    """What a gate or a switch reaches."""

    GLOBAL = "global"
    ACCOUNT = "account"
    STRATEGY = "strategy"
    VENUE = "venue"
    SYMBOL = "symbol"


class SizingMethod(enum.Enum):
    """How many units a signal without a quantity becomes."""

    FIXED = "fixed"
    RISK_PERCENT = "risk_percent"
    VOLATILITY_TARGET = "volatility_target"
    KELLY = "kelly"
    QUALITY_TIERS = "quality_tiers"


class SizingRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sizing method with its numbers.

    fixed: `quantity`; risk_percent: `risk` of equity lost at the stop, which is `atr_multiple`
    ATRs away when the signal has none; volatility_target: yearly `risk`; kelly: `fraction` of
    the Kelly share from win rate and payoff; quality_tiers: contracts by confidence.
    """

    method: SizingMethod = SizingMethod.RISK_PERCENT
    quantity: Decimal = Decimal(1)
    risk: Decimal = Decimal("0.01")
    atr_multiple: Decimal = Decimal(2)
    fraction: Decimal = Decimal("0.25")
    tiers: tuple[tuple[Decimal, Decimal], ...] = (
        (Decimal("0.85"), Decimal(4)),
        (Decimal("0.70"), Decimal(2)),
        (Decimal("0.60"), Decimal(1)),
    )
    most: Decimal | None = None


class PropRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules of a prop firm's account, as data. Shares are of the starting balance.

    `drawdown_kind`: static, trailing or end_of_day. `consistency`: the largest share of the
    profit that one day may have made. `phase`: evaluation, verification or funded. `lock`: the
    floor of a moving drawdown rises no further than the start plus this share of it. A daily loss
    that is `daily_loss_soft` ends the day and not the account.
    """

    firm: str = ""
    phase: str = "evaluation"
    profit_target: Decimal | None = Decimal("0.08")
    max_drawdown: Decimal | None = Decimal("0.05")
    drawdown_kind: str = "trailing"
    daily_loss: Decimal | None = Decimal("0.03")
    max_contracts: Decimal | None = None
    consistency: Decimal | None = None
    min_days: int = 0
    overnight: bool = False
    news: bool = False
    payout: Decimal = Decimal("0.80")
    lock: Decimal | None = None
    daily_loss_soft: bool = False


class ComparedBalance(msgspec.Struct, frozen=True, kw_only=True):
    """Money of one currency: what the desk counts, and what the venue said."""

    currency: str
    here: Decimal
    there: Decimal


class AccountComparison(msgspec.Struct, frozen=True, kw_only=True):
    """The last comparison of an account with its venue.

    `differences` are what was found, in sentences, explained or not; `gap` is what nothing
    explains, empty when all agrees. `balances` is empty where the venue does not tell money.
    """

    ts_ns: int
    agrees: bool
    gap: str = ""
    differences: tuple[str, ...] = ()
    balances: tuple[ComparedBalance, ...] = ()


class TradingAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account as it stands. Money is in `currency`; `armed_until_ts_ns` is of live accounts.

    Told by `ListAccounts` only: `comparison`, where the account has a venue to be compared with;
    where its venue simulates fills, `model_hash` names the models and `not_modelled` what these
    leave out.
    """

    id: str
    mode: AccountMode
    venue: str
    currency: str
    balance: Decimal
    equity: Decimal
    margin_used: Decimal
    day_pnl: Decimal
    week_pnl: Decimal
    drawdown: Decimal
    peak_equity: Decimal
    gate: Gate
    limits_version: int
    gate_reason: str = ""
    armed_until_ts_ns: int = 0
    open_orders: int = 0
    trades_today: int = 0
    losses_in_row: int = 0
    paused_until_ts_ns: int = 0
    prop: PropRules | None = None
    sizing: SizingRule = SizingRule()
    limits: Mapping[str, str] = {}
    name: str = ""
    comparison: AccountComparison | None = None
    model_hash: str = ""
    not_modelled: tuple[str, ...] = ()


class AccountList(msgspec.Struct, frozen=True, kw_only=True):
    """Accounts, by id."""

    accounts: tuple[TradingAccount, ...]


class AccountChanged(Event, frozen=True, kw_only=True, tag="execution.account_changed.v1"):
    """An account was opened, or its limits, gate, money or arming changed."""

    account: TradingAccount


class OpenAccount(
    Command[TradingAccount], frozen=True, kw_only=True, tag="execution.open_account.v1"
):
    """Open an account. Limits that are not given take the owner's hard rules.

    `limits` are names of `docs/reference/limits.md` with their values, "none" to waive one.
    """

    id: Id
    mode: AccountMode = AccountMode.PAPER
    venue: str = "paper"
    currency: str = "USD"
    balance: Decimal = Decimal(150_000)
    name: str = ""
    limits: Mapping[str, str] = {}
    prop: PropRules | None = None
    sizing: SizingRule = SizingRule()


class SetLimits(Command[TradingAccount], frozen=True, kw_only=True, tag="execution.set_limits.v1"):
    """Change limits of an account; each change makes a new version. Loosening needs `reason`.

    With an `expected_version` above 0 it conflicts where another version is in force.
    """

    account: Id
    limits: Mapping[str, str]
    reason: str = ""
    person: str = "operator"
    prop: PropRules | None = None
    sizing: SizingRule | None = None
    expected_version: int = 0


class LimitDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A limit before and after a change; `looser` lets more through."""

    name: str
    before: str
    after: str
    looser: bool


class LimitPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a change of limits would do to the version in force; nothing is changed."""

    account: str
    limits_version: int
    differences: tuple[LimitDifference, ...]
    needs_reason: bool


class CheckLimits(Query[LimitPreview], frozen=True, kw_only=True, tag="execution.check_limits.v1"):
    """What would this change of limits do?"""

    account: Id
    limits: Mapping[str, str] = {}


class SignalRoute(msgspec.Struct, frozen=True, kw_only=True):
    """Signals of a strategy go to an account, by themselves or after a person's approval."""

    strategy_id: str
    account: str
    approval: bool = True
    expires_after_s: int = 300
    enabled: bool = True


class SetSignalRoute(
    Command[SignalRoute], frozen=True, kw_only=True, tag="execution.set_signal_route.v1"
):
    """Route the signals of a strategy to an account, or stop it (`enabled` false)."""

    route: SignalRoute


class ListAccounts(Query[AccountList], frozen=True, kw_only=True, tag="execution.list_accounts.v1"):
    """Which accounts are there, and how do they stand?"""

    account: str = ""


class LimitUse(msgspec.Struct, frozen=True, kw_only=True):
    """A limit of an account, and how much of it is used.

    `used`, `limit` and `headroom` are in `unit`: share (0.03 is 3 %), money (of the account's
    currency), quantity (units of the instrument), count, seconds, points; they are None where
    there is nothing to count, as for a switch, list, choice or groups. `value` is the text in
    force, `state` one of free, near (three quarters), reached, kept (in force, nothing to count)
    and waived. `soft`: two persons together may let one order past it.
    """

    account: str
    code: str
    name: str
    scope: str
    used: Decimal | None
    limit: Decimal | None
    share: float
    unit: str
    headroom: Decimal | None = None
    value: str = ""
    state: str = "kept"
    meaning: str = ""
    soft: bool = False


class GateState(msgspec.Struct, frozen=True, kw_only=True):
    """A gate that is not active, why, since when, and until when if it opens by itself."""

    scope: Scope
    target: str
    gate: Gate
    code: str
    reason: str
    since_ts_ns: int
    until_ts_ns: int = 0


class BreakerState(msgspec.Struct, frozen=True, kw_only=True):
    """A technical breaker of a venue: closed, open or half_open."""

    venue: str
    state: str
    failures: int
    opens: int
    since_ts_ns: int
    retry_ts_ns: int = 0
    reason: str = ""


class RiskState(msgspec.Struct, frozen=True, kw_only=True):
    """Every limit's use, the gates that are not active, the breakers and the kill switch."""

    killed: bool
    gates: tuple[GateState, ...]
    breakers: tuple[BreakerState, ...]
    limits: tuple[LimitUse, ...]
    routes: tuple[SignalRoute, ...]
    durable: bool
    latency_us: Mapping[str, float]
    vix: float | None = None
    kill_reason: str = ""
    props: tuple[PropState, ...] = ()


class GetRiskState(Query[RiskState], frozen=True, kw_only=True, tag="execution.get_risk_state.v1"):
    """How is the risk, of one account or all?"""

    account: str = ""


class RiskDecision(msgspec.Struct, frozen=True, kw_only=True):
    """One decision of the controls: the audit record. `seq` finds it in the journal."""

    seq: int
    ts_ns: int
    account: str
    symbol: str
    passed: bool
    code: str
    reason: str
    limits_version: int
    order_id: int = 0
    client_order_id: str = ""
    strategy_id: str = ""


class OrderDecided(Event, frozen=True, kw_only=True, tag="execution.order_decided.v1"):
    """The controls let an order pass, or refused it."""

    account: str
    decision: RiskDecision


class DecisionList(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions, newest first."""

    decisions: tuple[RiskDecision, ...]


class ListRiskDecisions(
    Query[DecisionList], frozen=True, kw_only=True, tag="execution.list_risk_decisions.v1"
):
    """What did the controls decide?"""

    account: str = ""
    refused: bool = False
    before_seq: int = 2**63 - 1
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 200


class AccountStep(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an account's journal: an order's step, or what befell the account (order 0)."""

    seq: int
    ts_ns: int
    order_id: int
    what: str
    detail: str


class AccountStepList(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of a journal, newest first."""

    steps: tuple[AccountStep, ...]


class ListAccountSteps(
    Query[AccountStepList], frozen=True, kw_only=True, tag="execution.list_account_steps.v1"
):
    """What happened to an account and its orders? `what` is a kind, as limits or armed.

    The lines of one journal number stay together, so a page may be longer than `limit`.
    """

    account: str
    what: str = ""
    before_seq: int = 2**63 - 1
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 200


class GateChanged(Event, frozen=True, kw_only=True, tag="execution.gate_changed.v1"):
    """A gate closed or opened, or the kill switch fell or was re-armed."""

    gate: GateState


class SetGate(Command[RiskState], frozen=True, kw_only=True, tag="execution.set_gate.v1"):
    """Close a gate by hand. Opening one is `RearmTrading`."""

    scope: Scope
    target: str = ""
    gate: Gate = Gate.HALTED
    reason: Why = "by hand"
    person: str = "operator"


class KillTrading(Command[RiskState], frozen=True, kw_only=True, tag="execution.kill_trading.v1"):
    """The kill switch: nothing new leaves, all that works is cancelled until the venue confirms.

    `flatten` closes positions too, under the price collar.
    """

    scope: Scope = Scope.GLOBAL
    target: str = ""
    reason: Why = "kill switch"
    flatten: bool = False
    person: str = "operator"


class RearmTrading(Command[RiskState], frozen=True, kw_only=True, tag="execution.rearm_trading.v1"):
    """Open a gate, or re-arm after a kill. In live mode a second person has to."""

    scope: Scope = Scope.GLOBAL
    target: str = ""
    reason: Why
    person: str = "operator"


class SetMarketGate(
    Command[RiskState], frozen=True, kw_only=True, tag="execution.set_market_gate.v1"
):
    """Tell the market gates what they need: the VIX, and when high-impact news is due."""

    vix: float | None = None
    news_ts_ns: tuple[int, ...] | None = None
    closes_ts_ns: Mapping[str, int] | None = None


class ReportStrategy(
    Command[RiskState], frozen=True, kw_only=True, tag="execution.report_strategy.v1"
):
    """A strategy is alive, or stops on purpose; from its first word on its silence counts.

    `alarm` doubts its model; empty trusts it again.
    """

    strategy_id: str
    alive: bool = True
    alarm: str = ""


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """A right to pass a soft limit once, for one order, until it expires.

    Account, symbol, side and quantity are those of the order it is for; a list tells the
    persons too, and `approved_by` is empty while nobody has.
    """

    number: int
    approved: bool
    account: str = ""
    strategy_id: str = ""
    symbol: str = ""
    side: Side | None = None
    quantity: Decimal | None = None
    asked_by: str = ""
    approved_by: str = ""
    reason: str = ""
    asked_ts_ns: int = 0
    expires_ts_ns: int = 0


class OverrideList(msgspec.Struct, frozen=True, kw_only=True):
    """Overrides that are neither used nor expired, by number."""

    overrides: tuple[Override, ...]


class ListOverrides(
    Query[OverrideList], frozen=True, kw_only=True, tag="execution.list_overrides.v1"
):
    """Which overrides are open, of one account or all?"""

    account: str = ""


class AskOverride(Command[Override], frozen=True, kw_only=True, tag="execution.ask_override.v1"):
    """Ask for an order to pass a soft limit; a second person has to approve."""

    request: OrderRequest
    reason: Why
    person: str = "operator"


class ApproveOverride(
    Command[Override], frozen=True, kw_only=True, tag="execution.approve_override.v1"
):
    """Approve an override that somebody else asked for."""

    number: int
    person: str


class PropState(msgspec.Struct, frozen=True, kw_only=True):
    """How an account stands under its firm's rules; money, None where there is no such rule.

    `verdict`: running, passed, failed or payout. `left` is how far equity may fall until it is
    at `floor`, `day_left` the same of this day, `days` how many were traded, `payout` what may
    be asked for now.
    """

    account: str
    firm: str
    phase: str
    verdict: str
    profit: Decimal
    target: Decimal | None
    left: Decimal | None
    missing: tuple[str, ...] = ()
    floor: Decimal | None = None
    day_left: Decimal | None = None
    days: int = 0
    payout: Decimal = Decimal(0)


class ReadinessCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the check list before live trading."""

    name: str
    passed: bool
    detail: str


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an account may be armed."""

    account: str
    ready: bool
    armed_until_ts_ns: int
    checks: tuple[ReadinessCheck, ...]


class GetReadiness(Query[Readiness], frozen=True, kw_only=True, tag="execution.get_readiness.v1"):
    """What is missing before this account may trade live?"""

    account: str


class AdoptBalance(
    Command[TradingAccount], frozen=True, kw_only=True, tag="execution.adopt_balance.v1"
):
    """Take over a difference of money that nothing explains, for a reason a person gives.

    The venue is asked anew first; only money is adopted, never a position or an order.
    """

    account: str
    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]
    person: str = "operator"


class ArmAccount(Command[Readiness], frozen=True, kw_only=True, tag="execution.arm_account.v1"):
    """Arm a live account for some hours, at most 24; 0 hours disarms it."""

    account: str
    hours: Annotated[float, msgspec.Meta(ge=0, le=24)] = 8.0
    person: str = "operator"


class PerformancePoint(msgspec.Struct, frozen=True):
    """Equity at an instant."""

    ts_ns: int
    equity: Decimal


class AccountPerformance(msgspec.Struct, frozen=True, kw_only=True):
    """What an account has done since it was opened."""

    account: str
    trades: int
    wins: int
    losses: int
    realised_pnl: Decimal
    fees: Decimal
    largest_win: Decimal
    largest_loss: Decimal
    max_drawdown: Decimal
    points: tuple[PerformancePoint, ...]


class AttributedSignal(msgspec.Struct, frozen=True, kw_only=True):
    """What one signal contributes to the difference, and by what; money."""

    signal: str
    symbol: str
    cause: str
    difference: Decimal


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """Why two accounts that hear the same signals do not earn the same.

    `difference` is what `account` earned less what `against` did, with open positions at the
    last price; `parts` (signal, data, latency, queue, fee, reject) add up to it exactly.
    """

    account: str
    against: str
    difference: Decimal
    parts: Mapping[str, Decimal]
    signals: tuple[AttributedSignal, ...]


class CompareAccounts(
    Query[Attribution], frozen=True, kw_only=True, tag="execution.compare_accounts.v1"
):
    """Where does the difference between two accounts come from?"""

    account: str
    against: str


class GetPerformance(
    Query[AccountPerformance], frozen=True, kw_only=True, tag="execution.get_performance.v1"
):
    """How has this account done? The last `limit` points of equity."""

    account: str
    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1000
