"""Removing versions: never one that is needed, and a whole store after every kill."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import insert
from tests.contexts.data import kit

from fks.app import load_host
from fks.cli import program
from fks.contexts.data.service.collecting import collect_unneeded
from fks.contexts.data.service.lineage import versions_of
from fks.contexts.data.service.splitting import SplitRequest, make_split
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.collecting import Collection, collect, survey
from fks.contexts.execution import tables
from fks.contracts.data import DatasetInfo
from fks.contracts.data.datasets import Provenance
from fks.kernel import migrations
from fks.kernel.errors import FksError, NotFound
from fks.kernel.persistence import Database
from fks.library import backtest

CHILD = Path(__file__).with_name("collecting_child.py")
Save = Callable[..., DatasetInfo]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home that is not there yet."""
    return tmp_path / "home"


@pytest.fixture
def save(home: Path, tmp_path: Path) -> Save:
    """Return what stores a version of so many bars."""

    def version(count: int, name: str = "mine", parents: tuple[str, ...] = ()) -> DatasetInfo:
        csv = kit.write(tmp_path / "AAA.csv", kit.lines(count))
        made_by = Provenance(kind="derived", command=f"cut {count}", parents=parents)
        return DatasetStore(home).save(kit.read(csv, name=name)._replace(provenance=made_by))

    return version


def gc(home: Path, *, remove: bool = True) -> Collection:
    """Collect with the references of all shipped contexts."""
    hook = load_host(entry_points=False).hook
    return asyncio.run(collect_unneeded(home, hook, "", older_than_ns=2**62, remove=remove))


def reasons(found: Collection) -> dict[str, str]:
    """Return why each version is kept, by the start of its hash."""
    return {one.hash: ", ".join(one.kept_for) for one in found.kept}


def test_only_what_nothing_needs_is_removed(home: Path, save: Save) -> None:
    """Lost: a tag, a split or a derived dataset would point at nothing."""
    tagged, split, parent, unneeded, latest = (save(count) for count in (10, 20, 30, 40, 50))
    DatasetStore(home).tag(f"mine@{tagged.hash}", "v1")
    request = SplitRequest(dataset=f"mine@{split.hash}", kind="chronological")
    make_split(home, request, now_ns=1)
    child = save(31, "child", (parent.hash,))
    shown = gc(home, remove=False)
    assert [one.hash for one in shown.collectable] == [unneeded.hash]
    assert DatasetStore(home).open(unneeded.hash).verify(), "a look removes nothing"
    assert reasons(shown) == {
        tagged.hash: "tag mine@v1",
        split.hash: "split mine_chronological",
        parent.hash: f"parent of {child.hash[:12]}",
        latest.hash: "latest of mine",
        child.hash: "latest of child",
    }
    done = gc(home)
    assert (done.removed, [one.hash for one in done.collectable]) == (True, [unneeded.hash])
    assert done.bytes > 1000
    store = DatasetStore(home)
    for kept in (tagged, split, parent, latest, child):
        assert store.open(kept.hash).verify()
    with pytest.raises(NotFound, match="was collected"):
        store.open(f"mine@{unneeded.hash}")
    gone = {one.hash: one.stored for one in versions_of(store, "mine").versions}
    assert [of for of, stored in gone.items() if not stored] == [unneeded.hash]
    assert gc(home).collectable == ()
    assert save(40).hash == unneeded.hash
    assert DatasetStore(home).open("mine").info.rows == 40


def test_a_version_that_is_collected_is_not_replaced_by_another_for_what_was_known(
    home: Path, save: Save
) -> None:
    """Lost: an as-of read would silently get the bars of a correction."""
    save(10)
    between = time.time_ns()
    save(20)
    gc(home)
    with pytest.raises(NotFound, match="was collected"):
        DatasetStore(home).open("mine", as_of_ns=between)


def test_children_that_go_take_their_parents_with_them_but_not_one_that_stays(
    home: Path, save: Save
) -> None:
    """Lost: a chain of versions that nothing needs would stay for ever."""
    first = save(10, "a")
    second = save(20, "b", (first.hash,))
    save(30, "a")
    save(40, "b")
    assert {one.hash for one in gc(home).collectable} == {first.hash, second.hash}


