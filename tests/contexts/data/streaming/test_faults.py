"""Whatever the network does, the book ends as the exchange's, and is never shown when it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from websockets.asyncio.server import ServerConnection

from fks.contexts.data.service.streaming import LiveStream, StreamSettings
from fks.kernel.errors import FksError, Invalid, Unavailable

from .exchange import SYMBOL, Exchange, Fault, market
from .listening import Listener, listening


async def dropped(exchange: Exchange, connection: ServerConnection, message: bytes) -> None:
    """Lose a message."""


async def garbage(exchange: Exchange, connection: ServerConnection, message: bytes) -> None:
    """Damage a message."""
    await connection.send(message[: len(message) // 2].decode() + "\x00}{")


async def doubled(exchange: Exchange, connection: ServerConnection, message: bytes) -> None:
    """Say everything twice."""
    await exchange.send(connection, message)
    await connection.send(message, text=True)


async def swapped(exchange: Exchange, connection: ServerConnection, message: bytes) -> None:
    """Say the next three first."""
    for _ in range(3):
        await exchange.send(connection, exchange.next())
    await exchange.send(connection, message)


async def hung_up(exchange: Exchange, connection: ServerConnection, message: bytes) -> None:
    """Break the connection without a word."""
    connection.transport.abort()
    await connection.wait_closed()


async def closed(exchange: Exchange, connection: ServerConnection, message: bytes) -> None:
    """Close the connection as the protocol wants it."""
    await connection.close(1012)


def depth_at(messages: list[bytes], after: int) -> int:
    """Return the number of the next change of depth."""
    return next(at for at in range(after, len(messages)) if b"depthUpdate" in messages[at])


CASES: list[tuple[Fault, Callable[[LiveStream], int]]] = [
    (dropped, lambda stream: stream.counters.gaps),
    (garbage, lambda stream: stream.counters.malformed),
    (doubled, lambda stream: stream.counters.messages - 1000),
    (swapped, lambda stream: stream.counters.gaps),
    (hung_up, lambda stream: stream.counters.reconnects),
    (closed, lambda stream: stream.counters.reconnects),
]


@pytest.mark.parametrize(("fault", "seen"), CASES, ids=[case[0].__name__ for case in CASES])
@pytest.mark.parametrize("seed", [1, 2])
async def test_after_any_fault_the_book_is_the_exchanges_again(
    fault: Fault, seen: Callable[[LiveStream], int], seed: int
) -> None:
    """Lost: a message that is lost, damaged, doubled or late would bend the book for good.

    The listener checks every top on its way: it is what the exchange had at that change.
    """
    book, messages = market(1000, seed)
    exchange = Exchange(book, messages)
    for after in (200, 500, 501, 800):
        exchange.faults[depth_at(messages, after)] = fault
    async with exchange.running(), listening(exchange) as stream:
        listener = Listener(exchange)
        await listener.until_equal(stream)
        assert seen(stream) >= 1, "the fault was not noticed"
        assert stream.states[SYMBOL] == "live"
    assert listener.states[-1] == "live"
    if fault in (hung_up, closed):
        assert "connecting" in listener.states
    assert stream.book(SYMBOL) is None, "a stream that ended shows no book"


async def test_every_trade_arrives_once_and_in_order() -> None:
    """Lost: trades would be dropped or doubled while books are made anew."""
    book, messages = market(3000, 3)
    exchange = Exchange(book, messages)
    for after in range(300, 2700, 300):
        exchange.faults[depth_at(messages, after)] = dropped
    async with exchange.running(), listening(exchange) as stream:
        listener = Listener(exchange)
        await listener.until_equal(stream)
        await drained(listener, stream)
    assert listener.trades == exchange.trades_sent
    assert len(set(listener.trades)) == len(listener.trades) > 500


async def drained(listener: Listener, stream: LiveStream) -> None:
    """Listen until every trade that was sent has come."""
    async with asyncio.timeout(30):
        while len(listener.trades) < len(listener.exchange.trades_sent):
            listener.take(await anext(aiter(stream)))


async def test_a_half_open_socket_is_stale_then_given_up() -> None:
    """Lost: a connection that says nothing would show its last book as live for ever."""
    book, messages = market(600, 4)
    exchange = Exchange(book, messages)

    async def silent(exchange: Exchange, connection: ServerConnection, message: bytes) -> None:
        exchange.go.clear()
        await connection.wait_closed()
        exchange.go.set()

    exchange.faults[300] = silent
    settings = StreamSettings(watch_s=0.05, stale_after_s=0.3)
    async with (
        exchange.running(),
        listening(exchange, settings=settings, silence_s=1.5) as stream,
    ):
        listener = Listener(exchange)
        await listener.until_equal(stream)
        assert stream.counters.reconnects >= 1
    assert exchange.connections >= 2
    first_stale = listener.states.index("stale")
    assert "connecting" in listener.states[first_stale:]


async def test_a_consumer_that_is_too_slow_ends_the_stream_and_loses_nothing_before() -> None:
    """Lost: trades would be dropped without a word, or fill the memory."""
    book, messages = market(2000, 5)
    exchange = Exchange(book, messages)
    settings = StreamSettings(watch_s=0.05, most_waiting=100)
    listener = Listener(exchange)
    async with exchange.running(), listening(exchange, settings=settings) as stream:
        async with asyncio.timeout(30):
            while stream.states[SYMBOL] != "connecting" or not stream.counters.trades:  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # and takes nothing
        with pytest.raises(Unavailable, match="too slow") as refusal:
            async for told in stream:
                listener.take(told)
        assert refusal.value.code == "data.consumer_too_slow"
        assert stream.counters.conflated > 0
    assert listener.trades == exchange.trades_sent[:100]
    assert listener.last is None, "what waited was no longer live when it was taken"


async def test_a_server_that_refuses_is_tried_again_and_in_the_end_said() -> None:
    """Lost: a refusal at the start would end a stream at once, or be tried for ever."""
    exchange = Exchange(*market(300, 6))
    exchange.refusals = 3
    async with exchange.running(), listening(exchange) as stream:
        await Listener(exchange).until_equal(stream)
        assert stream.counters.reconnects == 3
    exchange = Exchange(*market(300, 6))
    exchange.refusals = 100
    async with exchange.running(), listening(exchange) as stream:
        with pytest.raises(Unavailable, match=r"5 times.*503") as refusal:
            async for _ in stream:
                pass
    assert refusal.value.code == "data.stream_unreachable"


async def test_a_snapshot_that_is_refused_is_asked_for_again() -> None:
    """Lost: an exchange that says 429 or fails would leave a book empty, or be asked in a loop."""
    exchange = Exchange(*market(800, 7))
    exchange.answers = [(429, {"Retry-After": "0"}), (429, {}), (503, {}), (500, {})]
    async with exchange.running(), listening(exchange) as stream:
        listener = Listener(exchange)
        await listener.until_equal(stream)
        assert stream.counters.snapshot_failures >= 1
    assert listener.states[:2] == ["waiting", "live"]
    assert exchange.pages >= 5


async def test_a_symbol_that_the_exchange_has_not_ends_the_stream() -> None:
    """Lost: a mistyped symbol would be waited for without end."""
    exchange = Exchange(*market(300, 8))
    exchange.answers = [(400, {})]
    async with exchange.running(), listening(exchange) as stream:
        with pytest.raises(FksError, match="refuses") as refusal:
            async for _ in stream:
                pass
    assert isinstance(refusal.value, Invalid)


async def test_a_stream_never_leads_into_the_own_network() -> None:
    """Lost: an address in a setting would let a stream reach inner services."""
    from fks.contexts.data.adapters.streaming.socket import SocketSource
    from fks.contexts.data.domain.wires.binance import BinanceWire
    from fks.contexts.data.settings import FetchSettings

    for url in ("ws://127.0.0.1:1/x", "wss://127.0.0.1/x", "wss://10.0.0.1/x", "https://x.org/x"):
        async with LiveStream(
            lambda scales: BinanceWire("spot", scales),
            [SYMBOL],
            ["trades"],
            SocketSource(FetchSettings(), url=url),
        ) as stream:
            with pytest.raises(Invalid) as refusal:
                async for _ in stream:
                    pass
        assert refusal.value.code == "data.bad_destination"
