"""Binance spot: its places, its words, and its user stream.

Listen keys ended on spot; the stream is a signed subscription on the WebSocket API. An order's
quantity can be made smaller in place (`amend/keepPriority`), nothing else of it can be changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from fks.contexts.execution.adapters.venues.binance.calls import Calls
from fks.contexts.execution.adapters.venues.binance.stream import Source
from fks.contexts.execution.adapters.venues.binance.terms import Places
from fks.contexts.execution.adapters.venues.binance.venue import BinanceVenue
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

__all__ = ["Spot", "make"]

_MS = 1_000_000
_ACCOUNT_PATH = "/api/v3/account"
_NOT_ZERO = {"omitZeroBalances": "true"}
_TYPES = {
    OrderType.MARKET: "MARKET",
    OrderType.LIMIT: "LIMIT",
    OrderType.STOP: "STOP_LOSS",
    OrderType.STOP_LIMIT: "STOP_LOSS_LIMIT",
    OrderType.MARKET_IF_TOUCHED: "TAKE_PROFIT",
    OrderType.LIMIT_IF_TOUCHED: "TAKE_PROFIT_LIMIT",
}
_TIFS = {TimeInForce.GTC: "GTC", TimeInForce.IOC: "IOC", TimeInForce.FOK: "FOK"}
_LIMITS = ("LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")


class _Subscription:
    """A signed subscription on the WebSocket API; nothing has to be kept alive."""

    keep_s = 0.0

    def __init__(self, calls: Calls, url: str) -> None:
        self._calls, self._url = calls, url

    async def address(self) -> str:
        """Return the WebSocket API."""
        return self._url

    def hello(self) -> dict[str, Any] | None:
        """Return the signed subscription."""
        params = self._calls.subscription()
        return {"id": "fks", "method": "userDataStream.subscribe.signature", "params": params}

    async def keep(self) -> None:
        """Do nothing."""


class Spot:
    """What tells spot from futures."""

    places = Places(
        rest_hosts=frozenset(
            {
                "api.binance.com",
                "api-gcp.binance.com",
                *(f"api{number}.binance.com" for number in range(1, 5)),
                "testnet.binance.vision",
            }
        ),
        stream_hosts=frozenset({"ws-api.binance.com", "ws-api.testnet.binance.vision"}),
        rest_url="https://api.binance.com",
        stream_url="wss://ws-api.binance.com/ws-api/v3",
        rights_url="https://api.binance.com",
    )
    capabilities = VenueCapabilities(
        order_types=frozenset(_TYPES),
        times_in_force=frozenset(_TIFS),
        amend=True,
        post_only=True,
        reduce_only=False,
        dedups=False,  # an id may be used again once its order has ended
        sure_of_absence=True,  # by recvWindow; see `BinanceVenue.find_order`
        holds_positions=False,
        iceberg=True,
        money="exchange",
    )
    order_path = "/api/v3/order"
    open_path = "/api/v3/openOrders"
    trades_path = "/api/v3/myTrades"
    time_path = "/api/v3/time"
    info_path = "/api/v3/exchangeInfo"
    weight_limit = 6000
    trades_window_ms = 24 * 3600 * 1000

    def info_query(self, symbols: tuple[str, ...]) -> dict[str, str]:
        """Ask for these symbols only."""
        return {"symbols": msgspec.json.encode(list(symbols)).decode()}

    def new_order(self, order: VenueOrder) -> dict[str, str]:
        """Return the parameters of a new order."""
        word = _TYPES.get(order.type)
        if word is None or order.time_in_force not in _TIFS or order.reduce_only:
            raise Unfit("UNSUPPORTED", "Binance spot has no such order")
        if order.post_only:
            if word != "LIMIT" or order.time_in_force is not TimeInForce.GTC:
                raise Unfit("UNSUPPORTED", "post-only is for limit orders until cancelled")
            word = "LIMIT_MAKER"
        params = {
            "symbol": order.instrument.id,
            "side": order.side.name,
            "type": word,
            "quantity": stripped(order.quantity),
            "newClientOrderId": order.client_order_id,
            "newOrderRespType": "FULL",
        }
        if word in _LIMITS:
            params["timeInForce"] = _TIFS[order.time_in_force]
        if word in _LIMITS or word == "LIMIT_MAKER":
            if order.price is None:
                raise Unfit("NO_PRICE", "a limit order has a price")
            params["price"] = stripped(order.price)
        if word.startswith(("STOP", "TAKE")):
            if order.stop_price is None:
                raise Unfit("NO_PRICE", "a stop order has a stop price")
            params["stopPrice"] = stripped(order.stop_price)
        if order.display_quantity is not None:
            params["icebergQty"] = stripped(order.display_quantity)
        return params

    def placed(self, order: VenueOrder, answer: Row) -> list[VenueReport]:
        """Return the acknowledgement, the fills that came with it, and an end."""
        ts_ms = int(answer["transactTime"])
        fills = [self._fill(order, answer, fill, ts_ms) for fill in answer.get("fills", ())]
        reports = [report_of(VenueReportKind.ACKNOWLEDGED, answer, ts_ms), *fills]
        if answer.get("status") in ("EXPIRED", "EXPIRED_IN_MATCH"):
            reports.append(report_of(VenueReportKind.EXPIRED, answer, ts_ms))
        return reports

    def _fill(self, order: VenueOrder, answer: Row, fill: Row, ts_ms: int) -> VenueReport:
        return VenueReport(
            kind=VenueReportKind.FILLED,
            ts_ns=ts_ms * _MS,
            client_order_id=order.client_order_id,
            venue_order_id=str(answer["orderId"]),
            symbol=order.instrument.id,
            side=order.side,
            trade_id=str(fill["tradeId"]),
            quantity=Decimal(fill["qty"]),
            price=Decimal(fill["price"]),
            fee=Decimal(fill["commission"]),
            fee_currency=str(fill["commissionAsset"]),
        )

    def change(
        self, found: Row, quantity: Decimal, price: Decimal | None
    ) -> tuple[str, dict[str, str]]:
        """Make an order smaller."""
        if price not in (None, Decimal(found["price"])) or quantity >= Decimal(found["origQty"]):
            text = "Binance spot makes orders smaller; for anything else cancel and place anew"
            raise Unfit("ONLY_SMALLER", text)
        return "/api/v3/order/amend/keepPriority", {
            "symbol": str(found["symbol"]),
            "origClientOrderId": str(found["clientOrderId"]),
            "newClientOrderId": str(found["clientOrderId"]),
            "newQty": stripped(quantity),
        }

    def changed(self, answer: Row) -> Row:
        """Return the changed order."""
        order = dict(answer["amendedOrder"])
        order.setdefault("origQty", order.get("qty"))
        return order | {"updateTime": answer["transactTime"]}

    def event(self, event: Row) -> Row | None:
        """Return an `executionReport`."""
        return event if event.get("e") == "executionReport" else None

    def cash(self, event: Row) -> Iterable[VenueCash]:
        """Return the money of a `balanceUpdate`: Binance does not say what moved it."""
        if event.get("e") == "balanceUpdate":
            asset, amount, ts_ms = str(event["a"]), Decimal(event["d"]), int(event["T"])
            what = "deposit" if amount > 0 else "withdrawal"
            yield VenueCash(
                id=f"{asset}:{ts_ms}:{amount}",
                what=what,
                currency=asset,
                amount=amount,
                ts_ns=ts_ms * _MS,
            )

    def fill_side(self, row: Row) -> Side:
        """Return the side of a trade."""
        return side_of("BUY" if row["isBuyer"] else "SELL")

    def is_maker(self, row: Row) -> bool:
        """Tell whether a trade was a maker's."""
        return bool(row["isMaker"])

    def source(self, calls: Calls, base_url: str, stream_url: str) -> Source:
        """Return the subscription."""
        return _Subscription(calls, stream_url)

    async def prepare(self, calls: Calls, base_url: str) -> None:
        """Check that the key may trade."""
        account = await calls.call(
            "GET", f"{base_url}/api/v3/account", {"omitZeroBalances": "true"}
        )
        if not account.get("canTrade", True):
            raise Denied("this account may not trade at Binance", code="execution.venue_keys")

    async def positions(self, calls: Calls, base_url: str) -> tuple[VenuePosition, ...]:
        """Return none: spot holds money."""
        return ()

    async def balances(self, calls: Calls, base_url: str) -> tuple[VenueBalance, ...]:
        """Return the money that is not nothing."""
        account = await calls.call(
            "GET", f"{base_url}/api/v3/account", {"omitZeroBalances": "true"}
        )
        return tuple(
            VenueBalance(
                currency=str(row["asset"]),
                total=Decimal(row["free"]) + Decimal(row["locked"]),
                free=Decimal(row["free"]),
            )
            for row in account["balances"]
        )


def make(context: VenueContext) -> BinanceVenue:
    """Make a venue for one spot account."""
    return BinanceVenue(context, Spot())
