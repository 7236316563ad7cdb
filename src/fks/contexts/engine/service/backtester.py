"""Run backtests in the calling thread: what jobs, commands and notebooks share.

It stands on the extensions of other contexts (desks, features, datasets), found through the hook
relay, and on no server.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from fks.contexts.engine.adapters.run_files import RunFiles
from fks.contexts.engine.adapters.sources import code_version
from fks.contexts.engine.domain.backtest import (
    Material,
    Outcome,
    Plan,
    check_request,
    execute,
    prepare,
)
from fks.contexts.engine.domain.manifest import RunManifest, encode_manifest, hash_manifest
from fks.contexts.engine.domain.parameters import Catalog
from fks.contexts.engine.domain.records import fills_of, quantities
from fks.contexts.engine.domain.sheet import SheetSeries, render
from fks.contexts.engine.domain.statistics import currency
from fks.contexts.engine.domain.trades import trades_of
from fks.contracts.columns import BarColumns, Float64, Int64
from fks.contracts.data import DatasetSource
from fks.contracts.engine import BacktestRequest, Run, RunStatus, Strategy, Trade
from fks.contracts.execution import Desks, Fill, OrderStatus
from fks.contracts.transformer import FeaturePipelines
from fks.contracts.values import NANOS, Instrument
from fks.kernel.clock import Clock, SystemClock
from fks.kernel.errors import Invalid, Unavailable
from fks.kernel.ids import IdSource, content_hash

__all__ = ["FinishedRun", "LocalBacktester"]


class FinishedRun:
    """A backtest that is done, in memory (contracts.engine.BacktestResult)."""

    def __init__(
        self, run: Run, plan: Plan, outcome: Outcome, manifest: RunManifest, files: RunFiles
    ) -> None:
        self.run = run
        self._plan = plan
        self._outcome = outcome
        self._manifest = manifest
        self._files = files

    @property
    def ts_ns(self) -> Int64:
        """Return the bars' opens in UTC nanoseconds."""
        return self._plan.material.bars.ts_ns

    @property
    def equity(self) -> Float64:
        """Return the equity after each bar, in currency."""
        return currency(self._outcome.equity_nanos)

    @property
    def position(self) -> Float64:
        """Return the signed quantity held after each bar."""
        return quantities(self._outcome.position_lots, self._plan.config.instrument)

    @cached_property
    def fills(self) -> tuple[Fill, ...]:
        """Return all fills in order."""
        return fills_of(self._outcome.fills, self._plan.config.instrument)

    @cached_property
    def trades(self) -> tuple[Trade, ...]:
        """Return the round trips."""
        return trades_of(self._outcome.trades, self._plan.config.instrument)

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """Return the statistics; None where one is not defined."""
        return self.run.metrics

    @property
    def manifest(self) -> RunManifest:
        """Return what the result follows from."""
        return self._manifest

    def report(self) -> str:
        """Return the tear sheet: one self-contained HTML page."""
        series = SheetSeries(
            ts_ns=self.ts_ns,
            equity=self.equity,
            position=self.position,
            close=self._plan.material.bars.close,
        )
        return render(self.run, series, self._outcome.trades, self._plan.config.instrument)

    def save(self) -> Path:
        """Write the run under the home folder and return its folder."""
        return self._files.save(
            self.run,
            manifest=encode_manifest(self._manifest),
            outcome=self._outcome,
            bars=self._plan.material.bars,
            report=self.report(),
        )


