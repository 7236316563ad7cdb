"""Orders of trading accounts: place, look, amend, cancel; and the book they stand in."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from fks.contexts.api.domain.trading import Amendment, BulkOrders, PlainOrder, plain_order
from fks.contexts.api.http.inject import ApiDep, Key
from fks.contracts.execution import (
    AccountFillList,
    AccountOrder,
    AccountOrderList,
    AmendOrder,
    BookDepth,
    CancelledOrders,
    CancelOrder,
    CancelOrders,
    CheckOrder,
    GetDepth,
    GetOrder,
    GetTradeStory,
    ListAccountFills,
    ListAccountOrders,
    OrderCheck,
    OrdersPlaced,
    PlaceOrder,
    PlaceOrders,
    TradeStory,
)
from fks.contracts.values import Side

__all__ = ["BookController", "FillController", "OrderController"]

Page = Annotated[int, QueryParameter(ge=1, le=1000, description="At most this many.")]
Before = Annotated[int, QueryParameter(ge=1, description="Only ids below this one.")]
_END = 2**63 - 1


class OrderController(Controller):
    """Orders."""

    path = "/orders"
    tags = ("trading",)

    @post("/", status_code=HTTP_201_CREATED, summary="Place an order")
    async def place(
        self, api: ApiDep, data: JSONBody[PlainOrder], idempotency_key: Key = None
    ) -> AccountOrder:
        """Place an order; the answer comes when it is durable, also when it was refused.

        The Idempotency-Key stands in for a missing client_order_id: one table knows both, and
        it, not the bus, tells a repeat (the same answer) from another order (422).
        """
        request = plain_order(data, api.new_key(idempotency_key), given=idempotency_key is not None)
        return await api.ask(PlaceOrder(key=api.new_key(None), request=request))

    @post("/bulk", status_code=HTTP_201_CREATED, summary="Place up to 100 orders")
    async def place_many(
        self, api: ApiDep, data: JSONBody[BulkOrders], idempotency_key: Key = None
    ) -> OrdersPlaced:
        """Place orders one after the other; each is accepted or refused for itself."""
        key, given = api.new_key(idempotency_key), idempotency_key is not None
        requests = tuple(
            plain_order(order, f"{key}-{place}", given=given)
            for place, order in enumerate(data.orders)
        )
        return await api.ask(PlaceOrders(key=api.new_key(None), requests=requests))

    @post("/check", status_code=HTTP_200_OK, summary="What would happen to an order")
    async def check(self, api: ApiDep, data: JSONBody[PlainOrder]) -> OrderCheck:
        """Return what each control would say; nothing is placed."""
        request = plain_order(data, api.new_key(None), given=False)
        return await api.ask(CheckOrder(request=request))

    @get("/", summary="List orders")
    async def list_orders(
        self,
        api: ApiDep,
        account: FromQuery[str] = "",
        symbol: FromQuery[str] = "",
        working: FromQuery[bool] = False,
        before_id: Before = _END,
        limit: Page = 200,
    ) -> AccountOrderList:
        """Return orders of all accounts or one, the newest first."""
        return await api.ask(
            ListAccountOrders(
                account=account, symbol=symbol, working=working, before_id=before_id, limit=limit
            )
        )

    @get("/{order_id:int}", summary="Get an order")
    async def get_order(self, api: ApiDep, order_id: FromPath[int]) -> AccountOrder:
        """Return how an order stands."""
        return await api.ask(GetOrder(order_id=order_id))

    @get("/{order_id:int}/story", summary="Explain a trade")
    async def story(self, api: ApiDep, order_id: FromPath[int]) -> TradeStory:
        """Return a trade from signal to fills, with the reasons."""
        return await api.ask(GetTradeStory(order_id=order_id))

    @patch("/{order_id:int}", summary="Amend an order")
    async def amend(
        self,
        api: ApiDep,
        order_id: FromPath[int],
        data: JSONBody[Amendment],
        idempotency_key: Key = None,
    ) -> AccountOrder:
        """Change price, trigger or open quantity."""
        return await api.ask(
            AmendOrder(
                key=api.new_key(idempotency_key),
                order_id=order_id,
                quantity=data.quantity,
                price=data.price,
                stop_price=data.stop_price,
            )
        )

    @delete("/{order_id:int}", status_code=HTTP_200_OK, summary="Cancel an order")
    async def cancel(
        self, api: ApiDep, order_id: FromPath[int], idempotency_key: Key = None
    ) -> AccountOrder:
        """Ask for a cancel; an order that is over is returned as it is."""
        key = api.new_key(idempotency_key)
        return await api.ask(CancelOrder(key=key, order_id=order_id))

    @post("/cancel-all", status_code=HTTP_200_OK, summary="Cancel all orders")
    async def cancel_all(
        self,
        api: ApiDep,
        account: FromQuery[str] = "",
        symbol: FromQuery[str] = "",
        side: FromQuery[Side | None] = None,
        idempotency_key: Key = None,
    ) -> CancelledOrders:
        """Cancel what works, of an account, a symbol, a side or all."""
        key = api.new_key(idempotency_key)
        return await api.ask(CancelOrders(key=key, account=account, symbol=symbol, side=side))


class FillController(Controller):
    """Fills of trading accounts."""

    path = "/fills"
    tags = ("trading",)

    @get("/", summary="List fills")
    async def list_fills(
        self,
        api: ApiDep,
        account: FromQuery[str] = "",
        symbol: FromQuery[str] = "",
        order_id: FromQuery[int] = 0,
        before_id: Before = _END,
        limit: Page = 200,
    ) -> AccountFillList:
        """Return fills, the newest first."""
        return await api.ask(
            ListAccountFills(
                account=account, symbol=symbol, order_id=order_id, before_id=before_id, limit=limit
            )
        )


class BookController(Controller):
    """Books."""

    path = "/depth"
    tags = ("trading",)

    @get("/{symbol:str}", summary="Get the depth of a book")
    async def depth(
        self,
        api: ApiDep,
        symbol: FromPath[str],
        levels: Annotated[int, QueryParameter(ge=1, le=100)] = 10,
    ) -> BookDepth:
        """Return the best prices with their quantities, own orders marked."""
        return await api.ask(GetDepth(symbol=symbol, levels=levels))
