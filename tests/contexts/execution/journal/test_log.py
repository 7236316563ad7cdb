"""What the engine relies on: order, time, durability, one writer, whole groups, known records."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

import pytest

from fks.contexts.execution.adapters.journal.files import OsFiles
from fks.contexts.execution.adapters.journal.log import Journal
from fks.contexts.execution.adapters.journal.salvage import read_records
from fks.contexts.execution.domain.journal.failures import JournalLocked, JournalTooNew
from fks.contexts.execution.domain.journal.kinds import COMMANDS, KINDS, Kind
from fks.kernel.errors import TimedOut

from .drive import FOLDER, SMALL, Engine, commands
from .ledger import Ledger
from .power import PowerDisk

THREADED: dict[str, Any] = {**SMALL, "threads": True}


def test_time_never_goes_back_even_where_the_clock_does(tmp_path: Path) -> None:
    """Lost (T1): limits a minute long and orders' lives would jump with the clock."""
    stamps = [100, 90, 0, 101, 5]
    journal, _ = Journal.open(tmp_path, **THREADED)
    for ts_ns in stamps:
        journal.append(20, 1, b"", ts_ns)
    journal.close()
    journal, recovery = Journal.open(tmp_path, **THREADED)
    assert recovery.ts_ns == journal.ts_ns == 101
    journal.append(20, 1, b"", 7)
    journal.close()
    kept = [record.ts_ns for record in read_records(OsFiles(), tmp_path) if record.kind == 20]
    assert kept == [100, 100, 100, 101, 101, 101]


def test_nothing_is_called_durable_before_its_sync_has_ended() -> None:
    """Lost: the one rule that everything else stands on."""
    synced: list[int] = []

    class Watched(PowerDisk):
        def sync(self, handle: int) -> None:
            assert not synced or journals[0].durable_seq >= 0
            if journals and "segment" in self._handles[handle][0]:
                synced.append(journals[0].durable_seq)
            super().sync(handle)

    journals: list[Journal] = []
    journal, _ = Journal.open(FOLDER, files=Watched(), **SMALL)
    journals.append(journal)
    for number in range(1, 30):
        seq = journal.append(20, 1, bytes(number), 0)
        assert journal.durable_seq < seq
        journal.wait_durable(seq)
        assert journal.durable_seq == seq and synced[-1] < seq


def test_the_callback_hears_every_group_in_order_from_the_log_thread(tmp_path: Path) -> None:
    """Lost: a loop that waits for it would hang, or answer too early."""
    heard: list[tuple[int, str]] = []

    def hear(seq: int) -> None:
        heard.append((seq, threading.current_thread().name))

    journal, _ = Journal.open(tmp_path, on_durable=hear, **THREADED)
    for _ in range(200):
        last = journal.append(20, 1, b"x" * 40, 0)
    journal.wait_durable(last, 10)
    journal.close()
    seqs = [seq for seq, _ in heard]
    assert seqs == sorted(set(seqs)) and seqs[-1] == 200
    assert {name for _, name in heard} == {"journal-log"}


def test_every_append_of_durability_every_is_durable_when_it_returns(tmp_path: Path) -> None:
    """Lost: the strictest setting would promise what it does not keep."""
    journal, _ = Journal.open(tmp_path, durability="every", **THREADED)
    for number in range(1, 20):
        assert journal.append(20, 1, b"", 0) == number == journal.durable_seq
    journal.close()


def test_waiting_for_the_disk_has_an_end(tmp_path: Path) -> None:
    """Lost: a request would hang for ever on a disk that does not answer."""
    go_on = threading.Event()

    class Slow(OsFiles):
        def sync(self, handle: int) -> None:
            if armed:
                go_on.wait(10)
            super().sync(handle)

    armed: list[bool] = []
    journal, _ = Journal.open(tmp_path, files=Slow(), **THREADED)
    armed.append(True)
    seq = journal.append(20, 1, b"", 0)
    with pytest.raises(TimedOut):
        journal.wait_durable(seq, 0.02)
    go_on.set()
    journal.wait_durable(seq, 10)
    journal.close()


