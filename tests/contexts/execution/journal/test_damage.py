"""Goal D4: whatever is changed in the files of a journal is found, or takes nothing away."""

from __future__ import annotations

import hashlib
import random
from functools import cache

import pytest

from fks.contexts.execution.adapters.journal.folder import Folder
from fks.contexts.execution.adapters.journal.replay import Replay
from fks.contexts.execution.adapters.journal.survey import survey
from fks.contexts.execution.adapters.journal.tailer import Tailer
from fks.contexts.execution.domain.journal.failures import JournalCorrupt
from fks.contexts.execution.domain.journal.kinds import KINDS

from .drive import FOLDER, SCALE, Engine, commands
from .ledger import Ledger
from .power import PowerDisk

MUTATIONS = 100_000 * SCALE
PARTS = 10
UNREAD = ("LOCK", "TAILER", "reserve")  # nothing is read from them


def a_journal(seed: int, *, lives: int = 4, batches: int = 20) -> PowerDisk:
    """Return the disk of a journal of several lives, with a snapshot; everything acknowledged."""
    draw, disk, sent = random.Random(seed), PowerDisk(), 0
    for life in range(lives):
        engine = Engine(disk, segment_bytes=8_192, group_bytes=2_048, checkpoint_commits=30)
        for _ in range(batches):
            batch = commands(draw, draw.randint(1, 12), sent + 1)
            sent += len(batch)
            engine.send(batch)
            engine.release()
        if life == lives - 1:
            break  # killed: its last segment is not sealed and ends in zeros
        engine.journal.close()
        if life == 0:
            continue
        tailer = Tailer(disk, FOLDER, Ledger)
        assert tailer.step() is not None
        tailer.close()
    return disk


@cache
def base() -> tuple[dict[str, bytes], bytes]:
    """Return files and state hash of the journal that is damaged."""
    contents = {
        name: data
        for name, data in a_journal(1).contents().items()
        if not name.endswith((*UNREAD, ".tmp"))
    }
    state_hash, _ = outcome(contents)
    return contents, state_hash


def outcome(contents: dict[str, bytes]) -> tuple[bytes, list[str]]:
    """Return state hash and findings of a recovery, or raise what it raises."""
    disk, folder = PowerDisk.of(contents), Folder(FOLDER)
    found = survey(disk, folder)
    if found.manifest is None:
        return b"", []
    ledger = Ledger()
    uuid = bytes.fromhex(found.manifest.uuid)
    replay = Replay(disk, folder, uuid, KINDS, ledger)
    dropped = found.manifest.dropped
    replay.start(dropped.last_seq if dropped else 0, found.position.seq)
    replay.through(found.sealed, dropped)
    torn = [f"{len(found.last.torn)} torn"] if found.last and found.last.torn else []
    return ledger.state_hash(), [*found.findings, *replay.findings, *torn]


@cache
def foreign() -> dict[str, bytes]:
    """Return the files of another journal of the same shape."""
    return a_journal(2).contents()


def flipped(data: bytearray, draw: random.Random) -> None:
    """Flip one bit or a few."""
    for _ in range(draw.choice((1, 1, 1, 2, 8))):
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)


def overwritten(data: bytearray, draw: random.Random) -> None:
    """Zero a sector, or put noise, or another block of the file into its place."""
    size = draw.choice((8, 32, 80, 128, 512))
    at = draw.randrange(0, len(data), 8 if draw.random() < 0.5 else 512)
    size = min(size, len(data) - at)
    source = draw.randrange(0, len(data) - size + 1)
    source -= source % 8
    data[at : at + size] = draw.choice(
        (bytes(size), draw.randbytes(size), bytes(data[source : source + size]))
    )


