"""Versions: what made each, tags, what was known when, what changed, and where it comes from."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from tests.contexts.data import kit

from fks.contexts.data.adapters.fingerprint import fingerprint
from fks.contexts.data.domain.imports import Imported
from fks.contexts.data.service.lineage import lineage_of, versions_of
from fks.contexts.data.service.source import Source
from fks.contexts.data.store import SAMPLES, DatasetStore
from fks.contexts.data.store.differing import difference
from fks.contracts.data.datasets import Provenance
from fks.kernel.clock import ManualClock
from fks.kernel.errors import Conflict, Invalid, NotFound, Unavailable

GOLDEN = {
    "code_version": "0.0.9",
    "created_at_ns": 5,
    "first_ts_ns": 1704067200000000000,
    "hash": "a" * 64,
    "instrument": {"calendar": "24/7", "id": "AAA", "tick_size": "0.01"},
    "last_ts_ns": 1704067200000000000,
    "name": "old",
    "path": "",
    "provider": "file",
    "quarantined": 0,
    "rows": 1,
    "score": 100.0,
    "source": "AAA.csv",
    "synthetic": False,
    "timeframe": "1m",
}
"""A manifest as the first FKS wrote it."""


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands still."""
    return ManualClock(1_000)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> DatasetStore:
    """Return an empty store."""
    return DatasetStore(tmp_path / "home", now_ns=clock.now_ns)


def made(tmp_path: Path, count: int, name: str = "mine") -> Imported:
    """Import that many bars into memory."""
    return kit.read(kit.write(tmp_path / f"AAA{count}.csv", kit.lines(count)), name=name)


def test_a_manifest_names_its_files_and_its_sources_by_their_bytes(
    tmp_path: Path, store: DatasetStore
) -> None:
    """Lost: a bar could not be traced to the bytes that brought it."""
    info = store.save(made(tmp_path, 20))
    manifest = store.open("mine").manifest()
    assert manifest.version == 2
    assert {file.name for file in manifest.files} == {"bars.parquet", "quality.json"}
    for file in manifest.files:
        data = (Path(info.path) / file.name).read_bytes()
        assert (file.bytes, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    (source,) = manifest.made_by.sources
    data = (tmp_path / "AAA20.csv").read_bytes()
    assert (source.name, source.bytes) == ("AAA20.csv", len(data))
    assert source.sha256 == hashlib.sha256(data).hexdigest()
    assert (manifest.made_by.kind, manifest.made_by.payloads) == ("files", ())
    assert manifest.made_by.code_version == "test"


def test_a_manifest_of_the_first_version_still_opens(store: DatasetStore) -> None:
    """Lost: an upgrade would lose the datasets that are there."""
    folder = store.root / "old" / ("a" * 64)
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(GOLDEN))
    (store.root / "old" / "latest").write_text("a" * 64)
    opened = store.open("old")
    assert (opened.info.hash, opened.info.rows) == ("a" * 64, 1)
    manifest = opened.manifest()
    assert (manifest.version, manifest.files) == (1, ())
    assert manifest.made_by == Provenance(
        kind="unrecorded", command="AAA.csv", code_version="0.0.9"
    )
    assert [one.first_at_ns for one in versions_of(store, "old").versions] == [5]
    assert store.open("old", as_of_ns=5).info == opened.info
    with pytest.raises(NotFound, match="first version was stored"):
        store.open("old", as_of_ns=4)
    (folder / "manifest.json").write_text(json.dumps({**GOLDEN, "version": 3}))
    with pytest.raises(Unavailable, match="a newer FKS wrote"):
        store.open("old").manifest()


def test_an_older_store_keeps_its_versions_when_a_history_begins(
    tmp_path: Path, store: DatasetStore, clock: ManualClock
) -> None:
    """Lost: the first import after an upgrade would forget what was known before."""
    first = store.save(made(tmp_path, 10))
    second = store.save(made(tmp_path, 20))
    for left in store.root.joinpath("mine").glob(".history*"):
        left.unlink()
    (store.root / "mine" / "latest").write_text(first.hash)
    fresh = DatasetStore(store.home, now_ns=clock.now_ns)
    assert fresh.open("mine").info.hash == first.hash
    third = fresh.save(made(tmp_path, 30))
    assert {one.hash for one in versions_of(fresh, "mine").versions} == {
        first.hash,
        second.hash,
        third.hash,
    }
    assert fresh.open("mine").info.hash == third.hash


