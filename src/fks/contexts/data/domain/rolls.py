"""The roll table of a continuous series, as it is kept beside its bars."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import msgspec

__all__ = ["RollRow", "RollTable"]


class RollRow(msgspec.Struct, frozen=True, kw_only=True):
    """From the date `session` on, `after` follows `before`.

    The prices are closes of the last bars of one time before it, opening at `measured_at_ns`;
    `ratio` is their exact fraction and `difference` what lies between them, later less earlier.
    They are empty where the contracts had no such bars; then the series is not adjusted. There is
    no ratio of prices of zero or below.
    """

    session: str
    before: str
    after: str
    measured_at_ns: int | None = None
    before_price: str = ""
    after_price: str = ""
    ratio: str = ""
    difference: str = ""

    def measured(self, at_ns: int, before: int, after: int, tick: Decimal) -> RollRow:
        """Return the roll with prices, given in ticks."""
        return msgspec.structs.replace(
            self,
            measured_at_ns=at_ns,
            before_price=str(before * tick),
            after_price=str(after * tick),
            ratio=str(Fraction(after, before)) if min(after, before) > 0 else "",
            difference=str((after - before) * tick),
        )


class RollTable(msgspec.Struct, frozen=True, kw_only=True):
    """How a continuous series was made; `bars` counts those of each contract in it."""

    product: str
    roll: str
    adjust: str
    rolls: tuple[RollRow, ...]
    bars: dict[str, int]
