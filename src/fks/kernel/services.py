"""Background services: started, watched, restarted and stopped by the process.

A service fails alone: its context reports it, the others go on. A failure of the world (an
`FksError`: database away, broker down) is retried for as long as it lasts, ever more slowly; a
bug (anything else) is retried only within a budget, since repeating it will rarely help.
"""

from __future__ import annotations

import asyncio
import enum
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

import structlog

from fks.kernel.clock import Clock, SystemClock
from fks.kernel.errors import FksError
from fks.kernel.health import CheckReport, Status

__all__ = ["RestartPolicy", "Service", "ServiceState", "Supervisor"]

_log = structlog.get_logger("fks.services")


@dataclass(frozen=True)
class Service:
    """A loop that runs until it is cancelled; returning normally means it is done."""

    name: str
    run: Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class RestartPolicy:
    """How a failing service is restarted.

    The n-th pause is `first_pause_s * 2**n`, at most `longest_pause_s`, times a random factor
    in [0.5, 1]. `budget` bugs within `window_s` end the service; `settled_s` without failure
    starts the pauses anew.
    """

    first_pause_s: float = 0.2
    longest_pause_s: float = 30.0
    budget: int = 5
    window_s: float = 300.0
    settled_s: float = 60.0


class ServiceState(enum.Enum):
    """Where a service stands."""

    RUNNING = "running"
    WAITING = "waiting"
    FAILED = "failed"
    DONE = "done"
    STOPPED = "stopped"


_HEALTH = {
    ServiceState.RUNNING: Status.HEALTHY,
    ServiceState.WAITING: Status.DEGRADED,
    ServiceState.FAILED: Status.UNHEALTHY,
    ServiceState.DONE: Status.HEALTHY,
    ServiceState.STOPPED: Status.HEALTHY,
}


@dataclass(eq=False)
class _Watched:
    """One service with its task and record."""

    context: str
    service: Service
    state: ServiceState = ServiceState.RUNNING
    restarts: int = 0
    error: str = ""
    bugs: deque[int] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None


class Supervisor:
    """Run services until told to stop."""

    def __init__(
        self,
        policy: RestartPolicy | None = None,
        *,
        clock: Clock | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        seed: int | None = None,
    ) -> None:
        self._policy = policy or RestartPolicy()
        self._clock: Clock = clock or SystemClock()
        self._sleep = sleep
        # Jitter only spreads restarts; it decides nothing that must be unpredictable.
        self._random = random.Random(seed)  # noqa: S311
        self._watched: list[_Watched] = []

    def start(self, context: str, services: Iterable[Service]) -> None:
        """Start services of a context; two of one name in a context are a bug."""
        for service in services:
            names = {w.service.name for w in self._watched if w.context == context}
            assert service.name not in names, f"{context} has two services {service.name!r}"
            watched = _Watched(context, service)
            watched.task = asyncio.create_task(
                self._watch(watched), name=f"{context}/{service.name}"
            )
            self._watched.append(watched)

    async def stop(self, *, timeout_s: float = 10.0) -> None:
        """Cancel all services, the last started first, each given `timeout_s` to end.

        One that does not end in time is logged and left behind; the rest are still stopped.
        """
        for watched in reversed(self._watched):
            task = watched.task
            if task is None or task.done():
                continue
            task.cancel()
            _, pending = await asyncio.wait([task], timeout=timeout_s)
            if pending:
                _log.error(
                    "service_did_not_stop", context=watched.context, service=watched.service.name
                )

    @property
    def restarts(self) -> dict[tuple[str, str], int]:
        """Return how often each service was restarted, by (context, service)."""
        return {(w.context, w.service.name): w.restarts for w in self._watched}

    def reports(self, context: str) -> Sequence[CheckReport]:
        """Return the services of a context as checks."""
        return [
            CheckReport(
                name=f"service:{watched.service.name}",
                status=_HEALTH[watched.state],
                message=watched.error
                if watched.state in (ServiceState.WAITING, ServiceState.FAILED)
                else "",
            )
            for watched in self._watched
            if watched.context == context
        ]

    async def _watch(self, watched: _Watched) -> None:
        """Run a service, again and again as its policy says."""
        pauses = 0
        while True:
            begun_ns = self._clock.monotonic_ns()
            watched.state = ServiceState.RUNNING
            try:
                await watched.service.run()
            except asyncio.CancelledError:
                watched.state = ServiceState.STOPPED
                raise
            except FksError as error:
                watched.error = error.message
                self._note(watched, error.code)
            except Exception as error:  # noqa: BLE001  # the one place that outlives bugs
                watched.error = f"{type(error).__name__}: {error}"
                self._note(watched, "bug", bug=error)
                if self._spent(watched):
                    watched.state = ServiceState.FAILED
                    return
            else:
                watched.state = ServiceState.DONE
                return
            ran_s = (self._clock.monotonic_ns() - begun_ns) / 1e9
            pauses = 0 if ran_s >= self._policy.settled_s else pauses
            watched.state = ServiceState.WAITING
            try:
                await self._sleep(self._pause_s(pauses))
            except asyncio.CancelledError:
                watched.state = ServiceState.STOPPED
                raise
            pauses += 1
            watched.restarts += 1

    def _spent(self, watched: _Watched) -> bool:
        """Note a bug and tell whether the budget of the window is used up."""
        now_ns = self._clock.monotonic_ns()
        watched.bugs.append(now_ns)
        while watched.bugs and now_ns - watched.bugs[0] > self._policy.window_s * 1e9:
            watched.bugs.popleft()
        spent = len(watched.bugs) > self._policy.budget
        if spent:
            _log.error("service_given_up", context=watched.context, service=watched.service.name)
        return spent

    def _pause_s(self, pauses: int) -> float:
        """Return the next pause, doubled each time, with jitter."""
        longest_s = self._policy.longest_pause_s
        pause_s = min(longest_s, self._policy.first_pause_s * 2.0 ** min(pauses, 30))
        return pause_s * self._random.uniform(0.5, 1.0)

    def _note(self, watched: _Watched, code: str, *, bug: BaseException | None = None) -> None:
        """Log a failure; a bug with its traceback, a failure of the world without."""
        _log.warning(
            "service_failed",
            context=watched.context,
            service=watched.service.name,
            code=code,
            error=watched.error,
            exc_info=bug,
        )
