"""Opening: the journal read into a machine, and what was not projected before the stop kept."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from fks.contexts.execution.adapters.journal.anchoring import AnchorPlaces
from fks.contexts.execution.adapters.journal.log import Journal
from fks.contexts.execution.domain.journal.kinds import KINDS, Kind
from fks.contexts.execution.domain.matching.engines import engine
from fks.contexts.execution.domain.trading.effects import Effect
from fks.contexts.execution.domain.trading.machine import (
    TRADING_INPUT,
    TradingMachine,
)
from fks.contexts.execution.service.trading.writer import Done
from fks.contexts.execution.settings import ExecutionSettings
from fks.contexts.execution.store import Cursor

__all__ = ["Opened", "anchor_places", "open_journal"]

_log = structlog.get_logger("fks.execution")
_CONFIG = hashlib.blake2b(b"trading", digest_size=16).digest()
TRADING_KINDS = KINDS.with_kinds(Kind(TRADING_INPUT, "TRADING_INPUT"))


def anchor_places(folder: Path, elsewhere: str) -> AnchorPlaces:
    """Return where the key and the anchors are, in the context's folder and elsewhere."""
    return AnchorPlaces(folder, Path(elsewhere) if elsewhere else None)


class _Replay:
    """The machine while the journal is read: inputs behind the cursor are only applied."""

    def __init__(self, machine: TradingMachine, cursor: int) -> None:
        self._machine = machine
        self._cursor = cursor
        self.missed: list[Done] = []

    def apply(
        self, seq: int, ts_ns: int, kind: int, version: int, payload: bytes
    ) -> Sequence[Effect]:
        """Apply a record, and keep what nobody outside knows yet."""
        self._machine.mute(seq <= self._cursor)
        effects = self._machine.apply(seq, ts_ns, kind, version, payload)
        if seq > self._cursor:
            self.missed.append(Done(seq, ts_ns, effects))
        return effects

    def state_hash(self) -> bytes:
        """Return the machine's."""
        return self._machine.state_hash()

    def earlier_hash(self) -> bytes:
        """Return the machine's."""
        return self._machine.earlier_hash()

    def snapshot(self) -> bytes:
        """Return the machine's."""
        return self._machine.snapshot()

    def restore(self, state: bytes) -> None:
        """Restore the machine."""
        self._machine.restore(state)


class Opened:
    """An open journal with the machine that it made."""

    def __init__(self, journal: Journal, machine: TradingMachine, missed: list[Done]) -> None:
        self.journal = journal
        self.machine = machine
        self.missed = missed

    @property
    def name(self) -> str:
        """Return the journal's name."""
        return self.journal.uuid.hex()


async def open_journal(
    folder: Path,
    cursor: Cursor,
    settings: ExecutionSettings,
    on_durable: Callable[[int], None],
    on_failure: Callable[[BaseException], None],
) -> Opened:
    """Open or begin the journal of a folder and replay it.

    Both callbacks are called in the log's thread. Raises `JournalCorrupt` and the journal's other
    errors; the folder is let go of then.
    """
    machine = TradingMachine(engine)
    journal, recovery = Journal.open(
        folder,
        config_hash=_CONFIG,
        known_durable=cursor.seq,
        keep_after=cursor.seq,
        on_durable=on_durable,
        on_failure=on_failure,
        segment_bytes=settings.journal_segment_mib << 20,
        durability=settings.durability,
        kinds=TRADING_KINDS,
        anchors=anchor_places(folder.parent, settings.journal_anchor_dir),
        mirror=Path(settings.journal_mirror_dir) if settings.journal_mirror_dir else None,
        mirror_in_step=settings.journal_mirror == "sync",
    )
    with contextlib.ExitStack() as undo:
        undo.callback(journal.close)
        replay = _Replay(machine, cursor.seq)
        replayed = await asyncio.to_thread(journal.recover, replay, outputs_after=cursor.seq)
        undo.pop_all()
    machine.mute(False)
    _log.info(
        "journal_recovered",
        folder=str(folder),
        seq=journal.seq,
        records=replayed.records,
        epoch=recovery.epoch,
        quarantined_bytes=recovery.quarantined,
        state=replayed.state_hash.hex()[:16],
        seconds=round(recovery.seconds + replayed.seconds, 3),
    )
    return Opened(journal, machine, replay.missed)
