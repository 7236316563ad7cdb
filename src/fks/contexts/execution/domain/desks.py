"""Make desks, and dress their rows of whole numbers as the values of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fks.contexts.execution.domain._desk import Core
from fks.contexts.execution.domain.orders import Row
from fks.contexts.execution.domain.reference import ReferenceCore
from fks.contexts.execution.domain.state import Scalars, pack, scale_of, unpack
from fks.contexts.execution.domain.terms import Terms, terms_of
from fks.contracts.execution import Desk, DeskConfig, Fill, Order, OrderStatus, RejectReason
from fks.contracts.values import NANOS, OrderType, Side
from fks.kernel.errors import Invalid
from fks.kernel.ids import content_hash

if TYPE_CHECKING:
    _Rules = ReferenceCore
else:
    _Rules = object

__all__ = ["AccountTooLarge", "CompiledDesk", "DeskMaker", "ReferenceDesk"]

_TYPES = (OrderType.MARKET, OrderType.LIMIT, OrderType.STOP)
_STATUSES = (
    OrderStatus.ACCEPTED,
    OrderStatus.FILLED,
    OrderStatus.CANCELLED,
    OrderStatus.REJECTED,
)
_REASONS = (None, *RejectReason)
_FILL_COLUMNS = (
    *("id", "order_id", "side", "lots", "price_ticks", "fee_nanos", "ts_ns", "bar_index"),
    *("position_lots", "realised_nanos", "cash_nanos"),
)


class AccountTooLarge(Invalid, OverflowError):
    """The account is worth more than 9.22 billion, the most a desk counts; trade less of it."""

    code = "execution.account_too_large"


class _Dressed(_Rules):
    """The part that both desks share: values out, snapshots in and out."""

    _terms: Terms

    @property
    def cash(self) -> float:
        """Return the cash, in currency."""
        return self._state().cash_nanos / NANOS

    @property
    def realised_pnl(self) -> float:
        """Return the realised profit after fees, in currency."""
        return self._state().realised_nanos / NANOS

    @property
    def equity(self) -> float:
        """Return cash plus the position at the last close, in currency."""
        state = self._state()
        held = state.position_lots * state.last_close_ticks * self._terms.tick_value_nanos
        return (state.cash_nanos + held) / NANOS

    @property
    def average_price(self) -> float:
        """Return the average entry price of the open position, 0 when flat."""
        state = self._state()
        if state.position_lots == 0:
            return 0.0
        per_tick = state.position_lots * self._terms.tick_value_nanos
        numerator = state.cost_nanos * self._terms.tick_numerator
        return numerator / (per_tick * self._terms.tick_denominator)

    def orders(self) -> tuple[Order, ...]:
        """Return all orders by id."""
        return self.orders_after(0)

    def orders_after(self, order_id: int) -> tuple[Order, ...]:
        """Return the orders with a greater id."""
        return tuple(self._order(row) for row in self.order_rows(order_id))

    def open_orders(self) -> tuple[Order, ...]:
        """Return the resting orders by id."""
        return tuple(self._order(row) for row in self.open_rows())

    def fills(self) -> tuple[Fill, ...]:
        """Return all fills as they happened."""
        return self.fills_after(0)

    def fills_after(self, fill_id: int) -> tuple[Fill, ...]:
        """Return the fills with a greater id."""
        return tuple(self._fill(row) for row in self.fill_rows(fill_id))

    def order_columns(self) -> Mapping[str, Any]:
        """Return the orders as int64 arrays; see the contract."""
        table = self.order_table()
        return {name: table[:, at] for at, name in enumerate(Row._fields)}

    def fill_columns(self) -> Mapping[str, Any]:
        """Return the fills as int64 arrays; see the contract."""
        table = self.fill_table()
        return {name: table[:, at] for at, name in enumerate(_FILL_COLUMNS)}

    def snapshot(self) -> bytes:
        """Return the trading state as bytes."""
        resting = tuple(Row(*row) for row in self.open_rows())
        return pack(self._state(), resting, scale_of(self._terms))

    def restore(self, state: bytes) -> None:
        """Take over a snapshot. Raises `Invalid` for bytes that are none, or another scale's."""
        self.load(*unpack(state, scale_of(self._terms)))

    def state_hash(self) -> str:
        """Return a hash of the trading state."""
        return content_hash(self.snapshot())

    def overflow(self) -> Exception:
        """Return the error of an account that is worth more than int64 holds."""
        return AccountTooLarge()

    def _state(self) -> Scalars:
        """Return account and counters by name."""
        return Scalars(*self.scalars())

    def _order(self, row: tuple[int, ...]) -> Order:
        """Return an order as a value."""
        order = Row(*row)
        return Order(
            id=order.id,
            side=Side.BUY if order.side > 0 else Side.SELL,
            type=_TYPES[order.type],
            quantity=self._units(order.lots),
            status=_STATUSES[order.status],
            created_ts_ns=order.created_ts_ns,
            limit_price=self._price(order.limit_ticks) if order.limit_ticks else None,
            stop_price=self._price(order.stop_ticks) if order.stop_ticks else None,
            reason=_REASONS[order.reason],
        )

    def _fill(self, row: tuple[int, ...]) -> Fill:
        """Return a fill as a value."""
        fill_id, order_id, side, lots, price, fee, ts_ns, _, position, realised, _ = row
        return Fill(
            id=fill_id,
            order_id=order_id,
            side=Side.BUY if side > 0 else Side.SELL,
            quantity=self._units(lots),
            price=self._price(price),
            fee=fee / NANOS,
            ts_ns=ts_ns,
            position=self._units(position),
            realised_pnl=realised / NANOS,
        )

    def _units(self, lots: int) -> float:
        """Return lots as a quantity."""
        return lots * self._terms.lot_numerator / self._terms.lot_denominator

    def _price(self, ticks: int) -> float:
        """Return ticks as a price."""
        return ticks * self._terms.tick_numerator / self._terms.tick_denominator


class ReferenceDesk(_Dressed, ReferenceCore):
    """The desk in plain Python."""


class CompiledDesk(_Dressed, Core):  # type: ignore[misc]  # the stub of Core has the same rules
    """The compiled desk."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms


class DeskMaker:
    """Make desks of either kind."""

    def make(self, config: DeskConfig, *, compiled: bool = True) -> Desk:
        """Return a fresh desk. Raises `Invalid` when the instrument cannot be traded exactly."""
        terms = terms_of(config)
        return CompiledDesk(terms) if compiled else ReferenceDesk(terms)
