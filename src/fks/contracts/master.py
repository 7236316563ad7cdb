"""What master publishes and answers: the state of all contexts, wherever they run."""

from __future__ import annotations

import msgspec

from fks.kernel.messages import Event, Query

__all__ = ["GetService", "ListServices", "ServiceHealth", "ServiceList", "ServiceStatusChanged"]


class ServiceHealth(msgspec.Struct, frozen=True, kw_only=True):
    """A context as master sees it.

    `status` is healthy, degraded, unhealthy or unknown (never heard of, or silent for too long);
    `age_s` is how long ago its process last reported, `latency_ms` how long its checks took.
    """

    id: str
    name: str
    status: str
    message: str
    process: str
    version: str
    uptime_s: float
    latency_ms: float
    age_s: float
    checks: tuple[tuple[str, str, str], ...] = ()


class ServiceStatusChanged(
    Event, frozen=True, kw_only=True, tag="master.service_status_changed.v1"
):
    """A context became better or worse: its health now, and the status it had before."""

    service: ServiceHealth
    previous: str


class ServiceList(msgspec.Struct, frozen=True, kw_only=True):
    """All contexts, and the worst of their states as `status`."""

    status: str
    services: tuple[ServiceHealth, ...]


class ListServices(Query[ServiceList], frozen=True, kw_only=True, tag="master.list_services.v1"):
    """How is everything?"""


class GetService(Query[ServiceHealth], frozen=True, kw_only=True, tag="master.get_service.v1"):
    """How is this context?"""

    service: str
