"""The desk that a strategy sees live: it records what is asked for, as signals.

Execution repeats the recorded calls on the real desk in the same order, so a call here means
what it means in a backtest. Nothing is left out as redundant: whether a repeated aim changes
anything is for the desk to know, which also knows what was refused.
"""

from __future__ import annotations

from fks.contracts.engine import Action, Signal
from fks.contracts.execution import StrategyDesk
from fks.contracts.values import OrderType, PositionSide, Side

__all__ = ["CountingDesk", "Decisions"]


class Decisions:
    """Record the decisions of one session, bar by bar.

    Ids are `<session>:<bar_ts_ns>:<number>`: deciding a bar again gives the same ids, by which a
    repeat is known.
    """

    def __init__(self, session_id: str, *, orders: int = 0) -> None:
        """Begin; `orders` is how many orders the strategy has placed before."""
        self._session_id = session_id
        self._orders = orders
        self._ts_ns = 0
        self._position = 0.0
        self._signals: list[Signal] = []

    def begin(self, ts_ns: int, position: float) -> None:
        """Start the decisions at the bar that opened at `ts_ns`."""
        self._ts_ns = ts_ns
        self._position = position
        self._signals = []

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Return what was decided at this bar so far."""
        return tuple(self._signals)

    @property
    def position(self) -> float:
        """Return the signed quantity held when the bar closed."""
        return self._position

    def long(self, strength: float = 1.0) -> None:
        """Aim at the configured quantity, long."""
        self._aim(PositionSide.LONG, strength, None)

    def short(self, strength: float = 1.0) -> None:
        """Aim at the configured quantity, short."""
        self._aim(PositionSide.SHORT, strength, None)

    def flat(self, strength: float = 1.0) -> None:
        """Aim at no position."""
        self._aim(PositionSide.FLAT, strength, None)

    def target(self, quantity: float, strength: float = 1.0) -> None:
        """Aim at a signed quantity."""
        side = PositionSide.FLAT
        if quantity:
            side = PositionSide.LONG if quantity > 0 else PositionSide.SHORT
        self._aim(side, strength, quantity)

    def buy(self, quantity: float, *, limit: float | None = None, stop: float | None = None) -> int:
        """Record an order to buy and return its number."""
        return self._place(Side.BUY, quantity, limit, stop)

    def sell(
        self, quantity: float, *, limit: float | None = None, stop: float | None = None
    ) -> int:
        """Record an order to sell and return its number."""
        return self._place(Side.SELL, quantity, limit, stop)

    def cancel(self, number: int) -> None:
        """Record the cancellation of one order."""
        self._signals.append(self._signal(Action.CANCEL, order_number=number))

    def cancel_all(self) -> None:
        """Record the cancellation of all orders."""
        self._signals.append(self._signal(Action.CANCEL_ALL))

    def _aim(self, side: PositionSide, strength: float, quantity: float | None) -> None:
        """Record an aim."""
        self._signals.append(
            self._signal(Action.TARGET, side=side, strength=strength, quantity=quantity)
        )

    def _place(self, side: Side, quantity: float, limit: float | None, stop: float | None) -> int:
        """Record an order; whether it can be one is for the desk to say, as in a backtest."""
        kind = OrderType.MARKET
        if limit is not None:
            kind = OrderType.LIMIT
        elif stop is not None:
            kind = OrderType.STOP
        self._orders += 1
        self._signals.append(
            self._signal(
                Action.ORDER,
                quantity=quantity,
                order_number=self._orders,
                order_side=side,
                type=kind,
                limit_price=limit,
                stop_price=stop,
            )
        )
        return self._orders

    def _signal(self, action: Action, **fields: object) -> Signal:
        """Return the next signal of this bar."""
        number = len(self._signals)
        name = f"{self._session_id}:{self._ts_ns}:{number}"
        return Signal(id=name, action=action, number=number, **fields)  # type: ignore[arg-type]


class CountingDesk:
    """A desk that also counts the orders placed through it, for taking up a session again."""

    def __init__(self, desk: StrategyDesk) -> None:
        self._desk = desk
        self.orders = 0
        self.long = desk.long
        self.short = desk.short
        self.flat = desk.flat
        self.target = desk.target
        self.cancel = desk.cancel
        self.cancel_all = desk.cancel_all

    @property
    def position(self) -> float:
        """Return the signed quantity held."""
        return self._desk.position

    def buy(self, quantity: float, *, limit: float | None = None, stop: float | None = None) -> int:
        """Place an order to buy."""
        self.orders += 1
        return self._desk.buy(quantity, limit=limit, stop=stop)

    def sell(
        self, quantity: float, *, limit: float | None = None, stop: float | None = None
    ) -> int:
        """Place an order to sell."""
        self.orders += 1
        return self._desk.sell(quantity, limit=limit, stop=stop)
