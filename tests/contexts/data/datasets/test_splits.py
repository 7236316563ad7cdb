"""Splits: stored by name and hash, the same by every door, refused when they make no sense."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.contexts.data import kit

from fks.contexts.data.service.source import Source
from fks.contexts.data.service.splitting import (
    SplitRequest,
    find_split,
    list_splits,
    make_split,
)
from fks.contexts.data.store import DatasetStore
from fks.contracts.data.datasets import GetSplit, ListSplits, SplitPlan
from fks.kernel.errors import FksError, Invalid, NotFound, Unavailable
from fks.kernel.testing import running_app


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home with a dataset of three hundred bars."""
    csv = kit.write(tmp_path / "AAA.csv", kit.lines(300))
    DatasetStore(tmp_path / "home").save(kit.read(csv, name="mine"))
    return tmp_path / "home"


def split(home: Path, kind: str, **options: object) -> SplitPlan:
    """Split the dataset."""
    return make_split(
        home,
        SplitRequest(dataset="mine", kind=kind, **options),
        now_ns=1,  # type: ignore[arg-type]
    )


def test_a_split_is_found_by_name_hash_and_both(home: Path) -> None:
    """Lost: a model could not name the rows that it was tested on."""
    first = split(home, "chronological")
    assert [(part.name, part.ranges) for part in first.folds[0].parts] == [
        ("train", ((0, 240),)),
        ("validation", ((240, 270),)),
        ("test", ((270, 300),)),
    ]
    second = split(home, "chronological", parts="50,50")
    of, name = first.head.hash, "mine_chronological"
    assert first.head.name == name and first.head.dataset_hash in str(list(home.rglob("*")))
    assert find_split(home, name) == second
    for text in (of, of[:12], f"{name}@{of}", f"{name}@{of[:8]}"):
        assert Source(DatasetStore(home)).split(text) == first
    assert split(home, "chronological").head.hash == of
    assert [head.name for head in list_splits(home, "mine").splits] == [name]
    assert list_splits(home, "other").splits == ()
    with pytest.raises(NotFound, match="there are mine_chronological"):
        find_split(home, "nine")
    for odd in ("../x", "", "mine@*", "@", "mine_chronological@../../x", "*"):
        with pytest.raises(NotFound):
            find_split(home, odd)
    (home / "splits" / name / f"{of}.json").write_text("{")
    with pytest.raises(Unavailable):
        find_split(home, of)


def test_labels_of_a_file_are_those_of_the_same_bars_ahead(home: Path, tmp_path: Path) -> None:
    """Lost: labels that a user brings would purge other rows than the built-in ones."""
    ts = DatasetStore(home).open("mine").times()
    ends = ts[np.minimum(np.arange(300) + 7, 299)]
    order = np.random.default_rng(1).permutation(300)
    table = pa.table({"ts_ns": ts[order], "end_ts_ns": ends[order]})
    pq.write_table(table, tmp_path / "l.parquet")
    rows = "".join(f"{a},{b}\n" for a, b in zip(ts, ends, strict=True))
    (tmp_path / "l.csv").write_text("ts_ns,end_ts_ns\n" + rows)
    built_in = split(home, "purged-kfold", label_bars=7, embargo="1%").folds
    for name in ("l.parquet", "l.csv"):
        plan = split(home, "purged-kfold", labels=tmp_path / name, embargo="3")
        assert plan.folds == built_in
        assert len(plan.head.parameters["labels_sha256"]) == 64


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ts_ns,end\n1,2\n", "end_ts_ns"),
        ("ts_ns,end_ts_ns\n1,x\n", "whole nanoseconds"),
        ("ts_ns,end_ts_ns\n1,2\n1,3\n", "has a time twice"),
        ("ts_ns,end_ts_ns\n1,2\n", "no end_ts_ns for 300 of 300 bars"),
        ("", "times are whole"),
    ],
)
def test_a_bad_file_of_labels_is_refused(home: Path, tmp_path: Path, text: str, says: str) -> None:
    """Lost: rows without a label would be taken as if their label ended at once."""
    (tmp_path / "l.csv").write_text(text)
    with pytest.raises(Invalid, match=says):
        split(home, "purged-kfold", labels=tmp_path / "l.csv")
    assert not (home / "splits").exists()


def test_labels_that_end_before_they_begin_are_refused(home: Path, tmp_path: Path) -> None:
    """Lost: such a label would purge nothing."""
    ts = DatasetStore(home).open("mine").times()
    rows = "".join(f"{stamp},{stamp - 1}\n" for stamp in ts)
    (tmp_path / "l.csv").write_text("ts_ns,end_ts_ns\n" + rows)
    with pytest.raises(Invalid, match="end before they begin"):
        split(home, "walk-forward", labels=tmp_path / "l.csv", train=10, test=5)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("chronological", {"parts": "80"}),
        ("chronological", {"parts": "80,-10,30"}),
        ("chronological", {"parts": "a,b"}),
        ("chronological", {"parts": "NaN,1"}),
        ("chronological", {"parts": "1,1e9"}),
        ("walk-forward", {}),
        ("walk-forward", {"train": 299, "test": 2}),
        ("walk-forward", {"train": 10, "test": 5, "gap": -1}),
        ("purged-kfold", {"folds": 1}),
        ("purged-kfold", {"folds": 301}),
        ("purged-kfold", {"embargo": "-1"}),
        ("purged-kfold", {"embargo": "100%"}),
        ("purged-kfold", {"embargo": "x"}),
        ("purged-kfold", {"label_bars": 300}),
        ("combinatorial", {"folds": 6, "test_groups": 6}),
        ("combinatorial", {"folds": 40, "test_groups": 20}),
        ("purged-kfold", {"name": "../x"}),
        ("mystery", {}),
    ],
)
def test_a_split_that_makes_no_sense_is_refused(
    home: Path, kind: str, options: dict[str, object]
) -> None:
    """Lost: a split without a test, or one that takes an hour, would be stored."""
    with pytest.raises(FksError):
        split(home, kind, **options)
    assert not (home / "splits").exists()


async def test_a_split_is_answered_in_parts_over_the_bus(home: Path) -> None:
    """Lost: another context would have to import data, or get megabytes in one message."""
    plan = split(home, "combinatorial", folds=6, test_groups=2, label_bars=2)
    async with running_app(home=home, contexts=["data"]) as app:
        ask = app.runtime.bus.ask
        first = await ask(GetSplit(split=plan.head.name, limit=10), timeout_s=5)
        rest = await ask(GetSplit(split=plan.head.hash, first_fold=10), timeout_s=5)
        assert (*first.folds, *rest.folds) == plan.folds
        assert (first.first_fold, rest.first_fold, first.paths) == (0, 10, ())
        assert (await ask(GetSplit(split=plan.head.hash), timeout_s=5)) == plan
        assert (await ask(ListSplits(), timeout_s=5)).splits == (plan.head,)
        with pytest.raises(Invalid):
            await ask(GetSplit(split=plan.head.hash, limit=0), timeout_s=5)
