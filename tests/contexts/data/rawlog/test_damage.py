"""Damage is seen and named; what is beside it stays readable; an unfinished end is cut off."""

from __future__ import annotations

import os
import random
from itertools import pairwise
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest
from tests.contexts.data.rawlog.made import record, segment, without_index

from fks.contexts.data.store.rawlog import RawLog, frames
from fks.contexts.data.store.rawlog.segments import Segment
from fks.kernel.errors import NotFound, Unavailable

TORTURE = os.environ.get("FKS_TORTURE") == "1"


def filled(home: Path, count: int = 4) -> tuple[list[str], list[int]]:
    """Keep records; return their ids and where each begins, and the end."""
    log, kept, bounds = RawLog(home), [], [frames.SEGMENT_BYTES]
    for number in range(count):
        kept.append(log.append(record(number, b"x" * 50 + b"%d" % number)))
        bounds.append(segment(home).stat().st_size)
    return kept, bounds


def numbers(log: RawLog) -> list[int]:
    """Return the numbers of the records that a log lists."""
    return [one.number for one in log.heads("binance", "btc-1")]


@pytest.mark.parametrize("with_index", [True, False])
def test_a_record_cut_anywhere_is_no_record_and_the_next_one_follows(
    tmp_path: Path, with_index: bool
) -> None:
    """Lost: half a payload taken for a whole one after a kill, or all that comes after it."""
    home = tmp_path / "home"
    (first,), (_, whole) = filled(home, 1)
    index = {path: path.read_bytes() for path in (home / "raw").glob("index.db*")}
    RawLog(home).append(record(2, b"second" * 20))
    content = segment(home).read_bytes()
    for length in range(whole, len(content)):
        without_index(home)
        segment(home).write_bytes(content[:length])
        if with_index:  # as it was before the append that never returned
            for path, before in index.items():
                path.write_bytes(before)
        reader = RawLog(home)
        assert numbers(reader) == [0]
        assert reader.verify() == (1, (), 0 if length == whole else 1)
        third = reader.append(record(3, b"third"))
        assert reader.read(third).body == b"third"
        assert reader.read(first).number == 0
        assert reader.verify() == (2, (), 0)
        assert not segment(home, 2).exists()


def test_each_changed_bit_is_seen_and_named_and_the_others_stay_readable(tmp_path: Path) -> None:
    """Lost: every payload after a bad sector, or a changed byte that nobody sees."""
    kept, bounds = filled(tmp_path)
    content = segment(tmp_path).read_bytes()
    log = RawLog(tmp_path)
    for offset in range(len(content)):
        bad = sum(offset >= one for one in bounds) - 1  # -1: the head of the segment
        flipped = bytearray(content)
        flipped[offset] ^= 1 << offset % 8
        segment(tmp_path).write_bytes(bytes(flipped))
        found = log.verify()
        assert len(found.damaged) == 1, offset
        assert f" at {max(bounds[bad], 0) if bad >= 0 else 0:,}" in found.damaged[0]
        assert found.whole == (4 if bad < 0 else 3)
        for number, payload in enumerate(kept):
            if number == bad:
                with pytest.raises(Unavailable) as refused:
                    log.read(payload)
                assert refused.value.code == "data.damaged_payload"
                assert kept[bad][:16] in found.damaged[0]
            else:
                assert log.read(payload).number == number


def test_damage_found_without_an_index_is_named_and_never_cut_off(tmp_path: Path) -> None:
    """Lost: the last payload that was kept, cut off as if it had never been finished."""
    kept, bounds = filled(tmp_path)
    content = segment(tmp_path).read_bytes()
    for offset in range(0, len(content), 7):
        bad = sum(offset >= one for one in bounds) - 1
        flipped = bytearray(content)
        flipped[offset] ^= 0x10
        segment(tmp_path).write_bytes(bytes(flipped))
        reader = without_index(tmp_path)
        others = [n for n in range(4) if n != bad]
        assert [reader.read(kept[n]).number for n in others] == others
        if bad >= 0:
            with pytest.raises((Unavailable, NotFound)):
                reader.read(kept[bad])
        found = reader.verify()
        assert (found.whole, len(found.damaged), found.cut_short) == (len(others), 1, 0)
        added = reader.append(record(9))
        assert reader.read(added).number == 9
        assert segment(tmp_path).read_bytes()[: len(flipped)] == bytes(flipped)
        assert len(reader.verify().damaged) == 1
        segment(tmp_path, 2).unlink(missing_ok=True)


