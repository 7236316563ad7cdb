"""Conditional orders of Binance futures in words: they live at a service of their own there.

Until one triggers it has a number of that service and no order; then the service names the order
it became (`actualOrderId`, `ai`), whose client id need not be ours: the number is the only link.
"""

from __future__ import annotations

from typing import Any

from fks.contexts.execution.adapters.venues.binance.words import Row, Unfit, stripped
from fks.contracts.execution import VenueOrder, VenueReportKind
from fks.contracts.values import OrderType, TimeInForce

__all__ = [
    "ALL_PATH",
    "ENDS",
    "OPEN_PATH",
    "PATH",
    "TYPES",
    "actual_of",
    "heard_row",
    "params_of",
    "row_of",
]

PATH = "/fapi/v1/algoOrder"
OPEN_PATH = "/fapi/v1/openAlgoOrders"
ALL_PATH = "/fapi/v1/allAlgoOrders"
TYPES = {
    OrderType.STOP: "STOP_MARKET",
    OrderType.STOP_LIMIT: "STOP",
    OrderType.MARKET_IF_TOUCHED: "TAKE_PROFIT_MARKET",
    OrderType.LIMIT_IF_TOUCHED: "TAKE_PROFIT",
}
_LIMITS = (OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED)
_TIFS = {TimeInForce.GTC: "GTC", TimeInForce.IOC: "IOC", TimeInForce.FOK: "FOK"}
_WAITING = {"NEW": "NEW", "TRIGGERING": "NEW"}
ENDS = {
    "CANCELED": VenueReportKind.CANCELLED,
    "EXPIRED": VenueReportKind.EXPIRED,
    "REJECTED": VenueReportKind.REJECTED,
}


def params_of(order: VenueOrder) -> dict[str, str]:
    """Return the parameters of a new conditional order; raises Unfit."""
    if order.stop_price is None:
        raise Unfit("NO_PRICE", "a conditional order has a trigger price")
    if order.post_only or order.display_quantity is not None:
        raise Unfit("UNSUPPORTED", "a conditional order is neither post-only nor an iceberg")
    params = {
        "algoType": "CONDITIONAL",
        "symbol": order.instrument.id,
        "side": order.side.name,
        "type": TYPES[order.type],
        "quantity": stripped(order.quantity),
        "triggerPrice": stripped(order.stop_price),
        "workingType": "CONTRACT_PRICE",
        "clientAlgoId": order.client_order_id,
    }
    if order.reduce_only:
        params["reduceOnly"] = "true"
    tif = _TIFS.get(order.time_in_force)
    if tif is None or (tif != "GTC" and order.type not in _LIMITS):
        raise Unfit("UNSUPPORTED", f"Binance has no such stop: {order.time_in_force.name}")
    if order.type in _LIMITS:
        if order.price is None:
            raise Unfit("NO_PRICE", "a limit order has a price")
        params |= {"price": stripped(order.price), "timeInForce": tif}
    return params


def actual_of(row: Row) -> str:
    """Return the number of the order that one became, "" before that."""
    number = str(row.get("actualOrderId") or row.get("ai") or "")
    return "" if number == "0" else number


def row_of(row: Row) -> dict[str, Any]:
    """Return one that is no order yet, or never became one, in the words of an order."""
    status = str(row["algoStatus"])
    return {
        "symbol": row["symbol"],
        "side": row["side"],
        "clientOrderId": row["clientAlgoId"],
        "orderId": f"algo-{row['algoId']}",
        "status": _WAITING.get(status) or (status if status in ENDS else _unlinked(status)),
        "origQty": row["quantity"],
        "executedQty": "0",
        "price": row.get("price") or "0",
        "updateTime": row.get("updateTime") or row["createTime"],
        "algoId": row["algoId"],
    }


def _unlinked(status: str) -> str:
    raise ValueError(f"{status} without the number of its order")


def heard_row(told: Row, ts_ms: int) -> dict[str, Any] | None:
    """Return an `ALGO_UPDATE` in the words of an order's event; None where the order tells."""
    what = str(told["X"])
    if what != "NEW" and (what not in ENDS or (actual_of(told) and what != "REJECTED")):
        return None
    return {
        "x": what, "X": what, "T": ts_ms, "c": told["caid"], "i": f"algo-{told['aid']}",
        "s": told["s"], "S": told["S"], "r": told.get("rm") or "",
    }  # fmt: skip
