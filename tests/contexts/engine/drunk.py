"""A strategy that does everything a strategy may do, at random but repeatably."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from fks.contracts.engine import Strategy
from fks.contracts.execution import Fill, StrategyDesk
from fks.contracts.transformer import IndicatorSpec
from fks.contracts.values import Instrument


class Drunk(Strategy):
    """Aim, order, cancel and protect, drawn from a seed and from what is seen."""

    name = "drunk"
    summary = "Anything goes"

    class Params(msgspec.Struct, frozen=True, kw_only=True):
        """The seed of its whims."""

        whim: Annotated[int, msgspec.Meta(ge=0)] = 0

    def __init__(self, params: Any, instrument: Instrument) -> None:
        super().__init__(params, instrument)
        self._draw = random.Random(params.whim)
        self._orders: list[int] = []

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Read an average and a channel."""
        return {
            "mean": IndicatorSpec(kind="ema", params={"period": 5}),
            "channel": IndicatorSpec(kind="donchian", params={"period": 7, "lag": 1}),
        }

    def on_fill(self, fill: Fill, desk: StrategyDesk) -> None:
        """Sometimes protect, sometimes add, at prices taken from the fill."""
        if self._draw.random() < 0.4 and fill.price > 20:
            self._orders.append(desk.sell(1.0, stop=fill.price - 5.0))
        if self._draw.random() < 0.2:
            desk.target(-fill.position)

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Do one of everything."""
        what = self._draw.randrange(12)
        away = self._draw.randrange(1, 8) * 0.25
        if what == 0:
            desk.long(0.5)
        elif what == 1:
            desk.short()
        elif what == 2:
            desk.flat()
        elif what == 3 and values.mean > bar.close:
            desk.target(self._draw.randrange(-3, 4))
        elif what == 4:
            self._orders.append(desk.buy(1.0, limit=bar.close - away))
        elif what == 5:
            self._orders.append(desk.sell(2.0, limit=bar.close + away))
        elif what == 6:
            self._orders.append(desk.buy(1.0, stop=bar.close + away))
        elif what == 7 and bar.close > values.channel:
            self._orders.append(desk.sell(1.0))
        elif what == 8 and self._orders:
            desk.cancel(self._draw.choice(self._orders))
        elif what == 9 and self._draw.random() < 0.2:
            desk.cancel_all()
        elif what == 10 and desk.position > 0:
            self._orders.append(desk.sell(desk.position, stop=max(bar.close - 3 * away, 0.25)))
            desk.long()
