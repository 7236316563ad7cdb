"""Pages by cursor: joined they are the version they began with, and nothing else is a cursor."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contexts.data.kit import START_NS, lines, read, write

from fks.contexts.api.domain.cursors import Cursor, packed, unpacked
from fks.contexts.data.domain.sizing import Wanted
from fks.contexts.data.domain.ticks.imports import import_rows
from fks.contexts.data.store import DatasetStore
from fks.contracts.data.ticks import TradeRows
from fks.kernel.errors import Invalid
from fks.kernel.testing import RunningApp, running_app

CURSOR = Cursor(what="bars", dataset="mine", hash="ab" * 32, from_ts_ns=5, to_ts_ns=2**63 - 1)


def store(home: Path, count: int) -> str:
    """Store so many minutes as the newest version of `mine`, and return its hash."""
    imported = read(write(home.parent / f"{count}.csv", lines(count)), name="mine")
    return DatasetStore(home).save(imported).hash


async def page(app: RunningApp, what: str, status: int = 200, **query: Any) -> Any:
    """Ask for a page."""
    got = await app.http.get(f"/api/v1/datasets/mine/pages/{what}", params=query)
    assert got.status_code == status, got.text
    return got.json()


async def test_pages_joined_are_one_version_though_others_are_stored_meanwhile(
    tmp_path: Path,
) -> None:
    """Lost: a row between two pages, one that comes twice, or rows of two versions in one table."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  # shown when it fails
    chance = random.Random(seed)
    home = tmp_path / "home"
    first = store(home, 1_000)
    times: list[int] = []
    closes: list[float] = []
    cursor, count = "", 1_000
    while True:
        async with running_app(home=home) as app:  # each page is asked of another process
            for _ in range(chance.randint(2, 5)):
                got = await page(app, "bars", limit=chance.randint(20, 120), cursor=cursor)
                assert got["hash"] == first
                times += got["bars"]["ts_ns"]
                closes += got["bars"]["close"]
                cursor = got["next"]
                if not cursor:
                    break
        if not cursor:
            break
        count += 10
        store(home, count)
    wanted = DatasetStore(home).open(first).columns()
    assert times == wanted.ts_ns.tolist()
    assert closes == wanted.close.tolist()
    async with running_app(home=home) as app:
        anew = await page(app, "bars", limit=10_000)
        assert (len(anew["bars"]["ts_ns"]), anew["next"]) == (count, "")
        longer = await page(app, "bars", limit=7, timeframe="15m", from_s=1_704_067_200)
        assert longer["bars"]["timeframe"] == "15m"
        more = await page(app, "bars", limit=7, cursor=longer["next"])
        assert more["bars"]["ts_ns"][0] == longer["bars"]["ts_ns"][-1] + 15 * 60 * 10**9
        days = await page(app, "days", limit=1)
        assert days["days"]["days"][0]["day"] == "2024-01-01"


async def test_ticks_of_one_time_are_parted_by_a_page_and_none_is_lost(tmp_path: Path) -> None:
    """Lost: the trades of the nanosecond at which a page ends."""
    home, count = tmp_path / "home", 137
    rows = TradeRows(
        np.array([START_NS + k // 20 for k in range(count)], dtype=np.int64),
        np.full(count, 30_000.5),
        np.ones(count),
        np.ones(count, dtype=np.int8),
        np.arange(count, dtype=np.int64),
    )
    wanted = Wanted(symbol="BTCUSDT", name="mine")
    of = DatasetStore(home).save(import_rows(rows, wanted)).hash
    ids: list[int] = []
    cursor = ""
    async with running_app(home=home) as app:
        while not ids or cursor:
            got = await page(app, "ticks", limit=30, cursor=cursor)
            assert (got["hash"], got["ticks"]["kind"]) == (of, "trades")
            ids += got["ticks"]["columns"][got["ticks"]["names"].index("id")]
            cursor = got["next"]
        assert ids == list(range(count))
        assert (await page(app, "bars", status=422))["code"] == "data.not_bars"
        assert (await page(app, "ticks", status=400, limit=5_001))["status"] == 400


async def test_what_is_no_cursor_is_one_line(tmp_path: Path) -> None:
    """Lost: a traceback, or rows of another place than the one that was meant."""
    home = tmp_path / "home"
    store(home, 100)
    async with running_app(home=home) as app:
        cursor = (await page(app, "bars", limit=10))["next"]
        for bad in ("x", cursor[:-1], cursor + "A", cursor[::-1], "é", " " + cursor, "A" * 399):
            told = await page(app, "bars", status=422, cursor=bad)
            assert told["code"] == "api.bad_cursor"
            assert "\n" not in told["detail"]
        told = await page(app, "days", status=422, cursor=cursor)
        assert "one of bars of mine" in told["detail"]
        await page(app, "bars", status=400, cursor="A" * 401)
        gone = packed(CURSOR)
        assert (await page(app, "bars", status=404, cursor=gone))["code"].startswith("data.")


@given(place=st.integers(0, 10_000), other=st.integers(1, 63))
def test_a_character_that_was_changed_is_seen(place: int, other: int) -> None:
    """Lost: a page of another version, to a slip of a finger."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    text = packed(CURSOR)
    assert unpacked(text, "bars", "mine") == CURSOR
    at = place % len(text)
    changed = letters[(letters.index(text[at]) + other) % 64]
    with pytest.raises(Invalid):
        unpacked(text[:at] + changed + text[at + 1 :], "bars", "mine")
