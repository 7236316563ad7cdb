"""The bridge's lines in the words of the contract of venues."""

from __future__ import annotations

from fks.contexts.execution.adapters.venues.ninja import wire
from fks.contracts.execution import VenueFill, VenueOrderStatus, VenueReport, VenueReportKind
from fks.contracts.values import Side

__all__ = ["KINDS", "fill_of", "report_of", "status_of"]

KINDS = {
    wire.Accepted: VenueReportKind.ACKNOWLEDGED,
    wire.Rejected: VenueReportKind.REJECTED,
    wire.Cancelled: VenueReportKind.CANCELLED,
    wire.Expired: VenueReportKind.EXPIRED,
    wire.CancelRejected: VenueReportKind.CANCEL_REJECTED,
    wire.ChangeRejected: VenueReportKind.REPLACE_REJECTED,
    wire.Changed: VenueReportKind.REPLACED,
}


def fill_of(line: wire.Execution, symbol: str, currency: str) -> VenueFill:
    """Return a line of the history; `currency` is the instrument's."""
    return VenueFill(
        trade_id=line.execution_id,
        client_order_id=line.id,
        venue_order_id=line.order_id,
        symbol=symbol,
        side=Side(line.side),
        quantity=line.quantity,
        price=line.price,
        fee=line.commission,
        fee_currency=line.currency or currency,
        ts_ns=line.timestamp,
        maker=line.maker,
    )


def report_of(line: wire.Fill, symbol: str, currency: str) -> VenueReport:
    """Return a fill as it is reported."""
    fill = fill_of(line, symbol, currency)
    fields = {name: getattr(fill, name) for name in VenueFill.__struct_fields__}
    return VenueReport(kind=VenueReportKind.FILLED, **fields)


def status_of(line: wire.OrderLine, symbol: str) -> VenueOrderStatus:
    """Return how the terminal says that an order stands."""
    return VenueOrderStatus(
        client_order_id=line.id,
        venue_order_id=line.order_id,
        symbol=symbol,
        side=Side(line.side),
        state=line.state,
        quantity=line.quantity,
        filled=line.filled,
        ts_ns=line.timestamp,
        price=line.price,
        average_price=line.average_price,
    )