def test_a_tag_opens_wherever_a_dataset_may_be_named(tmp_path: Path, store: DatasetStore) -> None:
    """Lost: people would copy hashes by hand, and mistake one for another."""
    first = store.save(made(tmp_path, 10))
    second = store.save(made(tmp_path, 20))
    store.tag(f"mine@{first.hash[:12]}", "v1")
    store.tag("mine@v1", "v1")
    assert Source(store).open("mine@v1").info.hash == first.hash
    with pytest.raises(Conflict, match="tag v1 is on"):
        store.tag("mine", "v1")
    assert store.open("mine@v1").info.hash == first.hash
    store.tag("mine", "v1", move=True)
    assert store.open("mine@v1").info.hash == second.hash
    for odd in ("deadbeef", "../x", "", "V1", "a" * 65, "x@y"):
        with pytest.raises(Invalid, match="cannot be a tag"):
            store.tag("mine", odd)
    with pytest.raises(NotFound):
        store.open("mine@v2")
    store.tag("sp500_daily", "course")
    assert store.open("sp500_daily@course").info.name == "sp500_daily"
    assert store.open("sp500_daily").verify()


def test_what_was_known_then_does_not_change_by_what_comes_later(
    tmp_path: Path, store: DatasetStore, clock: ManualClock
) -> None:
    """Lost: a correction would change a backtest that was made before it."""
    first = store.save(made(tmp_path, 10))
    store.tag("mine", "good")
    clock.advance_ns(100)
    second = store.save(made(tmp_path, 20))
    store.tag("mine", "good", move=True)
    clock.advance_ns(100)
    assert store.save(made(tmp_path, 10)).hash == first.hash
    source = Source(store)
    seen = [source.open("mine", as_of_ns=at).info.hash for at in (1_050, 1_150, 1_250)]
    assert seen == [first.hash, second.hash, first.hash]
    assert len(source.open("mine", as_of_ns=1_050).columns()) == 10
    assert source.open("mine@good", as_of_ns=1_050).info.hash == first.hash
    assert source.open(first.hash, as_of_ns=1_000).info.hash == first.hash
    for text, at in (("mine", 999), (f"mine@{second.hash}", 1_050), (second.hash, 1_050)):
        with pytest.raises(NotFound, match="known on"):
            source.open(text, as_of_ns=at)
    with pytest.raises(Invalid, match="is a file"):
        source.open(str(tmp_path / "AAA10.csv"), as_of_ns=1)


def test_a_clock_that_goes_back_does_not_reorder_what_was_known(
    tmp_path: Path, store: DatasetStore, clock: ManualClock
) -> None:
    """Lost: after a wrong clock the older version would pass for the newer one."""
    store.save(made(tmp_path, 10))
    behind = DatasetStore(store.home, now_ns=lambda: 3)
    second = behind.save(made(tmp_path, 20))
    times = [one.first_at_ns for one in versions_of(behind, "mine").versions]
    assert times == sorted(times) and len(set(times)) == 2
    assert store.open("mine").info.hash == second.hash


def test_the_same_bars_from_another_file_are_one_version_with_two_origins(
    tmp_path: Path, store: DatasetStore
) -> None:
    """Lost: of two files that brought the same bars one would be forgotten."""
    store.save(made(tmp_path, 10))
    other = kit.write(tmp_path / "other.csv", reversed(kit.lines(10)))
    for _ in range(3):
        store.save(kit.read(other, name="mine", instrument="AAA10"))
    (node,) = lineage_of(store, "mine").nodes
    assert [one.sources[0].name for one in node.made_by] == ["AAA10.csv", "other.csv"]
    assert len(versions_of(store, "mine").versions) == 1


