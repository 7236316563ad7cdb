"""Backfills: what came stays, what lacks is asked for, and the bytes make the dataset again."""

from __future__ import annotations

import asyncio
import errno
import json
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fks.contexts.data.adapters.providers.binance import Binance
from fks.contexts.data.adapters.providers.settings import BinanceSettings
from fks.contexts.data.service.fetching import FetchRequest, first_able, rebuild
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.rawlog import RawLog
from fks.contexts.data.store.rawlog.segments import append_frames
from fks.contracts.data.ticks import TradeColumns
from fks.kernel.errors import Invalid, NotFound, Unavailable

from ..fetching.fault_server import (
    fault_server,
    refusal,
)
from .backfills import START_MS, START_NS, binance, fetched, query
from .served import BinanceSpot, klines, ok, served

MINUTE = 60_000_000_000
Answer = tuple[int, Any, bytes]


def spot(count: int, start_ms: int = START_MS) -> BinanceSpot:
    """Return Binance with so many minutes of one symbol."""
    return BinanceSpot("BTCUSDT", klines(count, start_ms), "0.01000000", "0.00001000")


def wire_of(name: str) -> Binance:
    """Return the provider that read the payloads."""
    assert name == "binance"
    return Binance(BinanceSettings())


async def test_pages_become_a_dataset_and_the_payloads_make_it_again(tmp_path: Path) -> None:
    """Lost: any proof that a number came from the provider."""
    exchange = spot(2_345)
    with served(exchange) as server:
        info, done = await fetched(tmp_path, server.url)
        assert (info.rows, done.asked, done.reused) == (2_345, 4, 0)
        assert [path for path, _ in server.asked].count("/api/v3/exchangeInfo") == 1
    bars = DatasetStore(tmp_path).open(info.name).columns()
    rows = exchange.rows
    assert bars.ts_ns.tolist() == [row[0] * 1_000_000 for row in rows]
    assert bars.close.tolist() == [float(row[4]) for row in rows]
    assert bars.volume.tolist() == [float(row[5]) for row in rows]
    assert str(info.instrument.tick_size) == "0.01"
    again = rebuild(DatasetStore(tmp_path), RawLog(tmp_path), info.name, wire_of)
    assert again.same
    assert again.payloads == 4


async def test_a_later_run_asks_for_the_last_page_and_what_is_new(tmp_path: Path) -> None:
    """Lost: a provider's patience, or bars that came since."""
    exchange = spot(2_100)
    with served(exchange) as server:
        first, _ = await fetched(tmp_path, server.url)
        same, done = await fetched(tmp_path, server.url)
        assert (same.hash, done.asked, done.reused) == (first.hash, 1, 2)
        exchange.rows = klines(3_700, START_MS)
        server.asked.clear()
        more, done = await fetched(tmp_path, server.url)
        assert (more.rows, done.asked, done.reused) == (3_700, 2, 2)
        starts = [int(params["startTime"]) for _, params in server.asked]
        assert starts == [START_MS + 2_000 * 60_000, START_MS + 3_000 * 60_000]
        assert rebuild(DatasetStore(tmp_path), RawLog(tmp_path), first.hash, wire_of).same
        assert rebuild(DatasetStore(tmp_path), RawLog(tmp_path), more.hash, wire_of).same
        short, done = await fetched(tmp_path, server.url, asked=query(START_NS + 1_500 * MINUTE))
        assert (short.rows, done.asked, done.reused) == (1_500, 0, 2)


async def test_history_that_the_provider_changed_is_seen_afresh_only(tmp_path: Path) -> None:
    """Lost: that a provider rewrote its past, and what it said before."""
    exchange = spot(1_200)
    with served(exchange) as server:
        first, _ = await fetched(tmp_path, server.url)
        exchange.rows[5][4] = exchange.rows[5][1]
        assert (await fetched(tmp_path, server.url))[0].hash == first.hash
        changed, done = await fetched(tmp_path, server.url, afresh=True)
        assert changed.hash != first.hash
        assert done.reused == 0
        assert (await fetched(tmp_path, server.url))[0].hash == changed.hash
    assert rebuild(DatasetStore(tmp_path), RawLog(tmp_path), first.hash, wire_of).same


