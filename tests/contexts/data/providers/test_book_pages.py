"""Order books over HTTP: each snapshot kept with all before it, and none of what is no book."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.contexts.data import kit

from fks.contexts.data.adapters.fetching import Fetcher
from fks.contexts.data.adapters.providers.binance import Binance, BinanceUsdm
from fks.contexts.data.adapters.providers.settings import BinanceSettings, BinanceUsdmSettings
from fks.contexts.data.domain.rules.built_in import BUILT_IN
from fks.contexts.data.service.asking import Source
from fks.contexts.data.service.fetching import FetchRequest, rebuild
from fks.contexts.data.service.keeping import Keeping, Kept
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.rawlog import RawLog
from fks.contracts.data.providers import DataQuery
from fks.contracts.data.ticks import CLEAR, LAST, SET, SNAPSHOT, DepthColumns
from fks.contracts.data.tracking import ListTracked, RefreshAsset, TrackAsset, TrackedAsset
from fks.kernel.errors import FksError, Invalid, NotFound, Unavailable
from fks.kernel.testing import running_app

from ..fetching.fault_server import answer, fault_server
from .backfills import QUICK
from .faults import BYTES, PAGE_BYTES, WIRE
from .worlds import asked

NS, DAY_NS = 10**9, 86_400 * 10**9
INFO = {
    "symbols": [
        {
            "symbol": "ABCUSDT",
            "quoteAsset": "USDT",
            "filters": [
                {"filterType": "PRICE_FILTER", "tickSize": "0.01"},
                {"filterType": "LOT_SIZE", "stepSize": "0.1"},
            ],
        }
    ]
}
QUERY = DataQuery(kind="depth", symbol="ABCUSDT")
Book = dict[str, Any]


def book(number: int) -> Book:
    """Return a book as spot tells it."""
    bids = [[f"{99 - k / 100 + number / 10:.8f}", f"{1 + k / 10:.8f}"] for k in range(20)]
    asks = [[f"{99.5 + k / 100 + number / 10:.8f}", f"{2 + k / 10:.8f}"] for k in range(20)]
    return {"lastUpdateId": 1000 + number, "bids": bids, "asks": asks}


class Market:
    """The two pages of Binance; the book is another one each time it is asked for."""

    def __init__(self) -> None:
        self.number, self.fault, self.left = 0, "", 0
        self.change: Callable[[Book], Any] = lambda found: found

    def __call__(self, connection: Any, request: bytes) -> None:
        """Answer as it should, or as a fault has it."""
        ask = asked(request)
        if not ask.path.endswith("/depth"):
            return answer(200, json.dumps(INFO).encode())(connection, request)
        self.number += 1
        body = json.dumps(self.change(book(self.number))).encode()
        if self.left:
            self.left -= 1
            if self.fault in WIRE:
                return WIRE[self.fault](body)(connection, request)
            body = BYTES[self.fault](body)
        return answer(200, body)(connection, request)


async def kept(home: Path, url: str, query: DataQuery = QUERY) -> Kept:
    """Take a snapshot and store it, as a command does."""
    wire = Binance(BinanceSettings(base_url=url))
    limits = msgspec.structs.replace(
        wire.limits, weight_per_minute=10**6, page_bytes=PAGE_BYTES, at_once=1
    )
    fetcher = Fetcher("binance", url, limits, None, lambda: "", QUICK)
    keeping = Keeping(DatasetStore(home), BUILT_IN, code_version="t")
    try:
        source = Source("binance", wire, fetcher.get)
        return await keeping.fetch([source], FetchRequest(query=query), now_ns=time.time_ns())
    finally:
        await fetcher.close()


def ids(home: Path) -> list[int]:
    """Return the ids of the snapshots that are stored, each of whole rows."""
    try:
        columns = DatasetStore(home).open("binance_abcusdt_depth").ticks()
    except NotFound:
        return []
    assert isinstance(columns, DepthColumns)
    begins = np.flatnonzero(columns.action == CLEAR)
    assert np.diff([*begins, len(columns.action)]).tolist() == [41] * len(begins)
    return [int(one) for one in columns.sequence[begins]]


async def test_each_snapshot_joins_the_ones_before_and_can_be_made_again(tmp_path: Path) -> None:
    """Lost: a book that was seen once and can never be asked for again."""
    market = Market()
    with fault_server(market) as server:
        runs = [await kept(tmp_path, server.url) for _ in range(3)]
    assert [run.info.rows for run in runs] == [41, 82, 123]
    assert [(run.asked, run.reused) for run in runs] == [(2, 0), (1, 2), (1, 3)]
    assert ids(tmp_path) == [1001, 1002, 1003]
    columns = DatasetStore(tmp_path).open("binance_abcusdt_depth").ticks()
    assert isinstance(columns, DepthColumns)
    assert columns.action[:3].tolist() == [CLEAR, SET, SET]
    assert columns.flags[:41].tolist() == [SNAPSHOT] * 40 + [SNAPSHOT | LAST]
    assert (columns.side[1:41] == [1] * 20 + [-1] * 20).all()
    assert abs(int(columns.ts_ns[-1]) - time.time_ns()) < 60 * NS
    assert (np.diff(columns.ts_ns) >= 0).all()
    for run in runs:
        store = DatasetStore(tmp_path)
        made = rebuild(store, RawLog(tmp_path), run.info.hash, lambda name: Binance(_AT))
        assert made.same


_AT = BinanceSettings(base_url="http://127.0.0.1:1")


def changed(**more: Any) -> Callable[[Book], Book]:
    """Return what puts other values into a book."""
    return lambda found: {**found, **more}


def levels(side: str, change: Callable[[list[Any]], Any]) -> Callable[[Book], Book]:
    """Return what changes the levels of a side."""
    return lambda found: {**found, side: change(found[side])}


NO_BOOKS: dict[str, Callable[[Book], Any]] = {
    "crossed": lambda found: {**found, "bids": found["asks"], "asks": found["bids"]},
    "locked": levels("asks", lambda rows: [["99.10000000", "1"], *rows]),
    "bids out of order": levels("bids", lambda rows: rows[::-1]),
    "asks out of order": levels("asks", lambda rows: [rows[1], rows[0], *rows[2:]]),
    "a level twice": levels("bids", lambda rows: [rows[0], *rows]),
    "a quantity of nothing": levels("asks", lambda rows: [[rows[0][0], "0"], *rows[1:]]),
    "a negative quantity": levels("asks", lambda rows: [[rows[0][0], "-1"], *rows[1:]]),
    "a price of nothing": levels("bids", lambda rows: [*rows, ["0", "1"]]),
    "a price that is none": levels("bids", lambda rows: [["nan", "1"], *rows]),
    "endless": levels("bids", lambda rows: [["inf", "1"], *rows]),
    "a level of one": levels("bids", lambda rows: [rows[0][:1], *rows[1:]]),
    "words": levels("bids", lambda rows: [["much", "1"], *rows]),
    "too many levels": levels("asks", lambda rows: [[str(100 + k), "1"] for k in range(25_000)]),
    "no bids": lambda found: {k: v for k, v in found.items() if k != "bids"},
    "no id": changed(lastUpdateId="x"),
    "an id below zero": changed(lastUpdateId=-1),
    "an id beyond 64 bits": changed(lastUpdateId=2**70),
    "another year": changed(T=1_500_000_000_000),
    "no time": changed(T="soon"),
    "an error with 200": lambda found: {"code": -1121, "msg": "Invalid symbol."},
}


@pytest.mark.parametrize("name", NO_BOOKS)
async def test_what_is_no_book_is_kept_in_the_log_and_nowhere_else(
    tmp_path: Path, name: str
) -> None:
    """Lost: half a book, or one that never was, under a hash that says it is data."""
    market = Market()
    with fault_server(market) as server:
        await kept(tmp_path, server.url)
        market.change = NO_BOOKS[name]
        with pytest.raises(Unavailable) as refused:
            await kept(tmp_path, server.url)
        assert refused.value.code == "data.malformed_payload"
        assert "\n" not in refused.value.message
        assert ids(tmp_path) == [1001]
        market.change = lambda found: found
        last = await kept(tmp_path, server.url)
    assert ids(tmp_path) == [1001, 1003]
    assert rebuild(
        DatasetStore(tmp_path), RawLog(tmp_path), last.info.hash, lambda name: Binance(_AT)
    ).same


@pytest.mark.parametrize("fault", [*WIRE, *BYTES])
async def test_after_every_fault_of_wire_or_bytes_the_next_run_goes_on(
    tmp_path: Path, fault: str
) -> None:
    """Lost: a snapshot that broke off, stored; or a job that never recovers."""
    market = Market()
    with fault_server(market) as server:
        await kept(tmp_path, server.url)
        market.fault, market.left = fault, 2
        failure = ""
        try:
            await kept(tmp_path, server.url)
        except FksError as error:
            failure = error.code
            assert "\n" not in error.message
            assert len(error.message) < 400
        market.left = 0
        there = ids(tmp_path)
        await kept(tmp_path, server.url)
    assert there[0] == 1001
    assert len(there) == (1 if failure else 2), failure
    assert ids(tmp_path)[: len(there)] == there
    assert len(ids(tmp_path)) == len(there) + 1


async def test_a_tracked_book_is_taken_again_and_again(tmp_path: Path) -> None:
    """Lost: a history of books that somebody has to sit and ask for."""
    market = Market()
    asset = TrackedAsset(
        name="books", providers=("binance",), symbol="ABCUSDT", kind="depth", every_s=10
    )
    with fault_server(market) as server:
        told: dict[str, dict[str, Any]] = {
            "provider_binance": {"base_url": server.url},
            "fetching": {"allow_loopback": True, "tries": 1},
        }
        async with running_app(home=tmp_path, contexts=["data"], settings=told) as app:
            await app.runtime.bus.ask(TrackAsset(key="1", asset=asset), timeout_s=10)
            for number in range(1, 4):
                for _ in range(200):
                    (state,) = (await app.runtime.bus.ask(ListTracked(), timeout_s=10)).assets
                    if state.rows >= 41 * number and state.state != "running":
                        break
                    await asyncio.sleep(0.05)
                assert (state.rows, state.state) == (41 * number, "fresh")
                await app.runtime.bus.ask(
                    RefreshAsset(key=f"r{number}", name="books"), timeout_s=10
                )


@pytest.mark.real_data
def test_real_books_are_read_level_by_level() -> None:
    """Lost: a level of a true answer; the four of spot and the one with times are all there are."""
    lines = (
        gzip.decompress(kit.real("exchange_captures/BINANCE.http.0.0.gz").read_bytes())
        .decode()
        .splitlines()
    )
    spot = [
        (line.split(" -> ")[1].split(": ")[0], line[line.index("{") :])
        for line in lines
        if "/depth?" in line
    ]
    assert len(spot) == 4
    wire = Binance(BinanceSettings())
    for received, body in spot:
        plain, at_ns = json.loads(body), int(float(received) * 1e9)
        rows = wire.read_book("X", body.encode(), at_ns)
        told = [*plain["bids"], *plain["asks"]]
        assert rows.price[1:].tolist() == [float(price) for price, _ in told]
        assert rows.quantity[1:].tolist() == [float(size) for _, size in told]
        assert set(rows.ts_ns.tolist()) == {at_ns}
        assert set(rows.sequence.tolist()) == {plain["lastUpdateId"]}
    # Of USDT-M no answer was captured; this one of the coin-margined market has the same fields.
    path = kit.real("binance/ws_capture/cm_ethusd_perp_20240808.gz")
    (line,) = [
        one
        for one in gzip.decompress(path.read_bytes()).decode().splitlines()
        if "lastUpdateId" in one
    ]
    received, _, body = line.partition(" ")
    futures = BinanceUsdm(BinanceUsdmSettings())
    rows = futures.read_book("X", body.encode(), int(received))
    assert set(rows.ts_ns.tolist()) == {json.loads(body)["T"] * 10**6}


async def test_what_cannot_be_asked_is_refused_in_one_line(tmp_path: Path) -> None:
    """Lost: an order for the book of last year would be answered with today's."""
    market = Market()
    with fault_server(market) as server:
        for symbol, kind in (("XYZUSDT", NotFound), ("no symbol", Invalid)):
            with pytest.raises(kind):
                await kept(tmp_path, server.url, DataQuery(kind="depth", symbol=symbol))
    assert DatasetStore(tmp_path).list() == DatasetStore(tmp_path / "nowhere").list()


def test_spoilt_books_cost_one_line_or_are_books() -> None:
    """Lost: a stranger's bytes would end the process. Seeded; 2,000 bodies."""
    wire, seed = Binance(BinanceSettings()), random.randrange(2**32)
    rng, now_ns = random.Random(seed), time.time_ns()
    whole = json.dumps(book(1)).encode()
    for _ in range(2_000):
        at = rng.randrange(len(whole))
        spoilt = whole[:at] + bytes([rng.randrange(256)]) + whole[at + rng.randrange(3) :]
        try:
            rows = wire.read_book("X", spoilt, now_ns)
        except FksError as error:
            assert "\n" not in error.message, seed
        else:
            assert len({len(column) for column in rows}) == 1, seed
            assert int(rows.flags[-1]) & LAST, seed
