"""The kill switch's reach: it falls by file, signal, socket or call, with everything else down.

The lock file is the switch: while it lies there nothing is sent, whatever the journal, the
database or the bus do. It is looked for before every send and fifty times a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

import structlog

from fks.kernel.errors import Unavailable

__all__ = ["Switch"]

_log = structlog.get_logger("fks.execution")
_POLL_S = 0.02
_LONGEST = 512


class Switch:
    """The lock file in a folder, the unix socket beside it, and SIGUSR1."""

    def __init__(self, folder: Path, fall: Callable[[str], None]) -> None:
        self._lock = folder / "kill.lock"
        self._socket = folder / "kill.sock"
        self._folder = folder
        self._fall = fall
        self._seen = False

    @property
    def down(self) -> bool:
        """Tell whether nothing may be sent."""
        return self._lock.exists()

    @property
    def reason(self) -> str:
        """Return what is written in the lock file."""
        with contextlib.suppress(OSError):
            return self._lock.read_text(encoding="utf-8")[:_LONGEST].strip()
        return ""

    def drop(self, reason: str) -> None:
        """Let the switch fall: from here on nothing is sent. Works on a full disk too."""
        try:
            handle = os.open(self._lock, os.O_CREAT | os.O_WRONLY, 0o600)
        except OSError as error:
            raise Unavailable(
                f"{self._lock} cannot be made: {error.strerror}; stop the process instead",
                code="execution.kill_lock",
            ) from error
        try:
            os.write(handle, reason.encode()[:_LONGEST])
            os.fsync(handle)
        except OSError as error:  # an empty lock file stops everything just as well
            _log.error("kill_lock_without_reason", error=str(error))
        finally:
            os.close(handle)

    def lift(self) -> None:
        """Take the lock away, after a re-arming is durable."""
        self._lock.unlink(missing_ok=True)
        self._seen = False

    async def watch(self) -> None:
        """Look for the lock file, listen on the socket and for SIGUSR1, until cancelled."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(signal.SIGUSR1, self._by_signal)
        server = await self._listen()
        try:
            while True:
                if self.down and not self._seen:
                    self._seen = True
                    self._fall(self.reason or "kill.lock was found")
                await asyncio.sleep(_POLL_S)
        finally:
            server.close()
            self._socket.unlink(missing_ok=True)
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.remove_signal_handler(signal.SIGUSR1)

    def _by_signal(self) -> None:
        self.drop("SIGUSR1")

    async def _listen(self) -> asyncio.Server:
        """Open the socket; its path is given by a handle of its folder, which has no length."""
        self._socket.unlink(missing_ok=True)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            was = os.umask(0o177)
            try:
                return await asyncio.start_unix_server(
                    self._serve, path=f"/proc/self/fd/{folder}/{self._socket.name}", limit=_LONGEST
                )
            finally:
                os.umask(was)
        finally:
            os.close(folder)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one line: `kill [reason]` or `state`; answer one line."""
        try:
            async with asyncio.timeout(2.0):
                line = (await reader.readline()).decode("utf-8", "replace").strip()
            word, _, rest = line.partition(" ")
            if word == "kill":
                self.drop(rest or "by socket")
                answer = "killed"
            elif word == "state":
                answer = f"killed {self.reason}" if self.down else "armed"
            else:
                answer = "say kill [reason] or state"
            writer.write(answer.encode() + b"\n")
            await writer.drain()
        except (TimeoutError, ValueError, ConnectionError) as error:
            _log.warning("kill_socket", error=str(error))
        finally:
            writer.close()
