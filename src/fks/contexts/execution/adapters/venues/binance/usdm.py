"""Binance USDT-margined futures: its places, its words, and its user stream.

One-way mode only. Conditional orders live at another service there (`algo`). It trails by a rate
of the price, our trailing stops by a distance: the desk's own take their place.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from fks.contexts.execution.adapters.venues.binance.algo import TYPES, params_of, row_of
from fks.contexts.execution.adapters.venues.binance.calls import Calls, Doubt
from fks.contexts.execution.adapters.venues.binance.conditional import ConditionalVenue
from fks.contexts.execution.adapters.venues.binance.stream import Source
from fks.contexts.execution.adapters.venues.binance.terms import Places
from fks.contexts.execution.adapters.venues.binance.words import (
    Row,
    Unfit,
    report_of,
    side_of,
    stripped,
)
from fks.contracts.execution import (
    VenueBalance,
    VenueCapabilities,
    VenueCash,
    VenueContext,
    VenueOrder,
    VenuePosition,
    VenueReport,
    VenueReportKind,
)
from fks.contracts.values import OrderType, Side, TimeInForce
from fks.kernel.errors import Denied

__all__ = ["Usdm", "make"]

_KEY_PATH = "/fapi/v1/listenKey"
_CASH = {
    "FUNDING_FEE": "funding",
    "INSURANCE_CLEAR": "insurance",
    "DEPOSIT": "deposit",
    "WITHDRAW": "withdrawal",
}
_TIFS = {
    TimeInForce.GTC: "GTC",
    TimeInForce.IOC: "IOC",
    TimeInForce.FOK: "FOK",
    TimeInForce.GTD: "GTD",
}


class _ListenKey:
    """A listen key, which lives an hour from each time it is kept."""

    keep_s = 30 * 60.0

    def __init__(self, calls: Calls, base_url: str, stream_url: str) -> None:
        self._calls, self._base, self._stream = calls, base_url, stream_url

    async def address(self) -> str:
        """Return the stream of a living key."""
        answer = await self._calls.call("POST", self._base + _KEY_PATH, signed=False)
        key = answer.get("listenKey", "") if isinstance(answer, dict) else ""
        if not isinstance(key, str) or not key.replace("-", "").replace("_", "").isalnum():
            raise Doubt("no listen key in the answer")
        return f"{self._stream}/ws/{key}"

    def hello(self) -> dict[str, Any] | None:
        """Return nothing: the address is the subscription."""
        return None

    async def keep(self) -> None:
        """Let the key live another hour."""
        await self._calls.call("PUT", self._base + _KEY_PATH, signed=False)


class Usdm:
    """What tells futures from spot."""

    places = Places(
        rest_hosts=frozenset({"fapi.binance.com", "demo-fapi.binance.com"}),
        stream_hosts=frozenset({"fstream.binance.com", "fstream.binancefuture.com"}),
        rest_url="https://fapi.binance.com",
        stream_url="wss://fstream.binance.com/private",
        rights_url="https://api.binance.com",
    )
    capabilities = VenueCapabilities(
        order_types=frozenset({OrderType.MARKET, OrderType.LIMIT, *TYPES}),
        times_in_force=frozenset(_TIFS),
        amend=True,
        post_only=True,
        reduce_only=True,
        dedups=False,  # an id may be used again once its order has ended
        sure_of_absence=True,  # by recvWindow; see `BinanceVenue.find_order`
        holds_positions=True,
        money="profit",
    )
    order_path = "/fapi/v1/order"
    open_path = "/fapi/v1/openOrders"
    trades_path = "/fapi/v1/userTrades"
    time_path = "/fapi/v1/time"
    info_path = "/fapi/v1/exchangeInfo"
    weight_limit = 2400
    trades_window_ms = 7 * 24 * 3600 * 1000

    def info_query(self, symbols: tuple[str, ...]) -> dict[str, str]:
        """Ask for all symbols: this market has no choice."""
        return {}

    def new_order(self, order: VenueOrder) -> dict[str, str]:
        """Return the parameters of a new order."""
        known = order.type in self.capabilities.order_types and order.time_in_force in _TIFS
        if not known or order.display_quantity is not None:
            raise Unfit("UNSUPPORTED", "Binance futures have no such order")
        if order.type in TYPES:
            return params_of(order)
        params = {
            "symbol": order.instrument.id,
            "side": order.side.name,
            "type": order.type.name,
            "quantity": stripped(order.quantity),
            "newClientOrderId": order.client_order_id,
            "newOrderRespType": "ACK",
        }
        if order.reduce_only:
            params["reduceOnly"] = "true"
        if order.type is not OrderType.LIMIT:
            if order.post_only:
                raise Unfit("UNSUPPORTED", "post-only is for limit orders")
            return params
        if order.price is None:
            raise Unfit("NO_PRICE", "a limit order has a price")
        params |= {"price": stripped(order.price), "timeInForce": _TIFS[order.time_in_force]}
        if order.post_only:
            if order.time_in_force is not TimeInForce.GTC:
                raise Unfit("UNSUPPORTED", "post-only is for limit orders until cancelled")
            params["timeInForce"] = "GTX"
        if order.time_in_force is TimeInForce.GTD:
            params["goodTillDate"] = str(order.expire_ts_ns // 1_000_000_000 * 1000)
        return params

    def placed(self, order: VenueOrder, answer: Row) -> list[VenueReport]:
        """Return the acknowledgement; fills come over the stream."""
        if order.type in TYPES:
            answer = row_of(answer)
        return [report_of(VenueReportKind.ACKNOWLEDGED, answer, int(answer["updateTime"]))]

    def change(
        self, found: Row, quantity: Decimal, price: Decimal | None
    ) -> tuple[str, dict[str, str]]:
        """Change quantity and price; the order goes to the end of its queue."""
        if "algoId" in found:
            raise Unfit(
                "UNSUPPORTED", "Binance changes no conditional order: cancel and place anew"
            )
        if quantity <= Decimal(found["executedQty"]):
            # Binance would cancel such an order, which nobody asked for.
            raise Unfit("ALREADY_FILLED", "that much of the order is filled already")
        return self.order_path, {
            "symbol": str(found["symbol"]),
            "side": str(found["side"]),
            "origClientOrderId": str(found["clientOrderId"]),
            "quantity": stripped(quantity),
            "price": stripped(Decimal(found["price"]) if price is None else price),
        }

    def changed(self, answer: Row) -> Row:
        """Return the changed order."""
        return answer

    def event(self, event: Row) -> Row | None:
        """Return the order of an `ORDER_TRADE_UPDATE`."""
        if event.get("e") != "ORDER_TRADE_UPDATE":
            return None
        order: Row = event["o"]
        return order

    def cash(self, event: Row) -> Iterable[VenueCash]:
        """Return the money of an `ACCOUNT_UPDATE` that no order moved."""
        if event.get("e") != "ACCOUNT_UPDATE" or event["a"]["m"] == "ORDER":
            return
        what, ts_ms = _CASH.get(event["a"]["m"], str(event["a"]["m"]).lower()), int(event["T"])
        for row in event["a"]["B"]:
            asset, amount = str(row["a"]), Decimal(row["bc"])
            if amount:
                yield VenueCash(
                    id=f"{what}:{asset}:{ts_ms}:{amount}",
                    what=what,
                    currency=asset,
                    amount=amount,
                    ts_ns=ts_ms * 1_000_000,
                )

    def fill_side(self, row: Row) -> Side:
        """Return the side of a trade."""
        return side_of(row["side"])

    def is_maker(self, row: Row) -> bool:
        """Tell whether a trade was a maker's."""
        return bool(row["maker"])

    def source(self, calls: Calls, base_url: str, stream_url: str) -> Source:
        """Return the stream of a listen key."""
        return _ListenKey(calls, base_url, stream_url)

    async def prepare(self, calls: Calls, base_url: str) -> None:
        """Check that positions are one-way: with two sides a symbol, quantities would mislead."""
        mode = await calls.call("GET", f"{base_url}/fapi/v1/positionSide/dual")
        if mode.get("dualSidePosition"):
            message = "this account holds positions of both sides: set it to one-way mode"
            raise Denied(message, code="execution.venue_mode")

    async def positions(self, calls: Calls, base_url: str) -> tuple[VenuePosition, ...]:
        """Return the positions that are not flat."""
        rows = await calls.call("GET", f"{base_url}/fapi/v3/positionRisk")
        return tuple(
            VenuePosition(
                symbol=str(row["symbol"]),
                quantity=Decimal(row["positionAmt"]),
                average_price=Decimal(row["entryPrice"]),
            )
            for row in rows
            if Decimal(row["positionAmt"])
        )

    async def balances(self, calls: Calls, base_url: str) -> tuple[VenueBalance, ...]:
        """Return the money that is not nothing."""
        rows = await calls.call("GET", f"{base_url}/fapi/v3/balance")
        return tuple(
            VenueBalance(
                currency=str(row["asset"]),
                total=Decimal(row["balance"]),
                free=max(Decimal(0), Decimal(row["availableBalance"])),
            )
            for row in rows
            if Decimal(row["balance"])
        )


def make(context: VenueContext) -> ConditionalVenue:
    """Make a venue for one futures account."""
    return ConditionalVenue(context, Usdm())
