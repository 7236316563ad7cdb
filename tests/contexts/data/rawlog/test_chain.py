"""The frames are a chain over all segments: what was taken out or put in between is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.contexts.data.rawlog.made import record, segment, without_index

from fks.contexts.data.store.rawlog import RawLog, frames
from fks.contexts.data.store.rawlog.segments import Frame, Segment
from fks.kernel.errors import NotFound, Unavailable


def found_in(path: Path) -> tuple[bytes, list[Frame]]:
    """Return the salt and the frames of a segment that is whole."""
    with Segment.opened(path) as opened:
        assert opened.head is not None
        return opened.head.salt, [one for one in opened.scan() if isinstance(one, Frame)]


def test_records_dropped_at_the_end_of_an_older_segment_are_told_without_an_index(
    tmp_path: Path,
) -> None:
    """Lost: a page that vanished without a trace in its own file."""
    log = RawLog(tmp_path, segment_bytes=1200)
    for number in range(8):
        log.append(record(number))
    first = segment(tmp_path)
    whole = first.read_bytes()
    _, there = found_in(first)
    assert len(there) > 1
    first.write_bytes(whole[: there[-1].start])
    again = without_index(tmp_path)
    assert ["00000002.log" in line for line in again.verify().damaged] == [True]
    cut = whole[: there[-1].start + 30]  # not the last segment: nobody was writing here
    first.write_bytes(cut)
    again = without_index(tmp_path)
    found = again.verify()
    assert (found.whole, len(found.damaged), found.cut_short) == (7, 1, 0)
    again.append(record(9))
    assert first.read_bytes() == cut
    first.unlink()
    assert "gone" in without_index(tmp_path).verify().damaged[0]


def test_the_number_of_a_last_segment_that_is_gone_is_not_used_again(tmp_path: Path) -> None:
    """Lost: that anything was ever there, under what came later."""
    log = RawLog(tmp_path, segment_bytes=10)
    kept = [log.append(record(n)) for n in range(3)]
    segment(tmp_path, 3).unlink()
    added = log.append(record(9))
    assert not segment(tmp_path, 3).exists()
    assert log.read(added).number == 9
    with pytest.raises(Unavailable):
        log.read(kept[2])
    assert any("gone" in line for line in log.verify().damaged)


def test_a_record_written_over_by_one_that_fits_is_told(tmp_path: Path) -> None:
    """Lost: a price that somebody changed in the log, with every hash made to fit."""
    log = RawLog(tmp_path)
    kept = [log.append(record(n, b"[100]")) for n in range(3)]
    salt, there = found_in(segment(tmp_path))
    forged = frames.packed(record(1, b"[999]"))
    front, _ = frames.framed(forged, salt, there[1].start, there[1].fixed.previous)
    content = bytearray(segment(tmp_path).read_bytes())
    assert len(front + forged.body) == there[1].fixed.length
    content[there[1].start : there[1].end] = front + forged.body
    segment(tmp_path).write_bytes(bytes(content))
    assert log.verify().damaged
    with pytest.raises(Unavailable):
        log.read(kept[1])
    again = without_index(tmp_path)
    assert f"before {there[2].start:,}" in again.verify().damaged[0]
    with pytest.raises(NotFound):
        again.read(kept[1])


@pytest.mark.parametrize("other", [1, 4, 9])
def test_a_segment_in_place_of_another_is_read_as_what_it_is(tmp_path: Path, other: int) -> None:
    """Lost: a log that was restored from a copy, under an index of later days."""
    ours, theirs = RawLog(tmp_path / "ours"), RawLog(tmp_path / "theirs")
    gone = [ours.append(record(n)) for n in range(4)]
    kept = [theirs.append(record(n, b"{}")) for n in range(other)]
    lengths = [segment(tmp_path / one).stat().st_size for one in ("ours", "theirs")]
    assert (lengths[0] == lengths[1]) == (other == 4)
    segment(tmp_path / "ours").write_bytes(segment(tmp_path / "theirs").read_bytes())
    added = ours.append(record(20))  # which looks first
    assert [ours.read(of).number for of in kept] == list(range(other))
    for reader in (ours, without_index(tmp_path / "ours")):
        assert reader.read(added).number == 20
        for payload in gone:
            with pytest.raises((NotFound, Unavailable)):
                reader.read(payload)
