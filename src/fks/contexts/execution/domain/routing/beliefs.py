"""What is compared when we reconcile, and what comes out of it.

Quantities here are the venue's decimals, since both sides are at the edge: ours as the contract
shows them, the venue's as it told them. They are compared exactly.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from fks.contracts.execution import (
    OrderState,
    VenueBalance,
    VenueFill,
    VenueOrderStatus,
    VenuePosition,
    VenueReport,
)
from fks.contracts.values import Instrument, Side

__all__ = [
    "MINOR_UNIT",
    "MINOR_UNITS",
    "Belief",
    "DifferenceKind",
    "Found",
    "OrderBelief",
    "ReconcileTerms",
    "Reconciled",
    "Said",
]

_SECOND = 1_000_000_000
# One minor unit: what a difference of money may be. Exchanges count coins in eight places.
MINOR_UNIT = Decimal("0.00000001")
_CENTS = ("AUD", "CAD", "CHF", "EUR", "GBP", "NZD", "USD", "EURC", "FDUSD", "USDC", "USDT")
MINOR_UNITS: Mapping[str, Decimal] = {
    "JPY": Decimal(1),
    **dict.fromkeys(_CENTS, Decimal("0.01")),
}


class DifferenceKind(enum.Enum):
    """What differs. The first six are explained by what we missed; the others by nothing.

    `external_cash` is known (a deposit, a withdrawal) and waits to be adopted.
    """

    MISSED_ACK = "missed_ack"
    MISSED_FILL = "missed_fill"
    MISSED_CHANGE = "missed_change"
    MISSED_END = "missed_end"
    NEVER_ARRIVED = "never_arrived"
    EXTERNAL = "external"
    FILL_GAP = "fill_gap"
    LESS_FILLED = "less_filled"
    VANISHED = "vanished"
    STILL_WORKING = "still_working"
    LOST_ORDER = "lost_order"
    POSITION_GAP = "position_gap"
    EXTERNAL_CASH = "external_cash"
    BALANCE_GAP = "balance_gap"

    @property
    def explained(self) -> bool:
        """Tell whether the reports that come with it make both sides agree."""
        return self in _EXPLAINED


_EXPLAINED = frozenset(tuple(DifferenceKind)[:6])


class OrderBelief(msgspec.Struct, frozen=True, kw_only=True):
    """An order of ours, working or ended not long ago. `cost` is the sum of quantity * price of
    its fills; `sent_ts_ns` and `updated_ts_ns` are when it left and when it last changed.
    `confirmed`: the venue was asked about it after its end. That is needed only where there is no
    history of fills: there, a fill lost before the end is seen in the order's own status alone.
    """

    client_order_id: str
    symbol: str
    side: Side
    state: OrderState
    quantity: Decimal
    filled: Decimal
    sent_ts_ns: int
    updated_ts_ns: int
    price: Decimal | None = None
    cost: Decimal = Decimal(0)
    acknowledged: bool = True
    confirmed: bool = False


class Belief(msgspec.Struct, frozen=True, kw_only=True):
    """What we hold true of one account. `prefix` begins every client order id of ours.

    `trade_ids` are the fills counted, strangers' included; `strangers` the venue order ids that
    are known not to be ours. `moved` says when a symbol's position last changed.
    `balances` is None until what the venue holds was taken over as the money to begin with;
    `pending` is money that moved there by no fill and was not adopted; `apart` are the
    differences of money that the comparison before this one found.
    """

    account: str
    prefix: str
    orders: tuple[OrderBelief, ...]
    instruments: Mapping[str, Instrument]
    trade_ids: frozenset[str]
    positions: Mapping[str, Decimal] = {}
    balances: Mapping[str, Decimal] | None = None
    pending: Mapping[str, Decimal] = {}
    apart: Mapping[str, Decimal] = {}
    strangers: frozenset[str] = frozenset()
    moved: Mapping[str, int] = {}


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What the venue answered; the first question was asked at `asked_ts_ns` (venue's time).

    `found` are the answers about single orders, None where it never had one. `complete`: the
    fills are all since before the oldest order of the belief was sent. `positions` and `balances`
    are None where they were not asked, or the venue does not have them.
    """

    asked_ts_ns: int
    orders: tuple[VenueOrderStatus, ...]
    fills: tuple[VenueFill, ...] = ()
    found: Mapping[str, VenueOrderStatus | None] = {}
    complete: bool = True
    positions: tuple[VenuePosition, ...] | None = None
    balances: tuple[VenueBalance, ...] | None = None


class ReconcileTerms(msgspec.Struct, frozen=True, kw_only=True):
    """`sure`: the venue's "never had it" may be believed, after `settle_ns`; where it keeps a
    `history` of fills, only once that was looked through too. `cash_tick`: the largest difference
    of money that is none (control 24), `cash_ticks` by currency. `opens`: a venue of our own, which
    has money in each currency as soon as something is traded in it.
    """

    sure: bool
    history: bool = True
    settle_ns: int = 10 * _SECOND
    cash_tick: Decimal = MINOR_UNIT
    cash_ticks: Mapping[str, Decimal] = msgspec.field(default_factory=lambda: MINOR_UNITS)
    opens: bool = False


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A difference, in a sentence; `subject` is an order id, a symbol or a currency."""

    kind: DifferenceKind
    subject: str
    text: str

    @property
    def of_money(self) -> bool:
        """Tell whether money differs, which a person may adopt."""
        return self.kind in (DifferenceKind.EXTERNAL_CASH, DifferenceKind.BALANCE_GAP)


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """What came out: differences, the reports that settle ours, strangers' fills to book.

    `ask` are orders (client order id, symbol) of which the venue shall be asked, `moving` symbols
    and orders that changed while it was asked: both are looked at again in the next round.
    `opening` is the venue's money to begin with, by currency; `apart` is how much more a venue has
    than we count; `told` is what it has, None where money was not compared.
    """

    differences: tuple[Found, ...]
    reports: tuple[VenueReport, ...]
    external: tuple[VenueReport, ...]
    ask: tuple[tuple[str, str], ...]
    moving: tuple[str, ...]
    opening: Mapping[str, Decimal] | None = None
    apart: Mapping[str, Decimal] = {}
    told: Mapping[str, Decimal] | None = None

    @property
    def gap(self) -> str:
        """Return what nothing explains, for control RECON_GAP; empty when all is explained."""
        return "; ".join(d.text for d in self.differences if not d.kind.explained)

    @property
    def unsettled(self) -> bool:
        """Tell whether something is left to apply, to ask or to wait for: compare again."""
        left = self.reports or self.external or self.ask or self.moving
        return bool(left) or self.opening is not None

    @property
    def agreed(self) -> bool:
        """Tell whether both sides are the same now, nothing left to ask, apply or wait for."""
        return not (self.unsettled or self.gap)
