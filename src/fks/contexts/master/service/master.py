"""Watch over all contexts: take reports, notice silence, answer how things are."""

from __future__ import annotations

import asyncio

from fks.contexts.master.service.board import Board, Standing
from fks.contexts.master.settings import MasterSettings
from fks.contracts.master import ServiceHealth, ServiceList, ServiceStatusChanged
from fks.kernel.errors import NotFound
from fks.kernel.health import HealthReported, worst
from fks.kernel.messages import Meta
from fks.kernel.runtime import Runtime

__all__ = ["Master"]

_LOOK_EVERY_S = 1.0


class Master:
    """The use cases of master."""

    def __init__(self, runtime: Runtime) -> None:
        self.settings = runtime.section("master", MasterSettings)
        self._bus = runtime.bus
        self._clock = runtime.clock
        known = [m.name for m in runtime.hook.fks_manifest() if not m.extensions_only]
        self._board = Board(
            known, silent_after_s=self.settings.silent_after_s, slow_ms=self.settings.slow_ms
        )

    async def take(self, said: HealthReported, meta: Meta) -> None:
        """Take the report of a process and tell what it changed."""
        self._board.hear(said, self._clock.monotonic_ns())
        await self._tell(meta)

    async def watch(self) -> None:
        """Notice who falls silent, for ever."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            await self._tell(None)

    def services(self) -> ServiceList:
        """Return how every context is, and the gravest status of those that run.

        A context that runs nowhere is listed as unknown; it may be left out on purpose, so it
        does not count towards the whole.
        """
        now_ns = self._clock.now_ns()
        standings = self._board.standings(self._clock.monotonic_ns())
        return ServiceList(
            status=worst(s.status for s in standings if s.health is not None).value,
            services=tuple(s.health_at(now_ns) for s in standings),
        )

    def service(self, name: str) -> ServiceHealth:
        """Return how a context is. Raises `NotFound` naming those there are."""
        return self.standing(name).health_at(self._clock.now_ns())

    def standing(self, name: str) -> Standing:
        """Return how a context stands, in full; `fks-<name>` is understood too."""
        at_ns = self._clock.monotonic_ns()
        standing = self._board.standing(name.removeprefix("fks-"), at_ns)
        if standing is None:
            there = ", ".join(s.name for s in self._board.standings(at_ns))
            raise NotFound(
                f"no service {name[:64]!r}; there are {there}", code="master.service_not_found"
            )
        return standing

    def now_ns(self) -> int:
        """Return the wall clock."""
        return self._clock.now_ns()

    async def _tell(self, cause: Meta | None) -> None:
        """Publish what changed since the last look."""
        for standing, before in self._board.changes(self._clock.monotonic_ns()):
            await self._bus.publish(
                ServiceStatusChanged(
                    service=standing.health_at(self._clock.now_ns()), previous=before.value
                ),
                cause=cause,
            )
