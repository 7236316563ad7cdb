"""What a strategy aims at after the last bar it saw: the signal of the moment."""

from __future__ import annotations

from fks.contracts.execution import StrategyDesk
from fks.contracts.values import PositionSide

__all__ = ["AimedDesk"]


class AimedDesk:
    """A desk that passes every call on and remembers the last aim.

    Where a strategy places orders instead of aiming, the position it holds is its aim.
    """

    def __init__(self, desk: StrategyDesk) -> None:
        self._desk = desk
        self._aim: tuple[PositionSide, float] | None = None
        self.buy = desk.buy
        self.sell = desk.sell
        self.cancel = desk.cancel
        self.cancel_all = desk.cancel_all

    @property
    def position(self) -> float:
        """Return the signed quantity held."""
        return self._desk.position

    @property
    def aim(self) -> tuple[PositionSide, float]:
        """Return the side aimed at and the strength it was given, 0 to 1."""
        if self._aim is not None:
            return self._aim
        return _side(self._desk.position), 1.0

    def long(self, strength: float = 1.0) -> None:
        """Aim at the configured quantity, long."""
        self._aim = (PositionSide.LONG, strength)
        self._desk.long(strength)

    def short(self, strength: float = 1.0) -> None:
        """Aim at the configured quantity, short."""
        self._aim = (PositionSide.SHORT, strength)
        self._desk.short(strength)

    def flat(self, strength: float = 1.0) -> None:
        """Aim at no position."""
        self._aim = (PositionSide.FLAT, strength)
        self._desk.flat(strength)

    def target(self, quantity: float, strength: float = 1.0) -> None:
        """Aim at a signed quantity."""
        self._aim = (_side(quantity), strength)
        self._desk.target(quantity, strength)


def _side(quantity: float) -> PositionSide:
    """Return the direction of a signed quantity."""
    if quantity == 0:
        return PositionSide.FLAT
    return PositionSide.LONG if quantity > 0 else PositionSide.SHORT
