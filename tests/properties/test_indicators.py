"""What holds for every indicator, whatever the bars, parameters and chunks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contexts.transformer.bars import changed_after, make_bars

from fks.contexts.transformer.domain.catalogue import BUILT_IN, Catalogue
from fks.contracts.columns import BarColumns, FeatureColumns
from fks.contracts.transformer import IndicatorInfo, IndicatorSpec

INFOS = {info.kind: info for info, _ in BUILT_IN}
CATALOGUE = Catalogue(BUILT_IN)
COUNT = 160
WHOLE = st.integers(1, 40)


def _params(info: IndicatorInfo) -> st.SearchStrategy[dict[str, float]]:
    """Draw parameters within the limits of a kind."""
    drawn: dict[str, st.SearchStrategy[float]] = dict.fromkeys(info.params, WHOLE)
    special: dict[str, st.SearchStrategy[float]] = {
        "lag": st.integers(0, 5),
        "deviations": st.floats(0.5, 4),
        "session_offset_min": st.integers(-1439, 1439),
        "fast": st.integers(1, 10),
        "slow": st.integers(11, 40),
    }
    return st.fixed_dictionaries(
        {name: special.get(name, default) for name, default in drawn.items()}
    )


def _spec(data: st.DataObject, kind: str) -> IndicatorSpec:
    return IndicatorSpec(kind=kind, params=data.draw(_params(INFOS[kind])))


def _equal(left: FeatureColumns, right: FeatureColumns, upto: int = COUNT) -> bool:
    """Return whether all columns agree bit for bit (signs of zeros aside)."""
    return left.names == right.names and all(
        np.array_equal(a[:upto], b[:upto], equal_nan=True)
        for a, b in zip(left.columns, right.columns, strict=True)
    )


def _in_chunks(spec: IndicatorSpec, bars: BarColumns, cuts: list[int]) -> FeatureColumns:
    pipeline = CATALOGUE.make({"x": spec})
    edges = [0, *sorted(cuts), len(bars)]
    parts = [pipeline.update(bars[a:b]) for a, b in itertools.pairwise(edges)]
    return FeatureColumns(
        parts[0].names,
        tuple(np.concatenate(columns) for columns in zip(*(p.columns for p in parts), strict=True)),
    )


@pytest.mark.parametrize("kind", INFOS)
@settings(max_examples=60, deadline=None)
@given(data=st.data(), seed=st.integers(0, 10_000))
def test_compiled_values_are_those_of_the_plain_twin_bit_for_bit(
    kind: str, data: st.DataObject, seed: int
) -> None:
    """Nobody could read what the compiled code does, or trust it."""
    spec, bars = _spec(data, kind), make_bars(COUNT, seed)
    compiled = CATALOGUE.make({"x": spec}).update(bars)
    plain = CATALOGUE.make({"x": spec}, compiled=False).update(bars)
    assert _equal(compiled, plain)


@pytest.mark.parametrize("kind", INFOS)
@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    seed=st.integers(0, 10_000),
    cuts=st.lists(st.integers(0, COUNT), max_size=12),
)
def test_chunks_of_any_size_give_the_same_bits(
    kind: str, data: st.DataObject, seed: int, cuts: list[int]
) -> None:
    """A paper session would differ from its backtest."""
    spec, bars = _spec(data, kind), make_bars(COUNT, seed)
    whole = CATALOGUE.make({"x": spec}).update(bars)
    assert _equal(_in_chunks(spec, bars, cuts), whole)
    assert _equal(_in_chunks(spec, bars, list(range(1, COUNT))), whole)


@pytest.mark.parametrize("kind", INFOS)
@settings(max_examples=60, deadline=None)
@given(data=st.data(), seed=st.integers(0, 10_000), row=st.integers(0, COUNT - 1))
def test_no_indicator_looks_ahead(kind: str, data: st.DataObject, seed: int, row: int) -> None:
    """Backtests would profit from prices that nobody could know."""
    spec, bars = _spec(data, kind), make_bars(COUNT, seed)
    whole = CATALOGUE.make({"x": spec}).update(bars)
    truncated = CATALOGUE.make({"x": spec}).update(bars[: row + 1])
    corrupted = CATALOGUE.make({"x": spec}).update(changed_after(bars, row))
    assert _equal(truncated, whole, row + 1)
    assert _equal(corrupted, whole, row + 1)


@pytest.mark.parametrize("kind", sorted(INFOS))
@settings(max_examples=15, deadline=None)
@given(data=st.data(), seed=st.integers(0, 10_000))
def test_there_are_numbers_from_the_warm_up_on_and_none_before(
    kind: str, data: st.DataObject, seed: int
) -> None:
    """A strategy would act on nothing, or wait for a value that is long there."""
    spec, bars = _spec(data, kind), make_bars(COUNT, seed)
    bars.volume = bars.volume + 1.0  # without volume there is no VWAP and no ratio
    pipeline = CATALOGUE.make({"x": spec})
    for column in pipeline.update(bars).columns:
        assert np.isnan(column[: pipeline.warmup_bars - 1]).all()
        assert not np.isnan(column[pipeline.warmup_bars - 1 :]).any()


@pytest.mark.parametrize("kind", sorted(set(INFOS) - {"obv", "vwap"}))
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_value_depends_on_no_more_bars_than_it_says(kind: str, seed: int) -> None:
    """A chart over a window would show other values than the run it illustrates."""
    count = 900
    bars = make_bars(count, seed)
    spec = IndicatorSpec(kind=kind)
    pipeline = CATALOGUE.make({"x": spec})
    assert pipeline.memory_bars < count
    begin = count - pipeline.memory_bars
    whole = pipeline.update(bars)
    late = CATALOGUE.make({"x": spec}).update(bars[begin:])
    for long, short in zip(whole.columns, late.columns, strict=True):
        scale = float(np.nanmax(np.abs(long)))
        np.testing.assert_allclose(short[-1], long[-1], rtol=1e-11, atol=1e-11 * scale)


def test_long_sums_do_not_drift() -> None:
    """After many bars a mean would be a little off, and a flat market not flat."""
    bars = make_bars(60_000, 5, tick_size="0.01", step_ns=1_000_000_000)
    bars.volume[:30_000] *= 1e12
    specs = {
        "mean": IndicatorSpec(kind="sma", params={"period": 30}),
        "size": IndicatorSpec(kind="sma", params={"period": 30}, source="volume"),
    }
    values = CATALOGUE.make(specs).update(bars)
    for name, column in (("mean", bars.close), ("size", bars.volume)):
        windows = np.lib.stride_tricks.sliding_window_view(column, 30)
        np.testing.assert_allclose(values[name][29:], windows.mean(axis=1), rtol=1e-13)


def test_equal_prices_have_a_deviation_of_exactly_zero() -> None:
    """Bands around a flat market would have a width made of rounding."""
    bars = make_bars(200, 6, tick_size="0.1")
    for name in ("open_ticks", "high_ticks", "low_ticks", "close_ticks"):
        getattr(bars, name)[100:] = 123_457
    values = CATALOGUE.make({"x": IndicatorSpec(kind="bollinger")}).update(bars)
    assert (values["x"][119:] == values["x_lower"][119:]).all()
    assert (values["x_middle"][119:] == 12345.7).all()
