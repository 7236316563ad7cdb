"""The table of contents of the execution context."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fks.contracts.execution import Desks, VenueSpec
from fks.kernel.hooks import impl
from fks.kernel.manifest import Manifest

if TYPE_CHECKING:
    import click
    from sqlalchemy import MetaData

    from fks.contracts.data.datasets import DatasetReferences
    from fks.kernel.benchmarks import Benchmark
    from fks.kernel.bus import Wiring
    from fks.kernel.health import Check
    from fks.kernel.runtime import Runtime
    from fks.kernel.services import Service


@impl
def fks_manifest() -> Manifest:
    """Name the context."""
    return Manifest(
        name="execution",
        summary="Orders, fills and positions; paper sessions on the desk that backtests use",
        uses=("data", "engine"),
    )


@impl
def fks_settings() -> Mapping[str, type[Any]]:
    """Own the section [execution]."""
    from fks.contexts.execution.settings import ExecutionSettings

    return {"execution": ExecutionSettings}


@impl
def fks_messages() -> Iterable[type[Any]]:
    """Publish and answer all that the contract of execution says."""
    from fks.contracts import execution as said
    from fks.kernel.messages import Event, Query

    named = (getattr(said, name) for name in said.__all__)
    return [kind for kind in named if isinstance(kind, type) and issubclass(kind, Event | Query)]


@impl
def fks_wire(runtime: Runtime, wiring: Wiring) -> None:
    """Hear bars and signals, answer commands and questions."""
    from fks.contexts.execution.handlers import wire

    wire(runtime, wiring)


@impl
def fks_services(runtime: Runtime) -> Iterable[Service]:
    """Run the sessions, and the trading accounts."""
    from fks.contexts.execution.service.execution import Execution
    from fks.contexts.execution.service.trading.gate_feed import GateFeed
    from fks.contexts.execution.service.trading.trading import Trading
    from fks.kernel.services import Service

    execution = runtime.singleton(Execution, lambda: Execution(runtime))
    trading = runtime.singleton(Trading, lambda: Trading(runtime))
    feed = runtime.singleton(GateFeed, lambda: GateFeed(runtime, trading))
    return [
        Service("sessions", execution.runner.run),
        Service("trading", trading.run),
        Service("gates", feed.run),
    ]


@impl
def fks_tables() -> MetaData:
    """Keep sessions, orders, fills, equity and snapshots."""
    from fks.contexts.execution.tables import metadata

    return metadata


@impl
def fks_health(runtime: Runtime) -> Iterable[Check]:
    """Say how the sessions are, and whether they can be read."""
    from fks.contexts.execution.service.execution import Execution
    from fks.contexts.execution.service.trading.trading import Trading
    from fks.kernel.health import Check

    execution = runtime.singleton(Execution, lambda: Execution(runtime))
    trading = runtime.singleton(Trading, lambda: Trading(runtime))
    return [
        Check("sessions", execution.check_sessions),
        Check("store", execution.check_store),
        Check("trading", trading.check),
    ]


@impl
def fks_desks() -> Desks:
    """Lend desks to backtests and to our own sessions."""
    from fks.contexts.execution.domain.desks import DeskMaker

    return DeskMaker()


@impl
def fks_venues() -> Iterable[VenueSpec]:
    """Bring the venues of the house."""
    from fks.contexts.execution.adapters.venues.registry import SPECS

    return SPECS


@impl
def fks_commands() -> Iterable[click.Command]:
    """Trade, watch risk, stop everything."""
    from fks.contexts.execution.cli import commands

    return commands()


@impl
def fks_benchmarks() -> Iterable[Benchmark]:
    """Bring `fks bench matching`, `execution` and `soak`."""
    from fks.contexts.execution.service.benchmarks import BENCHMARKS

    return BENCHMARKS


@impl
def fks_dataset_references(home: Path, database: Any) -> DatasetReferences:
    """Tell which datasets the sessions need."""
    from fks.contexts.execution.store.references import SessionReferences

    return SessionReferences(database)
