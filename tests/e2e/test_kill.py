"""`kill -9` of the whole server during a paper session: nothing lost, nothing doubled."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import httpx
import pytest

from .processes import Served
from .sessions import STRATEGIES, backtest_fills, finish, session_fills, start, write_bars
from .test_parity import DatasetStore, FileRequest, import_file

pytestmark = pytest.mark.e2e

KILLS = 4
BARS = 600


def test_a_killed_server_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    """Lost: a crash would lose an acknowledged fill, or place an order twice."""
    home, path = tmp_path / "home", tmp_path / "random.csv"
    write_bars(path, 7, BARS)
    request = FileRequest(path=path, name="random")
    DatasetStore(home).save(import_file(request, now_ns=0, code_version="test"))
    name = "breakout_stop"
    session_id, seen = "", []
    rng = random.Random(11)
    for life in range(KILLS + 1):
        with (
            Served(home, "--port", "0") as served,
            httpx.Client(base_url=served.url, timeout=30) as client,
        ):
            if not session_id:
                session_id = start(client, "random", name, params=STRATEGIES[name])
            if life == KILLS:
                finish(client, session_id)
                fills = session_fills(client, session_id)
                orders = client.get(
                    f"/api/v1/sessions/{session_id}/orders", params={"limit": 10_000}
                ).json()["orders"]
                break
            time.sleep(rng.uniform(0.3, 1.2))
            # What a client was told before the crash must still be there afterwards.
            acknowledged = session_fills(client, session_id)
            assert acknowledged[: len(seen)] == seen
            seen = acknowledged
            assert served.stop(signal.SIGKILL) == -signal.SIGKILL
    assert fills[: len(seen)] == seen
    assert fills == backtest_fills(path, name, STRATEGIES[name])
    numbers = [order["id"] for order in orders]
    assert numbers == sorted(set(numbers)), "no order twice"
