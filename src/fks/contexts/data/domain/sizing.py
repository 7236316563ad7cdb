"""What is imported: what its user says of it, and the instrument that follows.

Bars and ticks find their instrument in the same way: given, known by its name, or inferred.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec
import numpy as np

from fks.contexts.data.domain.instruments import (
    guess_instrument,
    kind_of_symbol,
    known_instrument,
    quoted,
    with_sizes,
)
from fks.contexts.data.domain.precision import Precision, precision_of
from fks.contexts.data.domain.registry.products import BELOW_ZERO
from fks.contexts.data.domain.registry.registry import BUILT_IN, Registry
from fks.contexts.data.domain.timeframes import DAY_NS
from fks.contexts.data.domain.validation import Floor
from fks.contracts.columns import Float64, Int64
from fks.contracts.values import Instrument

__all__ = ["Wanted", "floor_of", "guessed", "known_of", "tick_of"]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the one who imports says; None and "" leave it to the data.

    Without a name it is made of symbol and timeframe. `sure` is false for a symbol that only the
    file's name suggests: BTC there is the future of that name only if its prices are. `quotes`
    says that prices are middles of bid and ask, `usual_calendar` is what the format implies for
    an instrument that is not built in. Prices of zero or below are faults unless `allow_negative`
    says that they can be, or the registry: the price of a future, a spread or an option can.
    """

    symbol: str
    name: str = ""
    sure: bool = True
    timeframe: str | None = None
    instrument: Instrument | None = None
    provider: str = "file"
    source: str = ""
    synthetic: bool = False
    quotes: bool = False
    usual_calendar: str | None = None
    calendar: str | None = None
    tick_size: str | None = None
    lot_size: str | None = None
    multiplier: str | None = None
    allow_negative: bool = False
    created_at_ns: int = 0
    code_version: str = ""
    registry: Registry = BUILT_IN


def known_of(closes: Float64, wanted: Wanted) -> Instrument | None:
    """Return the instrument that was given or is built in, with the sizes asked for."""
    found = wanted.instrument or known_instrument(wanted.symbol, wanted.registry)
    if found is None:
        return None
    if wanted.quotes and wanted.tick_size is None:
        found = quoted(found)
    if not wanted.sure and not _fits(closes, found):
        return None
    if wanted.calendar is not None:
        found = msgspec.structs.replace(found, calendar=wanted.calendar)
    return _sized(found, wanted)


def floor_of(wanted: Wanted, known: Instrument | None) -> Floor:
    """Return which prices can be; `known` is the instrument, if it is known.

    Of a future or an option a zero by itself is taken for a number that is missing.
    """
    kind = "" if known is None else kind_of_symbol(wanted.symbol, wanted.registry)
    if wanted.allow_negative or kind == "spread":
        return "any"
    return "negative" if kind in BELOW_ZERO else "positive"


def _fits(closes: Float64, instrument: Instrument) -> bool:
    """Tell whether nearly all prices are whole ticks of an instrument."""
    closes = closes[np.isfinite(closes)]
    on_tick = np.abs(np.remainder(closes / float(instrument.tick_size) + 0.5, 1.0) - 0.5) < 1e-6
    return len(closes) > 0 and float(on_tick.mean()) > 0.9


def tick_of(
    prices: Sequence[Float64], wanted: Wanted, known: Instrument | None
) -> tuple[Decimal, bool]:
    """Return the tick size, and whether prices are rounded to it."""
    if known is not None:
        return known.tick_size, False
    if wanted.tick_size is not None:
        return _sized(Instrument(id="any", tick_size=Decimal(1)), wanted).tick_size, False
    found = precision_of(prices)
    return Decimal(1).scaleb(-found.places), not found.exact


def guessed(
    ts_ns: Int64, volume: Float64, wanted: Wanted, tick: Decimal, step_ns: int
) -> Instrument:
    """Return an instrument that fits rows; `step_ns` is 0 where they are no bars."""
    exponent = tick.normalize().as_tuple().exponent
    places = -exponent if isinstance(exponent, int) else 0
    calendar = wanted.calendar or wanted.usual_calendar
    instrument = guess_instrument(
        wanted.symbol,
        Precision(max(places, 0), True),
        volume,
        calendar or _rhythm(ts_ns, step_ns),
    )
    return _sized(msgspec.structs.replace(instrument, tick_size=tick), wanted)


def _sized(instrument: Instrument, wanted: Wanted) -> Instrument:
    """Return the instrument with the sizes that were asked for."""
    return with_sizes(
        instrument,
        tick_size=wanted.tick_size,
        lot_size=wanted.lot_size,
        multiplier=wanted.multiplier,
    )


def _rhythm(ts_ns: Int64, step_ns: int) -> str:
    """Return the calendar that the bars themselves suggest: a twentieth on Saturdays is 24/7."""
    saturday = ((ts_ns // DAY_NS + 3) % 7) == 5
    if 20 * int(saturday.sum()) > len(saturday):
        return "24/7"
    return "weekdays" if step_ns >= DAY_NS else "24/5"
