"""`fks bench stream`, second half: from a socket to whoever listens on the bus.

Another process sends. FKS's own path (`LiveStream`, the events of a server's streams, the bus in
this process, a plain listener) is measured from when a message was due to when its listener was
called; so what waits anywhere, also before the sender's socket, counts. A message that changes no
best price makes no event, nor does a quote that a newer one replaced while it waited; they are not
in the percentiles. The reference is a bare client that decodes each message and does nothing with
it. The round with the best percentiles counts: what else the machine does comes in bursts.
"""

from __future__ import annotations

import asyncio
import sys
import time
from array import array
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from websockets.asyncio.client import connect

from fks.contexts.data.adapters.streaming.sender import Workload, workload
from fks.contexts.data.service.streaming.opening import StreamRequest, opened_stream
from fks.contexts.data.service.streaming.telling import Teller, tell
from fks.contexts.data.settings import FetchSettings
from fks.contracts.data.live import BestPriceChanged, StreamSpec, TradeReported
from fks.contracts.data.streams import DEPTH, QUOTES, TRADES
from fks.kernel.benchmarks import Row
from fks.kernel.bus import LocalBus
from fks.kernel.errors import Unavailable
from fks.kernel.messages import Meta

__all__ = ["Heard", "heard_by_fks", "heard_plainly", "rows"]

_LONGEST_S = 300.0
_LOCAL = FetchSettings(allow_loopback=True)
_SHARES = (("median", 0.5), ("99 of 100", 0.99), ("999 of 1,000", 0.999))


class Heard(NamedTuple):
    """When each event was heard, by the number of its message; and when message 0 was due.

    `cpu_ns` is what the whole process worked while it listened.
    """

    began_ns: int
    numbers: array[int]
    at_ns: array[int]
    messages: int
    rate: int
    cpu_ns: int

    def late_us(self) -> list[float]:
        """Return how long after it was due each was heard, sorted."""
        step_ns = 1e9 / self.rate
        found = zip(self.numbers, self.at_ns, strict=True)
        return sorted((at - self.began_ns - number * step_ns) / 1e3 for number, at in found)

    def per_s(self) -> float:
        """Return messages a second, until the last that was heard."""
        return (self.numbers[-1] + 1) / ((self.at_ns[-1] - self.began_ns) / 1e9)


def rows(quick: bool, rate: int, file: str = "") -> list[Row]:
    """Return the rows; both sides are measured at `rate` and as fast as they go, in turn."""
    seconds, fast, rounds = (1, 20_000, 1) if quick else (2, 100_000, 5)
    found: list[Row] = []
    for name in (file,) if file else ("book", "quotes"):
        told = Path(file).name if file else name
        own, bare = _best(name, rate * seconds, rate, rounds)
        found += _late(told, own, bare)
        own, bare = _best(name, fast, 0, rounds)
        found += _fastest(told, own, bare)
    return found


def _best(name: str, count: int, rate: int, rounds: int) -> tuple[Heard, Heard]:
    """Return the best round of FKS, and of the bare client."""
    both = [
        (_run(heard_by_fks(name, count, rate)), _run(heard_plainly(name, count, rate)))
        for _ in range(rounds)
    ]

    def cost(heard: Heard) -> float:
        return _at(heard.late_us(), 0.99) if rate else -heard.per_s()

    return min((own for own, _ in both), key=cost), min((bare for _, bare in both), key=cost)


