"""Orders in FIX's words, and FIX's reports in ours. Pure: fields in, values out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import msgspec

from fks.contexts.execution.adapters.venues.fix.codec import stamp, stamped_ns
from fks.contracts.execution import (
    VenueOrder,
    VenueOrderStatus,
    VenueReport,
    VenueReportKind,
)
from fks.contracts.values import OrderType, Side, TimeInForce

__all__ = [
    "TIFS",
    "TYPES",
    "Known",
    "amending",
    "cancelling",
    "fee_of",
    "known_from",
    "number",
    "placing",
    "reported",
    "root_of",
    "side_of",
    "status_of",
    "unknown_order",
]

Fields = list[tuple[int, str]]
TYPES = {
    OrderType.MARKET: "1",
    OrderType.LIMIT: "2",
    OrderType.STOP: "3",
    OrderType.STOP_LIMIT: "4",
    OrderType.MARKET_IF_TOUCHED: "J",
    OrderType.MARKET_TO_LIMIT: "K",
}
TIFS = {
    TimeInForce.DAY: "0",
    TimeInForce.GTC: "1",
    TimeInForce.AT_OPEN: "2",
    TimeInForce.IOC: "3",
    TimeInForce.FOK: "4",
    TimeInForce.GTD: "6",
    TimeInForce.AT_CLOSE: "7",
}
_SIDES = {Side.BUY: "1", Side.SELL: "2"}
_KINDS = {
    "0": VenueReportKind.ACKNOWLEDGED,
    "1": VenueReportKind.FILLED,
    "2": VenueReportKind.FILLED,
    "4": VenueReportKind.CANCELLED,
    "5": VenueReportKind.REPLACED,
    "8": VenueReportKind.REJECTED,
    "C": VenueReportKind.EXPIRED,
    "D": VenueReportKind.REPLACED,  # restated: the venue changed it by itself
    "F": VenueReportKind.FILLED,
    "G": VenueReportKind.UNKNOWN,  # a trade was corrected or taken back: ask how it stands
    "H": VenueReportKind.UNKNOWN,
}
_ENDS = {"2": "filled", "3": "expired", "4": "cancelled", "8": "rejected", "C": "expired"}
_REQUEST = re.compile(r"/[cr][0-9a-f]+$")


class Known(msgspec.Struct, kw_only=True):
    """What a cancel or an amendment has to repeat of an order.

    `current` is the ClOrdID that the venue knows it by: each amendment gives it a new one.
    """

    symbol: str
    side: str
    type: str
    quantity: str
    current: str
    tif: str = ""
    stop: str = ""
    expire: str = ""
    instructions: str = ""
    shown: str = ""
    order_id: str = ""


def root_of(clordid: str) -> str:
    """Return our client order id out of the id of any request about the order."""
    return _REQUEST.sub("", clordid)


def placing(order: VenueOrder, symbol: str, account: str, now_ns: int) -> tuple[Fields, Known]:
    """Return a NewOrderSingle, and what to remember of it."""
    instructions = " ".join(
        word for word, wanted in (("6", order.post_only), ("E", order.reduce_only)) if wanted
    )
    known = Known(
        symbol=symbol,
        side=_SIDES[order.side],
        type=TYPES[order.type],
        quantity=_plain(order.quantity),
        current=order.client_order_id,
        tif=TIFS[order.time_in_force],
        stop="" if order.stop_price is None else _plain(order.stop_price),
        expire=stamp(order.expire_ts_ns) if order.expire_ts_ns else "",
        instructions=instructions,
        shown="" if order.display_quantity is None else _plain(order.display_quantity),
    )
    price = "" if order.price is None else _plain(order.price)
    return [(11, order.client_order_id), *_terms(known, account, price, now_ns)], known


def cancelling(known: Known, request: str, account: str, now_ns: int) -> Fields:
    """Return an OrderCancelRequest."""
    fields = [(41, known.current), (37, known.order_id), (11, request), (1, account)]
    fields += [(55, known.symbol), (54, known.side), (60, stamp(now_ns)), (38, known.quantity)]
    return [(tag, value) for tag, value in fields if value]


def amending(
    known: Known, request: str, account: str, quantity: Decimal, price: Decimal | None, now_ns: int
) -> Fields:
    """Return an OrderCancelReplaceRequest for so much in all."""
    asked = msgspec.structs.replace(known, quantity=_plain(quantity))
    limit = "" if price is None else _plain(price)
    head = [(41, known.current), (37, known.order_id), (11, request)]
    return [(t, v) for t, v in head if v] + _terms(asked, account, limit, now_ns)


def _terms(known: Known, account: str, price: str, now_ns: int) -> Fields:
    fields = [
        (1, account),
        (21, "1"),
        (18, known.instructions),
        (111, known.shown),
        (55, known.symbol),
        (54, known.side),
        (60, stamp(now_ns)),
        (38, known.quantity),
        (40, known.type),
        (44, price),
        (99, known.stop),
        (59, known.tif),
        (126, known.expire),
    ]
    return [(tag, value) for tag, value in fields if value]


def known_from(fields: Mapping[int, str]) -> Known:
    """Return what an ExecutionReport tells of an order that we did not send in this life."""
    return Known(
        symbol=fields.get(55, ""),
        side=fields.get(54, ""),
        type=fields.get(40, "2"),
        quantity=fields.get(38, ""),
        current=fields.get(11, ""),
        tif=fields.get(59, ""),
        stop=fields.get(99, ""),
        expire=fields.get(126, ""),
        order_id=fields.get(37, ""),
    )


def reported(fields: Mapping[int, str], symbol: str) -> VenueReport | None:
    """Return what an ExecutionReport tells; None for one that changes nothing (pending, halted).

    A fill that cannot be read comes out without a trade id: it is then looked for, not dropped.
    """
    word = fields.get(150, "")
    kind = _KINDS.get(word)
    if word == "3" and fields.get(59, "0") == "0":
        kind = VenueReportKind.EXPIRED  # done for the day, and it was for the day
    if kind is None:
        return None
    fill = kind is VenueReportKind.FILLED
    quantity = number(fields.get(32 if fill else 38))
    price = number(fields.get(31 if fill else 44))
    changed = kind is VenueReportKind.REPLACED
    fee, currency = fee_of(fields, quantity, price) if fill else (Decimal(0), "")
    return VenueReport(
        kind=kind,
        ts_ns=stamped_ns(fields.get(60) or fields.get(52, "")),
        client_order_id=root_of(fields.get(11) or fields.get(41, "")),
        venue_order_id=fields.get(37, ""),
        symbol=symbol,
        side=side_of(fields),
        trade_id=fields.get(17, "") if fill and quantity > 0 else "",
        quantity=quantity if fill or changed else Decimal(0),
        price=price if fill or changed else Decimal(0),
        fee=fee,
        fee_currency=currency,
        maker=fields.get(851) == "1",
        code=fields.get(103, ""),
        text=fields.get(58, "") or ("a trade was corrected or taken back" if word in "GH" else ""),
    )


def unknown_order(fields: Mapping[int, str]) -> bool:
    """Tell whether the answer to a status request is that there never was such an order."""
    return fields.get(39) == "8" and fields.get(103) == "5"


def status_of(fields: Mapping[int, str], symbol: str) -> VenueOrderStatus:
    """Return how an ExecutionReport says that an order stands."""
    filled, leaves = number(fields.get(14)), number(fields.get(151))
    state = _ENDS.get(fields.get(39, ""), "partially_filled" if filled else "new")
    if fields.get(39) == "3" and fields.get(59, "0") != "0":
        state = "partially_filled" if filled else "new"
    average = number(fields.get(6))
    return VenueOrderStatus(
        client_order_id=root_of(fields.get(11) or fields.get(41, "")),
        venue_order_id=fields.get(37, ""),
        symbol=symbol,
        side=side_of(fields) or Side.BUY,
        state=state,
        quantity=number(fields.get(38)) or filled + leaves,
        filled=filled,
        ts_ns=stamped_ns(fields.get(60) or fields.get(52, "")),
        price=number(fields[44]) if fields.get(44) else None,
        average_price=average if filled else None,
    )


def side_of(fields: Mapping[int, str]) -> Side | None:
    """Return the side; the kinds of selling (short, exempt) are all sells."""
    word = fields.get(54, "")
    return Side.BUY if word in ("1", "3") else Side.SELL if word else None


def fee_of(fields: Mapping[int, str], quantity: Decimal, price: Decimal) -> tuple[Decimal, str]:
    """Return a fill's commission and its currency."""
    amount, kind = number(fields.get(12)), fields.get(13, "3")
    if kind == "1":  # per unit
        amount *= quantity
    elif kind == "2":  # percent
        amount *= quantity * price / 100
    return amount, (fields.get(479) or fields.get(15, "")) if amount else ""


def number(text: str | None) -> Decimal:
    """Return a figure; 0 where there is none that can be read."""
    try:
        figure = Decimal(text or 0)
    except InvalidOperation:
        return Decimal(0)
    return figure if figure.is_finite() else Decimal(0)


def _plain(figure: Decimal) -> str:
    """Return a figure without an exponent or needless zeros."""
    text = format(figure, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
