"""The tear sheet is one safe, small, self-contained page, whatever the run was."""

from __future__ import annotations

import re
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.engine.domain.sheet import SheetSeries, render
from fks.contexts.engine.domain.statistics import metrics
from fks.contexts.engine.domain.trades import TradeColumns, trade_columns
from fks.contracts.columns import BarColumns
from fks.contracts.engine import BacktestRequest, Run, RunStatus
from fks.contracts.execution import CostModel
from fks.contracts.values import Instrument

INSTRUMENT = Instrument(id="GC", tick_size=Decimal("0.10"), multiplier=Decimal(100))
CASH = 100_000.0
VOID = {"meta", "br"}
HOSTILE = "<script>alert('x')</script>\"&'><img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """Collect tags, attributes and texts, and see that every tag is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and expect its end."""
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that ends itself."""
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        """See that the innermost tag ends first."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.texts.append(data)


def bars_of(count: int, step_ns: int, seed: int, centre: int = 1_000) -> BarColumns:
    """Return a random walk of prices around `centre` ticks."""
    close = centre + np.cumsum(np.random.default_rng(seed).integers(-9, 10, count))
    return BarColumns(
        ts_ns=946_857_600_000_000_000 + np.arange(count, dtype=np.int64) * step_ns,
        open_ticks=close,
        high_ticks=close + 3,
        low_ticks=close - 3,
        close_ticks=close,
        volume=np.ones(count),
        tick_size=INSTRUMENT.tick_size,
    )


def trades_in(bars: BarColumns, rows: list[int]) -> TradeColumns:
    """Return alternating long and short trades, turned at the given rows."""
    bar = np.array(sorted(rows), np.int64)
    number = np.arange(len(bar))
    fills = {
        "side": np.where(number % 2 == 0, 1, -1),
        "lots": np.where(number == 0, 1, 2),
        "price_ticks": bars.open_ticks[bar] if len(bar) else bar,
        "fee_nanos": np.full(len(bar), 2_000_000_000),
        "ts_ns": bars.ts_ns[bar] if len(bar) else bar,
        "bar_index": bar,
    }
    return trade_columns(fills, bars, INSTRUMENT)


def page(bars: BarColumns, trades: TradeColumns, equity: Any = None, **fields: Any) -> str:
    """Return the tear sheet of a run with these bars and trades."""
    if equity is None:
        equity = CASH + np.cumsum(np.random.default_rng(3).normal(0, 90, len(bars)))
    position = np.sign(np.sin(np.arange(len(bars)) / 9.0))
    figures = metrics(ts_ns=bars.ts_ns, equity=equity, cash=CASH, position=position, trades=trades)
    request = BacktestRequest(strategy="sma_cross", dataset="gold", cash=CASH)
    run = Run(
        id="01J",
        request=request,
        status=RunStatus.DONE,
        created_at_ns=1_700_000_000_000_000_000,
        strategy="sma_cross",
        dataset="gold",
        metrics=figures,
        not_modelled=("taxes",),
    )
    run = msgspec.structs.replace(run, **fields)
    series = SheetSeries(ts_ns=bars.ts_ns, equity=equity, position=position, close=bars.close)
    return render(run, series, trades, INSTRUMENT)


@settings(max_examples=60, deadline=None)
@given(
    count=st.sampled_from([0, 1, 2, 3, 29, 31, 400, 5_000]),
    step_ns=st.sampled_from([1, 60_000_000_000, 86_400_000_000_000, 30 * 86_400_000_000_000]),
    rows=st.lists(st.integers(0, 4_999), max_size=40, unique=True),
    slope=st.sampled_from([0.0, 1e-9, 50.0, -1e6]),
    centre=st.sampled_from([-5_000, 1_000]),
)
def test_every_run_gives_a_well_formed_page_without_a_broken_number(
    count: int, step_ns: int, rows: list[int], slope: float, centre: int
) -> None:
    """A run without trades, days or money left would give no page, or one with NaN in it."""
    if step_ns > 10**15 and count > 1_000:
        count = 300
    bars = bars_of(count, step_ns, 1, centre)
    equity = CASH + slope * np.arange(count)
    html = page(bars, trades_in(bars, [row for row in rows if row < count]), equity)
    texts = " ".join(Page(html).texts)
    assert not re.search(r"\b(nan|inf|None)\b", texts)
    for image in re.findall(r"<svg.*?</svg>", html):
        for element in ElementTree.fromstring(image).iter():
            for value in element.attrib.values():
                assert "nan" not in value and "inf" not in value


def test_the_page_needs_nothing_but_itself() -> None:
    """Opened from a mail or years later it would be half empty, or report who opened it."""
    bars = bars_of(800, 86_400_000_000_000, 2)
    html = page(bars, trades_in(bars, list(range(0, 800, 20))))
    parsed = Page(html)
    assert not {"script", "link", "iframe", "img", "object", "embed"} & set(parsed.tags)
    for name, value in parsed.attributes:
        assert name not in {"src", "href", "srcset", "action"} and not name.startswith("on")
        assert "url(" not in (value or "")
    assert "http" not in html and "@import" not in html
    assert parsed.tags.count("svg") == 7
    assert "prefers-color-scheme: dark" in html and "@media print" in html


def test_what_users_named_cannot_become_markup() -> None:
    """A strategy from elsewhere could run code in the owner's browser."""
    bars = bars_of(300, 86_400_000_000_000, 2)
    trades = trades_in(bars, [3, 40, 90])
    request = BacktestRequest(
        strategy=HOSTILE, dataset=HOSTILE, cash=CASH, params={HOSTILE: HOSTILE}
    )
    fields = dict.fromkeys(
        ("id", "strategy", "dataset", "dataset_hash", "manifest_hash", "code_version", "tier"),
        HOSTILE,
    )
    hostile = page(bars, trades, request=request, not_modelled=(HOSTILE,), **fields)
    parsed, plain = Page(hostile), Page(page(bars, trades))
    assert set(parsed.tags) == set(plain.tags)
    assert {name for name, _ in parsed.attributes} == {name for name, _ in plain.attributes}
    assert parsed.texts.count(HOSTILE) >= 9
    strange = msgspec.structs.replace(INSTRUMENT, id=HOSTILE, currency=HOSTILE, calendar=HOSTILE)
    series = SheetSeries(
        ts_ns=bars.ts_ns,
        equity=np.full(300, CASH),
        position=np.zeros(300),
        close=bars.close,
    )
    run = Run(id="1", request=request, status=RunStatus.DONE, created_at_ns=0)
    assert set(Page(render(run, series, trades, strange)).tags) <= set(plain.tags)


