"""Real `fks` processes for end-to-end tests."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType


class Served:
    """`fks serve` in a process of its own; leaving the block stops it."""

    def __init__(self, home: Path, *arguments: str, **environ: str) -> None:
        self._command = [sys.executable, "-m", "fks", "--home", str(home), "serve", *arguments]
        self._environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environ}
        self._lines: list[str] = []
        self._up = threading.Event()
        self.url = ""

    def __enter__(self) -> Served:
        """Start it and wait until it serves."""
        self.process = subprocess.Popen(
            self._command, env=self._environ, stderr=subprocess.PIPE, text=True
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        assert self._up.wait(60) and self.url, f"it did not start:\n{self.said}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it, whatever happened."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(30)
        finally:
            self.process.kill()
            self._reader.join()
            assert self.process.stderr is not None
            self.process.stderr.close()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(30)

    @property
    def said(self) -> str:
        """Return what it wrote to stderr so far."""
        return "".join(self._lines)

    def _read(self) -> None:
        """Keep what it says, and note where it serves."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.append(line)
            found = re.match(r"FKS \S+  (http://\S+)", line)
            if found:
                self.url = found[1]
            if line.startswith("  identity"):
                self._up.set()
        self._up.set()


def refused(home: Path, *arguments: str, **environ: str) -> tuple[int, str]:
    """Run a command that must fail; return exit code and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "fks", "--home", str(home), *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    assert done.stdout == ""
    return done.returncode, done.stderr
