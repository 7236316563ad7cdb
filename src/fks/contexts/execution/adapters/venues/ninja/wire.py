"""The lines of the NinjaTrader bridge, as `docs/reference/ninja-bridge.md` describes them.

One JSON object a line, `type` says which. Numbers are exact decimals on both sides; instants are
UTC in nanoseconds of the Unix epoch.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

__all__ = [
    "Accepted",
    "Account",
    "Answer",
    "CancelRejected",
    "Cancelled",
    "ChangeRejected",
    "Changed",
    "Execution",
    "Expired",
    "Fill",
    "FromTerminal",
    "Heartbeat",
    "Hello",
    "OrderLine",
    "PositionLine",
    "Query",
    "Refused",
    "Rejected",
    "Signal",
    "Welcome",
    "decode",
    "encode",
]

VERSION = 1
LONGEST = 65_536


class Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """One line."""


class Hello(Line, frozen=True, kw_only=True, tag="hello"):
    """The terminal names the account it trades, and shows the port's token."""

    account: str
    token: str
    version: int = VERSION


class Welcome(Line, frozen=True, kw_only=True, tag="welcome"):
    """The terminal is let in."""

    heartbeat_s: float
    oldest_s: float
    version: int = VERSION


class Refused(Line, frozen=True, kw_only=True, tag="refused"):
    """The terminal is not let in."""

    reason: str


class Heartbeat(Line, frozen=True, kw_only=True, tag="heartbeat"):
    """Still there; `timestamp` tells the clocks apart."""

    timestamp: int


class Signal(Line, frozen=True, kw_only=True, tag="signal"):
    """What the terminal shall do: `action` buy, sell, cancel or change.

    `id` is the order's; `quantity` is of the whole order. One older than `oldest_s` of the welcome
    is refused by the terminal. `stop_loss` and `take_profit` are for strategies that place their
    own brackets: FKS sends those as orders, and null here.
    """

    action: Literal["buy", "sell", "cancel", "change"]
    id: str
    symbol: str
    timestamp: int
    quantity: Decimal | None = None
    order_type: str = "market"
    price: Decimal | None = None
    stop_price: Decimal | None = None
    tif: str = "gtc"
    expires: int = 0
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None


class Query(Line, frozen=True, kw_only=True, tag="query"):
    """A question; answered by an `answer` with the same `request`."""

    request: int
    query: Literal["order", "orders", "fills", "positions", "account"]
    id: str = ""
    symbol: str = ""
    since: int = 0


class _About(Line, frozen=True, kw_only=True):
    id: str
    timestamp: int
    order_id: str = ""
    code: str = ""
    reason: str = ""


class Accepted(_About, frozen=True, kw_only=True, tag="ack"):
    """The order works, or waits for its trigger."""


class Rejected(_About, frozen=True, kw_only=True, tag="reject"):
    """The order was refused."""


class Cancelled(_About, frozen=True, kw_only=True, tag="cancelled"):
    """The order was cancelled."""


class Expired(_About, frozen=True, kw_only=True, tag="expired"):
    """The order's time was over."""


class CancelRejected(_About, frozen=True, kw_only=True, tag="cancel_rejected"):
    """A cancel was refused."""


class ChangeRejected(_About, frozen=True, kw_only=True, tag="change_rejected"):
    """A change was refused."""


class Changed(_About, frozen=True, kw_only=True, tag="changed"):
    """The order is now for so much in all, at this limit."""

    quantity: Decimal
    price: Decimal | None = None


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """A fill; `execution_id` is the terminal's, unique for ever."""

    id: str
    execution_id: str
    symbol: str
    side: Literal["buy", "sell"]
    quantity: Decimal
    price: Decimal
    timestamp: int
    order_id: str = ""
    commission: Decimal = Decimal(0)
    currency: str = ""
    maker: bool = False


class Fill(Execution, Line, frozen=True, kw_only=True, tag="fill"):
    """An order was filled, wholly or in part."""


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the terminal holds it; `state` as in the contract of venues."""

    id: str
    order_id: str
    symbol: str
    side: Literal["buy", "sell"]
    state: str
    quantity: Decimal
    filled: Decimal
    timestamp: int
    price: Decimal | None = None
    average_price: Decimal | None = None


class PositionLine(msgspec.Struct, frozen=True, kw_only=True):
    """A position, signed."""

    symbol: str
    quantity: Decimal
    average_price: Decimal


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The account's money."""

    currency: str
    cash: Decimal
    free: Decimal


class Answer(Line, frozen=True, kw_only=True, tag="answer"):
    """The answer to a query; `orders` is empty for an order that the terminal never had."""

    request: int
    timestamp: int
    orders: tuple[OrderLine, ...] = ()
    fills: tuple[Execution, ...] = ()
    positions: tuple[PositionLine, ...] = ()
    accounts: tuple[Account, ...] = ()


FromTerminal = (
    Hello
    | Heartbeat
    | Accepted
    | Rejected
    | Cancelled
    | Expired
    | CancelRejected
    | ChangeRejected
    | Changed
    | Fill
    | Answer
)
ToTerminal = Welcome | Refused | Heartbeat | Signal | Query
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_FROM: msgspec.json.Decoder[FromTerminal] = msgspec.json.Decoder(FromTerminal)
_TO: msgspec.json.Decoder[ToTerminal] = msgspec.json.Decoder(ToTerminal)


def encode(line: Line) -> bytes:
    """Return a line with its end."""
    return _ENCODER.encode(line) + b"\n"


def decode(line: bytes) -> FromTerminal:
    """Return a line of the terminal. Raises `msgspec.DecodeError` for one that is none."""
    return _FROM.decode(line)


def decode_ours(line: bytes) -> ToTerminal:
    """Return a line of FKS, as the terminal reads it."""
    return _TO.decode(line)
