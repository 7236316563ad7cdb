"""Bars of ticks as datasets: derived, told, and good for what bars are for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from fks.contexts.data.domain.sizing import Wanted
from fks.contexts.data.domain.ticks.imports import import_rows
from fks.contexts.data.service.aggregating import Aggregate, Aggregated, aggregate
from fks.contexts.data.service.lineage import lineage_of
from fks.contexts.data.service.resampling import resample
from fks.contexts.data.store import DatasetStore
from fks.kernel.errors import Invalid

from .test_ticks import ALL, trades


@pytest.fixture
def store(tmp_path: Path) -> DatasetStore:
    """Return a store with trades, quotes, a book and funding."""
    made = DatasetStore(tmp_path)
    for kind, one in ALL.items():
        info = msgspec.structs.replace(one.info, name=kind)
        made.save(one._replace(info=info))
    return made


def bars(store: DatasetStore, of: str, **asked: Any) -> Aggregated:
    """Aggregate a dataset."""
    return aggregate(
        store.open(of),
        Aggregate(**asked),
        now_ns=1,
        code_version="t",
    )


def test_bars_of_trades_descend_from_them_and_hours_are_the_same_either_way(
    store: DatasetStore,
) -> None:
    """Lost: where a bar came from, or two answers to the same question."""
    many = import_rows(trades(20_000), Wanted(symbol="BTCUSDT", name="many"))
    store.save(many)
    minutes = store.save(bars(store, "many", every="1m", name="m").imported)
    assert minutes.timeframe == "1m"
    assert many.info.hash in {node.hash for node in lineage_of(store, "m").nodes}
    direct = bars(store, "many", every="1h", name="h").imported
    stepped = resample(store.open("m"), "1h", "h2", now_ns=1, code_version="t")
    whole = store.open(store.save(direct).name).columns()
    assert stepped.cut <= 2
    part = store.open(store.save(stepped.imported).name).columns()
    first = int((whole.ts_ns == part.ts_ns[0]).argmax())
    cut = whole[first : first + len(part)]
    for name in ("ts_ns", "open_ticks", "high_ticks", "low_ticks", "close_ticks", "volume"):
        assert getattr(cut, name).tolist() == getattr(part, name).tolist()


def test_bars_that_follow_no_clock_are_bars_like_others(store: DatasetStore) -> None:
    """Lost: a backtest on bars of a thousand trades, or a report full of gaps that are none."""
    made = bars(store, "trades", trades=7, name="seven")
    info = store.save(made.imported)
    assert (info.timeframe, info.rows, made.left) == ("7t", 14, 2)
    assert made.imported.report.missing_bars == 0
    assert store.open("seven").verify()
    by_value = store.save(bars(store, "trades", value="1000", name="v").imported)
    assert by_value.timeframe == "1000q"
    assert by_value.rows > 1


def test_what_cannot_be_made_is_one_clear_line(store: DatasetStore) -> None:
    """Lost: a user who does not know what to write instead."""
    for of, asked, words in (
        ("trades", {}, "choose one of"),
        ("trades", {"every": "1m", "trades": 5}, "choose one of"),
        ("trades", {"volume": "many"}, "positive number"),
        ("trades", {"volume": "0.0005"}, "in steps of 0.001"),
        ("trades", {"trades": 10_000}, "no whole bar"),
        ("trades", {"every": "7x"}, "timeframe"),
        ("trades", {"every": "7t"}, "follow no clock"),
        ("quotes", {"trades": 5}, "by the clock"),
        ("quotes", {"every": "1m", "price": "last"}, "bid, ask or mid"),
        ("depth", {"every": "1m"}, "depth"),
        ("funding", {"every": "1h"}, "funding"),
        ("sp500_daily", {"every": "1h"}, "holds bars"),
    ):
        with pytest.raises(Invalid, match=words):
            bars(store, of, **asked)
