"""Every rule of quality marks the bars that a slow plain reading marks, and no others."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties import quality_reference as plain

from fks.contexts.data.domain.judging import judge, score_of
from fks.contexts.data.domain.rules.built_in import BUILT_IN
from fks.contexts.data.domain.sessions import Coverage
from fks.contracts.columns import BarColumns
from fks.contracts.data.quality import QualityContext

seeds = st.integers(0, 2**32 - 1)
RULES = {rule.code: rule for rule in BUILT_IN}


def marked(code: str, bars: BarColumns, context: QualityContext) -> list[int]:
    """Return the rows that a rule marks."""
    found = RULES[code].check(bars, context)
    return [] if found is None else [int(row) for row in found.rows]


@settings(max_examples=150, deadline=None)
@given(seeds, st.integers(1, 600))
def test_rules_over_rough_bars_mark_what_plain_readings_mark(seed: int, count: int) -> None:
    """Lost: the compiled pass would miss a fault, or accuse a sound bar."""
    rows = plain.rough(seed, count)
    bars, context = plain.bars_of(rows), plain.context()
    wicks, bad = plain.spiked(rows)
    expected = {
        "stale_run": plain.still(rows, 60),
        "frozen_price": plain.frozen(rows, 120),
        "zero_volume": [k for k, row in enumerate(rows) if row.volume == 0],
        "volume_outlier": plain.heavy(rows),
        "long_wick": wicks,
        "bad_print": bad,
        "off_grid": plain.beside(rows, plain.MINUTE_NS) if count > 1 else [],
        "outlier": plain.jumps(rows),
        "price_not_positive": [],
        "weekend_bar": [],
    }
    assert {code: marked(code, bars, context) for code in expected} == expected


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(1, 400), st.integers(1, 12))
def test_runs_are_found_whatever_their_length(seed: int, count: int, hours: int) -> None:
    """Lost: the jumps that spare time would pass over a run at the edge of one."""
    rows = plain.rough(seed, count)
    context = plain.context(f"{hours * 10}m")
    least = min(max(360 // (hours * 60), 5), 120)
    bars = plain.bars_of(rows)
    assert marked("stale_run", bars, context) == plain.still(rows, least)
    assert marked("frozen_price", bars, context) == plain.frozen(rows, 2 * least)


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(2, 2000), st.sampled_from([1, 5, 15, 60]))
def test_clean_walks_give_no_errors_and_no_bad_prints(seed: int, count: int, minutes: int) -> None:
    """Lost: alarms would sound over sound data until nobody listens."""
    rows = plain.walk(seed, count, step_ns=minutes * plain.MINUTE_NS)
    found = judge(plain.bars_of(rows), plain.context(f"{minutes}m"), BUILT_IN)
    assert [one for one in found if one.rule.severity == "error"] == []
    assert not {"bad_print", "stale_run", "frozen_price"} & {one.rule.code for one in found}


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(200, 1500), st.integers(0, 8), st.booleans())
def test_injected_spikes_and_shifted_stamps_are_found_exactly(
    seed: int, count: int, faults: int, up: bool
) -> None:
    """Lost: a wrong print would pass for a price, and trade."""
    rows = plain.walk(seed, count)
    places = list(range(40, count - 40, 97))[:faults]
    late = list(range(60, count - 40, 97))[:faults]
    for k in places:
        price = rows[k].close + (5000 if up else -5000)
        rows[k] = rows[k]._replace(
            high=max(rows[k].high, price), low=min(rows[k].low, price), close=price
        )
    for k in late:
        rows[k] = rows[k]._replace(ts_ns=rows[k].ts_ns + 17_000_000_000)
    bars, context = plain.bars_of(rows), plain.context()
    assert marked("bad_print", bars, context) == places
    assert marked("off_grid", bars, context) == late


@settings(max_examples=200, deadline=None)
@given(
    seeds,
    st.integers(1, 300),
    st.integers(0, 50),
    st.integers(0, 40),
    st.integers(0, 30),
)
def test_the_parts_and_the_score_add_up_to_a_hundred(
    seed: int, count: int, refused: int, missing: int, moved: int
) -> None:
    """Lost: nobody could say why a dataset has the score that it has."""
    bars = plain.bars_of(plain.rough(seed, count))
    coverage = Coverage(count + missing, missing, min(missing, 1))
    context = plain.context(coverage=coverage)._replace(out_of_order=moved)
    found = judge(bars, context, BUILT_IN)
    score, parts = score_of(count + refused, count, context, found)
    lost = [Decimal(str(part.points_lost)) for part in parts]
    assert all(points > 0 and points == round(points, 2) for points in lost)
    assert Decimal(str(score)) + sum(lost) == 100
    doubtful = sum(one.charged for one in found)
    exact = 100 * count / (count + refused) * (1 - missing / (count + missing))
    exact -= min(10.0, 100 * doubtful / count)
    assert score == pytest.approx(max(exact, 0.0), abs=0.005001)
    assert len({part.name for part in parts}) == len(parts)
