"""The table of contents of the master context."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from fks.kernel.hooks import impl
from fks.kernel.manifest import Manifest

if TYPE_CHECKING:
    from fks.kernel.bus import Wiring
    from fks.kernel.runtime import Runtime
    from fks.kernel.services import Service


@impl
def fks_manifest() -> Manifest:
    """Name the context."""
    return Manifest(name="master", summary="The health of all contexts, wherever they run")


@impl
def fks_settings() -> Mapping[str, type[Any]]:
    """Own the section [master]."""
    from fks.contexts.master.settings import MasterSettings

    return {"master": MasterSettings}


@impl
def fks_messages() -> Iterable[type[Any]]:
    """Tell when a context's status changes, answer how all are."""
    from fks.contracts.master import GetService, ListServices, ServiceStatusChanged

    return (ServiceStatusChanged, ListServices, GetService)


@impl
def fks_wire(runtime: Runtime, wiring: Wiring) -> None:
    """Hear every process report."""
    from fks.contexts.master.handlers import wire

    wire(runtime, wiring)


@impl
def fks_routes(runtime: Runtime) -> Iterable[Any]:
    """Serve /api/services."""
    from fks.contexts.master.http import routes

    return routes(runtime)


@impl
def fks_services(runtime: Runtime) -> Iterable[Service]:
    """Watch for processes that fall silent."""
    from fks.contexts.master.service.master import Master
    from fks.kernel.services import Service

    return [Service("watch", runtime.singleton(Master, lambda: Master(runtime)).watch)]
