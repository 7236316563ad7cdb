"""Fills and ends of orders, wherever they were matched: positions, cost, profit, and the story."""

from __future__ import annotations

from typing import Any, NamedTuple

from fks.contexts.execution.domain.matching.layout import CommandKind, EventKind, Reason
from fks.contexts.execution.domain.risk.facts import FillFacts
from fks.contexts.execution.domain.trading.effects import FillMade, PositionMoved
from fks.contexts.execution.domain.trading.floor import Floor, Todo
from fks.contexts.execution.domain.trading.gates import Gates
from fks.contexts.execution.domain.trading.reasons import explained
from fks.contexts.execution.domain.trading.scales import money
from fks.contexts.execution.domain.trading.state import AccountRecord, Holding, OrderRecord
from fks.contexts.execution.domain.trading.views import position_view
from fks.contexts.execution.domain.trading.wallets import Paid, Wallets
from fks.contracts.execution import AccountFill, OrderState
from fks.contracts.values import Side

__all__ = ["Settling"]

_ENDS = {
    Reason.EXPIRED: OrderState.EXPIRED,
    Reason.SESSION_END: OrderState.EXPIRED,
    Reason.NOT_FILLABLE: OrderState.REJECTED,
    Reason.WOULD_CROSS: OrderState.REJECTED,
}


_NOTHING = Paid()


class Fee(NamedTuple):
    """What a fill cost: nanos of the account's currency, and in which currency it was taken."""

    nanos: int
    currency: str


