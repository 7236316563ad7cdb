"""Routes of providers, their keys, and of coverage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fks.kernel.testing import running_app

CANARY = "canary-4f9a8e7d6c5b4a39"


def of(listed: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a provider of a list."""
    return next(one for one in listed["providers"] if one["name"] == name)


def everything(folder: Path) -> bytes:
    """Return all files of a folder, one after the other."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_providers_tell_what_they_give_and_how_they_have_been(tmp_path: Path) -> None:
    """Lost: nobody sees that a provider rests or lacks its key until data are missing."""
    async with running_app(home=tmp_path) as app:
        listed = (await app.http.get("/api/v1/providers")).json()
    assert of(listed, "sample")["state"] == "local"
    binance, polygon = of(listed, "binance"), of(listed, "polygon")
    assert binance["state"] == polygon["state"] == "idle"
    assert {one["kind"] for one in binance["gives"]} >= {"bars", "trades"}
    assert binance["weight_per_minute"] > 0
    assert binance["key"]["state"] == "not_needed"
    assert polygon["key"] | {"required": True} == polygon["key"]
    assert polygon["key"]["state"] == "missing"


async def test_a_key_is_sealed_replaced_and_removed_and_never_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Lost: a key could be read in an answer, an event, a log or a file."""
    said = []
    async with running_app(home=tmp_path) as app:
        at = "/api/v1/providers/polygon/key"
        for body, status in (
            ({"secret": CANARY}, 200),
            ({"secret": CANARY}, 200),  # the same again
            ({"secret": f"{CANARY}2"}, 409),
            ({"secret": f"{CANARY}2", "replace": True}, 200),
            ({"secret": f"{CANARY} {CANARY}"}, 422),
            ({"secret": CANARY * 400}, 400),
            ({"secret": CANARY, "more": 1}, 400),
            ({"secret": {"a": CANARY}}, 400),
        ):
            got = await app.http.put(at, json=body)
            assert got.status_code == status, (body.keys(), got.text)
            said.append(got.text)
        shown = (await app.http.get("/api/v1/providers")).json()
        key = of(shown, "polygon")["key"]
        assert key["state"] == "set"
        assert key["masked"] == "****a392"
        assert key["rotated_at_ns"] > key["set_at_ns"] > 0
        for other in ("binance", "nobody", "ccxt:kraken"):
            refused = await app.http.put(f"/api/v1/providers/{other}/key", json={"secret": CANARY})
            assert refused.status_code in (404, 422), refused.text
            said.append(refused.text)
        removed = await app.http.delete(at)
        assert removed.json()["key"]["state"] == "missing"
        assert (await app.http.delete(at)).status_code == 404
    out = capsys.readouterr()
    kept = everything(tmp_path)
    assert CANARY not in "".join([*said, str(shown), out.out, out.err, caplog.text])
    assert CANARY.encode() not in kept


async def test_coverage_sums_to_the_whole_dataset(tmp_path: Path) -> None:
    """Lost: a catalogue that shows data where there are none."""
    async with running_app(home=tmp_path) as app:
        at = "/api/v1/datasets/sp500_daily/coverage"
        found = (await app.http.get(f"{at}?parts=60")).json()
        rows = sum(found["present"])
        days = (await app.http.get("/api/v1/datasets/sp500_daily/days?limit=4000")).json()
        info = (await app.http.get("/api/v1/datasets/sp500_daily")).json()
        assert rows == info["rows"] == 5031
        assert 50 < len(found["present"]) <= 60
        end = found["from_ts_ns"] + len(found["present"]) * found["days_each"] * 86_400 * 10**9
        assert found["from_ts_ns"] <= info["first_ts_ns"] < info["last_ts_ns"] < end
        assert sum(day["missing"] for day in days["days"]) <= sum(found["missing"])
        whole = (await app.http.get(f"{at}?parts=1")).json()
        for name in ("expected", "present", "missing", "faults"):
            assert whole[name] == [sum(found[name])]
        assert (await app.http.get(f"{at}?parts=0")).status_code == 400
        assert (await app.http.get("/api/v1/datasets/none/coverage")).status_code == 404
