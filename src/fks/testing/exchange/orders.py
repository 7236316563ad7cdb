"""Users, orders and trades of the local exchange, and how a trade moves their money."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_UP, Decimal
from typing import Any, NamedTuple

from fks.contexts.execution.domain.matching.layout import OrderKind, Reason
from fks.testing.exchange.listings import Listing, Market

__all__ = ["Happened", "Order", "Refusal", "Trade", "User", "settle"]

_EIGHT = Decimal("0.00000001")


class Refusal(Exception):
    """An order, a cancel or a change was refused: by the engine's reason, or for want of funds."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.name)
        self.reason = reason


@dataclass(slots=True)
class User:
    """Somebody with keys. `wallet` holds totals; `free` of the book tells what is not locked.

    Fees are paid in `fee_asset` where there is one: `fee_rate` of it for one of the quote asset.
    """

    name: str
    number: int
    api_key: str
    api_secret: str = field(repr=False)
    wallet: dict[str, Decimal]
    withdraws: bool = False
    fee_asset: str = ""
    fee_rate: Decimal = Decimal(1)
    positions: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)


@dataclass(slots=True)
class Order:
    """An order; words are Binance's, prices ticks, quantities lots, `cost` ticks times lots."""

    id: int
    client_id: str
    user: User
    listing: Listing
    side: str
    type: str
    tif: str
    kind: OrderKind
    lots: int
    price: int = 0
    stop: int = 0
    shown: int = 0
    flags: int = 0
    gtd_ms: int = 0
    filled: int = 0
    cost: int = 0
    status: str = "NEW"
    created_ms: int = 0
    updated_ms: int = 0
    algo: bool = False  # conditional, at its own service until `triggered`
    triggered: bool = False

    @property
    def open(self) -> bool:
        """Tell whether it works."""
        return self.status in ("NEW", "PARTIALLY_FILLED")


class Trade(NamedTuple):
    """One side of a trade."""

    id: int
    order: Order
    ticks: int
    lots: int
    fee: Decimal
    fee_asset: str
    maker: bool
    realised: Decimal
    ts_ms: int


class Happened(NamedTuple):
    """What happened to a user's order: NEW, TRIGGERED, TRADE, CANCELED, EXPIRED, REPLACED."""

    what: str
    order: Order
    trade: Trade | None = None


def settle(
    market: Market, order: Order, event: Any, number: int, maker: bool, now_ms: int
) -> Trade:
    """Move the money of one side of a trade, an event of the engine; return the trade."""
    listing, wallet = order.listing, order.user.wallet
    ticks, lots = int(event["price"]), int(event["quantity"])
    price, quantity = listing.price(ticks), listing.quantity(lots)
    rate = listing.maker_fee if maker else listing.taker_fee
    order.filled += lots
    order.cost += ticks * lots
    order.status = "FILLED" if order.filled == order.lots else "PARTIALLY_FILLED"
    order.updated_ms = now_ms
    buys, realised = order.side == "BUY", Decimal(0)
    worth = price * quantity
    if market is Market.SPOT:
        got, gave = (listing.base, listing.quote) if buys else (listing.quote, listing.base)
        amount, paid = (quantity, worth) if buys else (worth, quantity)
        fee = (amount * rate).quantize(_EIGHT, ROUND_UP)
        wallet[got] = wallet.get(got, Decimal(0)) + amount
        wallet[gave] = wallet.get(gave, Decimal(0)) - paid
    else:
        got = listing.quote
        fee = (worth * rate).quantize(_EIGHT, ROUND_UP)
        realised = _move(order.user, listing.symbol, quantity if buys else -quantity, price)
        wallet[got] = wallet.get(got, Decimal(0)) + realised
    charged = order.user.fee_asset or got
    if charged != got:
        fee = (worth * rate * order.user.fee_rate).quantize(_EIGHT, ROUND_UP)
    wallet[charged] = wallet.get(charged, Decimal(0)) - fee
    return Trade(number, order, ticks, lots, fee, charged, maker, realised, now_ms)


def _move(user: User, symbol: str, quantity: Decimal, price: Decimal) -> Decimal:
    """Add to a position at average cost; return what was realised."""
    held, entry = user.positions.pop(symbol, (Decimal(0), Decimal(0)))
    now = held + quantity
    realised = Decimal(0)
    if held * quantity >= 0:
        entry = (held * entry + quantity * price) / now
    else:
        closed = min(abs(held), abs(quantity)).copy_sign(held)
        realised = closed * (price - entry)
        if held * now < 0:
            entry = price
    if now:
        user.positions[symbol] = (now, entry)
    return realised
