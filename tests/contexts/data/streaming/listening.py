"""Who listens to a stream in these tests, and what must hold whatever comes."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import numpy as np

from fks.contexts.data.adapters.fetching import Fetcher
from fks.contexts.data.adapters.streaming.recorded import Recorder
from fks.contexts.data.adapters.streaming.socket import SocketSource
from fks.contexts.data.domain.streaming.told import StateChange, Told, Top
from fks.contexts.data.domain.wires.binance import BinanceWire
from fks.contexts.data.service.streaming import LiveStream, StreamSettings
from fks.contexts.data.settings import FetchSettings
from fks.contracts.data.providers import Limits
from fks.contracts.data.streams import (
    DEPTH,
    LEVEL,
    QUOTES,
    TRADES,
    Liveness,
    QuoteUpdate,
    Scale,
    TradeUpdate,
)
from fks.kernel.resilience import Backoff

from .exchange import SYMBOL, Exchange

ALL = (DEPTH, TRADES, QUOTES)
LOCAL = FetchSettings(
    connect_timeout_s=5,
    read_timeout_s=5,
    deadline_s=10,
    tries=2,
    first_pause_s=0.01,
    longest_pause_s=0.02,
    longest_wait_s=2.0,
    allow_loopback=True,
)
QUICK = StreamSettings(watch_s=0.05, stale_after_s=30.0)


class Listener:
    """Takes what a stream tells, and refuses to believe anything that is not the exchange's."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.kinds: Counter[str] = Counter()
        self.states: list[str] = []
        self.trades: list[str] = []
        self.quotes: dict[int, tuple[Decimal, ...]] = {}
        self.last: Top | None = None

    def take(self, told: Told) -> None:
        """Check one update: a top is only told while live, and is what the exchange had."""
        self.kinds[type(told).__name__] += 1
        if isinstance(told, StateChange):
            self.states.append(told.state)
            if told.state != "live":
                self.last = None
        elif isinstance(told, Top):
            assert self.states[-1] == "live", "a top of a book that is not live"
            assert exact(told) == self.exchange.tops[told.id], f"not the exchange's at {told.id}"
            self.last = told
        elif isinstance(told, TradeUpdate):
            self.trades.append(told.id)
        elif isinstance(told, QuoteUpdate):
            self.quotes[told.id] = exact(told)

    async def until_equal(self, stream: LiveStream) -> None:
        """Listen until all was played, and the book is the exchange's, level by level."""
        async with asyncio.timeout(60):
            async for told in stream:
                self.take(told)
                # The book may be whole before this listener has taken the news of it.
                heard = bool(self.states) and self.states[-1] == "live"
                both = (self.exchange.bids, self.exchange.asks)
                if self.exchange.done and heard and levels(stream) == both:
                    return
        raise AssertionError("the stream ended first")


def exact(best: Top | QuoteUpdate) -> tuple[Decimal, ...]:
    """Return best prices and quantities as decimals."""
    values = (best.bid, best.bid_quantity, best.ask, best.ask_quantity)
    return tuple(Decimal(value).scaleb(-best.scale[at % 2]) for at, value in enumerate(values))


def levels(stream: LiveStream, symbol: str = SYMBOL) -> tuple[dict[Decimal, Decimal], ...] | None:
    """Return both sides of the book; None while it is not live."""
    book = stream.book(symbol)
    if book is None:
        return None
    price, quantity = book.scale
    return tuple(
        {
            Decimal(int(row["price"])).scaleb(-price): Decimal(int(row["quantity"])).scaleb(
                -quantity
            )
            for row in np.frombuffer(side, LEVEL)
        }
        for side in book.packed(100_000)
    )


@asynccontextmanager
async def listening(
    exchange: Exchange,
    *,
    symbols: Sequence[str] = (SYMBOL,),
    channels: Sequence[str] = ALL,
    settings: StreamSettings = QUICK,
    silence_s: float = 30.0,
    recorder: Recorder | None = None,
    fetching: Any = None,
) -> AsyncIterator[LiveStream]:
    """Listen to an exchange on this machine."""

    def make(scales: Mapping[str, Scale]) -> BinanceWire:
        wire = BinanceWire("spot", scales)
        wire.liveness = Liveness(silence_s=silence_s)
        return wire

    fetcher = Fetcher(
        "test",
        f"http://{exchange.address}",
        Limits(weight_per_minute=1_000_000),
        None,
        str,
        fetching or LOCAL,
    )
    source = SocketSource(LOCAL, url=f"ws://{exchange.address}/stream")
    backoff = Backoff(0.01, 0.05, chance=random.Random(1))
    try:
        async with LiveStream(
            make,
            symbols,
            channels,
            source,
            pages=fetcher,
            settings=settings,
            recorder=recorder,
            backoff=backoff,
        ) as stream:
            yield stream
    finally:
        await fetcher.close()
