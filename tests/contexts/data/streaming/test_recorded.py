"""A session is recorded as it is heard, and played again by the same code."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from tests.contexts.data.books.recorded import CAPTURES, capture

from fks.contexts.data.adapters.formats.capture import read_capture
from fks.contexts.data.adapters.formats.reading import ReadOptions
from fks.contexts.data.adapters.streaming.recorded import RecordedSource, Recorder
from fks.contexts.data.domain.streaming.told import StateChange, Told, Top
from fks.contexts.data.domain.wires.binance import BinanceWire
from fks.contexts.data.service.streaming import LiveStream, StreamSettings
from fks.contracts.data.streams import DEPTH, QUOTES, TRADES, QuoteUpdate, TradeUpdate
from fks.kernel.errors import Conflict, Invalid

from .exchange import SYMBOL, Exchange, market
from .listening import ALL, Listener, exact, levels, listening
from .test_faults import depth_at, dropped, hung_up


def replay(path: Path, *, speed: float = 0.0, most_waiting: int = 10_000) -> LiveStream:
    """Return a stream of a recording."""
    settings = StreamSettings(most_waiting=most_waiting)
    return LiveStream(
        lambda scales: BinanceWire("spot", scales),
        [SYMBOL],
        ALL,
        RecordedSource(path, speed=speed),
        settings=settings,
    )


@pytest.mark.parametrize("name", ["session.txt", "session.gz"])
async def test_a_recorded_session_is_replayed_to_the_same_book(tmp_path: Path, name: str) -> None:
    """Lost: what was recorded, resyncs and all, could not be looked into again."""
    exchange = Exchange(*market(1500, 11))
    exchange.faults[depth_at(exchange.messages, 400)] = dropped
    exchange.faults[depth_at(exchange.messages, 800)] = hung_up
    path = tmp_path / name
    recorder = Recorder(path)
    async with exchange.running(), listening(exchange, recorder=recorder) as stream:
        live = Listener(exchange)
        await live.until_equal(stream)
        assert stream.counters.gaps >= 1
        assert stream.counters.reconnects >= 1
    recorder.close()
    again = Listener(exchange)
    async with replay(path) as stream:
        async for told in stream:
            again.take(told)
        assert levels(stream) == (exchange.bids, exchange.asks)
        assert stream.counters.gaps >= 1
    assert again.trades[: len(live.trades)] == live.trades
    assert set(again.trades) <= set(exchange.trades_sent)
    for kind in ("trades", "quotes", "depth"):
        found = read_capture(path, ReadOptions(symbol=SYMBOL, kind=kind))
        assert not found.refused
        if kind == "trades":
            assert len(found.rows.ts_ns) == len(again.trades)


async def test_a_slow_consumer_of_a_replay_is_waited_for(tmp_path: Path) -> None:
    """Lost: a replay as fast as possible would end by its own speed, or drop trades."""
    exchange = Exchange(*market(600, 12))
    path = tmp_path / "session"
    page = exchange.snapshot()
    lines = [page, *exchange.messages]
    path.write_bytes(
        b"".join(
            b"%d %s\n" % (1_700_000_000_000_000_000 + at, line) for at, line in enumerate(lines)
        )
    )
    count = sum(b'"e":"trade"' in line for line in lines)
    trades = 0
    async with replay(path, most_waiting=10) as stream:
        async for told in stream:
            trades += isinstance(told, TradeUpdate)
    assert trades == count > 100
    trades = 0
    async with replay(path, speed=1.0) as stream:  # nanoseconds apart: at its own pace, at once
        async for told in stream:
            trades += isinstance(told, TradeUpdate)
    assert trades == count


async def test_a_pause_in_a_recording_makes_its_symbol_stale(tmp_path: Path) -> None:
    """Lost: the minutes in which nothing came would show a book as live."""
    exchange = Exchange(*market(40, 13))
    depth = [one for one in exchange.messages if b"depthUpdate" in one]
    begin_ns = 1_700_000_000_000_000_000
    times = [begin_ns, *(begin_ns + at * 10**8 for at in range(1, 5)), begin_ns + 60 * 10**9]
    path = tmp_path / "session"
    lines = [exchange.snapshot(), *depth]
    path.write_bytes(b"".join(b"%d %s\n" % pair for pair in zip(times, lines, strict=False)))
    told: list[Told] = []
    async with replay(path) as stream:
        feed = stream
        async for one in feed:
            told.append(one)
    assert stream.states[SYMBOL] == "live"
    states = [one.state for one in told if isinstance(one, StateChange)]
    assert states[-1] == "live"
    assert isinstance(told[-1], Top)


async def test_a_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    """Lost: a wrong file would be played as an empty market; a recording would be overwritten."""
    path = tmp_path / "bars.csv"
    path.write_text("date,open\n2020-01-01,1\n")
    async with replay(path) as stream:
        with pytest.raises(Invalid, match=r"line 1 of bars\.csv"):
            async for _ in stream:
                pass
    with pytest.raises(Conflict, match="already"):
        Recorder(path)
    with pytest.raises(Invalid, match="no recording"):
        RecordedSource(tmp_path / "none")


def first_lines(name: str, count: int) -> tuple[bytes, list[bytes]]:
    """Return the snapshot and the messages of a capture's first lines."""
    messages = [message for _, message in zip(range(count), capture(name), strict=False)]
    page = next(message.payload for message in messages if message.page)
    return page, [message.payload for message in messages if not message.page]


@pytest.mark.real_data
async def test_real_messages_over_a_socket_with_faults_ends_as_the_exchange_had_it() -> None:
    """Lost: the synthetic market would prove itself only.

    The server plays Binance's own messages, and loses some; the book at the end has to be the
    best bid and ask that Binance told in its own stream.
    """
    page, messages = first_lines("spot_ethusdt_20240808", 12_000)
    while b"depthUpdate" not in messages[-1]:
        messages.pop()
    exchange = Exchange(json.loads(page), messages)
    for after in range(2000, 11_000, 1500):
        exchange.faults[depth_at(messages, after)] = hung_up if after == 5000 else dropped
    async with exchange.running(), listening(exchange) as stream:
        listener = Listener(exchange)
        await listener.until_equal(stream)
        assert stream.counters.resyncs >= 5
    quotes = [json.loads(one)["data"] for one in messages if b"@bookTicker" in one]
    quoted = {one["u"]: one for one in quotes}
    last = max(number for number in quoted if number <= exchange.last_id)
    assert listener.last is not None
    assert exact(listener.last)[0::2] == tuple(
        type(exchange.top()[0])(quoted[last][side]) for side in "ba"
    )


@pytest.mark.real_data
async def test_a_real_capture_is_replayed_whole() -> None:
    """Lost: recordings of others in the same format could not be played."""
    path = CAPTURES / "spot_ethusdt_20240808.gz"
    if not path.exists():
        pytest.skip("the recording is not here")
    kinds = {TRADES: 0, QUOTES: 0, DEPTH: 0}
    async with replay(path) as stream:
        async for told in stream:
            kinds[TRADES] += isinstance(told, TradeUpdate)
            kinds[QUOTES] += isinstance(told, QuoteUpdate)
            kinds[DEPTH] += isinstance(told, Top)
        assert stream.counters.gaps == stream.counters.malformed == 0
        with gzip.open(path) as lines:
            assert stream.counters.messages == sum(1 for _ in lines) - 1
        assert stream.counters.quotes == 24_077
    assert 0 < kinds[QUOTES] <= 24_077
    assert kinds[TRADES] == 6106
    assert kinds[DEPTH] > 0
