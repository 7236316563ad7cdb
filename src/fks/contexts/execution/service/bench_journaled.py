"""The engine with its journal, as the benchmarks drive it: journaled, matched, acknowledged.

Commands are appended first and applied while the log thread writes them; what they caused is held
back until they are durable. The journal that is left is read to its last byte and replayed.
"""

from __future__ import annotations

import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fks.contexts.execution.adapters.journal.files import OsFiles
from fks.contexts.execution.adapters.journal.folder import Folder
from fks.contexts.execution.adapters.journal.log import Journal
from fks.contexts.execution.adapters.journal.opening import Durability
from fks.contexts.execution.adapters.journal.replay import replay_folder
from fks.contexts.execution.adapters.journal.salvage import verify
from fks.contexts.execution.adapters.journal.survey import survey
from fks.contexts.execution.domain.journal.kinds import KINDS
from fks.contexts.execution.domain.journal.matched import MatchingMachine
from fks.contexts.execution.domain.matching import workload
from fks.contexts.execution.domain.matching._matching import Matcher
from fks.contexts.execution.domain.matching.layout import EVENT
from fks.contexts.execution.domain.matching.workload import Flow
from fks.contexts.execution.service.bench_flow import WrongResult, check, engine
from fks.kernel.errors import Invalid

__all__ = ["CONFIG", "SMALL", "Checked", "JournaledEngine", "checked", "own_folder"]

Rows = npt.NDArray[Any]
CONFIG = bytes(16)
SMALL: dict[str, Any] = {"segment_bytes": 8 << 20, "reserve_bytes": 1 << 20}
"""For short runs: a new journal writes two segments and the reserve before it begins."""
_ROOM = 16_384  # events; a page of it costs nothing before it is written
_READY_S = 60.0


class Checked(NamedTuple):
    """A journal that was read to its last byte and replayed."""

    records: int
    groups: int
    bytes: int
    state: str  # the hash, in hexadecimal digits


class JournaledEngine:
    """An engine and its journal, with the flow's book in both. Close it."""

    def __init__(
        self, flow: Flow, folder: Path, durability: Durability = "group", *, small: bool = False
    ) -> None:
        self.matcher = engine(flow)
        self.matcher.warm()
        self.journal, _ = Journal.open(
            folder, config_hash=CONFIG, durability=durability, **(SMALL if small else {})
        )
        self._flow = flow
        self._rooms: list[Rows] = []  # for events that may leave
        self._held: deque[tuple[int, Rows, int]] = deque()  # last seq, room, events in it
        self.told = 0  # events that left
        for rows in (workload.opening(), flow.filling):
            self.take(rows)
        self.settle()
        began_s = time.monotonic()
        while not self.journal.prepared and time.monotonic() < began_s + _READY_S:
            time.sleep(0.001)
        self._before = self.matcher.facts(0)

    def take(self, rows: Rows) -> None:
        """Journal commands, apply them, and let out what has become durable meanwhile."""
        journal, matcher = self.journal, self.matcher
        journal.append_commands(rows, 1)
        last, ts_ns, done = journal.seq, journal.ts_ns, 0
        while done < len(rows):
            room = self._rooms.pop() if self._rooms else np.zeros(_ROOM, EVENT)
            more, written = matcher.apply_into(rows[done:], ts_ns, room)
            self._held.append((last, room, written))
            done += more
        self.release(journal.durable_seq)

    def release(self, durable: int) -> None:
        """Let out the events of what is durable."""
        held = self._held
        while held and held[0][0] <= durable:
            _, room, written = held.popleft()
            self.told += written
            self._rooms.append(room)

    def settle(self) -> None:
        """Wait until everything is durable and let its events out."""
        self.journal.wait_durable(self.journal.seq)
        self.release(self.journal.durable_seq)

    def check(self) -> None:
        """Raise `WrongResult` where the book is not what the flow leads to."""
        check(self.matcher, self._flow, self._before)

    def close(self) -> None:
        """Close the journal."""
        self.journal.close()


def checked(flow: Flow, folder: Path, matcher: Matcher, seq: int) -> Checked:
    """Read a closed journal whole and replay it into a new engine; `seq` was durable last.

    Raises `JournalCorrupt` for damage and `WrongResult` where the states differ.
    """
    files = OsFiles()
    verify(files, folder)
    found = survey(files, Folder(folder))
    again = replay_folder(files, folder, KINDS, MatchingMachine(engine(flow)))
    if found.position.seq != seq or again.seq != seq or again.state_hash != matcher.state_hash():
        raise WrongResult(
            f"the journal leads to record {again.seq} and state {again.state_hash.hex()[:16]}, "
            f"the engine is at {seq} and {matcher.state_hash().hex()[:16]}"
        )
    return Checked(found.records, found.groups, found.bytes, again.state_hash.hex())


@contextmanager
def own_folder(parent: str) -> Iterator[Path]:
    """Yield an empty folder below `parent`, or below the system's for temporary files.

    Raises `Invalid` where `parent` is no folder.
    """
    if parent and not Path(parent).is_dir():
        raise Invalid(f"--folder {parent[:200]} is no folder; make it first", code="bench.invalid")
    with tempfile.TemporaryDirectory(prefix="fks-bench-", dir=parent or None) as name:
        yield Path(name)
