"""Datasets of ticks: stored, opened by time, verified, guarded, and told apart from bars."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from fks.contexts.data.domain.sizing import Wanted
from fks.contexts.data.domain.ticks.content import arrays_of
from fks.contexts.data.domain.ticks.imports import ImportedTicks, import_rows
from fks.contexts.data.service.vault import seal_range
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.quarantine import refused_rows
from fks.contracts.data.ticks import (
    ADD,
    CLEAR,
    LAST,
    NO_ID,
    NO_PRICE,
    ActionRows,
    DepthRows,
    FundingRows,
    QuoteColumns,
    QuoteRows,
    TradeColumns,
    TradeRows,
)
from fks.kernel.errors import Denied, Invalid, Unavailable

NAN = float("nan")


def ints(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return whole numbers."""
    return np.array(values, dtype=np.int64)


def trades(count: int = 100) -> TradeRows:
    """Return trades a second apart."""
    k = np.arange(count, dtype=np.int64)
    return TradeRows(
        1_700_000_000_000_000_000 + k * 10**9,
        30_000 + (k % 7) / 100,
        (1 + k % 5) / 1000,
        np.where(k % 2, 1, -1).astype(np.int8),
        k,
    )


ALL: dict[str, ImportedTicks] = {
    "trades": import_rows(trades(), Wanted(symbol="BTCUSDT")),
    "quotes": import_rows(
        QuoteRows(
            ints(1, 2, 3, 4),
            np.array([1.5, NAN, 1.7, 1.6]),
            np.array([3.0, 0.0, 1.0, NAN]),
            np.array([1.6, 1.6, 1.6, 1.7]),
            np.array([1.0, 1.0, 2.0, 1.0]),
        ),
        Wanted(symbol="EURUSD"),
    ),
    "depth": import_rows(
        DepthRows(
            ints(5, 5, 4),
            ints(1, 2, 2),
            np.array([CLEAR, ADD, ADD], dtype=np.int8),
            np.array([0, 1, -1], dtype=np.int8),
            np.array([NAN, 10.25, 10.5]),
            np.array([0.0, 3.0, 4.0]),
            ints(NO_ID, 7, 8),
            np.array([0, 0, LAST], dtype=np.int8),
        ),
        Wanted(symbol="ES", provider="databento"),
    ),
    "funding": import_rows(
        FundingRows(ints(1, 2), np.array([0.0001, -0.00025]), np.array([NAN, 30_000.5])),
        Wanted(symbol="BTCUSDT"),
    ),
    "actions": import_rows(
        ActionRows(
            ints(-86_400 * 10**9, 0),
            np.array([2 / 3, 1.0]),
            np.array([0.0, 0.59375]),
            np.array([NAN, 101.5]),
        ),
        Wanted(symbol="ACME"),
    ),
}


@pytest.mark.parametrize("kind", ALL)
def test_what_is_stored_comes_back_and_keeps_its_hash(tmp_path: Path, kind: str) -> None:
    """Lost: a column, a digit, or the proof that neither was."""
    made, store = ALL[kind], DatasetStore(tmp_path)
    info = store.save(made)
    opened = DatasetStore(tmp_path).open(info.name)
    assert opened.info.kind == kind
    assert (opened.info.rows, opened.info.hash) == (info.rows, made.info.hash)
    assert opened.verify()
    found = opened.ticks()
    for mine, theirs in zip(arrays_of(found), arrays_of(made.columns), strict=True):
        assert mine.dtype == theirs.dtype
        assert mine.tolist() == theirs.tolist()
    assert found[-1] == made.columns[-1]
    assert opened.quality() == made.report
    assert len(opened.times()) == info.rows
    store.save(made)
    assert len(store.history(info.name)) == 1, "the same content is one version"


def test_empty_sides_crossed_quotes_and_what_cannot_be_read_are_told_apart(tmp_path: Path) -> None:
    """Lost: a quote without a bid read as a bid of nothing, or a bad cell as an empty side."""
    made = ALL["quotes"]
    columns = made.columns
    assert isinstance(columns, QuoteColumns)
    assert columns.bid_ticks.tolist() == [15, NO_PRICE, 17]
    assert columns.bid_lots.tolist() == [3, 0, 1]
    assert [one.rule for one in made.report.findings][:2] == [
        "a number cannot be read",
        "crossed quotes",
    ]
    info = DatasetStore(tmp_path).save(made)
    refused = refused_rows(info, 0, 10)
    assert refused.total == 1
    assert "bid_quantity=nan" in refused.rows[0]["text"]


def test_rows_of_a_book_keep_their_order(tmp_path: Path) -> None:
    """Lost: a book that is another one because its changes were sorted by time."""
    info = DatasetStore(tmp_path).save(ALL["depth"])
    opened = DatasetStore(tmp_path).open(info.name)
    assert opened.ticks().ts_ns.tolist() == [5, 5, 4]
    assert (info.first_ts_ns, info.last_ts_ns) == (4, 5)
    assert opened.ticks(5, 6).ts_ns.tolist() == [5, 5]


def test_a_window_is_by_time_and_the_vault_holds_for_ticks(tmp_path: Path) -> None:
    """Lost: sealed trades read where sealed bars could not be."""
    store = DatasetStore(tmp_path)
    info = store.save(ALL["trades"])
    begin = info.first_ts_ns + 10 * 10**9
    part = store.open(info.name).ticks(begin, begin + 5 * 10**9)
    assert isinstance(part, TradeColumns)
    assert part.id.tolist() == [10, 11, 12, 13, 14]
    assert part.lot_size == Decimal("0.001")
    seal_range(tmp_path, info.name, begin, begin + 10**9, by="me")
    with pytest.raises(Denied):
        DatasetStore(tmp_path).open(info.name).ticks()
    assert len(DatasetStore(tmp_path).open(info.name).ticks(begin + 10**9).ts_ns) == 89


def test_ticks_are_not_bars_and_bars_are_no_ticks(tmp_path: Path) -> None:
    """Lost: a user who backtests on trades by mistake, without a word of what would work."""
    store = DatasetStore(tmp_path)
    info = store.save(ALL["trades"])
    opened = store.open(info.name)
    for wrong in (opened.columns, opened.table, lambda: opened.window(0, 2**62, 5, tail=True)):
        with pytest.raises(Invalid, match="fks data aggregate btcusdt_trades"):
            wrong()
    with pytest.raises(Invalid, match="holds bars"):
        store.open("sp500_daily").ticks()


def test_a_damaged_file_is_one_clear_line(tmp_path: Path) -> None:
    """Lost: a traceback of a library where the dataset's name should be."""
    info = DatasetStore(tmp_path).save(ALL["trades"])
    path = Path(info.path) / "trades.parquet"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(Unavailable, match="btcusdt_trades cannot be read"):
        DatasetStore(tmp_path).open(info.name).ticks()


def test_a_version_differs_when_its_content_or_its_kind_does() -> None:
    """Lost: two datasets under one hash."""
    base = trades()
    hashes = {import_rows(base, Wanted(symbol="A")).info.hash}
    hashes.add(import_rows(base, Wanted(symbol="B")).info.hash)
    hashes.add(import_rows(base, Wanted(symbol="A", synthetic=True)).info.hash)
    hashes.add(import_rows(base._replace(side=-base.side), Wanted(symbol="A")).info.hash)
    hashes.add(import_rows(base._replace(id=base.id + 1), Wanted(symbol="A")).info.hash)
    assert len(hashes) == 5
