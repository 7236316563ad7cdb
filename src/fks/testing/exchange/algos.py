"""The service of conditional orders at Binance futures, in words; the book's own triggers move it.

Until it triggers an order is known to this service alone. Then it is an order like others, under
its number and a client id that is not its owner's, as happens at Binance.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fks.contexts.execution.domain.matching.layout import Flag, OrderKind
from fks.testing.exchange.desk import Desk
from fks.testing.exchange.gate import Trouble
from fks.testing.exchange.listings import plain
from fks.testing.exchange.orders import Order, User

__all__ = ["AlgoWords", "algo_event", "spawned_id"]

Params = dict[str, str]
_FIRST = 2_000_000_000
_LIMITS = (OrderKind.STOP_LIMIT, OrderKind.LIMIT_IF_TOUCHED)


class AlgoWords:
    """Answers of `/fapi/v1/algoOrder` and its lists."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.signed = {
            ("POST", "/fapi/v1/algoOrder"): (0, self.place),
            ("DELETE", "/fapi/v1/algoOrder"): (1, self.cancel),
            ("GET", "/fapi/v1/algoOrder"): (1, self.order),
            ("GET", "/fapi/v1/openAlgoOrders"): (40, self.open_orders),
            ("GET", "/fapi/v1/allAlgoOrders"): (5, self.all_orders),
        }

    def place(self, user: User, params: Params, now_ms: int) -> Any:
        """Take a new conditional order."""
        if params.get("algoType") != "CONDITIONAL":
            raise Trouble(-1102, "Mandatory parameter 'algoType' was not sent.")
        named = {"clientAlgoId": "newClientOrderId", "triggerPrice": "stopPrice"}
        given = {named.get(name, name): value for name, value in params.items()}
        return _row(self._desk.place(user, given, now_ms))

    def cancel(self, user: User, params: Params, now_ms: int) -> Any:
        """End one that waits."""
        order = self._found(user, params)
        if order is None or not order.open or order.triggered:
            raise Trouble(-2011, "Unknown order sent.")
        self._desk.end(order, now_ms)
        said = {"algoId": _FIRST + order.id, "clientAlgoId": order.client_id}
        return said | {"code": "200", "msg": "success"}

    def order(self, user: User, params: Params, now_ms: int) -> Any:
        """Return one."""
        order = self._found(user, params)
        if order is None:
            raise Trouble(-2013, "Order does not exist.")
        return _row(order)

    def open_orders(self, user: User, params: Params, now_ms: int) -> Any:
        """Return those that wait."""
        return [_row(one) for one in self._all(user) if one.open and not one.triggered]

    def all_orders(self, user: User, params: Params, now_ms: int) -> Any:
        """Return those of a symbol that were placed in a time of at most seven days."""
        listing = self._desk.listing(params)
        first, last = int(params.get("startTime", "0")), int(params.get("endTime", str(now_ms)))
        if last - first >= 7 * 24 * 3600 * 1000:
            raise Trouble(-4166, "Search window is restricted to recent 7 days only.")
        found = [one for one in self._all(user) if one.listing is listing]
        return [_row(one) for one in found if first <= one.created_ms <= last]

    def _all(self, user: User) -> list[Order]:
        orders = self._desk.book.orders.values()
        return [one for one in orders if one.algo and one.user is user]

    def _found(self, user: User, params: Params) -> Order | None:
        """Return one by its number here, else the newest of a name."""
        number, name = params.get("algoId"), params.get("clientAlgoId")
        fits = [
            one
            for one in self._all(user)
            if (str(_FIRST + one.id) == number if number else one.client_id == name)
        ]
        return fits[-1] if fits else None


def spawned_id(order: Order) -> str:
    """Return the client id of the order that a conditional one became."""
    return f"spawned-{order.id}"


def _status(order: Order) -> str:
    if order.triggered:
        return "TRIGGERED" if order.open else "FINISHED"
    return order.status


def _row(order: Order) -> dict[str, Any]:
    listing = order.listing
    return {
        "algoId": _FIRST + order.id,
        "clientAlgoId": order.client_id,
        "algoType": "CONDITIONAL",
        "orderType": order.type,
        "symbol": listing.symbol,
        "side": order.side,
        "positionSide": "BOTH",
        "timeInForce": order.tif,
        "quantity": plain(listing.quantity(order.lots)),
        "algoStatus": _status(order),
        "actualOrderId": str(order.id) if order.triggered else "",
        "triggerPrice": plain(listing.price(order.stop)),
        "price": plain(listing.price(order.price)) if order.kind in _LIMITS else "0",
        "workingType": "CONTRACT_PRICE",
        "reduceOnly": bool(order.flags & Flag.REDUCE_ONLY),
        "createTime": order.created_ms,
        "updateTime": order.updated_ms,
        "triggerTime": order.updated_ms if order.triggered else 0,
        "goodTillDate": 0,
    }


def algo_event(order: Order, status: str, now_ms: int) -> dict[str, Any]:
    """Return the `ALGO_UPDATE` of a conditional order."""
    listing = order.listing
    told = {
        "caid": order.client_id, "aid": _FIRST + order.id, "at": "CONDITIONAL", "o": order.type,
        "s": listing.symbol, "S": order.side, "ps": "BOTH", "f": order.tif,
        "q": plain(listing.quantity(order.lots)), "X": status,
        "ai": str(order.id) if order.triggered else "",
        "tp": plain(listing.price(order.stop)), "p": plain(listing.price(order.price)),
        "V": "NONE", "wt": "CONTRACT_PRICE", "pm": "NONE", "cp": False, "pP": False,
        "R": bool(order.flags & Flag.REDUCE_ONLY), "tt": 0, "gtd": 0, "ia": False,
    }  # fmt: skip
    if order.triggered:
        filled = plain(listing.quantity(order.filled))
        told |= {"ap": plain(Decimal(0)), "aq": filled, "act": order.type}
    return {"e": "ALGO_UPDATE", "E": now_ms, "T": now_ms, "o": told}