def test_the_dataset_of_a_run_stays(home: Path, save: Save) -> None:
    """Lost: a backtest could not be made again."""
    used, unneeded = save(300), save(200)
    save(100)
    result = backtest("sma_cross", f"mine@{used.hash}", home=home)
    result.save()
    found = gc(home)
    assert reasons(found)[used.hash] == f"run {result.run.id}"
    assert [one.hash for one in found.collectable] == [unneeded.hash]


async def _session(home: Path, of: str) -> None:
    """Store a session over a dataset."""
    database = Database(migrations.embedded_url(home))
    terms = json.dumps({"dataset": "mine", "dataset_hash": of, "strategy": "x"}).encode()
    row = {"id": "s1", "start_key": "k", "request_hash": "", "terms": terms}
    rest = {"status": "done", "error": "", "created_at_ns": 1}
    async with database.transaction() as tx:
        await tx.execute(insert(tables.sessions).values(row | rest))
    await database.close()


def test_the_dataset_of_a_session_stays_and_a_silent_database_stops_it_all(
    home: Path, save: Save
) -> None:
    """Lost: a session that is over could not be looked at; an outage would remove its data."""
    used = save(10)
    save(20)
    migrations.upgrade(migrations.embedded_url(home))
    asyncio.run(_session(home, used.hash))
    assert reasons(gc(home))[used.hash] == "session s1"
    (home / "fks.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(FksError):
        gc(home)
    assert DatasetStore(home).open(used.hash).verify()


def test_the_command_removes_only_when_told_and_spares_what_is_new(home: Path, save: Save) -> None:
    """Lost: a look at the garbage would throw it away."""
    old = save(10)
    save(20)

    def run(*arguments: str) -> list[str]:
        line = ["--home", str(home), "data", "gc", *arguments, "--json"]
        result = CliRunner().invoke(program, line)
        assert result.exception is None, result.output
        return [one["hash"] for one in json.loads(result.stdout)["collectable"]]

    assert run("--remove") == []
    assert run("--older-than", "0") == [old.hash]
    assert DatasetStore(home).open(old.hash).verify()
    assert run("--older-than", "0", "--remove") == [old.hash]
    assert run("--older-than", "0") == []


def test_what_is_tagged_or_stored_anew_meanwhile_is_spared(home: Path, save: Save) -> None:
    """Lost: the time between looking and removing would be a trap."""
    first, second = save(10), save(20)
    save(30)
    store = DatasetStore(home)
    found = survey(store, (), older_than_ns=2**62)
    assert {one.hash for one in found.collectable} == {first.hash, second.hash}
    DatasetStore(home).tag(f"mine@{first.hash}", "v1")
    save(20)
    assert collect(store, found).collectable == ()


def test_a_killed_collector_leaves_a_whole_store(home: Path, save: Save, tmp_path: Path) -> None:
    """Lost: a kill would leave a version that is listed and cannot be read."""
    seed = random.randrange(1 << 30)
    rng = random.Random(seed)
    hashes = [save(count).hash for count in range(10, 40)]
    DatasetStore(home).tag(f"mine@{hashes[3]}", "v1")
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    removed: set[str] = set()
    for _ in range(5):
        child = subprocess.Popen(
            [sys.executable, str(CHILD), str(home)],
            stdout=subprocess.PIPE,
            env=environ,
            text=True,
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(rng.uniform(0, 0.03))
        child.kill()
        child.wait()
        child.stdout.close()
        store = DatasetStore(home)
        assert store.open("mine").info.hash == hashes[-1], seed
        assert store.open("mine@v1").info.hash == hashes[3], seed
        for version in versions_of(store, "mine").versions:
            assert version.stored or version.hash not in (hashes[3], hashes[-1]), seed
            if version.stored:
                assert store.open(f"mine@{version.hash}").verify(), seed
            else:
                removed.add(version.hash)
        assert {v.hash for v in versions_of(store, "mine").versions if v.stored} | removed == set(
            hashes
        ), seed
    gc(home)
    left = {path.name for path in (home / "datasets/mine").iterdir() if path.is_dir()}
    assert left == {hashes[3], hashes[-1]}, "what the killed left is swept"
