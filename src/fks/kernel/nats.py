"""NATS JetStream as the network between processes (extra `nats`).

One stream, `FKS`, holds all events; each message in it is a batch of envelopes. Every process has
a durable consumer under its name and takes the stream in its order: when the connection lost a
message, that one is read from the stream before any later one is handled. Questions go over core
NATS, whose server says at once that nobody listens.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import msgspec
import structlog

from fks.kernel.asking import nobody_answers
from fks.kernel.errors import TimedOut, Unavailable
from fks.kernel.messages import Envelope
from fks.kernel.transport import Asked, Receive, Reply, Respond

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

__all__ = ["NatsTransport"]

_log = structlog.get_logger("fks.nats")

_STREAM = "FKS"
_KEPT_S = 7 * 86400.0  # longer than a weekend; the inbox remembers for longer than this
_REPEATS_S = 120.0  # within this time the server itself drops a batch it has
_FORGOTTEN_S = 30 * 86400.0  # then the consumer of a process that never came back goes away
_UNACKNOWLEDGED = 256  # messages; a process that handles nothing is given no more than these
_ACK_WAIT_S = 30.0
_STORE_TIMEOUT_S = 2.0
_CONNECT_TIMEOUT_S = 3.0
_SAFE_VERSION = (2, 10, 23)  # older servers lose acknowledged messages when they are killed
_HEADROOM = 64 * 1024  # of the server's max_payload: envelope, headers


class NatsTransport:
    """A connection to a nats-server with JetStream.

    The URL is `nats://[user:password@]host:port`, with `?monitor=http://host:8222` if the server
    serves its monitoring there: only so can it be known whether it syncs every write to disk.
    """

    def __init__(self, url: str, name: str) -> None:
        parts = urlsplit(url)
        self._url = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or 4222
        self._shown = f"{parts.scheme}://{self._host}:{self._port}"
        self._monitor = parse_qs(parts.query).get("monitor", [""])[0]
        self._name = re.sub(r"[^A-Za-z0-9_-]", "_", name)
        self._client: Client | None = None
        self._stream: JetStreamContext | None = None
        self._consumer: _Consumer | None = None
        self._durability = "unknown"
        self._answering: set[asyncio.Task[None]] = set()

    @property
    def max_bytes(self) -> int:
        """Return the server's bound, less what travels besides the bodies."""
        return max(1024, self._connected().max_payload - _HEADROOM)

    async def connect(self) -> None:
        """Connect and make sure of the stream. Raises `Unavailable` naming the URL."""
        try:
            import nats
            from nats.errors import Error
            from nats.js.errors import NotFoundError
        except ImportError:
            raise Unavailable(
                "a NATS bus needs its client: install fks[nats]", code="bus.driver"
            ) from None
        await self._knock()
        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                self._client = await nats.connect(
                    self._url,
                    name=self._name,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.1,
                    error_cb=_told,
                )
            self._stream = self._client.jetstream(timeout=_STORE_TIMEOUT_S)
            try:
                await self._stream.stream_info(_STREAM)
            except NotFoundError:
                await self._stream.add_stream(
                    name=_STREAM,
                    subjects=["fks.>"],
                    max_age=_KEPT_S,
                    duplicate_window=_REPEATS_S,
                )
        except (Error, OSError, TimeoutError) as error:
            await self.close()
            raise Unavailable(
                f"the NATS server at {self._shown} cannot be used: {_reason(error)}",
                code="bus.unreachable",
            ) from error
        self._durability = await asyncio.to_thread(self._find_durability)

    async def publish(self, batch: Sequence[Envelope]) -> None:
        """Return when the server has stored the batch."""
        from nats.errors import Error

        client, stream = self._connected(), self._stream
        if not client.is_connected or stream is None:
            raise Unavailable(f"the NATS server at {self._shown} is away", code="bus.unreachable")
        # The same batch sent again has the same id, and the server drops it.
        repeat_id = f"{batch[0].meta.id}-{batch[-1].meta.id}-{len(batch)}"
        try:
            await stream.publish(
                _subject(batch),
                msgspec.msgpack.encode(batch),
                timeout=_STORE_TIMEOUT_S,
                headers={"Nats-Msg-Id": repeat_id},
            )
        except (Error, OSError, TimeoutError) as error:
            raise Unavailable(
                f"the NATS server at {self._shown} did not store a batch: {_reason(error)}",
                code="bus.unreachable",
            ) from error

    async def subscribe(self, receive: Receive) -> None:
        """Receive everything in the order of the stream; see `Transport.subscribe`."""
        from nats.errors import Error

        assert self._stream is not None, "connect comes first"
        self._consumer = _Consumer(self._connected(), self._stream, self._name, receive)
        try:
            await self._consumer.start()
        except (Error, OSError, TimeoutError) as error:
            raise Unavailable(
                f"the NATS server at {self._shown} gave no consumer: {_reason(error)}",
                code="bus.unreachable",
            ) from error

    async def respond(self, topics: Iterable[str], respond: Respond) -> None:
        """Answer questions; the subscription tells the server that somebody does."""
        client = self._connected()

        async def answer(message: Msg) -> None:
            task = asyncio.create_task(self._answer(message, respond))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

        for topic in topics:
            await client.subscribe(f"fks-ask.{topic}", queue="fks", cb=answer)
        # The client's ping may overtake what it has not written yet; the second one cannot.
        await client.flush()
        await client.flush()

    async def request(self, asked: Asked) -> Reply:
        """Return the reply, which may come in parts."""
        client, topic = self._connected(), asked.envelope.topic
        if not client.is_connected:
            raise Unavailable(f"the NATS server at {self._shown} is away", code="bus.unreachable")
        inbox = client.new_inbox()
        subscription = await client.subscribe(inbox)
        try:
            async with asyncio.timeout(asked.timeout_s):
                await client.publish(f"fks-ask.{topic}", msgspec.msgpack.encode(asked), reply=inbox)
                data, count = b"", 1
                while count:
                    message = await subscription.next_msg(timeout=None)
                    headers = message.headers or {}
                    if headers.get("Status") == "503":
                        raise nobody_answers(topic)
                    data += message.data
                    count = int(headers.get("Fks-Parts-Left", "0"))
        except TimeoutError:
            raise TimedOut(
                f"{topic} was not answered within {asked.timeout_s:g} s", code="bus.timed_out"
            ) from None
        finally:
            await subscription.unsubscribe()
        return msgspec.msgpack.decode(data, type=Reply)

    async def close(self) -> None:
        """Disconnect; the consumer stays and remembers where we were."""
        if self._consumer is not None:
            await self._consumer.stop()
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)
        if self._client is not None and not self._client.is_closed:
            await self._client.close()

    def facts(self) -> Mapping[str, str]:
        """Return what is known of the connection."""
        client = self._client
        return {
            "transport": "nats",
            "url": self._shown,
            "server": "" if client is None else ".".join(map(str, self._version())),
            "connected": "yes" if client is not None and client.is_connected else "no",
            "durability": self._durability,
            "consumer": self._name,
        }

    def _connected(self) -> Client:
        """Return the client."""
        assert self._client is not None, "connect comes first"
        return self._client

    def _version(self) -> tuple[int, int, int]:
        """Return the version of the server."""
        version = self._connected().connected_server_version
        return version.major, version.minor, version.patch

    async def _knock(self) -> None:
        """Find out whether anybody is at the address: the client would try for ever."""
        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                _, writer = await asyncio.open_connection(self._host, self._port)
        except (OSError, TimeoutError) as error:
            raise Unavailable(
                f"no NATS server at {self._shown}: {_reason(error)}; start one with "
                "`nats-server -js` or run without --bus",
                code="bus.unreachable",
            ) from error
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def _find_durability(self) -> str:
        """Return whether what the server acknowledges survives a power cut, as far as known."""
        if self._version() < _SAFE_VERSION:
            wanted = ".".join(map(str, _SAFE_VERSION))
            return f"degraded: the server is older than {wanted}"
        if not self._monitor:
            return "degraded: unknown whether the server syncs every write (bus URL: ?monitor=)"
        try:
            with urllib.request.urlopen(f"{self._monitor}/varz", timeout=2) as answer:  # noqa: S310  # the operator's own address
                config = json.load(answer)["jetstream"]["config"]
        except (OSError, ValueError, KeyError) as error:
            return f"degraded: {self._monitor} does not tell: {_reason(error)}"
        if config.get("sync_always"):
            return "full"
        return "degraded: the server does not sync every write (sync_interval: always)"

    async def _answer(self, message: Msg, respond: Respond) -> None:
        """Answer one question, in as many parts as the server's bound makes it."""
        asked = msgspec.msgpack.decode(message.data, type=Asked)
        data = msgspec.msgpack.encode(await respond(asked))
        size = self.max_bytes
        parts = [data[at : at + size] for at in range(0, len(data), size)]
        client = self._connected()
        for number, part in enumerate(parts, start=1):
            headers = {"Fks-Parts-Left": str(len(parts) - number)}
            await client.publish(message.reply, part, headers=headers)


