"""Answer questions, steer replays, say how the store is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fks.contexts.data.adapters.calendars import session_hours
from fks.contexts.data.service.announcing import Announcer
from fks.contexts.data.service.catalogue import Catalogue
from fks.contexts.data.service.comparing import compare
from fks.contexts.data.service.connections import Connections
from fks.contexts.data.service.deriving import wire_deriving
from fks.contexts.data.service.instruments import day_of, details_of, listed, resolved
from fks.contexts.data.service.quality import Inspector, rules_of
from fks.contexts.data.service.remote import Remote
from fks.contexts.data.service.replay import Replays
from fks.contexts.data.service.streaming.kept import LiveStreams
from fks.contexts.data.service.streaming.serving import live_streams, wire_streams
from fks.contexts.data.service.tracking import Tracking
from fks.contexts.data.service.versioned import wire_versions
from fks.contexts.data.settings import DataSettings
from fks.contexts.data.store import DatasetStore
from fks.contracts.data import (
    BarWindow,
    DatasetInfo,
    DatasetList,
    GetBars,
    GetDataset,
    GetInstrument,
    GetQuality,
    ListDatasets,
    QualityReport,
)
from fks.contracts.data.connections import (
    ListProviders,
    ProviderConnection,
    ProviderConnections,
    RemoveProviderKey,
    SetProviderKey,
)
from fks.contracts.data.instruments import (
    GetInstrumentDetails,
    GetResolvedSymbol,
    InstrumentDetails,
    InstrumentRegistry,
    ListInstruments,
    ResolvedSymbol,
)
from fks.contracts.data.quality import QualityRule
from fks.contracts.data.reports import (
    CompareDatasets,
    Coverage,
    DatasetComparison,
    GetCoverage,
    GetQualityDays,
    GetSessionHours,
    QualityDays,
    SessionHours,
)
from fks.contracts.data.ticks import GetTicks, TickWindow
from fks.contracts.data.tracking import (
    ListTracked,
    RefreshAsset,
    TrackAsset,
    TrackedList,
    TrackedState,
    UntrackAsset,
)
from fks.contracts.execution import (
    AccountMarked,
    SessionChanged,
    SessionRecovered,
    SessionStarted,
)
from fks.contracts.values import Instrument
from fks.kernel.bus import Wiring
from fks.kernel.errors import FksError, NotFound
from fks.kernel.health import Check, CheckResult, Status
from fks.kernel.messages import Meta
from fks.kernel.runtime import Runtime
from fks.kernel.services import Service

__all__ = [
    "announcing_service",
    "providers_check",
    "replay_service",
    "store_check",
    "streams_check",
    "streams_service",
    "tracking_check",
    "tracking_service",
    "wire",
]

_LATE = ("behind", "failed")


def wire(runtime: Runtime, wiring: Wiring) -> None:
    """Register all handlers."""
    catalogue, replays = _catalogue(runtime), _replays(runtime)

    async def list_datasets(query: ListDatasets, meta: Meta) -> DatasetList:
        return await catalogue.list()

    async def get_dataset(query: GetDataset, meta: Meta) -> DatasetInfo:
        return await catalogue.get(query.dataset)

    async def get_instrument(query: GetInstrument, meta: Meta) -> Instrument:
        return await catalogue.instrument(query.symbol)

    async def get_bars(query: GetBars, meta: Meta) -> BarWindow:
        return await catalogue.bars(query)

    async def get_session_hours(query: GetSessionHours, meta: Meta) -> SessionHours:
        return await asyncio.to_thread(session_hours, query.calendar)

    async def get_ticks(query: GetTicks, meta: Meta) -> TickWindow:
        return await catalogue.ticks(query)

    async def get_quality(query: GetQuality, meta: Meta) -> QualityReport:
        return await catalogue.quality(query.dataset)

    async def on_session_started(event: SessionStarted, meta: Meta) -> None:
        replays.start(event.session)

    async def on_session_recovered(event: SessionRecovered, meta: Meta) -> None:
        replays.take_up(event.session)

    async def on_session_changed(event: SessionChanged, meta: Meta) -> None:
        replays.change(event.session)

    async def on_account_marked(event: AccountMarked, meta: Meta) -> None:
        replays.mark(event)

    _wire_instruments(catalogue, wiring)
    wire_versions(catalogue.store, runtime.clock, wiring)
    wire_deriving(catalogue.store, rules_of(runtime.hook), runtime.clock, wiring)
    _wire_quality(catalogue.store, rules_of(runtime.hook), wiring)
    _wire_tracking(_tracking(runtime), wiring)
    wire_streams(_streams(runtime), wiring)
    _wire_connections(Connections(_remote(runtime), runtime.bus), wiring)
    wiring.answer(ListDatasets, list_datasets)
    wiring.answer(GetDataset, get_dataset)
    wiring.answer(GetInstrument, get_instrument)
    wiring.answer(GetBars, get_bars)
    wiring.answer(GetSessionHours, get_session_hours)
    wiring.answer(GetTicks, get_ticks)
    wiring.answer(GetQuality, get_quality)
    wiring.on(SessionStarted, on_session_started)
    wiring.on(SessionRecovered, on_session_recovered)
    wiring.on(SessionChanged, on_session_changed)
    wiring.on(AccountMarked, on_account_marked)


def replay_service(runtime: Runtime) -> Service:
    """Return the service under which replays live: when it ends, they end."""
    return Service("data.replays", _replays(runtime).run)


def announcing_service(runtime: Runtime) -> Service:
    """Return the service that tells what was stored, whichever process stored it."""
    store = _catalogue(runtime).store
    announcer = runtime.singleton(Announcer, lambda: Announcer(runtime.bus, store))
    return Service("data.announcer", announcer.run)


def tracking_service(runtime: Runtime) -> Service:
    """Return the service that keeps tracked assets fresh."""
    return Service("data.tracking", _tracking(runtime).run)


def streams_service(runtime: Runtime) -> Service:
    """Return the service that keeps live streams."""
    return Service("data.streams", _streams(runtime).run)


def providers_check(runtime: Runtime) -> Check:
    """Return the check that the providers that were asked answer."""
    return Check("providers", Connections(_remote(runtime), runtime.bus).probe)


def streams_check(runtime: Runtime) -> Check:
    """Return the check that live streams are live."""
    return Check("streams", _streams(runtime).probe)


def tracking_check(runtime: Runtime) -> Check:
    """Return the check that tracked assets are fresh."""
    tracking = _tracking(runtime)

    async def probe() -> CheckResult:
        try:
            found = (await tracking.states()).assets
        except FksError as error:
            return CheckResult(Status.DEGRADED, error.message)
        late = [f"{one.asset.name} {one.state}" for one in found if one.state in _LATE]
        if late:
            return CheckResult(Status.DEGRADED, f"of {len(found)} tracked: {', '.join(late[:5])}")
        return CheckResult(Status.HEALTHY, f"{len(found)} tracked assets, none is behind")

    return Check("tracked", probe)


def store_check(runtime: Runtime) -> Check:
    """Return the check that the store can be read and written."""
    catalogue, replays = _catalogue(runtime), _replays(runtime)

    async def probe() -> CheckResult:
        try:
            found = await catalogue.list()
        except FksError as error:
            return CheckResult(Status.UNHEALTHY, error.message)
        text = f"{len(found.datasets)} datasets, {replays.count} replays under way"
        if not catalogue.store.writable():
            return CheckResult(Status.DEGRADED, f"the store cannot be written; {text}")
        return CheckResult(Status.HEALTHY, text)

    return Check("store", probe)


def _catalogue(runtime: Runtime) -> Catalogue:
    """Return this process's catalogue."""
    return runtime.singleton(Catalogue, lambda: Catalogue(runtime))


