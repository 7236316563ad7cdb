"""Master over a bus and over HTTP."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from litestar import Litestar

from fks.contexts.master.http import routes
from fks.contexts.master.service.master import Master
from fks.contexts.master.settings import MasterSettings
from fks.contracts.master import ServiceStatusChanged
from fks.kernel.clock import ManualClock
from fks.kernel.errors import NotFound
from fks.kernel.health import CheckReport, ContextHealth, HealthReported, Status
from fks.kernel.http.problems import EXCEPTION_HANDLERS
from fks.kernel.manifest import Manifest
from fks.kernel.messages import Meta
from fks.kernel.testing import RecordingBus

META = Meta(id="m", at_ns=0, source="test", correlation_id="c")


class Surroundings:
    """As much of a runtime as master uses."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.bus = RecordingBus()
        manifests = [
            Manifest(name="data", summary=""),
            Manifest(name="engine", summary=""),
            Manifest(name="macd", summary="", extensions_only=True),
        ]
        self.hook = SimpleNamespace(fks_manifest=lambda: manifests)
        self._made: dict[Any, Any] = {}

    def section(self, name: str, kind: type[Any]) -> Any:
        """Return default settings."""
        assert (name, kind) == ("master", MasterSettings)
        return MasterSettings(environment="test")

    def singleton(self, kind: type[Any], make: Any) -> Any:
        """Make one of a kind."""
        if kind not in self._made:
            self._made[kind] = make()
        return self._made[kind]


def said(clock: ManualClock, status: Status = Status.HEALTHY) -> HealthReported:
    """Return a report of one process that runs data and has been up for a minute."""
    check = CheckReport(name="store", status=status, message="locked", latency_ms=1.5)
    return HealthReported(
        process_id="p",
        process="host:1",
        version="1.2",
        started_at_ns=clock.now_ns() - 60_000_000_000,
        contexts={"data": ContextHealth(status=status, message="locked", checks=(check,))},
    )


@pytest.fixture
def around() -> Surroundings:
    """Return fresh surroundings."""
    return Surroundings()


@pytest.fixture
def master(around: Surroundings) -> Master:
    """Return the master of these surroundings."""
    return around.singleton(Master, lambda: Master(around))  # type: ignore[arg-type]


async def test_a_change_is_published_and_the_list_has_every_context(
    around: Surroundings, master: Master
) -> None:
    """Lost: screens would have to poll, and would not see what runs nowhere."""
    await master.take(said(around.clock), META)
    await master.take(said(around.clock), META)
    (changed,) = around.bus.of(ServiceStatusChanged)
    assert (changed.service.id, changed.previous, changed.service.status) == (
        "data",
        "unknown",
        "healthy",
    )
    found = master.services()
    assert [(s.id, s.status) for s in found.services] == [
        ("data", "healthy"),
        ("engine", "unknown"),
    ]
    assert found.status == "healthy"
    assert found.services[0].uptime_s == pytest.approx(60)


async def test_the_gravest_status_stands_for_all(around: Surroundings, master: Master) -> None:
    """Lost: the one light on the home page would be green while a context is down."""
    await master.take(said(around.clock, Status.UNHEALTHY), META)
    assert master.services().status == "unhealthy"
    around.clock.advance_ns(16_000_000_000)
    assert master.services().status == "unknown"


def test_an_unknown_service_is_named_with_those_there_are(master: Master) -> None:
    """Lost: a typing error would look like a healthy silence."""
    with pytest.raises(NotFound, match="there are data, engine"):
        master.service("dta")


async def test_health_over_http_has_the_wire_form(around: Surroundings, master: Master) -> None:
    """Lost: callers of the earlier services could not read our health."""
    await master.take(said(around.clock, Status.DEGRADED), META)
    around.clock.advance_ns(2_000_000_000)
    app = Litestar(routes(around), exception_handlers=EXCEPTION_HANDLERS)  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
        listed = (await http.get("/api/services")).json()
        health = (await http.get("/api/services/fks-data/health")).json()
        nowhere = (await http.get("/api/services/engine/health")).json()
        missing = await http.get("/api/services/nothing/health")
    assert [s["id"] for s in listed["services"]] == ["data", "engine"]
    assert health["status"] == "degraded"
    assert (health["service"], health["service_type"]) == ("fks-data", "data")
    assert (health["environment"], health["version"]) == ("test", "1.2")
    assert health["uptime_seconds"] == pytest.approx(62)
    assert health["checks_age_seconds"] == pytest.approx(2)
    assert health["timestamp"].endswith(("Z", "+00:00"))
    assert health["components"]["store"]["message"] == "locked"
    assert health["components"]["store"]["latency_ms"] == 1.5
    assert (nowhere["status"], nowhere["message"]) == ("unknown", "not running in any process")
    assert missing.status_code == 404