async def test_bars_that_form_or_come_from_the_future_are_left_out_and_told(
    tmp_path: Path,
) -> None:
    """Lost: half a bar, stored for ever as a whole one."""
    left_s = 60 - time.time() % 60
    if left_s < 10:
        await asyncio.sleep(left_s)  # the minute must not end in the middle of the test
    now_ms = time.time_ns() // 1_000_000
    start_ms = now_ms // 60_000 * 60_000 - 9 * 60_000
    exchange = BinanceSpot("BTCUSDT", klines(13, start_ms), "0.01", "0.00001")
    asked = msgspec.structs.replace(query(2**62), start_ns=start_ms * 1_000_000)
    with served(exchange) as server:
        info, _ = await fetched(tmp_path, server.url, asked=asked)
    assert info.rows == 9
    assert "1 still forming" in info.source
    assert "3 from the future" in info.source


async def test_a_clock_that_is_ahead_takes_no_forming_bar(tmp_path: Path) -> None:
    """Lost: half a bar, because our clock is wrong by an hour; the provider's is believed."""
    now_ms = time.time_ns() // 1_000_000
    start_ms = now_ms // 60_000 * 60_000 - 100 * 60_000
    exchange = BinanceSpot("BTCUSDT", klines(100, start_ms), "0.01", "0.00001")
    asked = msgspec.structs.replace(query(2**62), start_ns=start_ms * 1_000_000)

    def serve(path: str, params: dict[str, str]) -> Answer:
        status, headers, body = exchange(path, params)
        return status, {**headers, "Date": _date(now_ms / 1000 - 3600)}, body

    with served(serve) as server:
        info, _ = await fetched(tmp_path, server.url, asked=asked)
    assert info.rows == 40
    assert "from the future" in info.source


def _date(at_s: float) -> str:
    from email.utils import formatdate

    return formatdate(at_s, usegmt=True)


async def test_a_provider_that_repeats_itself_ends_the_run(tmp_path: Path) -> None:
    """Lost: an endless backfill that fills the disk."""
    page = klines(1_000, START_MS)

    def serve(path: str, params: dict[str, str]) -> Answer:
        return ok(page) if path.endswith("klines") else spot(1)(path, params)

    with served(serve) as server:
        with pytest.raises(Unavailable, match="repeats itself") as refused:
            await fetched(tmp_path, server.url)
        assert refused.value.code == "data.provider_loops"
        assert len(server.asked) < 6
    assert not DatasetStore(tmp_path).root.exists()


async def test_gaps_duplicates_and_bad_bars_are_named_and_none_is_stored(tmp_path: Path) -> None:
    """Lost: a bar that contradicts itself, in a dataset that looks clean."""
    rows = klines(500, START_MS)
    del rows[100:110]
    rows[20][2] = "0.00000000"  # a high below its low
    rows.insert(31, list(rows[30]))  # the same bar twice
    rows[200], rows[201] = rows[201], rows[200]
    exchange = BinanceSpot("BTCUSDT", rows, "0.01", "0.00001")
    with served(exchange) as server:
        info, done = await fetched(tmp_path, server.url)
    report = done.imported.report
    assert report.rows_read == 491
    assert (report.rows_quarantined, report.duplicates, report.out_of_order) == (2, 1, 1)
    assert report.missing_bars == 11
    assert info.rows == 489


async def test_old_prices_finer_than_todays_tick_are_kept(tmp_path: Path) -> None:
    """Lost: all history from before an exchange made its tick larger."""
    exchange = BinanceSpot("BTCUSDT", klines(50, START_MS), "0.10", "0.00001")
    with served(exchange) as server:
        info, _ = await fetched(tmp_path, server.url)
    assert info.rows == 50
    assert str(info.instrument.tick_size) == "0.01"
    assert "finer than today's 0.1" in info.source


