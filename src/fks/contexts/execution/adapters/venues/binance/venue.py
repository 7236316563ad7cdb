"""A Binance account as a venue: what both markets do alike.

A send is tried once. Its outcome is a report: what Binance says, UNKNOWN where nobody knows, and
UNSENT where no byte left. That Binance "does not know" an order is believed only once nothing sent
under its id can still be taken, which `recvWindow` bounds.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, TypeVar

from fks.contexts.execution.adapters.venues.binance.calls import (
    Calls,
    Doubt,
    Refused,
    Unsent,
    failure,
)
from fks.contexts.execution.adapters.venues.binance.checks import check_rights, check_rules
from fks.contexts.execution.adapters.venues.binance.link import Link, opened
from fks.contexts.execution.adapters.venues.binance.stream import FAILURES
from fks.contexts.execution.adapters.venues.binance.words import (
    Market,
    Row,
    Unfit,
    heard,
    on_grid,
    report_of,
    status_of,
)
from fks.contracts.execution import (
    VenueBalance,
    VenueCapabilities,
    VenueCash,
    VenueContext,
    VenueFill,
    VenueOrder,
    VenueOrderStatus,
    VenuePosition,
    VenueReport,
    VenueReportKind,
)
from fks.contracts.values import Instrument
from fks.kernel.errors import TimedOut, Unavailable

__all__ = ["About", "BinanceVenue"]

K = VenueReportKind
T = TypeVar("T")
_REMEMBERED = 100_000
_MS = 1_000_000
_NO_SUCH_ORDER = (-2013, -2011)
_CLOCK_WRONG = -1021


class BinanceVenue:
    """One account at one market of Binance."""

    def __init__(self, context: VenueContext, market: Market) -> None:
        self._context, self._market = context, market
        self._instruments = {one.id: one for one in context.instruments}
        self._link: Link | None = None
        self._listener: Callable[[VenueReport | VenueCash], None] | None = None
        self._said: OrderedDict[tuple[Any, ...], None] = OrderedDict()
        self._unsure_until_ns: dict[str, int] = {}
        self._began_ns = 0
        self._resync: asyncio.Task[int] | None = None

    # --- the link --------------------------------------------------------------------------

    def learn(self, instrument: Instrument) -> None:
        """Trade one more instrument."""
        self._instruments[instrument.id] = instrument

    @property
    def capabilities(self) -> VenueCapabilities:
        """Return what this market of Binance can do."""
        return self._market.capabilities

    async def connect(self, listener: Callable[[VenueReport | VenueCash], None]) -> None:
        """Check the key, the account and the rules, then subscribe and stay subscribed.

        Raises Denied for a key that is missing, refused or may withdraw, a strange host, and an
        account that is set otherwise than we trade; Invalid for settings that cannot be used and
        a grid that differs; Unavailable, TimedOut.
        """
        if self._link is None:
            self._link = self._opened()
        link = self._link
        self._listener = listener
        self._began_ns = self._context.monotonic_ns()
        up = False
        try:
            await self.clock_offset_ns()
            await self._asked(check_rights(self._calls, link.rights_url))
            await self._asked(self._market.prepare(self._calls, self._base))
            instruments = tuple(self._instruments.values())
            rules = check_rules(self._calls, self._market, self._base, instruments)
            await self._asked(rules)
            await self._asked(link.stream.start())
            up = True
        finally:
            if not up:
                await self.close()

    async def close(self) -> None:
        """Disconnect; orders stay where they are."""
        if self._link is not None:
            await self._link.stream.close()
        self._listener = None
        if self._resync is not None:
            self._resync.cancel()
            await asyncio.gather(self._resync, return_exceptions=True)
            self._resync = None
        if self._link is not None:
            await self._link.calls.close()

    # --- sends -----------------------------------------------------------------------------

    async def submit(self, order: VenueOrder) -> None:
        """Send an order, once."""
        about = About(order.client_order_id, order.instrument.id)
        try:
            on_grid(order.instrument, order.quantity, order.price, order.stop_price)
            params = self._market.new_order(order)
        except Unfit as unfit:
            self._report(K.REJECTED, about, unfit.code, unfit.text)
            return
        self._unsure(order.client_order_id)
        try:
            answer = await self._calls.call("POST", self._base + self._path(order), params)
            reports = self._read(lambda: self._market.placed(order, answer))
        except Unsent as unsent:
            self._unsure_until_ns.pop(order.client_order_id, None)
            self._report(K.UNSENT, about, "NOT_SENT", str(unsent))
        except Doubt as doubt:
            self._report(K.UNKNOWN, about, "NO_ANSWER", str(doubt))
        except Refused as refused:
            self._unsure_until_ns.pop(order.client_order_id, None)
            self._refused(K.REJECTED, about, refused)
        else:
            self._unsure_until_ns.pop(order.client_order_id, None)
            for report in reports:
                self._say(report)

    async def cancel(self, client_order_id: str, symbol: str) -> None:
        """Ask for a cancel, once."""
        about = About(client_order_id, symbol)
        params = {"symbol": symbol, "origClientOrderId": client_order_id}
        try:
            answer = await self._calls.call("DELETE", self._base + self._market.order_path, params)
            report = self._read(lambda: _cancelled(answer, client_order_id))
        except Unsent as unsent:
            self._report(K.CANCEL_REJECTED, about, "NOT_SENT", str(unsent))
        except Doubt as doubt:
            self._report(K.UNKNOWN, about, "NO_ANSWER", f"to a cancel: {doubt}")
        except Refused as refused:
            self._refused(K.CANCEL_REJECTED, about, refused)
        else:
            self._say(report)

    async def amend(
        self, client_order_id: str, symbol: str, quantity: Decimal, price: Decimal | None
    ) -> None:
        """Ask for another total quantity and limit price, once; the order is looked at before."""
        about = About(client_order_id, symbol)
        try:
            found = await self._order({"symbol": symbol, "origClientOrderId": client_order_id})
            if symbol in self._instruments:
                on_grid(self._instruments[symbol], quantity, price)
            path, params = self._read(lambda: self._market.change(found, quantity, price))
        except (Unsent, Doubt) as error:
            self._report(K.REPLACE_REJECTED, about, "NOT_SENT", str(error))
            return
        except Unfit as unfit:
            self._report(K.REPLACE_REJECTED, about, unfit.code, unfit.text)
            return
        except Refused as refused:
            self._refused(K.REPLACE_REJECTED, about, refused)
            return
        try:
            answer = await self._calls.call("PUT", self._base + path, params)
            report = self._read(lambda: _replaced(self._market.changed(answer)))
        except Unsent as unsent:
            self._report(K.REPLACE_REJECTED, about, "NOT_SENT", str(unsent))
        except Doubt as doubt:
            self._report(K.UNKNOWN, about, "NO_ANSWER", f"to a change: {doubt}")
        except Refused as refused:
            self._refused(K.REPLACE_REJECTED, about, refused)
        else:
            self._say(report)

    # --- questions -------------------------------------------------------------------------

    async def find_order(self, client_order_id: str, symbol: str) -> VenueOrderStatus | None:
        """Return an order; None once nothing sent under its id can still be taken.

        Raises Unavailable until then, as for any question that has no answer.
        """
        asked_ns = self._context.monotonic_ns()
        try:
            params = {"symbol": symbol, "origClientOrderId": client_order_id}
            found = await self._order(params)
            return self._read(lambda: status_of(found))
        except Refused as refused:
            if refused.code not in _NO_SUCH_ORDER:
                self._mind_clock(refused)
                raise failure(refused) from None
        except (Unsent, Doubt) as error:
            raise failure(error) from None
        sure_ns = self._unsure_until_ns.get(client_order_id, self._began_ns + self._window_ns())
        if asked_ns < sure_ns:
            raise Unavailable(
                "Binance does not know the order yet, and may still take it",
                code="execution.venue_unsure",
                retry_after_s=(sure_ns - asked_ns) / 1e9,
            )
        return None

    async def open_orders(self) -> tuple[VenueOrderStatus, ...]:
        """Return all working orders."""

        async def ask() -> tuple[VenueOrderStatus, ...]:
            rows = await self._calls.call("GET", self._base + self._market.open_path)
            return tuple(status_of(row) for row in rows)

        return await self._asked(ask())

    async def fills_since(self, ts_ns: int, symbol: str) -> tuple[VenueFill, ...]:
        """Return the fills at or after an instant, oldest first."""
        return await self._asked(self._opened_link.trades.since(ts_ns, symbol))

    async def positions(self) -> tuple[VenuePosition, ...]:
        """Return the positions that are not flat; spot holds none."""
        return await self._asked(self._market.positions(self._calls, self._base))

    async def balances(self) -> tuple[VenueBalance, ...]:
        """Return the money."""
        return await self._asked(self._market.balances(self._calls, self._base))

    async def clock_offset_ns(self) -> int:
        """Measure how far the venue's clock is ahead of ours; requests are stamped by it."""
        before_ns = self._context.wall_ns()
        server_ms = await self._asked(self._server_ms())
        after_ns = self._context.wall_ns()
        self._calls.offset_ns = server_ms * _MS - (before_ns + after_ns) // 2
        return self._calls.offset_ns

    # --- inside ----------------------------------------------------------------------------

    def _opened(self) -> Link:
        return opened(self._context, self._market, self._heard, self._say, self._on_state)

    @property
    def _opened_link(self) -> Link:
        if self._link is None:
            raise Unavailable("this venue was not connected", code="execution.venue_unreachable")
        return self._link

    def _path(self, order: VenueOrder) -> str:
        return self._market.order_path

    @property
    def _calls(self) -> Calls:
        return self._opened_link.calls

    @property
    def _base(self) -> str:
        return self._opened_link.base_url

    async def _order(self, params: dict[str, str]) -> Any:
        return await self._calls.call("GET", self._base + self._market.order_path, params)

    async def _server_ms(self) -> int:
        url = self._base + self._market.time_path
        return int((await self._calls.call("GET", url, signed=False))["serverTime"])

    async def _asked(self, question: Awaitable[T]) -> T:
        """Ask; what fails is raised in the kernel's words."""
        try:
            return await question
        except (Unsent, Doubt, Refused) as error:
            self._mind_clock(error)
            raise failure(error) from None
        except (KeyError, TypeError, ValueError, ArithmeticError):
            message = "Binance gave an answer that cannot be read"
            raise Unavailable(message, code="execution.venue_unreadable") from None
        except FAILURES as error:
            message = f"Binance's stream: {type(error).__name__}"
            raise Unavailable(message, code="execution.venue_unreachable") from None

    def _read(self, read: Callable[[], T]) -> T:
        """Read an answer; one that lacks what it must have proves nothing: Doubt."""
        try:
            return read()
        except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError):
            raise Doubt("an answer that cannot be read") from None

    def _window_ns(self) -> int:
        """Return for how long after it was sent a request may be taken: with room for clocks."""
        window_ms = self._opened_link.settings.recv_window_ms
        return (window_ms + min(window_ms, 1000)) * _MS

    def _unsure(self, client_order_id: str) -> None:
        """Note until when an order that is sent now may be taken."""
        now_ns = self._context.monotonic_ns()
        if len(self._unsure_until_ns) >= _REMEMBERED:
            kept = {name: at for name, at in self._unsure_until_ns.items() if at > now_ns}
            self._unsure_until_ns = kept
        self._unsure_until_ns[client_order_id] = now_ns + self._window_ns()

    def _refused(self, kind: VenueReportKind, about: About, refused: Refused) -> None:
        """Report a refusal."""
        self._report(kind, about, str(refused.code), refused.text)
        self._mind_clock(refused)

    def _mind_clock(self, error: Unsent | Doubt | Refused) -> None:
        """Set a clock that is off right for the next request, whatever was refused for it."""
        wrong = isinstance(error, Refused) and error.code == _CLOCK_WRONG
        if wrong and (self._resync is None or self._resync.done()):
            self._resync = asyncio.create_task(self._set_clock())

    async def _set_clock(self) -> int:
        try:
            return await self.clock_offset_ns()
        except (Unavailable, TimedOut):
            return self._calls.offset_ns  # the next refusal tries again

    def _report(self, kind: VenueReportKind, about: About, code: str, text: str) -> None:
        self._tell(
            VenueReport(
                kind=kind,
                ts_ns=self._context.wall_ns() + self._calls.offset_ns,
                client_order_id=about.client_order_id,
                symbol=about.symbol,
                code=code,
                text=text,
            )
        )

    def _heard(self, event: dict[str, Any]) -> VenueReport | None:
        for cash in self._market.cash(event):
            self._tell(cash)
        row = self._market.event(event)
        return None if row is None else heard(row)

    def _on_state(self, up: bool) -> None:
        kind = K.CONNECTED if up else K.DISCONNECTED
        self._tell(VenueReport(kind=kind, ts_ns=self._context.wall_ns() + self._calls.offset_ns))

    def _say(self, report: VenueReport) -> None:
        """Tell what REST and the stream both say, once; fills are told by their trade's id."""
        self._opened_link.trades.note(report.venue_order_id, report.client_order_id)
        key: tuple[Any, ...] = (report.kind, report.symbol, report.venue_order_id)
        if report.kind is K.FILLED:
            key = (K.FILLED, report.symbol, report.side, report.trade_id)
        elif report.kind is K.REPLACED:
            key = (*key, report.quantity, report.price, report.ts_ns)
        if key in self._said:
            return
        self._said[key] = None
        if len(self._said) > _REMEMBERED:
            self._said.popitem(last=False)
        self._tell(report)

    def _tell(self, report: VenueReport | VenueCash) -> None:
        if self._listener is not None:
            self._listener(report)


class About:
    """Which order a report is about."""

    __slots__ = ("client_order_id", "symbol")

    def __init__(self, client_order_id: str, symbol: str) -> None:
        self.client_order_id, self.symbol = client_order_id, symbol


def _cancelled(answer: Row, client_order_id: str) -> VenueReport:
    """Return what the answer to a cancel reports; spot names it after the cancel, not the order."""
    row = {**answer, "clientOrderId": client_order_id}
    return report_of(K.CANCELLED, row, int(row.get("transactTime") or row["updateTime"]))


def _replaced(row: Row) -> VenueReport:
    """Return what the answer to a change reports; one that would take may have been cancelled."""
    ended = status_of(row).state in ("cancelled", "expired")
    kind = K.CANCELLED if ended else K.REPLACED
    return report_of(kind, row, int(row["updateTime"]), quantity=Decimal(row["origQty"]))
