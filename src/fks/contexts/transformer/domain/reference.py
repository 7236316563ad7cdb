"""The arithmetic of the indicators in plain Python: what the compiled one is tested against.

The same classes as in `_indicators`, written to be read. Windows are kept as windows and summed
anew at each bar, in Python's unbounded integers; only where floats are added does the order of
the additions follow the compiled code, because there it decides the last bit.
"""

from __future__ import annotations

import math
from collections import deque

from fks.contracts.columns import Float64, Int64

__all__ = [
    "Balance",
    "Change",
    "Exponential",
    "Extremum",
    "FloatMean",
    "RelativeStrength",
    "SessionMean",
    "TickDeviation",
    "TickMean",
    "TickWeightedMean",
    "TrueRange",
]

DAY_NS = 86_400_000_000_000
LARGEST = 1 << 62


class _TickWindow:
    """The last `period` ticks."""

    def __init__(self, period: int) -> None:
        self.period = period
        self.window: deque[int] = deque(maxlen=period)
        self.limit = _limit(period)

    def take(self, tick: int) -> bool:
        """Take a tick and return whether the window is full."""
        if not -self.limit <= tick < self.limit:
            raise OverflowError(f"prices beyond {self.limit} ticks are too large for this period")
        self.window.append(tick)
        return len(self.window) == self.period


class TickMean(_TickWindow):
    """The mean of the last `period` ticks."""

    def update(self, ticks: Int64, numerator: float, denominator: float, out: Float64) -> None:
        """Write the mean times `numerator` over `denominator` after each of the ticks."""
        for i, tick in enumerate(ticks.tolist()):
            full = self.take(tick)
            total = float(sum(self.window))
            out[i] = total * numerator / (denominator * self.period) if full else math.nan


class TickDeviation(_TickWindow):
    """Mean and population deviation of the last `period` ticks."""

    def update(
        self,
        ticks: Int64,
        numerator: float,
        denominator: float,
        mean: Float64,
        deviation: Float64,
    ) -> None:
        """Write both, times `numerator` over `denominator`, after each of the ticks."""
        down = denominator * self.period
        for i, tick in enumerate(ticks.tolist()):
            if not self.take(tick):
                mean[i] = deviation[i] = math.nan
                continue
            total = sum(self.window)
            spread = self.period * sum(x * x for x in self.window) - total * total
            mean[i] = float(total) * numerator / down
            deviation[i] = math.sqrt(float(spread)) * numerator / down


class TickWeightedMean(_TickWindow):
    """The mean of the last `period` ticks weighted 1 for the oldest to `period` for the newest."""

    def __init__(self, period: int) -> None:
        super().__init__(period)
        self.weights = period * (period + 1) // 2
        self.limit = _limit(self.weights)

    def update(self, ticks: Int64, numerator: float, denominator: float, out: Float64) -> None:
        """Write the mean times `numerator` over `denominator` after each of the ticks."""
        for i, tick in enumerate(ticks.tolist()):
            full = self.take(tick)
            total = float(sum(weight * x for weight, x in enumerate(self.window, start=1)))
            out[i] = total * numerator / (denominator * self.weights) if full else math.nan


class FloatMean:
    """The mean of the last `period` floats, from the tail of one block and the head of the next.

    Blocks of `period` values follow one another from the first value on. A window is the end of
    one block, added from its last value backwards, and the beginning of the next.
    """

    def __init__(self, period: int) -> None:
        self.period = period
        self.before: list[float] = []
        self.block: list[float] = []

    def update(self, values: Float64, out: Float64) -> None:
        """Write the mean after each of the values."""
        for i, value in enumerate(values.tolist()):
            self.block.append(value)
            tail = 0.0
            for old in reversed(self.before[len(self.block) :]):
                tail = old + tail
            head = 0.0
            for new in self.block:
                head += new
            full = self.before or len(self.block) == self.period
            out[i] = (tail + head) / self.period if full else math.nan
            if len(self.block) == self.period:
                self.before, self.block = self.block, []


class Extremum:
    """The highest (`sign` 1) or lowest (`sign` -1) of `period` values, ending `lag` bars ago."""

    def __init__(self, period: int, lag: int, sign: float) -> None:
        self.period = period
        self.pick = max if sign > 0 else min
        self.window: deque[float] = deque(maxlen=period + lag)

    def update(self, values: Float64, out: Float64) -> None:
        """Write the extremum after each of the values."""
        for i, value in enumerate(values.tolist()):
            self.window.append(value)
            full = len(self.window) == self.window.maxlen
            out[i] = self.pick(list(self.window)[: self.period]) if full else math.nan


class Exponential:
    """The exponential mean, begun with the plain mean of `period` values after the first `skip`."""

    def __init__(self, period: int, skip: int) -> None:
        self.period, self.skip = period, skip
        self.weight = 2.0 / (period + 1)
        self.begin: list[float] = []
        self.value: float | None = None

    def update(self, values: Float64, out: Float64) -> None:
        """Write the mean after each of the values."""
        for i, value in enumerate(values.tolist()):
            if self.value is not None:
                self.value = (value - self.value) * self.weight + self.value
            elif self.skip > 0:
                self.skip -= 1
            else:
                self.begin.append(value)
                if len(self.begin) == self.period:
                    self.value = _added(self.begin) / self.period
            out[i] = math.nan if self.value is None else self.value


