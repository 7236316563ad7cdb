"""Execution as a whole: its parts put together once per process, and how they are."""

from __future__ import annotations

from fks.contexts.execution.service.holding import Holding
from fks.contexts.execution.service.queries import Queries
from fks.contexts.execution.service.running import Runner
from fks.contexts.execution.service.steering import Steering
from fks.contexts.execution.settings import ExecutionSettings
from fks.contexts.execution.store import SessionStore
from fks.contracts.execution import Desks
from fks.kernel.health import CheckResult, Status
from fks.kernel.runtime import Runtime
from fks.kernel.telemetry import Metrics

__all__ = ["Execution"]

_PATIENCE_S = 15.0
_MEMORY_S = 300.0


class Execution:
    """The long-lived object of this context in one process."""

    def __init__(self, runtime: Runtime) -> None:
        settings = runtime.section("execution", ExecutionSettings)
        desks: Desks = runtime.hook.fks_desks()
        store = SessionStore()
        self._clock = runtime.clock
        self._database = runtime.database
        self._store = store
        self.holding = Holding(runtime.database, store, desks, settings, runtime.clock)
        self.runner = Runner(runtime.database, store, self.holding, runtime.clock)
        self.queries = Queries(runtime.database, store)
        self.steering = Steering(
            runtime.database, store, self.holding, desks, settings, runtime.clock, runtime.ids
        )
        runtime.singleton(Metrics, Metrics).read(
            "fks_execution", "What execution has done since it started, and holds now.", self.counts
        )

    def counts(self) -> dict[str, float]:
        """Return what was done since the process started, and what is held now."""
        done = {name: float(count) for name, count in self.holding.counts.items()}
        return {**done, **self.holding.sizes()}

    async def check_sessions(self) -> CheckResult:
        """Tell whether sessions recover, wait for decisions in vain, or failed lately."""
        if self.runner.recovering:
            return CheckResult(Status.DEGRADED, "sessions are being recovered")
        for session, waited_s in self.holding.undecided():
            if waited_s > _PATIENCE_S:
                return CheckResult(
                    Status.DEGRADED,
                    f"session {session.id} has waited {waited_s:.0f} s for the decisions of "
                    f"{session.strategy} at bar {session.last_index}",
                )
        now_ns = self._clock.monotonic_ns()
        for session_id, failed_at_ns in self.runner.failed_at_ns.items():
            if now_ns - failed_at_ns < _MEMORY_S * 1e9:
                return CheckResult(Status.DEGRADED, f"session {session_id} failed")
        return CheckResult(Status.HEALTHY)

    async def check_store(self) -> CheckResult:
        """Tell whether the sessions can be read; a database that is away raises `Unavailable`."""
        async with self._database.reading() as tx:
            await self._store.count_living(tx)
        return CheckResult(Status.HEALTHY)
