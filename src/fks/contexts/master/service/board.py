"""Keep the last report of every process and judge every context by it.

Pure: told the time with every call. A context may run in several processes; then the gravest of
those that still report counts, and a process that fell silent counts only if no other runs it.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fks.contracts.master import ServiceHealth
from fks.kernel.health import ContextHealth, HealthReported, Status, worst

__all__ = ["Board", "Standing"]

_NS = 1_000_000_000
_FORGET_AFTER_S = 3600.0
NOWHERE = "not running in any process"


class _Report(msgspec.Struct, frozen=True):
    """A report and when it came (monotonic nanoseconds)."""

    said: HealthReported
    at_ns: int


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a context stands, with the report it is judged by (None if it runs nowhere)."""

    name: str
    status: Status
    message: str
    age_s: float = 0.0
    process: str = ""
    version: str = ""
    started_at_ns: int = 0
    health: ContextHealth | None = None

    def health_at(self, now_ns: int) -> ServiceHealth:
        """Return this as master publishes it; `now_ns` is the wall clock, for the uptime."""
        health = self.health
        return ServiceHealth(
            id=self.name,
            name=f"fks-{self.name}",
            status=self.status.value,
            message=self.message,
            process=self.process,
            version=self.version,
            uptime_s=self.uptime_s(now_ns),
            latency_ms=0.0 if health is None else health.latency_ms,
            age_s=self.age_s,
            checks=()
            if health is None
            else tuple((c.name, c.status.value, c.message) for c in health.checks),
        )

    def uptime_s(self, now_ns: int) -> float:
        """Return for how long its process has been up, 0 if it runs nowhere."""
        return max(0.0, (now_ns - self.started_at_ns) / _NS) if self.started_at_ns else 0.0


class Board:
    """The state of all contexts that are known or were heard of."""

    def __init__(self, known: Iterable[str], *, silent_after_s: float, slow_ms: float) -> None:
        self._silent_after_s = silent_after_s
        self._slow_ms = slow_ms
        self._names = set(known)
        self._reports: dict[str, _Report] = {}
        self._last = dict.fromkeys(self._names, Status.UNKNOWN)

    def hear(self, said: HealthReported, at_ns: int) -> None:
        """Take a report; a process that is stopping, or long silent, is taken off the board."""
        self._names.update(said.contexts)
        if said.stopping:
            self._reports.pop(said.process_id, None)
        else:
            self._reports[said.process_id] = _Report(said, at_ns)
        self._reports = {
            process_id: report
            for process_id, report in self._reports.items()
            if at_ns - report.at_ns < _FORGET_AFTER_S * _NS
        }

    def standings(self, at_ns: int) -> list[Standing]:
        """Return how every context stands, by name."""
        return [self._stand(name, at_ns) for name in sorted(self._names)]

    def standing(self, name: str, at_ns: int) -> Standing | None:
        """Return how one context stands, None if nobody has heard of it."""
        return self._stand(name, at_ns) if name in self._names else None

    def changes(self, at_ns: int) -> list[tuple[Standing, Status]]:
        """Return the contexts whose status is not what the last call saw, and what that was."""
        changed = []
        for standing in self.standings(at_ns):
            before = self._last.get(standing.name, Status.UNKNOWN)
            if standing.status is not before:
                self._last[standing.name] = standing.status
                changed.append((standing, before))
        return changed

    def _stand(self, name: str, at_ns: int) -> Standing:
        """Judge a context by the reports of the processes that run it."""
        reports = [r for r in self._reports.values() if name in r.said.contexts]
        if not reports:
            return Standing(name=name, status=Status.UNKNOWN, message=NOWHERE)
        fresh = [r for r in reports if not self._is_silent(r, at_ns)]
        if not fresh:
            return self._silent(name, max(reports, key=lambda r: r.at_ns), at_ns)
        judged = [self._judge(name, report, at_ns) for report in fresh]
        gravest = worst(standing.status for standing in judged)
        return next(standing for standing in judged if standing.status is gravest)

    def _is_silent(self, report: _Report, at_ns: int) -> bool:
        """Tell whether a process should have reported again by now."""
        patience_s = max(self._silent_after_s, 3 * report.said.interval_s)
        return (at_ns - report.at_ns) / _NS > patience_s

    def _silent(self, name: str, report: _Report, at_ns: int) -> Standing:
        """Return the standing of a context whose every process fell silent."""
        age_s = (at_ns - report.at_ns) / _NS
        message = f"{report.said.process} has been silent for {age_s:.0f} s"
        return self._of(name, report, Status.UNKNOWN, message, at_ns)

    def _judge(self, name: str, report: _Report, at_ns: int) -> Standing:
        """Return the standing of a context in one process that reports."""
        health = report.said.contexts[name]
        if health.status is Status.HEALTHY and health.latency_ms > self._slow_ms:
            message = f"its checks took {health.latency_ms:.0f} ms"
            return self._of(name, report, Status.DEGRADED, message, at_ns)
        return self._of(name, report, health.status, health.message, at_ns)

    def _of(self, name: str, report: _Report, status: Status, message: str, at_ns: int) -> Standing:
        """Return a standing with what the report says of the process."""
        return Standing(
            name=name,
            status=status,
            message=message,
            age_s=(at_ns - report.at_ns) / _NS,
            process=report.said.process,
            version=report.said.version,
            started_at_ns=report.said.started_at_ns,
            health=report.said.contexts[name],
        )
