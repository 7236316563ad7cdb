"""What both of Binance's markets say alike, in the contract's words, and how ours are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from fks.contexts.execution.adapters.venues.binance.calls import Calls
from fks.contexts.execution.adapters.venues.binance.stream import Source
from fks.contexts.execution.adapters.venues.binance.terms import Places
from fks.contracts.execution import (
    VenueBalance,
    VenueCapabilities,
    VenueCash,
    VenueFill,
    VenueOrder,
    VenueOrderStatus,
    VenuePosition,
    VenueReport,
    VenueReportKind,
)
from fks.contracts.values import Instrument, Side

__all__ = [
    "Market",
    "Row",
    "Unfit",
    "fill_of",
    "heard",
    "on_grid",
    "report_of",
    "side_of",
    "status_of",
    "stripped",
]

Row = Mapping[str, Any]
_MS = 1_000_000
_STATES = {
    "NEW": "new",
    "PENDING_NEW": "new",
    "PENDING_CANCEL": "new",
    "PARTIALLY_FILLED": "partially_filled",
    "FILLED": "filled",
    "CANCELED": "cancelled",
    "REJECTED": "rejected",
    "EXPIRED": "expired",
    "EXPIRED_IN_MATCH": "expired",
}
_KINDS = {
    "NEW": VenueReportKind.ACKNOWLEDGED,
    "TRADE": VenueReportKind.FILLED,
    "CALCULATED": VenueReportKind.FILLED,  # a liquidation
    "CANCELED": VenueReportKind.CANCELLED,
    "EXPIRED": VenueReportKind.EXPIRED,
    "REJECTED": VenueReportKind.REJECTED,
    "REPLACED": VenueReportKind.REPLACED,
    "AMENDMENT": VenueReportKind.REPLACED,
}


class Unfit(Exception):
    """An order or a change that is not sent: it cannot be said to Binance as it is."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


class Market(Protocol):
    """What tells one market from the other: its places, its words and what it can do."""

    places: Places
    capabilities: VenueCapabilities
    order_path: str
    open_path: str
    trades_path: str
    time_path: str
    info_path: str
    weight_limit: int  # a minute
    trades_window_ms: int

    def info_query(self, symbols: tuple[str, ...]) -> dict[str, str]:
        """Return the parameters that ask for the rules of these symbols."""
        ...

    def new_order(self, order: VenueOrder) -> dict[str, str]:
        """Return the parameters of a new order; raises Unfit."""
        ...

    def placed(self, order: VenueOrder, answer: Row) -> list[VenueReport]:
        """Return what the answer to a new order reports."""
        ...

    def change(
        self, found: Row, quantity: Decimal, price: Decimal | None
    ) -> tuple[str, dict[str, str]]:
        """Return the path and parameters that change an order as it was found; raises Unfit."""
        ...

    def changed(self, answer: Row) -> Row:
        """Return the order out of the answer to a change, with its `time`."""
        ...

    def event(self, event: Row) -> Row | None:
        """Return the order's part of an event, None where it is about something else."""
        ...

    def cash(self, event: Row) -> Iterable[VenueCash]:
        """Return the money that an event says moved by no fill."""
        ...

    def fill_side(self, row: Row) -> Side:
        """Return the side of a line of the trade history."""
        ...

    def is_maker(self, row: Row) -> bool:
        """Tell whether a line of the trade history was a maker's."""
        ...

    def source(self, calls: Calls, base_url: str, stream_url: str) -> Source:
        """Return where the user stream comes from."""
        ...

    async def prepare(self, calls: Calls, base_url: str) -> None:
        """Check the account; raises Denied, or what a call raises."""
        ...

    async def positions(self, calls: Calls, base_url: str) -> tuple[VenuePosition, ...]:
        """Return the positions that are not flat."""
        ...

    async def balances(self, calls: Calls, base_url: str) -> tuple[VenueBalance, ...]:
        """Return the money."""
        ...


