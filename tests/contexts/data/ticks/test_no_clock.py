"""Bars that follow no clock, unfinished bars, and ticks where bars are needed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import pytest

from fks.contexts.data.domain.sizing import Wanted
from fks.contexts.data.domain.ticks.imports import ImportedTicks, import_rows
from fks.contexts.data.service.adjusting import AdjustRequest, adjust
from fks.contexts.data.service.aggregating import Aggregate, Aggregated, aggregate
from fks.contexts.data.service.quality import Inspector
from fks.contexts.data.service.resampling import resample
from fks.contexts.data.service.vault import seal_range
from fks.contexts.data.store import DatasetStore
from fks.contracts.data.reports import GetQualityDays
from fks.contracts.data.ticks import NO_ID, TradeRows
from fks.contracts.values import Instrument
from fks.kernel.errors import Denied, Invalid

from .test_ticks import trades

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS


def at(times: list[int], instrument: Instrument) -> ImportedTicks:
    """Return trades of one lot at these times, each a tick above the one before."""
    count = len(times)
    rows = TradeRows(
        np.array(times, dtype=np.int64),
        np.array([100 + k * float(instrument.tick_size) for k in range(count)]),
        np.ones(count),
        np.zeros(count, dtype=np.int8),
        np.full(count, NO_ID, dtype=np.int64),
    )
    return import_rows(rows, Wanted(symbol=instrument.id, name="ticks", instrument=instrument))


def made(home: Path, imported: ImportedTicks, **asked: str | int) -> Aggregated:
    """Store ticks and make bars of them."""
    store = DatasetStore(home)
    store.save(imported)
    of = store.open(imported.info.name)
    return aggregate(of, Aggregate(**asked), now_ns=1, code_version="t")  # type: ignore[arg-type]


def always(calendar: str = "24/7", multiplier: str = "1") -> Instrument:
    """Return an instrument with ticks of a cent."""
    return Instrument(
        id="X", tick_size=Decimal("0.01"), calendar=calendar, multiplier=Decimal(multiplier)
    )


def test_a_last_bar_that_is_not_finished_is_left_out_and_counted(tmp_path: Path) -> None:
    """Lost: half a minute that looks like a minute, on which a strategy decides."""
    times = [0, 30 * SECOND_NS, MINUTE_NS, MINUTE_NS + 58 * SECOND_NS]
    cut = made(tmp_path, at(times, always()), every="1m")
    assert (cut.imported.info.rows, cut.left) == (1, 2)
    whole = made(tmp_path, at([*times[:-1], 2 * MINUTE_NS - 1], always()), every="1m")
    assert (whole.imported.info.rows, whole.left) == (2, 0)
    with pytest.raises(Invalid, match="no whole bar of 1h"):
        made(tmp_path, at(times, always()), every="1h")


@pytest.mark.parametrize(("every", "rows"), [("1m", 2), ("1d", 1), ("1w", 1)])
def test_a_bar_is_finished_when_its_sessions_are_over(
    tmp_path: Path, every: str, rows: int
) -> None:
    """Lost: the last day, or week, of every file that ends when trading does."""
    noon = 1_704_472_200_000_000_000  # 2024-01-05 16:30 UTC, a Friday; XNYS closes at 21:00
    close = noon + 270 * MINUTE_NS
    done = made(tmp_path, at([noon, close - SECOND_NS], always("XNYS")), every=every)
    assert (done.imported.info.rows, done.left) == (rows, 0)
    early = [noon, close - 5 * MINUTE_NS]
    if every == "1m":
        assert made(tmp_path, at(early, always("XNYS")), every=every).left == 1
    else:
        with pytest.raises(Invalid, match="no whole bar"):
            made(tmp_path, at(early, always("XNYS")), every=every)


def test_an_hour_after_the_close_is_not_known_to_be_over(tmp_path: Path) -> None:
    """Lost: an hour of late trades that changes when the next of them comes."""
    close = 1_704_488_400_000_000_000  # 2024-01-05 21:00 UTC
    times = [close - SECOND_NS, close + 10 * MINUTE_NS]
    hours = made(tmp_path, at(times, always("XNYS")), every="1h")
    assert (hours.imported.info.rows, hours.left) == (1, 1)
    days = made(tmp_path, at(times, always("XNYS")), every="1d")
    assert (days.imported.info.rows, days.left, days.outside) == (1, 0, 1)


def test_parts_of_a_unit_close_bars(tmp_path: Path) -> None:
    """Lost: bars of half a coin."""
    ticks = import_rows(trades(), Wanted(symbol="BTCUSDT", name="ticks"))
    info = made(tmp_path, ticks, volume="0.03").imported.info
    assert (info.timeframe, info.rows) == ("0.03v", 10)  # ten trades hold 1 to 5 thousandths twice


@pytest.mark.parametrize(("multiplier", "value"), [("1", "200"), ("50", "10000")])
def test_value_is_that_of_the_contract(tmp_path: Path, multiplier: str, value: str) -> None:
    """Lost: a bar of 250 contracts where five were meant."""
    ten = made(tmp_path, at(list(range(10)), always(multiplier=multiplier)), value=value)
    assert (ten.imported.info.rows, ten.left) == (5, 0)
    assert ten.imported.info.name == f"x_{value}q"


def test_what_needs_a_clock_says_so(tmp_path: Path) -> None:
    """Lost: hours made of bars that reach over several, or terabytes asked of the machine."""
    seven = made(tmp_path, at(list(range(50)), always()), trades=7, name="seven")
    store = DatasetStore(tmp_path)
    store.save(seven.imported)
    with pytest.raises(Invalid, match="bars of 7t follow no clock"):
        resample(store.open("seven"), "1h", None, now_ns=1, code_version="t")
    with pytest.raises(Invalid, match="bars of 7t follow no clock"):
        adjust(store.open("seven"), (), AdjustRequest(how="splits", source="x"))
    days = Inspector(store, ()).days(GetQualityDays(dataset="seven"))
    assert "follow no clock" in days.note


def test_ticks_where_bars_are_needed_are_one_line(tmp_path: Path) -> None:
    """Lost: a line about a timeframe that nobody wrote."""
    store = DatasetStore(tmp_path)
    store.save(at(list(range(50)), always()))
    opened = store.open("ticks")
    with pytest.raises(Invalid, match="holds trades, not bars"):
        resample(opened, "1h", None, now_ns=1, code_version="t")
    with pytest.raises(Invalid, match="holds trades, not bars"):
        adjust(opened, (), AdjustRequest(how="splits", source="x"))
    with pytest.raises(Invalid, match="fks data show ticks"):
        Inspector(store, ()).days(GetQualityDays(dataset="ticks"))


def test_sealed_trades_are_hidden_in_bars_that_follow_no_clock(tmp_path: Path) -> None:
    """Lost: sealed trades in a bar that opened long before the seal."""
    ticks = at([k * MINUTE_NS for k in range(100)], always())
    bars = made(tmp_path, ticks, trades=10, name="ten").imported
    store = DatasetStore(tmp_path)
    store.save(bars)
    seal_range(tmp_path, "ticks", 95 * MINUTE_NS, 100 * MINUTE_NS, by="me")
    with pytest.raises(Denied):
        DatasetStore(tmp_path).open("ten").columns(85 * MINUTE_NS, 91 * MINUTE_NS)
    with pytest.raises(Denied):
        DatasetStore(tmp_path).open("ticks").ticks()
    part = msgspec.structs.replace(ticks.info, name="other")
    store.save(ticks._replace(info=part))
    with pytest.raises(Denied):
        DatasetStore(tmp_path).open("other").ticks()
