"""Goal D3: the power fails at each named step, and again while recovering from that."""

from __future__ import annotations

import random
import re
from collections import Counter
from functools import cache

import pytest

from fks.contexts.execution.adapters.journal.tailer import Tailer

from .drive import FOLDER, SCALE, Engine, check, commands
from .ledger import Ledger
from .power import PowerDisk

EACH = 3 if SCALE == 1 else 50
KINDS = re.compile(r"(segment|MANIFEST\.[ab]|ack|ahead|reserve|snapshot|journal)")


class PowerCutError(Exception):
    """The machine stops here."""


class Cut:
    """Counts the named points; stops the machine at the n-th passing of one of them."""

    def __init__(self, point: str = "", nth: int = 0) -> None:
        self.passed: Counter[str] = Counter()
        self.point, self.nth = point, nth

    def watch(self, operation: str, name: str) -> None:
        """Pass a point, or stop in front of it."""
        kind = KINDS.match(name)
        point = f"{operation} {kind[1] if kind else name}"
        if name.endswith((".tmp", ".making")) and not name.startswith("ahead"):
            point += " (temporary)"
        self.passed[point] += 1
        if self.nth and self.passed[point] == self.nth and self.point in (point, "any"):
            raise PowerCutError(point)
        if self.point == "any" and sum(self.passed.values()) == self.nth:
            raise PowerCutError(point)


class Life:
    """Three starts of an engine with rotations, snapshots and what they let go."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.sent: list[bytes] = []
        self.acked: list[tuple[object, ...]] = []

    def run(self, disk: PowerDisk) -> None:
        """Live until the end, or until the power is cut."""
        for _ in range(3):
            engine = Engine(disk, segment_bytes=4_096, group_bytes=1_024)
            engine.acked = self.acked
            for _ in range(25):
                batch = commands(self.draw, self.draw.randint(1, 8), len(self.sent) + 1)
                self.sent += batch
                engine.send(batch)
                engine.release()
            tailer = Tailer(disk, FOLDER, Ledger)
            tailer.step()
            tailer.close()
            for _ in range(25):
                batch = commands(self.draw, self.draw.randint(1, 8), len(self.sent) + 1)
                self.sent += batch
                engine.send(batch)
                engine.release()
            engine.journal.close()


@cache
def points(seed: int = 0) -> dict[str, int]:
    """Return the named points and how often the life of a seed passes each."""
    disk, cut = PowerDisk(), Cut()
    disk.watch = cut.watch
    Life(seed).run(disk)
    return dict(cut.passed)


def test_every_kind_of_step_is_a_point() -> None:
    """Lost: a step would be added that no crash is ever tried at."""
    named = set(points())
    for step in (
        "create ahead",
        "sync ahead",
        "rename segment",
        "write segment",
        "sync segment",
        "truncate segment",
        "remove segment",
        "remove snapshot",
        "write ack",
        "rename ack",
        "create MANIFEST.a (temporary)",
        "rename MANIFEST.a",
        "rename MANIFEST.b",
        "write snapshot (temporary)",
        "rename snapshot",
        "sync_folder journal",
    ):
        assert step in named, sorted(named)


@pytest.mark.parametrize("point", sorted(points()))
def test_a_crash_there_and_another_while_recovering_lose_nothing(point: str) -> None:
    """Lost: a start after a crash would itself be the thing that must not be interrupted."""
    for number in range(EACH):
        seed = f"{point}:{number}"
        draw, disk, life = random.Random(seed), PowerDisk(), Life(number % 5)
        disk.watch = Cut(point, draw.randint(1, points(number % 5)[point])).watch
        with pytest.raises(PowerCutError):
            life.run(disk)
        disk = disk.image(draw)
        for _ in range(3):  # crash while recovering, several times over
            disk.watch = Cut("any", draw.randint(1, 40)).watch
            try:
                Engine(disk, segment_bytes=4_096, group_bytes=1_024).journal.close()
            except PowerCutError:
                disk = disk.image(draw)
        disk.watch = None
        try:
            engine = Engine(disk, segment_bytes=4_096, group_bytes=1_024)
            check(engine, life.sent, life.acked)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error


def test_recovering_again_changes_nothing() -> None:
    """Lost: each start would move the journal a little further from what was ordered."""
    disk, life = PowerDisk(), Life(5)
    disk.watch = Cut("sync segment", 60).watch
    with pytest.raises(PowerCutError):
        life.run(disk)
    disk = disk.image(random.Random(3))
    hashes = set()
    for _ in range(5):
        engine = Engine(disk)
        hashes.add(engine.ledger.state_hash())
        engine.journal.close()
    assert len(hashes) == 1
