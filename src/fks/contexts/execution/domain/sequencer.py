"""Put what a session hears back into the one order in which a backtest would have done it.

Bars, signals and the end of each bar's decisions travel as three topics, each at least once, in
no order among themselves. Matching and deciding must alternate strictly: a desk that took bar 7
before the decisions at bar 6 would fill orders a bar late. The sequencer holds early arrivals,
drops repeats, and hands out the next step only when all that it needs is there.
"""

from __future__ import annotations

import enum

import msgspec

from fks.contracts.data import BarClosed
from fks.contracts.engine import BarDecided, SignalRaised

__all__ = ["Apply", "Match", "Offer", "Sequencer", "Step"]


class Match(msgspec.Struct, frozen=True):
    """Let the desk match this bar."""

    bar: BarClosed


class Apply(msgspec.Struct, frozen=True):
    """Apply these decisions, in this order, and end bar `index`."""

    index: int
    signals: tuple[SignalRaised, ...]


Step = Match | Apply


class Offer(enum.Enum):
    """What became of something offered: kept, known already (or past), or too far ahead."""

    KEPT = "kept"
    KNOWN = "known"
    BEYOND = "beyond"


class Sequencer:
    """Hold what arrived early and hand out steps in order.

    The cursor is the last matched bar (`last_index`, -1 before the first) and whether its
    decisions were applied (`decided`); both together are all that a restart needs. What lies
    more than `ahead` bars before the cursor, or is the `per_bar`-th signal of a bar or later, is
    refused as `Offer.BEYOND`, so that memory is bounded whatever arrives.
    """

    def __init__(
        self,
        *,
        last_index: int = -1,
        decided: bool = True,
        ahead: int = 1024,
        per_bar: int = 10_000,
    ) -> None:
        assert last_index >= 0 or decided, "there is nothing to decide before the first bar"
        self._last_index = last_index
        self._decided = decided
        self._ahead = ahead
        self._per_bar = per_bar
        self._bars: dict[int, BarClosed] = {}
        self._signals: dict[int, dict[int, SignalRaised]] = {}
        self._counts: dict[int, int] = {}

    @property
    def last_index(self) -> int:
        """Return the index of the last bar handed out to be matched, -1 before the first."""
        return self._last_index

    @property
    def decided(self) -> bool:
        """Return whether the decisions at that bar were handed out too."""
        return self._decided

    @property
    def held(self) -> int:
        """Return how many messages wait here."""
        return len(self._bars) + len(self._counts) + sum(map(len, self._signals.values()))

    def offer_bar(self, bar: BarClosed) -> Offer:
        """Take a bar; the first of an index counts, later ones are repeats."""
        if bar.index <= self._last_index or bar.index in self._bars:
            return Offer.KNOWN
        if bar.index > self._last_index + self._ahead:
            return Offer.BEYOND
        self._bars[bar.index] = bar
        return Offer.KEPT

    def offer_signal(self, raised: SignalRaised) -> Offer:
        """Take a signal; the first of a bar and number counts, later ones are repeats."""
        index, number = raised.bar_index, raised.signal.number
        if self._is_past(index):
            return Offer.KNOWN
        if index > self._last_index + self._ahead or not 0 <= number < self._per_bar:
            return Offer.BEYOND
        signals = self._signals.setdefault(index, {})
        if number in signals:
            return Offer.KNOWN
        signals[number] = raised
        return Offer.KEPT

    def offer_decided(self, decided: BarDecided) -> Offer:
        """Take the end of a bar's decisions, which says how many signals there are to it."""
        index = decided.bar_index
        if self._is_past(index) or index in self._counts:
            return Offer.KNOWN
        if index > self._last_index + self._ahead or not 0 <= decided.signals <= self._per_bar:
            return Offer.BEYOND
        self._counts[index] = decided.signals
        return Offer.KEPT

    def ready(self, *, matching: bool = True) -> bool:
        """Tell whether `take` would return a step."""
        if self._decided:
            return matching and self._last_index + 1 in self._bars
        count = self._counts.get(self._last_index)
        if count is None:
            return False
        signals = self._signals.get(self._last_index, {})
        return len(signals) >= count and all(number in signals for number in range(count))

    def take(self, *, matching: bool = True) -> Step | None:
        """Return the next step and move the cursor, or None while something is missing.

        Without `matching` no new bar is begun; the decisions at the last one are still applied.
        """
        if not self.ready(matching=matching):
            return None
        if self._decided:
            self._last_index += 1
            self._decided = False
            return Match(self._bars.pop(self._last_index))
        self._decided = True
        count = self._counts.pop(self._last_index)
        signals = self._signals.pop(self._last_index, {})
        return Apply(self._last_index, tuple(signals[number] for number in range(count)))

    def _is_past(self, index: int) -> bool:
        """Tell whether the decisions at bar `index` were handed out, or could never be."""
        return (
            index < 0 or index < self._last_index or (index == self._last_index and self._decided)
        )