def swapped(data: bytearray, draw: random.Random) -> None:
    """Swap two blocks."""
    size = min(draw.choice((8, 80, 96, 512)), len(data) // 2)
    a, b = sorted(draw.sample(range(0, len(data) - size + 1), 2))
    data[a : a + size], data[b : b + size] = data[b : b + size], data[a : a + size]


def cut(data: bytearray, draw: random.Random) -> None:
    """Cut the file anywhere, or zero it from there on, often on an edge of a frame."""
    edges, at = [], 128
    while at + 4 <= len(data) and (length := int.from_bytes(data[at : at + 4], "little")) >= 32:
        edges.append(at)
        at += (length + 7) & ~7
    at = draw.choice(edges) if edges and draw.random() < 0.5 else draw.randrange(len(data))
    if draw.random() < 0.5:
        del data[at:]
    else:
        data[at:] = bytes(len(data) - at)


def damaged(draw: random.Random) -> tuple[dict[str, bytes], str]:
    """Return the files with one of them damaged, and which, how."""
    contents = dict(base()[0])
    names = sorted(contents)
    segments = [name for name in names if "segment" in name]
    name = draw.choice(segments if draw.random() < 0.6 else names)
    others = sorted(other for other in contents if other[9:16] == name[9:16] and other != name)
    roll = draw.random()
    if roll < 0.03:
        del contents[name]
        return contents, f"{name} removed"
    if roll < 0.06 and others:
        contents[name] = contents[draw.choice(others)]
        return contents, f"{name} replaced by another of its kind"
    if roll < 0.09 and name in foreign():
        contents[name] = foreign()[name]
        return contents, f"{name} replaced by a foreign one"
    data = bytearray(contents[name])
    change = draw.choice((flipped, flipped, overwritten, swapped, cut))
    change(data, draw)
    contents[name] = bytes(data)
    return contents, f"{name} {change.__name__}"


def alike(changed: dict[str, bytes], contents: dict[str, bytes]) -> bool:
    """Tell whether nothing was changed but the number of zeros after the last record."""
    return changed.keys() == contents.keys() and all(
        data == contents[name]
        or ("segment" in name and data.rstrip(b"\0") == contents[name].rstrip(b"\0"))
        for name, data in changed.items()
    )


@pytest.mark.parametrize("part", range(PARTS))
def test_no_damage_goes_unseen(part: int) -> None:
    """Lost: a journal would be silently short, or say something that nobody ordered."""
    contents, state_hash = base()
    found = {"corrupt": 0, "noted": 0, "nothing changed": 0}
    for number in range(MUTATIONS // PARTS):
        seed = f"{part}:{number}"
        changed, what = damaged(random.Random(seed))
        if alike(changed, contents):
            found["nothing changed"] += 1
            continue
        try:
            its_hash, findings = outcome(changed)
        except JournalCorrupt as error:
            assert error.exit_code == 78
            found["corrupt"] += 1
            continue
        assert its_hash == state_hash, f"seed {seed}: {what}: another state, nothing said"
        assert findings, f"seed {seed}: {what}: went unseen"
        found["noted"] += 1
    assert found["corrupt"] > found["noted"] > found["nothing changed"], found


def test_nothing_is_changed_where_damage_is_found() -> None:
    """Lost: the evidence, and what a person could still have saved."""
    checked = 0
    for seed in range(200):
        contents, what = damaged(random.Random(seed))
        disk = PowerDisk.of(contents)
        try:
            Engine(disk)
        except JournalCorrupt:
            after = disk.contents()
            for name, data in contents.items():
                if "MANIFEST" not in name:
                    assert after[name] == data, f"seed {seed}: {what}"
            checked += 1
    assert checked > 50


def test_the_base_of_these_tests_is_a_real_journal() -> None:
    """Lost: the mutations would fall on files that do not matter."""
    contents, state_hash = base()
    names = [name.rpartition("/")[2] for name in contents]
    assert sum(name.startswith("segment") for name in names) >= 5
    assert sum(name.startswith("snapshot") for name in names) >= 1
    assert outcome(contents) == (state_hash, [])
    assert hashlib.blake2b(digest_size=32).digest() != state_hash
