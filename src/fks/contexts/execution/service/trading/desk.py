"""What can be asked of trading accounts: orders, signals, limits, gates; one method a wish.

Every wish is checked for sense before it is journaled, so that nonsense leaves no trace; what
the controls refuse is journaled, answered and kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import msgspec

from fks.contexts.execution.domain.trading import inputs
from fks.contexts.execution.domain.trading.hashing import request_hash
from fks.contexts.execution.domain.trading.placing import exact
from fks.contexts.execution.domain.trading.scales import ExactScale, money
from fks.contexts.execution.domain.trading.state import FINAL, OrderRecord
from fks.contexts.execution.domain.trading.views import order_view
from fks.contexts.execution.service.trading.latency import Latencies
from fks.contexts.execution.service.trading.writer import Writer
from fks.contracts.execution import (
    AccountOrder,
    AmendOrder,
    CancelledOrders,
    CancelOrder,
    CancelOrders,
    CheckSignal,
    DecideSignals,
    DecideSignalsReply,
    OrderRequest,
    OrdersPlaced,
    PlaceOrder,
    PlaceOrders,
    SignalDecision,
    SignalTaken,
    TakeSignal,
)
from fks.contracts.values import OrderType, PositionSide
from fks.kernel.errors import Conflict, FksError, Invalid, NotFound

__all__ = ["Desk"]

_NEEDS_PRICE = {OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED}
_NEEDS_STOP = {
    OrderType.STOP,
    OrderType.STOP_LIMIT,
    OrderType.MARKET_IF_TOUCHED,
    OrderType.LIMIT_IF_TOUCHED,
}
_NEEDS_TRAIL = {OrderType.TRAILING_STOP, OrderType.TRAILING_STOP_LIMIT}


class Desk:
    """Orders and signals of trading accounts."""

    def __init__(self, writer: Writer, latencies: Latencies) -> None:
        self._writer = writer
        self._floor = writer.machine.floor
        self._latencies = latencies

    async def place(self, wish: PlaceOrder) -> AccountOrder:
        """Place an order; the same request again gives the same order."""
        return await self.placed(wish.request)

    async def placed(self, request: OrderRequest, principal: str = "operator") -> AccountOrder:
        """Place a request and return its order once that is durable."""
        begun_ns = time.monotonic_ns()
        known = self._known(request)
        if known is not None:
            return self.shown(known)
        self.check(request)
        seq, order_id = self._writer.put(inputs.Placed(request=request, principal=principal))
        await self._writer.durable(seq)
        self._latencies.note("place", time.monotonic_ns() - begun_ns)
        return self.shown(self._floor.orders[order_id])

    async def place_many(self, wish: PlaceOrders) -> OrdersPlaced:
        """Place orders in turn; one that makes no sense refuses the whole bulk beforehand."""
        for place, request in enumerate(wish.requests):
            try:
                self.check(request)
            except FksError as error:
                raise Invalid(f"order {place}: {error.message}", code=error.code) from None
        return OrdersPlaced(orders=tuple([await self.placed(one) for one in wish.requests]))

    async def amend(self, wish: AmendOrder) -> AccountOrder:
        """Amend a working order. Raises `Conflict` for one that is final or in doubt."""
        order = self._order(wish.order_id)
        if order.state in FINAL:
            raise Conflict(
                f"order {order.id} is {order.state.value} and cannot be amended",
                code="execution.order_is_final",
            )
        scale = self._floor.scale(order)
        if wish.quantity is None and wish.price is None and wish.stop_price is None:
            raise Invalid(
                "an amendment names a quantity, price or stop_price", code="execution.no_change"
            )
        if wish.stop_price is not None and not self._floor.by_number[order.instrument].matched:
            raise Invalid(
                "venues amend quantity and limit, not the trigger: cancel and place it anew",
                code="execution.trigger_not_amended",
            )
        if wish.quantity is not None:
            scale.lots(wish.quantity)
        for price in (wish.price, wish.stop_price):
            if price is not None:
                scale.ticks(price)
        refused = await self._writer.take(
            inputs.ChangeAsked(
                order_id=order.id,
                quantity=wish.quantity,
                price=wish.price,
                stop_price=wish.stop_price,
            )
        )
        if refused:
            raise Conflict(f"order {order.id} stays as it is: {refused}", code="execution.refused")
        return self.shown(order)

    async def cancel(self, wish: CancelOrder) -> AccountOrder:
        """Ask for the cancel of an order; a final one is returned as it is."""
        order = self._order(wish.order_id)
        if order.state not in FINAL:
            await self._writer.take(inputs.CancelAsked(order_id=order.id), urgent=True)
        return self.shown(order)

    async def cancel_many(self, wish: CancelOrders) -> CancelledOrders:
        """Ask for the cancel of all working orders that the filter names."""
        if wish.account:
            self.account(wish.account)
        found = await self._writer.take(
            inputs.CancelManyAsked(account=wish.account, symbol=wish.symbol, side=wish.side),
            urgent=True,
        )
        return CancelledOrders(order_ids=tuple(found))

    async def take_signal(self, wish: TakeSignal) -> SignalTaken:
        """Act on a signal and say what became of it at each account.

        Raises `Conflict` for a signal that was taken before, `NotFound` where nobody hears it.
        """
        begun_ns = time.monotonic_ns()
        floor = self._floor
        if wish.signal_id in floor.signals:
            raise Conflict(
                f"signal {wish.signal_id} was taken already", code="execution.signal_known"
            )
        if wish.account:
            self.instrument(wish.account, wish.symbol)
        elif not any(r.enabled and s == wish.strategy_id for (s, _), r in floor.routes.items()):
            raise NotFound(
                f"no account hears strategy {wish.strategy_id}; set a route, or name an account",
                code="execution.no_route",
            )
        self._fits(wish)
        decisions = await self._writer.take(inputs.SignalCame(signal=wish))
        spent_ns = time.monotonic_ns() - begun_ns
        self._latencies.note("signal", spent_ns)
        done = []
        for decision, number in decisions:
            order = self.shown(floor.orders[number]) if number else None
            done.append(msgspec.structs.replace(decision, latency_ms=spent_ns / 1e6, order=order))
        return SignalTaken(signal_id=wish.signal_id, decisions=tuple(done))

    async def check_signal(self, wish: CheckSignal) -> SignalTaken:
        """Return what a signal would become at an account; nothing is placed or kept."""
        begun_ns = time.monotonic_ns()
        scale = self.instrument(wish.account, wish.symbol)
        floor = self._floor
        account = floor.accounts[wish.account]
        record = floor.instruments[(account.venue, wish.symbol)]
        signal = TakeSignal(
            key="check",
            signal_id="check",
            symbol=wish.symbol,
            side=wish.side,
            ts_ns=floor.now_ns,
            strategy_id=wish.strategy_id,
            confidence=wish.confidence,
            account=wish.account,
            price=None if wish.price is None else scale.price(scale.nearest_ticks(wish.price)),
            stop_loss=wish.stop_loss,
        )
        given = inputs.SignalCame(signal=signal, atr=wish.atr)
        _, plan = self._writer.machine.signals.planned(given, account, record)
        if wish.side is PositionSide.FLAT:
            allowance = 0
        else:
            share = account.sizing.risk
            allowance = int(floor.marked_nanos(account) * share)
        decision = SignalDecision(
            signal_id="",
            account=account.id,
            decision="would place" if plan.lots else "would refuse",
            risk_allowance=money(allowance),
            quantity=scale.quantity(plan.lots),
            latency_ms=(time.monotonic_ns() - begun_ns) / 1e6,
            code="" if plan.lots else plan.code.name,
            reason="" if plan.lots else plan.why,
        )
        return SignalTaken(signal_id="", decisions=(decision,))

    async def decide(self, wish: DecideSignals) -> DecideSignalsReply:
        """Approve or reject signals that wait. Raises `NotFound` for ids that do not."""
        waiting = self._floor.held
        unknown = [str(number) for number in wish.ids if number not in waiting]
        if unknown:
            raise NotFound(
                f"no signal {unknown[0]} waits for a decision", code="execution.no_signal"
            )
        done = await self._writer.take(
            inputs.SignalsDecided(
                approve=wish.approve, ids=wish.ids, person=wish.person, note=wish.note
            )
        )
        return DecideSignalsReply(signals=tuple(done))

    # --- sense ---

    def check(self, request: OrderRequest) -> None:
        """Refuse what cannot be an order. Raises `Invalid` or `NotFound`, changes nothing."""
        self.instrument(request.account, request.symbol)
        kind = request.type
        for needed, value, name in (
            (kind in _NEEDS_PRICE, request.price, "price"),
            (kind in _NEEDS_STOP, request.stop_price, "stop_price"),
            (kind in _NEEDS_TRAIL, request.trail, "trail"),
        ):
            if needed and value is None:
                raise Invalid(f"a {kind.value} order needs a {name}", code="execution.bad_order")
        given = {
            "price": request.price is not None and kind in (OrderType.MARKET, OrderType.STOP),
            "stop_price": request.stop_price is not None and kind not in _NEEDS_STOP,
            "trail": request.trail is not None and kind not in _NEEDS_TRAIL,
        }
        for name, wrong in given.items():
            if wrong:
                raise Invalid(f"a {kind.value} order has no {name}", code="execution.bad_order")
        exact(self._floor, request)
        _bracket_makes_sense(request)

    def account(self, name: str) -> None:
        """Raise `NotFound` for an account that is not there."""
        if name not in self._floor.accounts:
            known = ", ".join(sorted(self._floor.accounts)) or "none yet"
            raise NotFound(f"no account {name}; there are: {known}", code="execution.no_account")

    def instrument(self, account: str, symbol: str) -> ExactScale:
        """Return the scale of a symbol at an account's venue. Raises `NotFound`."""
        self.account(account)
        venue = self._floor.accounts[account].venue
        found = self._floor.instruments.get((venue, symbol))
        if found is None:
            known = sorted(s for v, s in self._floor.instruments if v == venue)
            raise NotFound(
                f"{symbol} is not traded at {venue}; it has {_some(known)}",
                code="execution.no_instrument",
            )
        return self._floor.scales[found.number]

    def shown(self, order: OrderRecord) -> AccountOrder:
        """Return an order as the contract shows it."""
        return order_view(order, self._floor.scale(order))

    def _fits(self, wish: TakeSignal) -> None:
        """Refuse prices of a signal that lie between ticks of any instrument of its name."""
        for (_, symbol), record in self._floor.instruments.items():
            if symbol == wish.symbol:
                for price in (wish.price, wish.stop_loss, wish.take_profit):
                    if price is not None:
                        self._floor.scales[record.number].ticks(price)

    def _order(self, number: int) -> OrderRecord:
        order = self._floor.orders.get(number)
        if order is None:
            raise NotFound(f"no order {number} is at work", code="execution.no_order")
        return order

    def _known(self, request: OrderRequest) -> OrderRecord | None:
        """Return the order of a repeated request. Raises `Conflict` or `Invalid`."""
        number = self._floor.client_ids.get((request.account, request.client_order_id))
        if number is None:
            return None
        order = self._floor.orders[number]
        if order.request_hash != request_hash(request):
            raise Invalid(
                f"{request.client_order_id} was used at {request.account} for another order "
                f"({order.id}); take a new client_order_id",
                code="execution.client_id_reused",
            )
        if self._writer.durable_order(number):
            return order
        raise Conflict(
            f"order {request.client_order_id} is being placed; ask again in a moment",
            code="execution.in_flight",
        )


def _bracket_makes_sense(request: OrderRequest) -> None:
    """Refuse a stop or target on the wrong side of the other, or of the limit."""
    buys = request.side.value == "buy"
    low = request.stop_loss if buys else request.take_profit
    high = request.take_profit if buys else request.stop_loss
    middle = request.price if request.type is OrderType.LIMIT else None
    prices = [price for price in (low, middle, high) if price is not None]
    if prices != sorted(prices) or len(set(prices)) != len(prices):
        order = "stop_loss < price < take_profit" if buys else "take_profit < price < stop_loss"
        raise Invalid(
            f"the prices of a {request.side.value} with a bracket are {order}",
            code="execution.bad_bracket",
        )


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    shown = ", ".join(listed[:8]) or "none yet"
    return shown + (f" and {len(listed) - 8} more" if len(listed) > 8 else "")