def _replays(runtime: Runtime) -> Replays:
    """Return this process's replays."""
    settings = runtime.section("data", DataSettings)
    store = _catalogue(runtime).store
    return runtime.singleton(
        Replays, lambda: Replays(runtime.bus, store, ahead_bars=settings.replay_ahead_bars)
    )


def _tracking(runtime: Runtime) -> Tracking:
    """Return this process's tracked assets."""

    def make() -> Tracking:
        remote = _remote(runtime)
        return Tracking(runtime.bus, _catalogue(runtime).store, remote.fetch, close=remote.close)

    return runtime.singleton(Tracking, make)


def _streams(runtime: Runtime) -> LiveStreams:
    """Return this process's live streams."""
    return runtime.singleton(LiveStreams, lambda: live_streams(runtime))


def _remote(runtime: Runtime) -> Remote:
    """Return this process's remote providers."""
    return runtime.singleton(Remote, lambda: Remote(runtime, _catalogue(runtime).store))


def _wire_connections(connections: Connections, wiring: Wiring) -> None:
    """Answer for providers and their keys."""

    async def list_providers(query: ListProviders, meta: Meta) -> ProviderConnections:
        return await connections.listed()

    async def set_key(command: SetProviderKey, meta: Meta) -> ProviderConnection:
        return await connections.set_key(command)

    async def remove_key(command: RemoveProviderKey, meta: Meta) -> ProviderConnection:
        return await connections.remove_key(command)

    wiring.answer(ListProviders, list_providers)
    wiring.answer(SetProviderKey, set_key)
    wiring.answer(RemoveProviderKey, remove_key)


