"""Longer bars of the datafeed: those that `fks data resample` makes, cut in any way; sessions."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from tests.contexts.data.kit import HEADER, read

from fks.contexts.api.domain.udf import described, resolutions, timeframe_of
from fks.contexts.data.adapters.calendars import expected_stamps, session_hours
from fks.contexts.data.service.resampling import resample
from fks.contexts.data.service.vault import seal_range
from fks.contexts.data.store import DatasetStore
from fks.kernel.errors import Invalid
from fks.kernel.testing import RunningApp, running_app

from .test_udf import DAY, asked

MINUTE_NS = 60_000_000_000
FIRST_NS, LAST_NS = 1_709_510_400_000_000_000, 1_711_600_000_000_000_000  # March 4 to 28, 2024
FRAMES = {"5": "5m", "15": "15m", "60": "1h", "240": "4h", "1D": "1d", "1W": "1w"}


def minutes(home: Path) -> DatasetStore:
    """Store minutes of a future over a change to summer time, with holes."""
    chance = random.Random(4)
    stamps = expected_stamps(FIRST_NS, LAST_NS, MINUTE_NS, "CMES").tolist()
    rows = []
    for k, at_ns in enumerate(stamps):
        if chance.random() < 0.1:
            continue
        base = 5_000 + (k * 7919) % 400 / 4
        rows.append(f"{at_ns},{base},{base + 2},{base - 1.5},{base + k % 7 / 4},{k % 90 + 1}")
    path = home.parent / "minutes.csv"
    path.write_text(HEADER + "\n".join(rows) + "\n")
    store = DatasetStore(home)
    store.save(read(path, name="es", instrument="ES", timeframe="1m", calendar="CMES"))
    return store


async def page(app: RunningApp, resolution: str, begin_s: int, end_s: int, **more: Any) -> Any:
    """Ask for a page of history."""
    span = {"from": begin_s, "to": end_s, **more}
    return await asked(app, "history", symbol="es", resolution=resolution, **span)


async def test_longer_bars_are_those_of_resample_however_they_are_cut(tmp_path: Path) -> None:
    """Lost: a chart whose days are not those that a backtest sees."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  # shown when it fails
    chance = random.Random(seed)
    store = minutes(tmp_path / "home")
    async with running_app(home=tmp_path / "home") as app:
        about = await asked(app, "symbols", symbol="es")
        assert set(FRAMES) < set(about["supported_resolutions"])
        for resolution, timeframe in FRAMES.items():
            made = resample(store.open("es"), timeframe, None, now_ns=1, code_version="t")
            wanted = made.imported.cleaned.kept
            times: list[int] = []
            bars: list[tuple[float, ...]] = []
            begin_s, end_s = FIRST_NS // 10**9 - DAY, LAST_NS // 10**9 + DAY
            while begin_s < end_s:
                to_s = begin_s + chance.randint(1, 6 * DAY)
                got = await page(app, resolution, begin_s, to_s)
                if got["s"] == "ok":
                    times += got["t"]
                    bars += zip(*(got[name] for name in "ohlcv"), strict=True)
                begin_s = to_s
            columns = (wanted.open, wanted.high, wanted.low, wanted.close, wanted.volume)
            assert times == [at // 10**9 for at in wanted.ts_ns.tolist()]
            assert bars == list(zip(*(one.tolist() for one in columns), strict=True))
            back = await page(app, resolution, 0, end_s, countback=3)
            assert back["t"] == times[-3:]
        refused = await page(app, "7", 0, 10)
        assert refused["s"] in ("no_data", "error")


async def test_sealed_bars_do_not_leave_by_longer_ones(tmp_path: Path) -> None:
    """Lost: the holdout, read off the days that are made of it."""
    minutes(tmp_path / "home")
    seal_ns = 1_710_201_600_000_000_000  # March 12, midnight
    seal_range(tmp_path / "home", "es", seal_ns, 2**62)
    async with running_app(home=tmp_path / "home") as app:
        before = await page(app, "60", FIRST_NS // 10**9, seal_ns // 10**9 - 3 * 3600)
        assert before["s"] == "ok"
        for resolution in ("5", "60", "1D"):
            got = await page(app, resolution, 0, LAST_NS // 10**9)
            assert got["s"] == "error"
            assert "sealed" in got["errmsg"]


@pytest.mark.parametrize(
    ("calendar", "session", "timezone"),
    [
        ("24/7", "24x7", "Etc/UTC"),
        ("24/5", "1700-1700:23456", "America/New_York"),
        ("weekdays", "0000-0000:23456", "Etc/UTC"),
        ("XNYS", "0930-1600:23456", "America/New_York"),
        ("CMES", "1700-1600:23456", "America/Chicago"),
        ("XTKS", "0900-1130,1230-1530:23456", "Asia/Tokyo"),
    ],
)
def test_sessions_are_told_in_the_time_of_their_exchange(
    tmp_path: Path, calendar: str, session: str, timezone: str
) -> None:
    """Lost: a chart with holes at night, or one that shifts by an hour in March."""
    store = minutes(tmp_path / "home")
    about = described(store.open("es").info, session_hours(calendar))
    assert (about["session"], about["timezone"]) == (session, timezone)
    assert (about["minmov"], about["pricescale"]) == (25, 100)
    with pytest.raises(Invalid):
        session_hours("NOWHERE")


def test_resolutions_are_those_that_can_be_made(tmp_path: Path) -> None:
    """Lost: a resolution that is offered and then refused, or the dataset's own under two names."""
    import msgspec

    info = minutes(tmp_path / "home").open("es").info

    def of(timeframe: str) -> list[str]:
        return resolutions(msgspec.structs.replace(info, timeframe=timeframe))

    assert of("1m")[:4] == ["1", "3", "5", "10"]
    assert of("1m")[-2:] == ["1D", "1W"]
    assert of("4h") == ["240", "1D", "1W"]
    assert of("7m") == ["7", "1D", "1W"]
    assert of("1d") == ["1D", "1W"]
    assert of("1w") == ["1W"]
    assert of("100t") == []
    hours = msgspec.structs.replace(info, timeframe="60m")
    assert timeframe_of(hours, "60") == "60m"
    assert [timeframe_of(info, one) for one in ("60", "D", "2W", "30S", "90")] == [
        *("1h", "1d", "2w", "30s", "90m"),
    ]
    assert [timeframe_of(info, one) for one in ("", "0", "1X", "999999", "-5")] == [None] * 5


async def test_it_can_be_switched_off_and_is_guarded_as_the_rest(tmp_path: Path) -> None:
    """Lost: datasets, read by any page that the person at the machine opens."""
    async with running_app(home=tmp_path / "on") as app:
        for headers in ({"origin": "https://evil.example"}, {"host": "evil.example"}):
            for path in ("/udf/config", "/api/v1/datasets"):
                assert (await app.http.get(path, headers=headers)).status_code == 403
    off = {"api": {"udf": False}}
    async with running_app(home=tmp_path / "off", settings=off) as app:
        for path in ("config", "time", "search", "symbols?symbol=a", "history?symbol=a"):
            assert (await app.http.get(f"/udf/{path}")).status_code == 404
        assert (await app.http.get("/api/v1/datasets")).status_code == 200
