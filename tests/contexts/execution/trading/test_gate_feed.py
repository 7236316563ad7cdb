"""The gates of VIX, news and the close are fed by data, through the journal."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fks.contexts.execution.adapters.news_calendar import keep_calendar, read_calendar
from fks.contracts.data import BarClosed
from fks.kernel.errors import Invalid

from .running import LIMITS, TradingApp, trading_app

HOUR_NS = 3_600_000_000_000


async def until(happened: Callable[[], bool]) -> None:
    """Wait until something has happened."""
    async with asyncio.timeout(30):
        while not happened():  # noqa: ASYNC110  # it happens behind the bus
            await asyncio.sleep(0.02)


async def vix(app: TradingApp, close: float, age_ns: int = 0) -> None:
    """Publish a bar of the VIX that closed some time ago."""
    now_ns = app.app.runtime.clock.now_ns()
    await app.app.runtime.bus.publish(
        BarClosed(
            stream="live", index=0, instrument="VIX", timeframe="1m", provider="test",
            ts_ns=now_ns - age_ns - 60_000_000_000,
            open=close, high=close, low=close, close=close, volume=0.0,
        )
    )  # fmt: skip
    await app.settle()


def remembered(app: TradingApp) -> Any:
    """Return what the policies remember."""
    live = app.trading.live
    assert live is not None
    return live.floor.policies._state  # what is journaled, not what is shown


async def test_bars_of_the_vix_open_and_close_its_gate(tmp_path: Path) -> None:
    """Lost: the gate would know only what a person types."""
    settings = {"execution": {"vix_instrument": "VIX"}}
    limits = {**LIMITS, "max_vix": "25", "vix_age": "1h"}
    async with trading_app(tmp_path, limits=limits, settings=settings) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        assert "not known" in (await app.place(client_order_id="a"))["reason"]
        await vix(app, 18.25)
        await until(lambda: remembered(app).vix_milli == 18_250)
        assert (await app.place(client_order_id="b"))["state"] != "rejected"
        await vix(app, 25.5)
        await until(lambda: remembered(app).vix_milli == 25_500)
        assert "25.5" in (await app.place(client_order_id="c"))["reason"]
        await vix(app, 12.0, age_ns=HOUR_NS)  # older than what is known
        await vix(app, float("nan"))
        assert remembered(app).vix_milli == 25_500
        before = remembered(app).vix_ns
    async with trading_app(tmp_path, limits=limits) as app:  # the journal needs no source
        await app.call("GET", "/accounts")
        assert (remembered(app).vix_milli, remembered(app).vix_ns) == (25_500, before)


async def test_an_old_bar_of_the_vix_is_stale_from_the_start(tmp_path: Path) -> None:
    """Lost: a replay of last year would open today's gate."""
    settings = {"execution": {"vix_instrument": "VIX"}}
    limits = {**LIMITS, "max_vix": "25", "vix_age": "1h"}
    async with trading_app(tmp_path, limits=limits, settings=settings) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        await vix(app, 18.0, age_ns=2 * HOUR_NS)
        await until(lambda: remembered(app).vix_milli == 18_000)
        assert "old" in (await app.place())["reason"]


async def test_a_calendar_holds_entries_back_and_a_bad_one_denies(tmp_path: Path) -> None:
    """Lost: news would be forgotten, or a broken file would mean that there is none."""
    path = tmp_path / "news.csv"
    limits = {**LIMITS, "news_window": "30m"}
    settings = {"execution": {"news_calendar": str(path)}}
    async with trading_app(tmp_path / "home", limits=limits, settings=settings) as app:
        now_s = app.app.runtime.clock.now_ns() // 1_000_000_000
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        await until(lambda: remembered(app).news_gap != "")
        assert "not known" in (await app.place(client_order_id="a"))["reason"]
        path.write_text(f"ts,importance,name\n{now_s + 7200},high,NFP\n{now_s + 60},low,x\n")
        await until(lambda: remembered(app).news_gap == "")
        assert (await app.place(client_order_id="b"))["state"] != "rejected"
        path.write_text(f"ts,importance,name\n{now_s + 600},high,CPI figures\n")
        await until(lambda: remembered(app).news_ns == [(now_s + 600) * 1_000_000_000])
        assert "high-impact news" in (await app.place(client_order_id="c"))["reason"]
        path.write_text(f"ts,importance\n{now_s - 600_000},high\n")
        await until(lambda: "to come" in remembered(app).news_gap)
        path.write_text("ts,importance\nsoon,high\n")
        await until(lambda: "row 2" in remembered(app).news_gap)
        before = (remembered(app).news_gap, remembered(app).news_ns)
    path.unlink()
    async with trading_app(tmp_path / "home", limits=limits) as app:  # nor the file
        await app.call("GET", "/accounts")
        assert (remembered(app).news_gap, remembered(app).news_ns) == before


