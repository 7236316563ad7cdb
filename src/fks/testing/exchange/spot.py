"""Binance spot in words: the routes of REST, and the events of the user data stream."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fks.testing.exchange.desk import SPOT_TYPES, Desk
from fks.testing.exchange.gate import Trouble
from fks.testing.exchange.listings import Listing, plain
from fks.testing.exchange.orders import Happened, Order, Trade, User

__all__ = ["SpotWords"]

Params = dict[str, str]
_ZERO = Decimal(0)


class SpotWords:
    """Answers of `/api/v3`; every method takes who asks, the parameters and the time (ms)."""

    order_path = "/api/v3/order"
    clock_path = "/api/v3/time"

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._book = desk.book
        self.public = {"/api/v3/exchangeInfo": (20, self.info), "/api/v3/depth": (5, self.depth)}
        self.signed = {
            ("POST", "/api/v3/order"): (1, self.place),
            ("DELETE", "/api/v3/order"): (1, self.cancel),
            ("GET", "/api/v3/order"): (4, self.order),
            ("PUT", "/api/v3/order/amend/keepPriority"): (4, self.amend),
            ("GET", "/api/v3/openOrders"): (6, self.open_orders),
            ("GET", "/api/v3/allOrders"): (20, self.all_orders),
            ("GET", "/api/v3/myTrades"): (20, self.trades),
            ("GET", "/api/v3/account"): (20, self.account),
        }

    def info(self, params: Params, now_ms: int) -> Any:
        """Return the rules of what is traded."""
        return {
            "timezone": "UTC",
            "serverTime": now_ms,
            "rateLimits": [],
            "exchangeFilters": [],
            "symbols": [_symbol(one) for one in self._book.listings.values()],
        }

    def depth(self, params: Params, now_ms: int) -> Any:
        """Return the book."""
        listing = self._desk.listing(params)
        bids, asks = self._book.depth(listing.symbol, int(params.get("limit", "100")))
        sides = [
            [[plain(listing.price(row[0])), plain(listing.quantity(row[1]))] for row in rows]
            for rows in (bids, asks)
        ]
        return {"lastUpdateId": now_ms, "bids": sides[0], "asks": sides[1]}

    def place(self, user: User, params: Params, now_ms: int) -> Any:
        """Take a new order."""
        before = len(self._book.trades)
        order = self._desk.place(user, params, now_ms)
        answer = _order(order) | {"transactTime": now_ms}
        if params.get("newOrderRespType", "FULL") == "ACK":
            kept = ("symbol", "orderId", "orderListId", "clientOrderId", "transactTime")
            return {name: answer[name] for name in kept}
        fills = [one for one in self._book.trades[before:] if one.order is order]
        return answer | {"fills": [_fill(one) for one in fills]}

    def cancel(self, user: User, params: Params, now_ms: int) -> Any:
        """End an order."""
        order = self._desk.cancel(user, params, now_ms)
        return _order(order) | {
            "origClientOrderId": order.client_id,
            "clientOrderId": params.get("newClientOrderId", f"cancel{order.id}"),
            "transactTime": now_ms,
        }

    def amend(self, user: User, params: Params, now_ms: int) -> Any:
        """Make an order smaller; it keeps its place."""
        order = self._desk.find(user, params)
        if order is None or not order.open:
            raise Trouble(-2013, "Order does not exist.")
        lots = order.listing.lots(Decimal(params.get("newQty", "0")))
        if lots is None or lots >= order.lots:
            raise Trouble(-2038, "The requested action would change no state; rejecting.")
        self._book.rename(order, params.get("newClientOrderId", order.client_id))
        self._desk.replace(order, params["newQty"], None, now_ms)
        return {"transactTime": now_ms, "executionId": now_ms, "amendedOrder": _order(order)}

    def order(self, user: User, params: Params, now_ms: int) -> Any:
        """Return an order."""
        order = self._desk.find(user, params)
        if order is None:
            raise Trouble(-2013, "Order does not exist.")
        return _order(order)

    def open_orders(self, user: User, params: Params, now_ms: int) -> Any:
        """Return the working orders."""
        wanted = params.get("symbol")
        found = self._book.working(user)
        return [_order(one) for one in found if wanted in (None, one.listing.symbol)]

    def all_orders(self, user: User, params: Params, now_ms: int) -> Any:
        """Return all orders of a symbol, oldest first."""
        symbol, first = self._desk.listing(params).symbol, int(params.get("orderId", "0"))
        found = [
            one
            for one in self._book.orders.values()
            if one.user is user and one.listing.symbol == symbol and one.id >= first
        ]
        limit = int(params.get("limit", "500"))
        return [_order(one) for one in (found[:limit] if first else found[-limit:])]

    def trades(self, user: User, params: Params, now_ms: int) -> Any:
        """Return trades of a symbol, oldest first."""
        return [_trade(one) for one in selected(self._book.trades, self._desk, user, params)]

    def account(self, user: User, params: Params, now_ms: int) -> Any:
        """Return the money."""
        balances = []
        for asset, total in user.wallet.items():
            free = self._book.free(user, asset)
            balances.append({"asset": asset, "free": plain(free), "locked": plain(total - free)})
        return {"canTrade": True, "canWithdraw": user.withdraws, "balances": balances}

    def events(self, happened: Happened, now_ms: int) -> dict[str, Any]:
        """Return the `executionReport` of what happened."""
        order, trade = happened.order, happened.trade
        listing = order.listing
        cancelled = happened.what == "CANCELED"
        status = order.status if trade is None else _status_after(order, trade)
        if happened.what == "NEW":
            status = "NEW"
        quantity = listing.quantity(trade.lots) if trade else _ZERO
        price = listing.price(trade.ticks) if trade else _ZERO
        return {
            "e": "executionReport", "E": now_ms, "s": listing.symbol,
            "c": f"cancel{order.id}" if cancelled else order.client_id,
            "S": order.side, "o": order.type, "f": order.tif,
            "q": plain(listing.quantity(order.lots)), "p": plain(listing.price(order.price)),
            "P": plain(listing.price(order.stop)), "F": plain(listing.quantity(order.shown)),
            "g": -1, "C": order.client_id if cancelled else "", "x": happened.what, "X": status,
            "r": "NONE", "i": order.id, "l": plain(quantity),
            "z": plain(listing.quantity(order.filled)), "L": plain(price),
            "n": plain(trade.fee) if trade else "0", "N": trade.fee_asset if trade else None,
            "T": order.updated_ms, "t": trade.id if trade else -1, "w": order.open,
            "m": bool(trade and trade.maker), "O": order.created_ms,
            "Z": plain(_worth(order)), "Y": plain(price * quantity), "Q": plain(_ZERO),
            "W": order.created_ms, "V": "NONE",
        }  # fmt: skip

    def moved(
        self, asset: str, amount: Decimal, total: Decimal, what: str, now_ms: int
    ) -> dict[str, Any]:
        """Return the `balanceUpdate` of money that came or went."""
        return {"e": "balanceUpdate", "E": now_ms, "a": asset, "d": plain(amount), "T": now_ms}

    def ended(self, now_ms: int, key: str) -> dict[str, Any]:
        """Return the event after which a subscription says nothing more."""
        return {"e": "eventStreamTerminated", "E": now_ms}


def selected(trades: list[Trade], desk: Desk, user: User, params: Params) -> list[Trade]:
    """Return a page of a user's trades: from an id or an instant on, else the newest."""
    symbol, limit = desk.listing(params).symbol, int(params.get("limit", "500"))
    first, start = int(params.get("fromId", "0")), int(params.get("startTime", "0"))
    order_id = int(params.get("orderId", "0"))
    found = [
        one
        for one in trades
        if one.order.user is user
        and one.order.listing.symbol == symbol
        and one.id >= first
        and one.ts_ms >= start
        and order_id in (0, one.order.id)
    ]
    onwards = {"fromId", "startTime", "orderId"} & params.keys()
    return found[:limit] if onwards else found[-limit:]


