"""The socket: subscribe to topics, fall behind without harm, resume by number.

One message in, at most one answer out, as JSON text. A reader that falls behind the ring is told
`lagged` and refetches over REST; the server holds nothing for it. Prices and trades of live
streams have no number: after all else the newest of each symbol is told, a few times a second.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Annotated, Any

import msgspec
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect

from fks.contexts.api.domain.feed import Subscription
from fks.contexts.api.http.inject import ApiDep
from fks.contexts.api.service import Api
from fks.contracts.data.live import MARKET_EVENTS
from fks.kernel.messages import topic_of

__all__ = ["feed_socket"]

_BATCH = 256
_TRY_LATER = 1013
_PACE_S = 0.1
_MARKET = tuple(topic_of(kind) for kind in MARKET_EVENTS)


class Subscribe(msgspec.Struct, tag="subscribe", tag_field="op", forbid_unknown_fields=True):
    """Ask for topics, each whole or a prefix ending in "."; replaces what was asked before."""

    topics: Annotated[list[str], msgspec.Meta(min_length=1, max_length=1000)]
    session: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    resume_after: Annotated[int, msgspec.Meta(ge=0)] | None = None
    epoch: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class Ping(msgspec.Struct, tag="ping", tag_field="op", forbid_unknown_fields=True):
    """Ask for a pong."""


_decoder: msgspec.json.Decoder[Subscribe | Ping] = msgspec.json.Decoder(Subscribe | Ping)
_encoder = msgspec.json.Encoder()


class _Reader:
    """One socket's place in the feed."""

    def __init__(self, api: Api, socket: WebSocket[Any, Any, Any]) -> None:
        self._api = api
        self._socket = socket
        self._wanted: Subscription | None = None
        self._place = self._seen = 0
        self._due_s = 0.0
        self._subscribed = asyncio.Event()

    async def listen(self) -> None:
        """Take the client's messages until it goes."""
        while True:
            text = await self._socket.receive_text()
            try:
                message = _decoder.decode(text)
            except (msgspec.DecodeError, RecursionError) as error:
                await self._send({"op": "error", "detail": str(error)})
                continue
            if isinstance(message, Ping):
                await self._send({"op": "pong"})
            else:
                await self._subscribe(message)

    async def _subscribe(self, message: Subscribe) -> None:
        """Set what is wanted and from where on."""
        limit = self._api.settings.max_topics
        if len(message.topics) > limit or any(len(topic) > 100 for topic in message.topics):
            detail = f"at most {limit} topics of at most 100 characters"
            await self._send({"op": "error", "detail": detail})
            return
        feed, restarted = self._api.feed, message.epoch not in (None, self._api.epoch)
        self._place = feed.next_seq
        if message.resume_after is not None and not restarted:
            self._place = min(message.resume_after + 1, feed.next_seq)
        self._wanted = Subscription(topics=tuple(message.topics), session=message.session)
        self._seen, self._due_s = 0, 0.0
        answer = {"op": "subscribed", "next": self._place, "epoch": self._api.epoch}
        await self._send(answer)
        if restarted:
            await self._send({"op": "lagged", "dropped": 0, "oldest": feed.oldest})
        self._subscribed.set()
        self._api.wake()

    async def deliver(self) -> None:
        """Send what is wanted as it arrives, as fast as this client takes it."""
        await self._subscribed.wait()
        while True:
            wanted = self._wanted
            assert wanted is not None
            page = self._api.feed.read(self._place, wanted, _BATCH)
            self._place = page.next_seq
            if page.dropped:
                oldest = self._api.feed.oldest
                await self._send({"op": "lagged", "dropped": page.dropped, "oldest": oldest})
            for entry in page.entries:
                if self._wanted is not wanted:
                    break
                await self._send(
                    {
                        "op": "event",
                        "seq": entry.seq,
                        "topic": entry.topic,
                        "at_ns": entry.at_ns,
                        "data": entry.data,
                    }
                )
            if self._wanted is wanted and self._place >= self._api.feed.next_seq:
                await self._send_latest(wanted)

    async def _send_latest(self, wanted: Subscription) -> None:
        """Send what is new on the board, if it is time; else wait for that, or for the feed.

        The feed was sent to its end: so what the board holds was not taken back by anything sent.
        """
        if not any(wanted.wants_topic(topic) for topic in _MARKET):
            await self._api.wait_for_news()
            return
        wait_s = self._due_s - time.monotonic()
        if wait_s > 0:
            await self._api.wait_for_news(wait_s)
            return
        news, self._seen = self._api.board.since(self._seen, wanted), self._api.board.version
        self._due_s = time.monotonic() + _PACE_S
        for latest in news:
            if self._wanted is not wanted:
                return
            await self._send({"op": "latest", "topic": latest.topic, "data": latest.event})

    async def _send(self, message: dict[str, Any]) -> None:
        """Send one JSON text; waits while the client's buffers are full."""
        await self._socket.send_text(_encoder.encode(message).decode())


@websocket("/ws")
async def feed_socket(socket: WebSocket[Any, Any, Any], api: ApiDep) -> None:
    """Serve one socket until it goes."""
    await socket.accept()
    if api.sockets >= api.settings.max_sockets:
        await socket.close(_TRY_LATER, "too many sockets")
        return
    api.sockets += 1
    reader = _Reader(api, socket)
    tasks = [asyncio.ensure_future(reader.listen()), asyncio.ensure_future(reader.deliver())]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            with suppress(WebSocketDisconnect):
                task.result()
    finally:
        api.sockets -= 1
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
