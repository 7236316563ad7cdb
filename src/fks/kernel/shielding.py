"""Work that runs to its end although the task that waits for it is cancelled.

Drivers of databases break when they are cancelled in the middle of a call: the connection is
lost, and the thread behind it may keep the process from ending.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["Shielded"]

T = TypeVar("T")


class Shielded:
    """Runs coroutines in tasks of their own and remembers those that nobody waits for."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return the result; a cancelled caller leaves, the work goes on."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._finished)
        return await asyncio.shield(task)

    async def settled(self, timeout_s: float) -> None:
        """Wait until all work is done, or `timeout_s` seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await asyncio.sleep(0)  # those just cancelled still have something to put away
                while self._running:
                    await asyncio.wait(self._running)
                    await asyncio.sleep(0)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        """Forget a task; its error was somebody's, who may have left."""
        self._running.discard(task)
        if not task.cancelled():
            task.exception()
