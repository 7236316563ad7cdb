"""What cannot be used is refused in one line that says what would work."""

from __future__ import annotations

import msgspec
import pytest
from tests.contexts.transformer.bars import make_bars

from fks.contexts.transformer.domain.catalogue import BUILT_IN, Catalogue
from fks.contexts.transformer.domain.selftest import differing_kinds
from fks.contracts.transformer import IndicatorSpec
from fks.kernel.errors import Conflict, Invalid

CATALOGUE = Catalogue(BUILT_IN)

BAD = {
    "unknown kind": (IndicatorSpec(kind="foo"), "no indicator 'foo'; there are ao, atr,"),
    "unknown parameter": (
        IndicatorSpec(kind="sma", params={"perod": 3}),
        "sma has no parameter 'perod'; its parameters: period",
    ),
    "no parameters at all": (
        IndicatorSpec(kind="obv", params={"period": 3}),
        "obv has no parameter 'period'; its parameters: none",
    ),
    "period zero": (
        IndicatorSpec(kind="sma", params={"period": 0}),
        "sma: period must be a whole number from 1 to 10000, not 0",
    ),
    "half a bar": (IndicatorSpec(kind="rsi", params={"period": 2.5}), "not 2.5"),
    "too long": (IndicatorSpec(kind="atr", params={"period": 10_001}), "from 1 to 10000"),
    "not a number": (
        IndicatorSpec(kind="ema", params={"period": float("nan")}),
        "ema: period must be a number, not nan",
    ),
    "negative lag": (IndicatorSpec(kind="donchian", params={"lag": -1}), "from 0 to 10000"),
    "fast above slow": (
        IndicatorSpec(kind="macd", params={"fast": 30}),
        "macd: fast (30) must be less than slow (26)",
    ),
    "no width": (
        IndicatorSpec(kind="bollinger", params={"deviations": 0}),
        "bollinger: deviations must be from 0.001 to 100, not 0",
    ),
    "unknown source": (
        IndicatorSpec(kind="sma", source="clsoe"),
        "sma cannot read 'clsoe'; sources: open, high, low, close, hl2, hlc3, ohlc4, volume",
    ),
    "exact sums of volume": (IndicatorSpec(kind="wma", source="volume"), "sources: open, high"),
    "fixed columns": (IndicatorSpec(kind="atr", source="open"), "leave source 'open' out"),
    "session of a week": (
        IndicatorSpec(kind="vwap", params={"session_offset_min": 10_080}),
        "from -1439 to 1439",
    ),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("compiled", [True, False])
def test_a_bad_spec_is_refused_with_what_would_work(case: str, compiled: bool) -> None:
    """A user would see a stack trace, or worse, an indicator of something else."""
    spec, message = BAD[case]
    with pytest.raises(Invalid) as caught:
        CATALOGUE.make({"x": spec}, compiled=compiled)
    assert message in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.code == "transformer.bad_indicator"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("close",), "cannot be named 'close'"),
        (("",), "cannot be named ''"),
        (("a", "a_middle"), "two indicator columns are named 'a_middle'"),
    ],
)
def test_column_names_are_never_ambiguous(names: tuple[str, ...], message: str) -> None:
    """A trigger on `close` would not say which close."""
    kinds = ("bollinger", "sma")
    specs = {name: IndicatorSpec(kind=kind) for name, kind in zip(names, kinds, strict=False)}
    with pytest.raises(Invalid, match=message):
        CATALOGUE.make(specs)


def test_outputs_are_named_after_what_the_caller_asked_for() -> None:
    """A strategy could not find its columns."""
    specs = {"m": IndicatorSpec(kind="macd"), "fast": IndicatorSpec(kind="sma")}
    pipeline = CATALOGUE.make(specs)
    assert pipeline.names == ("m", "m_signal", "m_histogram", "fast")
    assert pipeline.warmup_bars == 34
    assert CATALOGUE.make({}).update(make_bars(5)).columns == ()


def test_every_kind_is_described_and_works_by_its_defaults() -> None:
    """The screens could not offer an indicator, or would offer one that fails."""
    for info in CATALOGUE.infos:
        pipeline = CATALOGUE.make({"x": IndicatorSpec(kind=info.kind)})
        assert len(pipeline.names) == len(info.outputs)
        assert info.title and info.summary.endswith(".")
        assert pipeline.update(make_bars(3)).names == pipeline.names
        assert msgspec.json.decode(msgspec.json.encode(info), type=type(info)) == info


def test_a_kind_offered_twice_is_a_start_error() -> None:
    """Which of two plugins' indicators is computed would be left to chance."""
    with pytest.raises(Conflict, match="two plugins offer an indicator 'sma'"):
        Catalogue([*BUILT_IN, next(offer for offer in BUILT_IN if offer[0].kind == "sma")])


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("kind", ["sma", "wma", "bollinger"])
def test_prices_too_large_for_exact_sums_are_refused(kind: str, compiled: bool) -> None:
    """A sum would wrap around and turn into a plausible number."""
    bars = make_bars(50)
    bars.close_ticks[30] = 2**61
    with pytest.raises(Invalid, match="use a larger tick size or a shorter period"):
        CATALOGUE.make({"x": IndicatorSpec(kind=kind)}, compiled=compiled).update(bars)


def test_bars_that_do_not_follow_are_refused() -> None:
    """A repeated bar of a broken replay would count twice in every mean."""
    bars, other = make_bars(50), make_bars(50, tick_size="0.5")
    pipeline = CATALOGUE.make({"x": IndicatorSpec(kind="sma")})
    pipeline.update(bars[:20])
    with pytest.raises(Invalid, match="time order"):
        pipeline.update(bars[19:30])
    with pytest.raises(Invalid, match=r"tick size changed from 0\.25 to 0\.5"):
        pipeline.update(other[20:])
    assert len(pipeline.update(bars[20:]).columns[0]) == 30


def test_the_self_test_finds_the_compiled_code_in_order() -> None:
    """The health of the context would be reported without having been looked at."""
    assert differing_kinds() == ()
