"""The bus of a process that works together with others.

Events of this process go to its own listeners at once and out to the network, in batches, in the
order of publication; events of others come in once, in the order in which the network stored
them. A question is answered here if somebody here answers it, else wherever somebody does.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import structlog

from fks.kernel.asking import nobody_answers
from fks.kernel.bus import DeadLetter, LocalBus, plain
from fks.kernel.errors import FksError, TimedOut, Unavailable
from fks.kernel.messages import Envelope, Event, Meta, Query, key_of, reply_type, topic_of
from fks.kernel.resilience import Backoff
from fks.kernel.transport import Asked, Reply, Transport

__all__ = ["NetworkedBus"]

_log = structlog.get_logger("fks.bus")
_SEEN_KEPT = 50_000
_FLUSH_TIMEOUT_S = 5.0
# A network that comes back should be used again soon, however long it was away.
_AWAY = Backoff(first_s=0.05, longest_s=1.0)


class NetworkedBus(LocalBus):
    """A `LocalBus` joined with a transport.

    `source` is the stable name of this process: it must differ from those of all others and be
    the same after a restart. `messages` are all messages that may come in. Up to `batch`
    events, or those of `linger_s`, travel together. While the network is away `limit` events
    are kept (besides the outbox, which is on disk); then publishers wait.
    """

    def __init__(
        self,
        transport: Transport,
        messages: Iterable[type[Any]],
        *,
        source: str,
        limit: int = 10_000,
        batch: int = 64,
        linger_s: float = 0.001,
        **options: Any,
    ) -> None:
        super().__init__(source=source, limit=limit, **options)
        self._transport = transport
        self._kinds = {topic_of(kind): kind for kind in messages}
        self._out = _Outbox(transport, self._bury_unsent, self._remember, limit, batch, linger_s)
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._flusher: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect, answer, and receive. Raises `Unavailable` when the network is not there."""
        await self._transport.connect()
        self._pump.outbound = self._out
        await super().start()
        topics = [topic_of(kind) for kind in self._responders.kinds]
        await self._transport.respond(topics, self._respond)
        await self._transport.subscribe(self._receive)
        self._flusher = asyncio.create_task(self._out.flush())

    async def stop(self) -> None:
        """Send what is left, if that is possible within five seconds, and disconnect."""
        if self._flusher is not None:
            try:
                async with asyncio.timeout(_FLUSH_TIMEOUT_S):
                    await self._out.sent()
            except TimeoutError:
                _log.warning("events_not_sent", count=len(self._out))
            self._flusher.cancel()
            await asyncio.gather(self._flusher, return_exceptions=True)
        await super().stop()
        await self._transport.close()

    def facts(self) -> Mapping[str, str]:
        """Return what is known of the connection."""
        away = {} if self._out.away == "" else {"away": self._out.away}
        return {**self._transport.facts(), **away, "unsent": str(len(self._out))}

    @property
    def depth(self) -> int:
        """Return how many events are queued, wait for another try or were not sent yet."""
        return super().depth + len(self._out)

    async def sent(self) -> None:
        """Wait until everything published so far is stored by the network."""
        await self._out.sent()

    async def _ask(self, request: Query[Any], meta: Meta, timeout_s: float) -> Any:
        """Ask here, or elsewhere."""
        kind = type(request)
        if kind in self._responders:
            return await self.answer_here(request, meta, timeout_s)
        topic = topic_of(kind)
        body = msgspec.msgpack.encode(request)
        envelope = Envelope(topic=topic, key=key_of(request), meta=plain(meta), body=body)
        reply = await self._transport.request(Asked(envelope, timeout_s))
        reply.raise_error()
        return msgspec.msgpack.decode(reply.body, type=reply_type(kind))

    async def _respond(self, asked: Asked) -> Reply:
        """Answer a question of another process."""
        envelope = asked.envelope
        kind = self._kinds.get(envelope.topic)
        try:
            if kind is None:
                raise nobody_answers(envelope.topic)
            request = msgspec.msgpack.decode(envelope.body, type=kind)
            reply = await self.answer_here(request, envelope.meta, asked.timeout_s)
            return Reply(msgspec.msgpack.encode(reply))
        except FksError as error:
            return Reply.of_error(error)
        except msgspec.DecodeError as error:
            text = f"{envelope.topic}: the question cannot be read: {error}"
            return Reply.of_error(FksError(text, code="bus.unreadable"))

    async def _receive(self, batch: Sequence[Envelope], done: Callable[[], None]) -> None:
        """Take in what others published, each event once."""
        count = _Count(done)
        for envelope in batch:
            kind = self._kinds.get(envelope.topic)
            if envelope.meta.source == self.source or kind is None or self._known(envelope):
                continue
            try:
                event = msgspec.msgpack.decode(envelope.body, type=kind)
            except msgspec.DecodeError as error:
                _log.error("event_unreadable", topic=envelope.topic, error=str(error))
                continue
            await self._pump.has_local_room()
            count.add()
            self.post(event, envelope.meta, count.release, outward=False)
        count.release()

    def _known(self, envelope: Envelope) -> bool:
        """Tell whether an event came in before; remember it if not."""
        if envelope.meta.id in self._seen:
            return True
        self._remember(envelope.meta.id)
        return False

    def _remember(self, message_id: str) -> None:
        """Note an event, sent or received, so that it is not taken in again."""
        self._seen[message_id] = None
        if len(self._seen) > _SEEN_KEPT:
            self._seen.popitem(last=False)

    async def _bury_unsent(self, event: Event, meta: Meta, error: str) -> None:
        """Keep an event that can never be sent."""
        letter = DeadLetter(
            topic=topic_of(type(event)),
            key=key_of(event),
            handler="network",
            event=event,
            meta=meta,
            attempts=1,
            code="bus.too_large",
            error=error,
            at_ns=meta.at_ns,
        )
        _log.error("event_not_sendable", topic=letter.topic, error=error)
        await self._bury(letter)


