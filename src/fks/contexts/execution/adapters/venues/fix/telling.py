"""What a FIX counterparty tells of trades, positions and money, in our words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from fks.contexts.execution.adapters.venues.fix.codec import stamp, stamped_ns
from fks.contexts.execution.adapters.venues.fix.words import fee_of, number, root_of, side_of
from fks.contracts.execution import VenueBalance, VenueFill, VenuePosition
from fks.contracts.values import Side

__all__ = [
    "balances_from",
    "fills_from",
    "inquiring_balances",
    "inquiring_positions",
    "inquiring_trades",
    "position_from",
]

Fields = Mapping[int, str]


def inquiring_trades(request: str, account: str, symbol: str, ts_ns: int) -> list[tuple[int, str]]:
    """Return a TradeCaptureReportRequest for the trades at or after an instant."""
    fields = [(568, request), (569, "1"), (263, "0"), (1, account), (55, symbol)]
    return [*fields, (580, "1"), (60, stamp(ts_ns))]


def fills_from(reports: Iterable[Fields], symbol: str, ts_ns: int) -> tuple[VenueFill, ...]:
    """Return TradeCaptureReports as fills, oldest first."""
    fills = []
    for fields in reports:
        quantity, price = number(fields.get(32)), number(fields.get(31))
        fee, currency = fee_of(fields, quantity, price)
        fills.append(
            VenueFill(
                trade_id=fields.get(17) or fields.get(571, ""),
                client_order_id=root_of(fields.get(11, "")),
                venue_order_id=fields.get(37, ""),
                symbol=symbol,
                side=side_of(fields) or Side.BUY,
                quantity=quantity,
                price=price,
                fee=fee,
                fee_currency=currency,
                ts_ns=stamped_ns(fields.get(60, "")),
                maker=fields.get(851) == "1",
            )
        )
    kept = (fill for fill in fills if fill.ts_ns >= ts_ns // 1_000_000 * 1_000_000)
    return tuple(sorted(kept, key=lambda fill: fill.ts_ns))


def inquiring_positions(request: str, account: str, now_ns: int) -> list[tuple[int, str]]:
    """Return a RequestForPositions."""
    fields = [(710, request), (724, "0"), (1, account), (581, "1")]
    return [*fields, (715, stamp(now_ns)[:8]), (60, stamp(now_ns))]


def position_from(fields: Fields, symbol: str) -> VenuePosition:
    """Return a PositionReport; FIX tells the settlement price, no average."""
    held = number(fields.get(704)) - number(fields.get(705))
    return VenuePosition(symbol=symbol, quantity=held, average_price=number(fields.get(730)))


def inquiring_balances(request: str, account: str) -> list[tuple[int, str]]:
    """Return a CollateralInquiry."""
    return [(909, request), (263, "0"), (1, account)]


def balances_from(reports: Iterable[Fields]) -> tuple[VenueBalance, ...]:
    """Return CollateralReports as money: net value, and what of it is not bound."""
    return tuple(
        VenueBalance(
            currency=fields.get(15, ""),
            total=number(fields.get(900)),
            free=max(number(fields.get(899)), Decimal(0)),
        )
        for fields in reports
    )
