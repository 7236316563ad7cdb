"""Polling: the fills and ends of orders that an exchange does not tell by itself.

An order's end is told only after as many fills as the exchange counts were told, so that nothing
is released before it is booked.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from fks.contexts.execution.adapters.venues.ccxt.exchange import fill_from
from fks.contracts.execution import VenueFill, VenueOrderStatus, VenueReport, VenueReportKind
from fks.kernel.errors import Denied, TimedOut, Unavailable

__all__ = ["Polling"]

_ENDS = {
    "cancelled": VenueReportKind.CANCELLED,
    "expired": VenueReportKind.EXPIRED,
    "rejected": VenueReportKind.REJECTED,
}
_BACK_NS = 60_000_000_000  # trades are asked for again from so long before the last one
_KEPT = 10_000
_FAILED = (Unavailable, TimedOut, Denied)


class Exchange(Protocol):
    """What the poller asks."""

    async def find_order(self, client_order_id: str, symbol: str) -> VenueOrderStatus | None:
        """Fetch an order."""
        ...

    async def order_name(self, number: str, symbol: str) -> str:
        """Return an order's client id by the exchange's number."""
        ...

    async def working(self, symbol: str) -> list[VenueOrderStatus]:
        """Fetch the working orders."""
        ...

    async def trades_since(self, ts_ns: int, symbol: str) -> list[Any]:
        """Fetch trades."""
        ...

    async def clock_offset_ns(self) -> int:
        """Fetch the time."""
        ...


class _Followed(msgspec.Struct):
    """An order whose fills and end are looked for."""

    symbol: str
    number: str
    told: Decimal = Decimal(0)


class Polling:
    """Asks in turns; `down` says why nothing can be asked, empty when all is well."""

    def __init__(
        self,
        exchange: Exchange,
        poll_s: float,
        report: Callable[[VenueReport], None],
        wall_ns: Callable[[], int],
    ) -> None:
        self._exchange = exchange
        self._poll_s = poll_s
        self._report = report
        self._wall_ns = wall_ns
        self._orders: dict[str, _Followed] = {}
        self._names: dict[tuple[str, str], str] = {}  # (symbol, the exchange's number) -> ours
        self._seen: dict[tuple[str, str], None] = {}  # trades that were told
        self._since_ns: dict[str, int] = {}
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._start_ns = 0
        self.down = ""

    def start(self) -> None:
        """Begin; trades before now are history, which is asked for when reconciling."""
        self._start_ns = self._wall_ns()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def hurry(self) -> None:
        """Ask now, not at the next turn."""
        self._woken.set()

    def follow(self, name: str, symbol: str, number: str) -> None:
        """Look for the fills and the end of an order from now on."""
        if name not in self._orders:
            self._orders[name] = _Followed(symbol, number)
        self._names[(symbol, number)] = name
        while len(self._names) > _KEPT:
            del self._names[next(iter(self._names))]

    def number(self, name: str) -> str | None:
        """Return the exchange's number of an order that is followed."""
        followed = self._orders.get(name)
        return None if followed is None else followed.number

    async def name(self, number: str, symbol: str) -> str:
        """Return our id of an order by the exchange's number, asked for when it is not known."""
        known = self._names.get((symbol, number))
        if known is None:
            known = await self._exchange.order_name(number, symbol)
            self._names[(symbol, number)] = known
        return known

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self._turn()
            except _FAILED as error:
                self._changed(error.message)
            else:
                self._changed("")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._woken.wait()

    async def _turn(self) -> None:
        symbols = sorted({followed.symbol for followed in self._orders.values()})
        if not symbols:
            await self._exchange.clock_offset_ns()
        for symbol in symbols:
            followed = {n for n, order in self._orders.items() if order.symbol == symbol}
            await self._tell_fills(symbol)
            working = {status.client_order_id for status in await self._exchange.working(symbol)}
            for name in sorted(followed - working):
                await self._tell_end(name, symbol)

    async def _tell_end(self, name: str, symbol: str) -> None:
        status = await self._exchange.find_order(name, symbol)
        if status is None or status.state in ("new", "partially_filled"):
            return
        if self._orders[name].told < status.filled:
            await self._tell_fills(symbol)
        if self._orders[name].told < status.filled:
            return  # the exchange's own history lags: next turn
        del self._orders[name]
        if status.state in _ENDS:
            self._report(
                VenueReport(
                    kind=_ENDS[status.state],
                    ts_ns=status.ts_ns,
                    client_order_id=name,
                    venue_order_id=status.venue_order_id,
                    symbol=symbol,
                    side=status.side,
                )
            )

    async def _tell_fills(self, symbol: str) -> None:
        since_ns = max(self._since_ns.get(symbol, 0), self._start_ns) - _BACK_NS
        for trade in await self._exchange.trades_since(since_ns, symbol):
            key = (symbol, str(trade["id"]))
            if key in self._seen:
                continue
            name = await self.name(str(trade["order"] or ""), symbol)
            fill = fill_from(trade, name, symbol)
            self._seen[key] = None
            while len(self._seen) > _KEPT:
                del self._seen[next(iter(self._seen))]
            self._since_ns[symbol] = max(self._since_ns.get(symbol, 0), fill.ts_ns)
            if name in self._orders:
                self._orders[name].told += fill.quantity
            fields = {field: getattr(fill, field) for field in VenueFill.__struct_fields__}
            self._report(VenueReport(kind=VenueReportKind.FILLED, **fields))

    def _changed(self, down: str) -> None:
        """Report when the exchange goes away, or is back."""
        if bool(down) != bool(self.down):
            kind = VenueReportKind.DISCONNECTED if down else VenueReportKind.CONNECTED
            self.down = down
            self._report(VenueReport(kind=kind, ts_ns=self._wall_ns(), text=down))
