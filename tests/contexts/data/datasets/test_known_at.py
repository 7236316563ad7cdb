"""Bars that say when they were published: a read as of a time gets those, and no others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contexts.data import kit

from fks.cli import program
from fks.contexts.data.domain.imports import Imported
from fks.contexts.data.service.importing import with_known_at_file
from fks.contexts.data.service.source import Source
from fks.contexts.data.store import DatasetStore
from fks.kernel.clock import ManualClock
from fks.kernel.errors import Invalid, NotFound

LATER = kit.START_NS + 10**15


def published(folder: Path, delays: list[int], volume: int = 0) -> Imported:
    """Import bars of which each was published so long after its open."""
    rows = kit.lines(len(delays))
    rows[0] = rows[0].rsplit(",", 1)[0] + f",{volume}"
    stamps = [kit.START_NS + k * kit.MINUTE_NS for k in range(len(delays))]
    lines = "".join(f"{ts},{ts + d}\n" for ts, d in zip(stamps, delays, strict=True))
    (folder / "known.csv").write_text("ts_ns,known_at_ns\n" + lines)
    plain = kit.read(kit.write(folder / "A.csv", rows), name="mine")
    return with_known_at_file(plain, folder / "known.csv")


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.integers(0, 20 * kit.MINUTE_NS), min_size=1, max_size=12),
    st.lists(st.integers(0, 20 * kit.MINUTE_NS), min_size=1, max_size=12),
    st.lists(st.integers(-1, 40 * kit.MINUTE_NS), min_size=1, max_size=5),
)
def test_a_read_gets_the_bars_that_were_published_and_corrections_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, first: list[int], second: list[int], at: list[int]
) -> None:
    """Lost: a study would use figures that nobody had yet."""
    folder = tmp_path_factory.mktemp("known")
    clock = ManualClock(LATER)
    store = DatasetStore(folder / "home", now_ns=clock.now_ns)
    store.save(published(folder, first, volume=7))
    source = Source(store)

    def seen(as_of_ns: int) -> list[int]:
        try:
            bars = source.open("mine", as_of_ns=as_of_ns).columns()
        except NotFound:
            return []
        return bars.ts_ns.tolist()

    moments = [kit.START_NS + offset for offset in at]
    for moment in moments:
        known = [kit.START_NS + k * kit.MINUTE_NS for k, d in enumerate(first)]
        expected = [ts for ts, d in zip(known, first, strict=True) if ts + d <= moment]
        assert seen(moment) == expected
    before = [seen(moment) for moment in moments]
    clock.advance_ns(1000)
    store.save(published(folder, second, volume=8))
    assert [seen(moment) for moment in moments] == before
    assert len(seen(LATER)) == len(first)
    assert len(seen(LATER + 1000)) == len(second)


def test_the_times_are_part_of_the_content(tmp_path: Path) -> None:
    """Lost: two datasets that answer differently would have one hash."""
    store = DatasetStore(tmp_path / "home")
    one = store.save(published(tmp_path, [5] * 20))
    other = store.save(published(tmp_path, [6] * 20))
    plain = store.save(kit.read(tmp_path / "A.csv", name="mine"))
    assert len({one.hash, other.hash, plain.hash}) == 3
    for info in (one, other, plain):
        assert store.open(info.hash).verify()
    sources = store.open(one.hash).manifest().made_by.sources
    assert [source.name for source in sources] == ["A.csv", "known.csv"]
    part = store.open(one.hash, as_of_ns=kit.START_NS + 10 * kit.MINUTE_NS)
    assert (part.info.rows, part.info.last_ts_ns) == (10, kit.START_NS + 9 * kit.MINUTE_NS)
    assert part.window(0, 2**63 - 1, 3, tail=True)["total"] == 10
    assert np.array_equal(part.times(), part.columns().ts_ns)


def test_bars_known_before_they_opened_are_refused(tmp_path: Path) -> None:
    """Lost: a column of the wrong unit would make everything known at once."""
    with pytest.raises(Invalid, match="2 bars were known before they opened"):
        published(tmp_path, [5, -1, -1])


def test_the_command_reads_and_shows_them(tmp_path: Path) -> None:
    """Lost: known-at times could be given from Python only."""
    published(tmp_path, [0] * 30)

    def run(*arguments: str) -> dict[str, dict[str, int]]:
        line = ["--home", str(tmp_path / "home"), "data", *arguments, "--json"]
        result = CliRunner().invoke(program, line)
        assert result.exception is None, result.output
        found: dict[str, dict[str, int]] = json.loads(result.stdout)
        return found

    known = str(tmp_path / "known.csv")
    run("import", str(tmp_path / "A.csv"), "--name", "mine", "--known-at", known)
    assert run("show", "mine", "--as-of", "2024-01-01T00:10")["dataset"]["rows"] == 11
    assert run("show", "mine")["dataset"]["rows"] == 30
