"""A chain that stands costs nothing: checkpoints are no truth, and the past is looked at again."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.data.adapters.providers.binance import Binance
from fks.contexts.data.adapters.providers.settings import BinanceSettings
from fks.contexts.data.domain.rules.built_in import BUILT_IN
from fks.contexts.data.service import keeping
from fks.contexts.data.service.fetching import FetchRequest, imported_of, rebuild
from fks.contexts.data.service.keeping import Keeping, Kept
from fks.contexts.data.service.quality import Inspector
from fks.contexts.data.service.rechecking import REWRITTEN
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.rawlog import RawLog
from fks.contracts.data import GetQuality
from fks.contracts.data.ticks import TradeColumns
from fks.contracts.data.tracking import HistoryRewritten, TrackedAsset
from fks.kernel.testing import running_app

from .backfills import START_MS, START_NS, binance, query
from .served import Answer, BinanceSpot, klines, ok, served

TORTURE = os.environ.get("FKS_TORTURE") == "1"
MINUTE = 60_000_000_000
HOUR = 3600 * 10**9


def spot(count: int) -> BinanceSpot:
    """Return Binance with so many minutes of one symbol."""
    return BinanceSpot("BTCUSDT", klines(count, START_MS), "0.01000000", "0.00001000")


async def kept(
    home: Path, url: str, *, end_ns: int | None = None, at_ns: int = 0, **more: Any
) -> Kept:
    """Fetch and store as a command does."""
    source, fetcher = binance(url)
    try:
        return await Keeping(DatasetStore(home), BUILT_IN, code_version="test").fetch(
            [source],
            FetchRequest(query=query(end_ns), **more),
            now_ns=at_ns or time.time_ns(),
        )
    finally:
        await fetcher.close()


@pytest.mark.parametrize("pages", [3, 12])
async def test_what_is_up_to_date_costs_the_same_however_long_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pages: int
) -> None:
    """Lost: a tracked asset of a year that reads five hundred pages every five minutes."""
    read, made = [0], [0]
    real_read = RawLog.read

    def reading(log: RawLog, payload: str) -> Any:
        read[0] += 1
        return real_read(log, payload)

    def making(*given: Any, **named: Any) -> Any:
        made[0] += 1
        return imported_of(*given, **named)

    monkeypatch.setattr(RawLog, "read", reading)
    monkeypatch.setattr(keeping, "imported_of", making)
    with served(spot(pages * 1000 - 500)) as server:
        first = await kept(tmp_path, server.url)
        second = await kept(tmp_path, server.url)
        read[0] = made[0] = 0
        size = (tmp_path / "datasets" / first.info.name / ".history").stat().st_size
        server.asked.clear()
        third = await kept(tmp_path, server.url)
    assert (first.new, second.info.hash, third.info.hash) == (True, *[first.info.hash] * 2)
    assert (third.new, third.asked, third.reused) == (False, 1, pages - 1)
    assert (read[0], made[0], len(server.asked)) == (2, 0, 1), "sizes, and the page at the end"
    assert (tmp_path / "datasets" / first.info.name / ".history").stat().st_size == size
    assert third.report == second.report
    assert rebuild(DatasetStore(tmp_path), RawLog(tmp_path), first.info.name, wire_of).same


def wire_of(name: str) -> Binance:
    """Return the provider that read the payloads."""
    assert name == "binance"
    return Binance(BinanceSettings())


def _changed(home: Path, pattern: str, change: Callable[[bytes], bytes] | None) -> None:
    """Change the files of the one checkpoint, or remove them."""
    for path in (home / "chains").rglob(pattern):
        if change is None:
            path.unlink()
        else:
            path.write_bytes(change(path.read_bytes()))


HARMS: dict[str, Callable[[Path], None]] = {
    "none": lambda home: None,
    "all gone": lambda home: shutil.rmtree(home / "chains", ignore_errors=True),
    "head cut": lambda home: _changed(home, "head.json", lambda text: text[:-9]),
    "head of nonsense": lambda home: _changed(home, "head.json", lambda text: b"\xff{"),
    "rows gone": lambda home: _changed(home, "rows-*", None),
    "rows damaged": lambda home: _changed(home, "rows-*", lambda rows: rows[:-99] + bytes(99)),
    "another version": lambda home: _changed(
        home, "head.json", lambda text: text.replace(b'"test"', b'"older"')
    ),
    "the version gone": lambda home: shutil.rmtree(home / "datasets"),
}


@settings(max_examples=40 if TORTURE else 6, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 1_400), st.sampled_from(sorted(HARMS)), st.booleans()),
        min_size=2,
        max_size=5,
    )
)
async def test_with_a_checkpoint_or_without_it_is_the_same_dataset(
    steps: list[tuple[int, str, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Lost: bars, to a file that only saves time."""
    home = tmp_path_factory.mktemp("k")
    exchange = spot(700)
    with served(exchange) as server:
        await kept(home, server.url)
        for grown, harm, short in steps:
            exchange.rows = klines(len(exchange.rows) + grown, START_MS)
            HARMS[harm](home)
            end_ns = START_NS + 450 * MINUTE if short else None
            done = await kept(home, server.url, end_ns=end_ns)
            plain = await kept(tmp_path_factory.mktemp("p"), server.url, end_ns=end_ns)
            assert done.info.hash == plain.info.hash
            assert done.info.rows == (450 if short else len(exchange.rows))
            assert rebuild(DatasetStore(home), RawLog(home), done.info.name, wire_of).same