class _Consumer:
    """Takes the stream in its order, and acknowledges what was handled."""

    def __init__(
        self, client: Client, stream: JetStreamContext, name: str, receive: Receive
    ) -> None:
        self._client = client
        self._stream = stream
        self._name = name
        self._receive = receive
        self._last = 0  # the sequence number of the newest message we have taken
        self._open: set[int] = set()  # taken and not handled yet
        self._turn = asyncio.Lock()
        self._acks: set[asyncio.Task[None]] = set()
        self._subscription: Any = None

    async def start(self) -> None:
        """Go on where a process of this name was, or begin with what comes now."""
        from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
        from nats.js.errors import NotFoundError

        deliver = f"fks-deliver.{self._name}"
        try:
            info = await self._stream.consumer_info(_STREAM, self._name)
        except NotFoundError:
            config = ConsumerConfig(
                durable_name=self._name,
                deliver_subject=deliver,
                deliver_policy=DeliverPolicy.NEW,
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=_ACK_WAIT_S,
                max_ack_pending=_UNACKNOWLEDGED,
                inactive_threshold=_FORGOTTEN_S,
            )
            info = await self._stream.add_consumer(_STREAM, config)
        self._last = _position(info.ack_floor)
        # What the last process took and did not acknowledge would come late: read it now.
        async with self._turn:
            await self._read_up_to(_position(info.delivered))
        self._subscription = await self._client.subscribe(deliver, cb=self._arrived)

    async def stop(self) -> None:
        """Take no more."""
        if self._subscription is not None and not self._client.is_closed:
            with contextlib.suppress(OSError):
                await self._subscription.unsubscribe()
        await asyncio.gather(*self._acks, return_exceptions=True)

    async def _arrived(self, message: Msg) -> None:
        """Take a message, after those before it."""
        from nats.errors import Error

        sequence = message.metadata.sequence.stream
        async with self._turn:
            if sequence <= self._last:
                # Known already. Either it is being handled, or its acknowledgement was lost.
                if sequence not in self._open:
                    self._acknowledge(message)
                return
            try:
                await self._read_up_to(sequence - 1)
            except (Error, OSError, TimeoutError) as error:
                # It will be delivered again; nothing later is taken before.
                _log.warning("stream_not_readable", error=_reason(error))
                return
            await self._take(sequence, message.data, lambda: self._acknowledge(message))

    async def _read_up_to(self, sequence: int) -> None:
        """Take the messages up to a number from the stream: their delivery was lost."""
        from nats.js.errors import NotFoundError

        if self._last >= sequence:
            return
        state = (await self._stream.stream_info(_STREAM)).state
        self._last = max(self._last, min(sequence, state.first_seq - 1))
        while self._last < sequence:
            try:
                found = await self._stream.get_msg(_STREAM, seq=self._last + 1)
            except NotFoundError:
                self._last += 1
                continue
            await self._take(self._last + 1, found.data or b"", lambda: None)

    async def _take(self, sequence: int, data: bytes, handled: Callable[[], None]) -> None:
        """Hand on a message; what is no batch of ours is skipped."""
        self._last = sequence
        try:
            batch = msgspec.msgpack.decode(data, type=list[Envelope])
        except msgspec.DecodeError as error:
            _log.error("foreign_message", sequence=sequence, error=str(error))
            handled()
            return
        self._open.add(sequence)

        def done() -> None:
            self._open.discard(sequence)
            handled()

        await self._receive(batch, done)

    def _acknowledge(self, message: Msg) -> None:
        """Tell the server; if that fails it delivers again, and we tell it again."""
        task = asyncio.create_task(self._acknowledged(message))
        self._acks.add(task)
        task.add_done_callback(self._acks.discard)

    async def _acknowledged(self, message: Msg) -> None:
        from nats.errors import Error

        with contextlib.suppress(Error, OSError):
            await message.ack()


async def _told(error: Exception) -> None:
    """Log what the client complains of; it reconnects by itself."""
    _log.debug("client", error=_reason(error))


def _reason(error: BaseException) -> str:
    """Return an error as one line; many of the client's have no text."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _position(info: Any) -> int:
    """Return the stream's sequence number in a consumer's state."""
    return 0 if info is None else int(info.stream_seq)


def _subject(batch: Sequence[Envelope]) -> str:
    """Return `fks.<topic>.<key>`, with `mixed` where the batch has several of one."""
    topics = {envelope.topic for envelope in batch}
    keys = {envelope.key for envelope in batch}
    topic = topics.pop() if len(topics) == 1 else "mixed"
    key = keys.pop() if len(keys) == 1 else "mixed"
    key = re.sub(r"[^A-Za-z0-9_-]", "_", key) or "none"
    return f"fks.{topic}.{key}"