def _wire_tracking(tracking: Tracking, wiring: Wiring) -> None:
    """Answer for tracked assets."""

    async def list_tracked(query: ListTracked, meta: Meta) -> TrackedList:
        return await tracking.states()

    async def track(command: TrackAsset, meta: Meta) -> TrackedState:
        await asyncio.to_thread(tracking.list.put, command.asset)
        return await asyncio.to_thread(tracking.state, command.asset)

    async def untrack(command: UntrackAsset, meta: Meta) -> TrackedList:
        if not await asyncio.to_thread(tracking.list.remove, command.name):
            raise NotFound(f"{command.name[:64]!r} is not tracked", code="data.not_tracked")
        return await tracking.states()

    async def refresh(command: RefreshAsset, meta: Meta) -> TrackedState:
        return await tracking.refresh(command.name)

    wiring.answer(ListTracked, list_tracked)
    wiring.answer(TrackAsset, track)
    wiring.answer(UntrackAsset, untrack)
    wiring.answer(RefreshAsset, refresh)


def _wire_quality(store: DatasetStore, rules: Sequence[QualityRule], wiring: Wiring) -> None:
    """Answer for days and agreement."""
    inspector = Inspector(store, rules)

    async def get_days(query: GetQualityDays, meta: Meta) -> QualityDays:
        return await asyncio.to_thread(inspector.days, query)

    async def get_coverage(query: GetCoverage, meta: Meta) -> Coverage:
        return await asyncio.to_thread(inspector.coverage, query)

    async def compare_two(query: CompareDatasets, meta: Meta) -> DatasetComparison:
        return await asyncio.to_thread(compare, store, query)

    wiring.answer(GetQualityDays, get_days)
    wiring.answer(GetCoverage, get_coverage)
    wiring.answer(CompareDatasets, compare_two)


def _wire_instruments(catalogue: Catalogue, wiring: Wiring) -> None:
    """Answer for the registry."""

    async def get_details(query: GetInstrumentDetails, meta: Meta) -> InstrumentDetails:
        return details_of(await catalogue.registry(), query.symbol)

    async def list_instruments(query: ListInstruments, meta: Meta) -> InstrumentRegistry:
        return listed(await catalogue.registry())

    async def get_resolved(query: GetResolvedSymbol, meta: Meta) -> ResolvedSymbol:
        registry, on = await catalogue.registry(), day_of(query.on, meta.at_ns)
        return await asyncio.to_thread(resolved, registry, query.symbol, on)

    wiring.answer(GetInstrumentDetails, get_details)
    wiring.answer(ListInstruments, list_instruments)
    wiring.answer(GetResolvedSymbol, get_resolved)