class LocalBacktester:
    """Run backtests over the store in one home folder."""

    def __init__(
        self, home: Path, hook: Any, *, clock: Clock | None = None, ids: IdSource | None = None
    ) -> None:
        self.files = RunFiles(home)
        self._home = home
        self._hook = hook
        self._clock: Clock = clock or SystemClock()
        self._ids = ids or IdSource(self._clock)

    @cached_property
    def catalog(self) -> Catalog:
        """Return the strategies of all plugins."""
        return Catalog(kind for kinds in self._hook.fks_strategies() for kind in kinds)

    @cached_property
    def datasets(self) -> DatasetSource:
        """Return the datasets. Raises `Unavailable` where no plugin brings them."""
        source: DatasetSource = _found(self._hook.fks_dataset_source(home=self._home), "datasets")
        return source

    @cached_property
    def desks(self) -> Desks:
        """Return the maker of desks. Raises `Unavailable` where no plugin brings it."""
        desks: Desks = _found(self._hook.fks_desks(), "desks")
        return desks

    @cached_property
    def pipelines(self) -> FeaturePipelines:
        """Return the maker of features. Raises `Unavailable` where no plugin brings it."""
        made = self._hook.fks_feature_pipelines(hook=self._hook)
        pipelines: FeaturePipelines = _found(made, "features")
        return pipelines

    def run(
        self,
        request: BacktestRequest,
        *,
        strategy_class: type[Strategy] | None = None,
        bars: BarColumns | None = None,
        instrument: Instrument | None = None,
    ) -> FinishedRun:
        """Run to the end and return the result; nothing is written until `save`."""
        plan = self.plan(request, strategy_class, bars, instrument)
        return self.execute(plan, self.new_record(request))

    def new_record(self, request: BacktestRequest) -> Run:
        """Return the record of a run that waits."""
        return Run(
            id=self._ids.new(),
            request=request,
            status=RunStatus.QUEUED,
            created_at_ns=self._clock.now_ns(),
            strategy=request.strategy,
            dataset=request.dataset,
        )

    def plan(
        self,
        request: BacktestRequest,
        strategy_class: type[Strategy] | None = None,
        bars: BarColumns | None = None,
        instrument: Instrument | None = None,
    ) -> Plan:
        """Open what a request names. Raises `NotFound` or `Invalid` naming what would work."""
        kind = strategy_class or self.catalog.get(request.strategy)
        check_request(request, kind)
        return prepare(request, kind, self._material(request, bars, instrument))

    def execute(
        self,
        plan: Plan,
        run: Run,
        *,
        on_progress: Callable[[int], None] = lambda done: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> FinishedRun:
        """Run a plan and return the result under the record's id."""
        version = code_version(plan.kind)
        manifest = plan.manifest(version)
        begun_ns = self._clock.monotonic_ns()
        outcome = execute(
            plan, self.desks, self.pipelines, on_progress=on_progress, cancelled=cancelled
        )
        duration_ns = self._clock.monotonic_ns() - begun_ns
        done = msgspec.structs.replace(
            run,
            status=RunStatus.DONE,
            progress=1.0,
            strategy=plan.kind.name,
            dataset=plan.material.name,
            dataset_hash=plan.material.hash,
            synthetic=plan.material.synthetic,
            manifest_hash=hash_manifest(manifest),
            code_version=version,
            tier=plan.tier,
            bars=len(plan.material.bars),
            signals=outcome.signals,
            orders=len(outcome.orders["id"]),
            rejected=_rejected(outcome),
            fills=len(outcome.fills["id"]),
            final_equity=int(outcome.equity_nanos[-1]) / NANOS,
            duration_s=duration_ns / 1e9,
            metrics=outcome.metrics,
            not_modelled=manifest.not_modelled,
            report_path=str(self.files.folder(run.id) / "report.html"),
        )
        return FinishedRun(done, plan, outcome, manifest=manifest, files=self.files)

    def _material(
        self, request: BacktestRequest, bars: BarColumns | None, instrument: Instrument | None
    ) -> Material:
        """Return the bars to run over: those given, or those of the dataset."""
        if bars is None:
            dataset = self.datasets.open(request.dataset)
            info = dataset.info
            return Material(
                name=info.name,
                hash=info.hash,
                synthetic=info.synthetic,
                instrument=instrument or info.instrument,
                bars=dataset.columns(request.from_ts_ns, request.to_ts_ns),
            )
        if instrument is None:
            raise Invalid("bars need their instrument", code="engine.no_instrument")
        low, high = bars.ts_ns.searchsorted([request.from_ts_ns, request.to_ts_ns])
        part = bars[int(low) : int(high)]
        return Material(
            name=request.dataset or "bars",
            hash=_hash_bars(part),
            synthetic=False,
            instrument=instrument,
            bars=part,
        )


def _found(extension: Any, what: str) -> Any:
    """Return an extension. Raises `Unavailable` when no loaded plugin brings it."""
    if extension is None:
        raise Unavailable(
            f"no loaded plugin brings {what}; `fks plugins` lists those there are",
            code="engine.missing_extension",
        )
    return extension


def _hash_bars(bars: BarColumns) -> str:
    """Return a hash of bars that belong to no dataset."""
    columns = (
        bars.ts_ns,
        bars.open_ticks,
        bars.high_ticks,
        bars.low_ticks,
        bars.close_ticks,
        bars.volume,
    )
    parts = [memoryview(column.tobytes()) for column in columns]
    return content_hash(str(bars.tick_size).encode(), *parts)


def _rejected(outcome: Outcome) -> int:
    """Return how many orders were refused; columns number the states as the contract lists them."""
    refused = list(OrderStatus).index(OrderStatus.REJECTED)
    return int((outcome.orders["status"] == refused).sum())
