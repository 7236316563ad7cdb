"""What goes into the trading machine, and so into the journal: wishes and reports, no outcomes.

Each is a small Struct with a tag that is never used for anything else; a field may be added with
a default, and that is all that may change. What follows from an input is computed anew at each
replay, so nothing here may depend on when or where it is applied.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from fks.contracts.execution import (
    OpenAccount,
    OrderRequest,
    SetLimits,
    SignalRoute,
    TakeSignal,
    VenueCash,
    VenueOrderStatus,
    VenueReport,
)
from fks.contracts.values import Instrument, Side

__all__ = [
    "AccountArmed",
    "AccountOpened",
    "Answered",
    "CancelAsked",
    "CancelManyAsked",
    "CashMoved",
    "ChangeAsked",
    "FillsChecked",
    "GapFound",
    "GateSet",
    "Input",
    "InstrumentDefined",
    "Killed",
    "LimitsSet",
    "MarketGateSet",
    "MarketSeen",
    "MoneyAdopted",
    "OutsideFill",
    "OverrideApproved",
    "OverrideAsked",
    "Placed",
    "Rearmed",
    "Reported",
    "RouteSet",
    "SignalCame",
    "SignalsDecided",
    "StrategySeen",
    "Ticked",
    "decode",
    "encode",
]


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to the desk."""


class InstrumentDefined(Input, frozen=True, kw_only=True, tag="instrument"):
    """An instrument may be traded at a venue; `matched` here, or routed there.

    The collar is `collar_ticks`, or `collar_ppm` of each price where that is 0 (control 09);
    `stale_ns` is of control 10; margins and fees are in 1e-9 of notional.
    """

    venue: str
    instrument: Instrument
    matched: bool = False
    collar_ppm: int = 50_000
    collar_ticks: int = 0
    stale_ns: int = 5_000_000_000
    initial_margin_ppb: int = 1_000_000_000
    maintenance_margin_ppb: int = 0
    maker_fee_ppb: int = 0
    taker_fee_ppb: int = 0
    lot_fee_nanos: int = 0
    max_lots: int = 0xFFFFFFFF
    restricted: bool = False


class AccountOpened(Input, frozen=True, kw_only=True, tag="account"):
    """An account was opened. `amends` says whether its venue can amend."""

    account: OpenAccount
    amends: bool = True
    dedups: bool = False


class LimitsSet(Input, frozen=True, kw_only=True, tag="limits"):
    """Limits of an account were changed."""

    change: SetLimits


class RouteSet(Input, frozen=True, kw_only=True, tag="route"):
    """Signals of a strategy go to an account, or no longer."""

    route: SignalRoute


class Placed(Input, frozen=True, kw_only=True, tag="place"):
    """An order is wished for. `principal` is who wishes."""

    request: OrderRequest
    principal: str = "operator"
    automated: bool = False
    signal_ts_ns: int = 0
    confidence_ppm: int = 1_000_000


class ChangeAsked(Input, frozen=True, kw_only=True, tag="amend"):
    """An order shall have another open quantity, price or trigger."""

    order_id: int
    quantity: Decimal | None = None
    price: Decimal | None = None
    stop_price: Decimal | None = None


class CancelAsked(Input, frozen=True, kw_only=True, tag="cancel"):
    """An order shall be cancelled."""

    order_id: int


class CancelManyAsked(Input, frozen=True, kw_only=True, tag="cancel_many"):
    """All working orders of an account, a symbol, a side shall be cancelled."""

    account: str = ""
    symbol: str = ""
    side: Side | None = None


class SignalCame(Input, frozen=True, kw_only=True, tag="signal"):
    """A signal came in. `atr` is known where the engine reported it."""

    signal: TakeSignal
    atr: Decimal | None = None


class SignalsDecided(Input, frozen=True, kw_only=True, tag="decide"):
    """A person approved or rejected held signals."""

    approve: bool
    ids: tuple[int, ...]
    person: str
    note: str = ""


class Reported(Input, frozen=True, kw_only=True, tag="report"):
    """A venue said something about an order of an account, or reconciling found it."""

    account: str
    report: VenueReport
    reconciled: bool = False


class Answered(Input, frozen=True, kw_only=True, tag="answer"):
    """A venue said how an order stands (`status`), or that it never had it (None).

    It was asked at `asked_ts_ns`; `sure` says that this venue keeps its history and refuses a
    used id.
    """

    order_id: int
    status: VenueOrderStatus | None
    asked_ts_ns: int
    sure: bool = False


