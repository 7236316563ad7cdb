"""Buy weakness, sell strength: the relative strength index as a mean reversion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
import numpy as np

from fks.contracts.columns import BarColumns, FeatureColumns
from fks.contracts.engine import NO_OPINION, Strategy, Trigger
from fks.contracts.execution import StrategyDesk
from fks.contracts.transformer import IndicatorSpec

__all__ = ["RsiReversion"]

Level = Annotated[float, msgspec.Meta(ge=0.0, le=100.0)]


class RsiReversion(Strategy):
    """Go long below the lower level, leave (or go short) above the upper one.

    Between the levels it keeps what it has.
    """

    name = "rsi_reversion"
    summary = "Long after the RSI fell below a level, out when it rose above another"

    class Params(msgspec.Struct, frozen=True, kw_only=True):
        """The period in bars, the levels in points of the index."""

        period: Annotated[
            int,
            msgspec.Meta(ge=2, le=10_000, extra_json_schema={"description": "bars of the index"}),
        ] = 14
        lower: Annotated[
            Level, msgspec.Meta(extra_json_schema={"description": "go long below this"})
        ] = 30.0
        upper: Annotated[
            Level, msgspec.Meta(extra_json_schema={"description": "leave above this"})
        ] = 70.0
        allow_short: Annotated[
            bool,
            msgspec.Meta(extra_json_schema={"description": "go short instead of flat"}),
        ] = False

        def __post_init__(self) -> None:
            """Refuse levels in the wrong order."""
            if self.lower >= self.upper:
                raise ValueError(f"lower ({self.lower:g}) must be less than upper ({self.upper:g})")

    def indicators(self) -> Mapping[str, IndicatorSpec]:
        """Read the index of the close."""
        return {"rsi": IndicatorSpec(kind="rsi", params={"period": self.params.period})}

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Compare the index with the levels; NaN in warm-up compares false."""
        if values.rsi < self.params.lower:
            desk.long()
        elif values.rsi > self.params.upper:
            self._leave(desk)

    def triggers(self) -> Sequence[Trigger]:
        """Fire where the index passes a level outwards."""
        return (
            Trigger(kind="cross_below", left="rsi", right=self.params.lower),
            Trigger(kind="cross_above", left="rsi", right=self.params.upper),
        )

    def on_trigger(self, fired: int, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Go with the level that was passed; both at once is impossible."""
        if fired & 1:
            desk.long()
        else:
            self._leave(desk)

    def on_batch(self, bars: BarColumns, features: FeatureColumns) -> Any:
        """Say the same in columns."""
        rsi = features["rsi"]
        sides = np.full(len(rsi), NO_OPINION, dtype=np.int8)
        sides[rsi > self.params.upper] = -1 if self.params.allow_short else 0
        sides[rsi < self.params.lower] = 1
        return sides

    def _leave(self, desk: StrategyDesk) -> None:
        """Be flat, or short where that is wanted."""
        if self.params.allow_short:
            desk.short()
        else:
            desk.flat()
