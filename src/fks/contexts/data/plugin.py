"""The table of contents of the data context."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fks.kernel.hooks import impl
from fks.kernel.manifest import Manifest

if TYPE_CHECKING:
    import click

    from fks.contracts.data import DatasetSource, ProviderSpec
    from fks.contracts.data.quality import QualityRule
    from fks.kernel.benchmarks import Benchmark
    from fks.kernel.bus import Wiring
    from fks.kernel.health import Check
    from fks.kernel.runtime import Runtime
    from fks.kernel.services import Service


@impl
def fks_manifest() -> Manifest:
    """Name the context."""
    return Manifest(
        name="data",
        summary="Datasets: import, validation, replay",
        uses=("execution",),
    )


@impl
def fks_settings() -> Mapping[str, type[Any]]:
    """Own [data], [fetching], [streams], [synthetic], and a section a remote provider."""
    from fks.contexts.data.adapters.providers.specs import SECTIONS
    from fks.contexts.data.adapters.synthetic import SyntheticSettings
    from fks.contexts.data.settings import DataSettings, FetchSettings, KeptStreamSettings

    return {
        "data": DataSettings,
        "fetching": FetchSettings,
        "streams": KeptStreamSettings,
        "synthetic": SyntheticSettings,
        **SECTIONS,
    }


@impl
def fks_messages() -> Iterable[type[Any]]:
    """Publish and answer these."""
    from fks.contracts import data
    from fks.contracts.data import (
        connections,
        datasets,
        differences,
        instruments,
        live,
        reports,
        ticks,
        tracking,
    )
    from fks.kernel.messages import Event, Query

    told = (data, connections, datasets, differences, instruments, live, reports, ticks, tracking)
    named = [getattr(module, name) for module in told for name in module.__all__]
    return [kind for kind in named if isinstance(kind, type) and issubclass(kind, (Event, Query))]


@impl
def fks_wire(runtime: Runtime, wiring: Wiring) -> None:
    """Answer for datasets and replay them."""
    from fks.contexts.data.handlers import wire

    wire(runtime, wiring)


@impl
def fks_services(runtime: Runtime) -> Iterable[Service]:
    """Run the replays, tell what was stored, keep tracked assets fresh and streams live."""
    from fks.contexts.data import handlers

    return [
        handlers.replay_service(runtime),
        handlers.announcing_service(runtime),
        handlers.tracking_service(runtime),
        handlers.streams_service(runtime),
    ]


@impl
def fks_health(runtime: Runtime) -> Iterable[Check]:
    """Check the store, providers, that tracked assets are fresh and streams live."""
    from fks.contexts.data import handlers

    return [
        handlers.store_check(runtime),
        handlers.providers_check(runtime),
        handlers.streams_check(runtime),
        handlers.tracking_check(runtime),
    ]


@impl
def fks_commands() -> Iterable[click.Command]:
    """Bring `fks data` and `fks instruments`."""
    from fks.contexts.data.cli import command
    from fks.contexts.data.cli.instruments import instruments

    return [command(), instruments]


@impl
def fks_benchmarks() -> Iterable[Benchmark]:
    """Bring `fks bench stream`."""
    from fks.contexts.data.service.benchmarks import BENCHMARKS

    return BENCHMARKS


@impl
def fks_providers() -> Iterable[ProviderSpec]:
    """Bring synthetic bars, the samples, and the remote providers."""
    from fks.contexts.data.adapters.providers.local import LOCAL
    from fks.contexts.data.adapters.providers.specs import SPECS

    return [*LOCAL, *SPECS]


@impl
def fks_quality_rules() -> Iterable[QualityRule]:
    """Bring the rules of FKS."""
    from fks.contexts.data.domain.rules.built_in import BUILT_IN

    return BUILT_IN


@impl
def fks_dataset_source(home: Path) -> DatasetSource:
    """Open datasets in-process."""
    from fks.contexts.data.service.source import Source
    from fks.contexts.data.store import DatasetStore

    return Source(DatasetStore(home))
