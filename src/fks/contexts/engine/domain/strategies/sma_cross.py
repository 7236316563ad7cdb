"""Two moving averages: the strategy everybody knows, and the workload engines are compared by."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import numpy as np

from fks.contracts.columns import BarColumns, FeatureColumns
from fks.contracts.engine import Strategy, Trigger
from fks.contracts.execution import StrategyDesk
from fks.contracts.transformer import IndicatorSpec
from fks.contracts.values import Instrument

__all__ = ["SmaCross"]

Period = Annotated[int, msgspec.Meta(ge=1, le=10_000)]


class SmaCross(Strategy):
    """Be long while the fast average is above the slow one by more than a threshold.

    The threshold is a fraction of a tick by default: it only keeps averages that are equal on
    paper, and differ in the last bit of a float, from counting as crossed.
    """

    name = "sma_cross"
    summary = "Long while a fast moving average is above a slow one"

    class Params(msgspec.Struct, frozen=True, kw_only=True):
        """Periods in bars, the threshold in ticks."""

        fast: Annotated[
            Period, msgspec.Meta(extra_json_schema={"description": "bars of the fast average"})
        ] = 10
        slow: Annotated[
            Period, msgspec.Meta(extra_json_schema={"description": "bars of the slow average"})
        ] = 30
        threshold_ticks: Annotated[
            float,
            msgspec.Meta(
                ge=0.0,
                le=1e9,
                extra_json_schema={"description": "gap of the averages that counts, in ticks"},
            ),
        ] = 0.01
        allow_short: Annotated[
            bool,
            msgspec.Meta(extra_json_schema={"description": "be short instead of flat"}),
        ] = False

        def __post_init__(self) -> None:
            """Refuse periods in the wrong order."""
            if self.fast >= self.slow:
                raise ValueError(f"fast ({self.fast}) must be less than slow ({self.slow})")

    def __init__(self, params: Any, instrument: Instrument) -> None:
        super().__init__(params, instrument)
        self._gap = float(Decimal(str(params.threshold_ticks)) * instrument.tick_size)
        self._out = -1 if params.allow_short else 0

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Read two averages of the close."""
        return {
            "fast": IndicatorSpec(kind="sma", params={"period": self.params.fast}),
            "slow": IndicatorSpec(kind="sma", params={"period": self.params.slow}),
        }

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Compare the averages; in warm-up they are NaN, and nothing is done."""
        gap = values.fast - values.slow
        if gap > self._gap:
            desk.long()
        elif gap <= self._gap:
            if self._out:
                desk.short()
            else:
                desk.flat()

    def triggers(self) -> Sequence[Trigger]:
        """Fire where the comparison turns true, and where it turns false.

        `gap <= threshold` is written as `gap < the next float after it`, so that an exact tie
        means the same as in `on_bar`.
        """
        after = math.nextafter(self._gap, math.inf)
        return (
            Trigger(kind="cross_above", left="fast", right="slow", tolerance=self._gap),
            Trigger(kind="cross_below", left="fast", right="slow", tolerance=-after),
        )

    def on_trigger(self, fired: int, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Go with the side that turned true."""
        if fired & 1:
            desk.long()
        elif self._out:
            desk.short()
        else:
            desk.flat()

    def on_batch(self, bars: BarColumns, features: FeatureColumns) -> Any:
        """Say the same in columns."""
        gap = features["fast"] - features["slow"]
        sides = (gap > self._gap).view(np.int8)
        if self._out:
            sides -= gap <= self._gap
        return sides
