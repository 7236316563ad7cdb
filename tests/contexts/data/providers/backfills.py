"""What tests of backfills stand on: a provider of ours behind a server, and one way to fetch."""

from __future__ import annotations

import time
from pathlib import Path

from fks.contexts.data.adapters.fetching import Fetcher
from fks.contexts.data.adapters.providers.binance import Binance
from fks.contexts.data.adapters.providers.settings import BinanceSettings
from fks.contexts.data.service.backfilling import Source
from fks.contexts.data.service.fetching import Fetched, FetchRequest, fetch
from fks.contexts.data.settings import FetchSettings
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.rawlog import RawLog
from fks.contracts.data import DatasetInfo
from fks.contracts.data.providers import DataQuery

QUICK = FetchSettings(
    connect_timeout_s=1,
    read_timeout_s=0.25,
    deadline_s=0.8,
    tries=2,
    first_pause_s=0.01,
    longest_pause_s=0.02,
    longest_wait_s=0.5,
    allow_loopback=True,
)
START_MS = 1_700_000_000_000 // 60_000 * 60_000
START_NS = START_MS * 1_000_000


def query(end_ns: int | None = None, symbol: str = "BTCUSDT") -> DataQuery:
    """Ask for minutes from the first one on."""
    until_ns = time.time_ns() if end_ns is None else end_ns
    return DataQuery(kind="bars", symbol=symbol, timeframe="1m", start_ns=START_NS, end_ns=until_ns)


def binance(url: str) -> tuple[Source, Fetcher]:
    """Return Binance at a URL."""
    wire = Binance(BinanceSettings(base_url=url))
    fetcher = Fetcher("binance", url, wire.limits, None, lambda: "", QUICK)
    return Source("binance", wire, fetcher.get), fetcher


async def fetched(
    home: Path,
    url: str,
    *,
    asked: DataQuery | None = None,
    afresh: bool = False,
) -> tuple[DatasetInfo, Fetched]:
    """Fetch and store."""
    source, fetcher = binance(url)
    try:
        done = await fetch(
            source,
            FetchRequest(query=asked or query(), afresh=afresh),
            RawLog(home),
            now_ns=time.time_ns(),
            code_version="test",
        )
    finally:
        await fetcher.close()
    return DatasetStore(home).save(done.imported), done
