"""Follow the price out of its channel: Donchian breakouts, plain and with a protective stop."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
import numpy as np

from fks.contracts.columns import BarColumns, FeatureColumns
from fks.contracts.engine import NO_OPINION, Strategy, Trigger
from fks.contracts.execution import Fill, StrategyDesk
from fks.contracts.transformer import IndicatorSpec
from fks.contracts.values import Instrument

__all__ = ["Breakout", "BreakoutStop"]

Entry = Annotated[
    int,
    msgspec.Meta(
        ge=1, le=10_000, extra_json_schema={"description": "bars of the channel to break out of"}
    ),
]
Exit = Annotated[
    int,
    msgspec.Meta(
        ge=1, le=10_000, extra_json_schema={"description": "bars of the channel to leave at"}
    ),
]


def _check_periods(entry: int, leave: int) -> None:
    """Refuse an exit channel that is wider than the entry channel."""
    if leave > entry:
        raise ValueError(f"exit ({leave}) must not be more than entry ({entry})")


class Breakout(Strategy):
    """Go long above the highest high of the last bars, out below the lowest low of fewer bars.

    The channels end with the bar before, so a close can leave them. With `allow_short` the
    mirror image holds below the channel.
    """

    name = "breakout"
    summary = "Long above the highest high of some bars, out below the lowest low of fewer"

    class Params(msgspec.Struct, frozen=True, kw_only=True):
        """Periods in bars."""

        entry: Entry = 20
        exit: Exit = 10
        allow_short: Annotated[
            bool,
            msgspec.Meta(extra_json_schema={"description": "go short below the channel"}),
        ] = False

        def __post_init__(self) -> None:
            """Refuse channels in the wrong order."""
            _check_periods(self.entry, self.exit)

    def __init__(self, params: Any, instrument: Instrument) -> None:
        super().__init__(params, instrument)
        self._aim = 0

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Read two channels, each ending with the bar before."""
        return {
            "entry": IndicatorSpec(kind="donchian", params={"period": self.params.entry, "lag": 1}),
            "leave": IndicatorSpec(kind="donchian", params={"period": self.params.exit, "lag": 1}),
        }

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Compare the close with the edges; NaN in warm-up compares false."""
        self._act(
            self._step(
                bar.close > values.entry,
                bar.close < values.entry_lower,
                bar.close > values.leave,
                bar.close < values.leave_lower,
            ),
            desk,
        )

    def triggers(self) -> Sequence[Trigger]:
        """Fire where the close leaves a channel, not while it stays outside."""
        return (
            Trigger(kind="cross_above", left="close", right="entry"),
            Trigger(kind="cross_below", left="close", right="entry_lower"),
            Trigger(kind="cross_above", left="close", right="leave"),
            Trigger(kind="cross_below", left="close", right="leave_lower"),
        )

    def on_trigger(self, fired: int, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Act on the edges that were passed."""
        self._act(
            self._step(bool(fired & 1), bool(fired & 2), bool(fired & 4), bool(fired & 8)), desk
        )

    def on_batch(self, bars: BarColumns, features: FeatureColumns) -> Any:
        """Say the same in columns; only bars outside a channel are looked at one by one."""
        close = bars.close
        above, below = close > features["entry"], close < features["entry_lower"]
        over, under = close > features["leave"], close < features["leave_lower"]
        sides = np.full(len(close), NO_OPINION, dtype=np.int8)
        rows = np.flatnonzero(over | under | above | below)
        edges = zip(
            above[rows].tolist(),
            below[rows].tolist(),
            over[rows].tolist(),
            under[rows].tolist(),
            strict=True,
        )
        sides[rows] = [self._step(*outside) for outside in edges]
        return sides

    def _step(self, above: bool, below: bool, over: bool, under: bool) -> int:
        """Return the side after the close left these edges: entry up, down, exit up, down."""
        if above:
            self._aim = 1
        elif below and self.params.allow_short:
            self._aim = -1
        elif (under and self._aim > 0) or (over and self._aim < 0):
            self._aim = 0
        else:
            return NO_OPINION
        return self._aim

    @staticmethod
    def _act(side: int, desk: StrategyDesk) -> None:
        """Make the call that means the side."""
        if side == 1:
            desk.long()
        elif side == 0:
            desk.flat()
        elif side == -1:
            desk.short()


class BreakoutStop(Strategy):
    """A breakout that places a stop order under each entry, a multiple of the range away.

    It places orders and listens to its fills, so it has the tier in which both are possible.
    """

    name = "breakout_stop"
    summary = "Breakout with a protective stop order some average ranges under the entry"

    class Params(msgspec.Struct, frozen=True, kw_only=True):
        """Periods in bars, the distance of the stop in average true ranges."""

        entry: Entry = 20
        exit: Exit = 10
        atr: Annotated[
            int,
            msgspec.Meta(
                ge=1, le=10_000, extra_json_schema={"description": "bars of the average range"}
            ),
        ] = 14
        stop_ranges: Annotated[
            float,
            msgspec.Meta(
                gt=0.0,
                le=100.0,
                extra_json_schema={"description": "distance of the stop in average ranges"},
            ),
        ] = 2.0

        def __post_init__(self) -> None:
            """Refuse channels in the wrong order."""
            _check_periods(self.entry, self.exit)

    def __init__(self, params: Any, instrument: Instrument) -> None:
        super().__init__(params, instrument)
        self._range = math.nan
        self._stop = 0

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Read two channels and the average true range."""
        return {
            "entry": IndicatorSpec(kind="donchian", params={"period": self.params.entry, "lag": 1}),
            "leave": IndicatorSpec(kind="donchian", params={"period": self.params.exit, "lag": 1}),
            "range": IndicatorSpec(kind="atr", params={"period": self.params.atr}),
        }

    def on_fill(self, fill: Fill, desk: StrategyDesk) -> None:
        """Protect an entry; forget the stop once the position is gone."""
        if fill.position > 0.0 and not self._stop:
            distance = self.params.stop_ranges * self._range
            stop = self._whole_ticks(fill.price - distance)
            if stop > 0.0:
                self._stop = desk.sell(fill.position, stop=stop)
        elif fill.position == 0.0:
            self._stop = 0

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Enter above the channel while flat, leave below the narrower one while long."""
        self._range = values.range
        if desk.position == 0.0:
            if bar.close > values.entry and self._range > 0.0:
                desk.long()
        elif bar.close < values.leave_lower:
            if self._stop:
                desk.cancel(self._stop)
                self._stop = 0
            desk.flat()

    def _whole_ticks(self, price: float) -> float:
        """Return the price rounded down to the instrument's tick."""
        tick = self.instrument.tick_size
        return float(math.floor(price / float(tick)) * tick)
