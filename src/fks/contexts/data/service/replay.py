"""Replays: the bars of a session's dataset, published one by one.

Bar `index` of a stream is always the same bar, so sending one again does no harm. A replay stays
a bounded number of bars ahead of the account (`AccountMarked`), so that memory is bounded and a
pause takes effect soon; with a speed given it also keeps to the clock.
"""

from __future__ import annotations

import asyncio

import structlog

from fks.contexts.data.store import DatasetStore
from fks.contracts.columns import BarColumns
from fks.contracts.data import BarClosed, DatasetInfo, ReplayFinished
from fks.contracts.execution import AccountMarked, Session, SessionStatus
from fks.kernel.bus import Bus
from fks.kernel.errors import FksError

__all__ = ["Replays"]

_log = structlog.get_logger("fks.data.replay")


class _Replay:
    """One stream under way."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.marked = session.last_index
        self.running = asyncio.Event()
        self.moved = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        if session.status is SessionStatus.RUNNING:
            self.running.set()


class Replays:
    """All streams of this process."""

    def __init__(self, bus: Bus, store: DatasetStore, *, ahead_bars: int) -> None:
        self._bus = bus
        self._store = store
        self._ahead_bars = ahead_bars
        self._streams: dict[str, _Replay] = {}

    @property
    def count(self) -> int:
        """Return how many streams are under way."""
        return len(self._streams)

    def begin(self, session: Session) -> None:
        """Begin a session's stream behind the bar it stands at; a second call begins anew."""
        self.drop(session.id)
        replay = _Replay(session)
        self._streams[session.id] = replay
        replay.task = asyncio.get_running_loop().create_task(
            self._run(replay), name=f"replay-{session.id}"
        )

    def change(self, session: Session) -> None:
        """Pause, go on or end, as the session says."""
        replay = self._streams.get(session.id)
        if replay is None:
            if session.status is SessionStatus.RUNNING:
                self.begin(session)
        elif session.status is SessionStatus.RUNNING:
            replay.running.set()
        elif session.status is SessionStatus.PAUSED:
            replay.running.clear()
        else:
            self.drop(session.id)

    def mark(self, event: AccountMarked) -> None:
        """Note how far the account is."""
        replay = self._streams.get(event.session_id)
        if replay is not None:
            replay.marked = max(replay.marked, event.index)
            replay.moved.set()

    def drop(self, session_id: str) -> None:
        """End a stream."""
        replay = self._streams.pop(session_id, None)
        if replay is not None and replay.task is not None:
            replay.task.cancel()

    async def close(self) -> None:
        """End all streams and wait until they have."""
        tasks = [r.task for r in self._streams.values() if r.task is not None]
        for session_id in list(self._streams):
            self.drop(session_id)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, replay: _Replay) -> None:
        """Publish the bars, then that they were all; a failure of the world ends the stream."""
        session = replay.session
        try:
            reference = session.dataset_hash or session.dataset
            dataset = await asyncio.to_thread(self._store.open, reference)
            bars = await asyncio.to_thread(dataset.columns, session.from_ts_ns, session.to_ts_ns)
            await self._publish(replay, dataset.info, bars)
            finished = ReplayFinished(stream=session.id, bars=len(bars))
        except FksError as error:
            _log.warning("replay failed", session=session.id, reason=error.message)
            finished = ReplayFinished(stream=session.id, bars=0, error=error.message)
        await self._bus.publish(finished)
        if self._streams.get(session.id) is replay:
            del self._streams[session.id]

    async def _publish(self, replay: _Replay, info: DatasetInfo, bars: BarColumns) -> None:
        """Publish each bar behind the session's last, at its pace."""
        session = replay.session
        loop = asyncio.get_running_loop()
        pause_s = 1 / session.bars_per_second if session.bars_per_second > 0 else 0.0
        due = loop.time()
        for index in range(session.last_index + 1, len(bars)):
            await self._wait(replay, index)
            if pause_s:
                # Behind by more than a second (paused, or the machine slept): go on from now.
                due = max(due + pause_s, loop.time() - 1.0)
                await asyncio.sleep(max(0.0, due - loop.time()))
            await self._bus.publish(_bar(session.id, index, info, bars))

    async def _wait(self, replay: _Replay, index: int) -> None:
        """Wait while the session is paused or the account is too far behind."""
        while True:
            await replay.running.wait()
            replay.moved.clear()
            if index <= replay.marked + self._ahead_bars:
                return
            await replay.moved.wait()


def _bar(stream: str, index: int, info: DatasetInfo, bars: BarColumns) -> BarClosed:
    """Return one bar as an event."""
    return BarClosed(
        stream=stream,
        index=index,
        instrument=info.instrument.id,
        timeframe=info.timeframe,
        provider=info.provider,
        ts_ns=int(bars.ts_ns[index]),
        open=float(bars.open[index]),
        high=float(bars.high[index]),
        low=float(bars.low[index]),
        close=float(bars.close[index]),
        volume=float(bars.volume[index]),
        dataset_hash=info.hash,
    )