class _Count:
    """Calls back when as many releases as adds have come, the first add being implied."""

    def __init__(self, done: Callable[[], None]) -> None:
        self._done = done
        self._open = 1

    def add(self) -> None:
        """Expect one more release."""
        self._open += 1

    def release(self) -> None:
        """Count one off."""
        self._open -= 1
        if self._open == 0:
            self._done()


class _Outbox:
    """The events on their way out, in memory and bounded; satisfies `pump.Outbound`."""

    def __init__(
        self,
        transport: Transport,
        bury: Callable[[Event, Meta, str], Any],
        remember: Callable[[str], None],
        limit: int,
        batch: int,
        linger_s: float,
    ) -> None:
        self._transport = transport
        self._bury = bury
        self._remember = remember
        self._limit = limit
        self._batch = batch
        self._linger_s = linger_s
        self._waiting: deque[tuple[Envelope, Callable[[], None] | None]] = deque()
        self._some = asyncio.Event()
        self._room = asyncio.Condition()
        self._burials: set[asyncio.Task[None]] = set()
        self.away = ""

    def __len__(self) -> int:
        """Return how many events were not sent yet."""
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Return whether publishers have to wait."""
        return len(self._waiting) >= self._limit

    async def has_room(self) -> None:
        """Wait until an event can be offered."""
        async with self._room:
            await self._room.wait_for(lambda: not self.full)

    async def sent(self) -> None:
        """Wait until nothing is left."""
        async with self._room:
            await self._room.wait_for(lambda: not self._waiting)

    def offer(self, event: Event, meta: Meta, done: Callable[[], None] | None) -> None:
        """Queue an event; one that is too large for the network is a dead letter."""
        body = msgspec.msgpack.encode(event)
        meta = plain(meta)
        if len(body) > self._transport.max_bytes:
            text = f"{len(body)} bytes; the network takes {self._transport.max_bytes}"
            burial = asyncio.create_task(self._buried(event, meta, text, done))
            self._burials.add(burial)
            burial.add_done_callback(self._burials.discard)
            return
        envelope = Envelope(topic=topic_of(type(event)), key=key_of(event), meta=meta, body=body)
        self._remember(meta.id)
        self._waiting.append((envelope, done))
        self._some.set()

    async def flush(self) -> None:
        """Send what is queued, in order, for ever; what cannot be sent now stays."""
        loop = asyncio.get_running_loop()
        sent_at_s = 0.0
        while True:
            await self._some.wait()
            if len(self._waiting) < self._batch:
                # After a pause the first event goes at once, with all of its transaction; in a
                # stream of events it waits for company.
                streaming = loop.time() - sent_at_s < self._linger_s
                await asyncio.sleep(self._linger_s if streaming else 0)
            batch = self._next_batch()
            await self._send([envelope for envelope, _ in batch])
            sent_at_s = loop.time()
            for _, done in batch:
                self._waiting.popleft()
                if done is not None:
                    done()
            if not self._waiting:
                self._some.clear()
            async with self._room:
                self._room.notify_all()

    def _next_batch(self) -> list[tuple[Envelope, Callable[[], None] | None]]:
        """Return the first events, as many as may travel together."""
        batch: list[tuple[Envelope, Callable[[], None] | None]] = []
        size = 0
        for one in self._waiting:
            size += len(one[0].body)
            if batch and (len(batch) == self._batch or size > self._transport.max_bytes):
                break
            batch.append(one)
        return batch

    async def _send(self, batch: Sequence[Envelope]) -> None:
        """Send a batch, the very same again and again until it is stored."""
        failures = 0
        while True:
            try:
                await self._transport.publish(batch)
                break
            except (Unavailable, TimedOut) as error:
                failures += 1
                if not self.away:
                    _log.warning("network_away", error=error.message)
                self.away = error.message
                await asyncio.sleep(_AWAY.pause_s(failures))
        if self.away:
            _log.info("network_back", failures=failures)
            self.away = ""

    async def _buried(
        self, event: Event, meta: Meta, error: str, done: Callable[[], None] | None
    ) -> None:
        """Bury an event, however long that takes."""
        failures = 0
        while True:
            try:
                await self._bury(event, meta, error)
                break
            except Unavailable:
                failures += 1
                await asyncio.sleep(_AWAY.pause_s(failures))
        if done is not None:
            done()
