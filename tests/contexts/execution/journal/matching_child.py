"""Replay a journal of commands in a process of its own; print state hash and hash of the events."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.contexts.execution.journal.matching_flow import HashedMachine

from fks.contexts.execution.adapters.journal.files import OsFiles
from fks.contexts.execution.adapters.journal.replay import replay_folder
from fks.contexts.execution.domain.journal.kinds import KINDS

if __name__ == "__main__":
    machine = HashedMachine()
    done = replay_folder(OsFiles(), Path(sys.argv[1]), KINDS, machine)
    sys.stdout.write(f"{done.state_hash.hex()} {machine.said.hexdigest()}\n")
