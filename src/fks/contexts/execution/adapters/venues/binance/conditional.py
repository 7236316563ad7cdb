"""A futures account whose conditional orders live at another service of Binance.

What one became is told by its number alone. Until that number is known, what is said of an order
that may be it is held back, and the service is asked; nothing is guessed by name.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import msgspec

from fks.contexts.execution.adapters.venues.binance.algo import (
    ALL_PATH,
    ENDS,
    OPEN_PATH,
    PATH,
    TYPES,
    actual_of,
    heard_row,
    row_of,
)
from fks.contexts.execution.adapters.venues.binance.calls import Doubt, Refused, Unsent
from fks.contexts.execution.adapters.venues.binance.venue import About, BinanceVenue, K
from fks.contexts.execution.adapters.venues.binance.words import (
    Market,
    Row,
    heard,
    report_of,
    status_of,
)
from fks.contracts.execution import (
    VenueCash,
    VenueContext,
    VenueFill,
    VenueOrder,
    VenueOrderStatus,
    VenueReport,
)

__all__ = ["ConditionalVenue"]

_NO_SUCH = (-2013, -2011)
_WEEK_MS = 7 * 24 * 3600 * 1000 - 1
_WEEKS = 13  # Binance keeps no more
_PAUSE_S = 0.1
_ASKS = 10
_PAGE = 1000
_REMEMBERED = 100_000


@dataclass(slots=True)
class _Algo:
    name: str
    symbol: str
    side: str
    actual: str = ""


class ConditionalVenue(BinanceVenue):
    """One futures account, with stops."""

    def __init__(self, context: VenueContext, market: Market) -> None:
        super().__init__(context, market)
        self._algos: dict[str, _Algo] = {}
        self._by_actual: dict[str, _Algo] = {}
        self._waiting: dict[str, _Algo] = {}  # those that are no order yet
        self._plain: dict[str, None] = {}
        self._read_back: set[str] = set()
        self._held: dict[str, list[Row]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Disconnect; orders stay where they are."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
            self._asking = None
        await super().close()

    # --- sends -----------------------------------------------------------------------------

    async def submit(self, order: VenueOrder) -> None:
        """Send an order, once, to where its type lives."""
        name = order.client_order_id
        if order.type in TYPES:
            self._learn(name, order.instrument.id, order.side.name)
        else:
            self._plain[name] = None
            if len(self._plain) > _REMEMBERED:
                del self._plain[next(iter(self._plain))]
        await super().submit(order)

    async def cancel(self, client_order_id: str, symbol: str) -> None:
        """Ask for a cancel, once; of a stop that triggered, of the order it became."""
        algo = self._algos.get(client_order_id)
        if algo is None:
            await super().cancel(client_order_id, symbol)
            return
        path, params = PATH, {"symbol": symbol, "clientAlgoId": client_order_id}
        if algo.actual:
            path, params = self._market.order_path, {"symbol": symbol, "orderId": algo.actual}
        about = About(client_order_id, symbol)
        try:
            await self._calls.call("DELETE", self._base + path, params)
        except Unsent as unsent:
            self._report(K.CANCEL_REJECTED, about, "NOT_SENT", str(unsent))
        except Doubt as doubt:
            self._report(K.UNKNOWN, about, "NO_ANSWER", f"to a cancel: {doubt}")
        except Refused as refused:
            self._refused(K.CANCEL_REJECTED, about, refused)
        else:
            await self._confirm(about)

    async def _confirm(self, about: About) -> None:
        """Look at what a cancel that was taken did: the service says no more than `success`."""
        try:
            row = await self._looked(about.client_order_id, about.symbol)
            state = self._read(lambda: status_of(row)).state
        except (Unsent, Doubt, Refused) as error:
            self._report(K.UNKNOWN, about, "NO_ANSWER", f"to a cancel: {error}")
            return
        if state == "cancelled":
            self._say(report_of(K.CANCELLED, row, int(row["updateTime"])))
        else:
            self._report(K.UNKNOWN, about, "NOT_YET", f"to a cancel: it is {state}")

    # --- questions -------------------------------------------------------------------------

    async def open_orders(self) -> tuple[VenueOrderStatus, ...]:
        """Return all working orders, stops that wait among them."""

        async def ask() -> tuple[VenueOrderStatus, ...]:
            waiting = await self._calls.call("GET", self._base + OPEN_PATH)
            for row in waiting:
                self._know(row)
            rows = await self._calls.call("GET", self._base + self._market.open_path)
            for row in rows:
                strange = row["clientOrderId"] not in self._plain
                if strange and row["symbol"] not in self._read_back:
                    await self._linked(row["symbol"])
                if strange and str(row["orderId"]) not in self._by_actual:
                    for algo in self._maybe(row["symbol"], row["side"], row["clientOrderId"]):
                        await self._asked_of(algo)
            named = [self._named(row, "orderId", "clientOrderId") for row in rows]
            told = {str(row["clientOrderId"]) for row in named}
            still = [r for r in waiting if not actual_of(r) and r["clientAlgoId"] not in told]
            return tuple(status_of(row) for row in (*map(row_of, still), *named))

        return await self._asked(ask())

    async def fills_since(self, ts_ns: int, symbol: str) -> tuple[VenueFill, ...]:
        """Return the fills at or after an instant; those of stops under the stops' ids."""
        await self._asked(self._linked(symbol))
        fills = await super().fills_since(ts_ns, symbol)
        owners = ((one, self._by_actual.get(one.venue_order_id)) for one in fills)
        return tuple(
            one if algo is None else msgspec.structs.replace(one, client_order_id=algo.name)
            for one, algo in owners
        )

    async def _linked(self, symbol: str) -> None:
        """Learn what stops became: once the whole history of the service, then those that wait."""
        if symbol not in self._read_back:
            end_ms = self._calls.timestamp_ms()
            for _ in range(_WEEKS):
                await self._read_history(symbol, end_ms - _WEEK_MS, end_ms)
                end_ms -= _WEEK_MS + 1
            self._read_back.add(symbol)
        for algo in list(self._waiting.values()):
            if algo.symbol == symbol:
                await self._asked_of(algo)

    async def _read_history(self, symbol: str, start_ms: int, end_ms: int) -> None:
        """Learn of the stops placed in a time; where a page is full, of each half of it."""
        page = {"symbol": symbol, "limit": str(_PAGE)}
        page |= {"startTime": str(start_ms), "endTime": str(end_ms)}
        rows = await self._calls.call("GET", self._base + ALL_PATH, page)
        for row in rows:
            self._know(row)
        if len(rows) >= _PAGE and start_ms < end_ms:
            half_ms = (start_ms + end_ms) // 2
            await self._read_history(symbol, start_ms, half_ms)
            await self._read_history(symbol, half_ms + 1, end_ms)

    async def _asked_of(self, algo: _Algo) -> None:
        """Learn what a stop became; one that never arrived became nothing."""
        try:
            await self._looked(algo.name, algo.symbol)
        except Refused as refused:
            if refused.code not in _NO_SUCH:
                raise

    async def _order(self, params: dict[str, str]) -> Any:
        name = params["origClientOrderId"]
        if name not in self._algos:
            try:
                return await super()._order(params)
            except Refused as refused:
                if refused.code not in _NO_SUCH or name in self._plain:
                    raise
        return await self._looked(name, params["symbol"])

    async def _looked(self, name: str, symbol: str) -> dict[str, Any]:
        """Return a stop, or what it became, in the words of an order; raises as a call does."""
        row = await self._calls.call("GET", self._base + PATH, {"clientAlgoId": name})
        actual = self._read(lambda: self._know(row)).actual
        if not actual:
            return self._read(lambda: row_of(row))
        try:
            params = {"symbol": symbol, "orderId": actual}
            url = self._base + self._market.order_path
            found: dict[str, Any] = await self._calls.call("GET", url, params)
        except Refused as refused:
            if refused.code in _NO_SUCH:  # it is there: absence would be believed
                raise Doubt("a stop triggered and its order is not to be seen yet") from None
            raise
        return {**found, "clientOrderId": name, "algoId": row["algoId"]}

    def _path(self, order: VenueOrder) -> str:
        return PATH if order.type in TYPES else super()._path(order)

    async def find_order(self, client_order_id: str, symbol: str) -> VenueOrderStatus | None:
        """Return an order; None once nothing sent under its id can still be taken."""
        found = await super().find_order(client_order_id, symbol)
        if found is None:
            self._waiting.pop(client_order_id, None)
        return found

    def _tell(self, report: VenueReport | VenueCash) -> None:
        if isinstance(report, VenueReport) and report.kind in (K.REJECTED, K.UNSENT):
            self._waiting.pop(report.client_order_id, None)
        super()._tell(report)

    # --- the stream ------------------------------------------------------------------------

    def _heard(self, event: dict[str, Any]) -> VenueReport | None:
        if event.get("e") == "ALGO_UPDATE":
            told = event["o"]
            if told["at"] != "CONDITIONAL":
                return None
            known = {"clientAlgoId": told["caid"], "symbol": told["s"], "side": told["S"]}
            self._know({**told, **known, "algoStatus": told["X"]})
            said = heard_row(told, int(event["T"]))
            return None if said is None else heard(said)
        return self._order_heard(event)

    def _order_heard(self, event: dict[str, Any]) -> VenueReport | None:
        """Return what is said of an order, unless it may be what a stop became: that waits."""
        row = self._market.event(event)
        if row is None:
            return super()._heard(event)
        number = str(row["i"])
        waits = number not in self._by_actual and self._maybe(row["s"], row["S"], row["c"])
        if waits:
            self._held.setdefault(number, []).append(row)
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._attribute())
            return None
        return heard(self._named(row, "i", "c"))

    def _know(self, row: Row) -> _Algo:
        """Learn of a stop, and of the order it became: what was held back of it is told."""
        name = str(row["clientAlgoId"])
        algo = self._algos.get(name)
        if algo is None:
            algo = self._learn(name, str(row["symbol"]), str(row["side"]))
        if str(row["algoStatus"]) in ENDS:
            self._waiting.pop(name, None)
        actual = actual_of(row)
        if actual and not algo.actual:
            algo.actual = actual
            self._waiting.pop(name, None)
            self._by_actual[actual] = algo
            self._opened_link.trades.note(actual, name)
            self._release(actual)
        return algo

    def _learn(self, name: str, symbol: str, side: str) -> _Algo:
        algo = self._algos[name] = self._waiting[name] = _Algo(name, symbol, side)
        if len(self._algos) > _REMEMBERED:
            oldest = self._algos.pop(next(iter(self._algos)))
            self._waiting.pop(oldest.name, None)
            self._by_actual.pop(oldest.actual, None)
        return algo

    def _maybe(self, symbol: str, side: str, client_order_id: str) -> list[_Algo]:
        """Return the stops that an order of a strange name may have been."""
        if client_order_id in self._plain:
            return []
        return [one for one in self._waiting.values() if (one.symbol, one.side) == (symbol, side)]

    def _named(self, row: Row, number: str, name: str) -> Row:
        algo = self._by_actual.get(str(row[number]))
        return row if algo is None else {**row, name: algo.name, "C": algo.name}

    def _release(self, number: str) -> None:
        for row in self._held.pop(number, ()):
            report = heard(self._named(row, "i", "c"))
            if report is not None:
                self._say(report)

    async def _attribute(self) -> None:
        """Ask whose orders are held back; after some answers that know none, a stranger's."""
        asked: dict[str, int] = {}
        while self._held:
            for number, rows in list(self._held.items()):
                first, sure = rows[0], True
                for algo in self._maybe(first["s"], first["S"], first["c"]):
                    try:
                        await self._asked_of(algo)
                    except (Unsent, Doubt, Refused):
                        sure = False
                asked[number] = asked.get(number, 0) + sure
                if asked[number] >= _ASKS:
                    self._release(number)
            await asyncio.sleep(_PAUSE_S)
