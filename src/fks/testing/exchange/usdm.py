"""Binance USDT-margined futures in words: the routes of REST, and the events of the stream."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fks.contexts.execution.domain.matching.layout import Flag
from fks.testing.exchange.algos import AlgoWords, algo_event, spawned_id
from fks.testing.exchange.desk import Desk
from fks.testing.exchange.gate import Trouble
from fks.testing.exchange.listings import Listing, plain
from fks.testing.exchange.orders import Happened, Order, Trade, User
from fks.testing.exchange.spot import selected

__all__ = ["UsdmWords"]

Params = dict[str, str]
_ZERO = Decimal(0)


class UsdmWords:
    """Answers of `/fapi`; every method takes who asks, the parameters and the time (ms)."""

    order_path = "/fapi/v1/order"
    clock_path = "/fapi/v1/time"

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._book = desk.book
        self.public = {"/fapi/v1/exchangeInfo": (1, self.info), "/fapi/v1/depth": (5, self.depth)}
        self.signed = {
            ("POST", "/fapi/v1/order"): (0, self.place),
            ("DELETE", "/fapi/v1/order"): (1, self.cancel),
            ("GET", "/fapi/v1/order"): (1, self.order),
            ("PUT", "/fapi/v1/order"): (1, self.amend),
            ("GET", "/fapi/v1/openOrders"): (40, self.open_orders),
            ("GET", "/fapi/v1/userTrades"): (5, self.trades),
            ("GET", "/fapi/v3/balance"): (5, self.balance),
            ("GET", "/fapi/v3/positionRisk"): (5, self.positions),
            ("GET", "/fapi/v1/positionSide/dual"): (30, self.mode),
            **AlgoWords(desk).signed,
        }

    def info(self, params: Params, now_ms: int) -> Any:
        """Return the rules of what is traded."""
        symbols = [_symbol(one) for one in self._book.listings.values()]
        return {"timezone": "UTC", "serverTime": now_ms, "rateLimits": [], "symbols": symbols}

    def depth(self, params: Params, now_ms: int) -> Any:
        """Return the book."""
        listing = self._desk.listing(params)
        bids, asks = self._book.depth(listing.symbol, int(params.get("limit", "500")))
        sides = [
            [[plain(listing.price(row[0])), plain(listing.quantity(row[1]))] for row in rows]
            for rows in (bids, asks)
        ]
        return {"lastUpdateId": now_ms, "E": now_ms, "bids": sides[0], "asks": sides[1]}

    def place(self, user: User, params: Params, now_ms: int) -> Any:
        """Take a new order."""
        return _order(self._desk.place(user, params, now_ms))

    def cancel(self, user: User, params: Params, now_ms: int) -> Any:
        """End an order."""
        return _order(self._desk.cancel(user, params, now_ms))

    def amend(self, user: User, params: Params, now_ms: int) -> Any:
        """Change quantity and price of a limit order."""
        order = self._desk.find(user, params)
        if order is None or not order.open:
            raise Trouble(-2013, "Order does not exist.")
        if params.get("side") != order.side or not {"quantity", "price"} <= params.keys():
            raise Trouble(-1102, "Mandatory parameter 'side', 'quantity' or 'price' was not sent.")
        price = Decimal(params["price"])
        same = order.listing.lots(Decimal(params["quantity"])) == order.lots
        if same and order.listing.ticks(price) == order.price:
            raise Trouble(-5027, "No need to modify the order.")
        return _order(self._desk.replace(order, params["quantity"], price, now_ms))

    def order(self, user: User, params: Params, now_ms: int) -> Any:
        """Return an order."""
        order = self._desk.find(user, params)
        if order is None:
            raise Trouble(-2013, "Order does not exist.")
        return _order(order)

    def open_orders(self, user: User, params: Params, now_ms: int) -> Any:
        """Return the working orders."""
        wanted = params.get("symbol")
        found = [one for one in self._book.working(user) if one.triggered or not one.algo]
        return [_order(one) for one in found if wanted in (None, one.listing.symbol)]

    def trades(self, user: User, params: Params, now_ms: int) -> Any:
        """Return trades of a symbol, oldest first."""
        return [_trade(one) for one in selected(self._book.trades, self._desk, user, params)]

    def balance(self, user: User, params: Params, now_ms: int) -> Any:
        """Return the money."""
        return [
            {
                "asset": asset,
                "balance": plain(total),
                "crossWalletBalance": plain(total),
                "availableBalance": plain(self._book.free(user, asset)),
                "updateTime": now_ms,
            }
            for asset, total in user.wallet.items()
        ]

    def positions(self, user: User, params: Params, now_ms: int) -> Any:
        """Return the positions that are not flat."""
        return [
            {
                "symbol": symbol,
                "positionSide": "BOTH",
                "positionAmt": plain(quantity),
                "entryPrice": plain(entry),
                "updateTime": now_ms,
            }
            for symbol, (quantity, entry) in user.positions.items()
        ]

    def mode(self, user: User, params: Params, now_ms: int) -> Any:
        """Return the position mode: one way."""
        return {"dualSidePosition": False}

    def events(self, happened: Happened, now_ms: int) -> list[dict[str, Any]]:
        """Return what is said of what happened: by the service of stops, and of the order."""
        order = happened.order
        if not order.algo:
            return [self._event(happened, now_ms)]
        if happened.what == "TRIGGERED":
            began = self._event(happened._replace(what="NEW"), now_ms)
            return [algo_event(order, "TRIGGERED", now_ms), began]
        if happened.what == "NEW" or not order.triggered:
            return [algo_event(order, happened.what, now_ms)]
        said = [self._event(happened, now_ms)]
        return said if order.open else [*said, algo_event(order, "FINISHED", now_ms)]

    def _event(self, happened: Happened, now_ms: int) -> dict[str, Any]:
        """Return the `ORDER_TRADE_UPDATE` of what happened."""
        order, trade = happened.order, happened.trade
        listing = order.listing
        what = {"REPLACED": "AMENDMENT"}.get(happened.what, happened.what)
        status = "NEW" if what == "NEW" else order.status
        told = {
            "s": listing.symbol, "c": _name(order), "S": order.side, "o": order.type,
            "f": _tif(order), "q": plain(listing.quantity(order.lots)),
            "p": plain(listing.price(order.price)), "ap": plain(_average(order)),
            "sp": plain(listing.price(order.stop)), "x": what, "X": status, "i": order.id,
            "l": plain(listing.quantity(trade.lots) if trade else _ZERO),
            "z": plain(listing.quantity(order.filled)),
            "L": plain(listing.price(trade.ticks) if trade else _ZERO),
            "T": order.updated_ms, "t": trade.id if trade else 0, "b": "0", "a": "0",
            "m": bool(trade and trade.maker), "R": bool(order.flags & Flag.REDUCE_ONLY),
            "wt": "CONTRACT_PRICE", "ot": order.type, "ps": "BOTH", "cp": False,
            "rp": plain(trade.realised) if trade else "0", "V": "NONE", "pm": "NONE",
            "gtd": order.gtd_ms,
        }  # fmt: skip
        if trade is not None:
            told |= {"n": plain(trade.fee), "N": trade.fee_asset}
        return {"e": "ORDER_TRADE_UPDATE", "E": now_ms, "T": order.updated_ms, "o": told}

    def moved(
        self, asset: str, amount: Decimal, total: Decimal, what: str, now_ms: int
    ) -> dict[str, Any]:
        """Return the `ACCOUNT_UPDATE` of money that came or went."""
        row = {"a": asset, "wb": plain(total), "cw": plain(total), "bc": plain(amount)}
        account = {"m": what or "DEPOSIT", "B": [row], "P": []}
        return {"e": "ACCOUNT_UPDATE", "E": now_ms, "T": now_ms, "a": account}

    def ended(self, now_ms: int, key: str) -> dict[str, Any]:
        """Return the event after which a listen key says nothing more."""
        return {"e": "listenKeyExpired", "E": now_ms, "listenKey": key}


def _name(order: Order) -> str:
    return spawned_id(order) if order.algo else order.client_id


def _tif(order: Order) -> str:
    return "GTX" if order.flags & Flag.POST_ONLY else order.tif


def _average(order: Order) -> Decimal:
    return Decimal(order.cost) * order.listing.tick / order.filled if order.filled else _ZERO


def _order(order: Order) -> dict[str, Any]:
    listing = order.listing
    return {
        "symbol": listing.symbol,
        "orderId": order.id,
        "clientOrderId": _name(order),
        "price": plain(listing.price(order.price)),
        "avgPrice": plain(_average(order)),
        "origQty": plain(listing.quantity(order.lots)),
        "executedQty": plain(listing.quantity(order.filled)),
        "cumQuote": plain(order.cost * listing.tick * listing.lot),
        "status": order.status,
        "timeInForce": _tif(order),
        "type": order.type,
        "origType": order.type,
        "side": order.side,
        "positionSide": "BOTH",
        "stopPrice": plain(listing.price(order.stop)),
        "reduceOnly": bool(order.flags & Flag.REDUCE_ONLY),
        "closePosition": False,
        "goodTillDate": order.gtd_ms,
        "time": order.created_ms,
        "updateTime": order.updated_ms,
    }


def _trade(trade: Trade) -> dict[str, Any]:
    listing = trade.order.listing
    return {
        "symbol": listing.symbol,
        "id": trade.id,
        "orderId": trade.order.id,
        "side": trade.order.side,
        "price": plain(listing.price(trade.ticks)),
        "qty": plain(listing.quantity(trade.lots)),
        "quoteQty": plain(trade.ticks * trade.lots * listing.tick * listing.lot),
        "realizedPnl": plain(trade.realised),
        "commission": plain(trade.fee),
        "commissionAsset": trade.fee_asset,
        "positionSide": "BOTH",
        "buyer": trade.order.side == "BUY",
        "maker": trade.maker,
        "time": trade.ts_ms,
    }


def _symbol(listing: Listing) -> dict[str, Any]:
    return {
        "symbol": listing.symbol,
        "contractType": "PERPETUAL",
        "status": "TRADING",
        "baseAsset": listing.base,
        "quoteAsset": listing.quote,
        "marginAsset": listing.quote,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": plain(listing.tick),
                "maxPrice": plain(listing.price(listing.max_ticks)),
                "tickSize": plain(listing.tick),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": plain(listing.lot),
                "maxQty": plain(listing.quantity(listing.max_lots)),
                "stepSize": plain(listing.lot),
            },
            {"filterType": "MIN_NOTIONAL", "notional": plain(listing.min_notional)},
        ],
    }
