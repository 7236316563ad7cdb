"""Routes of what is known of datasets, and of what is kept fresh."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from fks.contexts.data.service.vault import seal_range
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


async def test_a_dataset_is_downloaded_whole_or_in_part_and_once(tmp_path: Path) -> None:
    """Lost: data that cannot be taken to another tool, or a download of what is sealed."""
    async with running_app(home=tmp_path) as app:
        of = "/api/v1/datasets/sp500_daily/download"
        got = await app.http.get(of)
        assert got.headers["content-type"].startswith("text/csv")
        assert got.headers["content-disposition"] == 'attachment; filename="sp500_daily.csv"'
        rows = list(csv.DictReader(io.StringIO(got.text)))
        bars = (await app.http.get("/api/v1/datasets/sp500_daily/bars?limit=10000")).json()
        assert [int(row["ts_ns"]) for row in rows] == bars["ts_ns"]
        assert [float(row["close"]) for row in rows] == bars["close"]
        same = await app.http.get(of, headers={"If-None-Match": got.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        part = await app.http.get(f"{of}?format=parquet&from_s={2**30}")
        table = pq.read_table(io.BytesIO(part.content))
        assert table["ts_ns"].to_pylist() == [ts for ts in bars["ts_ns"] if ts >= 2**30 * 10**9]
        assert part.headers["etag"] != got.headers["etag"]
        arrow = await app.http.get(f"{of}?format=arrow")
        with pa.ipc.open_stream(arrow.content) as stream:
            assert stream.read_all()["open"].to_pylist() == bars["open"]
        for query, status in (("?format=xlsx", 422), ("?from_s=x", 400)):
            assert (await app.http.get(of + query)).status_code == status
        missing = await app.http.get("/api/v1/datasets/nothing/download")
        assert missing.status_code == 404
        first = bars["ts_ns"][0]
        seal_range(tmp_path, "sp500_daily", first, first + 1, by="me")
        sealed = await app.http.get(of)
        assert (sealed.status_code, sealed.json()["status"]) == (403, 403)
        udf = f"/udf/history?symbol=sp500_daily&resolution=D&from=0&to={first // 10**9 + 1}"
        assert (await app.http.get(udf)).json()["s"] == "error"
