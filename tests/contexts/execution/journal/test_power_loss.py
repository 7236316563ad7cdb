"""Goal D2: the power fails at any moment, and of the un-synced sectors any may be there."""

from __future__ import annotations

import random

import pytest

from fks.contexts.execution.domain.journal.failures import JournalCorrupt

from .drive import FOLDER, SCALE, Engine, check, commands
from .power import PowerDisk

RUNS = 45 * SCALE
IMAGES = 50  # a run


class Cuts:
    """Takes an image of the disk at random operations, with what had been acknowledged then."""

    def __init__(self, draw: random.Random, disk: PowerDisk) -> None:
        self._draw, self._disk = draw, disk
        self.engine: Engine | None = None
        self.images: list[tuple[str, PowerDisk, list[object]]] = []

    def watch(self, operation: str, name: str) -> None:
        """Cut here, perhaps; the run itself goes on."""
        if len(self.images) < IMAGES and self._draw.random() < 0.2:
            acked = list(self.engine.acked) if self.engine is not None else []
            image = self._disk.image(self._draw)
            self.images.append((f"before {operation} {name}", image, acked))


@pytest.mark.parametrize("seed", range(RUNS))
def test_after_a_power_cut_all_acknowledged_commands_are_there_once(seed: int) -> None:
    """Lost: an order that a client saw accepted, or money moved twice."""
    draw = random.Random(seed)
    disk = PowerDisk()
    cuts = Cuts(draw, disk)
    disk.watch = cuts.watch
    sent: list[bytes] = []
    for _ in range(3):  # three lives, two of them ended by closing
        engine = Engine(disk)
        engine.acked = list(cuts.engine.acked) if cuts.engine else []
        cuts.engine = engine
        for _ in range(draw.randint(5, 25)):
            batch = commands(draw, draw.randint(1, 30), len(sent) + 1)
            sent += batch
            engine.send(batch, draw.randrange(1000))
            if draw.random() < 0.7:
                engine.release()
        engine.release()
        engine.journal.close()
    for number, (where, image, acked) in enumerate(cuts.images):
        again = Engine(image)
        try:
            check(again, sent, acked)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, image {number}, {where}: {error}") from error
        again.journal.close()


def test_the_disk_forgets_what_was_not_synced() -> None:
    """Lost: the shim would keep everything, and the other tests would prove nothing."""
    disk, kept = PowerDisk(), 0
    handle = disk.create(FOLDER / "a")
    disk.write(handle, b"x" * 2048, 0)
    for seed in range(50):
        contents = disk.image(random.Random(seed)).contents()
        kept += contents.get("/journal/a", b"").count(b"x") == 2048
    assert kept < 25
    disk.sync(handle)
    disk.sync_folder(FOLDER)
    for seed in range(50):
        assert disk.image(random.Random(seed)).contents()["/journal/a"] == b"x" * 2048


def test_a_journal_that_forgets_to_sync_is_found_out() -> None:
    """Lost: these tests would pass whatever the journal does."""
    lost = 0
    for seed in range(20):
        draw, disk = random.Random(seed), PowerDisk()
        engine = Engine(disk)
        disk.sync = lambda handle: None  # type: ignore[method-assign]
        for round_ in range(8):
            engine.send(commands(draw, 10, round_ * 10 + 1))
            engine.release()
        try:
            check(Engine(disk.image(draw)), engine.sent, engine.acked)
        except (AssertionError, JournalCorrupt):
            lost += 1
    assert lost >= 15
