"""Ticks in the commands and queries that bars have: compared, aggregated, backtested, asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from fks.cli import program
from fks.contexts.data.domain.sizing import Wanted
from fks.contexts.data.domain.ticks.imports import import_rows
from fks.contexts.data.service.splitting import SplitRequest, make_split
from fks.contexts.data.service.vault import seal_range
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.differing import difference
from fks.contracts.data import GetBars
from fks.contracts.data.ticks import NO_ID, GetTicks, TradeRows
from fks.kernel.errors import Denied, Invalid
from fks.kernel.testing import running_app

from .test_ticks import ALL, trades

TIMEOUT_S = 10.0


def answer(home: Path, *arguments: str) -> Any:
    """Run the program and return its one JSON document."""
    result = CliRunner().invoke(program, ["--home", str(home), *arguments, "--json"])
    assert result.exception is None, result.output
    return json.loads(result.stdout)


def wanted(name: str) -> Wanted:
    """Return the wish for a dataset of this name."""
    return Wanted(symbol="BTCUSDT", name=name)


def test_a_difference_of_ticks_counts_whole_rows(tmp_path: Path) -> None:
    """Lost: which trades a provider took back, or a trade that is there once instead of twice."""
    store, base = DatasetStore(tmp_path), trades()
    again = np.append(np.arange(100), 99)
    unnamed = np.full(101, NO_ID, dtype=np.int64)
    ts_ns, price, quantity, side = (base[k][again] for k in range(4))
    twice = TradeRows(ts_ns, price, quantity, side, unnamed)
    store.save(import_rows(base._replace(id=unnamed[:100]), wanted("a")))
    store.save(import_rows(twice, wanted("b")))
    a, b = store.open("a"), store.open("b")
    found = difference(a, b, store.vault, sample=5)
    assert (found.added, found.removed, found.changed) == (1, 0, 0)
    assert found.first_ts_ns == found.last_ts_ns == int(base.ts_ns[99])
    assert found.sample[0].after["price_ticks"] == 3_000_001
    assert difference(b, a, store.vault, sample=0).removed == 1
    assert difference(a, a, store.vault, sample=5).sample == ()
    finer = TradeRows(*base)._replace(quantity=base.quantity / 10)
    store.save(import_rows(finer, wanted("finer")))
    for other, words in (("finer", "import them alike"), ("sp500_daily", "of one kind")):
        with pytest.raises(Invalid, match=words):
            difference(a, store.open(other), store.vault, sample=0)
    seal_range(tmp_path, "a", int(base.ts_ns[0]), int(base.ts_ns[1]), by="me")
    with pytest.raises(Denied):
        difference(a, b, store.vault, sample=5)


def test_ticks_are_split_like_bars_where_time_orders_them(tmp_path: Path) -> None:
    """Lost: a label that reaches into the test, since the rows of a book go back in time."""
    store = DatasetStore(tmp_path)
    for kind, one in ALL.items():
        store.save(one._replace(info=msgspec.structs.replace(one.info, name=kind)))
    folds = SplitRequest(dataset="trades", kind="purged-kfold", label_bars=2)
    assert [fold.purged for fold in make_split(tmp_path, folds, now_ns=1).folds] == [2, 4, 4, 4, 2]
    halves = SplitRequest(dataset="depth", kind="chronological", parts="50,50")
    assert make_split(tmp_path, halves, now_ns=1).head.rows == 3
    with pytest.raises(Invalid, match="--kind chronological"):
        make_split(tmp_path, SplitRequest(dataset="depth", kind="purged-kfold"), now_ns=1)


def test_bars_of_a_hundred_trades_are_backtested_and_trades_are_not(tmp_path: Path) -> None:
    """Lost: what bars that follow no clock are made for."""
    DatasetStore(tmp_path).save(import_rows(trades(20_000), wanted("many")))
    made = answer(tmp_path, "data", "aggregate", "many", "--trades", "100", "--name", "hundred")
    assert (made["dataset"]["timeframe"], made["dataset"]["rows"]) == ("100t", 200)
    run = ("backtest", "run", "sma_cross", "--dataset")
    ran = answer(tmp_path, *run, "hundred")
    assert made["dataset"]["hash"] in json.dumps(ran)
    refused = CliRunner().invoke(program, ["--home", str(tmp_path), *run, "many"])
    assert "fks data aggregate many" in str(refused.exception)


async def test_a_window_of_ticks_is_answered_over_the_bus(tmp_path: Path) -> None:
    """Lost: a screen of trades, or one that shows an empty side as a price of minus 2**63."""
    store = DatasetStore(tmp_path)
    for kind, one in ALL.items():
        store.save(one._replace(info=msgspec.structs.replace(one.info, name=kind)))
    first = int(ALL["trades"].columns.ts_ns[0])
    async with running_app(home=tmp_path, contexts=["data"]) as app:
        bus = app.runtime.bus

        async def ask(**asked: Any) -> Any:
            return await bus.ask(GetTicks(**asked), timeout_s=TIMEOUT_S)

        begin = first + 10**9
        page = await ask(dataset="trades", from_ts_ns=begin, skip=2, limit=3)
        assert page.total == 99
        told = dict(zip(page.names, page.columns, strict=True))
        assert told["id"] == (3, 4, 5)
        assert (page.kind, str(page.lot_size)) == ("trades", "0.001")
        assert [len(column) for column in (await ask(dataset="trades", skip=98)).columns] == [2] * 5
        quotes = await ask(dataset="quotes")
        assert dict(zip(quotes.names, quotes.columns, strict=True))["bid_ticks"] == (15, None, 17)
        assert (await ask(dataset="depth")).columns[0] == (5, 5, 4)
        assert (await ask(dataset="funding")).lot_size is None
        for wrong, words in (
            ({"dataset": "trades", "limit": 5001}, "1 to 5,000"),
            ({"dataset": "trades", "skip": -1}, "skip"),
            ({"dataset": "sp500_daily"}, "holds bars"),
        ):
            with pytest.raises(Invalid, match=words):
                await ask(**wrong)
        with pytest.raises(Invalid, match="holds trades"):
            await bus.ask(GetBars(dataset="trades"), timeout_s=TIMEOUT_S)
