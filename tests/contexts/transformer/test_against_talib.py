"""The indicators give the values traders know: those of TA-Lib, warm-up included."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import talib
from tests.contexts.transformer.bars import make_bars

from fks.contexts.transformer.domain.catalogue import BUILT_IN, Catalogue
from fks.contracts.columns import BarColumns
from fks.contracts.transformer import IndicatorSpec

Oracle = Callable[[BarColumns], tuple[np.ndarray, ...]]


def _one(value: np.ndarray) -> tuple[np.ndarray, ...]:
    return (value,)


def _ao(bars: BarColumns) -> tuple[np.ndarray, ...]:
    median = talib.MEDPRICE(bars.high, bars.low)
    return _one(talib.SMA(median, 5) - talib.SMA(median, 34))


def _donchian(bars: BarColumns) -> tuple[np.ndarray, ...]:
    def late(values: np.ndarray) -> np.ndarray:
        return np.concatenate(([np.nan], values[:-1]))

    return late(talib.MAX(bars.high, 20)), late(talib.MIN(bars.low, 20))


def _spec(kind: str, source: str = "close", **params: float) -> IndicatorSpec:
    return IndicatorSpec(kind=kind, params=params, source=source)


CASES: dict[str, tuple[IndicatorSpec, Oracle]] = {
    "sma": (_spec("sma", period=10), lambda b: _one(talib.SMA(b.close, 10))),
    "sma of volume": (_spec("sma", "volume", period=7), lambda b: _one(talib.SMA(b.volume, 7))),
    "sma of typical price": (
        _spec("sma", "hlc3", period=9),
        lambda b: _one(talib.SMA(talib.TYPPRICE(b.high, b.low, b.close), 9)),
    ),
    "sma of ohlc4": (
        _spec("sma", "ohlc4", period=2),
        lambda b: _one(talib.SMA(talib.AVGPRICE(b.open, b.high, b.low, b.close), 2)),
    ),
    "ema": (_spec("ema", period=21), lambda b: _one(talib.EMA(b.close, 21))),
    "wma": (_spec("wma", period=13), lambda b: _one(talib.WMA(b.close, 13))),
    "rsi": (_spec("rsi"), lambda b: _one(talib.RSI(b.close, 14))),
    "rsi of two": (_spec("rsi", period=2), lambda b: _one(talib.RSI(b.close, 2))),
    "atr": (_spec("atr"), lambda b: _one(talib.ATR(b.high, b.low, b.close, 14))),
    "macd": (_spec("macd"), lambda b: talib.MACD(b.close, 12, 26, 9)),
    "macd 5/35/5": (
        _spec("macd", fast=5, slow=35, signal=5),
        lambda b: talib.MACD(b.close, 5, 35, 5),
    ),
    "bollinger": (_spec("bollinger"), lambda b: talib.BBANDS(b.close, 20, 2, 2)),
    "stddev": (_spec("stddev"), lambda b: _one(talib.STDDEV(b.close, 20, 1))),
    "roc": (_spec("roc"), lambda b: _one(talib.ROC(b.close, 10))),
    "ao": (_spec("ao"), _ao),
    "donchian": (_spec("donchian"), _donchian),
    "highest": (_spec("highest", "high"), lambda b: _one(talib.MAX(b.high, 20))),
    "lowest": (_spec("lowest", "low"), lambda b: _one(talib.MIN(b.low, 20))),
    "stochastic": (
        _spec("stochastic"),
        lambda b: talib.STOCH(b.high, b.low, b.close, 14, 3, 0, 3, 0),
    ),
    "obv": (_spec("obv"), lambda b: _one(talib.OBV(b.close, b.volume))),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", [1, 2])
def test_values_and_warm_up_are_those_of_ta_lib(case: str, seed: int) -> None:
    """A strategy ported from elsewhere would trade differently."""
    spec, oracle = CASES[case]
    bars = make_bars(700, seed)
    pipeline = Catalogue(BUILT_IN).make({"x": spec})
    ours, theirs = pipeline.update(bars).columns, oracle(bars)
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        first = pipeline.warmup_bars - 1
        assert np.array_equal(np.isnan(mine), np.isnan(other))
        assert np.isnan(mine[:first]).all() and not np.isnan(mine[first:]).any()
        # What is near zero is a difference of prices: its error is theirs, not its own.
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-9 * bars.close.mean())


def test_volume_ratio_is_volume_over_its_mean() -> None:
    """A breakout filter would compare with something else than usual volume."""
    bars = make_bars(300, 3)
    (ratio,) = (
        Catalogue(BUILT_IN).make({"x": IndicatorSpec(kind="volume_ratio")}).update(bars).columns
    )
    np.testing.assert_allclose(ratio, bars.volume / talib.SMA(bars.volume, 20), rtol=1e-9)


@pytest.mark.parametrize("offset_min", [0, 1320, -60])
def test_vwap_begins_anew_with_each_session(offset_min: int) -> None:
    """Yesterday's volume would weigh on today's level."""
    bars = make_bars(900, 4)
    spec = _spec("vwap", session_offset_min=offset_min)
    (vwap,) = Catalogue(BUILT_IN).make({"x": spec}).update(bars).columns
    session = (bars.ts_ns - offset_min * 60_000_000_000) // 86_400_000_000_000
    assert len(np.unique(session)) >= 4
    typical = (bars.high + bars.low + bars.close) / 3
    for number in np.unique(session):
        rows = session == number
        worth, size = np.cumsum((typical * bars.volume)[rows]), np.cumsum(bars.volume[rows])
        traded = size > 0
        np.testing.assert_allclose(vwap[rows][traded], (worth / np.where(traded, size, 1))[traded])
        assert np.isnan(vwap[rows][~traded]).all()
