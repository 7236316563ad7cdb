"""ccxt as a reader: its exchanges have our log, our limits, our resume."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from fks.contexts.data.adapters.fetching import Fetcher
from fks.contexts.data.adapters.providers.ccxt import Ccxt
from fks.contexts.data.adapters.providers.settings import CcxtSettings
from fks.contexts.data.domain.rules.built_in import BUILT_IN
from fks.contexts.data.service.backfilling import Source
from fks.contexts.data.service.fetching import Fetched, FetchRequest, fetch, rebuild
from fks.contexts.data.service.keeping import Keeping
from fks.contexts.data.service.registered import Registered
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.instruments import RegistryFile
from fks.contexts.data.store.rawlog import RawLog
from fks.contracts.data import DatasetInfo
from fks.contracts.data.providers import DataQuery
from fks.kernel.errors import FksError, Invalid, NotFound, Unavailable

from .backfills import QUICK
from .served import Answer, failed, ok, served

ccxt = pytest.importorskip("ccxt", reason="the extra ccxt is not installed")

START_S = 1_700_000_000 // 3600 * 3600
HOUR_S = 3600
MARKET = {
    "name": "BTC/USD",
    "market_symbol": "btcusd",
    "base_currency": "BTC",
    "base_decimals": 8,
    "counter_currency": "USD",
    "counter_decimals": 0,
    "minimum_order_value": "10",
    "trading": "Enabled",
    "instant_order_counter_decimals": 2,
    "instant_and_market_orders": "Enabled",
    "description": "Bitcoin / U.S. dollar",
    "market_type": "SPOT",
}


class Bitstamp:
    """Bitstamp's markets and hours as it serves them."""

    def __init__(self, bars: int) -> None:
        self.bars = bars

    def __call__(self, path: str, params: dict[str, str]) -> Answer:
        """Answer as its documentation says."""
        if path == "/api/v2/markets/":
            return ok([MARKET])
        if path != "/api/v2/ohlc/btcusd/":
            return failed(404, {"code": "not found"})
        start, end = int(params["start"]), int(params["end"])
        found = [self._bar(k) for k in range(self.bars) if start <= START_S + k * HOUR_S <= end]
        return ok({"data": {"ohlc": found[: int(params["limit"])], "pair": "BTC/USD"}})

    def _bar(self, k: int) -> dict[str, str]:
        price = 30_000 + (k * 37) % 500
        prices = {"open": price, "high": price + 9, "low": price - 9, "close": price + k % 9}
        told = {name: f"{value}.5" for name, value in prices.items()}
        return {"timestamp": str(START_S + k * HOUR_S), **told, "volume": f"{k % 7}.25000000"}


def query(symbol: str = "BTC/USD", end_s: int = START_S + 10_000 * HOUR_S) -> DataQuery:
    """Ask for hours."""
    return DataQuery(
        kind="bars",
        symbol=symbol,
        timeframe="1h",
        start_ns=START_S * 10**9,
        end_ns=min(end_s * 10**9, time.time_ns()),
    )


async def fetched(home: Path, url: str, asked: DataQuery) -> tuple[DatasetInfo, Fetched]:
    """Fetch and store."""
    wire = Ccxt(CcxtSettings(base_url=url, weight_per_minute=100_000), "bitstamp")
    fetcher = Fetcher("ccxt:bitstamp", url, wire.limits, None, lambda: "", QUICK)
    source = Source("ccxt:bitstamp", wire, fetcher.get)
    try:
        done = await fetch(
            source, FetchRequest(query=asked), RawLog(home), now_ns=time.time_ns(), code_version="t"
        )
    finally:
        await fetcher.close()
    return DatasetStore(home).save(done.imported), done


async def test_pages_are_ccxts_and_the_log_is_ours(tmp_path: Path) -> None:
    """Lost: bars between two pages of a library, or what the exchange really sent."""
    bitstamp = Bitstamp(1_050)
    asked = query(end_s=START_S + 1_050 * HOUR_S)
    with served(bitstamp) as server:
        info, done = await fetched(tmp_path, server.url, asked)
        assert (info.rows, info.timeframe) == (1_050, "1h")
        assert done.imported.report.missing_bars == 0
        again, more = await fetched(tmp_path, server.url, asked)
        assert (again.hash, more.asked) == (info.hash, 0), "pages that stand are not asked for"
    bars = DatasetStore(tmp_path).open(info.name).columns()
    assert bars.ts_ns.tolist() == [(START_S + k * HOUR_S) * 10**9 for k in range(1_050)]
    assert bars.close[:3].tolist() == [30_000.5, 30_038.5, 30_076.5]

    def wire_of(name: str) -> Ccxt:
        assert name == "ccxt:bitstamp"
        return Ccxt(CcxtSettings(), "bitstamp")

    assert rebuild(DatasetStore(tmp_path), RawLog(tmp_path), info.name, wire_of).same


async def test_a_symbol_or_an_exchange_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Lost: a traceback of a library in place of one line."""
    with served(Bitstamp(10)) as server, pytest.raises(NotFound, match="BTC/USDT"):
        await fetched(tmp_path, server.url, query(symbol="NO/PE"))
    with pytest.raises(NotFound, match="ccxt:bitstamp"):
        Ccxt(CcxtSettings(), "nowhere")
    with pytest.raises(Invalid, match="1h"):
        Ccxt(CcxtSettings(), "bitstamp").first_page(
            DataQuery(kind="bars", symbol="BTC/USD", timeframe="7h")
        )


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"<html>", b"[1,2]", b'{"data":{"ohlc":[{}]}}']
)
async def test_nonsense_is_one_line(tmp_path: Path, body: bytes) -> None:
    """Lost: a bug of a library taken for one of ours."""

    def serve(path: str, params: dict[str, str]) -> Answer:
        return 200, {"Content-Type": "application/json"}, body

    with served(serve) as server, pytest.raises(FksError) as refused:
        await fetched(tmp_path, server.url, query())
    assert "\n" not in refused.value.message


async def test_an_exchange_that_ignores_the_start_is_told(tmp_path: Path) -> None:
    """Lost: years that look covered because an exchange gives its last hours only."""

    def serve(path: str, params: dict[str, str]) -> Answer:
        asked: dict[str, Any] = {**params, "start": str(START_S + 5_000 * HOUR_S), "end": "9" * 10}
        return Bitstamp(5_500)(path, asked)

    with served(serve) as server, pytest.raises(Unavailable, match="start there"):
        await fetched(tmp_path, server.url, query())


async def test_its_pages_are_read_in_their_order_by_commands_too(tmp_path: Path) -> None:
    """Lost: bars, where a checkpoint lets a run begin in the middle of what ccxt remembers."""
    bitstamp = Bitstamp(400)
    load = RegistryFile(tmp_path).load
    with served(bitstamp) as server:
        for bars in (400, 400, 600, 600, 1_200):
            bitstamp.bars = bars
            wire = Registered(
                "ccxt:bitstamp",
                Ccxt(CcxtSettings(base_url=server.url, weight_per_minute=100_000), "bitstamp"),
                load,
            )
            fetcher = Fetcher("ccxt:bitstamp", server.url, wire.limits, None, lambda: "", QUICK)
            keeping = Keeping(DatasetStore(tmp_path), BUILT_IN, code_version="t")
            done = await keeping.fetch(
                [Source("ccxt:bitstamp", wire, fetcher.get)],
                FetchRequest(query=query(end_s=START_S + bars * HOUR_S), recheck=2),
                now_ns=time.time_ns(),
            )
            await fetcher.close()
            assert done.info.rows == bars
    assert not (tmp_path / "chains").exists()
