"""Six exchanges over real sockets: whatever the network does, the book ends as theirs.

With FKS_TORTURE=1 each runs through ten times the changes, and FKS_SEED chooses the market.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
from websockets.asyncio.server import ServerConnection

from fks.contexts.data.adapters.fetching import Fetcher
from fks.contexts.data.adapters.streaming.exchanges import exchange_named
from fks.contexts.data.adapters.streaming.socket import SocketSource
from fks.contexts.data.domain.streaming.told import StateChange, Top
from fks.contexts.data.service.streaming import LiveStream, StreamSettings
from fks.contracts.data.providers import Limits
from fks.contracts.data.streams import DEPTH, TRADES, Liveness, Scale, StreamWire, TradeUpdate
from fks.kernel.errors import Invalid
from fks.kernel.resilience import Backoff

from .listening import LOCAL
from .listening import levels as levels_of
from .speakers import SPEAKERS
from .venues import Venue

SEED = int(os.environ.get("FKS_SEED", "20261123"))
STEPS = 3000 if os.environ.get("FKS_TORTURE") == "1" else 300
CUTS = 12
SETTINGS = StreamSettings(watch_s=0.05, stale_after_s=30.0, snapshot_s=1.0)


@asynccontextmanager
async def listening(
    venue: Venue, *, settings: StreamSettings = SETTINGS, silence_s: float = 30.0
) -> AsyncIterator[LiveStream]:
    """Listen to a venue's book and trades."""
    exchange = exchange_named(venue.speaker.name)

    def make(scales: Mapping[str, Scale]) -> StreamWire:
        wire = exchange.make(scales)
        own = wire.liveness
        wire.liveness = Liveness(ping=own.ping, every_s=0.1, silence_s=silence_s)
        return wire

    limits = Limits(weight_per_minute=1_000_000)
    fetcher = Fetcher("test", f"http://{venue.address}", limits, None, str, LOCAL)
    source = SocketSource(LOCAL, url=f"ws://{venue.address}/x")
    symbols, channels = [venue.speaker.symbol], (DEPTH, TRADES)
    backoff = Backoff(0.01, 0.05, chance=random.Random(1))
    try:
        async with LiveStream(
            make, symbols, channels, source, pages=fetcher, settings=settings, backoff=backoff
        ) as stream:
            yield stream
    finally:
        await fetcher.close()


class Ear:
    """Takes what is told, and believes a best price only while the symbol is live."""

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.states = ["connecting"]
        self.trades: list[int] = []

    async def until_equal(self, stream: LiveStream) -> None:
        """Listen until the market closed and the book is its, level by level, trades too."""
        async with asyncio.timeout(60):
            async for told in stream:
                if isinstance(told, StateChange):
                    self.states.append(told.state)
                elif isinstance(told, Top):
                    assert self.states[-1] == "live", "a best price of a book that is not"
                elif isinstance(told, TradeUpdate):
                    assert told.side == 1 and told.price > 0
                    self.trades.append(int(told.id or 0))
                if self.venue.done and self._equal(stream):
                    return
        raise AssertionError(f"the stream ended first (seed {SEED})")

    def _equal(self, stream: LiveStream) -> bool:
        market, symbol = self.venue.market, self.venue.speaker.symbol
        book = stream.book(symbol)
        if book is None or self.trades[-1:] != self.venue.traded[-1:]:
            return False
        return levels_of(stream, symbol) == tuple(
            {Decimal(one) / 10: Decimal(many) / 1000 for one, many in side.items()}
            for side in (market.bids, market.asks)
        )


async def cut(venue: Venue, connection: ServerConnection, change: str) -> None:
    """Break the connection without a word."""
    connection.transport.abort()
    await connection.wait_closed()


async def lost(venue: Venue, connection: ServerConnection, change: str) -> None:
    """Lose a change."""


async def stalled(venue: Venue, connection: ServerConnection, change: str) -> None:
    """Say nothing any more, not to pings either, and hold the connection."""
    venue.mute = True
    await connection.wait_closed()


async def crossed(venue: Venue, connection: ServerConnection, change: str) -> None:
    """Say a bid far above all asks, once the client has the book."""
    while not venue.speaker.snapshot(venue.market) and not venue.pages:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    venue.market.number += 1
    poisoned = venue.speaker.change(venue.market, [(max(venue.market.asks) + 50, 1000)], [])
    await connection.send(poisoned)


ALL = pytest.mark.parametrize("name", SPEAKERS)


