"""A transport that misbehaves as networks do, by a seed: for tests of what stands on it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence

from fks.kernel.errors import Unavailable
from fks.kernel.messages import Envelope
from fks.kernel.transport import Asked, Receive, Reply, Respond, Transport

__all__ = ["FaultyTransport"]


class FaultyTransport:
    """Wrap a transport; each fault happens with its probability.

    `drop` loses a batch on the way out, or only its acknowledgement: both are an `Unavailable` to
    the publisher. `duplicate` stores a batch twice, `reorder` lets a batch be overtaken on the way
    in, and everything may take up to `delay_s` longer.
    """

    def __init__(
        self,
        inner: Transport,
        *,
        seed: int,
        drop: float = 0.0,
        duplicate: float = 0.0,
        reorder: float = 0.0,
        delay_s: float = 0.0,
    ) -> None:
        self._inner = inner
        self._chance = random.Random(seed)  # noqa: S311  # a seed makes a failure repeatable
        self._drop = drop
        self._duplicate = duplicate
        self._reorder = reorder
        self._delay_s = delay_s
        self._late: set[asyncio.Task[None]] = set()

    @property
    def max_bytes(self) -> int:
        """Return the bound of the wrapped transport."""
        return self._inner.max_bytes

    async def connect(self) -> None:
        """Connect."""
        await self._inner.connect()

    async def publish(self, batch: Sequence[Envelope]) -> None:
        """Publish, or not, or twice, or later."""
        await self._pause()
        if self._happens(self._drop):
            raise Unavailable("the batch was lost", code="bus.unreachable")
        for _ in range(2 if self._happens(self._duplicate) else 1):
            await self._inner.publish(batch)
        if self._happens(self._drop):
            raise Unavailable("the acknowledgement was lost", code="bus.unreachable")

    async def subscribe(self, receive: Receive) -> None:
        """Receive, sometimes in another order."""

        async def later(batch: Sequence[Envelope], done: Callable[[], None]) -> None:
            await asyncio.sleep(self._chance.uniform(0.001, max(0.005, self._delay_s)))
            await receive(batch, done)

        async def faulty(batch: Sequence[Envelope], done: Callable[[], None]) -> None:
            await self._pause()
            if not self._happens(self._reorder):
                await receive(batch, done)
                return
            task = asyncio.create_task(later(batch, done))
            self._late.add(task)
            task.add_done_callback(self._late.discard)

        await self._inner.subscribe(faulty)

    async def respond(self, topics: Iterable[str], respond: Respond) -> None:
        """Answer questions."""
        await self._inner.respond(topics, respond)

    async def request(self, asked: Asked) -> Reply:
        """Ask, or fail to."""
        await self._pause()
        if self._happens(self._drop):
            raise Unavailable("the question was lost", code="bus.unreachable")
        return await self._inner.request(asked)

    async def close(self) -> None:
        """Close, once what is late has arrived."""
        await asyncio.gather(*self._late, return_exceptions=True)
        await self._inner.close()

    def facts(self) -> Mapping[str, str]:
        """Return what is known of the connection."""
        return {**self._inner.facts(), "faults": "on"}

    def _happens(self, probability: float) -> bool:
        """Throw the dice."""
        return self._chance.random() < probability

    async def _pause(self) -> None:
        """Take longer."""
        if self._delay_s:
            await asyncio.sleep(self._chance.uniform(0, self._delay_s))