async def test_trades_are_kept_as_bars_are(tmp_path: Path) -> None:
    """Lost: ids, sides or order of trades, between a log and the file that saves reading it."""
    trades = [
        {"a": k, "p": f"30000.{k % 100:02d}", "q": "0.001", "T": START_MS + k // 7, "m": k % 3 == 0}
        for k in range(3_400)
    ]

    def serve(path: str, params: dict[str, str]) -> Answer:
        if not path.endswith("aggTrades"):
            return spot(1)(path, params)
        first = int(params.get("fromId", "0"))
        return ok(trades[first : min(first + 1_000, there[0])])

    there = [2_500]
    asked = msgspec.structs.replace(query(), kind="trades", timeframe="")
    with served(serve) as server:
        runs = []
        for there[0] in (2_500, 2_500, 2_500, 3_400, 3_400, 3_400):
            source, fetcher = binance(server.url)
            keeping = Keeping(DatasetStore(tmp_path), BUILT_IN, code_version="test")
            request = FetchRequest(query=asked)
            runs.append(await keeping.fetch([source], request, now_ns=time.time_ns()))
            await fetcher.close()
    assert [run.info.rows for run in runs] == [2_500] * 3 + [3_400] * 3
    assert [run.new for run in runs] == [True, False, False, True, False, False]
    store = DatasetStore(tmp_path)
    found = store.open(runs[-1].info.name).ticks()
    assert isinstance(found, TradeColumns)
    assert found.id.tolist() == list(range(3_400))
    assert rebuild(store, RawLog(tmp_path), runs[-1].info.name, wire_of).same


async def test_a_past_that_was_rewritten_is_told_and_nothing_changes(tmp_path: Path) -> None:
    """Lost: that a provider rewrote its history, found a year later in a backtest."""
    exchange = spot(4_500)
    with served(exchange) as server:
        await kept(tmp_path, server.url)
        first = await kept(tmp_path, server.url, recheck=4)
        for k in (3_500, 3_501):  # on the last page that stands
            exchange.rows[k][4] = exchange.rows[k][1]
        at_ns = time.time_ns() + 2 * HOUR
        same = await kept(tmp_path, server.url, recheck=0, at_ns=at_ns)
        assert same.rewritten == ()
        server.asked.clear()
        found = await kept(tmp_path, server.url, recheck=1, at_ns=at_ns)
        assert (found.info.hash, found.new) == (first.info.hash, False)
        (one,) = found.rewritten
        assert (one.number, one.rows) == (4, 2)
        assert one.from_ts_ns == START_NS + 3_500 * MINUTE
        (finding,) = [one for one in found.report.findings if one.code == REWRITTEN]
        assert (finding.count, finding.severity) == (2, "warning")
        assert len(server.asked) == 2, "the page at the end, and one of the past"
        # The version is as it was; whoever asks for its quality from now on is told.
        store = DatasetStore(tmp_path)
        assert finding not in store.open(first.info.hash).quality().findings
        inspected = Inspector(store, BUILT_IN)
        assert finding in inspected.inspect(first.info.name).report.findings
        async with running_app(home=tmp_path, contexts=["data"]) as app:
            asked = GetQuality(dataset=first.info.name)
            assert finding in (await app.runtime.bus.ask(asked, timeout_s=10)).findings
        beside = tmp_path / "rewritten" / f"{first.info.hash}.json"
        beside.write_bytes(beside.read_bytes()[:-3])  # it is derived: damage costs only itself
        assert finding not in inspected.inspect(first.info.name).report.findings
        again = await kept(tmp_path, server.url, recheck=4, at_ns=at_ns + HOUR // 2)
        assert (again.asked, again.rewritten) == (1, ()), "once an hour, and once told"
        assert any(one.code == REWRITTEN for one in again.report.findings)
        exchange.rows = klines(4_600, START_MS)  # it is what it was, and goes on
        more = await kept(tmp_path, server.url, recheck=4, at_ns=at_ns + 2 * HOUR)
        assert more.rewritten == ()
        assert any(one.code == REWRITTEN for one in more.report.findings), "a version keeps it"
        afresh = await kept(tmp_path, server.url, afresh=True)
        assert all(one.code != REWRITTEN for one in afresh.report.findings)
    assert rebuild(DatasetStore(tmp_path), RawLog(tmp_path), first.info.hash, wire_of).same


async def test_a_server_tells_of_it_by_an_event(tmp_path: Path) -> None:
    """Lost: the alert; a report is read by those who look."""
    exchange = spot(2_500)
    with served(exchange) as server:
        asset = TrackedAsset(
            name="btc", providers=("binance",), symbol="BTCUSDT", timeframe="1m", start_ns=START_NS
        )
        section: dict[str, dict[str, Any]] = {
            "provider_binance": {"base_url": server.url},
            "fetching": {"allow_loopback": True, "recheck_pages": 2},
        }
        async with running_app(home=tmp_path, contexts=["data"], settings=section) as app:
            from fks.contexts.data.service.remote import Remote

            heard: list[HistoryRewritten] = []
            remote = Remote(app.runtime, DatasetStore(tmp_path))
            publish = app.runtime.bus.publish

            async def hearing(event: Any, **more: Any) -> Any:
                if isinstance(event, HistoryRewritten):
                    heard.append(event)
                return await publish(event, **more)

            app.runtime.bus.publish = hearing  # type: ignore[method-assign]  # it listens only
            for _ in range(2):
                await remote.fetch(asset, lambda gone: None)
            exchange.rows[1_501][4] = exchange.rows[1_501][1]
            info, _ = await remote.fetch(asset, lambda gone: None)
            await remote.close()
    (event,) = heard
    assert (event.dataset, event.dataset_hash, event.rows) == ("btc", info.hash, 1)
    assert (event.provider, event.symbol) == ("binance", "BTCUSDT")
    assert event.from_ts_ns == START_NS + 1_501 * MINUTE
