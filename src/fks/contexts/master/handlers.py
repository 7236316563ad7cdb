"""What master hears and answers."""

from __future__ import annotations

from fks.contexts.master.service.master import Master
from fks.contracts.master import GetService, ListServices, ServiceHealth, ServiceList
from fks.kernel.bus import Wiring
from fks.kernel.health import HealthReported
from fks.kernel.messages import Meta
from fks.kernel.runtime import Runtime

__all__ = ["wire"]


def wire(runtime: Runtime, wiring: Wiring) -> None:
    """Listen to every process; answer how the contexts are."""
    master = runtime.singleton(Master, lambda: Master(runtime))

    async def list_services(_query: ListServices, _meta: Meta) -> ServiceList:
        return master.services()

    async def get_service(query: GetService, _meta: Meta) -> ServiceHealth:
        return master.service(query.service)

    wiring.on(HealthReported, master.take)
    wiring.answer(ListServices, list_services)
    wiring.answer(GetService, get_service)
