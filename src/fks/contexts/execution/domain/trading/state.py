"""What the trading machine remembers: mutable records that a snapshot writes out as they are."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from fks.contexts.execution.domain.routing.routed import Routed
from fks.contracts.execution import (
    HeldSignal,
    OrderRequest,
    OrderState,
    PropRules,
    SignalRoute,
    SizingRule,
)
from fks.contracts.values import Instrument

__all__ = [
    "FINAL",
    "AccountRecord",
    "Holding",
    "InstrumentRecord",
    "Money",
    "OrderRecord",
    "Remembered",
]

FINAL = frozenset(
    (OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED, OrderState.EXPIRED)
)


class InstrumentRecord(msgspec.Struct, kw_only=True):
    """An instrument at a venue; `number` is the matching engine's."""

    number: int
    venue: str
    instrument: Instrument
    matched: bool
    initial_margin_ppb: int = 1_000_000_000
    taker_fee_ppb: int = 0
    lot_fee_nanos: int = 0
    collar_ppm: int = 0
    collar_ticks: int = 0
    last_ticks: int = 0
    last_ts_ns: int = 0


class OrderRecord(msgspec.Struct, kw_only=True):
    """An order of an account, in lots and ticks.

    `cost_ticks` is the sum of lots times ticks of its fills. `leader` is the order whose fills
    let this one go (0: none); `sent` says that it went, or may have gone, to its venue.
    """

    id: int
    request: OrderRequest
    request_hash: str
    venue: str
    instrument: int
    lots: int
    price_ticks: int | None
    stop_ticks: int | None
    state: OrderState
    created_ts_ns: int
    updated_ts_ns: int
    leader: int = 0
    children: int = 0
    filled_lots: int = 0
    cost_ticks: int = 0
    venue_order_id: str = ""
    wire_id: str = ""
    held: bool = False
    sent: bool = False
    limits_version: int = 0
    code: str = ""
    reason: str = ""
    protects: bool = False
    seen_ticks: int = 0
    trade_ids: list[str] = []
    cancel_asked: bool = False
    routed: Routed | None = None

    @property
    def leaves(self) -> int:
        """Return the lots that may still be filled."""
        return 0 if self.state in FINAL else self.lots - self.filled_lots


class Holding(msgspec.Struct, kw_only=True):
    """A position at average cost: `cost_nanos` is what its lots were bought for, negative short."""

    lots: int = 0
    cost_nanos: int = 0
    realised_nanos: int = 0
    trade_nanos: int = 0  # of the position since it was last flat


class Money(msgspec.Struct, kw_only=True):
    """What an account's venue must hold by our count: exact amounts by currency.

    `exchange`: a fill exchanges two assets, else only profit and fees move. `whole`: a currency
    that is not here holds nothing (else it was not opened yet). What the venue told before
    `since_ns` is counted in. `pending` is money that came or went by no fill and that nobody
    adopted; `seen` are the last such movements.
    """

    exchange: bool
    whole: bool
    since_ns: int
    wallets: dict[str, Decimal] = {}
    pending: dict[str, Decimal] = {}
    seen: list[str] = []


class AccountRecord(msgspec.Struct, kw_only=True):
    """An account; `number` is the matching engine's. Money in nanos."""

    id: str
    number: int
    mode: str
    venue: str
    currency: str
    name: str
    start_nanos: int
    limits: dict[str, str]
    limits_version: int
    sizing: SizingRule
    prop: PropRules | None
    amends: bool
    dedups: bool
    cash_nanos: int
    peak_nanos: int
    day: int = -1
    week: int = -1
    day_start_nanos: int = 0
    week_start_nanos: int = 0
    armed_until_ns: int = 0
    trades_today: int = 0
    losses_in_row: int = 0
    paused_until_ns: int = 0
    wins: int = 0
    losses: int = 0
    fees_nanos: int = 0
    largest_win_nanos: int = 0
    largest_loss_nanos: int = 0
    drawdown_nanos: int = 0
    gap: str = ""
    holdings: dict[int, Holding] = {}
    money: Money | msgspec.UnsetType = msgspec.UNSET  # unset: not written, as it was before 3


class Remembered(msgspec.Struct, kw_only=True):
    """Everything that a snapshot holds, the engine's and the policies' own bytes included."""

    version: int
    last_seq: int
    now_ns: int
    instruments: list[InstrumentRecord]
    accounts: list[AccountRecord]
    strategies: dict[str, int]
    orders: list[OrderRecord]
    held: list[HeldSignal]
    signals: dict[str, int]
    routes: list[SignalRoute]
    gates: list[tuple[str, str, str, str, str, int, int]]
    vix_milli: int | None
    matcher: bytes
    policies: bytes