async def test_the_next_provider_is_asked_only_when_one_is_away(tmp_path: Path) -> None:
    """Lost: a dataset, because one provider of two is down; or a wrong symbol asked everywhere."""
    told: list[tuple[str, str]] = []

    async def able(*urls: str, symbol: str = "BTCUSDT") -> str:
        made = [binance(url) for url in urls]
        sources = [source._replace(name=f"p{k}") for k, (source, _) in enumerate(made)]
        try:
            done = await first_able(
                sources,
                FetchRequest(query=query(symbol=symbol)),
                RawLog(tmp_path),
                now_ns=time.time_ns(),
                code_version="test",
                passed_over=lambda name, error: told.append((name, error.code)),
            )
        finally:
            for _, fetcher in made:
                await fetcher.close()
        return done.provider

    with served(spot(10)) as up, fault_server(refusal(503)) as down:
        assert await able(down.url, up.url) == "p1"
        assert told == [("p0", "data.provider_down")]
        assert await able(up.url, down.url) == "p0"
        with pytest.raises(Unavailable):
            await able(down.url, down.url)
        up.asked.clear()
        with pytest.raises((Invalid, NotFound)):
            await able(up.url, up.url, symbol="NONE")
        assert len(up.asked) == 1, "one that says no decides"


@pytest.mark.parametrize("page", range(4))
async def test_a_disk_that_is_full_in_a_backfill_keeps_what_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    """Lost: pages that were paid for, or a page believed that no log has."""
    exchange, appended = spot(2_500), [0]

    def full(*given: Any) -> Any:
        appended[0] += 1
        if appended[0] > page:
            raise OSError(errno.ENOSPC, "no space left on device")
        return append_frames(*given)

    with served(exchange) as server:
        wanted, _ = await fetched(tmp_path / "clean", server.url)
        monkeypatch.setattr("fks.contexts.data.store.rawlog.log.append_frames", full)
        with pytest.raises(Unavailable, match="no space left") as refused:
            await fetched(tmp_path / "full", server.url)
        assert (refused.value.code, refused.value.exit_code) == ("data.disk_full", 6)
        assert not (tmp_path / "full" / "datasets").exists()
        monkeypatch.undo()
        info, done = await fetched(tmp_path / "full", server.url)
    assert (info.hash, done.asked, done.reused) == (wanted.hash, 4 - page, max(0, page - 1))
    assert RawLog(tmp_path / "full").verify().damaged == ()


async def test_a_page_that_was_nonsense_is_asked_for_again_and_kept_beside_the_good_one(
    tmp_path: Path,
) -> None:
    """Lost: what the provider really sent when it sent nonsense."""
    exchange = spot(1_500)
    bad = [True]

    def serve(path: str, params: dict[str, str]) -> Answer:
        if path.endswith("klines") and int(params["startTime"]) > START_MS and bad[0]:
            return ok([["not", "a", "kline"]])
        return exchange(path, params)

    with served(serve) as server:
        with pytest.raises(Unavailable, match="does not document"):
            await fetched(tmp_path, server.url)
        bad[0] = False
        info, done = await fetched(tmp_path, server.url)
    assert (info.rows, done.asked, done.reused) == (1_500, 1, 1)
    log = RawLog(tmp_path)
    bodies = [record.body for _, record in log.of_job("binance", done.job)]
    assert json.dumps([["not", "a", "kline"]]).encode() in bodies


async def test_trades_are_paged_by_their_ids_and_rebuilt(tmp_path: Path) -> None:
    """Lost: trades of the millisecond at which a page ends."""
    trades = [
        {
            "a": k,
            "p": f"30000.{k % 100:02d}",
            "q": "0.00100",
            "T": START_MS + k // 7,
            "m": k % 2 == 0,
        }
        for k in range(2_500)
    ]

    def serve(path: str, params: dict[str, str]) -> Answer:
        if not path.endswith("aggTrades"):
            return spot(1)(path, params)
        first = int(params["fromId"]) if "fromId" in params else 0
        assert ("fromId" in params) != ("startTime" in params), "one of both, as Binance wants"
        return ok(trades[first : first + 1_000])

    asked = msgspec.structs.replace(query(), kind="trades", timeframe="")
    with served(serve) as server:
        info, done = await fetched(tmp_path, server.url, asked=asked)
        assert (info.kind, info.rows, done.asked) == ("trades", 2_500, 4)
        again, more = await fetched(tmp_path, server.url, asked=asked)
        assert (again.hash, more.asked, more.reused) == (info.hash, 1, 2)
    found = DatasetStore(tmp_path).open(info.name).ticks()
    assert isinstance(found, TradeColumns)
    assert found.id.tolist() == list(range(2_500))
    assert found.side[:2].tolist() == [-1, 1]
    assert rebuild(DatasetStore(tmp_path), RawLog(tmp_path), info.name, wire_of).same
