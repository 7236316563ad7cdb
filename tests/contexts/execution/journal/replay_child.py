"""Replay a journal in a process of its own and print the state hash."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from fks.contexts.execution.adapters.journal.files import OsFiles
from fks.contexts.execution.adapters.journal.replay import replay_folder
from fks.contexts.execution.domain.journal.kinds import KINDS

spec = importlib.util.spec_from_file_location("ledger", Path(__file__).with_name("ledger.py"))
assert spec is not None and spec.loader is not None
ledger: Any = importlib.util.module_from_spec(spec)
spec.loader.exec_module(ledger)

if __name__ == "__main__":
    done = replay_folder(OsFiles(), Path(sys.argv[1]), KINDS, ledger.Ledger())
    sys.stdout.write(f"{done.state_hash.hex()}\n")
