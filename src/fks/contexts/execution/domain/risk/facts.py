"""What the policies are told, and what they answer: orders, fills, verdicts and acts.

Money is in nanos of the account's currency, prices in ticks, quantities in lots, times in UTC ns.
"""

from __future__ import annotations

import msgspec

from fks.contexts.execution.domain.matching.layout import Gate, Reason
from fks.contracts.execution import Scope

__all__ = [
    "Action",
    "CancelAll",
    "FillFacts",
    "Flatten",
    "OrderFacts",
    "Pause",
    "SetGate",
    "TripBreaker",
    "Use",
    "Verdict",
    "Warn",
]

BUY, SELL = 0, 1


class OrderFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An order before it is taken, or the new whole of one that `amends`: its lots then open.

    `price_ticks` is where it would trade: its limit, its trigger (of a trailing stop where it
    stands now), or the reference of a market order; `trigger` says that it waits beyond the market.
    `stop_ticks` is the stop loss that it brings. `reduces` is the ledger's word that the position
    gets no larger by it, other orders that work counted. `position_lots` is signed, `cost_ticks`
    its signed lots times entry ticks. `contract_ppm` is how many contracts one lot is, in
    millionths. `override` is the number of a granted override.
    """

    account: str
    symbol: str
    side: int
    lots: int
    price_ticks: int
    unit_nanos: int
    client_order_id: str
    strategy: str = ""
    venue: str = ""
    last_ticks: int = 0
    trigger: bool = False
    stop_ticks: int | None = None
    reduces: bool = False
    amends: bool = False
    automated: bool = False
    principal: str = "operator"
    signal_ts_ns: int = 0
    confidence_ppm: int = 1_000_000
    parent: str = ""
    position_lots: int = 0
    cost_ticks: int = 0
    contract_ppm: int = 1_000_000
    override: int = 0

    @property
    def notional_nanos(self) -> int:
        """Return what it is worth at its price."""
        return self.lots * abs(self.price_ticks) * self.unit_nanos

    @property
    def risk_nanos(self) -> int:
        """Return what it loses at its stop; 0 without one."""
        if self.stop_ticks is None:
            return 0
        return self.lots * abs(self.price_ticks - self.stop_ticks) * self.unit_nanos


class FillFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A fill after it was counted.

    `position_lots` is the position after it. `realised_nanos` is what this fill realised less its
    fee; `closed_nanos` the result of the whole trade, fees included, where the position went flat
    or through zero by it.
    """

    account: str
    symbol: str
    side: int
    lots: int
    price_ticks: int
    unit_nanos: int
    position_lots: int
    realised_nanos: int
    client_order_id: str = ""
    strategy: str = ""
    venue: str = ""
    closed_nanos: int | None = None
    automated: bool = False


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the policies say to an order: `code` NONE lets it pass.

    `cap_lots` is the largest quantity that would pass the control that refused it, the order's
    own where it passes. `name` is the limit's; `override` the override that let it pass.
    """

    code: Reason
    text: str = ""
    name: str = ""
    cap_lots: int = 0
    override: int = 0

    @property
    def passed(self) -> bool:
        """Say whether the order may go on to the ledger."""
        return self.code is Reason.NONE


class Action(msgspec.Struct, frozen=True):
    """Something that is to be done now."""


class Warn(Action, frozen=True):
    """A person is to be told."""

    scope: Scope
    target: str
    code: Reason
    text: str


class SetGate(Action, frozen=True):
    """A gate is now like this; `until_ns` 0 stays until a person re-arms."""

    scope: Scope
    target: str
    gate: Gate
    code: Reason
    text: str
    until_ns: int = 0


class CancelAll(Action, frozen=True):
    """What works is to be cancelled: of an account, of its symbol, or of a strategy anywhere.

    `keep_protecting` leaves stops and targets of open positions in place.
    """

    account: str = ""
    symbol: str = ""
    strategy: str = ""
    keep_protecting: bool = False


class Flatten(Action, frozen=True):
    """Positions of an account are to be closed, all or of one symbol, working orders first.

    The desk's own closing orders pass whatever gate the account has; to all others the strictest
    holds meanwhile and after.
    """

    account: str
    code: Reason
    text: str
    symbol: str = ""


class Pause(Action, frozen=True):
    """An account takes no entries until an instant; 0: until its next day."""

    account: str
    until_ns: int
    code: Reason
    text: str


class TripBreaker(Action, frozen=True):
    """The technical breaker of a venue is to open."""

    venue: str
    code: Reason
    text: str


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a limit is used; `limit` None is waived. Units are those of the limit."""

    code: Reason
    name: str
    scope: str
    used: int
    limit: int | None
