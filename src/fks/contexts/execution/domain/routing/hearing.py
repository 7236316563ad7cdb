"""A venue's decimals as the lots, ticks and nanos of the order's state machine."""

from __future__ import annotations

from decimal import Decimal

from fks.contexts.execution.domain.routing.effects import Found, Heard
from fks.contracts.execution import OrderState, VenueOrderStatus, VenueReport, VenueReportKind
from fks.contracts.values import NANOS, Instrument

__all__ = ["found", "heard"]

_STATES = {
    state.value: state
    for state in (
        OrderState.NEW,
        OrderState.PARTIALLY_FILLED,
        OrderState.FILLED,
        OrderState.CANCELLED,
        OrderState.REJECTED,
        OrderState.EXPIRED,
    )
}


def heard(report: VenueReport, instrument: Instrument) -> Heard:
    """Return a report in integers.

    A fill that is no whole number of lots or ticks comes out with 0 lots: the state machine does
    not count it, says so, and has the venue's history looked through.
    """
    lots = _whole(report.quantity, instrument.lot_size)
    ticks = _whole(report.price, instrument.tick_size)
    filled = report.kind is VenueReportKind.FILLED
    return Heard(
        kind=report.kind,
        ts_ns=report.ts_ns,
        lots=lots if lots is not None and (ticks is not None or not filled) else 0,
        price_ticks=ticks if filled or report.price else None,
        fee_nanos=int((report.fee * NANOS).to_integral_value()),
        fee_currency=report.fee_currency,
        trade_id=report.trade_id,
        venue_order_id=report.venue_order_id,
        maker=report.maker,
        code=report.code,
        text=report.text,
    )


def found(status: VenueOrderStatus, instrument: Instrument) -> Found:
    """Return the venue's view of an order in integers; parts of a lot are cut off."""
    return Found(
        state=_STATES[status.state],
        lots=int(status.quantity / instrument.lot_size),
        filled_lots=int(status.filled / instrument.lot_size),
        price_ticks=None
        if status.price is None
        else int((status.price / instrument.tick_size).to_integral_value()),
        venue_order_id=status.venue_order_id,
    )


def _whole(amount: Decimal, unit: Decimal) -> int | None:
    if not amount.is_finite():
        return None
    count = amount / unit
    return int(count) if count == count.to_integral_value() else None
