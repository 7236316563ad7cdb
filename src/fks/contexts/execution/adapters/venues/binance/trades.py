"""The trade history of Binance, read whole: by windows of time to the first, then by id."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from fks.contexts.execution.adapters.venues.binance.calls import Calls, Refused
from fks.contexts.execution.adapters.venues.binance.words import Market, fill_of
from fks.contracts.execution import VenueFill

__all__ = ["Trades"]

_PAGE = 1000
_WINDOWS = 8  # further back than so many windows the whole history is read, by id
_REMEMBERED = 100_000
_MS = 1_000_000
_NO_SUCH_ORDER = -2013


class Trades:
    """Fills of an account, with the client's ids that the history itself lacks."""

    def __init__(self, calls: Calls, market: Market, base_url: str) -> None:
        self._calls, self._market, self._base = calls, market, base_url
        self._names: OrderedDict[str, str] = OrderedDict()

    def note(self, venue_order_id: str, client_order_id: str) -> None:
        """Remember whose order a number of Binance's is."""
        if venue_order_id and client_order_id:
            self._names[venue_order_id] = client_order_id
            if len(self._names) > _REMEMBERED:
                self._names.popitem(last=False)

    async def since(self, ts_ns: int, symbol: str) -> tuple[VenueFill, ...]:
        """Return the fills at or after an instant, oldest first; raises as a call does."""
        rows = await self._rows(max(0, -(-ts_ns // _MS)), symbol)
        fills = []
        for row in sorted(rows, key=lambda row: int(row["id"])):
            if int(row["time"]) * _MS >= ts_ns:
                name = await self._name(symbol, str(row["orderId"]))
                side, maker = self._market.fill_side(row), self._market.is_maker(row)
                fills.append(fill_of(row, name, side, maker))
        return tuple(fills)

    async def _rows(self, start_ms: int, symbol: str) -> list[Any]:
        """Return lines of the history from an instant on, earlier ones perhaps too."""
        now_ms, window_ms = self._calls.timestamp_ms(), self._market.trades_window_ms
        if start_ms > now_ms:
            return []
        if now_ms - start_ms > _WINDOWS * window_ms:
            return await self._onwards(symbol, 0, [])
        while start_ms <= now_ms:
            page = await self._page(symbol, startTime=start_ms, endTime=start_ms + window_ms - 1)
            if page:
                return await self._onwards(symbol, max(int(row["id"]) for row in page) + 1, page)
            start_ms += window_ms
        return []

    async def _onwards(self, symbol: str, first: int, rows: list[Any]) -> list[Any]:
        """Add all lines from an id on."""
        while page := await self._page(symbol, fromId=first):
            rows += page
            first = max(int(row["id"]) for row in page) + 1
            if len(page) < _PAGE:
                break
        return rows

    async def _page(self, symbol: str, **where: int) -> list[Any]:
        params = {"symbol": symbol, "limit": str(_PAGE)}
        params |= {name: str(value) for name, value in where.items()}
        rows: list[Any] = await self._calls.call(
            "GET", self._base + self._market.trades_path, params
        )
        return rows

    async def _name(self, symbol: str, venue_order_id: str) -> str:
        """Return the client's id of an order; "" where Binance keeps the order no more."""
        known = self._names.get(venue_order_id)
        if known is not None:
            return known
        params = {"symbol": symbol, "orderId": venue_order_id}
        try:
            row = await self._calls.call("GET", self._base + self._market.order_path, params)
        except Refused as refused:
            if refused.code != _NO_SUCH_ORDER:
                raise
            return ""
        self.note(venue_order_id, str(row["clientOrderId"]))
        return str(row["clientOrderId"])
