"""One result three ways: the backtest's loop, a wired process, two processes over NATS."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from fks.contexts.data.service.importing import FileRequest, import_file
from fks.contexts.data.store import DatasetStore

from .nats_server import NatsServer
from .processes import Served
from .sessions import STRATEGIES, backtest_fills, finish, session_fills, start, write_bars

pytestmark = pytest.mark.e2e

SEEDS = (1, 2)
BARS = 150


def imported(folder: Path, home: Path) -> dict[int, Path]:
    """Write the random datasets and import them into a store as `random_<seed>`."""
    paths = {}
    for seed in SEEDS:
        paths[seed] = folder / f"random{seed}.csv"
        write_bars(paths[seed], seed, BARS)
        request = FileRequest(path=paths[seed], name=f"random_{seed}")
        DatasetStore(home).save(import_file(request, now_ns=0, code_version="test"))
    return paths


def agree(client: httpx.Client, paths: dict[int, Path]) -> None:
    """Run every strategy over every dataset as sessions and compare with the backtest."""
    begun = {
        (seed, name, rule): start(client, f"random_{seed}", name, params=params, fill_rule=rule)
        for seed in SEEDS
        for name, params in STRATEGIES.items()
        for rule in ("next_open", "same_close")
    }
    traded = 0
    for (seed, name, rule), session_id in begun.items():
        assert finish(client, session_id)["last_index"] == BARS - 1
        expected = backtest_fills(paths[seed], name, STRATEGIES[name], fill_rule=rule)
        assert session_fills(client, session_id) == expected, (seed, name, rule)
        traded += len(expected)
    assert traded > 100, "the test would prove nothing without trades"


def test_a_wired_process_fills_what_the_backtest_fills(tmp_path: Path) -> None:
    """Lost: paper trading would not be what was tested."""
    home = tmp_path / "home"
    paths = imported(tmp_path, home)
    with (
        Served(home, "--port", "0") as served,
        httpx.Client(base_url=served.url, timeout=30) as client,
    ):
        agree(client, paths)


@pytest.mark.nats
def test_two_processes_over_nats_fill_what_the_backtest_fills(tmp_path: Path) -> None:
    """Lost: a context could not move to a process of its own without changing results."""
    homes = tmp_path / "left", tmp_path / "right"
    paths = imported(tmp_path, homes[0])
    with (
        NatsServer(tmp_path / "nats") as nats,
        Served(homes[0], "--only", "data,engine", "--bus", nats.url, "--port", "0"),
        Served(homes[1], "--only", "execution,api", "--bus", nats.url, "--port", "0") as face,
        httpx.Client(base_url=face.url, timeout=30) as client,
    ):
        agree(client, paths)