def _run(work: Coroutine[Any, Any, Heard]) -> Heard:
    """Run on the loop that a server runs on."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


async def heard_by_fks(name: str, count: int, rate: int) -> Heard:
    """Hear a workload as a server does."""
    work = workload(name, count)
    numbers_of = _Numbers(work)
    numbers, at_ns = array("q"), array("q")
    clock = time.monotonic_ns

    def on_price(event: BestPriceChanged, meta: Meta) -> None:
        now_ns = clock()
        number = numbers_of.prices.get(event.id, -1)
        if number >= 0:
            numbers.append(number)
            at_ns.append(now_ns)

    def on_trade(event: TradeReported, meta: Meta) -> None:
        now_ns = clock()
        number = numbers_of.trades.get(event.id, -1)
        if number >= 0:
            numbers.append(number)
            at_ns.append(now_ns)

    bus = LocalBus()
    bus.on(BestPriceChanged, on_price)
    bus.on(TradeReported, on_trade)
    await bus.start()
    channels = (DEPTH, TRADES, QUOTES) if work.page else (TRADES, QUOTES)
    exchange = "binance_coinm" if numbers_of.coinm else "binance"
    spec = StreamSpec(
        name="bench", exchange=exchange, symbols=(numbers_of.symbol,), channels=channels
    )
    async with _sending(name, count, rate) as (port, began):
        request = StreamRequest(
            exchange=spec.exchange,
            symbols=spec.symbols,
            channels=channels,
            url=f"ws://127.0.0.1:{port}/stream",
            pages_url=f"http://127.0.0.1:{port}",
        )
        worked_ns = time.process_time_ns()
        async with opened_stream(request, _LOCAL, lambda _: "") as stream:
            telling = asyncio.create_task(tell(stream, Teller(spec), bus.publish))
            all_of_it = 1 + len(work.first) + len(work.measured)
            while stream.counters.messages < all_of_it and not telling.done():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.05)
            worked_ns = time.process_time_ns() - worked_ns
            if telling.done():
                telling.result()
            if stream.counters.gaps or not numbers:
                raise Unavailable("the book was lost on its way", code="data.bench_failed")
            telling.cancel()
            began_ns = await began
    await bus.stop()
    return Heard(began_ns, numbers, at_ns, len(work.measured), rate, worked_ns)


async def heard_plainly(name: str, count: int, rate: int) -> Heard:
    """Hear a workload with a bare client that only decodes."""
    work = workload(name, count)
    numbers, at_ns = array("q"), array("q")
    clock, decode = time.monotonic_ns, msgspec.json.decode
    async with _sending(name, count, rate) as (port, began):
        url = f"ws://127.0.0.1:{port}/stream"
        async with connect(url, compression=None, max_size=None, ping_interval=None) as socket:
            await socket.send('{"id": 1}')
            for _ in range(1 + len(work.first)):
                await socket.recv()
            worked_ns = time.process_time_ns()
            for number in range(len(work.measured)):
                decode(await socket.recv(decode=False))
                at_ns.append(clock())
                numbers.append(number)
            worked_ns = time.process_time_ns() - worked_ns
            began_ns = await began
    return Heard(began_ns, numbers, at_ns, len(work.measured), rate, worked_ns)


class _Numbers:
    """Which message an event came of, by the id that both have."""

    def __init__(self, work: Workload) -> None:
        self.prices: dict[int, int] = {}
        self.trades: dict[str, int] = {}
        self.coinm, self.symbol = False, ""
        for number, payload in enumerate(work.measured):
            data = msgspec.json.decode(payload)["data"]
            self.symbol = self.symbol or data["s"]
            self.coinm = self.coinm or "pu" in data
            kind = data.get("e", "bookTicker")
            if kind in ("trade", "aggTrade"):
                self.trades[str(data["t" if kind == "trade" else "a"])] = number
            elif kind == ("depthUpdate" if work.page else "bookTicker"):
                self.prices[data["u"]] = number


@asynccontextmanager
async def _sending(
    name: str, count: int, rate: int
) -> AsyncIterator[tuple[int, asyncio.Future[int]]]:
    """Start the sender; yields its port, and when the first message was due."""
    module = "fks.contexts.data.adapters.streaming.sender"
    arguments = (name, str(count), str(rate))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None, "it was asked for"
    try:
        async with asyncio.timeout(_LONGEST_S):
            line = await process.stdout.readline()
            if not line:
                raise Unavailable("the sender did not start", code="data.bench_failed")
            stdout = process.stdout

            async def began() -> int:
                return int(await stdout.readline())

            yield int(line), asyncio.ensure_future(began())
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _late(name: str, own: Heard, bare: Heard) -> list[Row]:
    """Return how late messages are at a rate that both keep up with."""
    ours, theirs = own.late_us(), bare.late_us()
    return [
        _row(f"{name}: due to event, {told}", _at(ours, share), "us", _at(theirs, share), less=True)
        for told, share in _SHARES
    ] + [_row(f"{name}: held, of {own.rate:,}", own.per_s(), "1/s", bare.per_s())]


def _fastest(name: str, own: Heard, bare: Heard) -> list[Row]:
    """Return the rate at which a sender that waits for its socket is heard, and its work."""
    ours, theirs = (one.cpu_ns / 1e3 / one.messages for one in (own, bare))
    return [
        _row(f"{name}: most messages to events", own.per_s(), "1/s", bare.per_s()),
        _row(f"{name}: work of a core, a message", ours, "us", theirs, less=True),
    ]


def _at(ranked: list[float], share: float) -> float:
    return ranked[min(int(len(ranked) * share), len(ranked) - 1)]


def _row(name: str, value: float, unit: str, reference: float, *, less: bool = False) -> Row:
    """Return a row; of times less is better."""
    ratio = reference / value if less else value / reference
    return Row(
        name=name, value=value, unit=unit, reference=reference, ratio=ratio, goal=None, met=None
    )