class FillsChecked(Input, frozen=True, kw_only=True, tag="fills_checked"):
    """All fills that a venue's history has of an order were reported before this.

    `complete` says that it keeps them all.
    """

    order_id: int
    complete: bool = True


class OutsideFill(Input, frozen=True, kw_only=True, tag="outside"):
    """A fill at the venue of an order that is not ours: the position is ours all the same."""

    account: str
    report: VenueReport


class GapFound(Input, frozen=True, kw_only=True, tag="gap"):
    """Reconciling found what it cannot explain (`text`), or all agrees again (empty)."""

    account: str
    text: str


class CashMoved(Input, frozen=True, kw_only=True, tag="cash"):
    """Money moved at an account's venue by no fill. `adopted`: the settings take it over."""

    account: str
    cash: VenueCash
    adopted: bool = False


class MoneyAdopted(Input, frozen=True, kw_only=True, tag="money"):
    """Money of a venue is taken over: its first balances (`opening`), or a difference.

    `exchange` and `whole` are of `Money`; `asked_ts_ns` is when the venue was asked, its time.
    """

    account: str
    amounts: dict[str, Decimal]
    opening: bool = False
    exchange: bool = False
    whole: bool = True
    asked_ts_ns: int = 0
    reason: str = ""
    person: str = ""


class MarketSeen(Input, frozen=True, kw_only=True, tag="market"):
    """A price by which collars, margins and losses are measured."""

    venue: str
    symbol: str
    price: Decimal


class MarketGateSet(Input, frozen=True, kw_only=True, tag="market_gate"):
    """The VIX (made at `vix_ts_ns`, 0: now), when high-impact news is due, the next closes.

    `news_gap` says why the calendar cannot be trusted, "" that it can. None changes nothing.
    """

    vix_milli: int | None = None
    vix_ts_ns: int = 0
    news_gap: str | None = None
    news_ts_ns: tuple[int, ...] | None = None
    closes_ts_ns: dict[str, int] | None = None


class StrategySeen(Input, frozen=True, kw_only=True, tag="strategy"):
    """A strategy said that it is alive, or that it stops on purpose (`alive` false).

    `alarm` doubts its model (not approved, drifting); empty trusts it again, None is a mere
    heartbeat, which leaves it.
    """

    strategy: str
    alive: bool = True
    alarm: str | None = ""


class OverrideAsked(Input, frozen=True, kw_only=True, tag="override"):
    """A person asks for one refused order to pass a soft limit."""

    request: OrderRequest
    person: str
    reason: str


class OverrideApproved(Input, frozen=True, kw_only=True, tag="override_approved"):
    """A second person approves an override."""

    number: int
    person: str


class GateSet(Input, frozen=True, kw_only=True, tag="gate"):
    """A gate was closed by a person or by a watch of ours."""

    scope: str
    target: str
    gate: str
    code: str
    reason: str
    person: str = ""


class Killed(Input, frozen=True, kw_only=True, tag="kill"):
    """The kill switch fell."""

    scope: str
    target: str
    reason: str
    flatten: bool = False
    person: str = ""


class Rearmed(Input, frozen=True, kw_only=True, tag="rearm"):
    """A person opened a gate again."""

    scope: str
    target: str
    reason: str
    person: str


class AccountArmed(Input, frozen=True, kw_only=True, tag="arm"):
    """A live account may send until an instant; 0 disarms."""

    account: str
    until_ts_ns: int
    person: str


class Ticked(Input, frozen=True, kw_only=True, tag="tick"):
    """Time went by: windows, expiries and dead-men are looked at."""


AnyInput = (
    InstrumentDefined
    | AccountOpened
    | LimitsSet
    | RouteSet
    | Placed
    | ChangeAsked
    | CancelAsked
    | CancelManyAsked
    | SignalCame
    | SignalsDecided
    | Reported
    | Answered
    | FillsChecked
    | OutsideFill
    | GapFound
    | CashMoved
    | MoneyAdopted
    | MarketSeen
    | MarketGateSet
    | StrategySeen
    | OverrideAsked
    | OverrideApproved
    | GateSet
    | Killed
    | Rearmed
    | AccountArmed
    | Ticked
)
_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[AnyInput] = msgspec.msgpack.Decoder(AnyInput)


def encode(given: Input) -> bytes:
    """Return an input as the journal keeps it."""
    return _ENCODER.encode(given)


def decode(payload: bytes) -> AnyInput:
    """Return an input out of the journal."""
    return _DECODER.decode(payload)
