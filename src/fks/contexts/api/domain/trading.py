"""Bodies of requests to trade, and the words of other systems as ours."""

from __future__ import annotations

import hashlib
import hmac
import re
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from fks.contracts.execution import (
    AccountMode,
    OrderLink,
    OrderRequest,
    PropRules,
    Scope,
    SelfTradeMode,
    SizingRule,
    TakeSignal,
)
from fks.contracts.execution import Gate as GateWord
from fks.contracts.values import OrderType, PositionSide, Side, TimeInForce
from fks.kernel.errors import Denied, Invalid

__all__ = [
    "Adopting",
    "Amendment",
    "Approver",
    "Arming",
    "BulkOrders",
    "GateWish",
    "KillWish",
    "LimitChange",
    "LimitWish",
    "MarketFacts",
    "NewAccount",
    "OverrideWish",
    "PlainOrder",
    "PlainSignal",
    "RearmWish",
    "SignalVerdict",
    "StrategyWord",
    "TradingViewAlert",
    "check_signature",
    "plain_order",
    "side_of",
    "signal_of",
]

_SIDES = {"LONG": "long", "BUY": "long", "SHORT": "short", "SELL": "short"}
_FLAT = ("CLOSE", "FLAT", "EXIT")
_ALLOWED = re.compile(r"[^A-Za-z0-9_.:\-]")
Word = Annotated[str, msgspec.Meta(max_length=64)]
Text = Annotated[str, msgspec.Meta(max_length=200)]
Why = Annotated[str, msgspec.Meta(min_length=3, max_length=200)]


class PlainOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order as a caller writes it. Prices and quantities as text keep every digit."""

    symbol: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    side: Annotated[str, msgspec.Meta(max_length=8)]
    quantity: Decimal
    account: Word = "paper"
    type: OrderType = OrderType.MARKET
    price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    display_quantity: Decimal | None = None
    expire_ts_ns: int = 0
    client_order_id: Annotated[str, msgspec.Meta(max_length=36, pattern=r"^[A-Za-z0-9_.:\-]*$")] = (
        ""
    )
    post_only: bool = False
    reduce_only: bool = False
    self_trade: SelfTradeMode = SelfTradeMode.CANCEL_NEWEST
    list_id: Annotated[str, msgspec.Meta(max_length=36)] = ""
    link: OrderLink = OrderLink.NONE
    strategy_id: Word = ""
    strategy_params: dict[str, Any] = {}
    override: int = 0


class BulkOrders(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Orders to be placed in turn."""

    orders: Annotated[list[PlainOrder], msgspec.Meta(min_length=1, max_length=100)]


class Amendment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different; `quantity` is what stays open."""

    quantity: Decimal | None = None
    price: Decimal | None = None
    stop_price: Decimal | None = None


class NewAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account to be opened."""

    id: Word
    mode: AccountMode = AccountMode.PAPER
    venue: Word = "paper"
    currency: Annotated[str, msgspec.Meta(min_length=3, max_length=8)] = "USD"
    balance: Decimal = Decimal(150_000)
    name: Word = ""
    limits: dict[str, str] = {}
    prop: PropRules | None = None
    sizing: SizingRule = SizingRule()


class LimitChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits to be changed; loosening one needs a reason."""

    limits: dict[str, str] = {}
    reason: Text = ""
    person: Word = "operator"
    prop: PropRules | None = None
    sizing: SizingRule | None = None
    expected_version: Annotated[int, msgspec.Meta(ge=0)] = 0


class LimitWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits that somebody thinks of changing."""

    limits: dict[str, str] = {}


