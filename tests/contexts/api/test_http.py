"""The public face over the wired app: what contexts answer, and what is said where one lacks."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from fks.kernel.testing import RunningApp, running_app

SESSION = {"strategy": "sma_cross", "dataset": "sp500_daily", "quantity": 10, "last_bars": 60}


async def until_over(app: RunningApp, url: str, over: tuple[str, ...]) -> dict[str, Any]:
    """Ask again until a status is final."""
    for _ in range(600):
        record: dict[str, Any] = (await app.http.get(url)).json()
        if record["status"] in over:
            return record
        await asyncio.sleep(0.05)
    raise AssertionError(record)


async def test_a_backtest_is_queued_watched_read_and_compared(tmp_path: Path) -> None:
    """Lost: the backtest page."""
    async with running_app(home=tmp_path) as app:
        ids = []
        for fast in (5, 10):
            body = {
                "strategy": "sma_cross",
                "dataset": "sp500_daily",
                "params": {"fast": fast, "slow": 30},
            }
            got = await app.http.post("/api/v1/backtests", json=body)
            assert got.status_code == 202, got.text
            ids.append(got.json()["id"])
        for run_id in ids:
            run = await until_over(app, f"/api/v1/backtests/{run_id}", ("done", "failed"))
            assert run["status"] == "done", run["error"]
            assert run["bars"] == 5031 and run["fills"] > 10
        series = (await app.http.get(f"/api/v1/backtests/{ids[0]}/series?points=100")).json()
        assert len(series["equity"]) <= 100 < series["total"]
        sheet = await app.http.get(f"/api/v1/backtests/{ids[0]}/report")
        assert sheet.headers["content-type"].startswith("text/html")
        assert "script" not in sheet.headers["content-security-policy"]
        pair = await app.http.get(f"/api/v1/backtests/compare?run={ids[0]}&run={ids[1]}")
        assert any("fast" in name for name in pair.json()["differences"]), pair.text[:300]


async def test_one_idempotency_key_is_one_backtest(tmp_path: Path) -> None:
    """Lost: a retried request would start the work twice."""
    body = {"strategy": "sma_cross", "dataset": "sp500_daily"}
    async with running_app(home=tmp_path) as app:
        post = lambda: app.http.post(  # noqa: E731  # the same request, twice
            "/api/v1/backtests", json=body, headers={"Idempotency-Key": "once"}
        )
        first, second = (await post()).json(), (await post()).json()
        assert first["id"] == second["id"]


async def test_a_session_plays_to_its_end(tmp_path: Path) -> None:
    """Lost: the chart page."""
    async with running_app(home=tmp_path) as app:
        got = await app.http.post("/api/v1/sessions", json=SESSION)
        assert got.status_code == 201, got.text
        url = f"/api/v1/sessions/{got.json()['id']}"
        session = await until_over(app, url, ("finished", "failed", "stopped"))
        assert (session["status"], session["last_index"]) == ("finished", 59)
        points = (await app.http.get(f"{url}/equity")).json()["points"]
        assert len(points) == 60
        again = await app.http.post(f"{url}/stop")
        assert again.status_code == 409, "a session that is over cannot be stopped"


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"strategy": "smacross"}, 404, "sma_cross"),
        ({"params": {"fast": 0}}, 422, "fast"),
        ({"params": {"quick": 3}}, 422, "it has fast"),
        ({"dataset": "nothing"}, 404, "sp500_daily"),
        ({"quantity": 0.5}, 422, "lot size"),
        ({"quantity": -1}, 400, "quantity"),
        ({"surprise": 1}, 400, "surprise"),
        ({"from_ts_ns": 5}, 422, "not both"),
    ],
)
async def test_a_session_that_cannot_be_is_refused_before_anything_starts(
    tmp_path: Path, change: dict[str, Any], status: int, words: str
) -> None:
    """Lost: a typing error would leave a failed session behind, or no word of what would work."""
    async with running_app(home=tmp_path) as app:
        got = await app.http.post("/api/v1/sessions", json={**SESSION, **change})
        assert got.status_code == status, got.text
        assert words in got.text
        assert got.headers["content-type"].startswith("application/problem+json")
        assert (await app.http.get("/api/v1/sessions")).json()["sessions"] == []


async def test_a_missing_context_answers_503_with_the_reason(tmp_path: Path) -> None:
    """Lost: a half-started FKS would look broken instead of saying what is missing."""
    async with running_app(home=tmp_path, contexts=["api", "data"]) as app:
        assert (await app.http.get("/api/v1/datasets")).status_code == 200
        got = await app.http.get("/api/v1/strategies")
        assert got.status_code == 503
        assert "engine" in got.json()["detail"]


async def test_bars_and_indicators_line_up(tmp_path: Path) -> None:
    """Lost: an average drawn a bar too early would look like foresight."""
    async with running_app(home=tmp_path) as app:
        base = "/api/v1/datasets/sp500_daily"
        bars = (await app.http.get(f"{base}/bars?limit=50")).json()
        found = (await app.http.get(f"{base}/indicators?spec=sma:period=5&limit=50")).json()
        assert found["ts_ns"] == bars["ts_ns"]
        mean = sum(bars["close"][-5:]) / 5
        assert abs(found["columns"]["sma:period=5"][-1] - mean) < 1e-9
        bad = await app.http.get(f"{base}/indicators?spec=smma:period=5")
        assert bad.status_code == 422 and "sma" in bad.text


async def test_the_old_paths_answer(tmp_path: Path) -> None:
    """Lost: callers of the services that FKS replaces."""
    async with running_app(home=tmp_path) as app:
        run = (await app.http.get("/backtest?symbol=SPX&period=2y")).json()
        assert run["status"] == "done" and 490 < run["bars"] < 510
        signals = (await app.http.get("/signals?symbol=SPX")).json()["signals"]
        assert {"symbol", "side", "strength", "timestamp", "strategy"} <= signals[0].keys()
        assert (await app.http.get("/backtest?symbol=XYZ")).status_code == 404
        assert (await app.http.get("/info")).json()["version"]
