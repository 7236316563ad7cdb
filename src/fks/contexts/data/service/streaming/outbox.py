"""What waits for the consumer of a stream: trades all of them, prices only the newest."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import NamedTuple

from fks.contexts.data.domain.streaming.told import Counters, StateChange, Told, Top
from fks.contracts.data.streams import BarUpdate, QuoteUpdate, TradeUpdate
from fks.kernel.errors import FksError, Unavailable

__all__ = ["Outbox"]


class _Place(NamedTuple):
    """Where the newest of its kind of a symbol stands."""

    kind: type
    symbol: str
    timeframe: str = ""


class Outbox:
    """A bounded queue of one consumer.

    Trades and closed bars are never dropped: when `most_waiting` of them wait, the stream ends.
    Of tops, quotes, states and open bars the newest takes the place of the one that still waits.
    What a symbol's book or quote said is taken back when the symbol is live no more.
    """

    def __init__(self, most_waiting: int, counters: Counters) -> None:
        self._most, self._counters = most_waiting, counters
        self._order: deque[_Place | TradeUpdate | BarUpdate] = deque()
        self._newest: dict[_Place, Told] = {}
        self._kept = 0
        self._moved = asyncio.Event()
        self._room = asyncio.Event()
        self._closed = False
        self._error: FksError | None = None

    def put(self, item: Told) -> None:
        """Add an update. Raises `Unavailable`, `data.consumer_too_slow`."""
        if isinstance(item, TradeUpdate) or (isinstance(item, BarUpdate) and item.closed):
            if self._kept >= self._most:
                raise Unavailable(
                    f"{self._kept:,} trades wait for a consumer that is too slow; the stream was "
                    "closed, so that none is dropped",
                    code="data.consumer_too_slow",
                )
            self._kept += 1
            self._order.append(item)
        else:
            if isinstance(item, StateChange) and item.state != "live":
                self._take_back(_Place(Top, item.symbol))
                self._take_back(_Place(QuoteUpdate, item.symbol))
            timeframe = item.timeframe if isinstance(item, BarUpdate) else ""
            place = _Place(type(item), item.symbol, timeframe)
            if place in self._newest:
                self._counters.conflated += isinstance(item, Top | QuoteUpdate)
            else:
                self._order.append(place)
            self._newest[place] = item
        self._moved.set()

    def close(self, error: FksError | None = None) -> None:
        """Add nothing more. The consumer gets what waits, then the error."""
        if not self._closed:
            self._closed, self._error = True, error
            self._moved.set()
            self._room.set()

    async def room(self) -> None:
        """Wait until the consumer has taken half of what may wait: for those who can wait."""
        if self._kept < self._most:
            return
        while self._kept > self._most // 2 and not self._closed:
            self._room.clear()
            await self._room.wait()

    def __aiter__(self) -> Outbox:
        return self

    async def __anext__(self) -> Told:
        while not self._order:
            if self._closed:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            self._moved.clear()
            await self._moved.wait()
        first = self._order.popleft()
        if isinstance(first, _Place):
            return self._newest.pop(first)
        self._kept -= 1
        self._room.set()
        return first

    def _take_back(self, place: _Place) -> None:
        """Remove what waits, so that nobody takes it for live."""
        if self._newest.pop(place, None) is not None:
            self._order.remove(place)
