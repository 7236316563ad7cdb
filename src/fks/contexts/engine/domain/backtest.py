"""One backtest from request to result, given the parts it is made of.

`prepare` refuses whatever cannot work before anything runs; `execute` runs. Neither reads a file
or a clock: the dataset is opened and the code version told by the caller.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from fks.contexts.engine.domain.bars import adjust_instrument, retick
from fks.contexts.engine.domain.failures import strategy_code
from fks.contexts.engine.domain.manifest import RunManifest, make_manifest
from fks.contexts.engine.domain.parameters import decode_params
from fks.contexts.engine.domain.runner import CHUNK_BARS, Ride, drive
from fks.contexts.engine.domain.session import choose_tier
from fks.contexts.engine.domain.statistics import metrics
from fks.contexts.engine.domain.trades import TradeColumns, trade_columns
from fks.contracts.columns import BarColumns, Int64
from fks.contracts.engine import BacktestRequest, Strategy
from fks.contracts.execution import DeskConfig, Desks
from fks.contracts.transformer import FeaturePipelines
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid

__all__ = ["Material", "Outcome", "Plan", "check_request", "execute", "make_ride", "prepare"]


@dataclass(frozen=True)
class Material:
    """The bars of a run and where they come from."""

    name: str
    hash: str
    synthetic: bool
    instrument: Instrument
    bars: BarColumns


@dataclass(frozen=True)
class Plan:
    """A backtest that can run."""

    request: BacktestRequest
    kind: type[Strategy]
    params: Any
    tier: str
    material: Material
    config: DeskConfig

    def manifest(self, code_version: str) -> RunManifest:
        """Return what the result will follow from."""
        bars = self.material.bars
        return make_manifest(
            code_version=code_version,
            strategy=self.kind.name,
            params=self.params,
            tier=self.tier,
            compiled=self.request.compiled,
            seed=self.request.seed,
            dataset_hash=self.material.hash,
            synthetic=self.material.synthetic,
            span=(len(bars), int(bars.ts_ns[0]), int(bars.ts_ns[-1])),
            config=self.config,
        )


@dataclass(frozen=True)
class Outcome:
    """What came of a backtest, in columns; money in nanos, quantities in lots."""

    signals: int
    orders: Mapping[str, Any]
    fills: Mapping[str, Any]
    equity_nanos: Int64
    position_lots: Int64
    trades: TradeColumns
    metrics: Mapping[str, float | None]


def check_request(request: BacktestRequest, kind: type[Strategy]) -> None:
    """Refuse what is wrong in a request itself, before its dataset is even opened.

    Raises `Invalid` naming the field and what would work.
    """
    decode_params(kind, request.params)
    choose_tier(kind, request.tier)
    for name in ("quantity", "cash"):
        value = getattr(request, name)
        if not (math.isfinite(value) and value > 0):
            raise Invalid(
                f"{name} must be a positive number, not {value}", code="engine.bad_request"
            )
    if request.from_ts_ns >= request.to_ts_ns:
        raise Invalid("the period ends before it begins", code="engine.bad_period")
    for name, value in msgspec.structs.asdict(request.costs).items():
        if not (math.isfinite(value) and value >= 0):
            raise Invalid(
                f"costs: {name} must be zero or positive, not {value}", code="engine.bad_request"
            )


def prepare(request: BacktestRequest, kind: type[Strategy], material: Material) -> Plan:
    """Return a plan. Raises `Invalid` where the request and the bars do not go together."""
    check_request(request, kind)
    instrument = adjust_instrument(
        material.instrument,
        tick_size=request.tick_size,
        lot_size=request.lot_size,
        multiplier=request.multiplier,
    )
    bars = retick(material.bars, instrument.tick_size)
    if not len(bars):
        raise Invalid(
            f"dataset {material.name} has no bars in this period; leave the period out to take all",
            code="engine.no_bars",
        )
    config = DeskConfig(
        instrument=instrument,
        cash=request.cash,
        quantity=request.quantity,
        fill_rule=request.fill_rule,
        costs=request.costs,
        limits=request.limits,
    )
    return Plan(
        request=request,
        kind=kind,
        params=decode_params(kind, request.params),
        tier=choose_tier(kind, request.tier),
        material=Material(
            name=material.name,
            hash=material.hash,
            synthetic=material.synthetic,
            instrument=instrument,
            bars=bars,
        ),
        config=config,
    )


def make_ride(plan: Plan, desks: Desks, pipelines: FeaturePipelines) -> Ride:
    """Make strategy, features and desk for one run."""
    compiled = plan.request.compiled
    desk = desks.make(plan.config, compiled=compiled)
    strategy = plan.kind(plan.params, plan.config.instrument)
    strategy.seed = plan.request.seed
    with strategy_code(strategy):
        specs = strategy.indicators()
    return Ride(
        strategy=strategy,
        pipeline=pipelines.make(specs, compiled=compiled),
        desk=desk,
        tier=plan.tier,
    )


def execute(
    plan: Plan,
    desks: Desks,
    pipelines: FeaturePipelines,
    *,
    on_progress: Callable[[int], None] = lambda done: None,
    cancelled: Callable[[], bool] = lambda: False,
    chunk_bars: int = CHUNK_BARS,
) -> Outcome:
    """Run a plan to its end and judge the result."""
    ride = make_ride(plan, desks, pipelines)
    bars = plan.material.bars
    drive(ride, bars, on_progress=on_progress, cancelled=cancelled, chunk_bars=chunk_bars)
    desk = ride.desk
    fills = desk.fill_columns()
    equity_nanos, position_lots = desk.equity_nanos(), desk.position_lots()
    trades = trade_columns(fills, bars, plan.config.instrument, plan.request.fill_rule)
    return Outcome(
        signals=desk.signals,
        orders=desk.order_columns(),
        fills=fills,
        equity_nanos=equity_nanos,
        position_lots=position_lots,
        trades=trades,
        metrics=metrics(
            ts_ns=bars.ts_ns,
            equity=equity_nanos,
            cash=plan.config.cash,
            position=position_lots,
            trades=trades,
            close=bars.close_ticks,
        ),
    )
