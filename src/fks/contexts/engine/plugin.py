"""The table of contents of the engine context."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fks.kernel.hooks import impl
from fks.kernel.manifest import Manifest

if TYPE_CHECKING:
    import click
    from sqlalchemy import MetaData

    from fks.contracts.data.datasets import DatasetReferences
    from fks.contracts.engine import Backtester, Strategy
    from fks.kernel.benchmarks import Benchmark
    from fks.kernel.bus import Wiring
    from fks.kernel.health import Check
    from fks.kernel.runtime import Runtime
    from fks.kernel.services import Service


@impl
def fks_manifest() -> Manifest:
    """Name the context."""
    return Manifest(
        name="engine",
        summary="Strategies, backtests, and the decisions of paper sessions",
        requires=("data", "transformer", "execution"),
    )


@impl
def fks_settings() -> Mapping[str, type[Any]]:
    """Own the section [engine]."""
    from fks.contexts.engine.settings import EngineSettings

    return {"engine": EngineSettings}


@impl
def fks_messages() -> Iterable[type[Any]]:
    """Publish and answer what the contract lists."""
    from fks.contracts import engine
    from fks.kernel.messages import Event, Query

    found = (getattr(engine, name) for name in engine.__all__)
    return [kind for kind in found if isinstance(kind, type) and issubclass(kind, Event | Query)]


@impl
def fks_wire(runtime: Runtime, wiring: Wiring) -> None:
    """Listen to sessions, answer for backtests."""
    from fks.contexts.engine.handlers import wire

    wire(runtime, wiring)


@impl
def fks_services(runtime: Runtime) -> Iterable[Service]:
    """Run what is queued."""
    from fks.contexts.engine.handlers import services

    return services(runtime)


@impl
def fks_health(runtime: Runtime) -> Iterable[Check]:
    """Tell how the queue is."""
    from fks.contexts.engine.handlers import checks

    return checks(runtime)


@impl
def fks_tables() -> MetaData:
    """Own `engine_runs`."""
    from fks.contexts.engine.tables import metadata

    return metadata


@impl
def fks_commands() -> Iterable[click.Command]:
    """Bring `fks backtest` and `fks strategies`."""
    from fks.contexts.engine.cli import backtest, strategies

    return [backtest, strategies]


@impl
def fks_strategies() -> Iterable[type[Strategy]]:
    """Bring the built-in strategies."""
    from fks.contexts.engine.domain.strategies.breakout import Breakout, BreakoutStop
    from fks.contexts.engine.domain.strategies.rsi_reversion import RsiReversion
    from fks.contexts.engine.domain.strategies.sma_cross import SmaCross

    return [SmaCross, RsiReversion, Breakout, BreakoutStop]


@impl
def fks_backtester(home: Path, hook: Any) -> Backtester:
    """Run backtests for libraries and notebooks."""
    from fks.contexts.engine.service.backtester import LocalBacktester

    return LocalBacktester(home, hook)


@impl
def fks_dataset_references(home: Path, database: Any) -> DatasetReferences:
    """Tell which datasets the runs need."""
    from fks.contexts.engine.service.references import RunReferences

    return RunReferences(home, database)


@impl
def fks_benchmarks() -> Iterable[Benchmark]:
    """Bring `fks bench backtest`."""
    from fks.kernel.benchmarks import Benchmark

    return [
        Benchmark(
            "backtest",
            "The tiers of a backtest against a fused loop and a bare Python loop",
            "fks.contexts.engine.service.bench:run",
        )
    ]
