"""What a provider lets through is shared by all processes of a home, and a kill harms nobody."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.data.adapters.fetching.sharing import SharedWindow
from fks.kernel.errors import Unavailable

from .asking import GOOD, QUICK, REQUEST, Clock, made_for
from .asking_child import FASTER
from .fault_server import fault_server, refusal

LIMIT = 30
MOVES = st.lists(
    st.tuples(st.integers(0, 2), st.integers(1, 12), st.floats(0, 25, allow_nan=False)),
    max_size=60,
)


@settings(max_examples=25, deadline=None)
@given(moves=MOVES)
def test_no_minute_holds_more_than_the_limit_whoever_asks(
    moves: list[tuple[int, int, float]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Lost: the address of everybody, banned because two processes each kept the limit."""
    path = tmp_path_factory.mktemp("w") / "weights" / "p.json"
    now_s, taken = 1000.0, list[tuple[float, int]]()
    windows = [SharedWindow(LIMIT, path, time.time_ns) for _ in range(3)]
    for which, weight, pause_s in moves:
        now_s += pause_s
        wait_s = windows[which].take(now_s, weight)
        if wait_s > 0:
            assert wait_s <= 61
            now_s += wait_s + 1e-6
            assert windows[which].take(now_s, weight) == 0, "the wait that was told is enough"
        taken.append((now_s, weight))
        if which == 2:  # a process that was killed and begins anew
            windows[2] = SharedWindow(LIMIT, path, time.time_ns)
        assert sum(w for at, w in taken if at > now_s - 60) <= LIMIT


def test_two_real_processes_keep_one_limit(tmp_path: Path) -> None:
    """Lost: the same, between a server and a command that really run beside one another."""
    came: list[tuple[float, int]] = []

    def counting(connection: Any, request: bytes) -> None:
        weight = int(request.split(b"weight=")[1].split()[0])
        came.append((time.monotonic(), weight))
        GOOD(connection, request)

    with fault_server(counting) as server:
        words = [sys.executable, "-m", "tests.contexts.data.fetching.asking_child"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        root = Path(__file__).parents[4]
        children = [
            subprocess.Popen(
                [*words, server.url, str(tmp_path), "24", str(weight), "40"],
                env=environment,
                cwd=root,
            )
            for weight in (1, 2)
        ]
        assert [child.wait(60) for child in children] == [0, 0]
    assert sum(weight for _, weight in came) == 72
    # Two thirds of a window: a request may be on its way for a while.
    span_s = 60 / FASTER * 2 / 3
    for at_s, _ in came:
        assert sum(weight for then_s, weight in came if at_s <= then_s < at_s + span_s) <= 40


async def test_a_pause_asked_of_one_process_holds_for_the_others(tmp_path: Path) -> None:
    """Lost: a ban, earned by the process that had not heard of the 429."""
    with fault_server(GOOD) as server:
        clock = Clock()
        one, other = (
            made_for(server.url, monotonic_s=clock, sleep=clock.sleep, home=tmp_path)
            for _ in range(2)
        )
        server.script = [refusal(429, Retry_After="40")]
        with pytest.raises(Unavailable, match="40 s"):
            await one.get(REQUEST)
        with pytest.raises(Unavailable, match="another 40 s") as refused:
            await other.get(REQUEST)
        assert refused.value.code == "data.rate_limited"
        assert len(server.requests) == 1
        clock.now_s += 39.5
        await other.get(REQUEST)
        assert clock.slept[-1] == pytest.approx(0.5), "what is left of it is waited for"
        for fetcher in (one, other):
            await fetcher.close()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"[]", b'{"taken":[[1,2]]}', b'{"taken":[[1e999,0,1]]}']
)
def test_a_broken_file_counts_nothing_and_is_made_anew(tmp_path: Path, content: bytes) -> None:
    """Lost: every provider, to a file of a few bytes."""
    path = tmp_path / "p.json"
    path.write_bytes(content)
    window = SharedWindow(LIMIT, path, time.time_ns)
    assert window.take(100.0, LIMIT) == 0
    assert SharedWindow(LIMIT, path, time.time_ns).take(101.0, 1) > 0


def test_after_a_restart_of_the_machine_the_wall_clock_tells_the_age(tmp_path: Path) -> None:
    """Lost: hours of waiting for a clock that began anew, or a limit forgotten at a restart."""
    wall_s = [5_000_000.0]
    path = tmp_path / "p.json"

    def window() -> SharedWindow:
        return SharedWindow(LIMIT, path, lambda: int(wall_s[0] * 1e9))

    assert window().take(90_000.0, LIMIT) == 0
    wall_s[0] += 30
    assert window().take(12.0, 1) == pytest.approx(30)
    wall_s[0] += 31
    assert window().take(43.0, 1) == 0


async def test_a_lock_that_is_never_given_back_stops_nobody(tmp_path: Path) -> None:
    """Lost: all fetching, to a process that was stopped while it held the file."""
    import fcntl

    with fault_server(GOOD) as server:
        fetcher = made_for(server.url, settings=QUICK, home=tmp_path)
        await fetcher.get(REQUEST)
        (lock,) = (tmp_path / "weights").glob("*.lock")
        with lock.open("rb+") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            async with asyncio.timeout(20):
                await fetcher.get(REQUEST)
        assert len(server.requests) == 2
        await fetcher.close()


def test_a_home_that_cannot_be_written_is_counted_alone(tmp_path: Path) -> None:
    """Lost: fetching, on a disk that is full or read-only."""
    (tmp_path / "weights").write_bytes(b"no folder")
    window = SharedWindow(LIMIT, tmp_path / "weights" / "p.json", time.time_ns)
    assert [window.take(100.0, 1) for _ in range(LIMIT + 1)] == [0.0] * LIMIT + [60.0]
