"""Turn a signal back into the call on the desk that the strategy made.

In a backtest a strategy calls the desk itself; live, engine records its calls as signals and
this module repeats them. There is one line a call, so that both ways cannot drift apart.
"""

from __future__ import annotations

from fks.contracts.engine import Action, Signal
from fks.contracts.execution import StrategyDesk
from fks.contracts.values import PositionSide, Side
from fks.kernel.errors import Invalid

__all__ = ["apply_signal"]


def apply_signal(signal: Signal, desk: StrategyDesk) -> None:
    """Make the call that `signal` stands for.

    Raises `Invalid` (`execution.bad_signal`) when an order lacks its quantity, or is not the
    order that the strategy numbered: its later cancellations would then hit another order.
    """
    if signal.action is Action.TARGET:
        _aim(signal, desk)
    elif signal.action is Action.ORDER:
        _place(signal, desk)
    elif signal.action is Action.CANCEL:
        desk.cancel(signal.order_number)
    else:
        desk.cancel_all()


def _aim(signal: Signal, desk: StrategyDesk) -> None:
    """Aim at a quantity, or at the configured one in the direction of `side`."""
    if signal.quantity is not None:
        desk.target(signal.quantity, signal.strength)
    elif signal.side is PositionSide.LONG:
        desk.long(signal.strength)
    elif signal.side is PositionSide.SHORT:
        desk.short(signal.strength)
    else:
        desk.flat(signal.strength)


def _place(signal: Signal, desk: StrategyDesk) -> None:
    """Place an order and check that it got the number by which the strategy knows it."""
    if signal.quantity is None:
        raise Invalid(f"signal {signal.id}: an order needs a quantity", code="execution.bad_signal")
    place = desk.buy if signal.order_side is Side.BUY else desk.sell
    number = place(signal.quantity, limit=signal.limit_price, stop=signal.stop_price)
    if number != signal.order_number:
        raise Invalid(
            f"signal {signal.id} is order {signal.order_number} of the strategy, "
            f"but the desk counts {number}: strategy and desk have parted",
            code="execution.bad_signal",
        )
