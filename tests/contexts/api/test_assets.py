"""Routes of what is known of datasets, and of what is kept fresh."""

from __future__ import annotations

from pathlib import Path

from fks.kernel.testing import running_app


async def test_versions_lineage_days_and_the_rest_are_answered(tmp_path: Path) -> None:
    """Lost: the screens of data, which know datasets by these only."""
    async with running_app(home=tmp_path) as app:
        of = "/api/v1/datasets/sp500_daily"
        versions = (await app.http.get(f"{of}/versions")).json()
        assert versions["versions"][0]["latest"] is True
        lineage = (await app.http.get(f"{of}/lineage")).json()
        assert lineage["root"] == versions["versions"][0]["hash"]
        days = (await app.http.get(f"{of}/days?limit=3")).json()
        assert [day["day"] for day in days["days"]] == ["1999-01-04", "1999-01-05", "1999-01-06"]
        compared = (await app.http.get(f"{of}/compare?other=nasdaq_daily")).json()
        assert compared["common"] == 5031
        assert (await app.http.get(f"{of}/splits")).json() == {"splits": []}
        assert (await app.http.get(f"{of}/vault")).json()["seals"] == []
        missing = await app.http.get("/api/v1/datasets/nothing/lineage")
        assert missing.status_code == 404
        assert missing.json()["code"] == "data.dataset_not_found"


async def test_assets_are_tracked_listed_refreshed_and_left_alone(tmp_path: Path) -> None:
    """Lost: an asset that can only be tracked at a terminal."""
    async with running_app(home=tmp_path) as app:
        asset = {
            "name": "btc",
            "providers": ["binance"],
            "symbol": "BTCUSDT",
            "paused": True,
        }
        made = await app.http.post("/api/v1/tracked", json=asset)
        assert made.status_code == 201, made.text
        assert made.json()["state"] == "paused"
        listed = (await app.http.get("/api/v1/tracked")).json()
        assert [one["asset"]["name"] for one in listed["assets"]] == ["btc"]
        bad = await app.http.post("/api/v1/tracked", json=asset | {"every_s": 1})
        assert (bad.status_code, bad.json()["code"]) == (422, "data.bad_interval")
        gone = await app.http.delete("/api/v1/tracked/btc")
        assert (gone.status_code, gone.json()) == (200, {"assets": []})
        for path in ("/api/v1/tracked/btc/refresh",):
            assert (await app.http.post(path)).status_code == 404
        assert (await app.http.delete("/api/v1/tracked/btc")).status_code == 404
