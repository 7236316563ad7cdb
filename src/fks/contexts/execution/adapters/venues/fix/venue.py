"""The FIX 4.4 venue: orders out, execution reports in, statuses on request.

Many counterparties tell no history of fills but the session's own resends: unless `tells` names
"trades" this venue says `history=False`, and a fill that got lost is seen in the order's status.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from fks.contexts.execution.adapters.venues.fix import telling, words
from fks.contexts.execution.adapters.venues.fix.asking import Asking
from fks.contexts.execution.adapters.venues.fix.codec import Codec, Received, stamped_ns
from fks.contexts.execution.adapters.venues.fix.link import Link
from fks.contexts.execution.adapters.venues.fix.numbers import Numbers
from fks.contexts.execution.adapters.venues.fix.session import Session, SessionTerms
from fks.contexts.execution.adapters.venues.fix.terms import FixSettings
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
from fks.kernel.errors import Invalid, TimedOut, Unavailable

__all__ = ["FixVenue", "make"]

_KEPT = 10_000
_CAPABILITIES = VenueCapabilities(
    order_types=frozenset(words.TYPES),
    times_in_force=frozenset(words.TIFS),
    amend=True,
    post_only=True,
    reduce_only=True,
    dedups=True,
    holds_positions=False,
    history=False,
    iceberg=True,
)


class FixVenue:
    """One account at a FIX counterparty."""

    def __init__(self, context: VenueContext) -> None:
        try:
            settings = msgspec.convert(dict(context.settings), FixSettings, strict=False)
        except msgspec.ValidationError as error:
            raise Invalid(
                f"the FIX venue's settings: {error}", code="execution.bad_config"
            ) from error
        self._settings = settings
        self._wall_ns = context.wall_ns
        self._monotonic_ns = context.monotonic_ns
        self._from_wire = {wire: ours for ours, wire in settings.symbols.items()}
        codec = Codec(settings.sender, settings.target)
        file = f"{settings.sender}-{settings.target}.numbers".replace("/", "_")
        self._numbers = Numbers(Path(settings.numbers) / file)
        session = Session(
            codec,
            self._numbers,
            SessionTerms(
                heartbeat_s=settings.heartbeat_s,
                reset=settings.reset,
                username=settings.username,
                password=secret("password", settings.password_env, settings.password_file),
            ),
            context.wall_ns,
            self._on_message,
        )
        self._link = Link(
            session,
            (settings.host, settings.port),
            tls=settings.tls,
            timeout_s=settings.connect_timeout_s,
            monotonic_ns=context.monotonic_ns,
            on_up=lambda: self._link_changed(VenueReportKind.CONNECTED, ""),
            on_down=lambda reason: self._link_changed(VenueReportKind.DISCONNECTED, reason),
        )
        self._listener: Callable[[VenueReport], None] | None = None
        self._known: OrderedDict[str, words.Known] = OrderedDict()
        self._waiting: dict[str, asyncio.TimerHandle] = {}  # requests without an answer
        self._sent: OrderedDict[int, tuple[VenueReportKind, str]] = OrderedDict()
        self._asking = Asking(self._link.send, settings.answer_timeout_s)
        self._executions: OrderedDict[str, None] = OrderedDict()  # fills that were told
        self._last_id = 0

    @property
    def capabilities(self) -> VenueCapabilities:
        """Return what the counterparty can do, as it was set up."""
        return msgspec.structs.replace(
            _CAPABILITIES,
            post_only=self._settings.post_only,
            reduce_only=self._settings.reduce_only,
            history="trades" in self._settings.tells,
            holds_positions="positions" in self._settings.tells,
        )

    async def connect(self, listener: Callable[[VenueReport], None]) -> None:
        """Log on and stay logged on until `close`."""
        self._listener = listener
        await self._link.start()

    async def close(self) -> None:
        """Log out; orders stay where they are."""
        await self._link.stop()
        self._link_changed(VenueReportKind.DISCONNECTED, "closed")
        self._listener = None
        self._numbers.close()

    # --- requests ---

    async def submit(self, order: VenueOrder) -> None:
        """Send a NewOrderSingle."""
        root = order.client_order_id
        symbol = self._wire_symbol(order.instrument.id)
        fields, known = words.placing(order, symbol, self._settings.account, self._wall_ns())
        if self._send("D", fields, VenueReportKind.UNSENT, VenueReportKind.REJECTED, root, root):
            self._remember(root, known)

    async def cancel(self, client_order_id: str, symbol: str) -> None:
        """Send an OrderCancelRequest."""
        refused = VenueReportKind.CANCEL_REJECTED
        known = await self._lookup(client_order_id, symbol, refused)
        if known is not None:
            request = self._request_id(client_order_id, "c")
            fields = words.cancelling(known, request, self._settings.account, self._wall_ns())
            self._send("F", fields, refused, refused, client_order_id, request)

    async def amend(
        self, client_order_id: str, symbol: str, quantity: Decimal, price: Decimal | None
    ) -> None:
        """Send an OrderCancelReplaceRequest for so much in all."""
        refused = VenueReportKind.REPLACE_REJECTED
        known = await self._lookup(client_order_id, symbol, refused)
        if known is not None:
            request = self._request_id(client_order_id, "r")
            account = self._settings.account
            fields = words.amending(known, request, account, quantity, price, self._wall_ns())
            self._send("G", fields, refused, refused, client_order_id, request)

    # --- questions ---

    async def find_order(self, client_order_id: str, symbol: str) -> VenueOrderStatus | None:
        """Send an OrderStatusRequest; the counterparty's "unknown order" is None."""
        known = self._known.get(client_order_id)
        request = self._request_id(client_order_id, "c")
        fields = [
            (11, client_order_id if known is None else known.current),
            (790, request),
            (1, self._settings.account),
            (55, self._wire_symbol(symbol)),
            (54, "1" if known is None else known.side),
        ]
        answer = (await self._asking.ask("H", fields, request))[-1]
        if words.unknown_order(answer):
            return None
        self._remember(client_order_id, words.known_from(answer))
        status = words.status_of(answer, symbol)
        return msgspec.structs.replace(status, client_order_id=client_order_id)

    async def open_orders(self) -> tuple[VenueOrderStatus, ...]:
        """Send an OrderMassStatusRequest; return what works."""
        request = self._request_id("all", "c")
        fields = [(584, request), (585, "7"), (1, self._settings.account)]
        found = []
        for answer in await self._asking.ask("AF", fields, request):
            status = words.status_of(answer, self._symbol(answer))
            if status.state in ("new", "partially_filled"):
                self._remember(status.client_order_id, words.known_from(answer))
                found.append(status)
        return tuple(found)

    async def fills_since(self, ts_ns: int, symbol: str) -> tuple[VenueFill, ...]:
        """Send a TradeCaptureReportRequest, where the counterparty answers it."""
        if "trades" not in self._settings.tells:
            return ()
        request = self._request_id("trades", "c")
        wire, account = self._wire_symbol(symbol), self._settings.account
        fields = telling.inquiring_trades(request, account, wire, ts_ns)
        return telling.fills_from(await self._asking.ask("AD", fields, request), symbol, ts_ns)

    async def positions(self) -> tuple[VenuePosition, ...]:
        """Send a RequestForPositions, where the counterparty answers it."""
        if "positions" not in self._settings.tells:
            return ()
        request = self._request_id("positions", "c")
        fields = telling.inquiring_positions(request, self._settings.account, self._wall_ns())
        answers = await self._asking.ask("AN", fields, request)
        held = (telling.position_from(answer, self._symbol(answer)) for answer in answers)
        return tuple(position for position in held if position.quantity)

    async def balances(self) -> tuple[VenueBalance, ...]:
        """Send a CollateralInquiry, where the counterparty answers it; else nothing is told."""
        if "balances" not in self._settings.tells:
            return ()
        request = self._request_id("balances", "c")
        fields = telling.inquiring_balances(request, self._settings.account)
        return telling.balances_from(await self._asking.ask("BB", fields, request))

    async def clock_offset_ns(self) -> int:
        """Measure by a test request how far the counterparty's clock is ahead."""
        request = self._request_id("clock", "c")
        start_ns = self._wall_ns()
        answer = (await self._asking.ask("1", [(112, request)], request))[-1]
        return stamped_ns(answer.get(52, "")) - (start_ns + self._wall_ns()) // 2

    # --- inside ---

    def _send(
        self,
        kind: str,
        fields: list[tuple[int, str]],
        unsent: VenueReportKind,
        refused: VenueReportKind,
        root: str,
        request: str,
    ) -> bool:
        """Send a request about an order; say so when it cannot leave, or goes unanswered."""
        try:
            number = self._link.send(kind, fields)
        except Unavailable as error:
            self._say(unsent, root, "NOT_SENT", error.message)
            return False
        self._sent[number] = (refused, request)
        if len(self._sent) > _KEPT:
            self._sent.popitem(last=False)
        loop = asyncio.get_running_loop()
        self._waiting[request] = loop.call_later(
            self._settings.answer_timeout_s, self._unanswered, request, "no answer came"
        )
        return True

    def _unanswered(self, request: str, why: str) -> None:
        timer = self._waiting.pop(request, None)
        if timer is not None:
            timer.cancel()
            self._say(VenueReportKind.UNKNOWN, words.root_of(request), "UNANSWERED", why)

    async def _lookup(self, root: str, symbol: str, refused: VenueReportKind) -> words.Known | None:
        """Return what must be repeated of an order; after a restart the venue is asked for it."""
        if root not in self._known:
            try:
                if await self.find_order(root, symbol) is None:
                    self._say(refused, root, "UNKNOWN_ORDER", "the venue never had it")
            except (Unavailable, TimedOut) as error:
                self._say(refused, root, "NOT_SENT", error.message)
        return self._known.get(root)

    def _on_message(self, received: Received) -> None:
        fields = received.fields
        if self._asking.took(received):
            return
        if received.kind == "8":
            self._execution(fields)
        elif received.kind == "9":
            amend = fields.get(434) == "2"
            kind = VenueReportKind.REPLACE_REJECTED if amend else VenueReportKind.CANCEL_REJECTED
            self._answered(fields.get(11, ""))
            root = words.root_of(fields.get(41) or fields.get(11, ""))
            self._say(kind, root, fields.get(102, ""), fields.get(58, ""), fields)
        elif received.kind in ("3", "j"):
            self._refused(fields)

    def _execution(self, fields: Mapping[int, str]) -> None:
        request = fields.get(11, "")
        root = words.root_of(request)
        self._answered(request)
        self._answered(root)
        known = self._known.get(root)
        if known is not None:
            known.order_id = fields.get(37, "") or known.order_id
            if fields.get(150) in ("5", "D"):
                known.current = request or known.current
                known.quantity = fields.get(38, known.quantity)
        report = words.reported(fields, self._symbol(fields))
        if report is not None and not self._told(report) and self._listener is not None:
            self._listener(report)
        if fields.get(39) in ("2", "4", "8", "C"):
            self._known.pop(root, None)

    def _told(self, report: VenueReport) -> bool:
        """Tell whether a fill was reported before, under another number (a PossResend)."""
        if report.kind is not VenueReportKind.FILLED or not report.trade_id:
            return False
        told = report.trade_id in self._executions
        self._executions[report.trade_id] = None
        if len(self._executions) > _KEPT:
            self._executions.popitem(last=False)
        return told

    def _refused(self, fields: Mapping[int, str]) -> None:
        """Take a Reject or BusinessMessageReject: of a request of ours, by its number."""
        text = fields.get(45, "")
        number, why = int(text) if text.isdigit() else 0, fields.get(58, "refused")
        if self._asking.refused(number, why):
            return
        refused, request = self._sent.pop(number, (None, ""))
        if refused is not None:
            self._answered(request)
            code = fields.get(380) or fields.get(373, "")
            self._say(refused, words.root_of(request), code, why)

    def _answered(self, request: str) -> None:
        timer = self._waiting.pop(request, None)
        if timer is not None:
            timer.cancel()

    def _link_changed(self, kind: VenueReportKind, why: str) -> None:
        if kind is VenueReportKind.DISCONNECTED:
            for request in list(self._waiting):
                self._unanswered(request, f"the link broke: {why}")
            self._asking.broke()
        self._say(kind, "", "", why)

    def _say(
        self,
        kind: VenueReportKind,
        root: str,
        code: str,
        text: str,
        fields: Mapping[int, str] | None = None,
    ) -> None:
        if self._listener is not None:
            told: dict[str, Any] = {} if fields is None else {"venue_order_id": fields.get(37, "")}
            self._listener(
                VenueReport(
                    kind=kind,
                    ts_ns=self._wall_ns(),
                    client_order_id=root,
                    code=code,
                    text=text,
                    **told,
                )
            )

    def _wire_symbol(self, symbol: str) -> str:
        return self._settings.symbols.get(symbol, symbol)

    def _symbol(self, fields: Mapping[int, str]) -> str:
        wire = fields.get(55, "")
        return self._from_wire.get(wire, wire)

    def _remember(self, root: str, known: words.Known) -> None:
        self._known[root] = known
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)

    def _request_id(self, root: str, letter: str) -> str:
        """Return an id that no request of ours bore before, on this day or another."""
        self._last_id = max(self._last_id + 1, self._wall_ns() // 1_000)
        return f"{root}/{letter}{self._last_id:x}"


def make(context: VenueContext) -> FixVenue:
    """Make a FIX 4.4 venue. Raises `Invalid` for bad settings, `Unavailable` without simplefix."""
    return FixVenue(context)