def test_the_page_of_a_long_run_is_as_small_as_that_of_a_short_one() -> None:
    """A million bars would make a page that no browser opens."""
    bars = bars_of(300_000, 60_000_000_000, 5, centre=100_000)
    html = page(bars, trades_in(bars, list(range(0, 300_000, 15))))
    assert len(html) < 500_000
    for path in re.findall(r' d="([^"]*)"', html):
        assert path.count(",") <= 1_510
    assert html.count("<circle") <= 2 * 1_500
    assert "1,500 of 20,000 shown" in html
    assert "the last 40 of 20,000" in html


def test_made_up_prices_and_omissions_are_said_in_plain_sight() -> None:
    """A result on generated prices would pass for a real one."""
    bars = bars_of(50, 86_400_000_000_000, 6)
    trades = trades_in(bars, [])
    assert "SYNTHETIC DATA" in page(bars, trades, synthetic=True)
    honest = page(bars, trades)
    assert "SYNTHETIC DATA" not in honest
    assert "Not modelled" in honest and "<li>taxes</li>" in honest


def test_costs_are_written_out_also_where_there_are_none() -> None:
    """Nobody would see that a run traded for free."""
    bars = bars_of(50, 86_400_000_000_000, 6)
    trades = trades_in(bars, [])
    free = " ".join(Page(page(bars, trades)).texts)
    assert "commission none" in free and "slippage none" in free
    costs = CostModel(
        fee_bps=2.5, fee_minimum=1, slippage_ticks=2, slippage_bps=0.5, spread_ticks=3
    )
    request = BacktestRequest(strategy="s", dataset="d", cash=CASH, costs=costs)
    dear = " ".join(Page(page(bars, trades, request=request)).texts)
    for words in ("2.5 bps of the notional", "1 a fill", "2 ticks and 0.5 bps", "3 ticks, half"):
        assert words in dear


@pytest.mark.parametrize(("count", "expected"), [(0, "There was no bar"), (5, "Needs thirty days")])
def test_what_is_missing_is_explained(count: int, expected: str) -> None:
    """An empty box would look like a fault."""
    bars = bars_of(count, 86_400_000_000_000, 7)
    assert expected in page(bars, trades_in(bars, []))


def test_months_and_years_are_compounded() -> None:
    """The heat map would not add up to the total return."""
    day = 86_400_000_000_000
    ts_ns = (np.arange("2020-12-30", "2021-02-02", dtype="datetime64[D]")).astype(np.int64) * day
    bars = bars_of(len(ts_ns), day, 8)
    bars.ts_ns = ts_ns
    equity = np.concatenate((np.full(2, 110_000.0), np.full(31, 99_000.0), np.full(1, 108_900.0)))
    texts = Page(page(bars, trades_in(bars, []), equity)).texts
    table = texts[texts.index("2020") :]
    assert table[:4] == ["2020", "10.0 %", "10.0 %", "2021"]
    assert table[4:7] == ["−10.0 %", "10.0 %", "−1.0 %"]
