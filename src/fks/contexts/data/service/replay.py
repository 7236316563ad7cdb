"""Replays: the bars of a session's dataset, published one by one.

Bar `index` of a stream is always the same bar, so sending one again does no harm. A replay stays
a bounded number of bars ahead of the account (`AccountMarked`), so that memory is bounded and a
pause takes effect soon; with a speed given it also keeps to the clock.

Handlers only note what is wanted; the streams run under the service, which is supervised. A
dataset that cannot be opened ends its stream with the error; a bus that cannot be reached is
waited for.
"""

from __future__ import annotations

import asyncio
from collections import deque

import structlog

from fks.contexts.data.store import DatasetStore
from fks.contracts.columns import BarColumns
from fks.contracts.data import BarClosed, DatasetInfo, ReplayFinished
from fks.contracts.execution import AccountMarked, ListSessions, Session, SessionStatus
from fks.kernel.bus import Bus
from fks.kernel.errors import FksError, TimedOut, Unavailable
from fks.kernel.messages import Event

__all__ = ["Replays"]

_log = structlog.get_logger("fks.data.replay")

_REMEMBERED = 1000
_ASK_TIMEOUT_S = 5.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 5.0
_LATE_S = 1.0


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
        self._ended: deque[str] = deque(maxlen=_REMEMBERED)
        self._changed = asyncio.Event()

    @property
    def count(self) -> int:
        """Return how many streams are under way."""
        return len(self._streams)

    def start(self, session: Session) -> None:
        """Begin a session's stream; a session heard of before is left as it is."""
        if session.id not in self._streams and session.id not in self._ended:
            self.take_up(session)

    def take_up(self, session: Session) -> None:
        """Begin, or begin anew, behind the bar at which the session stands."""
        self._drop(session.id)
        self._streams[session.id] = _Replay(session)
        self._changed.set()

    def change(self, session: Session) -> None:
        """Pause, go on or end, as the session says."""
        replay = self._streams.get(session.id)
        if session.status is SessionStatus.RUNNING:
            if replay is None:
                self.take_up(session)
            else:
                replay.running.set()
        elif session.status is SessionStatus.PAUSED:
            if replay is not None:
                replay.running.clear()
        else:
            self._drop(session.id)
            self._ended.append(session.id)

    def mark(self, event: AccountMarked) -> None:
        """Note how far the account is."""
        replay = self._streams.get(event.session_id)
        if replay is not None:
            replay.marked = max(replay.marked, event.index)
            replay.moved.set()

    async def run(self) -> None:
        """Run all streams until cancelled; what was under way before goes on.

        A bug in one stream ends that stream, then this service, which is started again.
        """
        await self._resume()
        try:
            while True:
                for replay in list(self._streams.values()):
                    if replay.task is None:
                        replay.task = asyncio.create_task(
                            self._run(replay), name=f"replay-{replay.session.id}"
                        )
                        replay.task.add_done_callback(lambda _: self._changed.set())
                await self._changed.wait()
                self._changed.clear()
                await self._reap()
        finally:
            tasks = [replay.task for replay in self._streams.values() if replay.task is not None]
            for replay in self._streams.values():
                if replay.task is not None:
                    replay.task.cancel()
                replay.task = None
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _resume(self) -> None:
        """Ask which sessions run: this process may be the one that was away."""
        try:
            found = await self._bus.ask(ListSessions(limit=_REMEMBERED), timeout_s=_ASK_TIMEOUT_S)
        except (Unavailable, TimedOut):
            return  # execution is not there (yet); it names its sessions when it comes
        for session in found.sessions:
            if session.status is SessionStatus.RUNNING:
                self.start(session)

    async def _reap(self) -> None:
        """Forget streams that are done. A bug in one is told to its session, then raised."""
        for session_id, replay in list(self._streams.items()):
            if replay.task is None or not replay.task.done():
                continue
            del self._streams[session_id]
            self._ended.append(session_id)
            if not replay.task.cancelled() and replay.task.exception() is not None:
                broken = "the replay broke off; the log says why"
                await self._send(ReplayFinished(stream=session_id, bars=0, error=broken))
                replay.task.result()

    def _drop(self, session_id: str) -> None:
        """End a stream."""
        replay = self._streams.pop(session_id, None)
        if replay is not None and replay.task is not None:
            replay.task.cancel()

    async def _run(self, replay: _Replay) -> None:
        """Publish the bars, then that they were all; a dataset that is not there is told."""
        session = replay.session
        try:
            reference = session.dataset_hash or session.dataset
            dataset = await asyncio.to_thread(self._store.open, reference)
            bars = await asyncio.to_thread(dataset.columns, session.from_ts_ns, session.to_ts_ns)
        except FksError as error:
            _log.warning("replay_failed", session=session.id, reason=error.message)
            await self._send(ReplayFinished(stream=session.id, bars=0, error=error.message))
            return
        await self._publish(replay, dataset.info, bars)
        await self._send(ReplayFinished(stream=session.id, bars=len(bars)))

    async def _publish(self, replay: _Replay, info: DatasetInfo, bars: BarColumns) -> None:
        """Publish each bar behind the session's last, at its pace."""
        session = replay.session
        loop = asyncio.get_running_loop()
        pause_s = 1 / session.bars_per_second if session.bars_per_second > 0 else 0.0
        due = loop.time()
        for index in range(session.last_index + 1, len(bars)):
            await self._wait(replay, index)
            if pause_s:
                # Late (paused, or the machine slept): go on from now, do not catch up.
                due = max(due + pause_s, loop.time() - _LATE_S)
                await asyncio.sleep(max(0.0, due - loop.time()))
                await self._wait(replay, index)
            await self._send(_bar(session.id, index, info, bars))

    async def _wait(self, replay: _Replay, index: int) -> None:
        """Wait while the session is paused or the account is too far behind."""
        while True:
            await replay.running.wait()
            replay.moved.clear()
            if index <= replay.marked + self._ahead_bars:
                return
            await replay.moved.wait()

    async def _send(self, event: Event) -> None:
        """Publish, for as long as it takes to reach the bus."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                return await self._bus.publish(event)
            except (Unavailable, TimedOut) as error:
                _log.warning("replay_waits", reason=error.message, pause_s=pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


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
