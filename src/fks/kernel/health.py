"""How a process is, context by context, and how the others come to know.

A context declares checks; the process runs them together with the state of its services and
publishes the outcome as one `HealthReported`. Whoever wants the whole picture (master) listens.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from fks.kernel.clock import Clock
from fks.kernel.errors import FksError
from fks.kernel.messages import Event

__all__ = [
    "Check",
    "CheckReport",
    "CheckResult",
    "ContextHealth",
    "HealthReported",
    "Status",
    "probe_all",
    "worst",
]


class Status(enum.Enum):
    """How something is; `worst` orders them."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"


_GRAVITY = (Status.HEALTHY, Status.UNKNOWN, Status.DEGRADED, Status.UNHEALTHY)


class CheckResult(msgspec.Struct, frozen=True):
    """What a check found; `message` says why when it is not healthy."""

    status: Status
    message: str = ""


@dataclass(frozen=True)
class Check:
    """One question to a context about itself, answered within a second or two."""

    name: str
    probe: Callable[[], Awaitable[CheckResult]]


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """A check with its outcome; services appear as checks named `service:<name>`."""

    name: str
    status: Status
    message: str = ""
    latency_ms: float = 0.0


class ContextHealth(msgspec.Struct, frozen=True, kw_only=True):
    """A context in one process: the worst of its checks, and how long they took together."""

    status: Status
    message: str = ""
    latency_ms: float = 0.0
    checks: tuple[CheckReport, ...] = ()


class HealthReported(Event, frozen=True, kw_only=True, tag="kernel.health_reported.v1"):
    """A process reported how its contexts are.

    Sent at start, every few seconds and, with `stopping`, at the end. `process_id` is unique to
    this run of the process; `process` is `<machine>:<pid>` for people. `kernel` is how what all
    contexts stand on is: database, outbox, bus.
    """

    process_id: str
    process: str
    version: str
    started_at_ns: int
    contexts: Mapping[str, ContextHealth]
    interval_s: float = 5.0
    stopping: bool = False
    kernel: ContextHealth | None = None


def worst(statuses: Iterable[Status]) -> Status:
    """Return the gravest status; healthy when there is none."""
    return max(statuses, key=_GRAVITY.index, default=Status.HEALTHY)


async def probe_all(
    checks: Iterable[Check],
    clock: Clock,
    *,
    timeout_s: float = 2.0,
    further: Iterable[CheckReport] = (),
) -> ContextHealth:
    """Run the checks side by side and sum up, together with outcomes already known.

    A check that raises `FksError` is unhealthy with its message, one that takes longer than
    `timeout_s` is unhealthy and abandoned; a bug in a check is a bug and propagates.
    """
    begun = clock.monotonic_ns()
    reports = [*await asyncio.gather(*(_probe(check, clock, timeout_s) for check in checks))]
    latency_ms = (clock.monotonic_ns() - begun) / 1e6
    reports.extend(further)
    status = worst(report.status for report in reports)
    message = next((r.message for r in reports if r.status is status and r.message), "")
    return ContextHealth(
        status=status, message=message, latency_ms=latency_ms, checks=tuple(reports)
    )


async def _probe(check: Check, clock: Clock, timeout_s: float) -> CheckReport:
    """Run one check within its time."""
    begun = clock.monotonic_ns()
    try:
        async with asyncio.timeout(timeout_s):
            result = await check.probe()
    except TimeoutError:
        result = CheckResult(Status.UNHEALTHY, f"no answer within {timeout_s:g} s")
    except FksError as error:
        result = CheckResult(Status.UNHEALTHY, error.message)
    return CheckReport(
        name=check.name,
        status=result.status,
        message=result.message,
        latency_ms=(clock.monotonic_ns() - begun) / 1e6,
    )
