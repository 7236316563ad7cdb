"""Signed anchors: a journal that was rewritten or rolled back does not pass for what it was."""

from __future__ import annotations

import random
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from fks.contexts.execution.adapters.journal.anchoring import (
    AnchorPlaces,
    check_anchors,
    read_anchors,
)
from fks.contexts.execution.adapters.journal.files import OsFiles
from fks.contexts.execution.adapters.journal.folder import Folder
from fks.contexts.execution.adapters.journal.salvage import verify
from fks.contexts.execution.domain.journal.failures import JournalAnchors, JournalCorrupt

from .drive import Engine, commands

FILES = OsFiles()


class Home:
    """A home with a journal, and a folder elsewhere that gets its anchors."""

    def __init__(self, path: Path) -> None:
        self.path, self.elsewhere = path / "home", path / "elsewhere"
        self.places = AnchorPlaces(self.path, self.elsewhere)
        self.draw, self.sent = random.Random(9), 0

    def live(self, batches: int, **options: Any) -> Engine:
        """Run a life of an engine; it signs as it ends."""
        chosen = {"segment_bytes": 16_384, "group_bytes": 2_048, "anchors": self.places, **options}
        engine = Engine(FILES, self.path / "journal", **chosen)
        for _ in range(batches):
            engine.send(commands(self.draw, 5, self.sent + 1))
            self.sent += 5
            engine.release()
        engine.journal.close()
        return engine

    def check(self, places: AnchorPlaces | None = None) -> int:
        """Verify the journal with its anchors; return how many agree."""
        folder = self.path / "journal"
        found = verify(FILES, folder)
        assert found.manifest is not None
        uuid = bytes.fromhex(found.manifest.uuid)
        anchors = read_anchors(FILES, places or self.places, uuid)
        return check_anchors(FILES, folder, found, anchors)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home that has seen a life."""
    made = Home(tmp_path)
    made.live(30)
    return made


def test_anchors_agree_with_the_journal_through_its_lives(home: Home) -> None:
    """Lost: an alarm at every restart would be switched off."""
    before = home.check()
    assert before >= 1
    home.live(3)
    home.live(40)
    assert home.check() == before + 2
    mode = stat.S_IMODE((home.path / "anchor.key").stat().st_mode)
    assert mode == 0o600
    ours, theirs = (place.glob("anchors-*") for place in (home.path, home.elsewhere))
    assert [p.read_bytes() for p in ours] == [p.read_bytes() for p in theirs]


def test_a_thousand_records_are_signed_while_the_desk_runs(home: Home) -> None:
    """Lost: a desk that runs for weeks would be signed once, at its end."""
    engine = Engine(FILES, home.path / "journal", anchors=home.places, group_bytes=2_048)
    anchors = engine.journal.anchors
    assert anchors is not None
    before = len(read_anchors(FILES, home.places, engine.journal.uuid))
    for _ in range(1_010):
        engine.send(commands(home.draw, 1, home.sent + 1))
        home.sent += 1
    engine.release()
    assert len(read_anchors(FILES, home.places, engine.journal.uuid)) == before + 1
    engine.journal.close()
    assert len(read_anchors(FILES, home.places, engine.journal.uuid)) == before + 2


def test_a_home_that_was_rolled_back_is_found_by_the_anchors_elsewhere(home: Home) -> None:
    """Lost: last week's copy would be a journal without a flaw, and trades would be gone."""
    shutil.copytree(home.path, home.path.with_name("backup"))
    home.live(10)
    shutil.rmtree(home.path)
    shutil.copytree(home.path.with_name("backup"), home.path)
    assert home.check(AnchorPlaces(home.path)) >= 1  # nothing at home betrays it
    with pytest.raises(JournalCorrupt, match="rolled back"):
        home.check()
    with pytest.raises(JournalCorrupt, match="had been durable"):
        home.live(1)


