"""Run a journal under a limit of file size; print what was acknowledged."""

from __future__ import annotations

import importlib.util
import random
import resource
import sys
from pathlib import Path

from fks.contexts.execution.adapters.journal.log import Journal
from fks.contexts.execution.domain.journal.failures import JournalUnavailable
from fks.contexts.execution.domain.journal.kinds import COMMANDS

spec = importlib.util.spec_from_file_location("ledger", Path(__file__).with_name("ledger.py"))
assert spec is not None and spec.loader is not None
ledger = importlib.util.module_from_spec(spec)
spec.loader.exec_module(ledger)


def limited(folder: Path) -> None:
    """Append until the limit stops it, then one urgent record more."""
    journal, _ = Journal.open(
        folder,
        config_hash=bytes(16),
        segment_bytes=65_536,
        group_bytes=8_192,
        reserve_bytes=0,
        retry_s=0.01,
    )
    draw, number = random.Random(1), 0
    try:
        while True:
            number += 1
            if number == 300:
                resource.setrlimit(resource.RLIMIT_FSIZE, (65_535, resource.RLIM_INFINITY))
            command = ledger.transfer(number, draw.randrange(4), draw.randrange(4), 1)
            journal.wait_durable(journal.append(COMMANDS, 1, command, 0))
            sys.stdout.write(f"{number}\n")
    except JournalUnavailable:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    number += 1
    command = ledger.transfer(number, 1, 2, 1)
    journal.wait_durable(journal.append(COMMANDS, 1, command, 0, urgent=True))
    sys.stdout.write(f"{number}\n")
    journal.close()


if __name__ == "__main__":
    limited(Path(sys.argv[2]))
