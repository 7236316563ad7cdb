"""How all services are, over HTTP: served by master itself, whatever the bus does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Controller, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, SkipValidation

from fks.contexts.master.service.board import Standing
from fks.contexts.master.service.master import Master
from fks.contracts.master import ServiceList
from fks.kernel.runtime import Runtime

__all__ = ["routes"]

MasterDep = NamedDependency[SkipValidation[Master]]


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """A check of a service: its state when it was last made."""

    status: str
    latency_ms: float
    message: str
    last_check: datetime


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The health of one service, in the form that callers of the earlier services know.

    Times are UTC. `checks_age_seconds` is how old the figures are; a service that runs nowhere
    is `unknown`, without version and components.
    """

    status: str
    service: str
    service_type: str
    timestamp: datetime
    environment: str
    version: str
    uptime_seconds: float
    components: dict[str, Component]
    checks_age_seconds: float
    message: str
    metadata: dict[str, str]


class ServiceController(Controller):
    """The state of all contexts."""

    path = "/api/services"
    tags = ("master",)

    @get("/", summary="How everything is", sync_to_thread=False, cache_control=None)
    def list_services(self, master: MasterDep) -> ServiceList:
        """Return the health of every context, wherever it runs, and the gravest of all."""
        return master.services()

    @get("/{service_id:str}/health", summary="How one service is", sync_to_thread=False)
    def health(self, master: MasterDep, service_id: FromPath[str]) -> Health:
        """Return the health of one context; its id is `execution` or `fks-execution`."""
        return _wire(master.standing(service_id), master.now_ns(), master.settings.environment)


def routes(runtime: Runtime) -> Iterable[Any]:
    """Return the routes of master."""
    master = runtime.singleton(Master, lambda: Master(runtime))
    return [
        Router(
            path="/",
            route_handlers=[ServiceController],
            dependencies={"master": Provide(lambda: master, sync_to_thread=False)},
        )
    ]


def _wire(standing: Standing, now_ns: int, environment: str) -> Health:
    """Return a standing in the wire form."""
    now = datetime.fromtimestamp(now_ns / 1e9, UTC)
    checked = datetime.fromtimestamp(now_ns / 1e9 - standing.age_s, UTC)
    checks = () if standing.health is None else standing.health.checks
    return Health(
        status=standing.status.value,
        service=f"fks-{standing.name}",
        service_type=standing.name,
        timestamp=now,
        environment=environment,
        version=standing.version,
        uptime_seconds=standing.uptime_s(now_ns),
        components={
            check.name: Component(
                status=check.status.value,
                latency_ms=check.latency_ms,
                message=check.message,
                last_check=checked,
            )
            for check in checks
        },
        checks_age_seconds=standing.age_s,
        message=standing.message,
        metadata={"process": standing.process} if standing.process else {},
    )
