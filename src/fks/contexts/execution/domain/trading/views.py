"""Records of the machine as the contract shows them."""

from __future__ import annotations

from fks.contexts.execution.domain.trading.scales import ExactScale, money
from fks.contexts.execution.domain.trading.state import OrderRecord
from fks.contracts.execution import AccountOrder, AccountPosition

__all__ = ["order_view", "position_view"]


def order_view(order: OrderRecord, scale: ExactScale) -> AccountOrder:
    """Return an order as it is shown."""
    request = order.request
    return AccountOrder(
        id=order.id,
        account=request.account,
        client_order_id=request.client_order_id,
        symbol=request.symbol,
        side=request.side,
        type=request.type,
        time_in_force=request.time_in_force,
        quantity=scale.quantity(order.lots),
        filled=scale.quantity(order.filled_lots),
        leaves=scale.quantity(order.leaves),
        state=order.state,
        created_ts_ns=order.created_ts_ns,
        updated_ts_ns=order.updated_ts_ns,
        price=None if order.price_ticks is None else scale.price(order.price_ticks),
        stop_price=None if order.stop_ticks is None else scale.price(order.stop_ticks),
        average_price=scale.average(order.cost_ticks, order.filled_lots)
        if order.filled_lots
        else None,
        venue=order.venue,
        venue_order_id=order.venue_order_id,
        strategy_id=request.strategy_id,
        reference=request.reference,
        list_id=request.list_id or (str(order.leader) if order.leader else ""),
        reduce_only=request.reduce_only,
        post_only=request.post_only,
        limits_version=order.limits_version,
        code=order.code,
        reason=order.reason,
        seen_price=scale.price(order.seen_ticks),
    )


def position_view(
    account: str,
    symbol: str,
    scale: ExactScale,
    held: tuple[int, int, int],
    last_ticks: int,
    open_lots: tuple[int, int],
) -> AccountPosition:
    """Return a position as it is shown; `held` is signed lots, cost and realised nanos."""
    lots, cost_nanos, realised_nanos = held
    worth = lots * last_ticks * scale.unit_nanos - cost_nanos if lots else 0
    return AccountPosition(
        account=account,
        symbol=symbol,
        quantity=scale.quantity(lots),
        average_price=scale.average_of_nanos(cost_nanos, lots),
        last_price=scale.price(last_ticks),
        unrealised_pnl=money(worth),
        realised_pnl=money(realised_nanos),
        open_buy=scale.quantity(open_lots[0]),
        open_sell=scale.quantity(open_lots[1]),
    )