def test_a_lineage_reaches_the_sources_through_what_was_derived(
    tmp_path: Path, store: DatasetStore
) -> None:
    """Lost: a resampled dataset would be an orphan; one with a lost parent would not open."""
    base = store.save(made(tmp_path, 10, "base"))
    derived = made(tmp_path, 20, "derived")._replace(
        provenance=Provenance(kind="derived", command="resample", parents=(base.hash, "f" * 64))
    )
    info = store.save(derived)
    found = lineage_of(store, "derived")
    assert [node.hash for node in found.nodes] == [info.hash, base.hash, "f" * 64]
    assert found.nodes[1].made_by[0].sources[0].name == "AAA10.csv"
    assert not found.nodes[2].stored


def test_a_difference_counts_rows_and_columns(tmp_path: Path, store: DatasetStore) -> None:
    """Lost: nobody would see what a correction corrected."""
    rows = kit.lines(300)
    before = store.save(kit.read(kit.write(tmp_path / "A.csv", rows), name="mine"))
    changed = [*rows[:20], *rows[21:], *kit.lines(4, kit.START_NS + 300 * kit.MINUTE_NS)]
    changed[5] = changed[5].rsplit(",", 1)[0] + ",77"
    store.save(kit.read(kit.write(tmp_path / "A.csv", changed), name="mine"))
    old, new = store.open(f"mine@{before.hash}"), store.open("mine")
    found = difference(old, new, store.vault, sample=3)
    assert (found.added, found.removed, found.changed) == (4, 1, 1)
    assert found.columns == {"open": 0, "high": 0, "low": 0, "close": 0, "volume": 1}
    assert [row.what for row in found.sample] == ["changed", "removed", "added"]
    assert (found.sample[0].before["volume"], found.sample[0].after["volume"]) == (6, 77)
    assert (found.rows_a, found.rows_b, found.notes) == (300, 303, ())
    back = difference(new, old, store.vault, sample=0)
    assert (back.added, back.removed, back.changed, back.sample) == (1, 4, 1, ())
    none = difference(old, old, store.vault, sample=5)
    assert (none.added, none.removed, none.changed, none.first_ts_ns) == (0, 0, 0, 0)
    other = difference(old, store.open("sp500_daily"), store.vault, sample=1)
    assert {note.split(" differ")[0] for note in other.notes} == {
        "instruments",
        "timeframes",
        "calendars",
    }


def test_a_folder_is_known_by_the_files_that_were_read(tmp_path: Path) -> None:
    """Lost: a dataset of a folder would name files that are none of its sources."""
    folder = tmp_path / "spy"
    folder.mkdir()
    for name in ("1_trade.zip", "2_trade.zip", "1_quote.zip"):
        (folder / name).write_text(name)
    found = fingerprint(folder, {"1_trade.zip", "2_trade.zip"})
    assert [one.name for one in found] == ["spy/1_trade.zip", "spy/2_trade.zip"]
    assert len(fingerprint(folder)) == 3
    with pytest.raises(Unavailable):
        fingerprint(tmp_path / "nothing")


def test_a_lost_or_changed_history_is_named(tmp_path: Path, store: DatasetStore) -> None:
    """Lost: an edited history would answer as if it were the one that was written."""
    store.save(made(tmp_path, 10))
    store.tag("mine", "v1")
    log = store.root / "mine" / ".history"
    whole = log.read_bytes()
    for edited in (whole.replace(b'"v1"', b'"v2"'), whole.splitlines(keepends=True)[0], b""):
        log.write_bytes(edited)
        with pytest.raises(Unavailable, match=r"\.history, line"):
            DatasetStore(store.home).open("mine")
    log.write_bytes(whole + b'{"n":2,"bef')
    assert DatasetStore(store.home).open("mine@v1").info.rows == 10
    store.tag("mine", "v2")
    assert DatasetStore(store.home).open("mine@v2").info.rows == 10
    shutil.rmtree(store.root / "mine")
    assert [info.name for info in store.list()] == [
        path.name for path in sorted(SAMPLES.iterdir()) if path.is_dir()
    ]
