"""What comes out of the trading machine: facts to tell, and acts to do once they are durable."""

from __future__ import annotations

import msgspec

from fks.contexts.execution.domain.routing.effects import Question
from fks.contracts.execution import (
    AccountFill,
    AccountOrder,
    AccountPosition,
    GateState,
    HeldSignal,
    RiskDecision,
    TradingAccount,
)

__all__ = [
    "AccountMoved",
    "Asked",
    "BreakerTripped",
    "CancelSent",
    "ChangeSent",
    "Decided",
    "Effect",
    "FillMade",
    "GateMoved",
    "OrderMoved",
    "OrderSent",
    "PositionMoved",
    "SignalMoved",
    "Told",
]


class Effect(msgspec.Struct, frozen=True):
    """Something that follows from an input."""


class OrderSent(Effect, frozen=True):
    """An order is to be sent to its venue, once."""

    account: str
    order_id: int


class CancelSent(Effect, frozen=True):
    """A venue is to be asked for a cancel."""

    account: str
    order_id: int


class ChangeSent(Effect, frozen=True):
    """A venue is to be asked to amend to these total lots and this limit."""

    account: str
    order_id: int
    lots: int
    price_ticks: int | None


class Asked(Effect, frozen=True):
    """A venue is to be asked about an order: how it stands, its fills, or a cancel once more."""

    account: str
    order_id: int
    question: Question


class OrderMoved(Effect, frozen=True):
    """An order is now like this."""

    order: AccountOrder


class FillMade(Effect, frozen=True):
    """A fill was counted."""

    fill: AccountFill


class PositionMoved(Effect, frozen=True):
    """A position is now like this."""

    position: AccountPosition


class AccountMoved(Effect, frozen=True):
    """An account is now like this."""

    account: TradingAccount


class Decided(Effect, frozen=True):
    """The controls decided."""

    decision: RiskDecision


class GateMoved(Effect, frozen=True):
    """A gate closed or opened."""

    gate: GateState


class SignalMoved(Effect, frozen=True):
    """A held signal is now like this."""

    signal: HeldSignal


class Told(Effect, frozen=True):
    """A line of the story of an order, or of an account (`order_id` 0)."""

    account: str
    order_id: int
    what: str
    detail: str


class BreakerTripped(Effect, frozen=True):
    """The technical breaker of a venue is to open."""

    venue: str
    reason: str
