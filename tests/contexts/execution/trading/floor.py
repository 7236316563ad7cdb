"""A trading machine with a gold future and a paper account, and words for what venues say."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from fks.contexts.execution.domain.matching.reference import ReferenceMatcher
from fks.contexts.execution.domain.trading import inputs
from fks.contexts.execution.domain.trading.effects import Effect
from fks.contexts.execution.domain.trading.machine import TradingMachine
from fks.contexts.execution.domain.trading.state import OrderRecord
from fks.contracts.execution import (
    OpenAccount,
    OrderRequest,
    VenueReport,
    VenueReportKind,
)
from fks.contracts.values import Instrument, OrderType, Side

START_NS = 1_700_000_000_000_000_000
GOLD = Instrument(id="GC", tick_size=Decimal("0.1"), multiplier=Decimal(100))
LOOSE = {
    "max_vix": "none",
    "stop_required": "none",
    "max_trades_day": "none",
    "no_averaging_down": "none",
    "duplicate_orders": "none",
    "duplicate_breaker": "none",
    "orders_per_minute": "none",
    "orders_burst": "none",
    "loss_pause_after": "none",
    "loss_stop_after": "none",
    "max_trade_risk": "none",
    "max_position_risk": "none",
    "max_correlated_exposure": "none",
    "rejects_in_row": "none",
    "reject_share": "none",
}


def reference() -> Any:
    """Return a small plain engine."""
    return ReferenceMatcher(instruments=8, accounts=16, orders=2000)


class Floor:
    """A machine that is fed inputs at milliseconds, with its effects kept."""

    def __init__(
        self, engine: Callable[[], Any] = reference, limits: dict[str, str] | None = None
    ) -> None:
        self.machine = TradingMachine(engine)
        self.seq = 0
        self.now_ns = START_NS
        self.given: list[tuple[int, int, inputs.Input]] = []
        self.put(
            inputs.InstrumentDefined(venue="paper", instrument=GOLD, initial_margin_ppb=50_000_000)
        )
        self.put(
            inputs.AccountOpened(
                account=OpenAccount(key="k", id="paper", limits=LOOSE if limits is None else limits)
            )
        )
        self.price("2000")

    def put(self, wish: inputs.Input, *, after_ms: int = 1) -> list[Effect]:
        """Apply an input some milliseconds later."""
        self.seq += 1
        self.now_ns += after_ms * 1_000_000
        self.given.append((self.seq, self.now_ns, wish))
        return self.machine.take(self.seq, self.now_ns, wish)

    def price(self, price: str) -> list[Effect]:
        """Let a price be seen."""
        return self.put(inputs.MarketSeen(venue="paper", symbol="GC", price=Decimal(price)))

    def place(self, side: Side = Side.BUY, quantity: int = 1, **fields: Any) -> OrderRecord:
        """Place an order; a limit where a price is given."""
        if "price" in fields:
            fields["price"] = Decimal(fields["price"])
            fields.setdefault("type", OrderType.LIMIT)
        for name in ("stop_loss", "take_profit", "stop_price"):
            if name in fields:
                fields[name] = Decimal(fields[name])
        request = OrderRequest(
            account="paper",
            client_order_id=fields.pop("client_order_id", f"c{self.seq}"),
            symbol="GC",
            side=side,
            quantity=Decimal(quantity),
            **fields,
        )
        self.put(inputs.Placed(request=request))
        return self.machine.floor.orders[self.machine.answer]

    def say(self, order: OrderRecord, kind: VenueReportKind, **fields: Any) -> list[Effect]:
        """Let the venue say something about an order."""
        for name in ("quantity", "price", "fee"):
            if name in fields:
                fields[name] = Decimal(str(fields[name]))
        report = VenueReport(
            kind=kind, ts_ns=self.now_ns, client_order_id=order.wire_id, symbol="GC", **fields
        )
        return self.put(inputs.Reported(account="paper", report=report))

    def ack(self, order: OrderRecord) -> list[Effect]:
        """Let the venue acknowledge."""
        return self.say(order, VenueReportKind.ACKNOWLEDGED, venue_order_id=f"v{order.id}")

    def fill(self, order: OrderRecord, quantity: int, price: str, trade_id: str) -> list[Effect]:
        """Let the venue fill."""
        return self.say(
            order,
            VenueReportKind.FILLED,
            quantity=quantity,
            price=price,
            trade_id=trade_id,
            fee="2.5",
            fee_currency="USD",
        )

    def orders(self) -> dict[str, OrderRecord]:
        """Return the orders by client id."""
        return {o.request.client_order_id: o for o in self.machine.floor.orders.values()}
