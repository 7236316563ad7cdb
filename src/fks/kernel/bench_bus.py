"""What the bus costs, beside a bare loop that calls the same listeners (`fks bench bus`).

Measured with everything on: error isolation, counters, and the look for a recorded span. The
network part publishes to a real nats-server, when its binary is installed, and reads back what
was stored. Ratios compare what was measured in this run, interleaved; more is better.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from fks.kernel.benchmarks import Row
from fks.kernel.bus import LocalBus
from fks.kernel.errors import Unavailable
from fks.kernel.ids import IdSource
from fks.kernel.messages import Envelope, Event, Meta, topic_of

__all__ = ["run"]

_TURNS = 9
_BATCH = 64


class _Tick(Event, frozen=True, kw_only=True, tag="kernel.bench_tick.v1"):
    """An event of about 127 bytes on the wire."""

    symbol: str = "GCZ6"
    number: int = 0
    price: float = 0.0
    note: str = "x" * 75


class _Listener:
    """What a listener does at least: it looks at the event and counts."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, event: _Tick, meta: Meta) -> None:
        self.count += 1

    def on_tick(self, event: _Tick, meta: Meta) -> None:
        self.count += 1


def run(quick: bool) -> list[Row]:
    """Return the figures; `quick` takes fewer events and shorter turns."""
    rows: list[Row] = []
    count = 5_000 if quick else 50_000
    for listeners, goal in ((1, 1 / 1.5), (10, 1 / 1.1)):
        rows += asyncio.run(_in_process(listeners, goal, count))
    rows += _peers(count // 5)
    binary = shutil.which("nats-server", path=str(Path(sys.executable).parent))
    binary = binary or shutil.which("nats-server")
    if binary is not None and importlib.util.find_spec("nats") is not None:
        rows += _network(binary, turns=3 if quick else 7, singles=200 if quick else 1000)
    return rows


def _row(
    name: str, value: float, unit: str, reference: float | None = None, goal: float | None = None
) -> Row:
    """Return a row for a duration (less is better); its ratio is reference / value."""
    ratio = None if reference is None else reference / value
    met = None if goal is None or ratio is None else ratio >= goal
    return Row(
        name=name, value=value, unit=unit, reference=reference, ratio=ratio, goal=goal, met=met
    )


# --- in this process ------------------------------------------------------------------------------


async def _in_process(listeners: int, goal: float, count: int) -> list[Row]:
    """Measure batches and single events against the bare loop."""
    handlers = [_Listener() for _ in range(listeners)]
    calls = tuple(handler.on_tick for handler in handlers)
    bus = LocalBus(traced=True)
    for call in calls:
        bus.on(_Tick, call)
    events = [_Tick(number=number) for number in range(count)]
    meta = Meta(id="", at_ns=0, source="", correlation_id="")

    async def bare() -> None:
        for event in events:
            for call in calls:
                call(event, meta)

    async def batches() -> None:
        await bus.publish_many(events)

    async def singly() -> None:
        publish = bus.publish
        for event in events:
            await publish(event)

    loop, many, one = await _interleaved((bare, batches, singly), count)
    expected = (3 * _TURNS + 3) * count
    assert all(handler.count == expected for handler in handlers), "an event was lost"
    suffix = f"{listeners} listener{'s' if listeners > 1 else ''}"
    return [
        _row(f"publish_many, {suffix}", many, "ns/event", loop, goal),
        _row(f"publish, {suffix}", one, "ns/event", loop),
    ]


async def _interleaved(
    ways: Sequence[Callable[[], Awaitable[None]]], count: int
) -> Sequence[float]:
    """Return the median nanoseconds an event of each way, taken in turns."""
    taken: list[list[float]] = [[] for _ in ways]
    for way in ways:
        await way()  # warm
    for _ in range(_TURNS):
        for way, times in zip(ways, taken, strict=True):
            begun = time.perf_counter_ns()
            await way()
            times.append((time.perf_counter_ns() - begun) / count)
    return [median(times) for times in taken]


def _peers(count: int) -> list[Row]:
    """Measure other event libraries that are installed, with one listener, against our publish."""
    senders: dict[str, Callable[[_Tick], Any]] = {}
    listener = _Listener()
    if importlib.util.find_spec("blinker") is not None:
        signal = importlib.import_module("blinker").Signal()

        def heard(event: _Tick) -> None:
            listener.count += 1

        signal.connect(heard)
        senders["blinker"] = signal.send
    if importlib.util.find_spec("pyee") is not None:
        emitter = importlib.import_module("pyee").EventEmitter()

        def emitted(event: _Tick) -> None:
            listener.count += 1

        emitter.on("tick", emitted)
        senders["pyee"] = lambda event: emitter.emit("tick", event)
    return [row for name, send in senders.items() for row in asyncio.run(_peer(name, send, count))]


async def _peer(name: str, send: Callable[[_Tick], Any], count: int) -> list[Row]:
    """Measure one peer; the ratio tells how many times faster the bus is."""
    bus = LocalBus(traced=True)
    bus.on(_Tick, _Listener().on_tick)
    events = [_Tick(number=number) for number in range(count)]

    async def theirs() -> None:
        for event in events:
            send(event)

    async def ours() -> None:
        publish = bus.publish
        for event in events:
            await publish(event)

    their_ns, our_ns = await _interleaved((theirs, ours), count)
    return [_row(f"publish, 1 listener, beside {name}", our_ns, "ns/event", their_ns)]


# --- over the network -----------------------------------------------------------------------------


def _network(binary: str, *, turns: int, singles: int) -> list[Row]:
    """Measure stored events on a nats-server of our own."""
    with tempfile.TemporaryDirectory(prefix="fks-bench-") as folder, _server(binary, folder) as url:
        return asyncio.run(_jetstream(url, turns, singles))


@contextlib.contextmanager
def _server(binary: str, folder: str) -> Iterator[str]:
    """Run a nats-server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [binary, "-js", "-a", "127.0.0.1", "-p", str(port), "-sd", folder]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603  # the binary of the dev extra
    try:
        yield f"nats://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


async def _jetstream(url: str, turns: int, singles: int) -> list[Row]:
    """Publish single envelopes and full batches in turns, and count what arrives."""
    from fks.kernel.nats import NatsTransport

    transport, reader = NatsTransport(url, "bench"), NatsTransport(url, "bench_reader")
    await _connected(transport)
    await reader.connect()
    arrived = 0

    async def receive(batch: Sequence[Envelope], done: Callable[[], None]) -> None:
        nonlocal arrived
        arrived += len(batch)
        done()

    await reader.subscribe(receive)
    envelopes = _envelopes(_BATCH * singles // 4)
    batches = [envelopes[at : at + _BATCH] for at in range(0, len(envelopes), _BATCH)]
    one_ns: list[float] = []
    many_ns: list[float] = []
    published = 0
    for _ in range(turns):
        begun = time.perf_counter_ns()
        for envelope in envelopes[:singles]:
            await transport.publish([envelope])
        one_ns.append((time.perf_counter_ns() - begun) / singles)
        begun = time.perf_counter_ns()
        for batch in batches:
            await transport.publish(batch)
        many_ns.append((time.perf_counter_ns() - begun) / len(envelopes))
        published += singles + len(envelopes)
        envelopes = _envelopes(len(envelopes))
        batches = [envelopes[at : at + _BATCH] for at in range(0, len(envelopes), _BATCH)]
    async with asyncio.timeout(60):
        while arrived < published:  # noqa: ASYNC110  # the reader tells nobody
            await asyncio.sleep(0.01)
    await reader.close()
    await transport.close()
    lost = published - arrived
    return [
        _row(
            f"JetStream, {_BATCH} in an envelope", median(many_ns), "ns/event", median(one_ns), 40.0
        ),
        _row("JetStream, one by one", median(one_ns), "ns/event"),
        Row(
            name="JetStream, events lost",
            value=float(lost),
            unit="events",
            reference=None,
            ratio=None,
            goal=0.0,
            met=lost == 0,
        ),
    ]


async def _connected(transport: Any) -> None:
    """Connect, once the server listens."""
    for _ in range(100):
        try:
            await transport.connect()
        except Unavailable:
            await asyncio.sleep(0.05)
        else:
            return
    await transport.connect()


def _envelopes(count: int) -> list[Envelope]:
    """Return envelopes as the bus makes them."""
    ids, topic = IdSource(), topic_of(_Tick)
    found = []
    for number in range(count):
        new_id = ids.new()
        meta = Meta(id=new_id, at_ns=number, source="bench", correlation_id=new_id)
        body = msgspec.msgpack.encode(_Tick(number=number))
        found.append(Envelope(topic=topic, key="", meta=meta, body=body))
    return found