@pytest.mark.parametrize("seed", range(100 if TORTURE else 4))
def test_a_power_cut_loses_nothing_that_was_synced(tmp_path: Path, seed: int) -> None:
    """Lost: a payload that append returned for, or an append after the cut.

    Of what was not synced any sectors may be there, or zero, and the file may end anywhere.
    """
    chance = random.Random(seed)
    for image in range(25):
        home = tmp_path / str(image)
        log = RawLog(home, segment_bytes=6000)
        kept = [log.append(record(n, chance.randbytes(chance.randint(0, 1500)))) for n in range(5)]
        before = {path: path.stat().st_size for path in (home / "raw").glob("*/*.log")}
        log.append_many([record(9, chance.randbytes(900)) for _ in range(3)])
        last = max((home / "raw").glob("*/*.log"))
        synced = before.get(last, frames.SEGMENT_BYTES)
        content = bytearray(last.read_bytes())
        for sector in range(synced, len(content), 512):
            begin = max(synced, sector // 512 * 512)
            if chance.random() < 0.4:
                content[begin : begin + 512] = bytes(len(content[begin : begin + 512]))
        last.write_bytes(content[: chance.randint(synced, len(content))])
        after = without_index(home)
        assert [after.read(of).number for of in kept] == [0, 1, 2, 3, 4]
        added = after.append(record(7, b"after"))
        assert without_index(home).read(added).body == b"after"
        assert [after.read(of).number for of in kept] == [0, 1, 2, 3, 4]
        for line in after.verify().damaged:  # of what append never returned for
            assert last.name in line
            assert int(line.split(" at ")[1].split()[0].replace(",", "")) >= synced


def test_reading_a_job_stops_at_a_damaged_record_and_never_skips_it(tmp_path: Path) -> None:
    """Lost: a page in the middle of a dataset, and nobody told."""
    _, bounds = filled(tmp_path)
    content = bytearray(segment(tmp_path).read_bytes())
    content[bounds[2] - 1] ^= 1  # the end of the body of number 1: its head is whole
    segment(tmp_path).write_bytes(bytes(content))
    for log in (RawLog(tmp_path), without_index(tmp_path)):
        told = log.of_job("binance", "btc-1")
        assert next(told)[1].number == 0
        with pytest.raises(Unavailable, match=f"at byte {bounds[1]:,}"):
            next(told)
        assert numbers(log) == [0, 1, 2, 3]


def test_an_end_that_was_kept_and_is_gone_is_told(tmp_path: Path) -> None:
    """Lost: that a file system gave back less than it had promised."""
    kept, bounds = filled(tmp_path)
    content = segment(tmp_path).read_bytes()
    segment(tmp_path).write_bytes(content[: bounds[3] + 20])
    log = RawLog(tmp_path)
    with pytest.raises(Unavailable):
        log.read(kept[3])
    found = log.verify()
    assert (found.whole, found.cut_short) == (3, 0)
    assert kept[3][:16] in found.damaged[0]
    added = log.append(record(4))
    assert segment(tmp_path, 2).exists(), "written where lost records were"
    assert log.read(added).number == 4
    found = log.verify()
    assert (found.whole, len(found.damaged)) == (4, 1)
    segment(tmp_path).unlink()
    assert "gone" in log.verify().damaged[0]
    with pytest.raises(Unavailable):
        log.read(kept[0])
    assert "gone" in without_index(tmp_path).verify().damaged[0]


def test_records_that_moved_are_told_and_still_read(tmp_path: Path) -> None:
    """Lost: all that follows a block which a repair dropped, doubled or put elsewhere."""
    kept, bounds = filled(tmp_path)
    content = segment(tmp_path).read_bytes()
    head = content[: bounds[0]]
    parts = [content[a:b] for a, b in pairwise(bounds)]
    cases = {
        "dropped": ([parts[0], parts[2], parts[3]], [0, 2, 3]),
        "half dropped": ([parts[0], parts[1][:50], parts[2], parts[3]], [0, 2, 3]),
        "doubled": ([parts[0], parts[1], parts[1], parts[2], parts[3]], [0, 1, 2, 3]),
        "swapped": ([parts[0], parts[2], parts[1], parts[3]], [0, 1, 2, 3]),
        "noise": ([parts[0], b"\x89FKSRAW\n" * 40, *parts[1:]], [0, 1, 2, 3]),
        "last dropped": (parts[:3], [0, 1, 2]),
    }
    for name, (left, there) in cases.items():
        for with_index in (True, False):
            if name == "last dropped" and not with_index:
                continue  # the one thing that no file can tell of itself
            segment(tmp_path).write_bytes(content)
            numbers(without_index(tmp_path))
            segment(tmp_path).write_bytes(head + b"".join(left))
            log = RawLog(tmp_path) if with_index else without_index(tmp_path)
            assert [log.read(kept[n]).number for n in there] == there, name
            assert log.verify().damaged, name
            assert numbers(without_index(tmp_path)) == there, name
            for number in range(5, 9):
                log.append(record(number))
            assert numbers(RawLog(tmp_path)) == [*there, 5, 6, 7, 8], name
            segment(tmp_path, 2).unlink(missing_ok=True)


@pytest.mark.parametrize("look", [8, 13, 100])
def test_the_next_record_is_found_wherever_the_search_pauses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: int
) -> None:
    """Lost: the record whose mark lies across two blocks of the search."""
    monkeypatch.setattr("fks.contexts.data.store.rawlog.segments._LOOK", look)
    for noise in range(30):
        home = tmp_path / str(noise)
        kept, bounds = filled(home, 2)
        content = segment(home).read_bytes()
        shifted = content[: bounds[0]] + bytes(noise) + content[bounds[0] :]
        segment(home).write_bytes(shifted)
        assert [without_index(home).read(of).number for of in kept] == [0, 1]


