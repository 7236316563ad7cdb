"""What was kept is there: after kills, beside other writers, by id and by job."""

from __future__ import annotations

import os
import random
import signal
import threading
from pathlib import Path

import pytest
from tests.contexts.data.rawlog.made import appending, record, segment, without_index

from fks.contexts.data.store.rawlog import RawLog
from fks.kernel.errors import Invalid, NotFound

TORTURE = os.environ.get("FKS_TORTURE") == "1"


def test_nothing_that_append_returned_is_lost_by_kill_9(tmp_path: Path) -> None:
    """Lost: a page that was paid for, or one that is half there and believed."""
    seed = int(os.environ.get("FKS_SEED", random.randrange(2**32)))
    print(f"seed {seed} (FKS_SEED)")  # noqa: T201  # shown when it fails
    chance = random.Random(seed)
    kept: dict[int, str] = {}
    for life in range(200 if TORTURE else 10):
        with appending(tmp_path, life * 1_000_000, "job") as child:
            assert child.stdout is not None
            for _ in range(chance.randint(1, 60)):
                number, payload = child.stdout.readline().split()
                kept[int(number)] = payload
            child.send_signal(signal.SIGKILL)
            for line in child.stdout:  # acknowledged while the signal was under way
                if line.endswith("\n"):
                    number, payload = line.split()
                    kept[int(number)] = payload
        log = without_index(tmp_path) if life % 3 == 0 else RawLog(tmp_path)
        for page, payload in list(kept.items())[-200:]:
            assert log.read(payload).number == page
    assert {of: page for page, of in kept.items()}.items() <= {
        one.id: one.number for one in log.heads("binance", "job")
    }.items()
    log.append(record(1))  # a torn end is cut off by whoever appends next
    found = log.verify()
    assert (found.damaged, found.cut_short) == ((), 0)
    assert found.whole >= len(kept) + 1


def test_processes_append_at_once(tmp_path: Path) -> None:
    """Lost: records of one process written over those of another."""
    children = [appending(tmp_path, 0, f"job-{n}") for n in range(3)]
    kept: dict[str, list[str]] = {}
    for n, child in enumerate(children):
        assert child.stdout is not None
        kept[f"job-{n}"] = [child.stdout.readline().split()[1] for _ in range(60)]
    for child in children:
        child.kill()
        child.communicate()
    for log in (RawLog(tmp_path), without_index(tmp_path)):
        for job, payloads in kept.items():
            assert [of for of, _ in log.of_job("binance", job)][:60] == payloads
        assert log.verify().damaged == ()


def test_threads_append_and_read_at_once(tmp_path: Path) -> None:
    """Lost: a record of one thread at the place of another's, or a reader that sees half."""
    log = RawLog(tmp_path, segment_bytes=4000)
    failed: list[BaseException] = []

    def work(job: str) -> None:
        try:
            for number in range(25):
                payload = log.append(record(number, b"%d" % number * number, job=job))
                assert log.read(payload).job == job
                assert len(log.heads("binance", job)) == number + 1
        except BaseException as error:  # noqa: BLE001  # told to the thread that asserts
            failed.append(error)

    threads = [threading.Thread(target=work, args=(f"job-{n}",)) for n in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not failed
    assert log.verify() == (100, (), 0)
    assert [one.payloads for one in without_index(tmp_path).jobs()] == [25] * 4


def test_a_job_is_told_by_number_with_refused_answers_as_they_came(tmp_path: Path) -> None:
    """Lost: the order in which a backfill was answered, or that it was refused first."""
    log = RawLog(tmp_path)
    answers = [record(2), record(1, b"slow", status=429), record(1, b"busy", status=500), record(1)]
    kept = [log.append(one) for one in answers]
    wanted = [kept[1], kept[2], kept[3], kept[0]]
    assert [of for of, _ in log.of_job("binance", "btc-1")] == wanted
    assert [one.status for one in log.heads("binance", "btc-1")] == [429, 500, 200, 200]


def test_the_same_answer_kept_twice_is_there_twice(tmp_path: Path) -> None:
    """Lost: a second append that says it kept something and did not."""
    log = RawLog(tmp_path)
    same = record(1, b"again")
    first, second = log.append(same), log.append(same)
    assert first == second
    assert [one for _, one in log.of_job("binance", "btc-1")] == [same, same]
    content = bytearray(segment(tmp_path).read_bytes())
    content[200] ^= 1  # the first copy
    segment(tmp_path).write_bytes(bytes(content))
    assert log.read(first) == same


def test_a_group_is_kept_with_its_order(tmp_path: Path) -> None:
    """Lost: pages that came together, in another order."""
    log = RawLog(tmp_path, segment_bytes=500)
    group = [record(n, b"x" * n) for n in range(10)]
    kept = log.append_many(group)
    assert [log.read(of) for of in kept] == group
    assert log.append_many([]) == ()
    assert [one.number for one in without_index(tmp_path).heads("binance", "btc-1")] == [*range(10)]


def test_jobs_tell_how_much_and_when(tmp_path: Path) -> None:
    """Lost: what was fetched when, without reading all of it."""
    log = RawLog(tmp_path)
    log.append(record(1, b"12345", received_at_ns=10))
    log.append(record(2, b"123", received_at_ns=30))
    log.append(record(1, b"", provider="kraken", received_at_ns=20))
    assert log.jobs() == (("binance", "btc-1", 2, 8, 10, 30), ("kraken", "btc-1", 1, 0, 20, 20))
    assert log.jobs("kraken") == (("kraken", "btc-1", 1, 0, 20, 20),)
    assert log.jobs("nobody") == RawLog(tmp_path / "nowhere").jobs() == ()
    assert not (tmp_path / "nowhere").exists(), "reading made a folder"


def test_a_payload_is_found_by_the_begin_of_its_id(tmp_path: Path) -> None:
    """Lost: an id of 64 digits that nobody can type, or the wrong payload for a short one."""
    log = RawLog(tmp_path)
    kept = [log.append(record(n)) for n in range(40)]
    assert log.find(kept[0][:16]) == log.find(kept[0]) == kept[0]
    firsts = [of[0] for of in kept]  # 40 ids begin with 16 digits
    with pytest.raises(Invalid, match="more than one"):
        log.find(max(firsts, key=firsts.count))
    for nothing in ("", "zz", "0" * 65, "g" * 64):
        with pytest.raises(NotFound):
            log.find(nothing)
        with pytest.raises(NotFound):
            log.read(nothing)
