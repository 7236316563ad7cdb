"""How long a message is under way, by the model chosen."""

from __future__ import annotations

from bisect import bisect_right

from fks.contexts.execution.domain.simulation.models import LatencyKind, LatencyModel

__all__ = ["ENTRY", "RESPONSE", "Latency"]

ENTRY = 0
RESPONSE = 1
_WORD = 2**64


class Latency:
    """The delays of one model. The same number of a message always has the same delay."""

    def __init__(self, model: LatencyModel) -> None:
        self._model = model
        self._times = [point.ts_ns for point in model.points]
        self._series = (
            [point.entry_ns for point in model.points],
            [point.response_ns for point in model.points],
        )
        self._quantiles = (model.entry_quantiles_ns, model.response_quantiles_ns)

    def delay_ns(self, direction: int, ts_ns: int, number: int) -> int:
        """Return the delay of message `number` of a direction that leaves at `ts_ns`."""
        model = self._model
        if model.kind is LatencyKind.SERIES and self._times:
            found = self._measured(self._series[direction], ts_ns)
        elif model.kind is LatencyKind.QUANTILES and self._quantiles[direction]:
            found = _drawn(self._quantiles[direction], model.seed, direction, number)
        else:
            found = (model.entry_ns, model.response_ns)[direction]
        return found + model.extra_ns

    def _measured(self, series: list[int], ts_ns: int) -> int:
        """Return the delay at an instant: on the line between its neighbours, flat outside."""
        after = bisect_right(self._times, ts_ns)
        if after == 0 or after == len(series):
            return series[min(after, len(series) - 1)]
        start, end = self._times[after - 1], self._times[after]
        rise = series[after] - series[after - 1]
        return series[after - 1] + rise * (ts_ns - start) // max(end - start, 1)


def _drawn(quantiles: tuple[int, ...], seed: int, direction: int, number: int) -> int:
    """Return a delay on the measured distribution, at a place that seed and number fix."""
    place = _mixed(seed * 2 + direction, number) * (len(quantiles) - 1)
    below, part = divmod(place, _WORD)
    if below >= len(quantiles) - 1:
        return quantiles[-1]
    return quantiles[below] + (quantiles[below + 1] - quantiles[below]) * part // _WORD


def _mixed(seed: int, number: int) -> int:
    """Return 64 evenly spread bits of two numbers (SplitMix64's finaliser, Steele et al. 2014)."""
    value = (seed * 0x9E3779B97F4A7C15 + number * 0xD1B54A32D192ED03 + 0x2545F4914F6CDD1D) % _WORD
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 % _WORD
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB % _WORD
    return value ^ (value >> 31)
