"""Snapshots beside the engine: a child process replays what is sealed and proves it.

It is started when a segment was sealed, with low priority and no venue's keys in its environment
that were not there before; the engine never waits for it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import structlog

__all__ = ["Snapshots"]

_log = structlog.get_logger("fks.execution")
_LOOK_S = 60.0
_NICE = 10


class Snapshots:
    """Make a snapshot whenever a segment was sealed."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._folder = home / "execution" / "journal"
        self._newest = ""

    async def run(self) -> None:
        """Look once a minute, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_S)
            sealed = await asyncio.to_thread(self._sealed)
            if sealed and sealed != self._newest:
                self._newest = sealed
                await self._make()

    def _sealed(self) -> str:
        """Return the newest segment that nobody writes to: the last two are in use or prepared."""
        names = sorted(path.name for path in self._folder.glob("segment-*.fksj"))
        return names[-3] if len(names) >= 3 else ""

    async def _make(self) -> None:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "fks",
            "--home",
            str(self._home),
            "execution",
            "journal",
            "snapshot",
            "--json",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            preexec_fn=lambda: os.nice(_NICE) and None,
        )
        try:
            said, failed = await child.communicate()
        except asyncio.CancelledError:
            child.kill()
            await child.wait()
            raise
        if child.returncode:
            _log.error("snapshot_failed", error=failed.decode("utf-8", "replace")[-500:])
        else:
            _log.info("snapshot_made", **{"made": said.decode("utf-8", "replace").strip()[:500]})
