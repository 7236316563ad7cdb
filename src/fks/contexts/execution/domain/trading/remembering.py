"""The machine's state as one Struct, and back: sorted, so that equal states are equal bytes."""

from __future__ import annotations

from fks.contexts.execution.domain.routing.lifecycle import Lifecycle
from fks.contexts.execution.domain.trading.floor import Floor
from fks.contexts.execution.domain.trading.kept import Orders, WorkingOrders
from fks.contexts.execution.domain.trading.scales import ExactScale
from fks.contexts.execution.domain.trading.state import FINAL, Remembered

__all__ = ["recalled", "remembered"]

VERSION = 1


def remembered(floor: Floor, *, with_orders: bool = True) -> Remembered:
    """Return all that the future depends on; the orders are left out for a hash of the rest."""
    orders = sorted(floor.orders.values(), key=lambda order: order.id) if with_orders else []
    return Remembered(
        version=VERSION,
        last_seq=floor.seq,
        now_ns=floor.now_ns,
        instruments=[floor.by_number[number] for number in sorted(floor.by_number)],
        accounts=[floor.accounts[name] for name in sorted(floor.accounts)],
        strategies=dict(sorted(floor.strategies.items())),
        orders=orders,
        held=[floor.held[number] for number in sorted(floor.held)],
        signals=dict(sorted(floor.signals.items())),
        routes=[floor.routes[key] for key in sorted(floor.routes)],
        gates=[(*key, *floor.gates[key]) for key in sorted(floor.gates)],
        vix_milli=floor.vix_milli,
        matcher=floor.engine.snapshot(),
        policies=floor.policies.state(),
    )


def recalled(floor: Floor, state: Remembered) -> None:
    """Put a state into a fresh floor."""
    floor.seq, floor.now_ns = state.last_seq, state.now_ns
    floor.instruments = {(r.venue, r.instrument.id): r for r in state.instruments}
    floor.by_number = {r.number: r for r in state.instruments}
    floor.scales = {r.number: ExactScale(r.instrument) for r in state.instruments}
    floor.accounts = {account.id: account for account in state.accounts}
    floor.strategies = dict(state.strategies)
    floor.orders = Orders(state.orders)
    floor.working = WorkingOrders(o for o in state.orders if o.state not in FINAL)
    floor.client_ids = {
        (order.request.account, order.request.client_order_id): order.id for order in state.orders
    }
    floor.routed = {o.id: Lifecycle(o.routed) for o in state.orders if o.routed is not None}
    floor.wire_ids = {(o.request.account, o.wire_id): o.id for o in state.orders}
    floor.held = {held.id: held for held in state.held}
    floor.signals = dict(state.signals)
    floor.routes = {(route.strategy_id, route.account): route for route in state.routes}
    floor.gates = {(gate[0], gate[1]): gate[2:] for gate in state.gates}
    floor.vix_milli = state.vix_milli
    floor.engine.restore(state.matcher)
    floor.policies.restore(state.policies)
