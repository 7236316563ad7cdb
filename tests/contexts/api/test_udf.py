"""The datafeed for charting libraries: what they document is what they get."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fks.contexts.api.domain.udf import described, resolution_of
from fks.contracts.data import DatasetInfo
from fks.contracts.data.reports import SessionHours
from fks.contracts.values import Instrument
from fks.kernel.testing import RunningApp, running_app

DAY = 86_400
ALWAYS = SessionHours(
    calendar="24/7", timezone="UTC", spans=(("0000", "0000"),), days=(1, 2, 3, 4, 5, 6, 7)
)


async def asked(app: RunningApp, path: str, **query: Any) -> Any:
    """Ask the datafeed."""
    got = await app.http.get(f"/udf/{path}", params=query)
    assert got.status_code == 200, got.text
    return got.json()


async def test_a_chart_can_find_describe_and_draw_a_dataset(tmp_path: Path) -> None:
    """Lost: a chart that asks as the protocol says and gets something else."""
    async with running_app(home=tmp_path) as app:
        config = await asked(app, "config")
        assert config["supports_search"] is True
        assert "1D" in config["supported_resolutions"]
        found = await asked(app, "search", query="s&p", limit=10)
        assert [one["symbol"] for one in found] == ["sp500_daily"]
        about = await asked(app, "symbols", symbol="sp500_daily")
        assert (about["minmov"], about["pricescale"]) == (1, 100)
        assert about["supported_resolutions"] == ["1D", "1W"]
        assert (about["session"], about["timezone"]) == ("0930-1600:23456", "America/New_York")
        assert about["has_intraday"] is False
        clock = await app.http.get("/udf/time")
        assert clock.headers["content-type"].startswith("text/plain")
        assert int(clock.text) > 1_700_000_000


async def test_pages_of_history_joined_are_the_bars_of_the_dataset(tmp_path: Path) -> None:
    """Lost: a bar between two pages, or twice."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  # shown when it fails
    chance = random.Random(seed)
    async with running_app(home=tmp_path) as app:
        whole = (await app.http.get("/api/v1/datasets/sp500_daily/bars?limit=10000")).json()
        first, last = whole["ts_ns"][0] // 10**9, whole["ts_ns"][-1] // 10**9
        times: list[int] = []
        closes: list[float] = []
        begin = first
        while begin <= last:
            end = begin + chance.randint(1, 900) * DAY
            span = {"symbol": "sp500_daily", "resolution": "D", "from": begin, "to": end}
            page = await asked(app, "history", **span)
            if page["s"] == "ok":
                times += page["t"]
                closes += page["c"]
            else:
                assert page["s"] == "no_data"
                assert page.get("nextTime", first) < begin or not times
            begin = end
        assert times == [ts_ns // 10**9 for ts_ns in whole["ts_ns"]]
        assert closes == whole["close"]
        back = await asked(
            app,
            "history",
            symbol="sp500_daily",
            resolution="1D",
            **{"from": last, "to": last + 1},
            countback=329,
        )
        assert back["t"] == times[-329:], "countback goes before from"


async def test_what_cannot_be_answered_is_told_as_the_protocol_wants(tmp_path: Path) -> None:
    """Lost: a chart that waits for ever, or shows another symbol's bars."""
    async with running_app(home=tmp_path) as app:
        span = {"from": 0, "to": 10}
        unknown = await asked(app, "symbols", symbol="nothing")
        assert unknown["s"] == "error"
        assert "no dataset" in unknown["errmsg"]
        for symbol, resolution in (
            ("nothing", "D"),
            ("sp500_daily", "60"),
            ("sp500_daily", "7X"),
            ("../x", "D"),
        ):
            answer = await asked(app, "history", symbol=symbol, resolution=resolution, **span)
            assert answer["s"] == "error"
        empty = {"symbol": "sp500_daily", "resolution": "D", **span}
        assert await asked(app, "history", **empty) == {"s": "no_data"}
        late = await asked(app, "history", **empty | {"from": 2 * 10**9, "to": 2 * 10**9 + DAY})
        assert late["s"] == "no_data"
        assert late["nextTime"] == 1_546_214_400  # 2018-12-31, the last bar there is
        got = await app.http.get("/udf/history?symbol=sp500_daily&resolution=D&from=x&to=1")
        assert got.status_code in (400, 422)


@pytest.mark.parametrize(
    ("timeframe", "kind", "wanted"),
    [
        ("1m", "bars", "1"),
        ("15m", "bars", "15"),
        ("4h", "bars", "240"),
        ("1d", "bars", "1D"),
        ("1w", "bars", "1W"),
        ("15s", "bars", "15S"),
        ("100t", "bars", None),
        ("tick", "trades", None),
    ],
)
def test_timeframes_as_the_protocol_writes_them(
    timeframe: str, kind: str, wanted: str | None
) -> None:
    """Lost: hours shown as minutes."""
    info = DatasetInfo(
        name="a",
        hash="0" * 64,
        path="",
        instrument=Instrument(id="ES", tick_size=Decimal("0.25")),
        timeframe=timeframe,
        provider="p",
        rows=1,
        first_ts_ns=0,
        last_ts_ns=0,
        created_at_ns=0,
        kind=kind,
    )
    assert resolution_of(info) == wanted


@pytest.mark.parametrize(
    ("tick", "minmov", "pricescale"),
    [("0.25", 25, 100), ("0.01", 1, 100), ("5", 5, 1), ("0.00005", 5, 100_000), ("10", 10, 1)],
)
def test_prices_are_drawn_on_their_ticks(tick: str, minmov: int, pricescale: int) -> None:
    """Lost: an axis that rounds a tick of a quarter away."""
    info = DatasetInfo(
        name="a",
        hash="0" * 64,
        path="",
        instrument=Instrument(id="ES", tick_size=Decimal(tick)),
        timeframe="1m",
        provider="p",
        rows=1,
        first_ts_ns=0,
        last_ts_ns=0,
        created_at_ns=0,
        synthetic=True,
    )
    about = described(info, ALWAYS)
    assert (about["minmov"], about["pricescale"]) == (minmov, pricescale)
    assert about["description"].startswith("SYNTHETIC")
