"""Say that strategies are alive while this process decides for them.

Silence is what tells of a process that was killed, hangs or lost its bus, so nothing is said when
the process ends: only a session that is over lets its strategy leave on purpose.
"""

from __future__ import annotations

import asyncio

from fks.contexts.engine.service.sessions import LiveSessions
from fks.contexts.engine.settings import EngineSettings
from fks.contracts.engine import StrategyReported
from fks.kernel.runtime import Runtime

__all__ = ["Heartbeats"]


class Heartbeats:
    """The heartbeats of one process."""

    def __init__(self, runtime: Runtime, sessions: LiveSessions) -> None:
        self._runtime = runtime
        self._sessions = sessions
        self._every_s = runtime.section("engine", EngineSettings).heartbeat_s
        self._told: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Send heartbeats until cancelled."""
        while True:
            await self.beat()
            await asyncio.sleep(self._every_s)

    async def beat(self) -> None:
        """Tell of every strategy that is decided for, and of those whose last session ended."""
        bus, now_ns = self._runtime.bus, self._runtime.clock.now_ns()
        running = self._sessions.strategies()
        for name in sorted(self._told - running.keys()):
            await bus.publish(StrategyReported(strategy=name, ts_ns=now_ns, alive=False))
        self._told = frozenset(running)
        for name, count in sorted(running.items()):
            await bus.publish(StrategyReported(strategy=name, ts_ns=now_ns, sessions=count))
