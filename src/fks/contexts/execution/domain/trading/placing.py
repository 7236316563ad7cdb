"""Orders on their way in: made exact, checked by policies and engine, sent or refused.

An order is refused here only for a reason of the controls or the engine: what could not be an
order at all (an unknown symbol, a price between two ticks) is refused before it is journaled.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from fks.contexts.execution.domain.matching.layout import (
    CommandKind,
    EventKind,
    Flag,
    OrderKind,
    Reason,
    SelfTrade,
    Tif,
)
from fks.contexts.execution.domain.risk.facts import OrderFacts
from fks.contexts.execution.domain.risk.limits import strategy_settings
from fks.contexts.execution.domain.routing.lifecycle import Lifecycle
from fks.contexts.execution.domain.routing.routed import Routed
from fks.contexts.execution.domain.trading.effects import OrderSent
from fks.contexts.execution.domain.trading.floor import Floor
from fks.contexts.execution.domain.trading.gates import Gates
from fks.contexts.execution.domain.trading.hashing import request_hash
from fks.contexts.execution.domain.trading.inputs import Placed
from fks.contexts.execution.domain.trading.numbers import MOST_CHILDREN
from fks.contexts.execution.domain.trading.reasons import explained
from fks.contexts.execution.domain.trading.settling import Settling
from fks.contexts.execution.domain.trading.state import InstrumentRecord, OrderRecord
from fks.contracts.execution import AccountMode, OrderLink, OrderRequest, OrderState
from fks.contracts.values import OrderType, Side, TimeInForce

__all__ = ["RISK", "Placing", "exact"]

KINDS = {
    OrderType.MARKET: OrderKind.MARKET,
    OrderType.LIMIT: OrderKind.LIMIT,
    OrderType.STOP: OrderKind.STOP,
    OrderType.STOP_LIMIT: OrderKind.STOP_LIMIT,
    OrderType.MARKET_IF_TOUCHED: OrderKind.MARKET_IF_TOUCHED,
    OrderType.LIMIT_IF_TOUCHED: OrderKind.LIMIT_IF_TOUCHED,
    OrderType.MARKET_TO_LIMIT: OrderKind.MARKET_TO_LIMIT,
    OrderType.TRAILING_STOP: OrderKind.TRAILING_STOP,
    OrderType.TRAILING_STOP_LIMIT: OrderKind.TRAILING_STOP_LIMIT,
}
TIFS = {
    TimeInForce.GTC: Tif.GTC,
    TimeInForce.IOC: Tif.IOC,
    TimeInForce.FOK: Tif.FOK,
    TimeInForce.GTD: Tif.GTD,
    TimeInForce.DAY: Tif.DAY,
    TimeInForce.AT_OPEN: Tif.AT_OPEN,
    TimeInForce.AT_CLOSE: Tif.AT_CLOSE,
}
RISK = "risk"  # whose orders protect or close: the policies let them pass
_TRAILING = (OrderType.TRAILING_STOP, OrderType.TRAILING_STOP_LIMIT)
_WAITING = frozenset(OrderType) - {
    OrderType.MARKET,
    OrderType.LIMIT,
    OrderType.MARKET_TO_LIMIT,
}
_NO_LINK = {"take_profit": None, "stop_loss": None, "list_id": "", "link": OrderLink.NONE}


def exact(floor: Floor, request: OrderRequest) -> tuple[InstrumentRecord, OrderRecord]:
    """Return a request as a record in lots and ticks, not yet known to anybody.

    Raises `Invalid` for what cannot be an order; the caller has looked up account and symbol.
    """
    account = floor.accounts[request.account]
    instrument = floor.instruments[(account.venue, request.symbol)]
    scale = floor.scales[instrument.number]
    trigger = request.trail if request.type in _TRAILING else request.stop_price
    for child in (request.take_profit, request.stop_loss):
        if child is not None:
            scale.ticks(child, "bracket price")
    if request.display_quantity is not None:
        scale.lots(request.display_quantity)
    return instrument, OrderRecord(
        id=0,
        request=request,
        request_hash=request_hash(request),
        venue=account.venue,
        instrument=instrument.number,
        lots=scale.lots(request.quantity),
        price_ticks=None if request.price is None else scale.ticks(request.price),
        stop_ticks=None if trigger is None else scale.ticks(trigger, "trigger"),
        state=OrderState.PENDING_NEW,
        created_ts_ns=0,
        updated_ts_ns=0,
    )


class Placing:
    """Take orders in, and let brackets go when their leader trades."""

    def __init__(self, floor: Floor, gates: Gates, settling: Settling) -> None:
        self._floor = floor
        self._gates = gates
        self._settling = settling

    def place(self, given: Placed, number: int) -> OrderRecord:
        """Take in an order; what became of it is in the record."""
        floor = self._floor
        instrument, order = exact(floor, given.request)
        order.id = number
        order.created_ts_ns = floor.now_ns
        order.protects = given.request.stop_loss is not None
        self.enter(instrument, order, given)
        return order

    def enter(self, instrument: InstrumentRecord, order: OrderRecord, given: Placed) -> None:
        """Check an order and hold it, send or match it, or refuse it."""
        floor = self._floor
        request = order.request
        account = floor.accounts[request.account]
        order.seen_ticks = instrument.last_ticks
        floor.orders[order.id] = order
        floor.client_ids[(request.account, request.client_order_id)] = order.id
        order.wire_id = f"fks-{account.number}-{order.id}"
        floor.wire_ids[(request.account, order.wire_id)] = order.id
        facts = self.facts(order, given)
        code, reason = self._by_account(order)
        if code is Reason.NONE and given.principal != RISK:
            verdict = floor.policies.before_order(facts, floor.now_ns)
            code, reason = verdict.code, verdict.text
        events = None
        if code is Reason.NONE:
            self._introduce(request)
            events = floor.command(CommandKind.ADD, **self.fields(order))
            if int(events[0]["kind"]) == EventKind.REJECTED:
                code = Reason(int(events[0]["reason"]))
                reason = explained(code)
        floor.decided(order, code, reason)
        self._gates.act(floor.policies.on_decision(facts, code, floor.now_ns))
        if code is not Reason.NONE:
            order.state, order.code, order.reason = OrderState.REJECTED, code.name, reason
            floor.told(order, "refused", f"{code.name}: {reason}")
            floor.moved(order)
            return
        floor.told(order, "passed", f"limits version {order.limits_version}")
        floor.moved(order)
        if instrument.matched:
            self._settling.matched(events)
        else:
            order.sent = True
            routed = Routed(
                client_order_id=order.wire_id, lots=order.lots, price_ticks=order.price_ticks
            )
            order.routed = routed  # which its lifecycle changes in place
            floor.routed[order.id] = Lifecycle(routed)
            floor.routed[order.id].sent(floor.now_ns)
            floor.told(order, "sent", f"to {order.venue} as {order.wire_id}")
            floor.emit(OrderSent(request.account, order.id))

    def facts(self, order: OrderRecord, given: Placed, *, amends: bool = False) -> OrderFacts:
        """Return what the policies look at."""
        floor, request = self._floor, order.request
        account = floor.accounts[request.account]
        held = floor.holding(account, order.instrument)
        signed = order.lots if request.side is Side.BUY else -order.lots
        scale = floor.scale(order)
        last = floor.by_number[order.instrument].last_ticks
        stop = order.stop_ticks if order.leader and order.protects else None
        price = order.price_ticks or order.stop_ticks or last
        if request.type in _TRAILING:
            offset = order.stop_ticks or 0
            price = last + offset if request.side is Side.BUY else last - offset
        same = floor.open_lots(request.account, order.instrument)[request.side is Side.SELL]
        same -= order.leaves if amends else 0
        if request.stop_loss is not None:
            stop = scale.ticks(request.stop_loss)
        return OrderFacts(
            account=request.account,
            symbol=request.symbol,
            side=0 if request.side is Side.BUY else 1,
            lots=order.lots,
            price_ticks=price,
            unit_nanos=scale.unit_nanos,
            client_order_id=request.client_order_id,
            strategy=request.strategy_id,
            venue=order.venue,
            last_ticks=last,
            trigger=request.type in _WAITING,
            stop_ticks=stop,
            reduces=held.lots * signed < 0 and same + order.lots <= abs(held.lots),
            amends=amends,
            override=request.override,
            automated=given.automated,
            principal=given.principal,
            signal_ts_ns=given.signal_ts_ns,
            confidence_ppm=given.confidence_ppm,
            position_lots=held.lots,
            cost_ticks=held.cost_nanos // scale.unit_nanos,
        )

    def _by_account(self, order: OrderRecord) -> tuple[Reason, str]:
        """Refuse what the account's mode forbids, and an order at a price that nobody knows."""
        floor = self._floor
        account = floor.accounts[order.request.account]
        if account.mode == AccountMode.LIVE.value and account.armed_until_ns <= floor.now_ns:
            return Reason.LIVE_NOT_ARMED, f"{account.id} is a live account and is not armed"
        record = floor.by_number[order.instrument]
        if not record.last_ts_ns and order.price_ticks is None:
            why = f"no price of {record.instrument.id} has been seen yet"
            return Reason.STALE_REFERENCE, why
        return Reason.NONE, ""

    def fields(self, order: OrderRecord) -> dict[str, int]:
        """Return an order as the fields of an ADD."""
        floor, request = self._floor, order.request
        flags = int(Flag.POST_ONLY) if request.post_only else 0
        flags |= int(Flag.REDUCE_ONLY) if request.reduce_only else 0
        flags |= int(SelfTrade[request.self_trade.name]) << 5
        shown = request.display_quantity
        tif = TIFS[request.time_in_force]
        if tif is Tif.AT_OPEN and not floor.by_number[order.instrument].matched:
            tif = Tif.GTC  # the venue has phases, the engine that counts for it has none
        return {
            "id": order.id,
            "account": floor.accounts[request.account].number,
            "instrument": order.instrument,
            "strategy": floor.strategies.get(request.strategy_id, 0),
            "side": 0 if request.side is Side.BUY else 1,
            "type": int(KINDS[request.type]),
            "tif": int(tif),
            "flags": flags,
            "price": order.price_ticks or 0,
            "stop": order.stop_ticks or 0,
            "quantity": order.lots,
            "display": 0 if shown is None else floor.scale(order).lots(shown),
            "expire_ns": request.expire_ts_ns,
        }

    def _introduce(self, request: OrderRequest) -> None:
        """Give a strategy a number at its first order, and let the engine learn its rate."""
        floor = self._floor
        if request.strategy_id in floor.strategies:
            return
        number = floor.strategy_number(request.strategy_id)
        for key, value in strategy_settings(floor.policies.limits(request.account)):
            floor.command(
                CommandKind.CONFIGURE_STRATEGY, strategy=number, flags=int(key), price=value
            )

    # --- brackets ---

    def leader_filled(self, leader: OrderRecord, lots: int) -> None:
        """Let the bracket of an order go, or grow, by the lots that it traded: the stop first."""
        request = leader.request
        if request.stop_loss is not None:
            self._child(leader, lots, OrderType.STOP, request.stop_loss, "sl")
        if request.take_profit is not None:
            self._child(leader, lots, OrderType.LIMIT, request.take_profit, "tp")

    def _child(
        self, leader: OrderRecord, lots: int, kind: OrderType, price: Decimal, name: str
    ) -> None:
        floor = self._floor
        leader.children += 1
        number = leader.children
        if number > MOST_CHILDREN:
            self._gates.unprotected(leader, "too many parts")
            return
        scale = floor.scale(leader)
        ticks = scale.ticks(price)
        request = msgspec.structs.replace(
            leader.request,
            client_order_id=f"{leader.request.client_order_id}.{name}{number}",
            side=Side.SELL if leader.request.side is Side.BUY else Side.BUY,
            type=kind,
            time_in_force=TimeInForce.GTC,
            quantity=scale.quantity(lots),
            price=price if kind is OrderType.LIMIT else None,
            stop_price=price if kind is OrderType.STOP else None,
            trail=None,
            display_quantity=None,
            expire_ts_ns=0,
            post_only=False,
            reduce_only=True,
            **_NO_LINK,
        )
        child = OrderRecord(
            id=leader.id + number,
            request=request,
            request_hash=request_hash(request),
            venue=leader.venue,
            instrument=leader.instrument,
            lots=lots,
            price_ticks=ticks if kind is OrderType.LIMIT else None,
            stop_ticks=ticks if kind is OrderType.STOP else None,
            state=OrderState.PENDING_NEW,
            created_ts_ns=floor.now_ns,
            updated_ts_ns=floor.now_ns,
            leader=leader.id,
            protects=kind is OrderType.STOP,
        )
        floor.told(leader, "bracket", f"{name} of {request.quantity} at {price}")
        self.enter(
            floor.by_number[leader.instrument], child, Placed(request=request, principal=RISK)
        )
        if child.state is OrderState.REJECTED and child.protects:
            self._gates.unprotected(leader, child.code)
