"""Corporate actions, against LEAN's own factors, row by row."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.contexts.data import kit

from fks.contexts.data.adapters.actions import read_actions, read_names
from fks.contexts.data.domain.actions import factors_before, steps_of
from fks.contexts.data.domain.imports import columns_of
from fks.contexts.data.domain.lean_actions import factor_rows, ticker_on
from fks.contracts.columns import BarColumns, Int64

EPOCH = date(1970, 1, 1)
DAY_NS = 86_400_000_000_000
EQUITY = "lean/equity/usa"


def bars_of(symbol: str) -> tuple[BarColumns, Int64]:
    """Return LEAN's daily bars as traded, and their dates."""
    imported = kit.read(kit.real(f"{EQUITY}/daily/{symbol}.zip"))
    bars = columns_of(imported.cleaned.kept, imported.info.instrument)
    return bars, (bars.ts_ns + DAY_NS // 2) // DAY_NS


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("symbol", "rows", "within", "before_first_bar"),
    [
        ("aapl", 41, 3e-6, 0),
        ("spy", 96, 3e-7, 0),
        ("qqq", 69, 3e-7, 0),
        ("goog", 3, 1e-9, 0),
        ("googl", 3, 1e-9, 2),
        ("fb", 2, 1e-9, 0),
    ],
)
def test_factors_of_recovered_actions_are_those_of_lean_in_every_row(
    symbol: str, rows: int, within: float, before_first_bar: int
) -> None:
    """Lost: returns across splits and dividends would be wrong; closes come from the bars.

    AAPL's splits are written with seven decimals after a product of 112, so they differ more. Two
    rows of GOOGL lie before its first bar, where there is nothing to adjust.
    """
    bars, days = bars_of(symbol)
    path = kit.real(f"{EQUITY}/factor_files/{symbol}.csv")
    factors = factors_before(steps_of(bars, days, read_actions(path, symbol.upper()), "total"))
    theirs = factor_rows(path.read_text())
    assert len(theirs) == rows
    early = 0
    for row in theirs:
        if row.day < days[0] and factors == [] and row.split != 1:
            early += 1
            continue
        ours = next((price for day, price, _ in factors if day > row.day), Fraction(1))
        expected = Fraction(row.price) * Fraction(row.split)
        assert abs(float(ours / expected) - 1) <= within, EPOCH + timedelta(row.day)
    assert early == before_first_bar


@pytest.mark.real_data
def test_recovered_actions_are_those_that_companies_told() -> None:
    """Lost: a dividend of 0.2049997 that nobody paid."""
    actions = read_actions(kit.real(f"{EQUITY}/factor_files/aapl.csv"), "AAPL")
    splits = [(EPOCH + timedelta(one.day), one.ratio) for one in actions if one.ratio != 1]
    assert splits == [
        (date(2000, 6, 21), Fraction(2)),
        (date(2005, 2, 26), Fraction(2)),
        (date(2014, 6, 7), Fraction(7)),
        (date(2020, 8, 29), Fraction(4)),
    ]
    dividends = [str(float(one.dividend)) for one in actions if one.dividend]
    assert dividends[:5] == ["2.65", "2.65", "2.65", "3.05", "3.05"]
    assert dividends[-2:] == ["0.205", "0.205"]
    assert len(dividends) == 35


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("file", "on", "ticker"),
    [
        ("googl", "2004-08-18", None),
        ("googl", "2004-08-19", "GOOG"),
        ("googl", "2013-01-01", "GOOG"),
        ("googl", "2014-04-02", "GOOG"),
        ("googl", "2014-04-03", "GOOGL"),
        ("goog", "2013-01-01", None),
        ("goog", "2014-04-02", "GOOCV"),
        ("goog", "2014-04-03", "GOOG"),
        ("qqq", "2008-01-02", "QQQQ"),
        ("qqq", "2011-03-23", "QQQ"),
        ("fb", "2020-01-02", "FB"),
    ],
)
def test_a_ticker_is_that_of_its_day(file: str, on: str, ticker: str | None) -> None:
    """Lost: GOOG of 2013 would be taken for the share that is called so today."""
    rows = read_names(kit.real(f"{EQUITY}/map_files/{file}.csv"))
    assert ticker_on(rows, date.fromisoformat(on)) == ticker


@pytest.mark.real_data
def test_adjusted_closes_of_yahoo_are_ours() -> None:
    """Lost: a total return that differs from what everybody else shows.

    The dividends are those that the column implies, to a tenth of a cent; the file ends with a
    factor of dividends after it.
    """
    path = kit.real("yahoo_csv/nvda-1999-2014.txt.gz")
    rows = list(kit.raw_rows(path))[1:]
    days = np.array([(date.fromisoformat(row[0]) - EPOCH).days for row in rows], dtype=np.int64)
    closes, theirs = (np.array([float(row[k]) for row in rows]) for k in (4, 5))
    ratio = theirs / closes
    actions = dividends_of(days, closes, ratio)
    assert [str(float(one.dividend)) for one in actions] == ["0.075"] * 4 + ["0.085"] * 5
    ticks = np.rint(closes * 1e6).astype(np.int64)
    bars = plain_bars(days, ticks)
    factors = factors_before(steps_of(bars, days, actions, "total"))
    for k, day in enumerate(days.tolist()):
        ours = next((price for until, price, _ in factors if until > day), Fraction(1))
        assert abs(closes[k] * float(ours) * ratio[-1] / theirs[k] - 1) < 2e-5, rows[k][0]


def dividends_of(days: Int64, closes: Any, ratio: Any) -> Any:
    """Return the dividends that an adjusted column implies."""
    from fks.contexts.data.domain.actions import Action

    found = []
    for k in range(1, len(days)):
        told = closes[k - 1] * (1 - ratio[k - 1] / ratio[k])
        if told > 0.01:
            found.append(Action(int(days[k]), dividend=Fraction(round(told * 1000), 1000)))
    return found


def plain_bars(days: Int64, ticks: Int64) -> BarColumns:
    """Return daily bars of one price each."""
    from decimal import Decimal

    return BarColumns(
        ts_ns=days * DAY_NS,
        open_ticks=ticks,
        high_ticks=ticks,
        low_ticks=ticks,
        close_ticks=ticks,
        volume=np.ones(len(days)),
        tick_size=Decimal("0.000001"),
    )


@pytest.mark.real_data
def test_polygons_splits_and_dividends_are_read_by_ticker() -> None:
    """Lost: events of other shares in the same answer would be applied."""
    splits: Path = kit.real("rest_json/polygon/v3__reference__splits.json")
    (googl,) = read_actions(splits, "GOOGL")
    assert (googl.ratio, EPOCH + timedelta(googl.day)) == (Fraction(20), date(2022, 7, 18))
    (brw,) = read_actions(splits, "BRW")
    assert brw.ratio == Fraction(1, 2)
    dividends = kit.real("rest_json/polygon/v3__reference__dividends.json")
    paid = read_actions(dividends, "CSSEN")
    assert {one.dividend for one in paid} == {Fraction("0.59375")}
    assert date(2024, 6, 13) in {EPOCH + timedelta(one.day) for one in paid}
