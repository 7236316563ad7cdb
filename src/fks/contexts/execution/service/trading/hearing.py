"""What strategies say, as trading accounts take it: signals, and that they are alive."""

from __future__ import annotations

import hashlib
from decimal import Decimal

import structlog

from fks.contexts.execution.domain.trading.inputs import StrategySeen
from fks.contexts.execution.service.trading.state import Live
from fks.contracts.engine import Action, SignalRaised, StrategyReported
from fks.contracts.execution import TakeSignal
from fks.contracts.values import OrderType, PositionSide, Side
from fks.kernel.errors import FksError

__all__ = ["hear_beat", "heard_signal"]

_log = structlog.get_logger("fks.execution")
_LATE_NS = 5_000_000_000


def hear_beat(live: Live, event: StrategyReported) -> None:
    """Journal the heartbeat of a strategy whose signals are traded; one that is late is none.

    A strategy that ends on purpose, or whose signals nobody trades any more, is not waited for.
    """
    if live.clock.now_ns() - event.ts_ns > _LATE_NS:
        return
    name, floor = event.strategy, live.floor
    routed = any(r.enabled and r.strategy_id == name for r in floor.routes.values())
    alive = event.alive and routed
    if not alive and not floor.policies.hears(name):
        return
    try:
        live.writer.put(StrategySeen(strategy=name, alive=alive, alarm=None), urgent=True)
    except FksError as error:
        _log.warning("heartbeat_not_journaled", strategy=name, error=error.message)


def heard_signal(event: SignalRaised, now_ns: int) -> TakeSignal | None:
    """Return what an account is asked to do; None for what only the strategy's own desk can.

    A target aims at a side, sized by the account unless the strategy names a quantity; an order
    is placed as it is. Cancels belong to the session's desk: an account's orders end by their
    own brackets, by a person, or by the next target.
    """
    signal = event.signal
    if signal.action is Action.TARGET:
        side, quantity, price = signal.side, None, None
        if signal.quantity is not None:
            amount = Decimal(repr(signal.quantity))
            side = PositionSide.FLAT if not amount else side
        kind = OrderType.MARKET
    elif signal.action is Action.ORDER and signal.quantity:
        side = PositionSide.LONG if signal.order_side is Side.BUY else PositionSide.SHORT
        quantity, kind = Decimal(repr(signal.quantity)), signal.type
        limit = signal.limit_price if signal.limit_price is not None else signal.stop_price
        price = None if limit is None else Decimal(repr(limit))
    else:
        return None
    # Signal ids are longer than client ids may be: their hash is as unique.
    name = hashlib.blake2b(signal.id.encode(), digest_size=12).hexdigest()
    return TakeSignal(
        key=name,
        signal_id=f"s-{name}",
        symbol=event.instrument,
        side=side,
        ts_ns=now_ns,
        strategy_id=event.strategy,
        confidence=min(1.0, max(0.0, signal.strength)),
        order_type=kind,
        quantity=quantity,
        price=price,
        source=f"{event.session_id} at bar {event.bar_index}",
    )