def test_a_segment_of_another_provider_or_place_is_told(tmp_path: Path) -> None:
    """Lost: payloads of one provider read as those of another."""
    filled(tmp_path)
    log = RawLog(tmp_path)
    log.append(record(1, provider="kraken"))
    there = tmp_path / "raw" / "kraken" / "00000001.log"
    there.write_bytes(segment(tmp_path).read_bytes())
    again = without_index(tmp_path)
    assert len(again.verify("kraken").damaged) == 4
    assert again.heads("kraken", "btc-1") == ()
    assert again.verify("binance") == (4, (), 0)
    segment(tmp_path).rename(segment(tmp_path, 2))
    assert len(without_index(tmp_path).verify("binance").damaged) == 2


def test_a_frame_inside_a_payload_is_never_taken_for_one(tmp_path: Path) -> None:
    """Lost: the log, to a server that sends what looks like a record of it."""
    forged = frames.packed(record(66, b"forged"))
    front, _ = frames.framed(forged, bytes(16), 500, bytes(16))
    hidden = front + forged.body
    log = RawLog(tmp_path)
    log.append(record(1, hidden * 3))
    log.append(record(2))
    content = bytearray(segment(tmp_path).read_bytes())
    content[frames.SEGMENT_BYTES + 10] ^= 1  # now the next frame is sought
    content[300:300] = hidden
    segment(tmp_path).write_bytes(bytes(content))
    assert numbers(without_index(tmp_path)) == [2]


def test_a_frame_that_unpacks_to_more_than_it_says_is_damage(tmp_path: Path) -> None:
    """Lost: all memory, to a file that somebody put there."""
    filled(tmp_path, 1)
    whole = segment(tmp_path).read_bytes()
    with Segment.opened(segment(tmp_path)) as opened:
        head, first = opened.head, opened.frame(frames.SEGMENT_BYTES)
    assert head is not None
    assert first is not None
    packed = pa.Codec("zstd").compress(bytes(200 << 20), asbytes=True)
    for told in (1000, 64 << 20, (64 << 20) + 1, 2**32 - 1):
        one = frames.packed(record(5))
        lie = msgspec.structs.replace(one.told, bytes=told)
        one = one._replace(body=packed, told=lie, head=msgspec.json.encode(lie))
        front, _ = frames.framed(one, head.salt, len(whole), first.fixed.digest)
        assert (frames.fixed(front[: frames.FIXED_BYTES]) is None) == (told > 64 << 20)
        segment(tmp_path).write_bytes(whole + front + packed)
        before = pa.total_allocated_bytes()
        found = without_index(tmp_path).verify()
        assert (found.whole, len(found.damaged)) == (1, 1)
        assert pa.total_allocated_bytes() == before