@ALL
async def test_what_an_exchange_says_makes_its_book_and_trades(name: str) -> None:
    """Lost: an exchange read from recordings only would be refused, or misread, when live."""
    venue = Venue(SPEAKERS[name](), SEED, STEPS)
    async with venue.running(), listening(venue) as stream:
        ear = Ear(venue)
        await ear.until_equal(stream)
        counters = stream.counters
        assert counters.unknown == counters.malformed == counters.foreign == 0
        assert counters.resyncs == counters.reconnects == 0
    assert ear.states == ["connecting", "waiting", "live"]
    assert ear.trades == venue.traded
    assert len(ear.trades) == STEPS // 3


@ALL
async def test_random_cuts_lose_no_trade_that_was_sent_and_end_in_its_book(name: str) -> None:
    """Lost: a book that is bent after a reconnect, or trades told twice."""
    venue = Venue(SPEAKERS[name](), SEED + 1, STEPS)
    chance = random.Random(SEED)
    venue.faults = dict.fromkeys(chance.sample(range(5, STEPS - 20), CUTS), cut)
    async with venue.running(), listening(venue) as stream:
        ear = Ear(venue)
        await ear.until_equal(stream)
        assert stream.counters.reconnects >= CUTS
    assert len(set(ear.trades)) == len(ear.trades), f"a trade twice (seed {SEED})"
    assert ear.trades == sorted(ear.trades)
    assert venue.connections == stream.counters.reconnects + 1


@pytest.mark.parametrize("name", [name for name, one in SPEAKERS.items() if one.shows_losses])
async def test_a_lost_change_is_seen_and_the_book_begun_anew(name: str) -> None:
    """Lost: a book without one of its changes would look live for hours."""
    venue = Venue(SPEAKERS[name](), SEED + 2, STEPS)
    venue.faults = dict.fromkeys((40, 41, 120, 200), lost)
    async with venue.running(), listening(venue) as stream:
        ear = Ear(venue)
        await ear.until_equal(stream)
        assert stream.counters.resyncs >= 1
        assert stream.counters.gaps + stream.counters.checksum_failures >= 1
        assert stream.counters.reconnects == 0
    asked = [venue.speaker.word(one) for one in venue.heard]
    assert asked.count("unsubscribe") >= 1


@pytest.mark.parametrize("name", [name for name, one in SPEAKERS.items() if not one.shows_losses])
async def test_a_crossed_book_is_begun_anew_whatever_is_on_its_way(name: str) -> None:
    """Lost: a change that came before the new snapshot would be taken for one."""
    venue = Venue(SPEAKERS[name](), SEED + 7, STEPS)
    venue.faults = dict.fromkeys((50, 150), crossed)
    async with venue.running(), listening(venue) as stream:
        ear = Ear(venue)
        await ear.until_equal(stream)
        assert stream.counters.resyncs >= 1
        assert stream.counters.reconnects == 0


@ALL
async def test_a_silent_stall_is_stale_then_given_up(name: str) -> None:
    """Lost: a connection that is open and dead would show its last book for ever."""
    venue = Venue(SPEAKERS[name](), SEED + 3, STEPS)
    venue.faults = {100: stalled}
    settings = StreamSettings(watch_s=0.05, stale_after_s=0.2, snapshot_s=1.0)
    async with (
        venue.running(),
        listening(venue, settings=settings, silence_s=0.6) as stream,
    ):
        ear = Ear(venue)
        await ear.until_equal(stream)
        assert stream.counters.reconnects == 1
    assert ear.states[ear.states.index("stale") + 1] == "connecting"


@ALL
async def test_a_subscription_denied_at_first_ends_and_later_is_tried_again(name: str) -> None:
    """Lost: a wrong symbol would be asked for without end, or one bad moment end a stream."""
    venue = Venue(SPEAKERS[name](), SEED + 4, STEPS)
    venue.denied = {1}
    async with venue.running(), listening(venue) as stream:
        with pytest.raises(Invalid, match="denied") as refusal:
            await Ear(venue).until_equal(stream)
    assert refusal.value.code == "data.subscription_refused"
    venue = Venue(SPEAKERS[name](), SEED + 5, STEPS)
    venue.denied, venue.faults = {2, 3}, {100: cut}
    async with venue.running(), listening(venue) as stream:
        await Ear(venue).until_equal(stream)
        assert stream.counters.reconnects == 3


@ALL
async def test_a_storm_of_refusals_is_waited_out(name: str) -> None:
    """Lost: an exchange in trouble would be hammered, or given up after it had worked."""
    venue = Venue(SPEAKERS[name](), SEED + 6, STEPS)

    async def storm(venue: Venue, connection: ServerConnection, change: str) -> None:
        venue.refused_connections = 20
        await cut(venue, connection, change)

    venue.faults = {100: storm, 150: cut, 151: cut, 152: cut}
    async with venue.running(), listening(venue) as stream:
        ear = Ear(venue)
        await ear.until_equal(stream)
        assert stream.counters.reconnects == 24
        assert venue.refused_connections == 0
    assert ear.trades == sorted(set(ear.trades))