class Settling:
    """Book fills to orders, positions and accounts."""

    def __init__(self, floor: Floor, gates: Gates) -> None:
        self._floor = floor
        self._gates = gates
        self.wallets = Wallets(floor)

    def matched(self, events: Any) -> None:
        """Book what the engine did with orders that are matched here."""
        floor = self._floor
        for event in events:
            kind = EventKind(int(event["kind"]))
            order = floor.orders.get(int(event["id"]))
            if kind is EventKind.TRADE:
                lots, ticks = int(event["quantity"]), int(event["price"])
                name = f"{floor.seq}:{event['id']}:{event['other']}"
                fee, other_fee = int(event["fee_nanos"]), int(event["other_fee_nanos"])
                maker = floor.orders.get(int(event["other"]))
                if order is not None:
                    self.fill(order, lots, ticks, fee, name, maker=False)
                if maker is not None:
                    self.fill(maker, lots, ticks, other_fee, name, maker=True)
            elif order is None:
                continue
            elif kind in (EventKind.CANCELLED, EventKind.EXPIRED):
                reason = Reason(int(event["reason"]))
                self.end(order, _ENDS.get(reason, OrderState.CANCELLED), reason.name)
            elif kind is EventKind.ACCEPTED and order.state is OrderState.PENDING_NEW:
                order.state = OrderState.NEW
                order.lots = order.filled_lots + int(event["quantity"])
                floor.moved(order)
            elif kind is EventKind.TRIGGERED:
                floor.told(order, "triggered", "")
            elif kind in (EventKind.RESTATED, EventKind.REPLACED):
                order.lots = order.filled_lots + int(event["leaves"])
                floor.moved(order)

    def fill(
        self,
        order: OrderRecord,
        lots: int,
        ticks: int,
        fee_nanos: int,
        trade_id: str,
        *,
        maker: bool,
        fee_currency: str = "",
        paid: Paid = _NOTHING,
        ts_ns: int = 0,
    ) -> None:
        """Book a fill of an order; the engine knows of it already."""
        floor = self._floor
        account = floor.accounts[order.request.account]
        order.filled_lots += lots
        order.cost_ticks += lots * ticks
        order.trade_ids.append(trade_id)
        if order.id in floor.routed:
            pass  # its lifecycle knows: an amendment under way may leave more to fill
        elif order.filled_lots >= order.lots:
            order.state = OrderState.FILLED
        elif order.state in (OrderState.PENDING_NEW, OrderState.NEW, OrderState.UNKNOWN):
            order.state = OrderState.PARTIALLY_FILLED
        scale = floor.scale(order)
        holding = floor.holding(account, order.instrument)
        signed = lots if order.request.side is Side.BUY else -lots
        before = holding.lots
        gained = _move(holding, signed, ticks, scale.unit_nanos)
        holding.realised_nanos += gained - fee_nanos
        holding.trade_nanos += gained - fee_nanos
        account.cash_nanos += gained - fee_nanos
        account.fees_nanos += fee_nanos
        self.wallets.filled(account, order.instrument, signed, ticks, gained, paid)
        self._tell(
            account,
            order,
            lots,
            ticks,
            Fee(fee_nanos, fee_currency or account.currency),
            gained,
            trade_id,
            maker=maker,
            ts_ns=ts_ns or floor.now_ns,
        )
        floor.moved(order)
        self.position_moved(account, order.instrument)
        floor.to_mark.add(account.id)
        floor.todo.append(Todo("bracket", order_id=order.id, lots=lots))
        closed = before != 0 and before * holding.lots <= 0
        self._after_fill(account, order, holding, lots, ticks, gained - fee_nanos, closed=closed)

    def _tell(
        self,
        account: AccountRecord,
        order: OrderRecord,
        lots: int,
        ticks: int,
        fee: Fee,
        gained: int,
        trade_id: str,
        *,
        maker: bool,
        ts_ns: int,
    ) -> None:
        """Let a fill be known."""
        floor, scale = self._floor, self._floor.scale(order)
        if floor.muted:
            return
        price, quantity = scale.price(ticks), scale.quantity(lots)
        floor.told(order, "filled", f"{quantity} at {price}")
        floor.emit(
            FillMade(
                AccountFill(
                    id=(floor.seq << 12) + len(floor.effects),
                    order_id=order.id,
                    account=account.id,
                    symbol=order.request.symbol,
                    side=order.request.side,
                    quantity=quantity,
                    price=price,
                    fee=money(fee.nanos),
                    fee_currency=fee.currency,
                    ts_ns=ts_ns,
                    position=scale.quantity(account.holdings[order.instrument].lots),
                    realised_pnl=money(gained - fee.nanos),
                    maker=maker,
                    venue=order.venue,
                    trade_id=trade_id,
                    strategy_id=order.request.strategy_id,
                )
            )
        )

    def end(self, order: OrderRecord, state: OrderState, code: str, text: str = "") -> None:
        """End an order that was not filled whole."""
        order.state, order.code = state, code
        known = Reason[code] if code in Reason.__members__ else None
        order.reason = text or (explained(known) if known is not None else code)
        self._floor.told(order, state.value, order.reason)
        self._floor.moved(order)
        self._floor.policies.on_done(
            order.request.account, order.request.client_order_id, self._floor.now_ns
        )
        account = self._floor.accounts[order.request.account]
        self.position_moved(account, order.instrument)
        self._floor.todo.append(Todo("ended", order_id=order.id))

    def release(self, order: OrderRecord) -> None:
        """Let the engine forget what a routed order still holds."""
        self._floor.command(CommandKind.VENUE_DONE, id=order.id, instrument=order.instrument)

    def position_moved(self, account: AccountRecord, number: int) -> None:
        """Let a position's new state be known."""
        floor = self._floor
        holding = floor.holding(account, number)  # made when there is none, which is state
        if floor.muted:
            return
        instrument = floor.by_number[number]
        floor.emit(
            PositionMoved(
                position_view(
                    account.id,
                    instrument.instrument.id,
                    floor.scales[number],
                    (holding.lots, holding.cost_nanos, holding.realised_nanos),
                    instrument.last_ticks,
                    floor.open_lots(account.id, number),
                )
            )
        )
        floor.account_moved(account.id)

    def _after_fill(
        self,
        account: AccountRecord,
        order: OrderRecord,
        holding: Holding,
        lots: int,
        ticks: int,
        gained_nanos: int,
        *,
        closed: bool,
    ) -> None:
        """Count a round trip when the position is flat or turned, and let the policies know."""
        floor = self._floor
        result = None
        if closed:
            result = holding.trade_nanos
            holding.trade_nanos = 0
            account.wins += result > 0
            account.losses += result < 0
            account.largest_win_nanos = max(account.largest_win_nanos, result)
            account.largest_loss_nanos = min(account.largest_loss_nanos, result)
            account.losses_in_row = account.losses_in_row + 1 if result < 0 else 0
        first = order.filled_lots == lots and order.leader == 0 and not order.request.reduce_only
        account.trades_today += first
        facts = FillFacts(
            account=account.id,
            symbol=order.request.symbol,
            side=0 if order.request.side is Side.BUY else 1,
            lots=lots,
            price_ticks=ticks,
            unit_nanos=floor.scale(order).unit_nanos,
            position_lots=holding.lots,
            realised_nanos=gained_nanos,
            client_order_id=order.request.client_order_id,
            strategy=order.request.strategy_id,
            venue=order.venue,
            closed_nanos=result,
            automated=bool(order.request.strategy_id),
        )
        self._gates.act(floor.policies.on_fill(facts, floor.now_ns))


def _move(holding: Holding, signed: int, ticks: int, unit_nanos: int) -> int:
    """Move a position at average cost; return what was realised, in nanos.

    The cost that leaves with a part is its share, rounded towards zero, as in the engine's ledger.
    """
    if holding.lots * signed >= 0:
        holding.lots += signed
        holding.cost_nanos += signed * ticks * unit_nanos
        return 0
    closing = -signed if abs(signed) <= abs(holding.lots) else holding.lots
    share = abs(holding.cost_nanos) * abs(closing) // abs(holding.lots)
    cost = share if holding.cost_nanos > 0 else -share
    gained = closing * ticks * unit_nanos - cost
    holding.lots -= closing
    holding.cost_nanos -= cost
    rest = signed + closing
    holding.lots += rest
    holding.cost_nanos += rest * ticks * unit_nanos
    return gained