def _status_after(order: Order, trade: Trade) -> str:
    return "FILLED" if order.status == "FILLED" else "PARTIALLY_FILLED"


def _worth(order: Order) -> Decimal:
    return order.cost * order.listing.tick * order.listing.lot


def _order(order: Order) -> dict[str, Any]:
    listing = order.listing
    return {
        "symbol": listing.symbol,
        "orderId": order.id,
        "orderListId": -1,
        "clientOrderId": order.client_id,
        "price": plain(listing.price(order.price)),
        "origQty": plain(listing.quantity(order.lots)),
        "executedQty": plain(listing.quantity(order.filled)),
        "cummulativeQuoteQty": plain(_worth(order)),
        "status": order.status,
        "timeInForce": order.tif,
        "type": order.type,
        "side": order.side,
        "stopPrice": plain(listing.price(order.stop)),
        "icebergQty": plain(listing.quantity(order.shown)),
        "time": order.created_ms,
        "updateTime": order.updated_ms,
        "isWorking": True,
        "selfTradePreventionMode": "NONE",
    }


def _fill(trade: Trade) -> dict[str, Any]:
    listing = trade.order.listing
    return {
        "price": plain(listing.price(trade.ticks)),
        "qty": plain(listing.quantity(trade.lots)),
        "commission": plain(trade.fee),
        "commissionAsset": trade.fee_asset,
        "tradeId": trade.id,
    }


def _trade(trade: Trade) -> dict[str, Any]:
    worth = trade.ticks * trade.lots * trade.order.listing.tick * trade.order.listing.lot
    return _fill(trade) | {
        "symbol": trade.order.listing.symbol,
        "id": trade.id,
        "orderId": trade.order.id,
        "orderListId": -1,
        "quoteQty": plain(worth),
        "time": trade.ts_ms,
        "isBuyer": trade.order.side == "BUY",
        "isMaker": trade.maker,
        "isBestMatch": True,
    }


def _symbol(listing: Listing) -> dict[str, Any]:
    most, top = listing.quantity(listing.max_lots), listing.price(listing.max_ticks)
    return {
        "symbol": listing.symbol,
        "status": "TRADING",
        "baseAsset": listing.base,
        "quoteAsset": listing.quote,
        "orderTypes": list(SPOT_TYPES),
        "amendAllowed": True,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": plain(listing.tick),
                "maxPrice": plain(top),
                "tickSize": plain(listing.tick),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": plain(listing.lot),
                "maxQty": plain(most),
                "stepSize": plain(listing.lot),
            },
            {"filterType": "NOTIONAL", "minNotional": plain(listing.min_notional)},
        ],
    }
