"""Routes of instruments, tags, splits and the vault."""

from __future__ import annotations

from pathlib import Path

from fks.contexts.data.service.splitting import SplitRequest, make_split
from fks.kernel.testing import running_app


async def test_instruments_are_listed_described_and_resolved(tmp_path: Path) -> None:
    """Lost: another program has to guess what ES 03-25 is."""
    async with running_app(home=tmp_path) as app:
        listed = (await app.http.get("/api/v1/instruments")).json()
        symbols = [one["instrument"]["id"] for one in listed["instruments"]]
        assert {"ES", "NQ", "GC"} <= set(symbols)
        details = (await app.http.get("/api/v1/instruments/ES")).json()
        assert details["instrument"]["tick_size"] == "0.25"
        query = {"symbol": "ES 03-25", "on": "2025-01-15"}
        resolved = (await app.http.get("/api/v1/instruments/resolve", params=query)).json()
        assert (resolved["meaning"], resolved["code"]) == ("contract", "ESH25")
        for path in ("/api/v1/instruments/NOPE", "/api/v1/instruments/resolve?symbol=NOPE"):
            assert (await app.http.get(path)).status_code == 404
        bad = await app.http.get("/api/v1/instruments/resolve?symbol=ES&on=tomorrow")
        assert bad.status_code in (400, 422)
        assert (await app.http.get("/api/v1/instruments/resolve")).status_code == 400


async def test_a_version_is_tagged_and_a_range_sealed_for_a_reason(tmp_path: Path) -> None:
    """Lost: a holdout that only the terminal can keep."""
    async with running_app(home=tmp_path) as app:
        stored = await app.http.post("/api/v1/datasets/sp500_daily/tags", json={"label": "gold"})
        assert stored.json()["versions"][-1]["tags"] == ["gold"], stored.text
        bad = await app.http.post("/api/v1/datasets/sp500_daily/tags", json={"label": "no good"})
        assert bad.status_code == 422
        at = "/api/v1/datasets/sp500_daily/vault"
        span = {"from_ts_ns": 1_500_000_000 * 10**9, "to_ts_ns": 1_600_000_000 * 10**9}
        sealed = await app.http.post(f"{at}/seal", json={**span, "person": "ann"})
        assert [one["by"] for one in sealed.json()["seals"]] == ["ann"], sealed.text
        hidden = await app.http.get("/api/v1/datasets/sp500_daily/bars?limit=1")
        assert hidden.status_code in (403, 422), hidden.text
        refused = await app.http.post(f"{at}/open", json={"person": "ann", "reason": ""})
        assert refused.status_code == 400
        wish = {"person": "ann", "reason": "the last test", "reads": 1}
        opened = await app.http.post(f"{at}/open", json=wish)
        assert opened.json()["seals"][0]["reads_left"] == 1, opened.text
        assert (await app.http.get("/api/v1/datasets/sp500_daily/bars?limit=1")).status_code == 200
        looks = (await app.http.get(at)).json()["looks"]
        assert [one["reason"] for one in looks] == ["the last test"]


async def test_a_split_is_told_by_its_ranges(tmp_path: Path) -> None:
    """Lost: rows of a split that another program cannot take over."""
    async with running_app(home=tmp_path) as app:
        assert (await app.http.get("/api/v1/splits")).json() == {"splits": []}
        assert (await app.http.get("/api/v1/splits/none")).status_code == 404
        request = SplitRequest(dataset="sp500_daily", kind="chronological", name="parts")
        made = make_split(tmp_path, request, now_ns=1)
        assert len((await app.http.get("/api/v1/splits")).json()["splits"]) == 1
        told = (await app.http.get("/api/v1/splits/parts")).json()
        ranges = [part["ranges"] for part in told["folds"][0]["parts"]]
        assert ranges == [[list(one) for one in part.ranges] for part in made.folds[0].parts]
        assert sum(part["rows"] for part in told["folds"][0]["parts"]) == 5031