def test_appending_goes_on_while_the_other_buffer_is_synced(tmp_path: Path) -> None:
    """Lost: the engine would stand still for as long as every sync takes."""
    inside, go_on = threading.Event(), threading.Event()

    class Slow(OsFiles):
        def sync(self, handle: int) -> None:
            if armed:
                inside.set()
                go_on.wait(10)
            super().sync(handle)

    armed: list[bool] = []
    journal, _ = Journal.open(tmp_path, files=Slow(), **THREADED)
    armed.append(True)
    journal.append(20, 1, b"", 0)
    inside.wait(10)
    for _ in range(20):  # one group is with the disk, these fill the other
        last = journal.append(20, 1, b"x" * 100, 0)
    assert journal.durable_seq == 0
    go_on.set()
    journal.wait_durable(last, 10)
    journal.close()


def test_a_journal_has_one_writer(tmp_path: Path) -> None:
    """Lost: two engines would write over one another."""
    journal, _ = Journal.open(tmp_path, **THREADED)
    with pytest.raises(JournalLocked):
        Journal.open(tmp_path, **THREADED)
    journal.close()
    again, recovery = Journal.open(tmp_path, **THREADED)
    assert recovery.epoch == 2
    again.close()


def test_an_engine_that_was_overtaken_stops(tmp_path: Path) -> None:
    """Lost: where locks do not hold (a network disk), two writers would both answer clients."""

    class Unlocked(OsFiles):
        def lock(self, path: Path) -> int | None:
            return super().lock(path.with_name(f"{path.name}-{id(self)}"))

    first = Engine(Unlocked(), tmp_path)
    first.send(commands(random.Random(1), 20))
    first.release()
    second = Engine(Unlocked(), tmp_path)
    with pytest.raises(Exception, match="another writer"):
        for number in range(100):
            first.send(commands(random.Random(1), 20, 100 + 20 * number))
            first.release()
    assert second.journal.available


def test_records_of_a_later_version_are_refused_and_older_ones_brought_up_to_date() -> None:
    """Lost: an old program would skip what it does not know, or a new one misread what it does."""
    disk = PowerDisk()
    old, new = Kind(200, "NOTE"), Kind(200, "NOTE", 2, {1: lambda payload: b"v2:" + payload})
    journal, _ = Journal.open(FOLDER, files=disk, **SMALL, kinds=KINDS.with_kinds(old))
    journal.append(200, 1, b"hello", 0)
    journal.close()

    class Reader(Ledger):
        heard: list[tuple[int, bytes]] = []  # noqa: RUF012  # read below

        def apply(self, seq: int, ts_ns: int, kind: int, version: int, payload: bytes) -> Any:
            self.heard.append((version, payload))
            return ()

    journal, _ = Journal.open(FOLDER, files=disk, **SMALL, kinds=KINDS.with_kinds(new))
    journal.recover(Reader())
    assert Reader.heard == [(2, b"v2:hello")]
    journal.append(200, 2, b"new", 0)
    journal.close()
    journal, _ = Journal.open(FOLDER, files=disk, **SMALL, kinds=KINDS.with_kinds(old))
    with pytest.raises(JournalTooNew, match="NOTE, version 2"):
        journal.recover(Reader())
    journal.close()
    journal, _ = Journal.open(FOLDER, files=disk, **SMALL)
    with pytest.raises(JournalTooNew, match="type 200"):
        journal.recover(Ledger())


def test_a_batch_larger_than_both_buffers_goes_through_whole_and_in_order(tmp_path: Path) -> None:
    """Lost: the rest of a batch, or its order."""
    batch = commands(random.Random(4), 2_500)
    engine = Engine(OsFiles(), tmp_path, threads=True)
    engine.send(batch)
    engine.release()
    engine.journal.close()
    kept = [record for record in read_records(OsFiles(), tmp_path) if record.kind == COMMANDS]
    assert b"".join(record.payload for record in kept) == b"".join(batch)
    again = Engine(OsFiles(), tmp_path)
    assert again.ledger.state_hash() == engine.ledger.state_hash()
    again.journal.close()
