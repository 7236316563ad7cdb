"""What engine listens to and answers; each handler only decodes, calls a service and returns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from fks.contexts.engine.domain.parameters import describe, make_strategy
from fks.contexts.engine.service.heartbeats import Heartbeats
from fks.contexts.engine.service.jobs import Jobs
from fks.contexts.engine.service.results import Results
from fks.contexts.engine.service.scanner import Scanner
from fks.contexts.engine.service.sessions import LiveSessions
from fks.contracts.data import BarClosed
from fks.contracts.engine import (
    CancelRun,
    CheckStrategy,
    CompareRuns,
    Comparison,
    CurrentSignals,
    GetRun,
    GetRunReport,
    GetRunSeries,
    GetRunTrades,
    ListRuns,
    ListStrategies,
    Run,
    RunList,
    RunReport,
    RunSeries,
    RunTrades,
    ScanSignals,
    StartBacktest,
    StrategyInfo,
    StrategyList,
)
from fks.contracts.execution import (
    BarMatched,
    OrderFilled,
    SessionChanged,
    SessionRecovered,
    SessionStarted,
)
from fks.kernel.bus import Wiring
from fks.kernel.health import Check, CheckResult, Status
from fks.kernel.messages import Meta
from fks.kernel.runtime import Runtime
from fks.kernel.services import Service

__all__ = ["checks", "services", "wire"]


class Handlers:
    """The handlers of one process."""

    def __init__(self, runtime: Runtime) -> None:
        self.jobs = runtime.singleton(Jobs, lambda: Jobs(runtime))
        backtester = self.jobs.backtester
        self.results = Results(backtester.files)
        self.scanner = Scanner(backtester, self.jobs.settings.scan_bars)
        self.sessions = runtime.singleton(LiveSessions, lambda: LiveSessions(runtime, backtester))

    async def on_session_started(self, event: SessionStarted, meta: Meta) -> None:
        """Make the strategy of a session."""
        await self.sessions.begin(event.session, meta)

    async def on_session_recovered(self, event: SessionRecovered, meta: Meta) -> None:
        """Make the strategy of a session again."""
        await self.sessions.take_up(event.session, meta)

    async def on_session_changed(self, event: SessionChanged, meta: Meta) -> None:
        """Forget a session that is over."""
        self.sessions.end(event.session)

    async def on_bar_closed(self, event: BarClosed, meta: Meta) -> None:
        """Take a bar."""
        await self.sessions.on_bar(event, meta)

    async def on_order_filled(self, event: OrderFilled, meta: Meta) -> None:
        """Take a fill."""
        self.sessions.on_fill(event)

    async def on_bar_matched(self, event: BarMatched, meta: Meta) -> None:
        """Let the strategy decide."""
        await self.sessions.on_matched(event, meta)

    async def list_strategies(self, query: ListStrategies, meta: Meta) -> StrategyList:
        """Name the strategies."""
        kinds = self.jobs.backtester.catalog.all()
        return StrategyList(strategies=tuple(describe(kind) for kind in kinds))

    async def check_strategy(self, query: CheckStrategy, meta: Meta) -> StrategyInfo:
        """Make a strategy and throw it away."""
        kind = self.jobs.backtester.catalog.get(query.strategy)
        make_strategy(kind, query.params, query.instrument)
        return describe(kind)

    async def start_backtest(self, command: StartBacktest, meta: Meta) -> Run:
        """Queue a backtest."""
        return await self.jobs.start(command.request, command.key)

    async def cancel_run(self, command: CancelRun, meta: Meta) -> Run:
        """Stop a backtest."""
        return await self.jobs.cancel(command.run_id)

    async def get_run(self, query: GetRun, meta: Meta) -> Run:
        """Tell how a backtest stands."""
        return await self.jobs.get(query.run_id)

    async def list_runs(self, query: ListRuns, meta: Meta) -> RunList:
        """Name the backtests."""
        return RunList(runs=await self.jobs.latest(query.limit))

    async def get_run_series(self, query: GetRunSeries, meta: Meta) -> RunSeries:
        """Draw a backtest."""
        return await asyncio.to_thread(self.results.series, query.run_id, query.points)

    async def get_run_trades(self, query: GetRunTrades, meta: Meta) -> RunTrades:
        """List what a backtest traded."""
        return await asyncio.to_thread(self.results.trades, query.run_id, query.limit)

    async def get_run_report(self, query: GetRunReport, meta: Meta) -> RunReport:
        """Show the tear sheet."""
        return await asyncio.to_thread(self.results.report, query.run_id)

    async def compare_runs(self, query: CompareRuns, meta: Meta) -> Comparison:
        """Show backtests side by side."""
        runs = tuple([await self.jobs.get(run_id) for run_id in query.run_ids])
        return await asyncio.to_thread(self.results.compare, runs)

    async def scan_signals(self, query: ScanSignals, meta: Meta) -> CurrentSignals:
        """Say what the strategies aim at now."""
        return await asyncio.to_thread(self.scanner.scan, query.symbol)


def wire(runtime: Runtime, wiring: Wiring) -> None:
    """Register everything."""
    handlers = runtime.singleton(Handlers, lambda: Handlers(runtime))
    wiring.on(SessionStarted, handlers.on_session_started)
    wiring.on(SessionRecovered, handlers.on_session_recovered)
    wiring.on(SessionChanged, handlers.on_session_changed)
    wiring.on(BarClosed, handlers.on_bar_closed)
    wiring.on(OrderFilled, handlers.on_order_filled)
    wiring.on(BarMatched, handlers.on_bar_matched)
    answers: dict[Any, Callable[[Any, Meta], Awaitable[Any]]] = {
        CheckStrategy: handlers.check_strategy,
        ListStrategies: handlers.list_strategies,
        StartBacktest: handlers.start_backtest,
        CancelRun: handlers.cancel_run,
        GetRun: handlers.get_run,
        ListRuns: handlers.list_runs,
        GetRunSeries: handlers.get_run_series,
        GetRunTrades: handlers.get_run_trades,
        GetRunReport: handlers.get_run_report,
        CompareRuns: handlers.compare_runs,
        ScanSignals: handlers.scan_signals,
    }
    for kind, handler in answers.items():
        wiring.answer(kind, handler)


def services(runtime: Runtime) -> tuple[Service, ...]:
    """Return the loops that run what is queued, and that say which strategies are alive."""
    handlers = runtime.singleton(Handlers, lambda: Handlers(runtime))
    beats = Heartbeats(runtime, handlers.sessions)
    return (Service("backtests", handlers.jobs.serve), Service("heartbeats", beats.run))


def checks(runtime: Runtime) -> tuple[Check, ...]:
    """Return how full the queue is."""
    jobs = runtime.singleton(Handlers, lambda: Handlers(runtime)).jobs

    async def probe() -> CheckResult:
        if jobs.waiting >= jobs.settings.queued_runs:
            return CheckResult(Status.DEGRADED, f"{jobs.waiting} backtests wait")
        return CheckResult(Status.HEALTHY)

    return (Check("backtests", probe),)
