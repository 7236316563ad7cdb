"""The NinjaTrader venue: signals out of the account's port, acknowledgements and fills in."""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Literal

import msgspec

from fks.contexts.execution.adapters.venues.ninja import wire
from fks.contexts.execution.adapters.venues.ninja.port import Port, PortTerms
from fks.contexts.execution.adapters.venues.ninja.words import (
    KINDS,
    fill_of,
    report_of,
    status_of,
)
from fks.contexts.execution.adapters.venues.secrets import secret
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
from fks.contracts.values import Instrument, OrderType, Side, TimeInForce
from fks.kernel.errors import Invalid, TimedOut, Unavailable

__all__ = ["NinjaSettings", "NinjaVenue", "make"]

_TYPES = (
    OrderType.MARKET,
    OrderType.LIMIT,
    OrderType.STOP,
    OrderType.STOP_LIMIT,
    OrderType.MARKET_IF_TOUCHED,
)
_KEPT = 10_000
_CAPABILITIES = VenueCapabilities(
    order_types=frozenset(_TYPES),
    times_in_force=frozenset((TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD)),
    amend=True,
    post_only=False,
    reduce_only=False,
    dedups=True,
    holds_positions=True,
    money="profit",
)


class NinjaSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The venue's section. `account` is NinjaTrader's name of it; `token_env` or `token_file`
    name where the token is kept that the terminal has to show; `symbols` are NinjaTrader's names
    of our instruments, where they differ ("GC 02-27").

    Seconds: `heartbeat_s`; `oldest_s`, the age from which the terminal refuses a signal;
    `connect_timeout_s`, how long to wait for the terminal at the start; `answer_timeout_s`.
    """

    account: str
    port: int
    token_env: str = ""
    token_file: str = ""
    host: str = "127.0.0.1"
    heartbeat_s: float = 30.0
    oldest_s: float = 30.0
    connect_timeout_s: float = 30.0
    answer_timeout_s: float = 5.0
    symbols: Mapping[str, str] = {}


class NinjaVenue:
    """One account in a NinjaTrader terminal."""

    def __init__(self, context: VenueContext) -> None:
        try:
            settings = msgspec.convert(dict(context.settings), NinjaSettings, strict=False)
        except msgspec.ValidationError as error:
            raise Invalid(
                f"the NinjaTrader venue's settings: {error}", code="execution.bad_config"
            ) from error
        token = secret("token", settings.token_env, settings.token_file)
        if len(token) < 16:
            raise Invalid(
                "the NinjaTrader venue's token (token_env, token_file) has fewer than 16 "
                "characters; `openssl rand -hex 16` makes one",
                code="execution.bad_config",
            )
        self._settings = settings
        self._wall_ns = context.wall_ns
        self._from_wire = {theirs: ours for ours, theirs in settings.symbols.items()}
        self._currency = {i.id: i.currency for i in context.instruments}
        terms = PortTerms(
            host=settings.host,
            port=settings.port,
            account=settings.account,
            token=token,
            heartbeat_s=settings.heartbeat_s,
            oldest_s=settings.oldest_s,
            connect_timeout_s=settings.connect_timeout_s,
        )
        self._port = Port(terms, context.wall_ns, self._on_line, self._up, self._down)
        self._listener: Callable[[VenueReport], None] | None = None
        self._waiting: dict[tuple[str, str], asyncio.TimerHandle] = {}  # (order, action)
        self._symbols: OrderedDict[str, str] = OrderedDict()
        self._told: OrderedDict[str, None] = OrderedDict()  # executions that were reported
        self._asked: dict[int, asyncio.Future[wire.Answer]] = {}
        self._requests = itertools.count(1)

    @property
    def capabilities(self) -> VenueCapabilities:
        """Return what NinjaTrader can do."""
        return _CAPABILITIES

    @property
    def port(self) -> int:
        """Return the port that is listened on; with port 0 in the settings a free one."""
        return self._port.number

    def learn(self, instrument: Instrument) -> None:
        """Trade one more instrument."""
        self._currency[instrument.id] = instrument.currency

    async def connect(self, listener: Callable[[VenueReport], None]) -> None:
        """Listen, and wait for the terminal to come."""
        self._listener = listener
        await self._port.start()

    async def close(self) -> None:
        """Stop to listen; orders stay in the terminal."""
        await self._port.stop()
        self._listener = None
        for timer in self._waiting.values():
            timer.cancel()
        self._waiting.clear()

    # --- requests ---

    async def submit(self, order: VenueOrder) -> None:
        """Send a signal to buy or sell."""
        symbol = order.instrument.id
        signal = wire.Signal(
            action="buy" if order.side is Side.BUY else "sell",
            id=order.client_order_id,
            symbol=self._theirs(symbol),
            timestamp=self._wall_ns(),
            quantity=order.quantity,
            order_type=order.type.value,
            price=order.price,
            stop_price=order.stop_price,
            tif=order.time_in_force.value,
            expires=order.expire_ts_ns,
        )
        self._send(signal, VenueReportKind.UNSENT)

    async def cancel(self, client_order_id: str, symbol: str) -> None:
        """Send a signal to cancel."""
        signal = wire.Signal(
            action="cancel",
            id=client_order_id,
            symbol=self._theirs(symbol),
            timestamp=self._wall_ns(),
        )
        self._send(signal, VenueReportKind.CANCEL_REJECTED)

    async def amend(
        self, client_order_id: str, symbol: str, quantity: Decimal, price: Decimal | None
    ) -> None:
        """Send a signal to change an order."""
        signal = wire.Signal(
            action="change",
            id=client_order_id,
            symbol=self._theirs(symbol),
            timestamp=self._wall_ns(),
            quantity=quantity,
            price=price,
        )
        self._send(signal, VenueReportKind.REPLACE_REJECTED)

    # --- questions ---

    async def find_order(self, client_order_id: str, symbol: str) -> VenueOrderStatus | None:
        """Ask for one order; the terminal keeps the ids it ever saw, so nothing means never."""
        answer = await self._ask("order", id=client_order_id)
        return status_of(answer.orders[0], symbol) if answer.orders else None

    async def open_orders(self) -> tuple[VenueOrderStatus, ...]:
        """Ask for all working orders of the account, strangers' too."""
        lines = (await self._ask("orders")).orders
        return tuple(status_of(line, self._ours(line.symbol)) for line in lines)

    async def fills_since(self, ts_ns: int, symbol: str) -> tuple[VenueFill, ...]:
        """Ask for the executions at or after an instant."""
        theirs = self._theirs(symbol)
        lines = (await self._ask("fills", symbol=theirs, since=ts_ns)).fills
        currency = self._currency.get(symbol, "")
        fills = [fill_of(line, symbol, currency) for line in lines]
        return tuple(sorted(fills, key=lambda fill: fill.ts_ns))

    async def positions(self) -> tuple[VenuePosition, ...]:
        """Ask for the positions."""
        lines = (await self._ask("positions")).positions
        return tuple(
            VenuePosition(
                symbol=self._ours(line.symbol),
                quantity=line.quantity,
                average_price=line.average_price,
            )
            for line in lines
            if line.quantity
        )

    async def balances(self) -> tuple[VenueBalance, ...]:
        """Ask for the account's money."""
        lines = (await self._ask("account")).accounts
        return tuple(VenueBalance(currency=a.currency, total=a.cash, free=a.free) for a in lines)

    async def clock_offset_ns(self) -> int:
        """Ask anything and compare the clocks."""
        start_ns = self._wall_ns()
        answer = await self._ask("account")
        return answer.timestamp - (start_ns + self._wall_ns()) // 2

    # --- inside ---

    def _send(self, signal: wire.Signal, unsent: VenueReportKind) -> None:
        """Send a signal; say so when it cannot leave, or goes unanswered."""
        try:
            self._port.send(signal)
        except Unavailable as error:
            self._say(unsent, signal.id, code="NOT_SENT", text=error.message)
            return
        self._symbols[signal.id] = self._ours(signal.symbol)
        if len(self._symbols) > _KEPT:
            self._symbols.popitem(last=False)
        self._answered(signal.id, signal.action)
        self._waiting[(signal.id, _awaited(signal.action))] = asyncio.get_running_loop().call_later(
            self._settings.answer_timeout_s,
            self._unanswered,
            signal.id,
            signal.action,
            "no answer came",
        )

    def _unanswered(self, order: str, action: str, why: str) -> None:
        if self._answered(order, action):
            self._say(VenueReportKind.UNKNOWN, order, code="UNANSWERED", text=why)

    def _answered(self, order: str, action: str) -> bool:
        timer = self._waiting.pop((order, _awaited(action)), None)
        if timer is not None:
            timer.cancel()
        return timer is not None

    async def _ask(
        self,
        query: Literal["order", "orders", "fills", "positions", "account"],
        *,
        id: str = "",  # noqa: A002  # named as on the wire
        symbol: str = "",
        since: int = 0,
    ) -> wire.Answer:
        request = next(self._requests)
        answered: asyncio.Future[wire.Answer] = asyncio.get_running_loop().create_future()
        self._asked[request] = answered
        try:
            self._port.send(
                wire.Query(request=request, query=query, id=id, symbol=symbol, since=since)
            )
            async with asyncio.timeout(self._settings.answer_timeout_s):
                return await answered
        except TimeoutError as error:
            raise TimedOut(
                "NinjaTrader did not answer in time", code="execution.venue_timed_out"
            ) from error
        finally:
            del self._asked[request]

    def _on_line(self, line: wire.FromTerminal) -> None:
        if isinstance(line, wire.Answer):
            answered = self._asked.get(line.request)
            if answered is not None and not answered.done():
                answered.set_result(line)
        elif isinstance(line, wire.Fill):
            self._filled(line)
        elif not isinstance(line, wire.Hello | wire.Heartbeat):
            self._reported(line)

    def _reported(
        self,
        line: wire.Accepted
        | wire.Rejected
        | wire.Cancelled
        | wire.Expired
        | wire.CancelRejected
        | wire.ChangeRejected
        | wire.Changed,
    ) -> None:
        kind = KINDS[type(line)]
        if isinstance(line, wire.Cancelled | wire.CancelRejected):
            self._answered(line.id, "cancel")
        if isinstance(line, wire.Changed | wire.ChangeRejected):
            self._answered(line.id, "change")
        if not isinstance(line, wire.CancelRejected | wire.ChangeRejected):
            self._answered(line.id, "buy")
        changed = line if isinstance(line, wire.Changed) else None
        self._say(
            kind,
            line.id,
            ts_ns=line.timestamp,
            venue_order_id=line.order_id,
            quantity=Decimal(0) if changed is None else changed.quantity,
            price=(None if changed is None else changed.price) or Decimal(0),
            code=line.code,
            text=line.reason,
        )

    def _filled(self, line: wire.Fill) -> None:
        self._answered(line.id, "buy")
        if line.execution_id in self._told:
            return
        self._told[line.execution_id] = None
        if len(self._told) > _KEPT:
            self._told.popitem(last=False)
        symbol = self._ours(line.symbol)
        if self._listener is not None:
            self._listener(report_of(line, symbol, self._currency.get(symbol, "")))

    def _up(self) -> None:
        self._say(VenueReportKind.CONNECTED)

    def _down(self, why: str) -> None:
        for order, action in list(self._waiting):
            self._unanswered(order, action, f"the terminal went away: {why}")
        for answered in self._asked.values():
            if not answered.done():
                answered.set_exception(
                    Unavailable("NinjaTrader went away", code="execution.venue_unavailable")
                )
        self._say(VenueReportKind.DISCONNECTED, text=why)

    def _say(
        self,
        kind: VenueReportKind,
        order: str = "",
        *,
        ts_ns: int = 0,
        venue_order_id: str = "",
        quantity: Decimal = Decimal(0),
        price: Decimal = Decimal(0),
        code: str = "",
        text: str = "",
    ) -> None:
        if self._listener is not None:
            self._listener(
                VenueReport(
                    kind=kind,
                    ts_ns=ts_ns or self._wall_ns(),
                    client_order_id=order,
                    venue_order_id=venue_order_id,
                    symbol=self._symbols.get(order, ""),
                    quantity=quantity,
                    price=price,
                    code=code,
                    text=text,
                )
            )

    def _theirs(self, symbol: str) -> str:
        return self._settings.symbols.get(symbol, symbol)

    def _ours(self, symbol: str) -> str:
        return self._from_wire.get(symbol, symbol)


def _awaited(action: str) -> str:
    """Return what kind of answer an action waits for."""
    return action if action in ("cancel", "change") else "order"


def make(context: VenueContext) -> NinjaVenue:
    """Make a NinjaTrader venue. Raises `Invalid` for bad settings."""
    return NinjaVenue(context)
