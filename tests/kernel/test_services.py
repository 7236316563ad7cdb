"""Services: watched, restarted with ever longer pauses, stopped in reverse."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import structlog

from fks.kernel.clock import ManualClock
from fks.kernel.errors import Unavailable
from fks.kernel.health import Check, CheckResult, Status, probe_all
from fks.kernel.services import RestartPolicy, Service, Supervisor


class Sleeps:
    """Stands in for sleeping: notes the pauses and moves the clock."""

    def __init__(self, clock: ManualClock) -> None:
        self.pauses: list[float] = []
        self._clock = clock

    async def __call__(self, pause_s: float) -> None:
        """Note a pause and let others run."""
        self.pauses.append(pause_s)
        self._clock.advance_ns(int(pause_s * 1e9))
        await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def _quiet() -> None:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), processors=[lambda *_: ""])


def supervised(**policy: float) -> tuple[Supervisor, Sleeps, ManualClock]:
    """Return a supervisor that sleeps by moving its clock."""
    clock = ManualClock()
    sleeps = Sleeps(clock)
    chosen = RestartPolicy(**policy)  # type: ignore[arg-type]
    return Supervisor(chosen, clock=clock, sleep=sleeps, seed=1), sleeps, clock


async def settle(until: Callable[[], bool]) -> None:
    """Let tasks run until something is so."""
    for _ in range(10_000):
        if until():
            return
        await asyncio.sleep(0)
    raise AssertionError("did not settle")


def failing(times: int, error: Exception) -> tuple[Callable[[], Awaitable[None]], list[int]]:
    """Return a service that fails so many times and then runs on."""
    calls: list[int] = []

    async def run() -> None:
        calls.append(1)
        if len(calls) <= times:
            raise error
        await asyncio.Event().wait()

    return run, calls


def status(supervisor: Supervisor, context: str = "ctx") -> Status:
    """Return how the one service of a context is."""
    return supervisor.reports(context)[0].status


async def test_a_failure_of_the_world_is_retried_for_as_long_as_it_lasts() -> None:
    """Lost: a database away for an hour would need a restart by hand."""
    supervisor, sleeps, _ = supervised(longest_pause_s=8.0)
    run, calls = failing(40, Unavailable("away"))
    supervisor.start("ctx", [Service("loop", run)])
    await settle(lambda: len(calls) == 41)
    assert status(supervisor) is Status.HEALTHY
    assert supervisor.restarts == {("ctx", "loop"): 40}
    assert all(
        0.5 * nominal <= pause <= nominal
        for pause, nominal in zip(sleeps.pauses, [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 8, 8], strict=False)
    )
    assert max(sleeps.pauses) <= 8.0
    assert len(set(sleeps.pauses[6:])) > 10, "pauses must be spread"
    await supervisor.stop()


async def test_a_bug_is_retried_within_its_budget_only() -> None:
    """Lost: a service that fails at every start would spin for ever."""
    supervisor, _, _ = supervised(budget=3)
    run, calls = failing(99, ValueError("bug"))
    supervisor.start("ctx", [Service("loop", run)])
    await settle(lambda: status(supervisor) is Status.UNHEALTHY)
    assert len(calls) == 4
    assert supervisor.reports("ctx")[0].message == "ValueError: bug"
    await supervisor.stop()


async def test_a_rare_bug_never_uses_up_the_budget() -> None:
    """Lost: a service that fails once a day would be given up within a week."""
    supervisor, _, clock = supervised(budget=2, window_s=10.0)
    calls: list[int] = []

    async def run() -> None:
        calls.append(1)
        clock.advance_ns(100 * 10**9)
        if len(calls) < 20:
            raise ValueError("rare")
        await asyncio.Event().wait()

    supervisor.start("ctx", [Service("loop", run)])
    await settle(lambda: len(calls) == 20)
    assert status(supervisor) is Status.HEALTHY
    await supervisor.stop()


async def test_one_failing_service_leaves_the_others_alone() -> None:
    """Lost: a bug in one context would stop all of them."""
    supervisor, _, _ = supervised(budget=0)
    run, _ = failing(99, ValueError("bug"))
    beats: list[int] = []

    async def beat() -> None:
        while True:
            beats.append(1)
            await asyncio.sleep(0)

    supervisor.start("sick", [Service("loop", run)])
    supervisor.start("well", [Service("beat", beat)])
    await settle(lambda: status(supervisor, "sick") is Status.UNHEALTHY)
    before = len(beats)
    await settle(lambda: len(beats) > before + 10)
    assert status(supervisor, "well") is Status.HEALTHY
    await supervisor.stop()


async def test_services_stop_in_reverse_order_each_after_the_other() -> None:
    """Lost: a context would lose what it stands on while it still works."""
    supervisor, _, _ = supervised()
    ended: list[str] = []

    def loop(name: str) -> Service:
        async def run() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                ended.append(name)

        return Service(name, run)

    for name in ("first", "second", "third"):
        supervisor.start(name, [loop(name)])
    await asyncio.sleep(0)
    await supervisor.stop()
    assert ended == ["third", "second", "first"]


async def test_a_service_that_will_not_end_does_not_hold_up_the_rest() -> None:
    """Lost: one stuck service would keep the process from stopping."""
    supervisor, _, _ = supervised()
    ended, release = asyncio.Event(), asyncio.Event()

    async def stuck() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    async def well() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    supervisor.start("a", [Service("well", well)])
    supervisor.start("b", [Service("stuck", stuck)])
    await asyncio.sleep(0)
    await supervisor.stop(timeout_s=0.05)
    assert ended.is_set()
    release.set()


async def test_a_service_that_returns_is_done_and_healthy() -> None:
    """Lost: one-off work at start would be run again and again."""
    supervisor, sleeps, _ = supervised()
    calls: list[int] = []

    async def once() -> None:
        calls.append(1)

    supervisor.start("ctx", [Service("once", once)])
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (calls, sleeps.pauses, status(supervisor)) == ([1], [], Status.HEALTHY)


async def test_a_slow_or_failing_check_makes_its_context_unhealthy_and_no_more() -> None:
    """Lost: one hanging check would keep a process from reporting at all."""

    async def hang() -> CheckResult:
        await asyncio.Event().wait()
        raise AssertionError

    async def away() -> CheckResult:
        raise Unavailable("the vendor is away")

    async def well() -> CheckResult:
        return CheckResult(Status.HEALTHY)

    checks = [Check("hang", hang), Check("away", away), Check("well", well)]
    found = await probe_all(checks, ManualClock(), timeout_s=0.01)
    assert found.status is Status.UNHEALTHY
    assert [(r.name, r.status.value, r.message) for r in found.checks] == [
        ("hang", "unhealthy", "no answer within 0.01 s"),
        ("away", "unhealthy", "the vendor is away"),
        ("well", "healthy", ""),
    ]
