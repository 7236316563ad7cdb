"""Comparing what we hold true of an account with what its venue says, at start and ever after.

An account takes no new orders before its first comparison is through; what cannot be explained
closes its gate and tells a person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal

import structlog
from msgspec import UNSET

from fks.contexts.execution.domain.routing.beliefs import (
    MINOR_UNITS,
    Belief,
    OrderBelief,
    Reconciled,
    ReconcileTerms,
    Said,
)
from fks.contexts.execution.domain.routing.breaker import Call
from fks.contexts.execution.domain.routing.reconcile import reconcile
from fks.contexts.execution.domain.trading import inputs
from fks.contexts.execution.domain.trading.state import FINAL, OrderRecord
from fks.contexts.execution.service.trading.asking import sure
from fks.contexts.execution.service.trading.links import Link
from fks.contexts.execution.service.trading.writer import Writer
from fks.contracts.execution import (
    AccountComparison,
    ComparedBalance,
    OrderState,
    VenueFill,
    VenueOrderStatus,
)
from fks.kernel.clock import Clock
from fks.kernel.errors import Conflict, FksError

__all__ = ["Reconciling"]

_log = structlog.get_logger("fks.execution")
_ROUNDS = 6
_PAUSE_S = 0.5
_LOOK_BACK_NS = 3600 * 1_000_000_000
_SKEW_NS = 60 * 1_000_000_000


class Reconciling:
    """Reconcile one account with its venue."""

    def __init__(
        self,
        link: Link,
        writer: Writer,
        clock: Clock,
        every_s: float,
        *,
        ticks: Mapping[str, Decimal] = MINOR_UNITS,
        own: bool = False,
    ) -> None:
        """`ticks` are the differences of money that are none; `own`: the venue is one of ours."""
        self._link = link
        self._writer = writer
        self._clock = clock
        self._every_s = every_s
        self._strangers: set[str] = set()
        self._asked: set[int] = set()  # ended orders that were asked about
        self._ticks = ticks
        self._own = own
        self._apart: Mapping[str, Decimal] = {}
        self._one = asyncio.Lock()
        self.last: Reconciled | None = None

    async def run(self) -> None:
        """Reconcile at once, then every so many seconds, while connected."""
        while True:
            if self._link.connected:
                try:
                    await self.once()
                except FksError as error:
                    self._link.breaker.failed(error.message, self._clock.monotonic_ns())
                    _log.warning("reconciling", account=self._link.account.id, error=error.message)
            await asyncio.sleep(self._every_s if self._link.reconciled else _PAUSE_S)

    async def adopt(self, person: str, reason: str) -> None:
        """Compare anew and take over what differs in money. Raises `Conflict` if nothing does."""
        async with self._one:
            found = await self._once()
            amounts = {d.subject: found.apart[d.subject] for d in found.differences if d.of_money}
            if not amounts:
                name = self._link.account.id
                raise Conflict(
                    f"the money of {name} is as its venue says: there is nothing to adopt",
                    code="execution.nothing_to_adopt",
                )
            await self._writer.take(
                inputs.MoneyAdopted(
                    account=self._link.account.id, amounts=amounts, reason=reason, person=person
                )
            )
            await self._once()

    async def once(self) -> Reconciled:
        """Compare, apply what explains the differences, and compare again until both agree.

        Raises `Unavailable` or `TimedOut` where the venue does not answer; the account is then as
        reconciled as it was.
        """
        async with self._one:
            return await self._once()

    async def _once(self) -> Reconciled:
        found = await self._round({})
        for _ in range(_ROUNDS):
            if found.agreed or not found.unsettled:
                break
            await asyncio.sleep(_PAUSE_S if found.moving and not found.reports else 0)
            found = await self._round(await self._answers(found.ask))
        account = self._link.account
        if found.gap != account.gap:
            await self._writer.take(inputs.GapFound(account=account.id, text=found.gap[:500]))
        self._link.reconciled = not found.gap and not found.ask
        self.last = found
        if "breaker" not in found.moving:  # then nothing was asked
            self._link.compared = self._comparison(found)
        return found

    async def _round(self, answers: dict[str, VenueOrderStatus | None]) -> Reconciled:
        link, venue = self._link, self._link.venue
        now_ns = self._clock.monotonic_ns()
        if not link.breaker.allows(Call.READ, now_ns):
            return Reconciled(differences=(), reports=(), external=(), ask=(), moving=("breaker",))
        link.clock_offset_ns = await venue.clock_offset_ns()
        asked_ns = self._clock.now_ns() + link.clock_offset_ns
        since_ns = self._since_ns()
        # Money first: what is filled after it was asked is in the fills that are asked for next.
        balances = await venue.balances() if venue.capabilities.money else None
        orders = await venue.open_orders()
        fills: list[VenueFill] = []
        if venue.capabilities.history:
            for symbol in self._symbols():
                fills += await venue.fills_since(since_ns, symbol)
        positions = await venue.positions() if venue.capabilities.holds_positions else None
        said = Said(
            asked_ts_ns=asked_ns,
            orders=orders,
            fills=tuple(fills),
            found=answers,
            complete=venue.capabilities.history,
            positions=positions,
            balances=balances,
        )
        found = reconcile(self._belief(since_ns), said, self._terms())
        link.breaker.succeeded(self._clock.monotonic_ns() - now_ns, self._clock.monotonic_ns())
        self._apart = found.apart
        await self._apply(found, asked_ns)
        return found

    async def _apply(self, found: Reconciled, asked_ns: int) -> None:
        name = self._link.account.id
        last = 0
        for report in found.reports:
            wish = inputs.Reported(account=name, report=report, reconciled=True)
            last, _ = self._writer.put(wish, urgent=True)
        for report in found.external:
            last, _ = self._writer.put(inputs.OutsideFill(account=name, report=report), urgent=True)
        if found.opening is not None:
            money = inputs.MoneyAdopted(
                account=name,
                amounts=dict(found.opening),
                opening=True,
                exchange=self._link.venue.capabilities.money == "exchange",
                whole=not self._own,
                asked_ts_ns=asked_ns,
            )
            last, _ = self._writer.put(money, urgent=True)
        if last:
            await self._writer.durable(last)

    async def _answers(
        self, asked: tuple[tuple[str, str], ...]
    ) -> dict[str, VenueOrderStatus | None]:
        floor, name = self._writer.machine.floor, self._link.account.id
        found = {}
        for client_id, symbol in asked:
            found[client_id] = await self._link.venue.find_order(client_id, symbol)
            self._asked.add(floor.wire_ids.get((name, client_id), 0))
        return found

    def _comparison(self, found: Reconciled) -> AccountComparison:
        """Return what is shown of a comparison."""
        money = self._link.account.money
        here = {} if money is UNSET else money.wallets
        there = found.told or {}
        return AccountComparison(
            ts_ns=self._clock.now_ns(),
            agrees=found.agreed,
            gap=found.gap,
            differences=tuple(difference.text for difference in found.differences),
            balances=tuple(
                ComparedBalance(
                    currency=name,
                    here=here.get(name, Decimal(0)),
                    there=there.get(name, Decimal(0)),
                )
                for name in sorted(set(here) | set(there))
                if found.told is not None
            ),
        )

    def _symbols(self) -> list[str]:
        """Return the symbols in which the account may have traded."""
        floor, account = self._writer.machine.floor, self._link.account
        traded = {floor.by_number[number].instrument.id for number in account.holdings}
        return sorted(traded | {order.request.symbol for order in self._orders()})

    def _orders(self) -> list[OrderRecord]:
        """Return the account's orders that work, or ended not long ago."""
        floor = self._writer.machine.floor
        since_ns = self._clock.now_ns() - _LOOK_BACK_NS
        return [
            order
            for order in floor.orders.values()
            if order.request.account == self._link.account.id
            and order.wire_id
            and order.sent
            and (order.state not in FINAL or order.updated_ts_ns > since_ns)
        ]

    def _terms(self) -> ReconcileTerms:
        """Return what this venue's words are worth."""
        can = self._link.venue.capabilities
        return ReconcileTerms(
            sure=sure(can), history=can.history, cash_ticks=self._ticks, opens=self._own
        )

    def _since_ns(self) -> int:
        """Return from when on fills are asked for: before the oldest order that counts."""
        sent = [order.created_ts_ns for order in self._orders()]
        return min([self._clock.now_ns() - _LOOK_BACK_NS, *sent]) - _SKEW_NS

    def _belief(self, since_ns: int) -> Belief:
        floor, account = self._writer.machine.floor, self._link.account
        trade_ids = {
            trade_id
            for order in floor.orders.values()
            if order.request.account == account.id
            for trade_id in order.trade_ids
        }
        instruments = {
            record.instrument.id: record.instrument
            for record in floor.instruments.values()
            if record.venue == account.venue
        }
        positions = {
            floor.by_number[number].instrument.id: floor.scales[number].quantity(holding.lots)
            for number, holding in account.holdings.items()
        }
        money = account.money
        return Belief(
            account=account.id,
            prefix=f"fks-{account.number}-",
            orders=tuple(self._order(order) for order in self._orders()),
            instruments=instruments,
            trade_ids=frozenset(trade_ids),
            positions=positions,
            balances=None if money is UNSET else money.wallets,
            pending={} if money is UNSET else money.pending,
            apart=self._apart,
            strangers=frozenset(self._strangers),
        )

    def _order(self, order: OrderRecord) -> OrderBelief:
        scale = self._writer.machine.floor.scale(order)
        return OrderBelief(
            client_order_id=order.wire_id,
            symbol=order.request.symbol,
            side=order.request.side,
            state=order.state,
            quantity=scale.quantity(order.lots),
            filled=scale.quantity(order.filled_lots),
            sent_ts_ns=order.created_ts_ns,
            updated_ts_ns=order.updated_ts_ns + (self._link.clock_offset_ns or 0),
            price=None if order.price_ticks is None else scale.price(order.price_ticks),
            cost=scale.price(order.cost_ticks) * scale.lot,
            confirmed=order.state in FINAL and order.id in self._asked,
            acknowledged=order.state not in (OrderState.PENDING_NEW, OrderState.UNKNOWN),
        )
