"""One process while it runs: what its contexts see, what it supervises, how it is.

Made by the composition root (`fks.app`), which alone decides of what.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fks.kernel.bus import Bus
from fks.kernel.clock import Clock
from fks.kernel.health import (
    Check,
    CheckResult,
    ContextHealth,
    HealthReported,
    Status,
    probe_all,
)
from fks.kernel.host import Host
from fks.kernel.ids import IdSource
from fks.kernel.sections import ProcessSettings
from fks.kernel.services import Service, Supervisor
from fks.kernel.settings import Settings
from fks.kernel.telemetry import Metrics

if TYPE_CHECKING:
    import pluggy

    from fks.kernel.delivery import Delivery
    from fks.kernel.persistence import Database

__all__ = ["App", "Surroundings"]

T = TypeVar("T")


@dataclass(frozen=True)
class Surroundings:
    """What contexts see of this process; the `Runtime` protocol spelt out."""

    bus: Bus
    database: Database
    clock: Clock
    ids: IdSource
    home: Path
    hook: pluggy.HookRelay
    active: frozenset[str]
    settings: Settings
    facts: Mapping[str, Any]
    bus_facts: Callable[[], Mapping[str, str]]
    made: dict[type[Any], Any] = field(default_factory=dict)

    def section(self, name: str, kind: type[T]) -> T:
        """Return a settings section."""
        return self.settings.section(name, kind)

    def singleton(self, kind: type[T], make: Callable[[], T]) -> T:
        """Return this process's one `kind`."""
        if kind not in self.made:
            self.made[kind] = make()
        return self.made[kind]  # type: ignore[no-any-return]  # what `make` made for this kind

    def state(self) -> dict[str, Any]:
        """Return facts about this process."""
        uptime_ns = self.clock.now_ns() - self.facts["started_at_ns"]
        return {**self.facts, "bus_facts": dict(self.bus_facts()), "uptime_s": uptime_ns / 1e9}


class App:
    """One process: its surroundings, its services, its HTTP application."""

    def __init__(self, runtime: Surroundings, host: Host, delivery: Delivery) -> None:
        self.runtime = runtime
        self.host = host
        self.supervisor = Supervisor(clock=runtime.clock)
        self.metrics = runtime.singleton(Metrics, Metrics)
        self._delivery = delivery
        self.process_id = runtime.ids.new()
        self._checks = {
            name: list(checks)
            for name, checks in host.call("fks_health", runtime.active, runtime=runtime)
        }

    async def health(self) -> dict[str, ContextHealth]:
        """Return how each context that runs here is."""
        names = sorted(self.runtime.active)
        found = await asyncio.gather(
            *(
                probe_all(
                    self._checks.get(name, ()),
                    self.runtime.clock,
                    further=self.supervisor.reports(name),
                )
                for name in names
            )
        )
        return dict(zip(names, found, strict=True))

    async def kernel_health(self) -> ContextHealth:
        """Return how what all contexts stand on is."""
        checks = [
            Check("database", self._probe_database),
            Check("bus", self._probe_bus),
            self._delivery.check(),
        ]
        return await probe_all(
            checks, self.runtime.clock, further=self.supervisor.reports("kernel")
        )

    async def _probe_database(self) -> CheckResult:
        """Ask the database for nothing."""
        await self.runtime.database.ping()
        return CheckResult(Status.HEALTHY)

    async def _probe_bus(self) -> CheckResult:
        """Look whether a network bus is there."""
        away = self.runtime.bus_facts().get("away")
        return CheckResult(Status.DEGRADED, away) if away else CheckResult(Status.HEALTHY)

    async def report_health(self, *, stopping: bool = False) -> None:
        """Publish how this process is."""
        settings = self.runtime.section("process", ProcessSettings)
        await self.runtime.bus.publish(
            HealthReported(
                process_id=self.process_id,
                process=self.runtime.facts["process"],
                version=self.runtime.facts["version"],
                started_at_ns=self.runtime.facts["started_at_ns"],
                contexts=await self.health(),
                kernel=await self.kernel_health(),
                interval_s=settings.health_interval_s,
                stopping=stopping,
            )
        )

    async def _keep_reporting(self) -> None:
        """Publish health again and again."""
        settings = self.runtime.section("process", ProcessSettings)
        while True:
            await self.report_health()
            await asyncio.sleep(settings.health_interval_s)

    def start_services(self) -> None:
        """Start the outbox, the services of the contexts in their order, the health reports."""
        self.supervisor.start("kernel", [self._delivery.service()])
        for name, services in self.host.call(
            "fks_services", self.runtime.active, runtime=self.runtime
        ):
            self.supervisor.start(name, services)
        self.supervisor.start("kernel", [Service("health", self._keep_reporting)])

    def routes(self) -> list[Any]:
        """Return the routes of the active contexts."""
        found = self.host.call("fks_routes", self.runtime.active, runtime=self.runtime)
        return [route for _, routes in found for route in routes]