async def test_closes_come_from_the_calendar_of_the_instrument(tmp_path: Path) -> None:
    """Lost: nobody would go flat before a close that the exchange has published for years."""
    sizes = {"tick_size": "0.01", "lot_size": "1", "currency": "USD"}
    named = {"SPY": {**sizes, "calendar": "XNYS"}, "BAD": {**sizes, "calendar": "NOPE"}}
    settings = {"execution": {"closes_from_calendars": True, "instruments": named}}
    async with trading_app(tmp_path, settings=settings) as app:
        await app.call("GET", "/accounts")
        for symbol in ("SPY", "BAD"):
            body = {"symbol": symbol, "side": "buy", "quantity": "1"}
            await app.http.post("/api/v1/orders", json=body)
        await until(lambda: {"SPY", "BAD"} <= remembered(app).closes_ns.keys())
        now_ns = app.app.runtime.clock.now_ns()
        assert now_ns < remembered(app).closes_ns["SPY"] < now_ns + 6 * 24 * HOUR_NS
        assert remembered(app).closes_ns["BAD"] == 1  # passed: nothing is entered


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("ts,importance\n2026-11-25T13:30:00,high\n", "row 2: ts '2026-11-25T13:30:00' has no"),
        ("ts,importance\n2026-11-25T13:30:00Z,hgh\n", "row 2: importance 'hgh' is none of"),
        ("ts,importance,currencies\n1795000000,low,dollar\n", "row 2: 'dollar' is no currency"),
        ("when,importance\n1795000000,low\n", "row 1: the columns ts and importance"),
        ('[{"ts": 1795000000, "importance": "low", "x": 1}]', "row 1: unknown column x"),
        ('[{"ts": 1795000000}', "is no list of events"),
        ("ts,importance\n", "holds no event"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, text: str, wrong: str) -> None:
    """Lost: one would search a file of a thousand rows for the one that is refused."""
    path = tmp_path / "news"
    path.write_text(text)
    with pytest.raises(Invalid) as refused:
        read_calendar(path)
    assert wrong in refused.value.message


def test_the_command_checks_and_keeps_a_calendar(tmp_path: Path) -> None:
    """Lost: a calendar would have to be copied to the right place by hand, unchecked."""
    path = tmp_path / "news.csv"
    path.write_text("ts,importance,currencies,name\n3795000000,high,USD,CPI\n1795000000,low,,\n")
    home = ["--home", str(tmp_path / "home")]

    def fks(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "fks", *home, "risk", "calendar", *words, "--json"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=False,
        )

    done = fks("import", str(path))
    assert json.loads(done.stdout)["high"] == 1, done.stderr
    (shown,) = json.loads(fks("show").stdout)["events"]
    assert (shown["name"], shown["currencies"]) == ("CPI", ["USD"])
    path.write_text("ts,importance\nnever,high\n")
    assert "row 2" in fks("import", str(path)).stderr
    assert json.loads(fks("show").stdout)["events"] == [shown]


def test_both_forms_read_alike_and_are_kept_as_they_are(tmp_path: Path) -> None:
    """Lost: what was imported and what is shown would differ."""
    rows = tmp_path / "a.csv"
    rows.write_text(
        "ts,importance,currencies,name\n"
        "2026-11-25T08:30:00-05:00,High,USD;eur,GDP\n1795000000,low,,\n"
    )
    listed = tmp_path / "a.json"
    listed.write_text(
        json.dumps(
            [
                {"ts": 1795000000, "importance": "low"},
                {"ts": "2026-11-25T13:30:00Z", "importance": "high",
                 "currencies": ["usd", "EUR"], "name": "GDP"},
            ]
        )
    )  # fmt: skip
    events = read_calendar(rows)
    assert events == read_calendar(listed)
    assert read_calendar(keep_calendar(tmp_path, events)) == events
