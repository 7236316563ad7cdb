"""How contexts are judged by the reports of their processes."""

from __future__ import annotations

from fks.contexts.master.service.board import NOWHERE, Board
from fks.kernel.health import CheckReport, ContextHealth, HealthReported, Status

S = 1_000_000_000


def report(
    process: str,
    contexts: dict[str, Status],
    *,
    latency_ms: float = 3.0,
    interval_s: float = 5.0,
    stopping: bool = False,
) -> HealthReported:
    """Return what a process says of its contexts."""
    return HealthReported(
        process_id=process,
        process=f"host:{process}",
        version="1",
        started_at_ns=1,
        contexts={
            name: ContextHealth(
                status=status,
                message="" if status is Status.HEALTHY else f"{name} is {status.value}",
                latency_ms=latency_ms,
                checks=(CheckReport(name="store", status=status),),
            )
            for name, status in contexts.items()
        },
        interval_s=interval_s,
        stopping=stopping,
    )


def board(*known: str) -> Board:
    """Return a board with the usual limits."""
    return Board(known, silent_after_s=15.0, slow_ms=2000.0)


def status_of(of: Board, name: str, at_s: float) -> tuple[Status, str]:
    """Return status and message of a context."""
    standing = of.standing(name, int(at_s * S))
    assert standing is not None
    return standing.status, standing.message


def test_a_known_context_that_runs_nowhere_is_listed_as_such() -> None:
    """Lost: a context left out of every process would simply be missing from the screen."""
    b = board("data", "engine")
    b.hear(report("1", {"data": Status.HEALTHY}), 0)
    assert [s.name for s in b.standings(0)] == ["data", "engine"]
    assert status_of(b, "engine", 0) == (Status.UNKNOWN, NOWHERE)
    assert status_of(b, "data", 0) == (Status.HEALTHY, "")


def test_a_context_nobody_loaded_here_appears_once_it_is_heard_of() -> None:
    """Lost: a plugin running only in another process would stay invisible."""
    b = board("data")
    assert b.standing("stranger", 0) is None
    b.hear(report("1", {"stranger": Status.DEGRADED}), 0)
    assert status_of(b, "stranger", 0) == (Status.DEGRADED, "stranger is degraded")


def test_silence_makes_a_context_unknown_and_a_new_report_brings_it_back() -> None:
    """Lost: a process that died without a word would look healthy for ever."""
    b = board()
    b.hear(report("1", {"data": Status.HEALTHY}), 0)
    assert status_of(b, "data", 15.0)[0] is Status.HEALTHY
    assert status_of(b, "data", 15.1) == (Status.UNKNOWN, "host:1 has been silent for 15 s")
    b.hear(report("1", {"data": Status.HEALTHY}), 20 * S)
    assert status_of(b, "data", 20.0)[0] is Status.HEALTHY


def test_a_process_that_reports_seldom_by_its_own_word_is_not_called_silent() -> None:
    """Lost: a long health interval in the settings would raise a false alarm."""
    b = board()
    b.hear(report("1", {"data": Status.HEALTHY}, interval_s=30.0), 0)
    assert status_of(b, "data", 89.0)[0] is Status.HEALTHY
    assert status_of(b, "data", 91.0)[0] is Status.UNKNOWN


def test_slow_checks_degrade_a_context() -> None:
    """Lost: a context that is about to break would be shown as healthy."""
    b = board()
    b.hear(report("1", {"data": Status.HEALTHY}, latency_ms=2000.0), 0)
    assert status_of(b, "data", 0)[0] is Status.HEALTHY
    b.hear(report("1", {"data": Status.HEALTHY}, latency_ms=2001.0), 0)
    assert status_of(b, "data", 0) == (Status.DEGRADED, "its checks took 2001 ms")
    b.hear(report("1", {"data": Status.UNHEALTHY}, latency_ms=2001.0), 0)
    assert status_of(b, "data", 0)[0] is Status.UNHEALTHY


def test_of_several_processes_the_gravest_that_still_reports_counts() -> None:
    """Lost: one broken copy would hide behind a healthy one, or a dead one behind its heir."""
    b = board()
    b.hear(report("1", {"data": Status.UNHEALTHY}), 0)
    b.hear(report("2", {"data": Status.HEALTHY}), 10 * S)
    assert status_of(b, "data", 10)[0] is Status.UNHEALTHY
    assert status_of(b, "data", 20)[0] is Status.HEALTHY


def test_a_process_that_stops_leaves_at_once() -> None:
    """Lost: an orderly stop would look like a crash, fifteen seconds late."""
    b = board()
    b.hear(report("1", {"data": Status.HEALTHY}), 0)
    b.hear(report("1", {"data": Status.HEALTHY}, stopping=True), S)
    assert status_of(b, "data", 1) == (Status.UNKNOWN, NOWHERE)


def test_each_change_is_told_once() -> None:
    """Lost: listeners would hear nothing, or the same alarm every second."""
    b = board("data")
    assert b.changes(0) == []
    b.hear(report("1", {"data": Status.HEALTHY}), 0)
    (change,) = b.changes(0)
    assert (change[0].status, change[1]) == (Status.HEALTHY, Status.UNKNOWN)
    assert b.changes(S) == []
    (change,) = b.changes(16 * S)
    assert (change[0].status, change[1]) == (Status.UNKNOWN, Status.HEALTHY)
