"""The store: whole datasets or none, one hash for one content, the same bars by every door."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.contexts.data import kit

from fks.contexts.data.service.source import Source
from fks.contexts.data.store import SAMPLES, DatasetStore
from fks.contexts.data.store import bars as bars_file
from fks.kernel.errors import Conflict, Invalid, NotFound, Unavailable

CHILD = Path(__file__).with_name("importing_child.py")


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    """Return a file of three hundred bars, one of them bad."""
    return kit.write(tmp_path / "AAA.csv", [*kit.lines(300), "2024-02-01,1,1,-1,1,1"])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home folder that is not there yet."""
    return tmp_path / "home"


def test_a_dataset_comes_back_as_it_was_imported(home: Path, csv: Path) -> None:
    """Lost: a backtest would run on other bars than the report speaks of."""
    imported = kit.read(csv)
    info = DatasetStore(home).save(imported)
    opened = DatasetStore(home).open("aaa_1m")
    assert opened.info == info
    assert opened.quality() == imported.report
    assert opened.verify()
    bars, kept = opened.columns(), imported.cleaned.kept
    for name in ("ts_ns", "open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(bars, name), getattr(kept, name)), name
    quarantine = pq.read_table(Path(info.path) / "quarantine.parquet").to_pylist()
    assert [(row["file"], row["row"], row["reason"]) for row in quarantine] == [
        ("AAA.csv", 301, "price not positive")
    ]


def test_a_dataset_is_found_by_name_hash_and_both(home: Path, csv: Path) -> None:
    """Lost: a run could not name the version that it used."""
    store = DatasetStore(home)
    old = store.save(kit.read(csv, name="mine"))
    new = store.save(kit.read(csv, name="mine", timeframe="5m"))
    assert store.open("mine").info.hash == new.hash
    for text in (f"mine@{old.hash}", f"mine@{old.hash[:12]}", old.hash, old.hash[:12]):
        assert store.open(text).info == old
    again = store.save(kit.read(csv, name="mine"))
    assert (again.hash, store.open("mine").info.hash) == (old.hash, old.hash)
    with pytest.raises(NotFound, match="no dataset 'nine'; there are mine, nasdaq_daily, sp500"):
        store.open("nine")
    odd = ("mine@0000000000", "../../etc", "", "\0", "mine@../x", "latest", f"../mine@{old.hash}")
    for text in (*odd, f"*@{old.hash}", "@"):
        with pytest.raises(NotFound):
            store.open(text)


def test_the_samples_are_there_without_an_import_and_keep_their_names(
    home: Path, csv: Path
) -> None:
    """Lost: the main job would need a download, or run on a stranger's S&P 500."""
    store = DatasetStore(home)
    infos = {info.name: info for info in store.list()}
    assert set(infos) == {"sp500_daily", "nasdaq_daily"}
    for name, info in infos.items():
        opened = store.open(name)
        assert opened.verify()
        assert not info.synthetic
        assert (info.rows, info.timeframe, info.instrument.calendar) == (5031, "1d", "XNYS")
        assert len(opened.columns()) == 5031
        assert "NCSA" in info.source
        with pytest.raises(Conflict, match="is a sample"):
            store.save(kit.read(csv, name=name))
    assert not home.exists()
    assert sum(p.stat().st_size for p in SAMPLES.rglob("*") if p.is_file()) < 500_000
    closes = store.open("sp500_daily").columns()
    assert closes.close[0] == 1228.10, "1999-01-04, as published"


@pytest.mark.parametrize("tail", [True, False])
@pytest.mark.parametrize("limit", [1, 7, 1000])
@pytest.mark.parametrize("group_rows", [1 << 17, 16])
def test_a_window_is_the_same_by_duckdb_and_by_columns(
    home: Path,
    csv: Path,
    monkeypatch: pytest.MonkeyPatch,
    limit: int,
    tail: bool,
    group_rows: int,
) -> None:
    """Lost: a chart would show other bars than the backtest had."""
    monkeypatch.setattr(bars_file, "GROUP_ROWS", group_rows)
    DatasetStore(home).save(kit.read(csv))
    begin, end = kit.START_NS + 17 * kit.MINUTE_NS, kit.START_NS + 90 * kit.MINUTE_NS + 1
    cold, warm = DatasetStore(home).open("aaa_1m"), DatasetStore(home).open("aaa_1m")
    bars = warm.columns(begin, end)
    assert len(bars) == 74
    for span in ((begin, end), (0, 2**63 - 1), (-(2**63), 5), (end, begin)):
        by_sql = cold.window(*span, limit, tail=tail)
        assert by_sql == warm.window(*span, limit, tail=tail)
    assert cold.window(begin, end, 1000, tail=tail)["ts_ns"] == bars.ts_ns.tolist()


def test_the_query_engine_can_read_its_one_file_and_do_nothing_else(
    home: Path, csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: whoever found a way into a query could read the disk, or load code."""
    DatasetStore(home).save(kit.read(csv))
    opened, refusals = duckdb.connect, []

    class Probed:
        """A connection that is tried out once it is set up."""

        def __init__(self, *arguments: Any) -> None:
            self.inner = opened(*arguments)

        def __enter__(self) -> Probed:
            return self

        def __exit__(self, *_: object) -> None:
            self.inner.close()

        def execute(self, query: str, *arguments: Any) -> Any:
            if query.startswith("SELECT count"):
                for attack in (
                    f"SELECT * FROM read_csv('{csv}')",
                    f"COPY (SELECT 1) TO '{csv}'",
                    f"ATTACH '{home / 'x.db'}'",
                    "SET enable_external_access = true",
                    "INSTALL httpfs",
                ):
                    with pytest.raises(duckdb.Error):
                        self.inner.execute(attack)
                    refusals.append(attack)
            return self.inner.execute(query, *arguments)

    monkeypatch.setattr(duckdb, "connect", Probed)
    assert DatasetStore(home).open("aaa_1m").window(0, 2**63 - 1, 5, tail=True)["total"] == 300
    assert len(refusals) == 5


def test_a_home_with_strange_characters_works(tmp_path: Path, csv: Path) -> None:
    """Lost: a folder named with brackets or quotes would be taken for a pattern or for SQL."""
    for name in ("a [b]*?", "it's; DROP", "Größe ü"):
        store = DatasetStore(tmp_path / name)
        store.save(kit.read(csv))
        assert store.open("aaa_1m").window(0, 2**63 - 1, 5, tail=True)["total"] == 300


def test_loaded_columns_take_little_more_than_their_bytes(home: Path, tmp_path: Path) -> None:
    """Lost: ten million bars would not fit where they should."""
    path = kit.write(tmp_path / "B.csv", kit.lines(20_000))
    DatasetStore(home).save(kit.read(path))
    bars = DatasetStore(home).open("b_1m").columns()
    held = sum(value.nbytes for value in vars(bars).values() if isinstance(value, np.ndarray))
    assert held == 6 * 8 * 20_000
    assert all(v.base is None or v.base.nbytes <= v.nbytes for v in (bars.ts_ns, bars.close_ticks))


def test_a_killed_import_leaves_no_half_dataset(home: Path, csv: Path) -> None:
    """Lost: after a kill a dataset could be listed that cannot be read, or is another one."""
    rng = random.Random(7)
    acknowledged: set[str] = set()
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for _ in range(6):
        child = subprocess.Popen(
            [sys.executable, str(CHILD), str(home), "1000", str(csv)],
            stdout=subprocess.PIPE,
            env=environ,
            text=True,
        )
        assert child.stdout is not None
        acknowledged.add(child.stdout.readline().strip())
        time.sleep(rng.uniform(0, 0.2))
        child.kill()
        acknowledged.update(child.stdout.read().split())
        child.wait()
        child.stdout.close()
        store = DatasetStore(home)
        (made,) = [info for info in store.list() if info.name == "made"]
        whole = [p.name for p in (home / "datasets/made").iterdir() if not p.name.startswith(".")]
        for name in set(whole) - {"latest"}:
            opened = store.open(f"made@{name}")
            assert opened.verify(), name
            assert opened.quality().rows_kept == 300
        assert made.hash in whole
    acknowledged = {hash_ for hash_ in acknowledged if len(hash_) == 64}
    assert acknowledged <= set(whole), "an import that was confirmed is gone"
    store.save(kit.read(csv, name="made"))
    assert not list((home / "datasets/made").glob(".tmp-*")), "what the killed left is swept"


def test_many_threads_may_import_the_same_content(home: Path, csv: Path) -> None:
    """Lost: two imports at once would tear each other's files."""
    imported = [kit.read(csv, name="made", timeframe=f"{k % 3 + 1}m") for k in range(9)]
    failures: list[BaseException] = []

    def save(k: int) -> None:
        try:
            DatasetStore(home).save(imported[k])
        except BaseException as error:  # noqa: BLE001  # whatever it is, the test shows it
            failures.append(error)

    threads = [threading.Thread(target=save, args=(k,)) for k in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    store = DatasetStore(home)
    assert {store.open(one.info.hash).verify() for one in imported} == {True}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_a_full_or_closed_disk_is_said_and_leaves_nothing(
    home: Path, csv: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Lost: a traceback, and half a dataset that the next start trips over."""
    store = DatasetStore(home)
    first = store.save(kit.read(csv, name="made"))

    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(pq, "write_table", fail)
    says = "no space left" if code == errno.ENOSPC else "cannot be written: Permission denied"
    with pytest.raises(Unavailable, match=says):
        store.save(kit.read(csv, name="made", timeframe="5m"))
    assert store.open("made").info == first
    assert not list((home / "datasets/made").glob(".tmp-*"))


def test_a_home_that_is_a_file_is_said(tmp_path: Path, csv: Path) -> None:
    """Lost: a traceback for a mistyped --home."""
    (tmp_path / "home").write_text("")
    with pytest.raises(Unavailable, match="cannot be written"):
        DatasetStore(tmp_path / "home").save(kit.read(csv))


def test_damage_on_disk_is_found_and_named(home: Path, csv: Path) -> None:
    """Lost: a changed file would give other results under the same hash."""
    info = DatasetStore(home).save(kit.read(csv, name="made"))
    bars = Path(info.path) / "bars.parquet"
    table = pq.read_table(bars)
    changed = table.set_column(5, "volume", [table["volume"].to_numpy() + 1])
    pq.write_table(changed, bars)
    assert not DatasetStore(home).open("made").verify()
    bars.write_bytes(b"")
    with pytest.raises(Unavailable, match="dataset made cannot be read"):
        DatasetStore(home).open("made").columns()
    with pytest.raises(Unavailable, match="dataset made cannot be read"):
        DatasetStore(home).open("made").window(0, 1, 1, tail=True)
    (Path(info.path) / "manifest.json").write_text("{")
    with pytest.raises(Unavailable, match="damaged manifest"):
        DatasetStore(home).list()


def test_the_file_of_a_stored_dataset_is_not_taken_for_prices(home: Path, csv: Path) -> None:
    """Lost: whole ticks would be imported as prices, a hundred times too high."""
    info = DatasetStore(home).save(kit.read(csv, name="made"))
    with pytest.raises(Invalid, match="fks data export"):
        kit.read(Path(info.path) / "bars.parquet")


def test_a_source_opens_names_first_and_files_where_there_is_no_such_name(
    home: Path, csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: a backtest could not run on a file, or a stray file would shadow a dataset."""
    store = DatasetStore(home)
    stored = store.save(kit.read(csv, name="made"))
    source = Source(store)
    monkeypatch.chdir(csv.parent)
    (csv.parent / "made").write_text("no table")
    assert source.open("made").info == stored
    by_path = source.open(str(csv))
    assert by_path.info.hash == kit.read(csv).info.hash
    begin = kit.START_NS + 10 * kit.MINUTE_NS
    assert len(by_path.columns(begin)) == 290
    assert len(by_path.columns(begin, begin)) == 0
    assert source.open("AAA.csv").info.rows == 300
    assert [info.name for info in source.list()] == ["made", "nasdaq_daily", "sp500_daily"]
    with pytest.raises(NotFound, match="there are made"):
        source.open("No Such Thing")
    with pytest.raises(Invalid, match="is empty"):
        (csv.parent / "e.csv").write_text("")
        source.open("e.csv")
