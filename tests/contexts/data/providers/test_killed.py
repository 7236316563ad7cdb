"""`kill -9` in a backfill, over the program itself: nothing lost, nothing twice, nothing half."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from .served import Answer, BinanceSpot, failed, klines, served

PAGES = 12
START_MS = 1_700_000_000_000 // 60_000 * 60_000


def command(home: Path, url: str, *more: str) -> tuple[list[str], dict[str, str]]:
    """Return the program and its environment."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "FKS__PROVIDER_BINANCE__BASE_URL": url,
        "FKS__FETCHING__ALLOW_LOOPBACK": "true",
    }
    return [sys.executable, "-m", "fks", "--home", str(home), "data", *more], environment


def run(home: Path, url: str, *more: str) -> Any:
    """Run the program to its end and return its document."""
    words, environment = command(home, url, *more, "--json")
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_backfill_that_is_killed_again_and_again_ends_as_if_it_never_was(
    tmp_path: Path,
) -> None:
    """Lost: pages that were paid for, bars of the pages around a kill, or a clean raw log."""
    seed = int(os.environ.get("FKS_SEED", random.randrange(2**32)))
    print(f"seed {seed} (FKS_SEED)")  # noqa: T201  # shown when it fails
    chance = random.Random(seed)
    exchange = BinanceSpot("BTCUSDT", klines(PAGES * 1000 - 300, START_MS), "0.01", "0.00001")
    calls = [0]

    def slowly(path: str, params: dict[str, str]) -> Answer:
        calls[0] += 1
        time.sleep(0.05)
        return exchange(path, params)

    fetch = ("fetch", "BTCUSDT", "--from", "binance", "--start", "2023-11-14", "--name", "btc")
    with served(slowly) as server:
        wanted = run(tmp_path / "clean", server.url, *fetch)["dataset"]
        calls[0] = kills = 0
        home = tmp_path / "killed"
        for _ in range(8):
            words, environment = command(home, server.url, *fetch)
            before = calls[0]
            with subprocess.Popen(
                words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as child:
                after = chance.randint(1, 3)
                while calls[0] < before + after and child.poll() is None:
                    time.sleep(0.002)
                time.sleep(chance.uniform(0, 0.05))
                kills += child.poll() is None
                child.send_signal(signal.SIGKILL)
        done = run(home, server.url, *fetch)
        assert kills > 2, "the kills must have come in the middle"
        assert done["dataset"]["hash"] == wanted["hash"]
        assert done["dataset"]["rows"] == PAGES * 1000 - 300
        assert calls[0] <= PAGES + 1 + 2 * 8, "what stands is not asked for again"
        assert run(home, server.url, "rebuild", "btc")["same"] is True
        assert run(home, server.url, "raw", "verify")["damaged"] == []


def test_the_program_says_what_would_work(tmp_path: Path) -> None:
    """Lost: a user, at the first word that is wrong."""
    exchange = BinanceSpot("BTCUSDT", klines(10, START_MS), "0.01", "0.00001")
    faults = {
        "DOWN": failed(501, {"msg": "gone"}),
        "BANNED": failed(418, {"msg": "too much"}),
        "PAGE": (200, {"Content-Type": "text/html"}, b"<html>"),
        "HALF": (200, {"Content-Type": "application/json"}, b'{"symbols":[{"sym'),
    }

    def serve(path: str, params: dict[str, str]) -> Answer:
        return faults.get(params.get("symbol", "")) or exchange(path, params)

    with served(serve) as server:
        for more, code, told in (
            (("fetch", "BTCUSDT", "--from", "nobody"), 3, "binance"),
            (("fetch", "BTCUSDT", "--from", "synthetic"), 2, "import --provider"),
            (("fetch", "BTCUSDT", "--from", "binance", "--timeframe", "7m"), 2, "15m"),
            (("fetch", "btc/usdt", "--from", "binance"), 2, "symbols"),
            (("fetch", "ETHUSDT", "--from", "binance"), 2, "Invalid symbol"),
            (("fetch", "DOWN", "--from", "binance"), 6, "fails (501)"),
            (("fetch", "PAGE", "--from", "binance"), 6, "a web page"),
            (("fetch", "HALF", "--from", "binance"), 6, "does not document"),
            (("fetch", "BANNED", "--from", "binance"), 6, "(418)"),
            (("fetch", "BTCUSDT", "--from", "binance"), 6, "lets nothing through"),
            (("fetch", "BTCUSDT", "--from", "polygon"), 2, "fks data keys set polygon"),
            (("fetch", "BTCUSDT", "--from", "binance", "--start", "2090-01-01"), 2, "future"),
            (("import", "--provider", "binance", "--symbol", "A", "--timeframe", "1m"), 2, "fetch"),
            (("rebuild", "sp500_daily"), 2, "lineage"),
            (("rebuild", "nothing"), 3, "no dataset"),
        ):
            words, environment = command(tmp_path, server.url, *more)
            done = subprocess.run(words, env=environment, capture_output=True, text=True)
            assert done.returncode == code, (more, done.stderr)
            assert told in done.stderr, (more, done.stderr)
            assert "Traceback" not in done.stderr
            assert len(done.stderr.strip().splitlines()) == 1, (more, done.stderr)
        assert not (tmp_path / "datasets").exists()
        found = run(tmp_path, server.url, "providers")
        assert {"binance", "kraken", "polygon", "yahoo"} <= {one["name"] for one in found}
