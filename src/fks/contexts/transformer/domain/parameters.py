"""Check what a caller asked an indicator to be, and say in one line what would work."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from fks.contracts.transformer import IndicatorInfo
from fks.kernel.errors import Invalid

__all__ = ["LONGEST", "Params", "bad", "complete"]

LONGEST = 10_000  # bars of a window: bounded memory, and exact sums that cannot overflow


def bad(message: str) -> Invalid:
    """Return the error for a spec that cannot be used."""
    return Invalid(message, code="transformer.bad_indicator")


def complete(info: IndicatorInfo, given: Mapping[str, float]) -> dict[str, float]:
    """Return all parameters of a kind, the given ones over the defaults.

    Raises `Invalid` for one that the kind does not have, or that is not a number.
    """
    for name, value in given.items():
        if name not in info.params:
            known = ", ".join(info.params) or "none"
            raise bad(f"{info.kind} has no parameter {name!r}; its parameters: {known}")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value):
            raise bad(f"{info.kind}: {name} must be a number, not {value!r}")
    return {**info.params, **given}


class Params:
    """The parameters of one indicator, read with their limits."""

    def __init__(self, kind: str, values: Mapping[str, float]) -> None:
        self._kind = kind
        self._values = values

    def whole(self, name: str, low: int = 1, high: int = LONGEST) -> int:
        """Return a whole number between the limits; raises `Invalid` otherwise."""
        value = self._values[name]
        if value != int(value) or not low <= value <= high:
            raise bad(
                f"{self._kind}: {name} must be a whole number from {low} to {high}, not {value:g}"
            )
        return int(value)

    def decimal(self, name: str, low: float, high: float) -> float:
        """Return a number between the limits; raises `Invalid` otherwise."""
        value = float(self._values[name])
        if not low <= value <= high:
            raise bad(f"{self._kind}: {name} must be from {low:g} to {high:g}, not {value:g}")
        return value

    def ordered(self, small: str, large: str) -> tuple[int, int]:
        """Return two periods, the first of which must be the shorter; raises `Invalid`."""
        pair = self.whole(small), self.whole(large)
        if pair[0] >= pair[1]:
            raise bad(f"{self._kind}: {small} ({pair[0]}) must be less than {large} ({pair[1]})")
        return pair

    def source(self, given: str, allowed: Sequence[str]) -> str:
        """Return the source if the kind can read it; raises `Invalid` otherwise."""
        if given in allowed or (not allowed and given == "close"):
            return given
        if not allowed:
            raise bad(f"{self._kind} reads fixed columns; leave source {given!r} out")
        raise bad(f"{self._kind} cannot read {given!r}; sources: {', '.join(allowed)}")
