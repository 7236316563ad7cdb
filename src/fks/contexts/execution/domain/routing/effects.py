"""What a routed order hears, in integers, and what follows from it.

An effect is a fact to book or a question to ask; nothing here sends anything.
"""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec

from fks.contracts.execution import OrderState, VenueReportKind

__all__ = [
    "Ask",
    "Difference",
    "Effect",
    "Filled",
    "Found",
    "Heard",
    "Patience",
    "Question",
    "Released",
    "Resized",
    "Revived",
    "StateChanged",
]

_SECOND = 1_000_000_000


class Question(enum.Enum):
    """What is to be asked of the venue.

    `find`: how does the order stand; `fills`: which fills since it was sent; `cancel`: cancel it
    once more, which is safe as often as one likes, since an order is cancelled but once.
    """

    FIND = "find"
    FILLS = "fills"
    CANCEL = "cancel"


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """A report about one order: `VenueReport` in lots, ticks and nanos.

    `lots` and `price_ticks` are of the fill for `filled`; of the whole order for `replaced`, where
    0 lots and None mean that the venue did not say. `ts_ns` is the venue's time. `fee_nanos` is in
    the account's currency, `fee` in its own (`fee_currency`), as it was paid.
    """

    kind: VenueReportKind
    ts_ns: int
    lots: int = 0
    price_ticks: int | None = None
    fee_nanos: int = 0
    fee: Decimal = Decimal(0)
    fee_currency: str = ""
    trade_id: str = ""
    venue_order_id: str = ""
    maker: bool = False
    code: str = ""
    text: str = ""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """How the venue says an order stands; `state` is one of new, partially_filled, filled,
    cancelled, rejected, expired.
    """

    state: OrderState
    lots: int
    filled_lots: int
    price_ticks: int | None = None
    venue_order_id: str = ""


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait, in nanoseconds.

    `answer_ns`: for an answer before an order is in doubt; `again_ns`: between two questions, at
    first; it doubles up to `longest_ns`. `settle_ns`: until a venue's "never had it" is believed,
    since what was sent may still be on its way. `alert_ns`: until a doubt is told as a difference.
    """

    answer_ns: int = 5 * _SECOND
    again_ns: int = 1 * _SECOND
    longest_ns: int = 10 * _SECOND
    settle_ns: int = 10 * _SECOND
    alert_ns: int = 25 * _SECOND


class Effect(msgspec.Struct, frozen=True):
    """Something that follows."""


class Filled(Effect, frozen=True, kw_only=True):
    """A fill that was not counted before. `late`: the order was over, its lots were released."""

    lots: int
    price_ticks: int
    trade_id: str
    ts_ns: int
    fee_nanos: int = 0
    fee: Decimal = Decimal(0)
    fee_currency: str = ""
    maker: bool = False
    late: bool = False


class Released(Effect, frozen=True):
    """The order is over; these lots can no longer be filled."""

    lots: int


class Resized(Effect, frozen=True):
    """The order is for so many lots in all, at this limit: amended, or an amendment refused."""

    lots: int
    price_ticks: int | None


class Revived(Effect, frozen=True):
    """An order that was taken for over works at the venue: these lots are exposure again."""

    lots: int


class StateChanged(Effect, frozen=True):
    """The order now stands like this; `code` and `text` say why where there is a reason."""

    state: OrderState
    code: str = ""
    text: str = ""


class Difference(Effect, frozen=True):
    """The venue said what cannot be: this needs a look, and closes the gate until it is solved."""

    code: str
    text: str


class Ask(Effect, frozen=True):
    """The venue is to be asked."""

    question: Question