def test_records_that_were_rewritten_so_that_all_fits_are_found(home: Home) -> None:
    """Lost: CRC and digest made anew would turn a loss into a gain."""
    anchors = {p: p.read_bytes() for p in home.elsewhere.glob("anchors-*")}
    uuid = verify(FILES, home.path / "journal").manifest
    shutil.rmtree(home.path / "journal")
    forged = Home(home.path.with_name("forger"))
    forged.draw = random.Random(10)
    forged.live(31, anchors=None)
    # The forger gives his journal our name: a rewritten one would have it too.
    found = verify(FILES, forged.path / "journal")
    assert uuid is not None
    for path, data in anchors.items():
        assert path.read_bytes() == data
    signed = read_anchors(FILES, home.places, bytes.fromhex(uuid.uuid))
    with pytest.raises(JournalCorrupt, match="rewritten"):
        check_anchors(FILES, forged.path / "journal", found, signed)


@pytest.mark.parametrize("change", ["number", "signature", "line", "key"])
def test_anchors_that_were_touched_are_refused(home: Home, change: str) -> None:
    """Lost: who can change the anchors could make them fit what he did to the journal."""
    home.live(3)
    for path in (*home.path.glob("anchors-*"), *home.elsewhere.glob("anchors-*")):
        text = path.read_text()
        lines = text.splitlines(keepends=True)
        if change == "number":
            text = text.replace('"used":', '"used":1')
        elif change == "signature":
            text = text.replace(lines[-1][-10:-4], "000000")
        elif change == "line":
            text = "".join(lines[1:])
        path.write_text(text)
    if change == "key":
        for name in ("anchor.key", "anchor.pub"):
            (home.path / name).unlink()
    with pytest.raises(JournalAnchors):
        home.live(1)


def test_a_line_that_was_being_written_is_left_out(home: Home) -> None:
    """Lost: a power cut while signing would keep the desk from starting."""
    for path in (*home.path.glob("anchors-*"), *home.elsewhere.glob("anchors-*")):
        whole = path.read_bytes()
        path.write_bytes(whole + whole[:100])
    before = home.check()
    home.live(3)
    assert home.check() == before + 1


def test_a_folder_elsewhere_that_is_away_stops_nothing_and_gets_all_later(home: Home) -> None:
    """Lost: anchors must never be the reason why a desk stands still."""
    away = home.elsewhere.with_name("away")
    home.elsewhere.rename(away)
    home.elsewhere.write_text("not mounted")
    engine = home.live(5)
    assert engine.journal.anchors is not None
    assert "cannot be written" in engine.journal.anchors.failing
    home.elsewhere.unlink()
    away.rename(home.elsewhere)
    home.live(5)
    ours, theirs = (place.glob("anchors-*") for place in (home.path, home.elsewhere))
    assert [p.read_bytes() for p in ours] == [p.read_bytes() for p in theirs]


def test_what_lies_elsewhere_is_never_written_over(home: Home) -> None:
    """Lost: a rollback while the folder is away would be covered up when it comes back."""
    shutil.copytree(home.path, home.path.with_name("backup"))
    home.live(10)
    shutil.rmtree(home.path)
    shutil.copytree(home.path.with_name("backup"), home.path)
    (theirs,) = home.elsewhere.glob("anchors-*")
    before, away = theirs.read_bytes(), home.elsewhere.with_name("away")
    home.elsewhere.rename(away)
    engine = Engine(FILES, home.path / "journal", anchors=home.places, group_bytes=2_048)
    shutil.rmtree(home.elsewhere)
    away.rename(home.elsewhere)
    engine.send(commands(home.draw, 5, home.sent + 1))
    engine.release()
    engine.journal.close()
    assert theirs.read_bytes() == before
    assert engine.journal.anchors is not None
    assert "another history" in engine.journal.anchors.failing


def test_a_key_that_others_may_read_is_refused(home: Home) -> None:
    """Lost: anchors that anybody could have signed prove nothing."""
    (home.path / "anchor.key").chmod(0o644)
    with pytest.raises(JournalAnchors, match="chmod 600"):
        home.live(1)
    assert Folder(home.path / "journal").segments(FILES)
