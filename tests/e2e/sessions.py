"""Paper sessions over HTTP: random bars in a store, a session over them, what came of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np

import fks

STRATEGIES: dict[str, dict[str, Any]] = {
    "sma_cross": {"fast": 3, "slow": 8, "allow_short": True},
    "rsi_reversion": {"period": 5},
    "breakout": {"entry": 6, "exit": 3},
    "breakout_stop": {"entry": 5, "exit": 3, "atr": 4, "stop_ranges": 1.0},
}
REQUEST = {"quantity": 3, "cash": 50_000, "costs": {"fee_bps": 5, "slippage_ticks": 1}}
_FINAL = ("finished", "failed", "stopped")


def write_bars(path: Path, seed: int, count: int) -> None:
    """Write a CSV of random minute bars with gaps, flat stretches and jumps."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 0.6, count) * (rng.random(count) < 0.8)
    close = np.maximum(np.round(100 + np.cumsum(steps) + 3 * (rng.random(count) < 0.02), 2), 5)
    opened = np.concatenate(([100.0], close[:-1]))
    high = np.round(np.maximum(opened, close) + np.abs(rng.normal(0, 0.3, count)), 2)
    low = np.round(np.minimum(opened, close) - np.abs(rng.normal(0, 0.3, count)), 2)
    minutes = np.cumsum(rng.integers(1, 4, count))
    with path.open("w") as out:
        out.write("ts,open,high,low,close,volume\n")
        for k in range(count):
            stamp = 1_700_000_000 + int(minutes[k]) * 60
            row = (opened[k], high[k], low[k], close[k])
            out.write(f"{stamp},{','.join(f'{price:.2f}' for price in row)},{k % 7}\n")


def backtest_fills(
    path: Path, strategy: str, params: dict[str, Any], **options: Any
) -> list[tuple[Any, ...]]:
    """Return the fills of the library's backtest over the same file."""
    run = fks.backtest(strategy, path, params=params, **{**REQUEST, **options})
    return [(f.side.value, f.quantity, f.price, f.fee, f.ts_ns, f.position) for f in run.fills]


def start(client: httpx.Client, dataset: str, strategy: str, **more: Any) -> str:
    """Start a session and return its id."""
    body = {"dataset": dataset, "strategy": strategy, **REQUEST, **more}
    got = client.post("/api/v1/sessions", json=body)
    assert got.status_code == 201, got.text
    return str(got.json()["id"])


def finish(client: httpx.Client, session_id: str, within_s: float = 90) -> dict[str, Any]:
    """Wait until a session is over and return it."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        session = client.get(f"/api/v1/sessions/{session_id}").json()
        if session["status"] in _FINAL:
            assert session["status"] == "finished", session["error"]
            return dict(session)
        time.sleep(0.1)
    raise AssertionError(f"session {session_id} did not end: {session}")


def session_fills(client: httpx.Client, session_id: str) -> list[tuple[Any, ...]]:
    """Return a session's fills in the form of `backtest_fills`."""
    found = client.get(f"/api/v1/sessions/{session_id}/fills", params={"limit": 10_000}).json()
    return [
        (f["side"], f["quantity"], f["price"], f["fee"], f["ts_ns"], f["position"])
        for f in found["fills"]
    ]
