"""Tracked assets: fetched when due, told when they fail, counted when they are behind."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contexts.data import kit

from fks.contexts.data.domain.tracking import due_ns, state_of
from fks.contexts.data.handlers import tracking_check
from fks.contexts.data.service.backfilling import Gone
from fks.contexts.data.service.tracking import Tracking
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.tracked import TrackedStore
from fks.contracts.data import DatasetInfo
from fks.contracts.data.tracking import (
    AssetFailed,
    AssetProgressed,
    AssetRefreshed,
    ListTracked,
    RefreshAsset,
    TrackAsset,
    TrackedAsset,
    TrackedState,
    UntrackAsset,
)
from fks.kernel.errors import Invalid, NotFound, Unavailable
from fks.kernel.testing import RecordingBus, RunningApp, running_app

from .served import Answer, BinanceSpot, failed, klines, served

TIMEOUT_S = 20.0
MINUTE_MS = 60_000


def recent(count: int) -> BinanceSpot:
    """Return minutes that end now, the last one still forming."""
    now_ms = time.time_ns() // 1_000_000
    start_ms = now_ms // MINUTE_MS * MINUTE_MS - (count - 1) * MINUTE_MS
    return BinanceSpot("BTCUSDT", klines(count, start_ms), "0.01", "0.00001")


def settings(url: str) -> dict[str, dict[str, Any]]:
    """Point Binance at a server of ours."""
    quick = {"allow_loopback": True, "tries": 1, "first_pause_s": 0.01}
    return {"provider_binance": {"base_url": url}, "fetching": quick}


async def states(app: RunningApp) -> dict[str, TrackedState]:
    """Return how all tracked assets are."""
    found = await app.runtime.bus.ask(ListTracked(), timeout_s=TIMEOUT_S)
    return {one.asset.name: one for one in found.assets}


async def until(app: RunningApp, name: str, *wanted: str) -> TrackedState:
    """Wait until an asset is in one of some states."""
    for _ in range(400):
        found = (await states(app))[name]
        if found.state in wanted:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"{name} is {found}")


async def test_what_is_tracked_is_fetched_and_fetched_again(tmp_path: Path) -> None:
    """Lost: data that are fresh without anybody doing anything."""
    exchange = recent(1_500)
    asset = TrackedAsset(name="btc", providers=("binance",), symbol="BTCUSDT", every_s=10)
    with served(exchange) as server:
        async with running_app(
            home=tmp_path, contexts=["data"], settings=settings(server.url)
        ) as app:
            await app.runtime.bus.ask(TrackAsset(key="1", asset=asset), timeout_s=TIMEOUT_S)
            found = await until(app, "btc", "fresh")
            assert found.rows in (1_499, 1_500)
            assert found.behind_rows <= 1
            assert (await tracking_check(app.runtime).probe()).status.value == "healthy"
            first_ms = exchange.rows[0][0]
            exchange.rows = klines(1_501, first_ms)
            await app.runtime.bus.ask(RefreshAsset(key="2", name="btc"), timeout_s=TIMEOUT_S)
            for _ in range(400):
                if (await states(app))["btc"].dataset_hash != found.dataset_hash:
                    break
                await asyncio.sleep(0.05)
            assert (await until(app, "btc", "fresh")).rows in (found.rows, found.rows + 1)
            left = await app.runtime.bus.ask(UntrackAsset(key="3", name="btc"), timeout_s=TIMEOUT_S)
            assert left.assets == ()
            with pytest.raises(NotFound):
                await app.runtime.bus.ask(RefreshAsset(key="4", name="btc"), timeout_s=TIMEOUT_S)


async def test_one_that_fails_is_told_and_tried_again_later_and_the_others_go_on(
    tmp_path: Path,
) -> None:
    """Lost: a feed that died in silence, or all of them because one did."""
    good = recent(50)

    def serve(path: str, params: dict[str, str]) -> Answer:
        if params.get("symbol") == "BTCUSDT":
            return good(path, params)
        return failed(400, {"code": -1121, "msg": "Invalid symbol."})

    with served(serve) as server:
        TrackedStore(tmp_path).put(
            TrackedAsset(name="bad", providers=("binance",), symbol="NOPE", every_s=10)
        )
        TrackedStore(tmp_path).put(
            TrackedAsset(name="good", providers=("binance",), symbol="BTCUSDT", every_s=10)
        )
        async with running_app(
            home=tmp_path, contexts=["data"], settings=settings(server.url)
        ) as app:
            assert (await until(app, "good", "fresh")).failures == 0
            bad = await until(app, "bad", "failed")
            assert bad.failures == 1
            assert "Invalid symbol" in bad.error
            assert bad.next_at_ns >= bad.tried_at_ns + 59 * 10**9
            check = await tracking_check(app.runtime).probe()
            assert check.status.value == "degraded"
            assert "bad failed" in check.message


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "../x"},
        {"providers": ()},
        {"providers": ("no such!",)},
        {"kind": "rumours"},
        {"timeframe": "7x"},
        {"every_s": 1},
        {"every_s": 10**9},
    ],
    ids=str,
)
def test_what_cannot_be_tracked_is_refused_and_the_list_stays(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    """Lost: a list that no server can read any more."""
    store = TrackedStore(tmp_path)
    asset = TrackedAsset(name="a", providers=("binance",), symbol="A")
    store.put(asset)
    with pytest.raises(Invalid) as refused:
        store.put(msgspec.structs.replace(asset, **changes))
    assert "\n" not in refused.value.message
    assert store.all() == (asset,)


def test_a_list_that_a_person_broke_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    """Lost: the list, to a comma."""
    store = TrackedStore(tmp_path)
    store.put(TrackedAsset(name="a", providers=("binance",), symbol="A"))
    broken = store.path.read_text().replace('"symbol"', '"symbl"')
    store.path.write_text(broken)
    with pytest.raises(Invalid, match="symb"):
        store.all()
    with pytest.raises(Invalid):
        store.put(TrackedAsset(name="b", providers=("binance",), symbol="B"))
    assert store.path.read_text() == broken
    assert json.loads(broken)


@given(every=st.integers(10, 86_400), failures=st.integers(0, 60), tried=st.integers(1, 2**62))
def test_a_failing_asset_is_tried_ever_more_seldom_and_never_not(
    every: int, failures: int, tried: int
) -> None:
    """Lost: a provider that is asked every second because it fails, or never again."""
    asset = TrackedAsset(name="a", providers=("p",), symbol="A", every_s=every)
    pause_s = (due_ns(asset, tried, failures) - tried) / 1e9
    if failures == 0:
        assert pause_s == every
    else:
        assert 60 <= pause_s <= 6 * 3600
        assert due_ns(asset, tried, failures + 1) >= due_ns(asset, tried, failures)
    assert due_ns(asset, 0, 0) == 0


def test_an_asset_is_behind_only_beyond_what_can_close_between_two_visits() -> None:
    """Lost: an alarm at every visit, or none ever."""
    asset = TrackedAsset(name="a", providers=("p",), symbol="A", timeframe="1m", every_s=300)

    def state(behind_rows: int) -> str:
        return state_of(asset, running=False, failures=0, rows=10, behind_rows=behind_rows)

    assert [state(6), state(7)] == ["fresh", "behind"]


async def test_each_visit_is_told(tmp_path: Path) -> None:
    """Lost: the screen and the alerts, which hear of it by these events only."""
    bus, store, now_ns = RecordingBus(), DatasetStore(tmp_path), [time.time_ns()]
    rows: list[Any] = [100, Unavailable("away", code="data.provider_down"), 150]

    async def fetch(asset: TrackedAsset, told: Callable[[Gone], None]) -> tuple[DatasetInfo, str]:
        found = rows.pop(0)
        if isinstance(found, Unavailable):
            raise found
        path = kit.write(tmp_path / f"{found}.csv", kit.lines(found))
        imported = kit.read(path)
        info = msgspec.structs.replace(imported.info, name="a")
        return store.save(imported._replace(info=info)), "p"

    async def close() -> None:
        """Nothing is open."""

    tracking = Tracking(bus, store, fetch, close=close, now_ns=lambda: now_ns[0])
    tracking.list.put(TrackedAsset(name="a", providers=("p",), symbol="A"))
    for _ in range(3):
        await tracking.refresh("a")
        await asyncio.wait_for(_ended(tracking), 10)
    first, second = bus.of(AssetRefreshed)
    assert (first.new_rows, second.new_rows) == (100, 50)
    (away,) = bus.of(AssetFailed)
    assert (away.code, away.failures) == ("data.provider_down", 1)
    assert tracking.state(tracking.list.all()[0]).failures == 0


async def test_how_far_a_fetch_is_can_be_seen_while_it_goes_on(tmp_path: Path) -> None:
    """Lost: a backfill of hours of which nobody knows whether it goes on."""
    bus, store, day_ns = RecordingBus(), DatasetStore(tmp_path), 86_400 * 10**9
    now_ns = 20_000 * day_ns
    going, seen = asyncio.Event(), asyncio.Event()
    info = store.save(kit.read(kit.write(tmp_path / "a.csv", kit.lines(100)), name="a"))

    async def fetch(asset: TrackedAsset, told: Callable[[Gone], None]) -> tuple[DatasetInfo, str]:
        for page, day in enumerate((19_000, 19_500, 21_000), 1):
            told(Gone(day * day_ns, page, page * 1000))
            seen.set()
            await going.wait()
            going.clear()
        return info, "p"

    async def close() -> None:
        """Nothing is open."""

    tracking = Tracking(bus, store, fetch, close=close, now_ns=lambda: now_ns)
    asset = TrackedAsset(name="a", providers=("p",), symbol="A")
    tracking.list.put(asset)
    await tracking.refresh("a")
    told = []
    for _ in range(3):
        await asyncio.wait_for(seen.wait(), 10)
        seen.clear()
        state = tracking.state(asset)
        assert state.state == "running"
        told.append(state.fetching)
        if len(told) == 2:
            await _heard(bus)
        going.set()
    await asyncio.wait_for(_ended(tracking), 10)
    days = [
        (one.from_ts_ns // day_ns, one.reached_ts_ns // day_ns, one.until_ts_ns // day_ns, one.rows)
        for one in told
        if one is not None
    ]
    # It begins where the first page ended: what was there before needs no fetch.
    assert days == [
        *((19_000, 19_000, 20_000, 1000), (19_000, 19_500, 20_000, 2000)),
        (19_000, 20_000, 20_000, 3000),
    ]
    assert tracking.state(asset).fetching is None
    (event, *_) = bus.of(AssetProgressed)
    assert (event.name, event.progress) == ("a", told[1])


async def _heard(bus: RecordingBus) -> None:
    """Wait until how far it is was told."""
    for _ in range(1_000):
        if bus.of(AssetProgressed):
            return
        await asyncio.sleep(0.01)


async def _ended(tracking: Tracking) -> None:
    """Wait until no visit is under way."""
    for _ in range(1_000):
        if all(one.state != "running" for one in (await tracking.states()).assets):
            return
        await asyncio.sleep(0.01)
