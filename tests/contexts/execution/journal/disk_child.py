"""Run a journal on a disk that is about to fail; print what was acknowledged."""

from __future__ import annotations

import importlib.util
import random
import resource
import sys
from pathlib import Path
from typing import Any

from fks.contexts.execution.adapters.journal.log import Journal
from fks.contexts.execution.domain.journal.failures import JournalFailed, JournalUnavailable
from fks.contexts.execution.domain.journal.kinds import COMMANDS
from fks.kernel.errors import TimedOut

spec = importlib.util.spec_from_file_location("ledger", Path(__file__).with_name("ledger.py"))
assert spec is not None and spec.loader is not None
ledger: Any = importlib.util.module_from_spec(spec)
spec.loader.exec_module(ledger)


class Client:
    """Sends commands one by one and prints the number of each that is durable."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.number, self._draw = 0, random.Random(1)
        self.journal, _ = Journal.open(
            folder,
            config_hash=bytes(16),
            **{"segment_bytes": 65_536, "group_bytes": 8_192, "retry_s": 0.01, **options},
        )

    def send(self, *, urgent: bool = False) -> None:
        """Send one and wait for it."""
        self.number += 1
        command = ledger.transfer(self.number, self._draw.randrange(4), self._draw.randrange(4), 1)
        seq = self.journal.append(COMMANDS, 1, command, 0, urgent=urgent)
        self.journal.wait_durable(seq, 5.0)
        sys.stdout.write(f"{self.number}\n")


def limited(folder: Path) -> None:
    """Append until the limit of file size stops it, then one urgent record, then go on."""
    client = Client(folder, reserve_bytes=0)
    try:
        while True:
            if client.number == 300:
                resource.setrlimit(resource.RLIMIT_FSIZE, (65_535, resource.RLIM_INFINITY))
            client.send()
    except (JournalUnavailable, TimedOut):  # refused, or held until there is space
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    client.send(urgent=True)
    client.journal.close()


def failing(folder: Path) -> None:
    """Append until a sync fails, which somebody else sees to; then nothing may be taken."""
    client = Client(folder, reserve_bytes=0)
    try:
        while client.number < 5_000:
            client.send()
        raise AssertionError("no sync failed")
    except JournalFailed:
        try:
            client.send(urgent=True)
        except JournalFailed:
            sys.stdout.flush()


def small(folder: Path) -> None:
    """Fill a small disk, cancel on the reserve, make space, go on."""
    ballast = folder.parent / "ballast"
    ballast.write_bytes(bytes(4 << 20))
    client = Client(folder, segment_bytes=1 << 20, reserve_bytes=4 << 20)
    try:
        while client.number < 200_000:
            client.send()
        raise AssertionError("the disk was never full")
    except (JournalUnavailable, TimedOut):  # refused, or held until there is space
        first_refused = client.number
    for _ in range(8_000):  # more than the last segments have room for: 1.4 MB
        client.send(urgent=True)
    ballast.unlink()
    while not client.journal.available:
        client.send(urgent=True)
    for _ in range(100):
        client.send()
    client.journal.close()
    assert client.number > first_refused + 8_000


if __name__ == "__main__":
    {"limit": limited, "eio": failing, "small": small}[sys.argv[1]](Path(sys.argv[2]))
