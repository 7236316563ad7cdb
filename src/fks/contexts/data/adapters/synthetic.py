"""The built-in provider of seeded synthetic bars; what it gives is always labelled synthetic."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated
from zlib import crc32

import msgspec

from fks.contexts.data.adapters.calendars import check_calendar, expected_stamps
from fks.contexts.data.domain.synthetic import random_walk
from fks.contexts.data.domain.timeframes import timeframe_ns
from fks.contracts.columns import BarColumns
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid

__all__ = ["SyntheticProvider", "SyntheticSettings"]

_DEFAULT_BARS = 10_000
_MOST_BARS = 20_000_000
_START_NS = 1_577_836_800_000_000_000


class SyntheticSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The walk: its seed, first price, volatility a year, tick size and session calendar."""

    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 42
    start_price: Annotated[float, msgspec.Meta(gt=0, le=1e9)] = 100.0
    annual_volatility: Annotated[float, msgspec.Meta(gt=0, le=10)] = 0.2
    tick_size: Decimal = Decimal("0.01")
    calendar: str = "24/7"


class SyntheticProvider:
    """Bars of a random walk in the sessions of a calendar, another walk for each symbol.

    Without an end it is a span of 10,000 steps, from 2020 on where no start is given either.
    """

    def __init__(self, settings: SyntheticSettings) -> None:
        self._settings = settings

    def fetch(
        self, symbol: str, timeframe: str, start_ns: int, end_ns: int
    ) -> Iterator[tuple[Instrument, BarColumns]]:
        """Yield the bars in one piece. Raises `Invalid` for too long a span."""
        chosen, step_ns = self._settings, timeframe_ns(timeframe)
        first = -(-(start_ns or _START_NS) // step_ns) * step_ns
        count = _DEFAULT_BARS if end_ns > 2**62 else max(0, -(-(end_ns - first) // step_ns))
        if count > _MOST_BARS:
            raise Invalid(
                f"{count:,} synthetic bars are too many; {_MOST_BARS:,} are the most",
                code="data.too_many_bars",
            )
        instrument = Instrument(
            id=symbol.upper(),
            tick_size=chosen.tick_size,
            venue="SYNTHETIC",
            calendar=check_calendar(chosen.calendar),
            description="synthetic",
        )
        stamps = expected_stamps(first, first + (count - 1) * step_ns, step_ns, chosen.calendar)
        if len(stamps):
            yield (
                instrument,
                random_walk(
                    stamps,
                    step_ns,
                    seed=(chosen.seed, crc32(instrument.id.encode())),
                    start_price=chosen.start_price,
                    annual_volatility=chosen.annual_volatility,
                    tick_size=chosen.tick_size,
                ),
            )
