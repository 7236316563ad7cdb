"""A real nats-server with JetStream, from the wheel of the dev extra."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import pytest


class NatsServer:
    """Runs while the block does; `kill` and `start` in between play a crash."""

    def __init__(self, store: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"nats://127.0.0.1:{self.port}"
        self._store = store
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> NatsServer:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.kill()

    def start(self) -> None:
        """Start it and wait until it listens."""
        binary = shutil.which("nats-server", path=str(Path(sys.executable).parent))
        if binary is None:
            pytest.skip("no nats-server: install the dev extra")
        self._store.mkdir(exist_ok=True)
        command = [binary, "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self._store)]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        for _ in range(500):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.02)
        raise AssertionError("nats-server did not come up")

    def kill(self) -> None:
        """Kill it at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