def stripped(value: Decimal) -> str:
    """Return a decimal exactly, without exponent and without zeros at its end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def on_grid(instrument: Instrument, quantity: Decimal, *prices: Decimal | None) -> None:
    """Check that nothing would have to be rounded; raises Unfit."""
    if quantity <= 0 or quantity % instrument.lot_size:
        text = f"the quantity {quantity} is no multiple of {instrument.lot_size}"
        raise Unfit("OFF_GRID", text)
    for price in prices:
        if price is not None and (price <= 0 or price % instrument.tick_size):
            text = f"the price {price} is no multiple of {instrument.tick_size}"
            raise Unfit("OFF_GRID", text)


def side_of(word: str) -> Side:
    """Return a side."""
    return {"BUY": Side.BUY, "SELL": Side.SELL}[word]


def heard(row: Row) -> VenueReport | None:
    """Return what an order event of either market reports, None for kinds that change nothing."""
    kind = _KINDS.get(row["x"])
    if kind is None:
        return None
    named = row.get("C") if row["x"] == "CANCELED" else ""
    fill = kind is VenueReportKind.FILLED
    replaced = kind is VenueReportKind.REPLACED
    reason = str(row.get("r") or "") if kind is VenueReportKind.REJECTED else ""
    return VenueReport(
        kind=kind,
        ts_ns=int(row["T"]) * _MS,
        client_order_id=str(named or row["c"]),
        venue_order_id=str(row["i"]),
        symbol=str(row["s"]),
        side=side_of(row["S"]),
        trade_id=str(row["t"]) if fill else "",
        quantity=Decimal(row["l"] if fill else row["q"] if replaced else 0),
        price=Decimal(row["L"] if fill else row["p"] if replaced else 0),
        fee=Decimal(row.get("n") or 0) if fill else Decimal(0),
        fee_currency=str(row.get("N") or "") if fill else "",
        maker=bool(row["m"]) if fill else False,
        code=reason,
        text=str(row["X"]).lower() if kind is VenueReportKind.EXPIRED else reason,
    )


def report_of(
    kind: VenueReportKind, row: Row, ts_ms: int, *, quantity: Decimal = Decimal(0)
) -> VenueReport:
    """Return a report of an order as an answer of REST holds it."""
    return VenueReport(
        kind=kind,
        ts_ns=ts_ms * _MS,
        client_order_id=str(row["clientOrderId"]),
        venue_order_id=str(row["orderId"]),
        symbol=str(row["symbol"]),
        side=side_of(row["side"]) if "side" in row else None,
        quantity=quantity,
        price=Decimal(row["price"]) if quantity else Decimal(0),
    )


def status_of(row: Row) -> VenueOrderStatus:
    """Return an order as the venue holds it."""
    filled = Decimal(row["executedQty"])
    worth = Decimal(row.get("cummulativeQuoteQty") or row.get("cumQuote") or 0)
    price = Decimal(row["price"])
    return VenueOrderStatus(
        client_order_id=str(row["clientOrderId"]),
        venue_order_id=str(row["orderId"]),
        symbol=str(row["symbol"]),
        side=side_of(row["side"]),
        state=_STATES[row["status"]],
        quantity=Decimal(row["origQty"]),
        filled=filled,
        ts_ns=int(row["updateTime"]) * _MS,
        price=price or None,
        average_price=worth / filled if filled and worth > 0 else None,
    )


def fill_of(row: Row, client_order_id: str, side: Side, maker: bool) -> VenueFill:
    """Return a fill out of the trade history."""
    return VenueFill(
        trade_id=str(row["id"]),
        client_order_id=client_order_id,
        venue_order_id=str(row["orderId"]),
        symbol=str(row["symbol"]),
        side=side,
        quantity=Decimal(row["qty"]),
        price=Decimal(row["price"]),
        fee=Decimal(row["commission"]),
        fee_currency=str(row["commissionAsset"]),
        ts_ns=int(row["time"]) * _MS,
        maker=maker,
    )
