"""The single writer: every input is journaled, applied, and let out only once it is durable.

`put` appends to the journal's buffer and applies to the machine at once; the effects wait in
order until the journal says that they cannot be lost. Nothing leaves with a sequence number
above the durable one: no reply, no event, no order.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from fks.contexts.execution.domain.trading.effects import Effect
from fks.contexts.execution.domain.trading.inputs import Input, encode
from fks.contexts.execution.domain.trading.machine import TRADING_INPUT, TradingMachine
from fks.contexts.execution.domain.trading.numbers import seq_of
from fks.kernel.clock import Clock

__all__ = ["Done", "Log", "Writer"]


class Log(Protocol):
    """The part of the journal that the writer uses."""

    def append(
        self, kind: int, version: int, payload: bytes, ts_ns: int, *, urgent: bool = False
    ) -> int:
        """Buffer a record and return its number. Raises `Unavailable` where it cannot be kept."""
        ...

    @property
    def durable_seq(self) -> int:
        """Return the number up to which nothing can be lost."""
        ...


class Done(NamedTuple):
    """An input that is durable, with what follows from it."""

    seq: int
    ts_ns: int
    effects: Sequence[Effect]


class Writer:
    """Journal and machine behind one door, used from one event loop."""

    def __init__(self, log: Log, machine: TradingMachine, clock: Clock) -> None:
        self._log = log
        self._machine = machine
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._pending: deque[Done] = deque()
        self._waiters: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._listeners: list[Callable[[Done], None]] = []
        self._failed: BaseException | None = None

    @property
    def machine(self) -> TradingMachine:
        """Return the machine, for reading."""
        return self._machine

    @property
    def behind(self) -> int:
        """Return how many inputs are applied but not durable."""
        return len(self._pending)

    def durable_order(self, order_id: int) -> bool:
        """Tell whether what placed an order is durable."""
        return seq_of(order_id) <= self._log.durable_seq

    def listen(self, listener: Callable[[Done], None]) -> None:
        """Call a function with each durable input, in order."""
        self._listeners.append(listener)

    def put(self, wish: Input, *, urgent: bool = False) -> tuple[int, Any]:
        """Journal and apply an input; return its number and the machine's answer.

        Raises `Unavailable` (`execution.journal_unavailable`) and changes nothing where the
        journal cannot take it; `urgent` inputs (cancels, the kill switch) use its reserve.
        """
        if self._failed is not None:
            raise self._failed
        ts_ns = max(self._clock.now_ns(), self._machine.floor.now_ns)
        seq = self._log.append(TRADING_INPUT, 1, encode(wish), ts_ns, urgent=urgent)
        effects = self._machine.take(seq, ts_ns, wish)
        self._pending.append(Done(seq, ts_ns, effects))
        if self._log.durable_seq >= seq:
            self._release(self._log.durable_seq)
        return seq, self._machine.answer

    async def durable(self, seq: int) -> None:
        """Wait until an input is durable."""
        if self._log.durable_seq >= seq:
            return
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append((seq, waiter))
        await waiter

    async def take(self, wish: Input, *, urgent: bool = False) -> Any:
        """Put an input, wait until it is durable, return the machine's answer."""
        seq, answer = self.put(wish, urgent=urgent)
        await self.durable(seq)
        return answer

    def on_durable(self, seq: int) -> None:
        """Take the news of the log's thread."""
        self._loop.call_soon_threadsafe(self._release, seq)

    def fail(self, error: BaseException) -> None:
        """Take the news that the log has stopped for good: nothing more is acknowledged."""
        self._failed = error
        self._pending.clear()
        while self._waiters:
            _, waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(error)

    def _release(self, seq: int) -> None:
        """Let out what has become durable."""
        while self._pending and self._pending[0].seq <= seq:
            done = self._pending.popleft()
            assert done.seq <= self._log.durable_seq, "nothing leaves before it is durable"
            for listener in self._listeners:
                listener(done)
        while self._waiters and self._waiters[0][0] <= seq:
            _, waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
