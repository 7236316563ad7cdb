"""The ccxt venue: thin over the exchange's REST interface, polling what it cannot be told.

Orders are not amended: what ccxt calls an edit is, at most exchanges, a cancel and a new order
under another id, which is for the desk to decide.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from fks.contexts.execution.adapters.venues.ccxt.exchange import (
    amount,
    exchange_of,
    fill_from,
    status_from,
    words_of,
)
from fks.contexts.execution.adapters.venues.ccxt.polling import Polling
from fks.contexts.execution.adapters.venues.ccxt.terms import CcxtSettings
from fks.contracts.execution import (
    VenueBalance,
    VenueCapabilities,
    VenueContext,
    VenueFill,
    VenueOrder,
    VenueOrderStatus,
    VenuePosition,
    VenueReport,
    VenueReportKind,
)
from fks.contracts.values import Instrument, OrderType, TimeInForce
from fks.kernel.errors import FksError, Invalid

__all__ = ["CcxtVenue", "make"]

_MILLI = 1_000_000
_PAGE = 500
_TIFS = {TimeInForce.GTC: "GTC", TimeInForce.IOC: "IOC", TimeInForce.FOK: "FOK"}


class CcxtVenue:
    """One account at an exchange that ccxt knows."""

    def __init__(self, context: VenueContext) -> None:
        try:
            settings = msgspec.convert(dict(context.settings), CcxtSettings, strict=False)
        except msgspec.ValidationError as error:
            raise Invalid(
                f"the ccxt venue's settings: {error}", code="execution.bad_config"
            ) from error
        self._settings = settings
        self._wall_ns = context.wall_ns
        self._instruments = {instrument.id for instrument in context.instruments}
        self._exchange, self._errors = exchange_of(settings)
        self._ours: dict[str, str] = {}
        self._listener: Callable[[VenueReport], None] | None = None
        self._polling = Polling(self, settings.poll_s, self._report, context.wall_ns)
        self._swap = settings.market == "swap"

    @property
    def capabilities(self) -> VenueCapabilities:
        """Return what is the same at all exchanges."""
        return VenueCapabilities(
            order_types=frozenset((OrderType.MARKET, OrderType.LIMIT)),
            times_in_force=frozenset(_TIFS),
            amend=False,
            post_only=True,
            reduce_only=self._swap,
            dedups=self._settings.sure,
            holds_positions=self._swap,
            # Of swaps some exchanges tell the equity, others the wallet: not to be compared.
            money="" if self._swap else "exchange",
        )

    def learn(self, instrument: Instrument) -> None:
        """Trade one more instrument."""
        self._instruments.add(instrument.id)

    async def connect(self, listener: Callable[[VenueReport], None]) -> None:
        """Read the markets, try the keys, and begin to poll."""
        self._listener = listener
        try:
            await self._call("the markets", self._exchange.load_markets)
            for name in sorted(self._instruments):
                self._market(name)
            await self._call("the keys", self._exchange.fetch_balance)
        except FksError:
            await self._exchange.close()  # ccxt opens none again
            self._exchange, self._errors = exchange_of(self._settings)
            raise
        self._report(VenueReport(kind=VenueReportKind.CONNECTED, ts_ns=self._wall_ns()))
        self._polling.start()

    async def close(self) -> None:
        """Stop to poll; orders stay where they are."""
        await self._polling.stop()
        self._listener = None
        await self._exchange.close()

    # --- requests ---

    async def submit(self, order: VenueOrder) -> None:
        """Create an order, once."""
        name = order.client_order_id
        try:
            wrong = self._off_grid(order)
        except Invalid as error:
            wrong = error.message
        if wrong:
            self._say(VenueReportKind.REJECTED, name, code="INVALID_ORDER", text=wrong)
            return
        if self._polling.down:
            self._say(VenueReportKind.UNSENT, name, code="NOT_SENT", text=self._polling.down)
            return
        symbol = order.instrument.id
        market = order.type is OrderType.MARKET
        params: dict[str, Any] = {"clientOrderId": name}
        params |= {} if market else {"timeInForce": _TIFS[order.time_in_force]}
        params |= {"postOnly": True} if order.post_only else {}
        params |= {"reduceOnly": True} if order.reduce_only else {}
        price = None if order.price is None or market else format(order.price, "f")
        try:
            made = await self._exchange.create_order(
                self._market(symbol),
                "market" if market else "limit",
                order.side.value,
                format(order.quantity, "f"),
                price,
                params,
            )
            status = status_from(made, symbol)
        except self._errors.any as error:
            refused = isinstance(error, self._errors.refusals)
            kind = VenueReportKind.REJECTED if refused else VenueReportKind.UNKNOWN
            self._say(kind, name, code=type(error).__name__, text=words_of(error))
            return
        if status.state == "rejected":
            self._say(VenueReportKind.REJECTED, name, code="rejected", text=status.state)
            return
        self._polling.follow(name, symbol, status.venue_order_id)
        self._say(
            VenueReportKind.ACKNOWLEDGED,
            name,
            venue_order_id=status.venue_order_id,
            symbol=symbol,
            ts_ns=status.ts_ns,
        )
        self._polling.hurry()

    async def cancel(self, client_order_id: str, symbol: str) -> None:
        """Cancel an order; that it is over is told once its fills are."""
        refused = VenueReportKind.CANCEL_REJECTED
        if self._polling.down:
            self._say(refused, client_order_id, code="NOT_SENT", text=self._polling.down)
            return
        try:
            number = self._polling.number(client_order_id)
            params = {} if number else {"clientOrderId": client_order_id}
            cancelled = await self._exchange.cancel_order(number, self._market(symbol), params)
            if cancelled.get("id"):
                self._polling.follow(client_order_id, symbol, str(cancelled["id"]))
        except self._errors.any as error:
            kind = VenueReportKind.UNKNOWN
            if isinstance(error, self._errors.refusals):
                kind = refused
            self._say(kind, client_order_id, code=type(error).__name__, text=words_of(error))
        self._polling.hurry()

    async def amend(
        self, client_order_id: str, symbol: str, quantity: Decimal, price: Decimal | None
    ) -> None:
        """Refuse: see `capabilities.amend`."""
        self._say(
            VenueReportKind.REPLACE_REJECTED,
            client_order_id,
            code="NOT_SUPPORTED",
            text="orders are not amended here: cancel, and place another",
        )

    # --- questions ---

    async def find_order(self, client_order_id: str, symbol: str) -> VenueOrderStatus | None:
        """Fetch an order by our id; from then on it is followed, if it works."""
        params = {"clientOrderId": client_order_id}
        try:
            found = await self._exchange.fetch_order(None, self._market(symbol), params)
            status = status_from(found, symbol)
        except self._errors.missing:
            return None
        except self._errors.any as error:
            raise self._errors.told(error, "an order") from error
        if status.state in ("new", "partially_filled"):
            self._polling.follow(client_order_id, symbol, status.venue_order_id)
        return status

    async def order_name(self, number: str, symbol: str) -> str:
        """Return the client order id of an order by the exchange's number of it."""

        def fetch() -> Any:
            return self._exchange.fetch_order(number, self._market(symbol))

        found = await self._call("an order", fetch)
        return str(found["clientOrderId"] or "")

    async def open_orders(self) -> tuple[VenueOrderStatus, ...]:
        """Fetch the working orders of all our instruments."""
        found = []
        for symbol in sorted(self._instruments):
            found += await self.working(symbol)
        return tuple(found)

    async def working(self, symbol: str) -> list[VenueOrderStatus]:
        """Fetch the working orders of one instrument, and follow them."""
        theirs = self._market(symbol)
        orders = await self._call("orders", lambda: self._exchange.fetch_open_orders(theirs))
        statuses = [status_from(order, symbol) for order in orders]
        for status in statuses:
            self._polling.follow(status.client_order_id, symbol, status.venue_order_id)
        return statuses

    async def fills_since(self, ts_ns: int, symbol: str) -> tuple[VenueFill, ...]:
        """Fetch the trades at or after an instant, page by page, with the ids of their orders."""
        trades = await self.trades_since(ts_ns, symbol)
        fills = []
        for trade in trades:
            name = await self._polling.name(str(trade["order"] or ""), symbol)
            fills.append(fill_from(trade, name, symbol))
        return tuple(fill for fill in fills if fill.ts_ns >= ts_ns // _MILLI * _MILLI)

    async def trades_since(self, ts_ns: int, symbol: str) -> list[Any]:
        """Fetch ccxt's trades, oldest first."""
        found: dict[str, Any] = {}
        since = ts_ns // _MILLI
        theirs = self._market(symbol)
        while True:
            fetch = partial(self._exchange.fetch_my_trades, theirs, since, _PAGE)
            page = await self._call("trades", fetch)
            new = [trade for trade in page if str(trade["id"]) not in found]
            found |= {str(trade["id"]): trade for trade in new}
            if len(page) < _PAGE or not new:
                return sorted(found.values(), key=lambda t: (t["timestamp"], str(t["id"])))
            since = max(int(trade["timestamp"]) for trade in page)

    async def positions(self) -> tuple[VenuePosition, ...]:
        """Fetch the positions of a swap account."""
        if not self._swap:
            return ()
        held = await self._call("positions", self._exchange.fetch_positions)
        positions = []
        for one in held:
            size = amount(one["contracts"]) * (-1 if one["side"] == "short" else 1)
            if size and one["symbol"] in self._ours:
                price = amount(one["entryPrice"])
                name = self._ours[one["symbol"]]
                positions.append(VenuePosition(symbol=name, quantity=size, average_price=price))
        return tuple(positions)

    async def balances(self) -> tuple[VenueBalance, ...]:
        """Fetch the money."""
        money = await self._call("money", self._exchange.fetch_balance)
        free = money["free"]
        return tuple(
            VenueBalance(currency=currency, total=amount(total), free=amount(free.get(currency)))
            for currency, total in sorted(money["total"].items())
            if amount(total)
        )

    async def clock_offset_ns(self) -> int:
        """Fetch the exchange's time."""
        start_ns = self._wall_ns()
        now_ms = await self._call("the time", self._exchange.fetch_time)
        return int(now_ms) * _MILLI - (start_ns + self._wall_ns()) // 2

    # --- inside ---

    async def _call(self, what: str, call: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await call()
        except self._errors.any as error:
            raise self._errors.told(error, f"{self._settings.exchange}, {what}") from error

    def _market(self, symbol: str) -> str:
        """Return ccxt's name of an instrument. Raises `Invalid` for one that is not listed."""
        settings = self._settings
        listed = [
            market["symbol"]
            for market in (self._exchange.markets_by_id or {}).get(symbol, ())
            if market[settings.market]
        ]
        theirs = settings.symbols.get(symbol) or (listed or [""])[0]
        if theirs not in (self._exchange.markets or {}):
            raise Invalid(
                f"{settings.exchange} lists no {theirs or symbol}; name it in symbols",
                code="execution.bad_config",
            )
        self._ours[theirs] = symbol
        return theirs

    def _off_grid(self, order: VenueOrder) -> str:
        """Return what ccxt would round; it must not."""
        theirs = self._market(order.instrument.id)
        rounded = {}
        with contextlib.suppress(*self._errors.any):
            text = format(order.quantity, "f")
            rounded["quantity"] = amount(self._exchange.amount_to_precision(theirs, text))
            if order.price is not None:
                text = format(order.price, "f")
                rounded["price"] = amount(self._exchange.price_to_precision(theirs, text))
        if rounded.get("quantity") != order.quantity:
            return f"quantity {order.quantity} is not on the exchange's grid"
        if rounded.get("price") != order.price:
            return f"price {order.price} is not on the exchange's grid"
        return ""

    def _report(self, report: VenueReport) -> None:
        if self._listener is not None:
            self._listener(report)

    def _say(
        self,
        kind: VenueReportKind,
        name: str,
        *,
        ts_ns: int = 0,
        venue_order_id: str = "",
        symbol: str = "",
        code: str = "",
        text: str = "",
    ) -> None:
        self._report(
            VenueReport(
                kind=kind,
                ts_ns=ts_ns or self._wall_ns(),
                client_order_id=name,
                venue_order_id=venue_order_id,
                symbol=symbol,
                code=code,
                text=text,
            )
        )


def make(context: VenueContext) -> CcxtVenue:
    """Make a ccxt venue. Raises `Invalid` for bad settings, `Unavailable` without ccxt."""
    return CcxtVenue(context)
