"""What the REST interfaces of both markets share: from parameters to orders, checked by filters."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from fks.contexts.execution.domain.matching.layout import Flag, OrderKind, Reason
from fks.testing.exchange.book import Book
from fks.testing.exchange.gate import Trouble
from fks.testing.exchange.listings import Listing, Market
from fks.testing.exchange.orders import Happened, Order, Refusal, User

__all__ = ["SPOT_TYPES", "Desk"]

_CLIENT_ID = re.compile(r"^[\.A-Z\:/a-z0-9_-]{1,36}$")
SPOT_TYPES = {
    "LIMIT": OrderKind.LIMIT,
    "LIMIT_MAKER": OrderKind.LIMIT,
    "MARKET": OrderKind.MARKET,
    "STOP_LOSS": OrderKind.STOP,
    "STOP_LOSS_LIMIT": OrderKind.STOP_LIMIT,
    "TAKE_PROFIT": OrderKind.MARKET_IF_TOUCHED,
    "TAKE_PROFIT_LIMIT": OrderKind.LIMIT_IF_TOUCHED,
}
_USDM = {"LIMIT": OrderKind.LIMIT, "MARKET": OrderKind.MARKET}
_ALGOS = {
    "STOP_MARKET": OrderKind.STOP,
    "STOP": OrderKind.STOP_LIMIT,
    "TAKE_PROFIT_MARKET": OrderKind.MARKET_IF_TOUCHED,
    "TAKE_PROFIT": OrderKind.LIMIT_IF_TOUCHED,
}
_LIMITS = (OrderKind.LIMIT, OrderKind.STOP_LIMIT, OrderKind.LIMIT_IF_TOUCHED)
_STOPS = (OrderKind.STOP, OrderKind.MARKET_IF_TOUCHED, *_LIMITS[1:])
_ONLY_USDM = {
    Reason.WOULD_CROSS: (
        -5022,
        "Due to the order could not be executed as maker, the Post Only order will be rejected.",
    ),
    Reason.REDUCE_ONLY: (-2022, "ReduceOnly Order is rejected."),
    Reason.BUYING_POWER: (-2019, "Margin is insufficient."),
}
_BOTH = {
    Reason.WOULD_CROSS: (-2010, "Order would immediately match and take."),
    Reason.BUYING_POWER: (-2010, "Account has insufficient balance for requested action."),
    Reason.UNKNOWN_ORDER: (-2011, "Unknown order sent."),
}


class Desk:
    """Takes orders, cancels and changes from parameters; tells what happened."""

    def __init__(self, book: Book, told: Callable[[list[Happened]], None]) -> None:
        self.book = book
        self._told = told
        self._ids = itertools.count(1)

    def place(self, user: User, params: dict[str, str], now_ms: int) -> Order:
        """Take a new order; raises Trouble."""
        order = self._order(user, params, now_ms)
        if any(one.client_id == order.client_id for one in self.book.working(user)):
            if self._spot:
                raise Trouble(-2010, "Duplicate order sent.")
            raise Trouble(-4116, "ClientOrderId is duplicated.")
        self._do(lambda: self.book.place(order, now_ms))
        return order

    def cancel(self, user: User, params: dict[str, str], now_ms: int) -> Order:
        """End an order; raises Trouble."""
        order = self.find(user, params)
        if order is None or not order.open:
            raise Trouble(-2011, "Unknown order sent.")
        self.end(order, now_ms)
        return order

    def end(self, order: Order, now_ms: int) -> None:
        """End an order that was found; raises Trouble."""
        self._do(lambda: self.book.cancel(order, now_ms))

    def replace(self, order: Order, quantity: str, price: Decimal | None, now_ms: int) -> Order:
        """Change an order; raises Trouble."""
        lots = self._lots(order.listing, quantity)
        ticks = order.price if price is None else self._ticks(order.listing, str(price))
        if lots <= order.filled:
            raise Trouble(-2038, "The requested quantity is not larger than what was filled.")
        self._do(lambda: self.book.replace(order, lots, ticks, now_ms))
        return order

    def find(self, user: User, params: dict[str, str]) -> Order | None:
        """Return an order by its number or its client's id."""
        self.listing(params)
        number, client_id = params.get("orderId", "0"), params.get("origClientOrderId", "")
        if not number.isdigit() or (number == "0" and not client_id):
            raise Trouble(-1102, "Param 'origClientOrderId' or 'orderId' must be sent.")
        found = self.book.find(user, params["symbol"], int(number), client_id)
        hidden = found is not None and found.algo and not (found.triggered and int(number))
        return None if hidden else found

    def listing(self, params: dict[str, str]) -> Listing:
        """Return what is named by `symbol`."""
        if "symbol" not in params:
            raise Trouble(-1102, "Mandatory parameter 'symbol' was not sent.")
        found = self.book.listings.get(params["symbol"])
        if found is None:
            raise Trouble(-1121, "Invalid symbol.")
        return found

    # --- inside ----------------------------------------------------------------------------

    @property
    def _spot(self) -> bool:
        return self.book.market is Market.SPOT

    def _do(self, act: Callable[[], list[Happened]]) -> None:
        try:
            self._told(act())
        except Refusal as refusal:
            words = _BOTH if self._spot else _BOTH | _ONLY_USDM
            code, text = words.get(refusal.reason, (-2010, f"Rejected: {refusal.reason.name}."))
            raise Trouble(code, text) from None

    def _order(self, user: User, params: dict[str, str], now_ms: int) -> Order:
        """Read and check a new order."""
        listing = self.listing(params)
        for name in ("side", "type", "quantity"):
            if name not in params:
                raise Trouble(-1102, f"Mandatory parameter '{name}' was not sent.")
        word = params["type"]
        algo = "algoType" in params and not self._spot
        kind = (SPOT_TYPES if self._spot else _ALGOS if algo else _USDM).get(word)
        if kind is None and not self._spot:
            text = "Order type not supported for this endpoint. Please use the Algo Order API."
            raise Trouble(-4120, text)
        if kind is None or params["side"] not in ("BUY", "SELL"):
            raise Trouble(-1116, "Invalid orderType.")
        order_id = next(self._ids)
        client_id = params.get("newClientOrderId", f"local{order_id}")
        if not _CLIENT_ID.match(client_id):
            raise Trouble(-1100, "Illegal characters found in parameter 'newClientOrderId'.")
        lots = self._lots(listing, params["quantity"])
        limited = kind in _LIMITS
        price = self._ticks(listing, self._needed(params, "price")) if limited else 0
        stop = self._ticks(listing, self._needed(params, "stopPrice")) if kind in _STOPS else 0
        if (price or stop) and (
            listing.price(price or stop) * listing.quantity(lots) < listing.min_notional
            and params.get("reduceOnly") != "true"
        ):
            raise Trouble(-1013, "Filter failure: NOTIONAL")
        tif, flags = self._tif(params, word, limited)
        shown = self._lots(listing, params["icebergQty"]) if "icebergQty" in params else 0
        gtd_ms = int(params.get("goodTillDate", "0")) if tif == "GTD" else 0
        return Order(
            order_id, client_id, user, listing, params["side"], word, tif, kind, lots, price,
            stop, shown, flags, gtd_ms, created_ms=now_ms, algo=algo,
        )  # fmt: skip

    def _tif(self, params: dict[str, str], word: str, limited: bool) -> tuple[str, int]:
        """Return the time in force and the flags."""
        flags = Flag.REDUCE_ONLY if params.get("reduceOnly") == "true" else Flag(0)
        if word == "LIMIT_MAKER":
            return "GTC", int(flags | Flag.POST_ONLY)
        if not limited:
            return "GTC", int(flags)
        tif = self._needed(params, "timeInForce")
        if tif == "GTX" and not self._spot:
            return "GTC", int(flags | Flag.POST_ONLY)
        if tif not in ("GTC", "IOC", "FOK") and (self._spot or tif != "GTD"):
            raise Trouble(-1115, "Invalid timeInForce.")
        return tif, int(flags)

    def _needed(self, params: dict[str, str], name: str) -> str:
        if name not in params:
            raise Trouble(-1102, f"Mandatory parameter '{name}' was not sent.")
        return params[name]

    def _lots(self, listing: Listing, text: str) -> int:
        lots = listing.lots(_decimal(text))
        if lots is None:
            raise Trouble(-1013, "Filter failure: LOT_SIZE")
        return lots

    def _ticks(self, listing: Listing, text: str) -> int:
        ticks = listing.ticks(_decimal(text))
        if ticks is None:
            raise Trouble(-1013, "Filter failure: PRICE_FILTER")
        return ticks


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise Trouble(-1100, "Illegal characters found in a parameter.") from None
    if not value.is_finite():
        raise Trouble(-1100, "Illegal characters found in a parameter.")
    return value