class _Wilder:
    """Wilder's smoothing: begun with a plain mean, then moved by 1/period of each difference."""

    def __init__(self, period: int) -> None:
        self.period = period
        self.begin: list[float] = []
        self.value: float | None = None

    def take(self, value: float) -> float | None:
        """Take a value and return the smoothed one, None in warm-up."""
        if self.value is not None:
            self.value += (value - self.value) * (1.0 / self.period)
        else:
            self.begin.append(value)
            if len(self.begin) == self.period:
                self.value = _added(self.begin) / self.period
        return self.value


class RelativeStrength:
    """Wilder's RSI: 100 times the mean gain over the mean gain and loss together."""

    def __init__(self, period: int) -> None:
        self.last: float | None = None
        self.gain, self.loss = _Wilder(period), _Wilder(period)

    def update(self, values: Float64, out: Float64) -> None:
        """Write the index after each of the values; 0 where nothing ever moved."""
        for i, value in enumerate(values.tolist()):
            last, self.last = self.last, value
            out[i] = math.nan
            if last is None:
                continue
            gain = self.gain.take(max(value - last, 0.0))
            loss = self.loss.take(max(last - value, 0.0))
            if gain is not None and loss is not None:
                out[i] = 100.0 * (gain / (gain + loss)) if gain + loss > 0 else 0.0


class TrueRange:
    """Wilder's average true range."""

    def __init__(self, period: int) -> None:
        self.last: float | None = None
        self.mean = _Wilder(period)

    def update(self, high: Float64, low: Float64, close: Float64, out: Float64) -> None:
        """Write the average after each bar; the first true range needs the close before it."""
        rows = zip(high.tolist(), low.tolist(), close.tolist(), strict=True)
        for i, (top, bottom, end) in enumerate(rows):
            last, self.last = self.last, end
            value = None
            if last is not None:
                value = self.mean.take(max(top - bottom, abs(top - last), abs(bottom - last)))
            out[i] = math.nan if value is None else value


class Change:
    """The change in percent against the value `period` bars ago."""

    def __init__(self, period: int) -> None:
        self.window: deque[float] = deque(maxlen=period + 1)

    def update(self, values: Float64, out: Float64) -> None:
        """Write the change after each of the values; NaN against zero."""
        for i, value in enumerate(values.tolist()):
            self.window.append(value)
            old = self.window[0]
            full = len(self.window) == self.window.maxlen
            out[i] = (value / old - 1.0) * 100.0 if full and old != 0 else math.nan


class SessionMean:
    """The mean of a price weighted by volume since its session's start (VWAP)."""

    def __init__(self, offset_ns: int) -> None:
        self.offset_ns = offset_ns
        self.session: int | None = None
        self.worth, self.size = _Sum(), _Sum()

    def update(self, ts_ns: Int64, price: Float64, volume: Float64, out: Float64) -> None:
        """Write the mean after each bar; NaN until something traded in the session."""
        rows = zip(ts_ns.tolist(), price.tolist(), volume.tolist(), strict=True)
        for i, (ts, level, size) in enumerate(rows):
            session = (ts - self.offset_ns) // DAY_NS
            if session != self.session:
                self.session = session
                self.worth, self.size = _Sum(), _Sum()
            worth, traded = self.worth.add(level * size), self.size.add(size)
            out[i] = worth / traded if traded > 0 else math.nan


class Balance:
    """On-balance volume: volume added where the close rose, taken off where it fell."""

    def __init__(self) -> None:
        self.last: float | None = None
        self.total = _Sum()

    def update(self, close: Float64, volume: Float64, out: Float64) -> None:
        """Write the balance after each bar; the first bar's volume begins it."""
        for i, (value, size) in enumerate(zip(close.tolist(), volume.tolist(), strict=True)):
            if self.last is None or value > self.last:
                self.total.add(size)
            elif value < self.last:
                self.total.add(-size)
            self.last = value
            out[i] = self.total.value


class _Sum:
    """Neumaier's compensated sum."""

    def __init__(self) -> None:
        self.total = self.rest = 0.0

    @property
    def value(self) -> float:
        """Return the sum with what rounding lost."""
        return self.total + self.rest

    def add(self, value: float) -> float:
        """Add a value and return the sum."""
        new = self.total + value
        big, small = (self.total, value) if abs(self.total) >= abs(value) else (value, self.total)
        self.rest += (big - new) + small
        self.total = new
        return self.value


def _limit(weights: int) -> int:
    """Return the power of two up to which ticks, times all weights, stay within 62 bits."""
    return 1 << ((LARGEST // weights).bit_length() - 1)


def _added(values: list[float]) -> float:
    """Return the sum added from the first value on, each step rounded (unlike `sum`)."""
    total = 0.0
    for value in values:
        total += value
    return total
