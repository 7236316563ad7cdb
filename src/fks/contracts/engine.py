"""What engine publishes and answers, and the Strategy API that plugins build on.

A strategy is one class, the same object in backtest, paper and live. It decides in one of three
tiers, whichever it implements; a strategy that implements several must decide alike in each:

- `on_bar(bar, values, desk)`: plain Python at every bar; the indicators are already updated.
- `triggers()` and `on_trigger(fired, bar, values, desk)`: Python only when a trigger fires.
- `on_batch(bars, features)`: columns in, one desired side a bar out; no Python in the loop.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

import msgspec

from fks.contracts.columns import BarColumns, FeatureColumns, Float64, Int64
from fks.contracts.execution import CostModel, Fill, RiskLimits, StrategyDesk
from fks.contracts.transformer import IndicatorSpec
from fks.contracts.values import FillRule, Instrument, OrderType, PositionSide, Side
from fks.kernel.hooks import spec
from fks.kernel.messages import Command, Event, Query

__all__ = [
    "NO_OPINION",
    "Action",
    "BacktestRequest",
    "BacktestResult",
    "Backtester",
    "BarDecided",
    "CancelRun",
    "CheckStrategy",
    "CompareRuns",
    "Comparison",
    "CurrentSignal",
    "CurrentSignals",
    "GetRun",
    "GetRunReport",
    "GetRunSeries",
    "GetRunTrades",
    "ListRuns",
    "ListStrategies",
    "ParamInfo",
    "Run",
    "RunFinished",
    "RunList",
    "RunProgressed",
    "RunReport",
    "RunSeries",
    "RunStatus",
    "RunTrades",
    "ScanSignals",
    "Signal",
    "SignalRaised",
    "StartBacktest",
    "Strategy",
    "StrategyInfo",
    "StrategyList",
    "StrategyReported",
    "Trade",
    "Trigger",
]

NO_OPINION = -128
"""In the sides of `on_batch`: leave what the strategy aims at as it is."""


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """A condition on two columns, evaluated by compiled code.

    `kind` is `cross_above`, `cross_below` (the relation turned true at this bar), `above` or
    `below` (it holds at this bar). `left` and `right` name features or price columns (`close`,
    ...); `right` may be a number. The relation is `left - right > tolerance` (or `<
    -tolerance`), false while either side is NaN. A cross needs the relation to be false at the
    bar before, or that bar to be in warm-up.
    """

    kind: str
    left: str
    right: str | float
    tolerance: float = 0.0


class Strategy:
    """Decide what to aim at, bar by bar. Subclass it, set `name`, `summary` and `Params`.

    `Params` is a frozen Struct whose fields carry their limits (`Annotated[int, Meta(ge=1)]`)
    and defaults. A subclass may keep state in itself: it is made anew for every run. It never
    reads a clock or a file, and draws no numbers but from a generator seeded with `seed`, which
    is the run's (0 in sessions).

    A strategy that listens to its fills (`on_fill`) has them in every tier, at the price of the
    slowest: every bar is then visited.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    seed: int = 0

    class Params(msgspec.Struct, frozen=True, kw_only=True):
        """No parameters."""

    def __init__(self, params: Any, instrument: Instrument) -> None:
        self.params = params
        self.instrument = instrument

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Return the indicators this strategy reads, by the name it gives them."""
        return {}

    def triggers(self) -> Sequence[Trigger]:
        """Return the conditions at which `on_trigger` is called, 63 at most."""
        return ()

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at the close of a bar. `values` is a named tuple of the indicators."""
        raise NotImplementedError

    def on_trigger(self, fired: int, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Decide at a bar where triggers fired: bit k of `fired` is trigger k."""
        raise NotImplementedError

    def on_batch(self, bars: BarColumns, features: FeatureColumns) -> Any:
        """Return the desired side after each bar: int8 (n,), 1, 0, -1 or `NO_OPINION`.

        Called with consecutive chunks; row i may depend on rows up to i only.
        """
        raise NotImplementedError

    def on_fill(self, fill: Fill, desk: StrategyDesk) -> None:
        """Take note of a fill of this strategy; called before `on_bar` of the same bar."""


class Action(enum.Enum):
    """What a signal asks for."""

    TARGET = "target"
    ORDER = "order"
    CANCEL = "cancel"
    CANCEL_ALL = "cancel_all"


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """One decision of a strategy at one bar.

    `number` counts the decisions of that bar from 0. For `target`, `quantity` is the signed
    quantity aimed at and None means the configured one in the direction of `side`. For `order`,
    `order_side`, `quantity`, `type` and the price say what to place, and `order_number` counts
    the strategy's orders from 1; for `cancel`, `order_number` says which.
    """

    id: str
    action: Action
    number: int
    side: PositionSide = PositionSide.FLAT
    strength: float = 1.0
    quantity: float | None = None
    order_number: int = 0
    order_side: Side = Side.BUY
    type: OrderType = OrderType.MARKET
    limit_price: float | None = None
    stop_price: float | None = None


class SignalRaised(Event, frozen=True, kw_only=True, tag="engine.signal_raised.v1"):
    """A strategy decided something at the close of bar `bar_ts_ns`."""

    session_id: str
    strategy: str
    instrument: str
    timeframe: str
    bar_ts_ns: int
    bar_index: int
    price: float
    signal: Signal
    dataset_hash: str = ""


class BarDecided(Event, frozen=True, kw_only=True, tag="engine.bar_decided.v1"):
    """The strategy is done with a bar and raised `signals` signals at it.

    The desk takes the next bar only after this, so that a replay gives the same fills in one
    process and over a network, whatever the order in which topics arrive.
    """

    session_id: str
    bar_ts_ns: int
    bar_index: int
    signals: int
    error: str = ""


class StrategyReported(Event, frozen=True, kw_only=True, tag="engine.strategy_reported.v1"):
    """A process decides for `sessions` sessions of a strategy; not `alive`: it stopped on purpose.

    Sent every `engine.heartbeat_s` while it does; whoever trades its signals takes silence for
    the death of the process.
    """

    strategy: str
    ts_ns: int
    sessions: int = 0
    alive: bool = True


class ParamInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter of a strategy: its type, default and limits, for help texts and forms."""

    name: str
    type: str
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    summary: str = ""


class StrategyInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy on offer; `tiers` are those it implements of `bar`, `trigger`, `batch`."""

    name: str
    summary: str
    params: tuple[ParamInfo, ...]
    tiers: tuple[str, ...]
    origin: str = "fks"


class StrategyList(msgspec.Struct, frozen=True, kw_only=True):
    """All strategies, by name."""

    strategies: tuple[StrategyInfo, ...]


class RunStatus(enum.Enum):
    """Where a backtest stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class BacktestRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to run. Times bound the bars' opens; `tier` is `auto`, `batch`, `trigger` or `bar`."""

    strategy: str
    dataset: str
    params: Mapping[str, Any] = {}
    quantity: float = 1.0
    cash: float = 100_000.0
    fill_rule: FillRule = FillRule.NEXT_OPEN
    costs: CostModel = CostModel()
    limits: RiskLimits = RiskLimits(
        max_order_quantity=None, max_position_quantity=None, max_order_notional=None
    )
    from_ts_ns: int = 0
    to_ts_ns: int = 2**63 - 1
    tick_size: str | None = None
    lot_size: str | None = None
    multiplier: str | None = None
    seed: int = 0
    tier: str = "auto"
    compiled: bool = True


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A backtest: request, state, and once done its figures and hashes.

    `id` is sortable; `manifest_hash` names the content (code version, dataset hash, parameters,
    seed, costs): equal hashes mean equal results. `not_modelled` says what was left out.
    """

    id: str
    request: BacktestRequest
    status: RunStatus
    created_at_ns: int
    progress: float = 0.0
    strategy: str = ""
    dataset: str = ""
    dataset_hash: str = ""
    synthetic: bool = False
    manifest_hash: str = ""
    code_version: str = ""
    tier: str = ""
    bars: int = 0
    signals: int = 0
    orders: int = 0
    rejected: int = 0
    fills: int = 0
    final_equity: float = 0.0
    duration_s: float = 0.0
    metrics: Mapping[str, float | None] = {}
    not_modelled: tuple[str, ...] = ()
    error: str = ""
    report_path: str = ""


class RunList(msgspec.Struct, frozen=True, kw_only=True):
    """Runs, newest first."""

    runs: tuple[Run, ...]


class RunSeries(msgspec.Struct, frozen=True, kw_only=True):
    """Equity and drawdown of a run, thinned to at most the asked-for points.

    Thinning keeps the first, last, lowest and highest point of each stretch. `drawdown` is a
    fraction of the running peak, zero or negative.
    """

    run_id: str
    ts_ns: tuple[int, ...]
    equity: tuple[float, ...]
    drawdown: tuple[float, ...]
    position: tuple[float, ...]
    total: int


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """A round trip from flat to flat (or to the reversal), after fees.

    `mae` and `mfe` are the worst and best open profit during it, in currency; `open` marks a
    trade still open at the end, valued at the last close.
    """

    number: int
    side: PositionSide
    quantity: float
    entry_ts_ns: int
    exit_ts_ns: int
    entry_price: float
    exit_price: float
    pnl: float
    fees: float
    return_fraction: float
    bars: int
    mae: float
    mfe: float
    open: bool = False


class RunTrades(msgspec.Struct, frozen=True, kw_only=True):
    """The trades, orders and fills of a run: the last `limit` of each."""

    run_id: str
    trades: tuple[Trade, ...]
    fills: tuple[Fill, ...]
    total_trades: int
    total_fills: int


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """The tear sheet of a run: one self-contained HTML page."""

    run_id: str
    html: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Runs side by side: their records, and what differs between their requests."""

    runs: tuple[Run, ...]
    differences: Mapping[str, tuple[str, ...]]
    series: tuple[RunSeries, ...]


class CurrentSignal(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy with default parameters aims at after a dataset's last bar.

    `symbol, side, strength, timestamp, strategy` are the wire form of a signal.
    """

    symbol: str
    side: str
    strength: float
    timestamp: int
    strategy: str
    meta: Mapping[str, Any] = {}


class CurrentSignals(msgspec.Struct, frozen=True, kw_only=True):
    """Current signals of all strategies."""

    signals: tuple[CurrentSignal, ...]


class RunProgressed(Event, frozen=True, kw_only=True, tag="engine.run_progressed.v1"):
    """A backtest advanced; `progress` goes from 0 to 1."""

    run_id: str
    progress: float
    bars: int


class RunFinished(Event, frozen=True, kw_only=True, tag="engine.run_finished.v1"):
    """A backtest is done, failed or cancelled."""

    run: Run


class ListStrategies(
    Query[StrategyList], frozen=True, kw_only=True, tag="engine.list_strategies.v1"
):
    """Which strategies are there?"""


class CheckStrategy(Query[StrategyInfo], frozen=True, kw_only=True, tag="engine.check_strategy.v1"):
    """Can this strategy be made with these parameters? Unknown or out of range: an error."""

    strategy: str
    params: Mapping[str, Any] = {}
    instrument: Instrument


class StartBacktest(Command[Run], frozen=True, kw_only=True, tag="engine.start_backtest.v1"):
    """Queue a backtest; the reply is its record, whose id to ask for."""

    request: BacktestRequest


class CancelRun(Command[Run], frozen=True, kw_only=True, tag="engine.cancel_run.v1"):
    """Stop a queued or running backtest."""

    run_id: str


class GetRun(Query[Run], frozen=True, kw_only=True, tag="engine.get_run.v1"):
    """How does this backtest stand?"""

    run_id: str


class ListRuns(Query[RunList], frozen=True, kw_only=True, tag="engine.list_runs.v1"):
    """Which backtests are there?"""

    limit: int = 50


class GetRunSeries(Query[RunSeries], frozen=True, kw_only=True, tag="engine.get_run_series.v1"):
    """What are the equity and drawdown of this backtest?"""

    run_id: str
    points: int = 2000


class GetRunTrades(Query[RunTrades], frozen=True, kw_only=True, tag="engine.get_run_trades.v1"):
    """What did this backtest trade?"""

    run_id: str
    limit: int = 500


class GetRunReport(Query[RunReport], frozen=True, kw_only=True, tag="engine.get_run_report.v1"):
    """What is the tear sheet of this backtest?"""

    run_id: str


class CompareRuns(Query[Comparison], frozen=True, kw_only=True, tag="engine.compare_runs.v1"):
    """How do these backtests differ?"""

    run_ids: tuple[str, ...]


class ScanSignals(Query[CurrentSignals], frozen=True, kw_only=True, tag="engine.scan_signals.v1"):
    """What do the strategies aim at now, on all datasets or those of one symbol?"""

    symbol: str = ""


class BacktestResult(Protocol):
    """A backtest that is done, in memory: what a notebook works with.

    `run` is its record; arrays have one entry a bar: `ts_ns` each bar's open, `equity` in
    currency after it, `position` signed in units.
    """

    @property
    def run(self) -> Run:
        """Return the record: request, hashes, counts and figures."""
        ...

    @property
    def ts_ns(self) -> Int64:
        """Return the bars' opens in UTC nanoseconds."""
        ...

    @property
    def equity(self) -> Float64:
        """Return the equity after each bar."""
        ...

    @property
    def position(self) -> Float64:
        """Return the signed quantity held after each bar."""
        ...

    @property
    def fills(self) -> tuple[Fill, ...]:
        """Return all fills in order."""
        ...

    @property
    def trades(self) -> tuple[Trade, ...]:
        """Return the round trips."""
        ...

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """Return the statistics; None where one is not defined."""
        ...

    def report(self) -> str:
        """Return the tear sheet: one self-contained HTML page."""
        ...

    def save(self) -> Path:
        """Write the run under the home folder, where `fks` finds it, and return its folder."""
        ...


class Backtester(Protocol):
    """Run backtests in the calling thread, without a server."""

    def run(
        self,
        request: BacktestRequest,
        *,
        strategy_class: type[Strategy] | None = None,
        bars: BarColumns | None = None,
        instrument: Instrument | None = None,
    ) -> BacktestResult:
        """Run to the end and return the result; nothing is written until `save`.

        `strategy_class` stands in for the registered one of `request.strategy`; `bars` of
        `instrument` stand in for `request.dataset`. Raises `NotFound` and `Invalid` as a job
        would fail, before anything runs where that can be known.
        """
        ...


@spec(firstresult=True)
def fks_backtester(home: Path, hook: Any) -> Backtester:  # type: ignore[empty-body]  # as below
    """Return the backtester over the store in `home`; `hook` is the relay of the plugins."""


@spec
def fks_strategies() -> Iterable[type[Strategy]]:  # type: ignore[empty-body]  # a spec has no body
    """Return strategy classes. Consumed by engine."""
