"""Answer questions, steer replays, say how the store is."""

from __future__ import annotations

from fks.contexts.data.service.catalogue import Catalogue
from fks.contexts.data.service.replay import Replays
from fks.contexts.data.settings import DataSettings
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
from fks.contracts.execution import (
    AccountMarked,
    SessionChanged,
    SessionRecovered,
    SessionStarted,
)
from fks.contracts.values import Instrument
from fks.kernel.bus import Wiring
from fks.kernel.errors import FksError
from fks.kernel.health import Check, CheckResult, Status
from fks.kernel.messages import Meta
from fks.kernel.runtime import Runtime
from fks.kernel.services import Service

__all__ = ["replay_service", "store_check", "wire"]


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

    wiring.answer(ListDatasets, list_datasets)
    wiring.answer(GetDataset, get_dataset)
    wiring.answer(GetInstrument, get_instrument)
    wiring.answer(GetBars, get_bars)
    wiring.answer(GetQuality, get_quality)
    wiring.on(SessionStarted, on_session_started)
    wiring.on(SessionRecovered, on_session_recovered)
    wiring.on(SessionChanged, on_session_changed)
    wiring.on(AccountMarked, on_account_marked)


def replay_service(runtime: Runtime) -> Service:
    """Return the service under which replays live: when it ends, they end."""
    return Service("data.replays", _replays(runtime).run)


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