class Arming(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how long a live account may send; 0 hours disarms it."""

    hours: Annotated[float, msgspec.Meta(ge=0, le=24)] = 8.0
    person: Word = "operator"


class Adopting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A difference of money is taken over, for a reason."""

    reason: Why
    person: Word = "operator"


class KillWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The kill switch. A flattening says so twice: `confirm_flatten` is the word FLATTEN."""

    reason: Why
    scope: Scope = Scope.GLOBAL
    target: Word = ""
    flatten: bool = False
    confirm_flatten: Word = ""
    person: Word = "operator"


class RearmWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Trading may go on."""

    reason: Why
    scope: Scope = Scope.GLOBAL
    target: Word = ""
    person: Word = "operator"


class GateWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gate to be closed by hand."""

    scope: Scope
    reason: Why
    target: Word = ""
    gate: GateWord = GateWord.HALTED
    person: Word = "operator"


class MarketFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the market gates need: the VIX, and when high-impact news is due."""

    vix: Annotated[float, msgspec.Meta(ge=0, le=1000)] | None = None
    news_ts_ns: Annotated[list[int], msgspec.Meta(max_length=1000)] | None = None
    closes_ts_ns: dict[str, int] | None = None


class StrategyWord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A strategy is alive, or stops on purpose; an alarm doubts its model."""

    strategy_id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    alive: bool = True
    alarm: Text = ""


class OverrideWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order that was refused by a soft limit shall pass once."""

    order: PlainOrder
    reason: Why
    person: Word = "operator"


class Approver(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The second person."""

    person: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class SignalVerdict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's decision on signals that wait; no ids means all."""

    approve: bool
    ids: Annotated[list[int], msgspec.Meta(max_length=500)] = []
    person: Word = "operator"
    note: Text = ""


class PlainSignal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A signal as a caller writes it: long, short, flat, buy, sell, close or hold."""

    symbol: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    side: Word = ""
    prices: Annotated[list[float], msgspec.Meta(max_length=100_000)] = []
    account: Word = ""
    strategy_id: Word = "manual"
    signal_id: Annotated[str, msgspec.Meta(max_length=36)] = ""
    ts_ns: int = 0
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    order_type: OrderType = OrderType.MARKET
    quantity: Decimal | None = None
    price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None


class TradingViewAlert(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of an alert. `id` or the body's hash tells a repeat; `ts` is Unix seconds."""

    symbol: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    action: Word
    ts: int
    order_type: Word = "market"
    quantity: Decimal | None = None
    price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    account: Word = ""
    strategy: Word = "tradingview"
    id: Annotated[str, msgspec.Meta(max_length=36)] = ""


def plain_order(order: PlainOrder, key: str, *, given: bool) -> OrderRequest:
    """Return an order as execution takes it, under the caller's id, else under the key.

    Raises `Invalid` for a side that is none. A key with other characters, or one that is too
    long, is taken by its hash.
    """
    name = order.client_order_id
    if not name:
        fits = len(key) <= 36 and not _ALLOWED.search(key)
        name = key if fits else "k" + hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
    word = _SIDES.get(order.side.upper())
    if word is None:
        raise Invalid(f"side {order.side!r} is neither buy nor sell", code="api.bad_side")
    fields = msgspec.structs.asdict(order)
    fields.pop("strategy_params")
    return OrderRequest(
        **fields
        | {
            "side": Side.BUY if word == "long" else Side.SELL,
            "client_order_id": name,
        }
    )


def side_of(word: str) -> PositionSide | None:
    """Return the side that a word of another system means, None for hold. Raises `Invalid`."""
    upper = word.upper()
    if upper == "HOLD":
        return None
    if upper in _FLAT:
        return PositionSide.FLAT
    if upper in _SIDES:
        return PositionSide(_SIDES[upper])
    raise Invalid(
        f"{word[:20]!r} is none of long, short, buy, sell, flat, close, hold", code="api.bad_side"
    )


def signal_of(signal: PlainSignal, key: str, now_ns: int) -> TakeSignal | None:
    """Return a signal as execution takes it, None for hold."""
    side = side_of(signal.side)
    if side is None:
        return None
    return TakeSignal(
        key=key,
        signal_id=signal.signal_id or _ALLOWED.sub("-", key)[:36],
        symbol=signal.symbol,
        side=side,
        ts_ns=signal.ts_ns or now_ns,
        strategy_id=signal.strategy_id,
        confidence=signal.confidence,
        account=signal.account,
        order_type=signal.order_type,
        quantity=signal.quantity,
        price=signal.price,
        stop_loss=signal.stop_loss,
        take_profit=signal.take_profit,
        source="api",
    )


def check_signature(secret: str, body: bytes, given: str) -> None:
    """Raise `Denied` unless `given` is the HMAC-SHA256 of the body, in hexadecimal."""
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted, given.removeprefix("sha256=").lower()):
        raise Denied("the signature does not fit the body", code="api.bad_signature")
