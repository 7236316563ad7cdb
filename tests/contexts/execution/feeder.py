"""A plugin that stands in for data and engine: known bars, known decisions, no state to lose.

Loaded into a real app beside execution. Every bar and every decision is a function of its index,
so that whatever is heard twice or again after a crash is said in the same words.
"""

from __future__ import annotations

import os
from typing import Any

from fks.contracts.data import BarClosed, ReplayFinished
from fks.contracts.engine import Action, BarDecided, Signal, SignalRaised
from fks.contracts.execution import (
    AccountMarked,
    BarMatched,
    OrderAccepted,
    OrderFilled,
    Session,
    SessionChanged,
    SessionRecovered,
    SessionStarted,
)
from fks.contracts.values import OrderType, PositionSide, Side
from fks.kernel.hooks import impl
from fks.kernel.manifest import Manifest
from fks.kernel.messages import Meta

AHEAD = 16
T0 = 1_700_000_000_000_000_000


def bar(session_id: str, index: int) -> BarClosed:
    """Return bar `index`: a price that wanders by a fixed rule, in quarters."""
    level = 400 + (index * 37) % 61 - (index * 11) % 43
    close = 400 + ((index + 1) * 37) % 61 - ((index + 1) * 11) % 43
    return BarClosed(
        stream=session_id,
        index=index,
        instrument="TEST",
        timeframe="1m",
        provider="feeder",
        ts_ns=T0 + index * 60_000_000_000,
        open=level / 4,
        high=max(level, close) / 4 + 1,
        low=min(level, close) / 4 - 1,
        close=close / 4,
        volume=10.0,
    )


def _orders_before(index: int) -> int:
    """Return how many orders the strategy placed before bar `index`."""
    return 2 * len(range(3, index, 7))


def signals(session_id: str, index: int) -> list[SignalRaised]:
    """Return the decisions at bar `index`: aims, resting orders, cancellations."""
    closed = bar(session_id, index)
    made: list[dict[str, Any]] = []
    if index % 5 == 0:
        side = (PositionSide.LONG, PositionSide.FLAT, PositionSide.SHORT)[index // 5 % 3]
        made.append({"action": Action.TARGET, "side": side})
    if index % 7 == 3:
        first = _orders_before(index) + 1
        resting = {"action": Action.ORDER, "quantity": 2.0}
        made.append(
            {
                **resting,
                "order_number": first,
                "order_side": Side.BUY,
                "type": OrderType.LIMIT,
                "limit_price": closed.close - 1.5,
            }
        )
        made.append(
            {
                **resting,
                "order_number": first + 1,
                "order_side": Side.SELL,
                "type": OrderType.STOP,
                "stop_price": closed.close - 4.0,
            }
        )
    if index % 7 == 6 and index > 6:
        made.append({"action": Action.CANCEL, "order_number": _orders_before(index)})
    if index % 40 == 39:
        made.append({"action": Action.CANCEL_ALL})
    return [
        SignalRaised(
            session_id=session_id,
            strategy="feeder",
            instrument="TEST",
            timeframe="1m",
            bar_ts_ns=closed.ts_ns,
            bar_index=index,
            price=closed.close,
            signal=Signal(id=f"{session_id}:{closed.ts_ns}:{number}", number=number, **fields),
        )
        for number, fields in enumerate(made)
    ]


class Feeder:
    """Data and engine in one: replays bars, decides at each, notes what it heard."""

    def __init__(self, bus: Any, bars: int, journal: str = "") -> None:
        self.bars = bars
        self.heard: list[Any] = []
        self.over: list[Session] = []
        self._bus = bus
        self._next: dict[str, int] = {}
        self._journal = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT) if journal else 0

    async def on_begun(self, event: SessionStarted | SessionRecovered, _meta: Meta) -> None:
        """Begin, or begin again behind the last bar; decide anew at that bar."""
        session = event.session
        self._next[session.id] = session.last_index + 1
        if session.last_index >= 0:
            await self.decide(session.id, session.last_index)
        await self.send(session.id, session.last_index)

    async def on_matched(self, event: BarMatched, _meta: Meta) -> None:
        """Decide."""
        await self.decide(event.session_id, event.index)

    async def on_marked(self, event: AccountMarked, _meta: Meta) -> None:
        """Send more bars."""
        if event.session_id in self._next:
            await self.send(event.session_id, event.index)

    async def on_changed(self, event: SessionChanged, _meta: Meta) -> None:
        """Note it."""
        self.over.append(event.session)

    async def on_told(self, event: OrderAccepted | OrderFilled, _meta: Meta) -> None:
        """Note what was acknowledged, also where a killed process cannot take it back."""
        self.heard.append(event)
        if self._journal:
            kind, number = (
                ("order", event.order.id)
                if isinstance(event, OrderAccepted)
                else ("fill", event.fill.id)
            )
            os.write(self._journal, f"{kind} {number}\n".encode())

    async def decide(self, session_id: str, index: int) -> None:
        """Publish the decisions at a bar; the end of them first, to be awkward."""
        raised = signals(session_id, index)
        await self._bus.publish(
            BarDecided(
                session_id=session_id,
                bar_ts_ns=bar(session_id, index).ts_ns,
                bar_index=index,
                signals=len(raised),
            )
        )
        for signal in reversed(raised):
            await self._bus.publish(signal)

    async def send(self, session_id: str, marked: int) -> None:
        """Publish bars up to so many ahead of the last one that is done, and the end."""
        while self._next[session_id] <= min(marked + AHEAD, self.bars - 1):
            index = self._next[session_id]
            self._next[session_id] += 1
            await self._bus.publish(bar(session_id, index))
        if self._next[session_id] == self.bars:
            self._next[session_id] += 1
            await self._bus.publish(ReplayFinished(stream=session_id, bars=self.bars))


class Plugin:
    """The feeder as a plugin; `feeder` is there once it is wired."""

    def __init__(self, bars: int, journal: str = "") -> None:
        self.feeder: Feeder | None = None
        self._bars = bars
        self._journal = journal

    @impl
    def fks_manifest(self) -> Manifest:
        """Name it."""
        return Manifest(name="feeder", summary="known bars and decisions")

    @impl
    def fks_wire(self, runtime: Any, wiring: Any) -> None:
        """Hear what data and engine would."""
        feeder = self.feeder = Feeder(runtime.bus, self._bars, self._journal)
        wiring.on(SessionStarted, feeder.on_begun)
        wiring.on(SessionRecovered, feeder.on_begun)
        wiring.on(BarMatched, feeder.on_matched)
        wiring.on(AccountMarked, feeder.on_marked)
        wiring.on(SessionChanged, feeder.on_changed)
        wiring.on(OrderAccepted, feeder.on_told)
        wiring.on(OrderFilled, feeder.on_told)
